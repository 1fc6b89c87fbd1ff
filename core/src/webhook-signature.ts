import { encodeBase64 } from './base64.js'

/**
 * The ways in which a delivery can be signed. `standard` and `ed25519` are Standard Webhooks 1.0.0, symmetric (`v1`)
 * and asymmetric (`v1a`); `retell` is what Retell's SDK verifies; `body` is an HMAC of the body alone, which can be
 * replayed for ever and is for receivers that know nothing better.
 */
export const WEBHOOK_SCHEMES = ['standard', 'retell', 'body', 'ed25519'] as const
export type WebhookScheme = (typeof WEBHOOK_SCHEMES)[number]

/** HMAC-SHA256 (or Ed25519) under one key over the parts, one after another; a text stands for its UTF-8 bytes. */
export type SignParts = (parts: readonly (string | Uint8Array)[]) => Uint8Array

/** The keys of one endpoint, as functions, so that core holds neither keys nor cryptography. */
export interface WebhookSigners {
  /** Signs the headers that have room for one signature: `retell` and `body`. Null: these are left out. */
  readonly single: SignParts | null
  /** Their signatures stand beside one another in `webhook-signature`, newest first. */
  readonly several: readonly SignParts[]
  /** Their signatures follow in the same header, newest first. */
  readonly ed25519: readonly SignParts[]
}

/** What one attempt delivers. */
export interface WebhookContent {
  /** 1 to 256 of `A-Z a-z 0-9 _ -`; the same for every attempt of a delivery. */
  readonly id: string
  /** When this attempt is made, Unix milliseconds. */
  readonly timestampMilliseconds: number
  /** The body to the byte; a text is sent as UTF-8. */
  readonly body: string | Uint8Array
}

const WEBHOOK_ID = /^[A-Za-z0-9_-]{1,256}$/

/** The latest moment that the headers can name, in Unix milliseconds: 15 digits. */
const TIMESTAMP_MAX = 999_999_999_999_999

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/**
 * The signature headers of one attempt, their names in lower case; made anew for each attempt, because a receiver
 * refuses a signature that is more than minutes old.
 *
 * One key signs under several schemes, so no message of one may be a message of another. An id holds no full stop and
 * no brace; `body` is left out unless the body begins with `{` and ends with `}`, so that it ends neither like `retell`,
 * with a digit, nor begins like `standard`, with an id; and `retell` is left out for a body that begins like `standard`.
 *
 * @throws {RangeError} when the id or the timestamp is not of its form, which is an error of the caller
 */
export function signWebhook(
  content: WebhookContent,
  signers: WebhookSigners,
  schemes: readonly WebhookScheme[],
): Record<string, string> {
  const { id, timestampMilliseconds, body } = content
  if (!isWebhookId(id)) throw new RangeError('a webhook id is 1 to 256 letters, digits, _ and -')
  if (!isTimestamp(timestampMilliseconds)) {
    throw new RangeError('a webhook timestamp is a whole number of Unix milliseconds')
  }
  const headers: Record<string, string> = {}
  const v1 = schemes.includes('standard') ? signers.several : []
  const v1a = schemes.includes('ed25519') ? signers.ed25519 : []
  if (v1.length + v1a.length > 0) {
    const seconds = String(Math.floor(timestampMilliseconds / 1000))
    const parts = standardParts(id, seconds, body)
    headers['webhook-id'] = id
    headers['webhook-timestamp'] = seconds
    let list = ''
    for (const sign of v1) list += ` v1,${encodeBase64(sign(parts))}`
    for (const sign of v1a) list += ` v1a,${encodeBase64(sign(parts))}`
    headers['webhook-signature'] = list.slice(1)
  }
  const { single } = signers
  if (single !== null && schemes.includes('retell') && !beginsLikeStandard(body)) {
    const milliseconds = String(timestampMilliseconds)
    headers['x-retell-signature'] = `v=${milliseconds},d=${hex(single(retellParts(body, milliseconds)))}`
  }
  if (single !== null && schemes.includes('body') && isBraced(body)) {
    headers['x-bitting-signature'] = hex(single([body]))
  }
  return headers
}

/** Says whether a text can be the id of a delivery: 1 to 256 of `A-Z a-z 0-9 _ -`. */
export function isWebhookId(text: string): boolean {
  return WEBHOOK_ID.test(text)
}

/** What `standard` and `ed25519` sign: `id.seconds.body`. */
export function standardParts(
  id: string,
  seconds: string,
  body: string | Uint8Array,
): (string | Uint8Array)[] {
  return [`${id}.${seconds}.`, body]
}

/** What `retell` signs: the body and, with nothing between them, the milliseconds. */
export function retellParts(body: string | Uint8Array, milliseconds: string): (string | Uint8Array)[] {
  return [body, milliseconds]
}

/** Says whether a body begins with `{` and ends with `}`, so that an HMAC of it alone is no other scheme's. */
export function isBraced(body: string | Uint8Array): boolean {
  return body.length > 1 && codeAt(body, 0) === 0x7b && codeAt(body, body.length - 1) === 0x7d
}

/** Says whether a body begins with an id, a full stop, digits and a full stop: the message of `standard` does. */
export function beginsLikeStandard(body: string | Uint8Array): boolean {
  const id = runLength(body, 0, isIdCode)
  if (id === 0 || codeAt(body, id) !== 0x2e) return false
  const digits = runLength(body, id + 1, isDigitCode)
  return digits > 0 && codeAt(body, id + 1 + digits) === 0x2e
}

function runLength(body: string | Uint8Array, from: number, belongs: (code: number) => boolean): number {
  let at = from
  while (at < body.length && belongs(codeAt(body, at))) at++
  return at - from
}

function isDigitCode(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

function isIdCode(code: number): boolean {
  const lower = code | 0x20
  return isDigitCode(code) || code === 0x5f || code === 0x2d || (lower >= 0x61 && lower <= 0x7a)
}

function codeAt(body: string | Uint8Array, index: number): number {
  return typeof body === 'string' ? body.charCodeAt(index) : (body[index] ?? -1)
}

function isTimestamp(milliseconds: number): boolean {
  return Number.isSafeInteger(milliseconds) && milliseconds >= 0 && milliseconds <= TIMESTAMP_MAX
}

function hex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += HEX[byte] ?? ''
  return text
}
