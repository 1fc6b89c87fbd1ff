import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  randomFillSync,
  type KeyObject,
} from 'node:crypto'

const ALGORITHM = 'aes-256-gcm'
const PURPOSE = 'bitting sealing v1'
const KEY_LENGTH = 32
const VERSION = 1
const NONCE_AT = 1
const NONCE_LENGTH = 12
const TEXT_AT = NONCE_AT + NONCE_LENGTH
const TAG_LENGTH = 16
const OPTIONS = { authTagLength: TAG_LENGTH } as const

/** A sealed value that was not sealed under this key and for this context, or was changed since. */
export class SealError extends Error {
  constructor() {
    super('a sealed value does not open: the root key is another one, or the value was moved or changed')
    this.name = 'SealError'
  }
}

/**
 * Seals values with AES-256-GCM under a key derived from the root key. A sealed value is a version byte, a random
 * nonce of 12 bytes, the ciphertext, and a tag of 16 bytes. Nonces are random, so one root key is good for 2^32 seals.
 */
export class Sealer {
  readonly #key: KeyObject

  constructor(rootKey: KeyObject) {
    const derived = new Uint8Array(hkdfSync('sha256', rootKey, '', PURPOSE, KEY_LENGTH))
    this.#key = createSecretKey(derived)
    derived.fill(0)
  }

  /**
   * Seals a value.
   *
   * @param context which value of which row it is: opening asks for the same, so that no value passes for another
   */
  seal(plain: Uint8Array, context: string): Uint8Array {
    const sealed = new Uint8Array(TEXT_AT + plain.length + TAG_LENGTH)
    sealed[0] = VERSION
    randomFillSync(sealed, NONCE_AT, NONCE_LENGTH)
    const cipher = createCipheriv(ALGORITHM, this.#key, sealed.subarray(NONCE_AT, TEXT_AT), OPTIONS)
    cipher.setAAD(Buffer.from(context))
    sealed.set(cipher.update(plain), TEXT_AT)
    cipher.final()
    sealed.set(cipher.getAuthTag(), TEXT_AT + plain.length)
    return sealed
  }

  /**
   * Opens a sealed value.
   *
   * @throws {SealError} when it was sealed under another key or for another context, or is damaged
   */
  open(sealed: Uint8Array, context: string): Uint8Array {
    const tagAt = sealed.length - TAG_LENGTH
    if (tagAt < TEXT_AT || sealed[0] !== VERSION) throw new SealError()
    const decipher = createDecipheriv(ALGORITHM, this.#key, sealed.subarray(NONCE_AT, TEXT_AT), OPTIONS)
    decipher.setAAD(Buffer.from(context))
    decipher.setAuthTag(sealed.subarray(tagAt))
    const plain = decipher.update(sealed.subarray(TEXT_AT, tagAt))
    try {
      decipher.final()
    } catch {
      throw new SealError()
    }
    return plain
  }
}
