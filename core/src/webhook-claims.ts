import { decodeBase64 } from './base64.js'
import {
  beginsLikeStandard,
  isBraced,
  isWebhookId,
  retellParts,
  standardParts,
  type WebhookScheme,
} from './webhook-signature.js'

/** What the headers of a delivery claim; whoever has keys and cryptography checks it. */
export interface WebhookClaim {
  /** Names the delivery, for a receiver that remembers what it has handled: `standard:` and the id, `retell:` or
   * `body:` and the signature in hexadecimal. */
  readonly identity: string
  /** What was signed: the parts, one after another, a text as UTF-8. */
  readonly parts: readonly (string | Uint8Array)[]
  /** HMAC-SHA256 of the parts, 32 bytes each. */
  readonly hmac: readonly Uint8Array[]
  /** Ed25519 over the parts, 64 bytes each. */
  readonly ed25519: readonly Uint8Array[]
}

/**
 * Why headers cannot be true: there is no signature of an accepted scheme, one is not of its form, or its time is
 * further from the receiver's than the tolerance.
 */
export type WebhookFlaw = 'unsigned' | 'malformed' | 'too_old' | 'too_new'

/** The claims of a delivery. At least one, and every one of them must hold. */
export type WebhookClaims =
  | {
      readonly outcome: 'claims'
      /** The value of `webhook-id` where that is among what is signed. */
      readonly id: string | null
      readonly claims: readonly WebhookClaim[]
    }
  | { readonly outcome: 'refused'; readonly reason: WebhookFlaw }

/** What a receiver accepts. */
export interface WebhookRules {
  readonly schemes: readonly WebhookScheme[]
  /** How far a timestamp may be from the receiver's clock, both ways and inclusive. */
  readonly toleranceMilliseconds: number
  readonly nowMilliseconds: number
}

/** Value of a header by its name in lower case; undefined where it is absent, null where it came more than once. */
export type ReadHeader = (name: string) => string | null | undefined

/**
 * The schemes that are accepted where nothing else is asked for: all but `body`, whose signature has no time in it and
 * so cannot be told from a replay.
 */
export const ACCEPTED_WEBHOOK_SCHEMES: readonly WebhookScheme[] = ['standard', 'retell', 'ed25519']

/** How many signatures one `webhook-signature` may hold; more are malformed, so that checking them stays cheap. */
export const WEBHOOK_SIGNATURES_MAX = 16

const DECIMAL = /^(?:0|[1-9]\d{0,14})$/
const HEX_DIGEST = /^[0-9A-Fa-f]{64}$/
const RETELL = /^v=(0|[1-9]\d{0,14}),d=([0-9A-Fa-f]{64})$/
const ENTRY = /^([A-Za-z0-9]{1,16}),([\x21-\x2b\x2d-\x7e]+)$/
const HMAC_LENGTH = 32
const ED25519_LENGTH = 64

/**
 * Reads from the headers of a delivery what must be checked. Never throws, whatever the headers and the body are.
 *
 * Each accepted scheme whose header is present gives a claim, and all claims must hold; `standard` and `ed25519` share
 * a header and a claim, of which one signature of either kind must hold. So what is accepted has exactly this body, and
 * somebody with a key has signed it under every scheme that its headers name, within the tolerance. Whoever stands
 * between can leave out headers and is then held to the weakest scheme that the receiver accepts, no less: `retell`
 * authenticates the body and the time but no id, `body` the body alone. A receiver that relies on ids accepts
 * `standard` and `ed25519` alone.
 *
 * One key may sign under several schemes: no message of one is a message of another. `body` is accepted only for a body
 * from `{` to `}`, `retell` only for a body that does not begin like a message of `standard`, an id is without full
 * stops and braces; the same rules are kept by who signs.
 */
export function readWebhookClaims(
  body: string | Uint8Array,
  header: ReadHeader,
  rules: WebhookRules,
): WebhookClaims {
  const found = [
    readStandard(body, header, rules),
    rules.schemes.includes('retell') ? readRetell(body, header('x-retell-signature'), rules) : null,
    rules.schemes.includes('body') ? readBody(body, header('x-bitting-signature')) : null,
  ]
  const claims: WebhookClaim[] = []
  for (const each of found) {
    if (typeof each === 'string') return { outcome: 'refused', reason: each }
    if (each !== null) claims.push(each)
  }
  if (claims.length === 0) return { outcome: 'refused', reason: 'unsigned' }
  return { outcome: 'claims', id: found[0] === null ? null : (header('webhook-id') ?? null), claims }
}

/** A claim, null where the scheme is not there, or what is wrong with it. */
type Reading = WebhookClaim | null | Exclude<WebhookFlaw, 'unsigned'>

function readStandard(body: string | Uint8Array, header: ReadHeader, rules: WebhookRules): Reading {
  const symmetric = rules.schemes.includes('standard')
  const asymmetric = rules.schemes.includes('ed25519')
  if (!symmetric && !asymmetric) return null
  const id = header('webhook-id')
  const seconds = header('webhook-timestamp')
  const list = header('webhook-signature')
  if (id === undefined && seconds === undefined && list === undefined) return null
  if (!isText(id) || !isText(seconds) || !isText(list)) return 'malformed'
  if (!isWebhookId(id) || !DECIMAL.test(seconds)) return 'malformed'
  const signatures = readSignatures(list)
  if (signatures === null) return 'malformed'
  const hmac = symmetric ? signatures.v1 : []
  const ed25519 = asymmetric ? signatures.v1a : []
  if (hmac.length + ed25519.length === 0) return null
  // Whole seconds against whole seconds, as the reference implementations compare.
  const now = Math.floor(rules.nowMilliseconds / 1000) * 1000
  const flaw = flawOfTime(Number(seconds) * 1000, now, rules.toleranceMilliseconds)
  return flaw ?? { identity: `standard:${id}`, parts: standardParts(id, seconds, body), hmac, ed25519 }
}

function readRetell(
  body: string | Uint8Array,
  value: string | null | undefined,
  rules: WebhookRules,
): Reading {
  if (value === undefined) return null
  const [, milliseconds, digest] = RETELL.exec(value ?? '') ?? []
  if (milliseconds === undefined || digest === undefined || beginsLikeStandard(body)) return 'malformed'
  const flaw = flawOfTime(Number(milliseconds), rules.nowMilliseconds, rules.toleranceMilliseconds)
  if (flaw !== null) return flaw
  return {
    identity: `retell:${digest.toLowerCase()}`,
    parts: retellParts(body, milliseconds),
    hmac: [bytesOfHex(digest)],
    ed25519: [],
  }
}

function readBody(body: string | Uint8Array, value: string | null | undefined): Reading {
  if (value === undefined) return null
  if (value === null || !HEX_DIGEST.test(value) || !isBraced(body)) return 'malformed'
  return { identity: `body:${value.toLowerCase()}`, parts: [body], hmac: [bytesOfHex(value)], ed25519: [] }
}

/** The signatures of a `webhook-signature`, or null; versions that are not known are passed over, as the spec asks. */
function readSignatures(list: string): { v1: Uint8Array[]; v1a: Uint8Array[] } | null {
  const entries = list.split(' ', WEBHOOK_SIGNATURES_MAX + 1)
  if (entries.length > WEBHOOK_SIGNATURES_MAX) return null
  const v1: Uint8Array[] = []
  const v1a: Uint8Array[] = []
  for (const entry of entries) {
    const [, version, text] = ENTRY.exec(entry) ?? []
    if (version === undefined || text === undefined) return null
    if (version !== 'v1' && version !== 'v1a') continue
    const bytes = decodeBase64(text)
    if (bytes?.length !== (version === 'v1' ? HMAC_LENGTH : ED25519_LENGTH)) return null
    if (version === 'v1') v1.push(bytes)
    else v1a.push(bytes)
  }
  return { v1, v1a }
}

function flawOfTime(then: number, now: number, tolerance: number): 'too_old' | 'too_new' | null {
  if (now - then > tolerance) return 'too_old'
  if (then - now > tolerance) return 'too_new'
  return null
}

function isText(value: string | null | undefined): value is string {
  return typeof value === 'string'
}

function bytesOfHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length / 2)
  for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(text.slice(2 * at, 2 * at + 2), 16)
  return bytes
}
