import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject } from 'node:crypto'

/** What stands before a seed of 32 bytes in the PKCS #8 form of an Ed25519 key (RFC 8410 Section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const SEED_LENGTH = 32

/** An Ed25519 key pair (RFC 8032). */
export interface SigningKeyPair {
  readonly privateKey: KeyObject
  /** 32 bytes. */
  readonly publicKey: Uint8Array
}

/**
 * The signing key of a purpose, derived from the root key with HKDF-SHA256 (RFC 5869). It stands nowhere: whoever owns
 * the database alone cannot sign with it.
 */
export function deriveSigningKey(rootKey: KeyObject, purpose: string): SigningKeyPair {
  const seed = Buffer.from(hkdfSync('sha256', rootKey, '', purpose, SEED_LENGTH))
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, seed]),
    format: 'der',
    type: 'pkcs8',
  })
  seed.fill(0)
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' })
  return { privateKey, publicKey: Buffer.from(x, 'base64url') }
}
