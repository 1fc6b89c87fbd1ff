import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto'
import { encodeBase64, type WebhookClaim } from '@bitting/core'
import { joinParts } from './join-parts.js'
import type { OpenedWebhook, OpenWebhookOptions, WebhookHeaders } from './opened.js'
import { MISMATCH, readDelivery } from './read-delivery.js'

/**
 * Verifies a delivery and reads its event, with Node's own cryptography and at once.
 *
 * The signatures of every accepted scheme whose header is there must hold, each under one of the keys; of the entries
 * in `webhook-signature` one suffices. What that does and does not promise stands at `readWebhookClaims` of
 * `@bitting/core`. Digests are compared in constant time. Nothing that a sender can put into body and headers makes
 * this throw.
 *
 * @param rawBody the body as it arrived; bytes rather than text, because a decoder may change a text
 * @param keys the API token that is the workspace's webhook key, an endpoint's `whsec_` secret or `whpk_` public key,
 *   or several of them: during a rotation, the old and the new
 * @throws {TypeError} when an argument is not what it must be (no key, an empty key, a body that was parsed): an error
 *   in the receiver's program
 */
export function openWebhook(
  rawBody: string | Uint8Array,
  headers: WebhookHeaders,
  keys: string | readonly string[],
  options?: OpenWebhookOptions,
): OpenedWebhook {
  const delivery = readDelivery(rawBody, headers, keys, options)
  if (delivery.outcome === 'refused') return delivery
  const { hmacKeys, ed25519Keys } = delivery
  const holds = delivery.claims.every(
    (claim) => holdsUnderHmac(claim, hmacKeys) || holdsUnderEd25519(claim, ed25519Keys),
  )
  return holds ? delivery.accept() : MISMATCH
}

/**
 * Says whether a delivery is to be believed: {@link openWebhook} as a plain boolean, of the same arguments. There is
 * nothing to await, so nothing to forget.
 *
 * ```ts
 * if (!verifyWebhook(rawBody, request.headers, [newKey, oldKey])) return new Response(null, { status: 401 })
 * ```
 *
 * @throws {TypeError} as {@link openWebhook} does
 */
export function verifyWebhook(
  rawBody: string | Uint8Array,
  headers: WebhookHeaders,
  keys: string | readonly string[],
  options?: OpenWebhookOptions,
): boolean {
  return openWebhook(rawBody, headers, keys, options).outcome === 'accepted'
}

function holdsUnderHmac(claim: WebhookClaim, keys: readonly Uint8Array[]): boolean {
  if (claim.hmac.length === 0) return false
  return keys.some((key) => {
    const hmac = createHmac('sha256', key)
    for (const part of claim.parts) hmac.update(part)
    const expected = hmac.digest()
    return claim.hmac.some((given) => given.length === expected.length && timingSafeEqual(given, expected))
  })
}

function holdsUnderEd25519(claim: WebhookClaim, keys: readonly Uint8Array[]): boolean {
  if (claim.ed25519.length === 0 || keys.length === 0) return false
  const message = joinParts(claim.parts)
  return keys.some((key) => {
    const publicKey = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: encodeBase64Url(key) },
      format: 'jwk',
    })
    return claim.ed25519.some((given) => verify(null, message, publicKey, given))
  })
}

function encodeBase64Url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
