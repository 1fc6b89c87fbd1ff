import { decodeBase64, encodeBase64 } from './base64.js'
import { HASH_LENGTH } from './merkle.js'
import {
  formatNote,
  isNoteText,
  openNote,
  parseNote,
  type NoteCrypto,
  type NoteSigner,
  type SignEd25519,
  type VerifierKey,
} from './signed-note.js'
import { encodeUtf8 } from './utf8.js'

export { cosignatureMessage } from './signed-note.js'

const DECIMAL = /^(?:0|[1-9]\d{0,15})$/

/** The state of a log at one size (C2SP tlog-checkpoint). */
export interface Checkpoint {
  /** Which log this is. */
  readonly origin: string
  /** How many entries the log has. */
  readonly size: number
  /** The root hash of the tree of that size: 32 bytes. */
  readonly root: Uint8Array
  /** Further lines that are signed and mean nothing here. */
  readonly extensions: readonly string[]
}

/** Who signs checkpoints: a key of type `NOTE_ED25519` with its secret half behind a function. */
export interface CheckpointSigner {
  /** The name of the key. It should be the log's origin. */
  readonly name: string
  readonly keyId: number
  readonly sign: SignEd25519
}

/** A checkpoint with at least one verified signature. */
export interface OpenedCheckpoint {
  readonly checkpoint: Checkpoint
  /** Every known key that has signed, once each. Which of them are enough is for the caller to say. */
  readonly signers: readonly NoteSigner[]
}

/**
 * The body of a checkpoint: origin, size, root hash and extensions, a line each (C2SP tlog-checkpoint, "Note text").
 *
 * @throws {RangeError} when a line would be empty or have control characters, the size is no whole number up to
 *   2^53 - 1 or the root has not 32 bytes
 */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  const { origin, size, root, extensions } = checkpoint
  const body = `${[origin, String(size), encodeBase64(root), ...extensions].join('\n')}\n`
  const parsed = parseCheckpoint(body)
  if (parsed?.extensions.length !== extensions.length || parsed.origin !== origin) {
    throw new RangeError(
      'a checkpoint is an origin, a size, a root of 32 bytes and extensions of one line each',
    )
  }
  return body
}

/**
 * Takes the body of a checkpoint apart, or returns null where the text is none. Strict: whatever parses is formatted
 * back to the same characters.
 */
export function parseCheckpoint(body: string): Checkpoint | null {
  const lines = body.split('\n')
  if (lines.pop() !== '' || !lines.every(isLine)) return null
  const [origin, decimal, encoded, ...extensions] = lines
  if (origin === undefined || decimal === undefined || encoded === undefined) return null
  const size = parseSize(decimal)
  const root = decodeBase64(encoded)
  if (size === null || root?.length !== HASH_LENGTH) return null
  return { origin, size, root, extensions }
}

/** The signed note of a checkpoint. Throws as {@link formatCheckpoint} and {@link formatNote}. */
export function signCheckpoint(checkpoint: Checkpoint, signer: CheckpointSigner): string {
  const body = formatCheckpoint(checkpoint)
  const { name, keyId } = signer
  return formatNote(body, [{ name, keyId, signature: signer.sign(encodeUtf8(body)) }])
}

/**
 * Opens a signed checkpoint, or returns null as {@link openNote} does and where the body is no checkpoint. The origin
 * is not compared with the names of the keys: a caller that knows which log it asked for compares the origin.
 */
export function openCheckpoint(
  text: string,
  verifierKeys: readonly VerifierKey[],
  crypto: NoteCrypto,
): OpenedCheckpoint | null {
  const note = openNote(text, verifierKeys, crypto)
  const checkpoint = note === null ? null : parseCheckpoint(note.body)
  return note === null || checkpoint === null ? null : { checkpoint, signers: note.signers }
}

/** A line of a body: not empty, in characters that a note may have. */
function isLine(line: string): boolean {
  return line !== '' && isNoteText(line)
}

/** The checkpoint of a signed note with nothing verified, null where the text is no note of a checkpoint. */
export function peekCheckpoint(text: string): Checkpoint | null {
  const note = parseNote(text)
  return note === null ? null : parseCheckpoint(note.body)
}

/** A whole number up to 2^53 - 1 from its decimal form without leading zeros, null where the text is none. */
export function parseSize(text: string): number | null {
  const size = DECIMAL.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(size) ? size : null
}
