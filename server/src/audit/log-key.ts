import {
  createHash,
  createHmac,
  createPublicKey,
  createSecretKey,
  hkdfSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto'
import {
  formatVerifierKey,
  NOTE_ED25519,
  noteKeyId,
  type CheckpointSigner,
  type NoteCrypto,
  type VerifierKey,
} from '@bitting/core'
import { deriveSigningKey, type SigningKeyPair } from '../storage/derived-key.js'

/** Signs a workspace's checkpoints under the origin of its log, and is the key that verifies them. */
export interface LogSigner extends CheckpointSigner, VerifierKey {
  /** The key as others take it: C2SP signed-note's `name+id+key`. */
  readonly verifierKey: string
  /** What shows that a leaf was written by whoever has the root key: an HMAC-SHA256 in base64. */
  readonly mac: (leaf: string) => string
}

const PURPOSE = 'bitting audit log v1:'
const MAC_PURPOSE = 'bitting audit entries v1:'
const MAC_KEY_LENGTH = 32
const SIGNERS_MAX = 10_000

/**
 * The keys that sign the workspaces' logs, derived from the root key. They stand nowhere: whoever owns the database
 * alone cannot sign in a log's name, nor make the server take another key for it.
 */
export class LogKeys {
  readonly #rootKey: KeyObject
  readonly #signers = new Map<string, LogSigner>()

  constructor(rootKey: KeyObject) {
    this.#rootKey = rootKey
  }

  /** The signer of a workspace's log. */
  signer(workspaceId: string): LogSigner {
    const known = this.#signers.get(workspaceId)
    if (known !== undefined) return known
    const pair = deriveSigningKey(this.#rootKey, `${PURPOSE}${workspaceId}`)
    const macKey = createSecretKey(
      Buffer.from(hkdfSync('sha256', this.#rootKey, '', `${MAC_PURPOSE}${workspaceId}`, MAC_KEY_LENGTH)),
    )
    const signer = signerOf(logOrigin(workspaceId), pair, macKey)
    if (this.#signers.size >= SIGNERS_MAX) this.#signers.clear()
    this.#signers.set(workspaceId, signer)
    return signer
  }
}

/** The name of a workspace's log: the first line of its checkpoints. */
export function logOrigin(workspaceId: string): string {
  return `bitting/${workspaceId}`
}

function signerOf(name: string, { privateKey, publicKey }: SigningKeyPair, macKey: KeyObject): LogSigner {
  const keyId = noteKeyId(sha256, name, NOTE_ED25519, publicKey)
  return {
    name,
    keyId,
    type: NOTE_ED25519,
    publicKey,
    verifierKey: formatVerifierKey(name, keyId, NOTE_ED25519, publicKey),
    sign: (message) => sign(null, message, privateKey),
    mac: (leaf) => createHmac('sha256', macKey).update(leaf).digest('base64'),
  }
}

/** SHA-256 as core takes it. */
export function sha256(data: Uint8Array): Uint8Array {
  return createHash('sha256').update(data).digest()
}

/** Verifies an Ed25519 signature (RFC 8032); false also for a key or signature of a wrong length. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    const key = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url') },
      format: 'jwk',
    })
    return verify(null, message, key, signature)
  } catch {
    return false
  }
}

/** What core verifies notes and proofs with. */
export const NOTE_CRYPTO: NoteCrypto = { sha256, verifyEd25519 }
