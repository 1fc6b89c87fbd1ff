import { readHeader } from './read-header.js'
import type { WebhookHeaders } from './opened.js'
import type { WebhookResponse } from './receive.js'

const VISIBLE_ASCII = /^[\x21-\x7e]{1,255}$/

/** What a receiver grants in the handshake. */
interface Grants {
  readonly allowedOrigins?: readonly string[] | undefined
  readonly allowedRate?: number | '*' | undefined
}

/**
 * Answers the question whether a sender may deliver here (CloudEvents HTTP 1.1 Web Hooks, section 4): 200 with the
 * sender's name where it may, 403 where not, 400 where its name is none, and 204 to an OPTIONS that asks nothing.
 */
export function answerHandshake(headers: WebhookHeaders, grants: Grants): WebhookResponse {
  const allow = { allow: 'POST, OPTIONS' }
  const read = readHeader(headers)
  const origin = read('webhook-request-origin')
  if (origin === undefined) return { status: 204, headers: allow, body: '' }
  if (origin === null || !VISIBLE_ASCII.test(origin)) return { status: 400, headers: allow, body: '' }
  if (grants.allowedOrigins?.includes(origin) === false) return { status: 403, headers: allow, body: '' }
  const rate = grants.allowedRate === undefined ? {} : { 'webhook-allowed-rate': String(grants.allowedRate) }
  return { status: 200, headers: { ...allow, 'webhook-allowed-origin': origin, ...rate }, body: '' }
}
