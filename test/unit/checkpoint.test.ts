import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import {
  formatCheckpoint,
  formatNote,
  formatTlogProof,
  NOTE_ED25519,
  noteKeyId,
  openCheckpoint,
  parseCheckpoint,
  parseTlogProof,
  signCheckpoint,
  type Checkpoint,
} from '@bitting/core'
import { describe, expect, it } from 'vitest'

const sha256 = (data: Uint8Array): Uint8Array => createHash('sha256').update(data).digest()
const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const raw = new Uint8Array(Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url'))
const name = 'example.com/behind-the-sofa'
const key = { name, keyId: noteKeyId(sha256, name, NOTE_ED25519, raw), type: NOTE_ED25519, publicKey: raw }
const signer = { name, keyId: key.keyId, sign: (message: Uint8Array) => sign(null, message, privateKey) }
const verifyEd25519 = (bytes: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
  const x = Buffer.from(bytes).toString('base64url')
  return verify(
    null,
    message,
    createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }),
    signature,
  )
}
const crypto = { sha256, verifyEd25519 }

/** The example of C2SP tlog-checkpoint. */
const ROOT = 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I='
const BODY = `${name}\n20852163\n${ROOT}\n`
const root = new Uint8Array(Buffer.from(ROOT, 'base64'))
const checkpoint: Checkpoint = { origin: name, size: 20_852_163, root, extensions: [] }

describe('formatCheckpoint and parseCheckpoint', () => {
  it('agree on the example of the specification', () => {
    expect(formatCheckpoint(checkpoint)).toBe(BODY)
    expect(parseCheckpoint(BODY)).toEqual(checkpoint)
  })

  it('agree on extensions, odd origins and every size that is a number', () => {
    for (const changes of [
      { extensions: ['one', ' two = 2 '] },
      { origin: 'an origin + more' },
      { size: 0 },
      { size: Number.MAX_SAFE_INTEGER },
    ]) {
      const expected = { ...checkpoint, ...changes }
      expect(parseCheckpoint(formatCheckpoint(expected))).toEqual(expected)
    }
  })

  it.each([
    '',
    '\n',
    `${name}\n1\n`,
    `${name}\n1\n${ROOT}`,
    `\n1\n${ROOT}\n`,
    `${name}\n\n${ROOT}\n`,
    `${name}\n01\n${ROOT}\n`,
    `${name}\n+1\n${ROOT}\n`,
    `${name}\n-1\n${ROOT}\n`,
    `${name}\n1.0\n${ROOT}\n`,
    `${name}\n1e3\n${ROOT}\n`,
    `${name}\n0x1\n${ROOT}\n`,
    `${name}\n 1\n${ROOT}\n`,
    `${name}\n٣\n${ROOT}\n`,
    `${name}\n9007199254740992\n${ROOT}\n`,
    `${name}\n18446744073709551615\n${ROOT}\n`,
    `${name}\n1\n${ROOT.slice(0, -1)}\n`,
    `${name}\n1\n${ROOT.replace('2I=', '2J=')}\n`,
    `${name}\n1\n${ROOT.slice(4)}\n`,
    `${name}\n1\nAAAA${ROOT}\n`,
    `${name}\n1\n${ROOT} \n`,
    `${name}\n1\n${ROOT}\n\n`,
    `${name}\n1\n${ROOT}\n\nextension\n`,
    `${name}\r\n1\r\n${ROOT}\r\n`,
    `${name}\n1\n${ROOT}\na\tb\n`,
  ])('parseCheckpoint refuses %j', (body) => expect(parseCheckpoint(body)).toBeNull())

  it.each([
    { origin: '' },
    { origin: 'two\nlines' },
    { origin: `x\n1\n${ROOT}` },
    { size: -1 },
    { size: 0.5 },
    { size: 2 ** 53 },
    { size: Number.NaN },
    { root: new Uint8Array(31) },
    { extensions: [''] },
    { extensions: ['two\nlines'] },
    { extensions: ['\u0000'] },
  ])('formatCheckpoint refuses %j', (changes) => {
    expect(() => formatCheckpoint({ ...checkpoint, ...changes })).toThrow(RangeError)
  })
})

describe('signCheckpoint and openCheckpoint', () => {
  it('give back the checkpoint and who signed it', () => {
    const text = signCheckpoint(checkpoint, signer)
    expect(text.startsWith(`${BODY}\n— ${name} `)).toBe(true)
    expect(openCheckpoint(text, [key], crypto)).toEqual({ checkpoint, signers: [{ key, timeSeconds: null }] })
  })

  it('are null for another size, for nobody and for a signed note that is no checkpoint', () => {
    const text = signCheckpoint(checkpoint, signer)
    expect(openCheckpoint(text.replace('20852163', '20852164'), [key], crypto)).toBeNull()
    expect(openCheckpoint(text, [], crypto)).toBeNull()
    const note = formatNote('hello\n', [{ ...signer, signature: signer.sign(Buffer.from('hello\n')) }])
    expect(openCheckpoint(note, [key], crypto)).toBeNull()
  })
})

describe('formatTlogProof and parseTlogProof', () => {
  const text = signCheckpoint(checkpoint, signer)
  const hashes = [sha256(Buffer.of(1)), sha256(Buffer.of(2))].map((hash) => Uint8Array.from(hash))
  const lines = hashes.map((hash) => Buffer.from(hash).toString('base64'))
  const head = 'c2sp.org/tlog-proof@v1'

  it('agree, with and without extra and hashes', () => {
    const proof = { index: 73_894, hashes, checkpoint: text }
    expect(formatTlogProof(proof)).toBe(`${head}\nindex 73894\n${lines.join('\n')}\n\n${text}`)
    expect(parseTlogProof(formatTlogProof(proof))).toEqual(proof)
    const extra = { ...proof, index: 0, hashes: [], extra: Uint8Array.of(1, 2, 3) }
    expect(formatTlogProof(extra)).toBe(`${head}\nextra AQID\nindex 0\n\n${text}`)
    expect(parseTlogProof(formatTlogProof(extra))).toEqual(extra)
  })

  it.each([
    '',
    text,
    `${head}\n\n${text}`,
    `${head}\nindex 1\n${text}`,
    `c2sp.org/tlog-proof@v2\nindex 1\n\n${text}`,
    `${head} \nindex 1\n\n${text}`,
    `${head}\nindex 01\n\n${text}`,
    `${head}\nindex  1\n\n${text}`,
    `${head}\nindex -1\n\n${text}`,
    `${head}\nindex 20852163\n\n${text}`,
    `${head}\nindex 9007199254740992\n\n${text}`,
    `${head}\nindex 1\nextra AQID\n\n${text}`,
    `${head}\nextra \nindex 1\n\n${text}`,
    `${head}\nextra AQI\nindex 1\n\n${text}`,
    `${head}\nextra AQID\nextra AQID\nindex 1\n\n${text}`,
    `${head}\nindex 1\n${lines[0]!.slice(4)}\n\n${text}`,
    `${head}\nindex 1\n${lines[0]} \n\n${text}`,
    `${head}\nindex 1\n${`${lines[0]}\n`.repeat(64)}\n${text}`,
    `${head}\nindex 1\n\n\n${text}`,
    `${head}\r\nindex 1\r\n\r\n${text}`,
    `${head}\nindex 1\n\n${text}\n`,
    `${head}\nindex 1\n\n${BODY}`,
    `${head}\nindex 1\n\n`,
  ])('parseTlogProof refuses %j', (wrong) => expect(parseTlogProof(wrong)).toBeNull())

  it.each([
    { index: -1 },
    { index: 0.5 },
    { index: checkpoint.size },
    { hashes: [new Uint8Array(31)] },
    { checkpoint: BODY },
    { extra: new Uint8Array(0) },
  ])('formatTlogProof refuses %j', (changes) => {
    expect(() => formatTlogProof({ index: 0, hashes, checkpoint: text, ...changes })).toThrow(RangeError)
  })
})
