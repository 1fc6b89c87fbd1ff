import { BlockList, isIP } from 'node:net'
import { parseAddress, parseAddressRange, rangeContains, rangeIncludes, type Address } from '@bitting/core'
import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { describe, expect, it } from 'vitest'

const word = fc.oneof(fc.nat(0xffffffff), fc.constantFrom(0, 1, 0xffff, 0x80000000, 0xffffffff))
const ipv4 = fc.oneof(fc.ipV4(), fc.constantFrom('0.0.0.0', '127.0.0.1', '255.255.255.255', '128.0.0.0'))
const ipv6 = fc.oneof(fc.ipV6(), fc.tuple(word, word, word, word).map(expanded), ipv4.map(mapped))
const group = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('0', '1', 'a', 'FF', '00ff', 'ffff') },
  fc.constantFrom(
    '',
    '00000',
    'g',
    '-1',
    '1.2.3.4',
    '01.2.3.4',
    '1.2.3',
    '256.0.0.1',
    '0x1',
    '1%0',
    '[1]',
    ' 1',
  ),
)
/** Texts that look like addresses: parts in every number, joined by one colon, two or three. */
const groups = fc
  .tuple(fc.array(fc.tuple(group, fc.constantFrom(':', ':', ':', '::', ':::')), { maxLength: 9 }), group)
  .map(([parts, last]) => parts.map(([text, colons]) => text + colons).join('') + last)
const dotted = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.nat(300).map(String) },
      fc.constantFrom('', '00', '08', '0x7f', '1e1'),
    ),
    {
      minLength: 1,
      maxLength: 5,
    },
  )
  .map((parts) => parts.join('.'))
/** Real addresses with one character changed, inserted or left out. */
const disturbed = fc
  .tuple(
    fc.oneof(ipv4, ipv6),
    fc.nat(45),
    fc.nat(1),
    fc.constantFrom('', ':', '.', '0', '1', 'f', '%', ']', '/', ' ', '٣'),
  )
  .map(([text, at, removed, inserted]) => text.slice(0, at) + inserted + text.slice(at + removed))
const anyText = fc.oneof(
  ipv4,
  fc.ipV4Extended(),
  ipv6,
  groups,
  dotted,
  disturbed,
  fc.string({ maxLength: 20 }),
)

function expanded(words: readonly number[]): string {
  return words
    .flatMap((it) => [it >>> 16, it & 0xffff])
    .map((it) => it.toString(16))
    .join(':')
}

function mapped(text: string): string {
  return `::ffff:${text}`
}

function numberOf(address: Address): bigint {
  return address.reduce((value, it) => (value << 32n) | BigInt(it), 0n)
}

/**
 * An IPv6 address in groups alone, as the URL parser spells it: ipaddr.js takes the compatible `::1.2.3.4` for the
 * mapped `::ffff:1.2.3.4`, though RFC 4291 Section 2.5.5 tells them apart.
 */
function inGroups(text: string): string {
  return new URL(`http://[${text}]/`).hostname.slice(1, -1)
}

/** The address by ipaddr.js, IPv4 in its mapped form. */
function referenceWords(text: string): number[] {
  const parsed = ipaddr.parse(isIP(text) === 6 ? inGroups(text) : text)
  const bytes =
    parsed.kind() === 'ipv4' ? [...zeros(10), 255, 255, ...parsed.toByteArray()] : parsed.toByteArray()
  return [0, 4, 8, 12].map((at) => Buffer.from(bytes).readUInt32BE(at))
}

function zeros(length: number): number[] {
  return Array.from({ length }, () => 0)
}

function addressOf(text: string): Address {
  const address = parseAddress(text)
  if (address === null) throw new Error(`${text} does not parse`)
  return address
}

describe('parseAddress', () => {
  it('reads exactly what node:net calls an address, zones aside, and reads it as ipaddr.js does', () => {
    let valid = 0
    fc.assert(
      fc.property(anyText, (text) => {
        const address = parseAddress(text)
        const expected = isIP(text) !== 0 && !text.includes('%')
        expect(address !== null).toBe(expected)
        if (address === null) return
        valid++
        expect([...address]).toEqual(referenceWords(text))
      }),
      { numRuns: 20_000 },
    )
    expect(valid).toBeGreaterThan(2000)
  })

  it('reads every spelling of one address alike', () => {
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), (words) => {
        const parsed = ipaddr.parse(expanded(words)) as ipaddr.IPv6
        const padded = expanded(words).replaceAll(/\w+/g, (it) => it.padStart(4, '0'))
        const tail = words[3]
        const dottedTail = `${expanded(words.slice(0, 3))}:${[24, 16, 8, 0].map((shift) => (tail >>> shift) & 255).join('.')}`
        const spellings = [parsed.toString(), parsed.toRFC5952String(), padded, dottedTail]
        for (const text of spellings.flatMap((it) => [it, it.toUpperCase()])) {
          expect(parseAddress(text)).toEqual(words)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('reads an IPv4 address and its mapped form alike, and never as a compatible one', () => {
    fc.assert(
      fc.property(ipv4, (text) => {
        expect(parseAddress(mapped(text))).toEqual(parseAddress(text))
        expect(parseAddress(`::${text}`)).not.toEqual(parseAddress(text))
      }),
    )
  })
})

const ipv4Range = fc.tuple(ipv4, fc.nat(32))
const ipv6Range = fc.tuple(ipv6.map(inGroups), fc.nat(128))

/** A range as CIDR text, its lowest address by ipaddr.js. */
function networkText([text, prefixLength]: readonly [string, number]): string {
  const cidr = `${text}/${String(prefixLength)}`
  const network =
    isIP(text) === 4 ? ipaddr.IPv4.networkAddressFromCIDR(cidr) : ipaddr.IPv6.networkAddressFromCIDR(cidr)
  return `${network.toString()}/${String(prefixLength)}`
}

/** The address with its bit at a place turned over, so that neighbours of a range's end are tried. */
function withBitTurned(text: string, bit: number): string {
  const bytes = ipaddr.parse(text).toByteArray()
  const at = bit % (bytes.length * 8)
  bytes[at >> 3] = (bytes[at >> 3] ?? 0) ^ (0x80 >> (at & 7))
  return ipaddr.fromByteArray(bytes).toString()
}

describe('parseAddressRange', () => {
  it('accepts a range only by its lowest address, as ipaddr.js computes it', () => {
    fc.assert(
      fc.property(fc.oneof(ipv4Range, ipv6Range), ([text, prefixLength]) => {
        const network = networkText([text, prefixLength])
        const shift = isIP(text) === 4 ? 96 : 0
        expect(parseAddressRange(network)?.prefixLength).toBe(prefixLength + shift)
        const range = parseAddressRange(`${text}/${String(prefixLength)}`)
        const isLowest = numberOf(addressOf(text)) === numberOf(addressOf(network.split('/')[0] ?? ''))
        expect(range !== null).toBe(isLowest)
      }),
      { numRuns: 2000 },
    )
  })

  it('never takes what follows a slash for anything but a decimal length', () => {
    const tail = fc.oneof(
      fc.string({ maxLength: 4 }),
      fc.nat(200).map(String),
      fc.constantFrom('00', '+8', '8 ', '0x8', '８'),
    )
    fc.assert(
      fc.property(tail, (text) => {
        const number = /^\d{1,3}$/.test(text) && String(Number(text)) === text ? Number(text) : -1
        expect(parseAddressRange(`0.0.0.0/${text}`) !== null).toBe(number >= 0 && number <= 32)
        expect(parseAddressRange(`::/${text}`) !== null).toBe(number >= 0 && number <= 128)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('rangeContains', () => {
  const near = (arbitrary: fc.Arbitrary<readonly [string, number]>, others: fc.Arbitrary<string>) =>
    arbitrary.chain((range) =>
      fc.tuple(
        fc.constant(range),
        fc.oneof(
          others,
          fc.constant(range[0]),
          fc
            .integer({ min: Math.max(0, range[1] - 2), max: range[1] + 2 })
            .map((bit) => withBitTurned(range[0], bit)),
        ),
      ),
    )

  it.each([
    ['ipv4', near(ipv4Range, ipv4)],
    ['ipv6', near(ipv6Range, ipv6.map(inGroups))],
  ] as const)('agrees with ipaddr.js and with BlockList of node:net on %s', (family, cases) => {
    let inside = 0
    fc.assert(
      fc.property(cases, ([rangeOf, address]) => {
        const text = networkText(rangeOf)
        const range = parseAddressRange(text)
        expect(range).not.toBeNull()
        if (range === null) return
        const contains = rangeContains(range, addressOf(address))
        const [network, prefixLength] = ipaddr.parseCIDR(text)
        const byIpaddr =
          network instanceof ipaddr.IPv4
            ? ipaddr.IPv4.parse(address).match(network, prefixLength)
            : ipaddr.IPv6.parse(address).match(network, prefixLength)
        expect(contains).toBe(byIpaddr)
        const list = new BlockList()
        list.addSubnet(network.toString(), prefixLength, family)
        expect(contains).toBe(list.check(address, family))
        if (contains) inside++
      }),
      { numRuns: 3000 },
    )
    expect(inside).toBeGreaterThan(300)
  })

  it('holds a mapped address to IPv4 ranges as BlockList does', () => {
    fc.assert(
      fc.property(near(ipv4Range, ipv4), ([rangeOf, address]) => {
        const text = networkText(rangeOf)
        const list = new BlockList()
        list.addSubnet(text.split('/')[0] ?? '', rangeOf[1], 'ipv4')
        const range = parseAddressRange(text)
        expect(range && rangeContains(range, addressOf(mapped(address)))).toBe(
          list.check(mapped(address), 'ipv6'),
        )
      }),
      { numRuns: 1000 },
    )
  })
})

describe('rangeIncludes', () => {
  /** Lengths and bits of few values, so that ranges meet. */
  const smallRange = fc
    .tuple(fc.array(fc.boolean(), { maxLength: 4 }), fc.constantFrom(0, 30, 62, 96, 124))
    .map(([bits, start]) => {
      const prefixLength = start + bits.length
      const head = start === 0 ? 0n : (1n << BigInt(start)) - 2n
      const number =
        bits.reduce((value, bit) => (value << 1n) | (bit ? 1n : 0n), head) << BigInt(128 - prefixLength)
      const words = [96n, 64n, 32n, 0n].map((shift) => Number((number >> shift) & 0xffffffffn))
      return `${expanded(words)}/${String(prefixLength)}`
    })

  it('is true exactly where the first and the last address of the inner range lie in the outer', () => {
    let included = 0
    fc.assert(
      fc.property(smallRange, smallRange, (outerText, innerText) => {
        const [outer, inner] = [parseAddressRange(outerText), parseAddressRange(innerText)]
        expect(outer).not.toBeNull()
        expect(inner).not.toBeNull()
        if (outer === null || inner === null) return
        const first = (it: typeof outer): bigint => numberOf(it.address)
        const last = (it: typeof outer): bigint => first(it) + (1n << BigInt(128 - it.prefixLength)) - 1n
        const expected = first(outer) <= first(inner) && last(inner) <= last(outer)
        expect(rangeIncludes(outer, inner)).toBe(expected)
        if (expected) included++
      }),
      { numRuns: 3000 },
    )
    expect(included).toBeGreaterThan(100)
  })
})
