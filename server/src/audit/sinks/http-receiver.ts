import { readFileSync } from 'node:fs'
import { Pool, type Dispatcher } from 'undici'
import { parseRetryAfter } from '../../http/retry-after.js'
import { DELIVERY_LIMIT_MILLISECONDS, errorCode, SinkError, withinLimit } from './sink.js'

/** Where a receiver is and how it is spoken to. */
export interface ReceiverOptions {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** A PEM file with the authorities to believe in place of the system's; null for the system's. */
  readonly caFile: string | null
  /** How long one request may take with its answer, in milliseconds. */
  readonly limitMilliseconds?: number
}

/** What a receiver answered. */
export interface ReceiverAnswer {
  readonly status: number
  readonly contentType: string
  /** As text; null when it is longer than an answer may be. */
  readonly body: string | null
  /** What its `Retry-After` asks for. */
  readonly retryAfterSeconds: number | null
}

/** What to send. */
export interface ReceiverRequest {
  readonly body: string
  readonly contentType: string
  readonly headers?: Readonly<Record<string, string>>
  /** Another path and query at the same origin. */
  readonly path?: string
}

/** Of a longer answer nothing is believed. */
const ANSWER_BYTES_MAX = 64 * 1024
const CONNECT_MILLISECONDS = 10_000
const RESPONSE_HEADER_BYTES_MAX = 32 * 1024

/** POSTs to one address over kept connections. Redirects are never followed: the answer is what the address said. */
export class HttpReceiver {
  readonly #url: URL
  readonly #headers: Readonly<Record<string, string>>
  readonly #limit: number
  readonly #pool: Pool

  /** @throws {SinkError} when the file of authorities cannot be read */
  constructor(options: ReceiverOptions) {
    this.#url = new URL(options.url)
    this.#headers = options.headers
    this.#limit = options.limitMilliseconds ?? DELIVERY_LIMIT_MILLISECONDS
    const ca = options.caFile === null ? {} : { ca: readPem(options.caFile) }
    this.#pool = new Pool(this.#url.origin, {
      connect: { timeout: CONNECT_MILLISECONDS, rejectUnauthorized: true, ...ca },
      maxHeaderSize: RESPONSE_HEADER_BYTES_MAX,
      connections: 2,
      allowH2: false,
      pipelining: 1,
    })
  }

  /**
   * The answer, whatever its status.
   *
   * @throws {SinkError} when none came
   */
  async post(request: ReceiverRequest, signal: AbortSignal): Promise<ReceiverAnswer> {
    return withinLimit(signal, this.#limit, (limited) => this.#exchange(request, limited))
  }

  /**
   * The answer, when it is one of 200 to 299.
   *
   * @throws {SinkError} for another answer, and when none came
   */
  async postAccepted(request: ReceiverRequest, signal: AbortSignal): Promise<ReceiverAnswer> {
    const answer = await this.post(request, signal)
    if (answer.status < 200 || answer.status > 299) throw refusal(answer)
    return answer
  }

  async close(): Promise<void> {
    await this.#pool.destroy()
  }

  async #exchange(request: ReceiverRequest, signal: AbortSignal): Promise<ReceiverAnswer> {
    let response: Dispatcher.ResponseData
    try {
      response = await this.#pool.request({
        method: 'POST',
        path: request.path ?? `${this.#url.pathname}${this.#url.search}`,
        headers: {
          'user-agent': 'bitting',
          ...this.#headers,
          ...request.headers,
          'content-type': request.contentType,
        },
        body: request.body,
        signal,
      })
      return {
        status: response.statusCode,
        contentType: headerText(response.headers['content-type']),
        body: await readCapped(response.body),
        retryAfterSeconds: parseRetryAfter(headerText(response.headers['retry-after']), Date.now()),
      }
    } catch (error) {
      const code = errorCode(error)
      throw new SinkError(code, `no answer came from ${this.#url.host} (${code})`)
    }
  }
}

/**
 * The text of a PEM file.
 *
 * @throws {SinkError} when it cannot be read
 */
export function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new SinkError(
      errorCode(error),
      'a certificate or key file cannot be read; check its path and owner',
    )
  }
}

/** An answer that is no acceptance, as an error. */
export function refusal(answer: ReceiverAnswer): SinkError {
  const status = String(answer.status)
  const isRedirect = answer.status >= 300 && answer.status <= 399
  return new SinkError(
    `http_${status}`,
    isRedirect
      ? `the receiver answered ${status}; redirects are not followed, so give the address it leads to`
      : `the receiver answered ${status}`,
    { status: answer.status, retryAfterSeconds: answer.retryAfterSeconds },
  )
}

function headerText(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value[0] : value)?.trim() ?? ''
}

async function readCapped(body: Dispatcher.ResponseData['body']): Promise<string | null> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of body as AsyncIterable<Buffer>) {
    size += part.length
    // Leaving the loop destroys the body, and the connection with it.
    if (size > ANSWER_BYTES_MAX) return null
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}
