import { crc32 } from '@bitting/core'
import { describe, expect, it } from 'vitest'

describe('crc32', () => {
  // The check value of the CRC catalogue for CRC-32/ISO-HDLC, and values that zlib gives.
  it.each([
    ['', 0],
    ['123456789', 0xcbf43926],
    ['a', 0xe8b7be43],
    ['abc', 0x352441c2],
    ['The quick brown fox jumps over the lazy dog', 0x414fa339],
    ['\0\0\0\0', 0x2144df1c],
    ['ÿÿÿÿ', 0xffffffff],
  ])('of %j is the published value', (text, expected) => {
    expect(crc32(text)).toBe(expected)
  })

  it('takes as many characters as it is told and no more', () => {
    expect(crc32('123456789 and more', 9)).toBe(0xcbf43926)
  })
})
