import { createHash } from 'node:crypto'
import { BASE62_ALPHABET, encodeBase62, randomBase62 } from '@bitting/core'
import { describe, expect, it } from 'vitest'

/** The same random-looking bytes in every run: SHA-256 of a counter. */
function seededBytes(): (length: number) => Uint8Array {
  let counter = 0
  return (length) => {
    const blocks = Array.from({ length: Math.ceil(length / 32) }, () =>
      createHash('sha256')
        .update(`seed ${String(counter++)}`)
        .digest(),
    )
    return Buffer.concat(blocks).subarray(0, length)
  }
}

describe('randomBase62', () => {
  it('draws every digit equally often (chi-square, 61 degrees of freedom)', () => {
    const expected = 10_000
    const counts = new Map<string, number>()
    for (const digit of randomBase62(62 * expected, seededBytes())) {
      counts.set(digit, (counts.get(digit) ?? 0) + 1)
    }
    expect([...counts.keys()].sort().join('')).toBe(BASE62_ALPHABET)
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
    // 100.9 is exceeded once in a thousand seeds; a plain remainder of 256 gives more than 3,000.
    expect(chiSquare).toBeLessThan(100.9)
    // And not suspiciously even either: below 32.0 lies one seed in a thousand.
    expect(chiSquare).toBeGreaterThan(32)
  })

  it('makes each digit of exactly four bytes and none of 248 to 255', () => {
    const everyByte = Uint8Array.from({ length: 256 }, (_, index) => 255 - index)
    const asked: number[] = []
    const text = randomBase62(248, (length) => {
      asked.push(length)
      return everyByte
    })
    expect(asked).toEqual([256])
    for (const digit of BASE62_ALPHABET) expect(text.split(digit)).toHaveLength(5)
    expect(text.startsWith('zyx')).toBe(true)
  })

  it('asks again for as long as all that came is rejected', () => {
    const draws = [
      Uint8Array.of(248, 249, 250, 251, 252, 253, 254, 255),
      new Uint8Array(0),
      Uint8Array.of(255, 61, 247),
      Uint8Array.of(0, 62),
    ]
    expect(randomBase62(4, () => draws.shift() ?? new Uint8Array(0))).toBe('zz00')
    expect(draws).toEqual([])
  })

  it.each([0, 1, 13, 43])('gives %i digits when asked for as many', (length) => {
    expect(randomBase62(length, seededBytes())).toMatch(new RegExp(`^[0-9A-Za-z]{${String(length)}}$`))
  })
})

describe('encodeBase62', () => {
  it.each([
    [0, 1, '0'],
    [61, 1, 'z'],
    [62, 3, '010'],
    [62 ** 3 - 1, 3, 'zzz'],
    [0xcbf43926, 6, '3jZRME'],
    [0xffffffff, 6, '4gfFC3'],
  ])('writes %i in %i digits as %s', (value, width, expected) => {
    expect(encodeBase62(value, width)).toBe(expected)
  })
})
