import { decodeBase64, encodeBase64 } from './base64.js'
import type { Sha256 } from './merkle.js'
import { encodeUtf8, isWellFormed } from './utf8.js'

/** Says whether a signature (Ed25519, RFC 8032) is this key's over this message. Passed in, as all cryptography is. */
export type VerifyEd25519 = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean
/** Signs a message with an Ed25519 key (RFC 8032): 64 bytes. */
export type SignEd25519 = (message: Uint8Array) => Uint8Array

/** The type byte of a plain Ed25519 signature over the text of a note (C2SP signed-note). */
export const NOTE_ED25519 = 0x01
/** The type byte of an Ed25519 cosignature with a time over a checkpoint (C2SP tlog-cosignature). */
export const NOTE_COSIGNATURE = 0x04

/** The most signatures that a note may have. C2SP signed-note asks for 16 at least. */
export const NOTE_SIGNATURES_MAX = 64

const KEY_LENGTH = 32
const SIGNATURE_LENGTH = 64
const TIME_LENGTH = 8
const KEY_ID_LENGTH = 4
const NOT_IN_A_NAME = /[\p{White_Space}+]/u
const SIGNATURE_LINE = /^\u2014 ([^ ]+) ([^ ]+)$/
const VERIFIER_KEY = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/

/** One signature line of a note. */
export interface NoteSignature {
  /** The name of the key. */
  readonly name: string
  /** 32 bits that tell keys of one name apart. */
  readonly keyId: number
  /** The bytes behind the key id; their meaning depends on the type of the key. */
  readonly signature: Uint8Array
}

/** A note taken apart, nothing of it verified. */
export interface Note {
  /** What is signed, with the line break at its end. */
  readonly body: string
  readonly signatures: readonly NoteSignature[]
}

/** A public key that notes are verified with. */
export interface VerifierKey {
  readonly name: string
  readonly keyId: number
  /** {@link NOTE_ED25519} or {@link NOTE_COSIGNATURE}. */
  readonly type: number
  readonly publicKey: Uint8Array
}

/** What notes are verified with. */
export interface NoteCrypto {
  readonly sha256: Sha256
  readonly verifyEd25519: VerifyEd25519
}

/** A known key that has signed a note. */
export interface NoteSigner {
  readonly key: VerifierKey
  /** When it was cosigned, in seconds since 1970; null for a plain signature, which has no time. */
  readonly timeSeconds: number | null
}

/** A note with at least one verified signature. */
export interface OpenedNote {
  readonly body: string
  /** Every known key that has signed, once each. Which of them are enough is for the caller to say. */
  readonly signers: readonly NoteSigner[]
}

/**
 * The text of a note (C2SP signed-note, "Format").
 *
 * @throws {RangeError} when a body does not end in a line break or has other control characters, when a name is not one
 *   that a key may have, or when there is no signature or more than 64
 */
export function formatNote(body: string, signatures: readonly NoteSignature[]): string {
  if (!isBody(body)) throw new RangeError('a note is lines of text without control characters')
  if (signatures.length === 0 || signatures.length > NOTE_SIGNATURES_MAX) {
    throw new RangeError('a note has from 1 to 64 signatures')
  }
  return `${body}\n${signatures.map(formatSignature).join('')}`
}

/**
 * Takes a note apart, or returns null where the text is not one. Strict: whatever parses is formatted back to the same
 * characters. The text is split at its last empty line, so a body may have empty lines.
 */
export function parseNote(text: string): Note | null {
  const end = text.lastIndexOf('\n\n') + 1
  const body = text.slice(0, end)
  if (end === 0 || !text.endsWith('\n') || !isBody(body)) return null
  const lines = text.slice(end + 1, -1).split('\n')
  if (lines.length > NOTE_SIGNATURES_MAX) return null
  const signatures: NoteSignature[] = []
  for (const line of lines) {
    const parsed = parseSignature(line)
    if (parsed === null) return null
    signatures.push(parsed)
  }
  return { body, signatures }
}

/**
 * The id of a key: 32 bits of the hash of its name, type and public key (C2SP signed-note, "Signatures").
 *
 * @throws {RangeError} when the name has no UTF-8 form
 */
export function noteKeyId(sha256: Sha256, name: string, type: number, publicKey: Uint8Array): number {
  const nameBytes = encodeUtf8(name)
  const data = new Uint8Array(nameBytes.length + 2 + publicKey.length)
  data.set(nameBytes)
  data[nameBytes.length] = 0x0a
  data[nameBytes.length + 1] = type
  data.set(publicKey, nameBytes.length + 2)
  return readUint32(sha256(data))
}

/**
 * A verifier key as text: `name+hex of the id+base64 of type and public key` (C2SP signed-note, "Verifier keys").
 *
 * @throws {RangeError} when the name is not one that a key may have, or type or key id do not fit their bytes
 */
export function formatVerifierKey(name: string, keyId: number, type: number, publicKey: Uint8Array): string {
  if (!isKeyName(name)) throw new RangeError('the name of a key has no spaces and no plus')
  if (!isUint32(keyId) || !isUint32(type) || type > 255)
    throw new RangeError('a key has a 32-bit id and an 8-bit type')
  const material = new Uint8Array(1 + publicKey.length)
  material[0] = type
  material.set(publicKey, 1)
  return `${name}+${keyId.toString(16).padStart(8, '0')}+${encodeBase64(material)}`
}

/**
 * The verifier key that a text stands for; null where it is not the one spelling of a key of type
 * {@link NOTE_ED25519} or {@link NOTE_COSIGNATURE}, or its id is not that of its name, type and public key.
 */
export function parseVerifierKey(sha256: Sha256, text: string): VerifierKey | null {
  const match = VERIFIER_KEY.exec(text)
  const [, name, id, encoded] = match ?? []
  if (name === undefined || id === undefined || encoded === undefined || !isKeyName(name)) return null
  const material = decodeBase64(encoded)
  const type = material?.[0]
  if (material?.length !== 1 + KEY_LENGTH || (type !== NOTE_ED25519 && type !== NOTE_COSIGNATURE)) return null
  const publicKey = material.slice(1)
  const keyId = Number.parseInt(id, 16)
  return noteKeyId(sha256, name, type, publicKey) === keyId ? { name, keyId, type, publicKey } : null
}

/**
 * Opens a note: its body, and which of the known keys have signed it. Null where the text is no note, where none of
 * the known keys has signed it, or where any signature in the name of a known key is wrong (C2SP signed-note,
 * "Signatures"). Signatures of other keys say nothing and are passed over.
 */
export function openNote(
  text: string,
  verifierKeys: readonly VerifierKey[],
  crypto: NoteCrypto,
): OpenedNote | null {
  const note = parseNote(text)
  if (note === null) return null
  const signers = new Map<VerifierKey, NoteSigner>()
  for (const line of note.signatures) {
    const key = verifierKeys.find((known) => known.name === line.name && known.keyId === line.keyId)
    if (key === undefined) continue
    const signer = verifySignature(key, line.signature, note.body, crypto)
    if (signer === null) return null
    if (!signers.has(key)) signers.set(key, signer)
  }
  return signers.size === 0 ? null : { body: note.body, signers: [...signers.values()] }
}

/**
 * What a cosigner signs: that it saw the tree of a checkpoint at a time (C2SP tlog-cosignature, "Ed25519 signed
 * message").
 *
 * @param timeSeconds seconds since 1970
 * @param body the body of the checkpoint's note, with the line break at its end
 * @throws {RangeError} when the time is not a whole number up to 2^53 - 1
 */
export function cosignatureMessage(timeSeconds: number, body: string): Uint8Array {
  if (!Number.isSafeInteger(timeSeconds) || timeSeconds < 0)
    throw new RangeError('a time is whole seconds since 1970')
  return encodeUtf8(`cosignature/v1\ntime ${String(timeSeconds)}\n${body}`)
}

/** Says whether a text may stand in a line of a note: valid Unicode without characters below U+0020. */
export function isNoteText(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) < 0x20) return false
  return isWellFormed(text)
}

function verifySignature(
  key: VerifierKey,
  bytes: Uint8Array,
  body: string,
  { sha256, verifyEd25519 }: NoteCrypto,
): NoteSigner | null {
  if (noteKeyId(sha256, key.name, key.type, key.publicKey) !== key.keyId) return null
  if (key.type === NOTE_ED25519) {
    const good = bytes.length === SIGNATURE_LENGTH && verifyEd25519(key.publicKey, encodeUtf8(body), bytes)
    return good ? { key, timeSeconds: null } : null
  }
  if (key.type !== NOTE_COSIGNATURE || bytes.length !== TIME_LENGTH + SIGNATURE_LENGTH) return null
  const timeSeconds = readUint32(bytes) * 2 ** 32 + readUint32(bytes.subarray(4))
  if (!Number.isSafeInteger(timeSeconds)) return null
  const message = cosignatureMessage(timeSeconds, body)
  return verifyEd25519(key.publicKey, message, bytes.slice(TIME_LENGTH)) ? { key, timeSeconds } : null
}

function formatSignature({ name, keyId, signature }: NoteSignature): string {
  if (!isKeyName(name)) throw new RangeError('the name of a key has no spaces and no plus')
  if (!isUint32(keyId) || signature.length === 0) {
    throw new RangeError('a signature has a 32-bit key id and at least one byte')
  }
  const bytes = new Uint8Array(KEY_ID_LENGTH + signature.length)
  for (let at = 0; at < KEY_ID_LENGTH; at++) bytes[at] = keyId >>> (24 - 8 * at)
  bytes.set(signature, KEY_ID_LENGTH)
  return `\u2014 ${name} ${encodeBase64(bytes)}\n`
}

function parseSignature(line: string): NoteSignature | null {
  const [, name, encoded] = SIGNATURE_LINE.exec(line) ?? []
  if (name === undefined || encoded === undefined || !isKeyName(name)) return null
  const bytes = decodeBase64(encoded)
  if (bytes === null || bytes.length <= KEY_ID_LENGTH) return null
  return { name, keyId: readUint32(bytes), signature: bytes.slice(KEY_ID_LENGTH) }
}

function isBody(body: string): boolean {
  return body.endsWith('\n') && isNoteText(body.replaceAll('\n', ''))
}

function isKeyName(name: string): boolean {
  return name !== '' && !NOT_IN_A_NAME.test(name) && isNoteText(name)
}

function isUint32(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < 2 ** 32
}

function readUint32(bytes: Uint8Array): number {
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes
  return ((first << 24) | (second << 16) | (third << 8) | fourth) >>> 0
}
