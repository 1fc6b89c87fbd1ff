import {
  assert,
  parseAddress,
  parseAddressRange,
  rangeContains,
  type Address,
  type AddressRange,
} from '@bitting/core'

/** Why no connection is made to an address. */
export type AddressRefusal = 'address_not_public' | 'not_https' | 'port_not_allowed'

/** The ports of receivers on the public internet. */
export const PUBLIC_PORTS: readonly number[] = [443, 8443]

/**
 * What of IPv4 is not the public internet: all of IANA's special-purpose registry, whether it is forwarded or not,
 * multicast, and the one public address behind which Azure has the agent of its hosts.
 */
const SPECIAL_IPV4 = ranges(
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
)

/** All that IANA has given to the public internet. */
const GLOBAL_IPV6 = range('2000::/3')

/** What of that is special: protocol assignments with Teredo and ORCHID, documentation, 6to4, AS 112, the old 6bone. */
const SPECIAL_IPV6 = ranges(
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '2620:4f:8000::/48',
  '3fff::/20',
  '3ffe::/16',
)

/** IPv4 as a network without it sees it (RFC 6052); the last word is the IPv4 address. */
const NAT64 = range('64:ff9b::/96')

/**
 * Says which addresses a webhook may be sent to: those of the public internet over HTTPS at the usual ports, and the
 * operator's own choice beyond it. It judges the address of a connection, so it has to be asked for the very address
 * that is connected to: a name can lead elsewhere a moment later.
 */
export class AddressGuard {
  readonly #allowed: readonly AddressRange[]

  /** @param allowed ranges that may be reached whatever they are, at any port and without TLS */
  constructor(allowed: readonly AddressRange[]) {
    this.#allowed = allowed
  }

  /**
   * Null where a connection may be made, else the reason why not. A text that is no address, one with a zone for
   * example, is refused as not public.
   *
   * @param secure whether the connection will be encrypted
   */
  refusal(address: string, port: number, secure: boolean): AddressRefusal | null {
    const parsed = parseAddress(address)
    if (parsed === null) return 'address_not_public'
    if (this.#allowed.some((allowed) => rangeContains(allowed, parsed))) return null
    if (!isPublic(parsed)) return 'address_not_public'
    if (!secure) return 'not_https'
    return PUBLIC_PORTS.includes(port) ? null : 'port_not_allowed'
  }
}

/** Every form of IPv6 that holds an IPv4 address is refused, but for the two that lead to just that address. */
function isPublic(address: Address): boolean {
  const [first, second, third, fourth] = address
  if (first === 0 && second === 0 && third === 0xffff) return !isIn(SPECIAL_IPV4, address)
  if (rangeContains(NAT64, address)) return !isIn(SPECIAL_IPV4, [0, 0, 0xffff, fourth])
  return rangeContains(GLOBAL_IPV6, address) && !isIn(SPECIAL_IPV6, address)
}

function isIn(list: readonly AddressRange[], address: Address): boolean {
  return list.some((range) => rangeContains(range, address))
}

function ranges(...texts: string[]): readonly AddressRange[] {
  return texts.map(range)
}

function range(text: string): AddressRange {
  const parsed = parseAddressRange(text)
  assert(parsed !== null, `this is a CIDR range: ${text}`)
  return parsed
}
