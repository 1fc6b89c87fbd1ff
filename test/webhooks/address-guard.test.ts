import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { describe, expect, it } from 'vitest'
import { ConfigError, readConfig } from '../../server/src/config.js'
import { AddressGuard } from '../../server/src/webhooks/address-guard.js'
import { literalRefusal, parseEndpointUrl } from '../../server/src/webhooks/endpoint-url.js'
import { guardOf } from './receivers.js'

const guard = new AddressGuard([])

/** First and last address of every special range, and its neighbours that are public (null where they are special). */
const IPV4_EDGES: readonly (readonly [
  before: string | null,
  first: string,
  last: string,
  after: string | null,
])[] = [
  [null, '0.0.0.0', '0.255.255.255', '1.0.0.0'],
  ['9.255.255.255', '10.0.0.0', '10.255.255.255', '11.0.0.0'],
  ['100.63.255.255', '100.64.0.0', '100.127.255.255', '100.128.0.0'],
  ['126.255.255.255', '127.0.0.0', '127.255.255.255', '128.0.0.0'],
  ['168.63.129.15', '168.63.129.16', '168.63.129.16', '168.63.129.17'],
  ['169.253.255.255', '169.254.0.0', '169.254.255.255', '169.255.0.0'],
  ['172.15.255.255', '172.16.0.0', '172.31.255.255', '172.32.0.0'],
  ['191.255.255.255', '192.0.0.0', '192.0.0.255', '192.0.1.0'],
  ['192.0.1.255', '192.0.2.0', '192.0.2.255', '192.0.3.0'],
  ['192.31.195.255', '192.31.196.0', '192.31.196.255', '192.31.197.0'],
  ['192.52.192.255', '192.52.193.0', '192.52.193.255', '192.52.194.0'],
  ['192.88.98.255', '192.88.99.0', '192.88.99.255', '192.88.100.0'],
  ['192.167.255.255', '192.168.0.0', '192.168.255.255', '192.169.0.0'],
  ['192.175.47.255', '192.175.48.0', '192.175.48.255', '192.175.49.0'],
  ['198.17.255.255', '198.18.0.0', '198.19.255.255', '198.20.0.0'],
  ['198.51.99.255', '198.51.100.0', '198.51.100.255', '198.51.101.0'],
  ['203.0.112.255', '203.0.113.0', '203.0.113.255', '203.0.114.0'],
  ['223.255.255.255', '224.0.0.0', '239.255.255.255', null],
  [null, '240.0.0.0', '255.255.255.255', null],
]

const IPV6_PUBLIC = [
  '2000::',
  '2001:200::1',
  '2001:db7:ffff:ffff:ffff:ffff:ffff:ffff',
  '2001:db9::',
  '2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  '2003::',
  '2606:4700::6810:84e5',
  '2620:4f:7fff:ffff:ffff:ffff:ffff:ffff',
  '2620:4f:8001::',
  '2a00:1450:4001:830::200e',
  '3ffd:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  '3fff:1000::',
  '64:ff9b::8.8.8.8',
  '::ffff:8.8.8.8',
  '::FFFF:808:808',
]

const IPV6_SPECIAL = [
  '::',
  '::1',
  '::2',
  '::7f00:1',
  '::127.0.0.1',
  '::8.8.8.8',
  '::a9fe:a9fe',
  '::ffff:127.0.0.1',
  '::ffff:a9fe:a9fe',
  '::ffff:0:127.0.0.1',
  '::ffff:0:8.8.8.8',
  '64:ff9b::127.0.0.1',
  '64:ff9b::169.254.169.254',
  '64:ff9b::10.0.0.1',
  '64:ff9b::168.63.129.16',
  '64:ff9b::1:0:808:808',
  '64:ff9b:1::',
  '64:ff9b:1::8.8.8.8',
  '100::',
  '100:0:0:1::1',
  '1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  '2001::',
  '2001:0:4136:e378:8000:63bf:3fff:fdd2',
  '2001:2::1',
  '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff',
  '2001:20::1',
  '2001:db8::',
  '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff',
  '2002::',
  '2002:7f00:1::',
  '2002:a9fe:a9fe::1',
  '2002:808:808::1',
  '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  '2620:4f:8000::1',
  '3ffe::1',
  '3fff::',
  '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff',
  '4000::',
  '5f00::1',
  'fc00::1',
  'fd00:ec2::254',
  'fd20:ce::254',
  'fe80::1',
  'fe80::1%lo',
  'fe80::a9fe:a9fe',
  'fec0::1',
  'ff02::1',
  'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
]

describe('the public internet', () => {
  it.each(IPV4_EDGES)('ends at %s, and %s to %s are not of it', (before, first, last, after) => {
    for (const address of [first, last, `::ffff:${first}`, `64:ff9b::${last}`]) {
      expect([address, guard.refusal(address, 443, true)]).toEqual([address, 'address_not_public'])
    }
    for (const address of [before, after].filter((neighbour) => neighbour !== null)) {
      expect([address, guard.refusal(address, 443, true)]).toEqual([address, null])
    }
  })

  it.each(IPV6_PUBLIC)('has %s', (address) => {
    expect(guard.refusal(address, 443, true)).toBeNull()
  })

  it.each(IPV6_SPECIAL)('does not have %s', (address) => {
    expect(guard.refusal(address, 443, true)).toBe('address_not_public')
  })

  it.each([
    '',
    'localhost',
    '127.1',
    '0177.0.0.1',
    '0x7f.0.0.1',
    '2130706433',
    '1.1.1.1 ',
    '[::1]',
    '1.1.1.1:443',
  ])('does not have the text "%s"', (text) => {
    expect(guard.refusal(text, 443, true)).toBe('address_not_public')
  })
})

const groups = (...first: number[]): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof(fc.nat(0xffff), fc.constantFrom(0, 1, 0xffff)), { minLength: 8, maxLength: 8 })
    .map((rest) =>
      [...first, ...rest]
        .slice(0, 8)
        .map((group) => group.toString(16))
        .join(':'),
    )
const ipv4 = fc.oneof(fc.ipV4(), fc.constantFrom(...IPV4_EDGES.flat().filter((edge) => edge !== null)))
const word = ipv4.map((text) => text.split('.').map(Number))
const embedded = fc
  .tuple(fc.constantFrom('::', '::ffff:', '::ffff:0:', '64:ff9b::', '64:ff9b:1::', '2002:', '2001::'), word)
  .map(([prefix, [a = 0, b = 0, c = 0, d = 0]]) => {
    const tail = `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
    return prefix === '2002:' ? `${prefix}${tail}::` : `${prefix}${tail}`
  })
const anyAddress = fc.oneof(
  ipv4,
  fc.ipV6(),
  embedded,
  groups(),
  groups(0x2001),
  groups(0x2001, 0xdb8),
  groups(0x2620, 0x4f),
  groups(0x64, 0xff9b),
  groups(0, 0, 0, 0),
  fc.constantFrom(...IPV6_PUBLIC, ...IPV6_SPECIAL.filter((text) => !text.includes('%'))),
)

describe('compared with ipaddr.js', () => {
  it('nothing is allowed that it calls special, and no IPv4 refused that it calls public', () => {
    const seen = { public: 0, special: 0, compatible: 0 }
    fc.assert(
      fc.property(anyAddress, (text) => {
        const isAllowed = guard.refusal(text, 443, true) === null
        // It reads an IPv4-compatible address with dots as a mapped one; both forms are refused here.
        const address = ipaddr.process(text.replace(/^::(?=\d+\.)/, '::0:'))
        const range = address.range()
        seen[isAllowed ? 'public' : 'special'] += 1
        if (range === 'rfc6052' && address.match(ipaddr.parse('64:ff9b::'), 96)) {
          const inside = new ipaddr.IPv4(address.toByteArray().slice(12))
          expect([text, isAllowed]).toEqual([text, inside.range() === 'unicast' && !isAzure(inside)])
        } else if (address.kind() === 'ipv4') {
          expect([text, isAllowed]).toEqual([text, range === 'unicast' && !isAzure(address)])
        } else if (range !== 'unicast') {
          expect([text, isAllowed]).toEqual([text, false])
        } else {
          // It takes IPv4-compatible addresses and what IANA has not given away for public. We do not.
          const isGlobal = address.match(ipaddr.parse('2000::'), 3)
          if (!isGlobal) seen.compatible += 1
          const isOwn = OWN.some(([first, length]) => address.match(ipaddr.parse(first), length))
          expect([text, isAllowed]).toEqual([text, isGlobal && !isOwn])
        }
      }),
      { numRuns: 50_000 },
    )
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(500)
  })
})

/** What we refuse of 2000::/3 beyond what ipaddr.js knows. */
const OWN: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['3ffe::', 16],
]

function isAzure(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return address.toString() === '168.63.129.16'
}

describe('ports and TLS', () => {
  it.each([
    [443, true, null],
    [8443, true, null],
    [443, false, 'not_https'],
    [80, false, 'not_https'],
    [80, true, 'port_not_allowed'],
    [22, true, 'port_not_allowed'],
    [8080, true, 'port_not_allowed'],
    [0, true, 'port_not_allowed'],
  ])('a public address at %i, secure %s: %s', (port, secure, refusal) => {
    expect(guard.refusal('8.8.8.8', port, secure)).toBe(refusal)
    expect(guard.refusal('2606:4700::1', port, secure)).toBe(refusal)
    // Nothing is told of the ports of what is refused anyway.
    expect(guard.refusal('10.0.0.1', port, secure)).toBe('address_not_public')
  })

  it('are free for the operator’s ranges, in every form of the same address, and for no other', () => {
    const allowing = guardOf('10.1.0.0/16', 'fd00:1::/32', '127.0.0.1')
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', 'fd00:1::9', '127.0.0.1', '::ffff:7f00:1']) {
      expect([address, allowing.refusal(address, 22, false)]).toEqual([address, null])
    }
    for (const address of [
      '10.2.0.0',
      '64:ff9b::10.1.2.3',
      '2002:a01:203::',
      '::10.1.2.3',
      'fd00:2::',
      '127.0.0.2',
      '::1',
    ]) {
      expect([address, allowing.refusal(address, 443, true)]).toEqual([address, 'address_not_public'])
    }
    expect(allowing.refusal('8.8.8.8', 80, false)).toBe('not_https')
  })
})

describe('the address of an endpoint', () => {
  it.each([
    'https://example.com/hook?x=1',
    'http://127.0.0.1:3000/',
    'https://[2001:db8::1]:8443/a%20b',
    'HTTPS://EXAMPLE.com',
    'https://example.com/@user',
    'https://bücher.example/',
  ])('%s is taken', (text) => {
    expect(parseEndpointUrl(text)).toMatchObject({ ok: true, url: { href: new URL(text).href } })
  })

  it.each([
    '',
    'example.com/hook',
    '/hook',
    'ftp://example.com/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'https:example.com',
    'https:///example.com',
    'https://',
    'https://./',
    'https://user@example.com/',
    'https://user:password@example.com/',
    'https://:@example.com/',
    'https://@example.com/',
    'https://example.com/#part',
    'https://example.com/#',
    'https://exa mple.com/',
    ' https://example.com/',
    'https://example.com/\n',
    'https://exam\tple.com/',
    'https:\\\\example.com\\',
    'https://example.com\\@evil.example/',
    'https://example.com:99999/',
    'https://[::1/',
    'https://[fe80::1%25lo]/',
    'https://1.2.3.4.5/',
    `https://example.com/${'a'.repeat(2048)}`,
    `https://example.com/${'ü'.repeat(400)}`,
  ])('"%s" is not, with a reason', (text) => {
    const parsed = parseEndpointUrl(text)
    expect(parsed.ok).toBe(false)
    expect(parsed.ok ? '' : parsed.message).toMatch(/^write /)
  })

  it.each([
    ['https://2130706433/', 'address_not_public'],
    ['https://0x7f.1/', 'address_not_public'],
    ['https://0177.0.0.1/', 'address_not_public'],
    ['https://127.0.0.1./', 'address_not_public'],
    ['https://127。0。0。1/', 'address_not_public'],
    ['https://[::1]/', 'address_not_public'],
    ['https://[::ffff:10.0.0.1]/', 'address_not_public'],
    ['https://localhost/', 'address_not_public'],
    ['https://LOCALHOST./', 'address_not_public'],
    ['https://a.b.localhost/', 'address_not_public'],
    ['http://8.8.8.8/', 'not_https'],
    ['https://8.8.8.8:9/', 'port_not_allowed'],
    ['https://8.8.8.8:8443/', null],
    ['https://8.8.8.8/', null],
    ['https://notlocalhost/', null],
    ['https://127.0.0.1.example.com/', null],
  ])('%s can be refused as it is written: %s', (text, refusal) => {
    const parsed = parseEndpointUrl(text)
    if (!parsed.ok) throw new Error(parsed.message)
    expect(literalRefusal(parsed.url, guard)).toBe(refusal)
  })

  it('of this machine is not refused to an operator who allows all of it', () => {
    const allowing = guardOf('127.0.0.0/8', '::1')
    expect(literalRefusal(new URL('http://localhost:8080/'), allowing)).toBeNull()
    expect(literalRefusal(new URL('http://[::1]:8080/'), allowing)).toBeNull()
  })
})

describe('the operator’s ranges', () => {
  it('come from the setting, and none by default', () => {
    const BITTING_WEBHOOK_ALLOWED_ADDRESSES = ' 10.1.0.0/16,127.0.0.1 , fd00:1::/32,'
    const config = readConfig({ BITTING_WEBHOOK_ALLOWED_ADDRESSES })
    expect(config.webhookAllowedAddresses).toEqual(['10.1.0.0/16', '127.0.0.1', 'fd00:1::/32'])
    expect(guardOf(...config.webhookAllowedAddresses).refusal('fd00:1::2', 80, false)).toBeNull()
    expect(readConfig({}).webhookAllowedAddresses).toEqual([])
  })

  it('are flaws, each one told, where they are none', () => {
    const read = (): unknown => readConfig({ BITTING_WEBHOOK_ALLOWED_ADDRESSES: '10.1.0.0/8,localhost,::1' })
    expect(read).toThrow(ConfigError)
    expect(read).toThrow(
      /_ADDRESSES: "10\.1\.0\.0\/8" is no [^]*_ADDRESSES: "localhost" is no address or CIDR range$/,
    )
  })
})
