import { encodeBase64, type NoteCrypto } from '@bitting/core'

/** Why this browser cannot check a proof: the page came without TLS, or the browser does not know Ed25519. */
export type Obstacle = 'insecure' | 'no_ed25519'

/** This browser cannot check what was asked for. It says nothing about whether it is right. */
export class CannotVerifyError extends Error {
  readonly obstacle: Obstacle

  constructor(obstacle: Obstacle) {
    super(obstacle)
    this.obstacle = obstacle
  }
}

class NotYetKnown extends Error {}

/**
 * Runs a verifier of `@bitting/core` with the browser's own cryptography. Those verifiers wait for nothing, and a
 * browser answers later: so what is not known yet ends the run, is asked for, and the run begins again. A proof has at
 * most some fifty hashes.
 *
 * @throws {CannotVerifyError} where the browser has no cryptography here, or no Ed25519
 */
export async function withWebCrypto<T>(verify: (crypto: NoteCrypto) => T): Promise<T> {
  const subtle = (globalThis.crypto as { readonly subtle?: SubtleCrypto }).subtle
  if (subtle === undefined) throw new CannotVerifyError('insecure')
  const hashes = new Map<string, Uint8Array>()
  const verdicts = new Map<string, boolean>()
  const wanted: (() => Promise<unknown>)[] = []
  const wants = (ask: () => Promise<unknown>): never => {
    wanted.push(ask)
    throw new NotYetKnown()
  }
  const sha256 = (data: Uint8Array): Uint8Array => {
    const name = encodeBase64(data)
    return hashes.get(name) ?? wants(async () => hashes.set(name, await digest(subtle, data)))
  }
  const verifyEd25519: NoteCrypto['verifyEd25519'] = (key, message, signature) => {
    const name = [key, message, signature].map(encodeBase64).join(' ')
    const known = verdicts.get(name)
    if (known !== undefined) return known
    return wants(async () => verdicts.set(name, await checkSignature(subtle, key, message, signature)))
  }
  for (;;) {
    try {
      return verify({ sha256, verifyEd25519 })
    } catch (error) {
      if (!(error instanceof NotYetKnown)) throw error
      await wanted.pop()?.()
    }
  }
}

async function digest(subtle: SubtleCrypto, data: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await subtle.digest('SHA-256', new Uint8Array(data)))
}

async function checkSignature(
  subtle: SubtleCrypto,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const key = await subtle
    .importKey('raw', new Uint8Array(publicKey), { name: 'Ed25519' }, false, ['verify'])
    .catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'NotSupportedError') {
        throw new CannotVerifyError('no_ed25519')
      }
      return null
    })
  if (key === null) return false
  return subtle.verify({ name: 'Ed25519' }, key, new Uint8Array(signature), new Uint8Array(message))
}
