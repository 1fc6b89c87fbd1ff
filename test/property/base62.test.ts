import { BASE62_ALPHABET, encodeBase62, randomBase62 } from '@bitting/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

function decode(text: string): number {
  return text.split('').reduce((value, digit) => value * 62 + BASE62_ALPHABET.indexOf(digit), 0)
}

describe('encodeBase62', () => {
  it('has its width and is read back as the same number', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.integer({ min: 6, max: 12 }), (value, width) => {
        const text = encodeBase62(value, width)
        expect(text).toMatch(/^[0-9A-Za-z]+$/)
        expect(text).toHaveLength(width)
        expect(decode(text)).toBe(value)
      }),
      { numRuns: 2000 },
    )
  })

  it('sorts as text as the numbers sort', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.nat(0xffffffff), (left, right) => {
        expect(encodeBase62(left, 6) < encodeBase62(right, 6)).toBe(left < right)
      }),
    )
  })
})

describe('randomBase62', () => {
  it('is the remainder of every byte below 248, in order, however the bytes arrive', () => {
    const draws = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 })
    fc.assert(
      fc.property(draws, fc.nat(60), (arrivals, length) => {
        const accepted = arrivals.flatMap((bytes) => [...bytes]).filter((byte) => byte < 248)
        const expected = accepted.map((byte) => BASE62_ALPHABET.charAt(byte % 62)).join('')
        const rest = [...arrivals]
        const text = randomBase62(length, () => rest.shift() ?? new Uint8Array(length))
        expect(text).toBe(expected.slice(0, length).padEnd(length, '0'))
      }),
      { numRuns: 1000 },
    )
  })
})
