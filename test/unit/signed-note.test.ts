import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import {
  cosignatureMessage,
  formatNote,
  formatVerifierKey,
  NOTE_COSIGNATURE,
  NOTE_ED25519,
  noteKeyId,
  openNote,
  parseNote,
  parseVerifierKey,
  type VerifierKey,
} from '@bitting/core'
import { describe, expect, it } from 'vitest'

const sha256 = (data: Uint8Array): Uint8Array => createHash('sha256').update(data).digest()
const verifyEd25519 = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
  const x = Buffer.from(publicKey).toString('base64url')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  return verify(null, message, key, signature)
}
const crypto = { sha256, verifyEd25519 }

/** The example of Go's package golang.org/x/mod/sumdb/note, made by another implementation. */
const GO_KEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
const GO_BODY =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
const GO_LINE =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n'
const GO_NOTE = `${GO_BODY}\n${GO_LINE}`

interface Signer {
  key: VerifierKey
  sign: (message: Uint8Array) => Uint8Array
}

function newSigner(name: string, type: number): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = new Uint8Array(Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url'))
  const key = { name, keyId: noteKeyId(sha256, name, type, raw), type, publicKey: raw }
  return { key, sign: (message) => sign(null, message, privateKey) }
}

const line = ({ key }: Signer, signature: Uint8Array) => ({ name: key.name, keyId: key.keyId, signature })
const plain = (signer: Signer, body: string) => line(signer, signer.sign(Buffer.from(body)))
function cosigned(signer: Signer, body: string, time: bigint, signedTime = time) {
  const seconds = Buffer.alloc(8)
  seconds.writeBigUInt64BE(time)
  const message = Buffer.from(`cosignature/v1\ntime ${signedTime}\n${body}`)
  return line(signer, Buffer.concat([seconds, signer.sign(message)]))
}

describe('a note of another implementation', () => {
  it('opens with its key and is formatted back', () => {
    const key = parseVerifierKey(sha256, GO_KEY)!
    expect(key).toMatchObject({ name: 'PeterNeumann', keyId: 0xc74f20a3, type: NOTE_ED25519 })
    expect(formatVerifierKey(key.name, key.keyId, key.type, key.publicKey)).toBe(GO_KEY)
    expect(openNote(GO_NOTE, [key], crypto)).toEqual({
      body: GO_BODY,
      signers: [{ key, timeSeconds: null }],
    })
    const note = parseNote(GO_NOTE)!
    expect(formatNote(note.body, note.signatures)).toBe(GO_NOTE)
  })

  it('does not open once a character is changed', () => {
    const key = parseVerifierKey(sha256, GO_KEY)!
    for (let at = 0; at < GO_NOTE.length; at++) {
      const changed = GO_NOTE[at] === 'A' ? 'B' : 'A'
      expect(openNote(GO_NOTE.slice(0, at) + changed + GO_NOTE.slice(at + 1), [key], crypto)).toBeNull()
    }
  })
})

describe('parseNote', () => {
  it('splits at the last empty line', () => {
    expect(parseNote(`a\n\nb\n\n${GO_LINE}`)?.body).toBe('a\n\nb\n')
    expect(parseNote(`a\n\n\n${GO_LINE}`)?.body).toBe('a\n\n')
    expect(parseNote(`\n\n${GO_LINE}`)?.body).toBe('\n')
  })

  it('takes 64 signatures and not one more', () => {
    expect(parseNote(`a\n\n${GO_LINE.repeat(64)}`)?.signatures).toHaveLength(64)
    expect(parseNote(`a\n\n${GO_LINE.repeat(65)}`)).toBeNull()
  })

  const base64 = 'AAAAAAE='
  it.each([
    '',
    '\n',
    '\n\n',
    'a\n',
    'a\n\n',
    GO_LINE,
    `a\n${GO_LINE}`,
    `a\n\n${GO_LINE.slice(0, -1)}`,
    `a\n\n${GO_LINE}\n`,
    `a\n\n${GO_LINE}b\n`,
    `\n${GO_LINE}`,
    `a\r\n\n${GO_LINE}`,
    `a\tb\n\n${GO_LINE}`,
    `a\0\n\n${GO_LINE}`,
    `\ud800\n\n${GO_LINE}`,
    `a\n\n- name ${base64}\n`,
    `a\n\n—name ${base64}\n`,
    `a\n\n—  name ${base64}\n`,
    `a\n\n— ${base64}\n`,
    `a\n\n— na+me ${base64}\n`,
    `a\n\n— na me ${base64}\n`,
    `a\n\n— na\u00a0me ${base64}\n`,
    `a\n\n— na\u2003me ${base64}\n`,
    `a\n\n— na\u0085me ${base64}\n`,
    `a\n\n— na\u007fme\udc00 ${base64}\n`,
    `a\n\n— name ${base64} \n`,
    `a\n\n— name  ${base64}\n`,
    `a\n\n— name AAAAAAE\n`,
    `a\n\n— name AAAAAAF=\n`,
    `a\n\n— name AAAAAA==\n`,
    `a\n\n— name AAAA\n`,
    `a\n\n— name AAAAAA_=\n`,
    `a\n\n— name =AAAAAA=\n`,
    `a\n\n— name AAAA=AAA\n`,
    `a\n\n— name \n`,
  ])('refuses %j', (text) => expect(parseNote(text)).toBeNull())

  it('takes any other Unicode', () => {
    const text = `ed è subito sera 🌒\n\n— quasimodo.example/sälvatore ${base64}\n`
    const note = parseNote(text)!
    expect(note.signatures).toEqual([
      { name: 'quasimodo.example/sälvatore', keyId: 0, signature: Uint8Array.of(1) },
    ])
    expect(formatNote(note.body, note.signatures)).toBe(text)
  })
})

describe('formatNote', () => {
  const signature = { name: 'name', keyId: 1, signature: Uint8Array.of(1) }
  it.each([
    ['a body without a line break at its end', 'a', [signature]],
    ['a body with a control character', 'a\rb\n', [signature]],
    ['no signatures', 'a\n', []],
    ['65 signatures', 'a\n', Array.from({ length: 65 }, () => signature)],
    ['an empty name', 'a\n', [{ ...signature, name: '' }]],
    ['a name with a space', 'a\n', [{ ...signature, name: 'a b' }]],
    ['a name with a line break', 'a\n', [{ ...signature, name: 'a\nb' }]],
    ['a name with a plus', 'a\n', [{ ...signature, name: 'a+b' }]],
    ['an id of 33 bits', 'a\n', [{ ...signature, keyId: 2 ** 32 }]],
    ['an empty signature', 'a\n', [{ ...signature, signature: new Uint8Array(0) }]],
  ])('refuses %s', (_, body, signatures) => {
    expect(() => formatNote(body, signatures)).toThrow(RangeError)
  })
})

describe('parseVerifierKey', () => {
  const { key } = newSigner('log.example/1', NOTE_ED25519)
  const text = formatVerifierKey(key.name, key.keyId, key.type, key.publicKey)

  it('gives back what was formatted, of both types', () => {
    expect(parseVerifierKey(sha256, text)).toEqual(key)
    const witness = newSigner('witness.example', NOTE_COSIGNATURE).key
    expect(
      parseVerifierKey(sha256, formatVerifierKey(witness.name, witness.keyId, 4, witness.publicKey)),
    ).toEqual(witness)
  })

  const formatted = (changes: Partial<VerifierKey>) => {
    const it = { ...key, ...changes }
    const keyId = changes.keyId ?? noteKeyId(sha256, it.name, it.type, it.publicKey)
    return formatVerifierKey(it.name, keyId, it.type, it.publicKey)
  }

  it.each([
    ['another name', text.replace('log', 'lag')],
    ['another id', formatted({ keyId: (key.keyId ^ 1) >>> 0 })],
    ['another type', formatted({ type: 6 })],
    ['a short key', formatted({ publicKey: new Uint8Array(31) })],
    ['a long key', formatted({ publicKey: new Uint8Array(33) })],
    ['an id in capitals', text.replace(/\+[0-9a-f]{8}\+/, (id) => id.toUpperCase().replace(/\d/g, 'A'))],
    ['no name', text.slice(text.indexOf('+'))],
    ['a space around it', ` ${text}`],
    ['a line break behind it', `${text}\n`],
    ['nothing', ''],
  ])('refuses %s', (_, wrong) => expect(parseVerifierKey(sha256, wrong)).toBeNull())

  it('formatVerifierKey refuses what it could not read back', () => {
    expect(() => formatVerifierKey('a b', 1, 1, key.publicKey)).toThrow(RangeError)
    expect(() => formatVerifierKey('a', -1, 1, key.publicKey)).toThrow(RangeError)
    expect(() => formatVerifierKey('a', 1, 256, key.publicKey)).toThrow(RangeError)
  })
})

describe('openNote', () => {
  const body = 'log.example\n1\nbody\n'
  const log = newSigner('log.example', NOTE_ED25519)
  const witness = newSigner('witness.example', NOTE_COSIGNATURE)
  const stranger = newSigner('stranger.example', NOTE_ED25519)
  const known = [log.key, witness.key]

  it('names the known keys that signed, and when a witness did', () => {
    const lines = [plain(stranger, body), plain(log, body), cosigned(witness, body, 1_679_315_147n)]
    expect(openNote(formatNote(body, lines), known, crypto)?.signers).toEqual([
      { key: log.key, timeSeconds: null },
      { key: witness.key, timeSeconds: 1_679_315_147 },
    ])
    expect(openNote(formatNote(body, lines.slice(0, 2)), known, crypto)?.signers).toHaveLength(1)
  })

  it('is null where none of the known keys signed', () => {
    expect(openNote(formatNote(body, [plain(stranger, body)]), known, crypto)).toBeNull()
    expect(openNote(formatNote(body, [plain(log, body)]), [], crypto)).toBeNull()
    expect(openNote('no note', known, crypto)).toBeNull()
  })

  it('is null where one known signature is wrong, whatever the others are', () => {
    const wrong = line(log, log.sign(Buffer.from('another body\n')))
    const right = cosigned(witness, body, 1n)
    expect(openNote(formatNote(body, [right, wrong]), known, crypto)).toBeNull()
    expect(openNote(formatNote(body, [plain(log, body), wrong]), known, crypto)).toBeNull()
    const short = line(log, log.sign(Buffer.from(body)).subarray(0, 63))
    expect(openNote(formatNote(body, [right, short]), known, crypto)).toBeNull()
  })

  it('passes over a stranger under a known name or a known id', () => {
    const name = { ...plain(stranger, body), name: log.key.name }
    const keyId = { ...plain(stranger, body), keyId: log.key.keyId }
    expect(openNote(formatNote(body, [name, keyId, plain(log, body)]), known, crypto)?.signers).toHaveLength(
      1,
    )
    expect(openNote(formatNote(body, [name, keyId]), known, crypto)).toBeNull()
  })

  it('counts a key once', () => {
    const lines = [cosigned(witness, body, 1n), cosigned(witness, body, 2n)]
    expect(openNote(formatNote(body, lines), known, crypto)?.signers).toEqual([
      { key: witness.key, timeSeconds: 1 },
    ])
  })

  it('takes a cosignature only over its own time, and no plain signature for one', () => {
    for (const wrong of [
      cosigned(witness, body, 2n, 1n),
      cosigned(witness, body, 2n ** 53n),
      cosigned(witness, body, 2n ** 64n - 1n),
      plain(witness, body),
      line(witness, Buffer.concat([Buffer.alloc(8), witness.sign(Buffer.from(body))])),
    ]) {
      expect(openNote(formatNote(body, [wrong]), known, crypto)).toBeNull()
    }
    const last = cosigned(witness, body, 2n ** 53n - 1n)
    expect(openNote(formatNote(body, [last]), known, crypto)?.signers[0]?.timeSeconds).toBe(2 ** 53 - 1)
  })

  it('trusts no key whose id is not its own', () => {
    const keyId = (log.key.keyId ^ 1) >>> 0
    const text = formatNote(body, [{ ...plain(log, body), keyId }])
    expect(openNote(text, [{ ...log.key, keyId }], crypto)).toBeNull()
  })
})

describe('cosignatureMessage', () => {
  it('is that of the specification', () => {
    const body = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n'
    expect(Buffer.from(cosignatureMessage(1_679_315_147, body)).toString()).toBe(
      `cosignature/v1\ntime 1679315147\n${body}`,
    )
    expect(() => cosignatureMessage(0.5, body)).toThrow(RangeError)
    expect(() => cosignatureMessage(-1, body)).toThrow(RangeError)
  })
})
