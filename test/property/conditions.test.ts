import { addressAllowed, conditionsWithin, parseAddressList, type Conditions } from '@bitting/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

// A small world, so that conditions often include each other and requests often satisfy them.
const range = fc.constantFrom(
  '0.0.0.0/0',
  '10.0.0.0/8',
  '10.0.0.0/9',
  '10.128.0.0/9',
  '10.0.0.1',
  '::ffff:10.0.0.0/104',
  '::/0',
  '::/64',
  '2001:db8::/32',
  '2001:db8::1',
  '10.0.0.1/8',
  'garbage',
)
const address = fc.constantFrom(
  '10.0.0.1',
  '10.200.0.1',
  '::ffff:10.0.0.1',
  '11.0.0.1',
  '2001:db8::1',
  '::1',
  'x',
  null,
)
const time = fc.nat(6)
const conditions: fc.Arbitrary<Conditions> = fc.record({
  allowedAddresses: fc.option(fc.array(range, { maxLength: 3 }), { nil: null }),
  notBefore: fc.option(time, { nil: null }),
  expiresAt: fc.option(time, { nil: null }),
})

/** Two conditions of which the second is often narrower than the first. */
const pair = fc.oneof(
  fc.tuple(conditions, conditions),
  fc.tuple(conditions, conditions).map(([outer, other]): [Conditions, Conditions] => [
    outer,
    {
      allowedAddresses: outer.allowedAddresses ?? other.allowedAddresses,
      notBefore: other.notBefore,
      expiresAt: outer.expiresAt === null ? other.expiresAt : Math.min(outer.expiresAt, other.expiresAt ?? 9),
    },
  ]),
)

/** Whether a request fulfils conditions, by the words of the interface. */
function fulfils(
  { allowedAddresses, notBefore, expiresAt }: Conditions,
  from: string | null,
  now: number,
): boolean {
  return (
    (notBefore === null || now >= notBefore) &&
    (expiresAt === null || now < expiresAt) &&
    (allowedAddresses === null || addressAllowed(parseAddressList(allowedAddresses), from))
  )
}

describe('conditionsWithin', () => {
  it('is reflexive', () => {
    fc.assert(
      fc.property(conditions, (it) => {
        expect(conditionsWithin(it, it)).toBe(true)
      }),
    )
  })

  it('is transitive', () => {
    let chains = 0
    fc.assert(
      fc.property(pair, conditions, ([outer, middle], inner) => {
        if (!conditionsWithin(outer, middle) || !conditionsWithin(middle, inner)) return
        chains++
        expect(conditionsWithin(outer, inner)).toBe(true)
      }),
      { numRuns: 10_000 },
    )
    expect(chains).toBeGreaterThan(100)
  })

  it('is sound: once the outer has begun, whatever fulfils the inner fulfils the outer', () => {
    let checked = 0
    fc.assert(
      fc.property(pair, address, time, ([outer, inner], from, now) => {
        if (!conditionsWithin(outer, inner) || !fulfils(inner, from, now)) return
        if (outer.notBefore !== null && now < outer.notBefore) return
        checked++
        expect(fulfils(outer, from, now)).toBe(true)
      }),
      { numRuns: 20_000 },
    )
    expect(checked).toBeGreaterThan(200)
  })

  it('is false where no single outer range holds an inner one, and true where one does', () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 4 }), range, (outerRanges, innerRange) => {
        const outer = { allowedAddresses: outerRanges, notBefore: null, expiresAt: null }
        const inner = { allowedAddresses: [innerRange], notBefore: null, expiresAt: null }
        const alone = outerRanges.some((it) => conditionsWithin({ ...outer, allowedAddresses: [it] }, inner))
        const innerIsNothing = parseAddressList([innerRange]).length === 0
        expect(conditionsWithin(outer, inner)).toBe(alone || innerIsNothing)
      }),
      { numRuns: 1000 },
    )
  })
})
