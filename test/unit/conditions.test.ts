import {
  addressAllowed,
  conditionsWithin,
  NO_CONDITIONS,
  parseAddressList,
  type Conditions,
} from '@bitting/core'
import { describe, expect, it } from 'vitest'

describe('addressAllowed', () => {
  const list = parseAddressList(['10.0.0.0/8', '2001:db8::/32', '192.0.2.7'])

  it.each([
    ['10.1.2.3', true],
    ['::ffff:10.1.2.3', true],
    ['2001:db8:1::', true],
    ['192.0.2.7', true],
    ['192.0.2.8', false],
    ['2001:db9::', false],
    ['010.1.2.3', false],
    ['10.1.2', false],
    ['10.1.2.3, 192.0.2.7', false],
    ['2001:db8::1%eth0', false],
    ['', false],
    [null, false],
  ])('of %j is %s', (address, expected) => {
    expect(addressAllowed(list, address)).toBe(expected)
  })

  it('is false for everybody where the list is empty or holds nothing that parses', () => {
    expect(addressAllowed([], '10.1.2.3')).toBe(false)
    expect(addressAllowed(parseAddressList(['anywhere', '10.0.0.1/8', '*']), '10.0.0.1')).toBe(false)
  })
})

describe('parseAddressList', () => {
  it('leaves out what does not parse and keeps the rest', () => {
    expect(parseAddressList(['10.0.0.0/8', '10.0.0.1/8', '1.2.3.4'])).toHaveLength(2)
  })
})

describe('conditionsWithin', () => {
  const within = (outer: Partial<Conditions>, inner: Partial<Conditions>): boolean =>
    conditionsWithin({ ...NO_CONDITIONS, ...outer }, { ...NO_CONDITIONS, ...inner })

  it.each<[string, Partial<Conditions>, Partial<Conditions>, boolean]>([
    ['nothing within nothing', {}, {}, true],
    ['an expiry within none', {}, { expiresAt: 5 }, true],
    ['no expiry within one', { expiresAt: 5 }, {}, false],
    ['the same expiry', { expiresAt: 5 }, { expiresAt: 5 }, true],
    ['a later expiry', { expiresAt: 5 }, { expiresAt: 6 }, false],
    ['an earlier expiry', { expiresAt: 5 }, { expiresAt: 4 }, true],
    ['an expiry of zero, which is no absence', { expiresAt: 0 }, { expiresAt: 1 }, false],
    ['addresses within anywhere', {}, { allowedAddresses: ['10.0.0.0/8'] }, true],
    ['anywhere within addresses', { allowedAddresses: ['10.0.0.0/8'] }, {}, false],
    ['nowhere within nowhere', { allowedAddresses: [] }, { allowedAddresses: [] }, true],
    ['an address within nowhere', { allowedAddresses: [] }, { allowedAddresses: ['10.0.0.1'] }, false],
    ['a part of a range', { allowedAddresses: ['10.0.0.0/8'] }, { allowedAddresses: ['10.1.0.0/16'] }, true],
    ['more than a range', { allowedAddresses: ['10.1.0.0/16'] }, { allowedAddresses: ['10.0.0.0/8'] }, false],
    [
      'one range of two outside',
      { allowedAddresses: ['10.0.0.0/8'] },
      { allowedAddresses: ['10.1.0.0/16', '192.0.2.1'] },
      false,
    ],
    [
      'everywhere by IPv6 within IPv4',
      { allowedAddresses: ['0.0.0.0/0'] },
      { allowedAddresses: ['::/0'] },
      false,
    ],
  ])('%s', (_, outer, inner, expected) => {
    expect(within(outer, inner)).toBe(expected)
  })
})
