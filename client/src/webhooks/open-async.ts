import type { WebhookClaim } from '@bitting/core'
import { joinParts } from './join-parts.js'
import type { OpenedWebhook, OpenWebhookOptions, WebhookHeaders } from './opened.js'
import { MISMATCH, readDelivery } from './read-delivery.js'

/**
 * Verifies a delivery and reads its event as `openWebhook` of `@bitting/client/webhooks` does, with Web Cryptography:
 * for runtimes without Node's. Under Node prefer that one, which has nothing to await.
 *
 * There is deliberately no promise of a boolean, which would be true wherever its `await` is forgotten. The event is
 * in the opened webhook alone, so that nothing can be done with a delivery before it was verified.
 *
 * ```ts
 * const webhook = await openWebhookAsync(await request.bytes(), request.headers, [newKey, oldKey])
 * if (webhook.outcome === 'refused') return new Response(null, { status: 401 })
 * ```
 *
 * @returns a promise that rejects with a TypeError where `openWebhook` throws one, and with the runtime's own error
 *   where a `whpk_` key is given and the runtime has no Ed25519
 */
export async function openWebhookAsync(
  rawBody: string | Uint8Array,
  headers: WebhookHeaders,
  keys: string | readonly string[],
  options?: OpenWebhookOptions,
): Promise<OpenedWebhook> {
  const delivery = readDelivery(rawBody, headers, keys, options)
  if (delivery.outcome === 'refused') return delivery
  const { hmacKeys, ed25519Keys } = delivery
  for (const claim of delivery.claims) {
    if (await holds(claim, hmacKeys, ed25519Keys)) continue
    return MISMATCH
  }
  return delivery.accept()
}

async function holds(
  claim: WebhookClaim,
  hmacKeys: readonly Uint8Array[],
  ed25519Keys: readonly Uint8Array[],
): Promise<boolean> {
  const message = joinParts(claim.parts)
  const hmac = { name: 'HMAC', hash: 'SHA-256' }
  return (
    (await anyHolds(hmac, hmacKeys, claim.hmac, message)) ||
    (await anyHolds({ name: 'Ed25519' }, ed25519Keys, claim.ed25519, message))
  )
}

/** `verify` of Web Cryptography compares in constant time (its specification asks for that with HMAC). */
async function anyHolds(
  algorithm: { readonly name: string; readonly hash?: string },
  keys: readonly Uint8Array[],
  signatures: readonly Uint8Array[],
  message: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  if (signatures.length === 0) return false
  for (const bytes of keys) {
    const key = await crypto.subtle.importKey('raw', new Uint8Array(bytes), algorithm, false, ['verify'])
    for (const signature of signatures) {
      if (await crypto.subtle.verify(algorithm, key, new Uint8Array(signature), message)) return true
    }
  }
  return false
}
