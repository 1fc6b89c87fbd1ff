/** An address as four 32-bit words. IPv4 is held in its IPv6-mapped form `::ffff:a.b.c.d`, so both compare alike. */
export type Address = readonly [number, number, number, number]

/** A range of addresses in CIDR notation, as its first address and the number of leading bits that count (0 to 128). */
export interface AddressRange {
  readonly address: Address
  readonly prefixLength: number
}

const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/
const MAPPED_WORD = 0xffff

/**
 * Parses an IPv4 address in four decimal parts or an IPv6 address (RFC 4291 Section 2.2). Null on anything else:
 * no leading zeros, no shortened or octal IPv4, no zone. An IPv4-mapped IPv6 address equals its IPv4 address.
 */
export function parseAddress(text: string): Address | null {
  if (!text.includes(':')) {
    const word = parseIpv4(text)
    return word === null ? null : [0, 0, MAPPED_WORD, word]
  }
  const groups = parseIpv6Groups(text)
  if (groups === null) return null
  const word = (index: number): number => (((groups[index] ?? 0) << 16) | (groups[index + 1] ?? 0)) >>> 0
  return [word(0), word(2), word(4), word(6)]
}

function parseIpv4(text: string): number | null {
  const match = IPV4.exec(text)
  if (match === null) return null
  let word = 0
  for (const part of match.slice(1)) {
    if (Number(part) > 255 || (part.length > 1 && part.startsWith('0'))) return null
    word = ((word << 8) | Number(part)) >>> 0
  }
  return word
}

function parseIpv6Groups(text: string): number[] | null {
  if (text.length > 45) return null
  const halves = text.split('::')
  if (halves.length > 2) return null
  const head = parseGroups(halves[0] ?? '', halves.length === 1)
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? '', true) : []
  if (head === null || tail === null) return null
  if (halves.length === 1) return head.length === 8 ? head : null
  const missing = 8 - head.length - tail.length
  return missing < 1 ? null : [...head, ...Array.from({ length: missing }, () => 0), ...tail]
}

/** The groups of one side of `::`. Only the last part of the whole address may be written as IPv4. */
function parseGroups(text: string, mayEndInIpv4: boolean): number[] | null {
  if (text === '') return []
  const parts = text.split(':')
  const groups: number[] = []
  for (const [index, part] of parts.entries()) {
    if (part.includes('.') && mayEndInIpv4 && index === parts.length - 1) {
      const word = parseIpv4(part)
      if (word === null) return null
      groups.push(word >>> 16, word & 0xffff)
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16))
    } else {
      return null
    }
  }
  return groups
}

/**
 * Parses an address or a CIDR range (RFC 4632, RFC 4291 Section 2.3). Null where the text is neither, or where bits
 * are set after the prefix: `10.0.0.1/8` is more likely a mistake than a wish.
 */
export function parseAddressRange(text: string): AddressRange | null {
  const [addressText = '', lengthText, ...rest] = text.split('/')
  const address = parseAddress(addressText)
  if (address === null || rest.length > 0) return null
  const shift = addressText.includes(':') ? 0 : 96
  if (lengthText === undefined) return { address, prefixLength: 128 }
  if (!/^(?:0|[1-9]\d{0,2})$/.test(lengthText) || Number(lengthText) > 128 - shift) return null
  const range = { address, prefixLength: Number(lengthText) + shift }
  return address.every((word, index) => (word & ~maskWord(range.prefixLength, index)) === 0) ? range : null
}

/** Says whether an address lies in a range. */
export function rangeContains(range: AddressRange, address: Address): boolean {
  for (let index = 0; index < 4; index++) {
    const difference = (range.address[index] ?? 0) ^ (address[index] ?? 0)
    if ((difference & maskWord(range.prefixLength, index)) !== 0) return false
  }
  return true
}

/** Says whether every address of `inner` lies in `outer`. */
export function rangeIncludes(outer: AddressRange, inner: AddressRange): boolean {
  return outer.prefixLength <= inner.prefixLength && rangeContains(outer, inner.address)
}

function maskWord(prefixLength: number, index: number): number {
  const bits = Math.min(32, Math.max(0, prefixLength - index * 32))
  return bits === 0 ? 0 : -1 << (32 - bits)
}
