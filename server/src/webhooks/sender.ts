import { maskCredentials, mayHoldCredentials } from '@bitting/core'
import { Agent, type Dispatcher } from 'undici'
import { errorCode } from '../audit/sinks/sink.js'
import { parseRetryAfter } from '../http/retry-after.js'
import {
  closedError,
  CONNECT_MILLISECONDS,
  SafeConnector,
  SendError,
  type SafeConnectorOptions,
} from './safe-connect.js'

/** What is sent to an endpoint. */
export interface SendRequest {
  readonly url: URL
  /** `POST` by default. */
  readonly method?: 'POST' | 'OPTIONS'
  /** Sent as they are. The length of the body and the host are added. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | null
}

/** What an endpoint answered. */
export interface SendAnswer {
  readonly status: number
  /** Those of {@link ANSWER_HEADERS} that came, under their lower-case names; the first of several. */
  readonly headers: Readonly<Record<string, string>>
  /** At most 16 KiB, without control characters and without what has the form of a credential. */
  readonly body: string
  /** True where the body was longer, or did not come to its end. */
  readonly truncated: boolean
  /** What its `Retry-After` asks for, in seconds, not bounded yet. */
  readonly retryAfterSeconds: number | null
  /** From the call of `send` to the end of the answer, with resolving and connecting where that was needed. */
  readonly durationMilliseconds: number
}

/** How endpoints are spoken to. */
export interface WebhookSenderOptions extends Omit<SafeConnectorOptions, 'limitMilliseconds'> {
  /** How long an attempt may take, from the call to the end of the answer: 30 s by default. A connection gets 10 s. */
  readonly limitMilliseconds?: number
}

/** The header fields of an answer that are kept. */
export const ANSWER_HEADERS: readonly string[] = [
  'content-type',
  'location',
  'retry-after',
  'webhook-allowed-origin',
  'webhook-allowed-rate',
]

const LIMIT_MILLISECONDS = 30_000
const HEADER_BYTES_MAX = 16 * 1024
const BODY_BYTES_MAX = 16 * 1024
/** An endpoint that wants its connections kept for longer does not get its way: names should be looked up again. */
const KEEP_ALIVE_MILLISECONDS_MAX = 60_000

/**
 * Sends requests to endpoints that tenants name: over HTTP/1.1, to where the guard allows, with certificates checked
 * and redirects not followed. An answer of any status is an answer. What is sent is sent once; a connection that ends
 * before the answer leaves open whether it arrived, and repeating it is for the caller. How many requests are under
 * way is for the caller too.
 */
export class WebhookSender {
  readonly #connector: SafeConnector
  readonly #agent: Agent
  readonly #limit: number

  constructor({ limitMilliseconds = LIMIT_MILLISECONDS, ...options }: WebhookSenderOptions) {
    this.#limit = limitMilliseconds
    const connectLimit = Math.min(CONNECT_MILLISECONDS, limitMilliseconds)
    this.#connector = new SafeConnector({ ...options, limitMilliseconds: connectLimit })
    this.#agent = new Agent({
      connect: this.#connector.connect,
      maxHeaderSize: HEADER_BYTES_MAX,
      keepAliveMaxTimeout: KEEP_ALIVE_MILLISECONDS_MAX,
      // The limit of the whole attempt stands above both.
      headersTimeout: 0,
      bodyTimeout: 0,
      pipelining: 1,
    })
  }

  /**
   * The answer, whatever its status. Once a status has come it counts: an answer whose rest is too long, too late or
   * broken off is cut.
   *
   * @throws {SendError} when none came; `aborted` when the signal fired first
   */
  send({ url, method = 'POST', headers, body }: SendRequest, signal?: AbortSignal): Promise<SendAnswer> {
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(this.#limit, signal, resolve, reject)
      if (exchange.isOver) return
      const path = `${url.pathname}${url.search}`
      this.#agent.dispatch({ origin: url.origin, path, method, headers, body }, exchange)
    })
  }

  /** Closes every connection. What is under way fails with `closed`. */
  async close(): Promise<void> {
    this.#connector.close()
    await this.#agent.destroy(closedError())
  }
}

/** One request and its answer, as the HTTP client's handler: a stream for each body would cost more than the request. */
class Exchange implements Dispatcher.DispatchHandler {
  isOver = false
  readonly #started = performance.now()
  readonly #resolve: (answer: SendAnswer) => void
  readonly #reject: (error: SendError) => void
  readonly #timer: NodeJS.Timeout
  readonly #signal: AbortSignal | undefined
  #abort: ((error?: Error) => void) | null = null
  /** 0 until the head of the answer has come. */
  #status = 0
  #headers: Readonly<Record<string, string>> = {}
  #parts: Buffer[] = []
  #size = 0

  constructor(
    limit: number,
    signal: AbortSignal | undefined,
    resolve: (answer: SendAnswer) => void,
    reject: (error: SendError) => void,
  ) {
    this.#resolve = resolve
    this.#reject = reject
    this.#signal = signal
    this.#timer = setTimeout(() => {
      this.#stop(new SendError('timeout', `the endpoint did not answer within ${String(limit / 1000)} s`))
    }, limit)
    signal?.addEventListener('abort', this.#onAbort)
    if (signal?.aborted === true) this.#onAbort()
  }

  readonly #onAbort = (): void => this.#stop(new SendError('aborted', 'the delivery was broken off'))

  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort
    if (this.isOver) abort()
  }

  onHeaders(status: number, rawHeaders: Buffer[]): boolean {
    // Interim answers (103 and the like) tell a sender of events nothing.
    if (status < 200 || this.isOver) return true
    this.#status = status
    this.#headers = keptHeaders(rawHeaders)
    return true
  }

  onData(chunk: Buffer): boolean {
    if (this.isOver) return true
    const room = BODY_BYTES_MAX - this.#size
    this.#size += chunk.length
    if (chunk.length <= room) {
      this.#parts.push(chunk)
      return true
    }
    this.#parts.push(chunk.subarray(0, room))
    this.#answer(true)
    this.#abort?.()
    return true
  }

  onComplete(): void {
    if (!this.isOver) this.#answer(false)
  }

  onError(error: unknown): void {
    if (!this.isOver) this.#fail(sendErrorOf(error))
  }

  #stop(error: SendError): void {
    if (this.isOver) return
    this.#fail(error)
    this.#abort?.()
  }

  #fail(error: SendError): void {
    if (this.#status > 0) {
      this.#answer(true)
      return
    }
    this.#end()
    this.#reject(error)
  }

  #answer(truncated: boolean): void {
    this.#end()
    this.#resolve({
      status: this.#status,
      headers: this.#headers,
      body: this.#parts.length === 0 ? '' : cleanText(Buffer.concat(this.#parts).toString('utf8')),
      truncated,
      retryAfterSeconds: parseRetryAfter(this.#headers['retry-after'] ?? '', Date.now()),
      durationMilliseconds: Math.round(performance.now() - this.#started),
    })
  }

  #end(): void {
    this.isOver = true
    clearTimeout(this.#timer)
    this.#signal?.removeEventListener('abort', this.#onAbort)
  }
}

function keptHeaders(rawHeaders: readonly Buffer[]): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {}
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toString('latin1').toLowerCase() ?? ''
    if (ANSWER_HEADERS.includes(name))
      headers[name] ??= cleanText(rawHeaders[at + 1]?.toString('utf8').trim() ?? '')
  }
  return headers
}

/** Control characters go first, because one of them might stand in a credential. */
function cleanText(text: string): string {
  const clean = text.replace(/[^\P{Cc}\t\n\r]/gu, '')
  return mayHoldCredentials(clean) ? maskCredentials(clean) : clean
}

const PROTOCOL_ERRORS: ReadonlySet<string> = new Set([
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
])
const REQUEST_ERRORS: ReadonlySet<string> = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED'])

/** The HTTP client's own messages stay here: one may quote what was sent or received. */
function sendErrorOf(error: unknown): SendError {
  if (error instanceof SendError) return error
  const code = errorCode(error)
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED') return closedError()
  if (REQUEST_ERRORS.has(code)) {
    return new SendError(
      'invalid_request',
      'the path or a header field has characters that HTTP does not allow',
    )
  }
  const isUnexpected = code === 'UND_ERR_SOCKET' && error instanceof Error && error.message.startsWith('bad ')
  if (
    isUnexpected ||
    PROTOCOL_ERRORS.has(code) ||
    (error instanceof Error && error.name === 'HTTPParserError')
  ) {
    return new SendError(
      'protocol',
      'the endpoint answered with something that is not HTTP/1.1, or a head above 16 KiB',
    )
  }
  return new SendError('reset', 'the connection ended before an answer came')
}
