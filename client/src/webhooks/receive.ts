import { answerHandshake } from './handshake.js'
import { handleOnce } from './handle-once.js'
import type {
  AcceptedWebhook,
  OpenedWebhook,
  OpenWebhookOptions,
  WebhookHeaders,
  WebhookRefusal,
} from './opened.js'
import { readDelivery } from './read-delivery.js'
import { MemoryReplayGuard, type ReplayGuard } from './replay-guard.js'

/** How an endpoint receives. Only the keys and the handler have no default. */
export interface ReceiveWebhookOptions extends Omit<OpenWebhookOptions, 'nowMilliseconds'> {
  /** As `openWebhook` takes them. */
  readonly keys: string | readonly string[]
  /**
   * What is done with a delivery. It is answered 204 when this is done and 500 when it throws, upon which the sender
   * tries again; so it should take less than the sender waits, and put off what takes longer. Deliveries come at least
   * once and in no certain order.
   */
  readonly handle: (event: unknown, delivery: AcceptedWebhook) => void | Promise<void>
  /** Remembers what was handled. Default: a {@link MemoryReplayGuard} of this receiver; null remembers nothing. */
  readonly replayGuard?: ReplayGuard | null | undefined
  /** How long a handled delivery is remembered: longer than its sender goes on trying. Default 345,600 (4 days). */
  readonly rememberSeconds?: number | undefined
  /** After how long a delivery is handed out again whose handling did not end, because its process died. Default 60. */
  readonly handlingSeconds?: number | undefined
  /** The largest body that is read, in bytes. Default 1,048,576. */
  readonly maxBytes?: number | undefined
  /** Who may send here, by the name given in the CloudEvents handshake. Default: everyone, since deliveries are signed. */
  readonly allowedOrigins?: readonly string[] | undefined
  /** How many deliveries a minute the handshake allows; `*` for any number. Default: nothing is said about it. */
  readonly allowedRate?: number | '*' | undefined
  /** Told why a delivery was refused, for the receiver's own log. */
  readonly onRefused?: ((reason: WebhookRefusal) => void) | undefined
  /** Told what the handler or the guard threw. Default: `console.error`. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** A request as it arrived. */
export interface WebhookRequest {
  readonly method: string
  readonly headers: WebhookHeaders
  /** The raw body; null where it is larger than `maxBytes` and was not read to its end. */
  readonly body: string | Uint8Array | null
}

/** An answer to send back. */
export interface WebhookResponse {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** `openWebhook` or `openWebhookAsync`. */
export type OpenFunction = (
  rawBody: string | Uint8Array,
  headers: WebhookHeaders,
  keys: string | readonly string[],
  options?: OpenWebhookOptions,
) => OpenedWebhook | Promise<OpenedWebhook>

/** Answers the requests of one endpoint. */
export interface WebhookReceiver {
  readonly maxBytes: number
  readonly onError: (error: unknown) => void
  readonly receive: (request: WebhookRequest) => Promise<WebhookResponse>
}

const MAX_BYTES = 1_048_576
const REMEMBER_SECONDS = 345_600
const HANDLING_SECONDS = 60
const RETRY_AFTER_SECONDS = 5

/**
 * Makes the receiver of an endpoint, which every adapter puts into the terms of its framework. It answers 204 for a
 * delivery that it has handled, now or before; 401 for one that is refused, with nothing about the reason; 413 for one
 * that is too large; 503 while an earlier attempt of the same delivery is being handled; 500 where the handler threw;
 * 405 for methods other than POST; and OPTIONS with `WebHook-Request-Origin` as CloudEvents' HTTP 1.1 Web Hooks,
 * section 4, asks.
 *
 * @throws {TypeError} when keys, schemes or tolerance are not what they must be, at once and not with the first delivery
 */
export function createReceiver(options: ReceiveWebhookOptions, open: OpenFunction): WebhookReceiver {
  // A trial, so that a mistake in the options shows now.
  readDelivery('', {}, options.keys, options)
  const maxBytes = options.maxBytes ?? MAX_BYTES
  const guard = options.replayGuard === undefined ? new MemoryReplayGuard() : options.replayGuard
  const times = {
    handlingSeconds: options.handlingSeconds ?? HANDLING_SECONDS,
    rememberSeconds: options.rememberSeconds ?? REMEMBER_SECONDS,
  }
  const onError = options.onError ?? console.error

  const receive = async (request: WebhookRequest): Promise<WebhookResponse> => {
    const { method, headers, body } = request
    if (method === 'OPTIONS') return answerHandshake(headers, options)
    if (method !== 'POST') return answer(405, 'method not allowed', { allow: 'POST, OPTIONS' })
    if (body === null || sizeOf(body) > maxBytes) return answer(413, 'too large')
    const webhook = await open(body, headers, options.keys, options)
    if (webhook.outcome === 'refused') {
      options.onRefused?.(webhook.reason)
      return answer(401, 'unauthorized')
    }
    const handle = (): void | Promise<void> => options.handle(webhook.event, webhook)
    if (guard === null) {
      await handle()
      return answer(204, '')
    }
    const handled = await handleOnce(guard, webhook.identities, times, handle)
    if (handled === 'busy') return answer(503, 'busy', { 'retry-after': String(RETRY_AFTER_SECONDS) })
    return answer(204, '')
  }

  return {
    maxBytes,
    onError,
    receive: async (request) => {
      try {
        return await receive(request)
      } catch (error) {
        onError(error)
        return answer(500, 'internal error')
      }
    },
  }
}

function answer(status: number, body: string, headers: Record<string, string> = {}): WebhookResponse {
  const type = body === '' ? {} : { 'content-type': 'text/plain; charset=utf-8' }
  return { status, headers: { ...type, ...headers }, body }
}

function sizeOf(body: string | Uint8Array): number {
  return typeof body === 'string' ? new TextEncoder().encode(body).length : body.length
}
