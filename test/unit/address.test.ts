import { parseAddress, parseAddressRange, rangeContains, rangeIncludes } from '@bitting/core'
import { describe, expect, it } from 'vitest'

describe('parseAddress', () => {
  it.each([
    ['0.0.0.0', [0, 0, 0xffff, 0]],
    ['1.2.3.4', [0, 0, 0xffff, 0x01020304]],
    ['255.255.255.255', [0, 0, 0xffff, 0xffffffff]],
    ['::ffff:1.2.3.4', [0, 0, 0xffff, 0x01020304]],
    ['::FFFF:102:304', [0, 0, 0xffff, 0x01020304]],
    ['::ffff:0:0', [0, 0, 0xffff, 0]],
    ['::', [0, 0, 0, 0]],
    ['::1', [0, 0, 0, 1]],
    ['::1.2.3.4', [0, 0, 0, 0x01020304]],
    ['1::', [0x10000, 0, 0, 0]],
    ['1:2:3:4:5:6:7:8', [0x10002, 0x30004, 0x50006, 0x70008]],
    ['1:2:3:4:5:6:7::', [0x10002, 0x30004, 0x50006, 0x70000]],
    ['::2:3:4:5:6:7:8', [2, 0x30004, 0x50006, 0x70008]],
    ['1:2:3:4:5:6:7.8.9.10', [0x10002, 0x30004, 0x50006, 0x0708090a]],
    ['2001:DB8::00ff', [0x20010db8, 0, 0, 0xff]],
    ['fe80::ffff:ffff:ffff:ffff', [0xfe800000, 0, 0xffffffff, 0xffffffff]],
    ['0000:0000:0000:0000:0000:ffff:255.255.255.255', [0, 0, 0xffff, 0xffffffff]],
  ])('reads %s', (text, words) => {
    expect(parseAddress(text)).toEqual(words)
  })

  it.each([
    ['nothing', ''],
    ['a shortened IPv4', '1.2.3'],
    ['one number', '16909060'],
    ['five parts', '1.2.3.4.5'],
    ['a part above 255', '1.2.3.256'],
    ['an octal part', '010.0.0.1'],
    ['a zero too many', '1.2.3.00'],
    ['a hexadecimal part', '0x7f.0.0.1'],
    ['an empty part', '1..2.3'],
    ['a sign', '1.2.3.-4'],
    ['digits of another script', '١.٢.٣.٤'],
    ['white space', ' 1.2.3.4'],
    ['a line end', '1.2.3.4\n'],
    ['a port', '1.2.3.4:80'],
    ['a zone', 'fe80::1%eth0'],
    ['brackets', '[::1]'],
    ['brackets and a port', '[::1]:443'],
    ['a name', 'localhost'],
    ['a lone colon', ':'],
    ['three colons', ':::'],
    ['two gaps', '1::2::3'],
    ['a leading colon', ':1:2:3:4:5:6:7'],
    ['a trailing colon', '1:2:3:4:5:6:7:'],
    ['seven groups', '1:2:3:4:5:6:7'],
    ['nine groups', '1:2:3:4:5:6:7:8:9'],
    ['a gap for no group', '1:2:3:4::5:6:7:8'],
    ['a gap after eight groups', '1:2:3:4:5:6:7:8::'],
    ['a group of five digits', '::12345'],
    ['a letter that is no digit', '::g'],
    ['IPv4 before the gap', '1.2.3.4::'],
    ['IPv4 in the middle', '::1.2.3.4:5'],
    ['IPv4 after seven groups', '1:2:3:4:5:6:7:1.2.3.4'],
    ['a mapped IPv4 with a leading zero', '::ffff:01.2.3.4'],
    ['a mapped IPv4 that is shortened', '::ffff:1.2.3'],
    ['a range', '10.0.0.0/8'],
    ['a length beyond every address', `::${'0'.repeat(100_000)}1`],
  ])('refuses %s', (_, text) => {
    expect(parseAddress(text)).toBeNull()
  })
})

describe('parseAddressRange', () => {
  it.each([
    ['10.0.0.0/8', [0, 0, 0xffff, 0x0a000000], 104],
    ['0.0.0.0/0', [0, 0, 0xffff, 0], 96],
    ['1.2.3.4', [0, 0, 0xffff, 0x01020304], 128],
    ['1.2.3.4/32', [0, 0, 0xffff, 0x01020304], 128],
    ['255.255.255.254/31', [0, 0, 0xffff, 0xfffffffe], 127],
    ['::/0', [0, 0, 0, 0], 0],
    ['2001:db8::/32', [0x20010db8, 0, 0, 0], 32],
    ['8000::/1', [0x80000000, 0, 0, 0], 1],
    ['2001:db8::1', [0x20010db8, 0, 0, 1], 128],
    ['::ffff:10.0.0.0/104', [0, 0, 0xffff, 0x0a000000], 104],
  ])('reads %s', (text, address, prefixLength) => {
    expect(parseAddressRange(text)).toEqual({ address, prefixLength })
  })

  it.each([
    ['bits after the prefix', '10.0.0.1/8'],
    ['bits after a prefix of zero', '128.0.0.0/0'],
    ['the last bit after the prefix', '1.2.3.5/31'],
    ['bits after the prefix of an IPv6 range', '2001:db8::1/64'],
    ['an IPv4 length on a mapped address', '::ffff:10.0.0.0/8'],
    ['a length beyond 32', '10.0.0.0/33'],
    ['a length beyond 128', '::/129'],
    ['a leading zero in the length', '10.0.0.0/08'],
    ['an empty length', '10.0.0.0/'],
    ['a negative length', '10.0.0.0/-1'],
    ['a fractional length', '10.0.0.0/8.0'],
    ['an exponent as length', '::/1e1'],
    ['a netmask', '10.0.0.0/255.0.0.0'],
    ['two lengths', '10.0.0.0/8/8'],
    ['a shortened network', '10/8'],
    ['white space', '10.0.0.0 /8'],
    ['nothing before the slash', '/8'],
    ['nothing', ''],
  ])('refuses %s', (_, text) => {
    expect(parseAddressRange(text)).toBeNull()
  })
})

describe('rangeContains', () => {
  const contains = (range: string, address: string): boolean => {
    const [parsedRange, parsedAddress] = [parseAddressRange(range), parseAddress(address)]
    if (parsedRange === null || parsedAddress === null) throw new Error('does not parse')
    return rangeContains(parsedRange, parsedAddress)
  }

  it.each([
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.0.0.0/8', '9.255.255.255', false],
    ['10.0.0.0/8', '::ffff:10.1.2.3', true],
    ['10.0.0.0/8', '::10.1.2.3', false],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['0.0.0.0/0', '::1', false],
    ['128.0.0.0/1', '127.255.255.255', false],
    ['128.0.0.0/1', '255.0.0.0', true],
    ['::/0', 'ffff::', true],
    ['2001:db8::/33', '2001:db8:7fff:ffff::', true],
    ['2001:db8::/33', '2001:db8:8000::', false],
    ['1.2.3.4', '1.2.3.4', true],
    ['1.2.3.4', '1.2.3.5', false],
  ])('%s with %s: %s', (range, address, expected) => {
    expect(contains(range, address)).toBe(expected)
  })
})

describe('rangeIncludes', () => {
  const includes = (outer: string, inner: string): boolean => {
    const [outerRange, innerRange] = [parseAddressRange(outer), parseAddressRange(inner)]
    if (outerRange === null || innerRange === null) throw new Error('does not parse')
    return rangeIncludes(outerRange, innerRange)
  }

  it.each([
    ['10.0.0.0/8', '10.0.0.0/8', true],
    ['10.0.0.0/8', '10.1.0.0/16', true],
    ['10.1.0.0/16', '10.0.0.0/8', false],
    ['10.0.0.0/8', '11.0.0.0/9', false],
    ['::/0', '0.0.0.0/0', true],
    ['0.0.0.0/0', '::/0', false],
  ])('%s over %s: %s', (outer, inner, expected) => {
    expect(includes(outer, inner)).toBe(expected)
  })
})
