import zlib from 'node:zlib'
import { crc32 } from '@bitting/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const latin1 = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1'))

describe('crc32', () => {
  it('equals zlib on every string of bytes and every beginning of it', () => {
    fc.assert(
      fc.property(latin1, fc.nat(300), (text, length) => {
        expect(crc32(text)).toBe(zlib.crc32(Buffer.from(text, 'latin1')))
        const beginning = text.slice(0, length)
        expect(crc32(text, beginning.length)).toBe(zlib.crc32(Buffer.from(beginning, 'latin1')))
      }),
      { numRuns: 2000 },
    )
  })
})
