import {
  ACCEPTED_WEBHOOK_SCHEMES,
  readWebhookClaims,
  WEBHOOK_SCHEMES,
  type WebhookClaim,
  type WebhookScheme,
} from '@bitting/core'
import { parseKeys, type WebhookKey } from './keys.js'
import type { AcceptedWebhook, OpenWebhookOptions, RefusedWebhook, WebhookHeaders } from './opened.js'
import { readHeader } from './read-header.js'

const TOLERANCE_SECONDS = 300

/** A delivery as far as it can be read without cryptography: whoever has some checks the claims with the keys. */
export type ReadDelivery =
  | {
      readonly outcome: 'claims'
      readonly claims: readonly WebhookClaim[]
      readonly hmacKeys: readonly Uint8Array[]
      readonly ed25519Keys: readonly Uint8Array[]
      /** What is to be answered when all claims hold. */
      readonly accept: () => AcceptedWebhook
    }
  | RefusedWebhook

/**
 * Reads a delivery's headers. A scheme for which there is no key is not accepted: with an endpoint's own secret alone,
 * the Retell header beside it, which another key has signed, is nothing to go by.
 *
 * @throws {TypeError} when the body, the headers, a key or an option is not what it must be, which is an error in the
 *   receiver's program and nothing that a sender can bring about
 */
export function readDelivery(
  rawBody: string | Uint8Array,
  headers: WebhookHeaders,
  keys: string | readonly string[],
  options: OpenWebhookOptions = {},
): ReadDelivery {
  requireRawBody(rawBody)
  const parsed = parseKeys(keys)
  const rules = {
    schemes: schemesFor(parsed, options.schemes ?? ACCEPTED_WEBHOOK_SCHEMES),
    toleranceMilliseconds: toleranceOf(options),
    nowMilliseconds: options.nowMilliseconds ?? Date.now(),
  }
  const read = readWebhookClaims(rawBody, readHeader(headers), rules)
  if (read.outcome === 'refused') return read
  const { id, claims } = read
  return {
    outcome: 'claims',
    claims,
    hmacKeys: bytesOf(parsed, 'hmac'),
    ed25519Keys: bytesOf(parsed, 'ed25519'),
    accept: () => ({
      outcome: 'accepted',
      id,
      identities: claims.map((claim) => claim.identity),
      event: parseEvent(rawBody),
    }),
  }
}

/** What is answered when a claim does not hold. */
export const MISMATCH: RefusedWebhook = { outcome: 'refused', reason: 'mismatch' }

function requireRawBody(rawBody: unknown): void {
  if (typeof rawBody === 'string' || isBytes(rawBody)) return
  throw new TypeError(
    'the body of a webhook must be the raw bytes or text that arrived, not what a JSON parser made of it: ' +
      'read it before the parser, with express.raw(), request.text() or the like',
  )
}

/** Not by `instanceof`: a test runner's Buffer is of another realm than its Uint8Array. */
function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && 'BYTES_PER_ELEMENT' in value && value.BYTES_PER_ELEMENT === 1
}

function schemesFor(
  keys: readonly WebhookKey[],
  accepted: readonly WebhookScheme[],
): readonly WebhookScheme[] {
  if (!accepted.every((scheme) => WEBHOOK_SCHEMES.includes(scheme))) {
    throw new TypeError(`the schemes of webhooks are ${WEBHOOK_SCHEMES.join(', ')}`)
  }
  const usable = accepted.filter((scheme) => keys.some((key) => key.schemes.includes(scheme)))
  if (usable.length > 0) return usable
  throw new TypeError(
    'none of the webhook keys is for one of the accepted schemes: whsec_ is for standard, whpk_ for ed25519, and an ' +
      'API token for standard, retell and body',
  )
}

function toleranceOf(options: OpenWebhookOptions): number {
  const seconds = options.toleranceSeconds ?? TOLERANCE_SECONDS
  if (Number.isFinite(seconds) && seconds >= 0) return seconds * 1000
  throw new TypeError('the tolerance of webhooks is a number of seconds, 0 or more')
}

function bytesOf(keys: readonly WebhookKey[], kind: WebhookKey['kind']): readonly Uint8Array[] {
  return keys.filter((key) => key.kind === kind).map((key) => key.bytes)
}

function parseEvent(rawBody: string | Uint8Array): unknown {
  try {
    const text =
      typeof rawBody === 'string' ? rawBody : new TextDecoder('utf-8', { fatal: true }).decode(rawBody)
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
