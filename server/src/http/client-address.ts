import {
  assert,
  parseAddress,
  parseAddressRange,
  rangeContains,
  type Address,
  type AddressRange,
} from '@bitting/core'

/** The other end of a connection. Asked for once a connection, because asking the socket is a system call. */
export interface Peer {
  /** Null where the socket has no address, a UNIX socket for example. */
  readonly address: string | null
  /** True where the peer is a proxy whose X-Forwarded-For is believed. */
  readonly trusted: boolean
}

/**
 * The ranges of the proxies whose X-Forwarded-For is believed.
 *
 * @throws {Error} when a text is not an address or a CIDR range: the program was set up wrongly
 */
export function parseTrustedProxies(texts: readonly string[]): readonly AddressRange[] {
  return texts.map((text) => {
    const range = parseAddressRange(text)
    assert(range !== null, `a trusted proxy is an address or a CIDR range: ${text}`)
    return range
  })
}

/** The peer of a socket by its remote address. */
export function peerOf(remoteAddress: string | undefined, proxies: readonly AddressRange[]): Peer {
  const zone = remoteAddress?.indexOf('%') ?? -1
  const text = zone < 0 ? remoteAddress : remoteAddress?.slice(0, zone)
  const address = text === undefined ? null : parseAddress(text)
  if (text === undefined || address === null) return { address: null, trusted: false }
  return { address: formatAddress(address, text), trusted: isTrusted(address, proxies) }
}

/**
 * The address that a request came from, null where it cannot be known.
 *
 * Only a trusted proxy is believed, and X-Forwarded-For is read from its right end, which trusted proxies wrote: the
 * first address that is not a trusted proxy's is the caller's. Whatever stands left of it the caller could have sent.
 * An entry that is no address ends the search with null, the safe side: falling back to the proxy's own address would
 * let a stranger in wherever a key is bound to the network that the proxy stands in.
 *
 * @param forwardedFor all X-Forwarded-For headers joined by commas, undefined where there is none
 */
export function clientAddress(
  peer: Peer,
  forwardedFor: string | undefined,
  proxies: readonly AddressRange[],
): string | null {
  if (!peer.trusted || forwardedFor === undefined) return peer.address
  let nearest = peer.address
  let end = forwardedFor.length
  while (end >= 0) {
    const comma = end === 0 ? -1 : forwardedFor.lastIndexOf(',', end - 1)
    const text = withoutPort(forwardedFor.slice(comma + 1, end).trim())
    const address = parseAddress(text)
    if (address === null) return null
    nearest = formatAddress(address, text)
    if (!isTrusted(address, proxies)) return nearest
    end = comma
  }
  return nearest
}

function isTrusted(address: Address, proxies: readonly AddressRange[]): boolean {
  return proxies.some((range) => rangeContains(range, address))
}

/** Some proxies write `192.0.2.1:4711` or `[2001:db8::1]:4711`. */
function withoutPort(text: string): string {
  return (
    /^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/.exec(text)?.[1] ?? /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text)?.[1] ?? text
  )
}

/** An IPv4-mapped IPv6 address as the IPv4 address that it is; any other as it was written, in lower case. */
function formatAddress(address: Address, text: string): string {
  if (address[0] !== 0 || address[1] !== 0 || address[2] !== 0xffff) return text.toLowerCase()
  const word = address[3]
  return `${String(word >>> 24)}.${String((word >>> 16) & 255)}.${String((word >>> 8) & 255)}.${String(word & 255)}`
}
