import { createHash, createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { signWebhook, type SignParts, type WebhookScheme, type WebhookSigners } from '@bitting/core'

/** A token of the length of ours: the server signs with its SHA-256, which HMAC takes for the same key. */
export const TOKEN = `sk_live_${'0123456789'.repeat(7)}`
export const OTHER_TOKEN = `sk_live_${'9876543210'.repeat(7)}`

export const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

export const hmacSigner =
  (key: string | Uint8Array): SignParts =>
  (parts) => {
    const hmac = createHmac('sha256', key)
    for (const part of parts) hmac.update(part)
    return hmac.digest()
  }

export interface Ed25519Pair {
  readonly sign: SignParts
  /** `whpk_` and the raw public key. */
  readonly publicKey: string
  /** The public key as PEM. */
  readonly pem: string
}

export function newEd25519(): Ed25519Pair {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url')
  return {
    sign: (parts) => sign(null, Buffer.concat(parts.map((part) => Buffer.from(part))), privateKey),
    publicKey: `whpk_${raw.toString('base64')}`,
    pem: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
  }
}

export const newSecret = (): { secret: string; bytes: Buffer } => {
  const bytes = randomBytes(32)
  return { secret: `whsec_${bytes.toString('base64')}`, bytes }
}

/** The signers of a workspace's webhook key alone. */
export const tokenSigners = (token = TOKEN): WebhookSigners => {
  const signer = hmacSigner(sha256(token))
  return { single: signer, several: [signer], ed25519: [] }
}

let deliveries = 0

export interface Delivery {
  readonly id: string
  readonly body: string
  readonly headers: Record<string, string>
}

/** An attempt of a delivery, signed with the token now unless it is told otherwise. */
export function newDelivery(
  given: {
    body?: string
    id?: string
    at?: number
    signers?: WebhookSigners
    schemes?: readonly WebhookScheme[]
  } = {},
): Delivery {
  const body = given.body ?? JSON.stringify({ event: 'key.created', number: ++deliveries })
  const id = given.id ?? `msg_${randomBytes(9).toString('hex')}`
  const headers = signWebhook(
    { id, timestampMilliseconds: given.at ?? Date.now(), body },
    given.signers ?? tokenSigners(),
    given.schemes ?? ['standard', 'retell'],
  )
  return { id, body, headers }
}
