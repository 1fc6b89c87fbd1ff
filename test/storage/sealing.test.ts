import { createSecretKey, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SealError, Sealer } from '../../server/src/storage/sealing.js'

const CONTEXT = 'secrets/abc/digest'
const sealer = new Sealer(createSecretKey(randomBytes(32)))
const plain = randomBytes(32)

describe('a sealed value', () => {
  it('opens as what was sealed, whatever it was', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.string(), (value, context) => {
        const sealed = sealer.seal(value, context)
        expect(sealed).toHaveLength(value.length + 29)
        expect(new Uint8Array(sealer.open(sealed, context))).toEqual(value)
      }),
    )
  })

  it('does not contain the value, and is another one each time', () => {
    const sealed = [sealer.seal(plain, CONTEXT), sealer.seal(plain, CONTEXT)].map((value) =>
      Buffer.from(value),
    )
    expect(sealed[0]).not.toEqual(sealed[1])
    for (const value of sealed) expect(value.includes(plain.subarray(0, 8))).toBe(false)
  })

  it('does not open when any bit of it is changed', () => {
    const sealed = sealer.seal(plain, CONTEXT)
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = sealed.slice()
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(() => sealer.open(changed, CONTEXT)).toThrow(SealError)
    }
  })

  it('does not open when it is cut or extended', () => {
    const sealed = sealer.seal(plain, CONTEXT)
    for (let length = 0; length < sealed.length; length++) {
      expect(() => sealer.open(sealed.subarray(0, length), CONTEXT)).toThrow(SealError)
    }
    expect(() => sealer.open(Buffer.concat([sealed, Buffer.of(0)]), CONTEXT)).toThrow(SealError)
  })

  it('does not open in the place of another', () => {
    const sealed = sealer.seal(plain, CONTEXT)
    for (const context of ['secrets/abd/digest', 'secrets/abc/digest ', '', 'secrets/abc/DIGEST']) {
      expect(() => sealer.open(sealed, context)).toThrow(SealError)
    }
  })

  it('does not open under another root key', () => {
    const other = new Sealer(createSecretKey(randomBytes(32)))
    expect(() => other.open(sealer.seal(plain, CONTEXT), CONTEXT)).toThrow(SealError)
  })

  it('opens under the same root key in another process, and in a later version', () => {
    const sealed = 'Af2OiDCWqsIgoxo_IdOr1BDCidDnNnelwxfKgkl01kbrVj-1'
    const later = new Sealer(createSecretKey(Buffer.alloc(32, 7)))
    expect(Buffer.from(later.open(Buffer.from(sealed, 'base64url'), CONTEXT)).toString()).toBe('bitting')
  })
})
