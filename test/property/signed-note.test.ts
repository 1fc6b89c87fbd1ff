import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import {
  formatCheckpoint,
  formatNote,
  formatTlogProof,
  formatVerifierKey,
  NOTE_ED25519,
  noteKeyId,
  openNote,
  parseCheckpoint,
  parseNote,
  parseTlogProof,
  parseVerifierKey,
  signCheckpoint,
} from '@bitting/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const sha256 = (data: Uint8Array): Uint8Array => createHash('sha256').update(data).digest()
const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const raw = new Uint8Array(Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url'))
const name = 'log.example/sälvatore'
const key = { name, keyId: noteKeyId(sha256, name, NOTE_ED25519, raw), type: NOTE_ED25519, publicKey: raw }
const signer = { name, keyId: key.keyId, sign: (message: Uint8Array) => sign(null, message, privateKey) }
const crypto = {
  sha256,
  verifyEd25519: (_: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
    verify(null, message, createPublicKey(publicKey.export({ format: 'pem', type: 'spki' })), signature),
}

const graphic = fc.string({ unit: 'binary', maxLength: 30 }).filter((text) => !/[^ -\u{10ffff}]/u.test(text))
const word = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
  .filter((text) => /^[^\s+\u0085]+$/u.test(text))
const body = fc.array(graphic, { minLength: 1, maxLength: 5 }).map((lines) => `${lines.join('\n')}\n`)
const signature = fc.record({
  name: word,
  keyId: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  signature: fc.uint8Array({ minLength: 1, maxLength: 80 }),
})
const signatures = fc.array(signature, { minLength: 1, maxLength: 5 })
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
const checkpoint = fc.record({
  origin: graphic.filter((text) => text !== ''),
  size: fc.maxSafeNat(),
  root: hash,
  extensions: fc.array(
    graphic.filter((text) => text !== ''),
    { maxLength: 3 },
  ),
})

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The texts that come of a text by changing one byte of its UTF-8 in one of some ways. */
function* mutations(text: string, masks: readonly number[]): Generator<string> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at++) {
    for (const mask of masks) {
      const changed = Uint8Array.from(bytes)
      changed[at]! ^= mask
      try {
        yield decoder.decode(changed)
      } catch {
        // No longer UTF-8, so there is no text to parse.
      }
    }
  }
}

const masks = fc.uniqueArray(fc.integer({ min: 1, max: 255 }), { minLength: 3, maxLength: 3 })

describe('what is formatted', () => {
  it('is parsed to the same: notes, keys, checkpoints and proofs', () => {
    fc.assert(
      fc.property(body, signatures, (body, signatures) => {
        expect(parseNote(formatNote(body, signatures))).toEqual({ body, signatures })
      }),
    )
    fc.assert(
      fc.property(word, fc.constantFrom(1, 4), hash, (name, type, publicKey) => {
        const keyId = noteKeyId(sha256, name, type, publicKey)
        const text = formatVerifierKey(name, keyId, type, publicKey)
        expect(parseVerifierKey(sha256, text)).toEqual({ name, keyId, type, publicKey })
      }),
    )
    fc.assert(
      fc.property(checkpoint, (checkpoint) => {
        expect(parseCheckpoint(formatCheckpoint(checkpoint))).toEqual(checkpoint)
      }),
    )
    fc.assert(
      fc.property(
        checkpoint,
        fc.maxSafeNat(),
        fc.array(hash, { maxLength: 20 }),
        (checkpoint, at, hashes) => {
          fc.pre(checkpoint.size > 0)
          const proof = {
            index: at % checkpoint.size,
            hashes,
            checkpoint: signCheckpoint(checkpoint, signer),
          }
          expect(parseTlogProof(formatTlogProof(proof))).toEqual(proof)
        },
      ),
    )
  })
})

describe('what is parsed', () => {
  it('has one spelling: after a change of one byte it is refused or formatted back as it was changed', () => {
    fc.assert(
      fc.property(body, signatures, checkpoint, hash, masks, (body, signatures, checkpoint, hash, masks) => {
        for (const text of mutations(formatNote(body, signatures), masks)) {
          const note = parseNote(text)
          if (note !== null) expect(formatNote(note.body, note.signatures)).toBe(text)
        }
        for (const text of mutations(formatCheckpoint(checkpoint), masks)) {
          const parsed = parseCheckpoint(text)
          if (parsed !== null) expect(formatCheckpoint(parsed)).toBe(text)
        }
        const signed = signCheckpoint({ ...checkpoint, size: 8 }, signer)
        const whole = formatTlogProof({ index: 7, hashes: [hash], checkpoint: signed, extra: hash })
        for (const text of mutations(whole, masks)) {
          const parsed = parseTlogProof(text)
          if (parsed !== null) expect(formatTlogProof(parsed)).toBe(text)
        }
      }),
      { numRuns: 40 },
    )
  })

  it('is no key after any change of one byte', () => {
    const text = formatVerifierKey(name, key.keyId, key.type, key.publicKey)
    const all = Array.from({ length: 255 }, (_, at) => at + 1)
    for (const changed of mutations(text, all)) expect(parseVerifierKey(sha256, changed)).toBeNull()
  })

  it('survives any text', () => {
    const any = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(
          fc.constantFrom('\n', '\n\n', '— ', ' ', 'a', '+', 'AAAAAAE=', '1', 'index ', 'extra ', '\ud800'),
        )
        .map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(any, (text) => {
        const note = parseNote(text)
        if (note !== null) expect(formatNote(note.body, note.signatures)).toBe(text)
        const parsed = parseCheckpoint(text)
        if (parsed !== null) expect(formatCheckpoint(parsed)).toBe(text)
        parseTlogProof(text)
        parseVerifierKey(sha256, text)
        openNote(text, [key], crypto)
      }),
      { numRuns: 3000 },
    )
  })
})

describe('openNote', () => {
  it('opens what was signed, and nothing that differs from it in one bit', () => {
    fc.assert(
      fc.property(checkpoint, (checkpoint) => {
        const text = signCheckpoint(checkpoint, signer)
        expect(openNote(text, [key], crypto)?.body).toBe(formatCheckpoint(checkpoint))
        for (const changed of mutations(text, [1, 2, 4, 8, 16, 32, 64, 128])) {
          expect(openNote(changed, [key], crypto)).toBeNull()
        }
      }),
      { numRuns: 10 },
    )
  })
})
