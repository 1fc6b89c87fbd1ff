import { signWebhook } from '@bitting/core'
import type { WebhookSecret } from './signing-keys.js'
import { signersOf, type Target } from './targets.js'

/** What an attempt needs of an answer. */
export interface Answer {
  readonly status: number
  /** Its beginning, without credentials. */
  readonly body: string
  readonly retryAfterSeconds: number | null
  readonly durationMilliseconds: number
}

/** Sends one request, and rejects with an error that has a `code` where no answer came. */
export type Send = (request: {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}) => Promise<Answer>

/** An event as it is sent. */
export interface SentEvent {
  readonly id: string
  readonly contentType: string
  readonly body: string
}

/** What came of an attempt. */
export interface Attempt {
  readonly atMilliseconds: number
  readonly durationMilliseconds: number
  /** The status of the answer; null where none came. */
  readonly status: number | null
  /** Why no answer came; null for an answer. */
  readonly error: string | null
  readonly response: string
  readonly retryAfterSeconds: number | null
  /** The secret of the lone signatures; null where there was none. */
  readonly signedWith: WebhookSecret | null
}

const USER_AGENT = 'bitting-webhooks'
/** The answers of a receiver to a signature that it does not accept. */
const REFUSALS: readonly (number | null)[] = [400, 401, 403]

/** Says whether a receiver has taken a delivery. */
export function isAccepted({ status }: Pick<Attempt, 'status'>): boolean {
  return status !== null && status >= 200 && status <= 299
}

/**
 * Makes one attempt at a delivery, signed anew. The headers with room for one signature are the reason why it may be
 * more than one request: a receiver that refuses one secret of the webhook key is asked again at once with the next.
 *
 * @param now the present in milliseconds since 1970 UTC
 * @param reread the target as it is now, null where it is none any more: the key may have been moved since it was read
 */
export async function attemptDelivery(
  send: Send,
  target: Target,
  event: SentEvent,
  now: () => number,
  reread: () => Promise<Target | null>,
): Promise<Attempt> {
  const [likeliest = null] = target.singles
  const tried = [likeliest?.id]
  let attempt = await request(send, target, event, likeliest, now)
  while (REFUSALS.includes(attempt.status)) {
    const present = await reread()
    const next = present?.singles.find(({ id }) => !tried.includes(id))
    if (present === null || next === undefined) break
    tried.push(next.id)
    attempt = await request(send, present, event, next, now)
  }
  return attempt
}

/** The header fields of a delivery: the endpoint's own never take the place of ours. */
export function deliveryHeaders(
  target: Target,
  contentType: string,
  signatures: Readonly<Record<string, string>>,
): Record<string, string> {
  return { ...target.headers, 'user-agent': USER_AGENT, 'content-type': contentType, ...signatures }
}

async function request(
  send: Send,
  target: Target,
  { id, contentType, body }: SentEvent,
  secret: WebhookSecret | null,
  now: () => number,
): Promise<Attempt> {
  const atMilliseconds = now()
  const content = { id, timestampMilliseconds: atMilliseconds, body }
  try {
    const signatures = signWebhook(content, signersOf(target, secret), target.schemes)
    const headers = deliveryHeaders(target, contentType, signatures)
    const answer = await send({ url: target.url, headers, body })
    const { status, body: response, retryAfterSeconds, durationMilliseconds } = answer
    return {
      atMilliseconds,
      durationMilliseconds,
      status,
      error: null,
      response,
      retryAfterSeconds,
      signedWith: secret,
    }
  } catch (error) {
    const code = codeOf(error)
    return {
      atMilliseconds,
      durationMilliseconds: Math.max(0, now() - atMilliseconds),
      status: null,
      error: code,
      response: error instanceof Error && code !== 'internal' ? error.message : '',
      retryAfterSeconds: null,
      signedWith: secret,
    }
  }
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : 'internal'
}
