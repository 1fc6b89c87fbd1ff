import { ApiError, readProblem, unexpectedAnswer } from './api-error.js'
import { ConnectionError } from './connection-error.js'
import type { Page } from './views.js'

/** Where the management API is, and the key to call it with. */
export interface ClientOptions {
  /** Address of the management API, `https://keys.example.com` for example. */
  readonly url: string
  readonly managementKey: string
  /** The runtime's own `fetch` unless it is told. */
  readonly fetch?: typeof fetch | undefined
  /** Name of the program in the audit log. Browsers send their own. */
  readonly userAgent?: string | undefined
  /** How long to wait for an answer, 30,000 unless it is told. */
  readonly timeoutMilliseconds?: number | undefined
}

/** One request of the management API. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  /** Path with its parameters filled in by {@link segment}. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly body?: object
  /** The version that the caller saw, for `If-Match`. */
  readonly version?: number | undefined
  /** True for requests that create something: sent with an Idempotency-Key, so that a repetition is harmless. */
  readonly creates?: boolean
  /** What no error may repeat, besides the management key. */
  readonly secrets?: readonly string[]
}

/** A good answer as it came. */
export interface RawAnswer {
  readonly headers: Headers
  readonly body: Uint8Array
}

const TIMEOUT_MILLISECONDS = 30_000
const VISIBLE_ASCII = /^[\x21-\x7e]+$/
const SEGMENT = /^[0-9A-Za-z_-]+$/

/** Sends requests with the management key, and turns what is not a good answer into an error. */
export class Transport {
  readonly #base: string
  readonly #origin: string
  // Private, so that neither a log of the client nor an inspection shows it.
  readonly #managementKey: string
  readonly #fetch: typeof fetch
  readonly #userAgent: string | undefined
  readonly #timeoutMilliseconds: number

  /** @throws {TypeError} when the URL or the key cannot be one; the message shows neither */
  constructor(options: ClientOptions) {
    const url = URL.canParse(options.url) ? new URL(options.url) : null
    if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
      throw new TypeError('the URL of the management API is http:// or https:// without credentials')
    }
    // A header that cannot be sent is quoted in the runtime's error: it must not come to that.
    if (!VISIBLE_ASCII.test(options.managementKey)) {
      throw new TypeError('the management key is empty, or has characters that no key has')
    }
    this.#origin = url.origin
    this.#base = url.origin + url.pathname.replace(/\/+$/, '')
    this.#managementKey = options.managementKey
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init))
    this.#userAgent = options.userAgent
    this.#timeoutMilliseconds = options.timeoutMilliseconds ?? TIMEOUT_MILLISECONDS
  }

  /**
   * Sends a request and returns the body of its answer. A request that may be repeated is repeated once when the
   * connection fails.
   *
   * @throws {ApiError} when the answer is a refusal, or none of the management API
   * @throws {ConnectionError} when no answer came
   */
  async send<T>(request: ApiRequest): Promise<T> {
    const idempotencyKey = request.creates === true ? crypto.randomUUID() : null
    try {
      return await this.#attempt<T>(request, idempotencyKey)
    } catch (error) {
      const repeatable = request.method === 'GET' || idempotencyKey !== null
      if (!(error instanceof ConnectionError) || error.timedOut || !repeatable) throw error
      return await this.#attempt<T>(request, idempotencyKey)
    }
  }

  /** Sends a request and returns its answer as text: what is no JSON. Errors as those of {@link send}. */
  async sendText(request: ApiRequest): Promise<string> {
    return textOf((await this.sendRaw(request)).body)
  }

  /** Sends a request and returns its answer as it came. Errors as those of {@link send}. */
  async sendRaw(request: ApiRequest): Promise<RawAnswer> {
    const { status, headers, body } = await this.#exchange(request, null)
    if (status >= 200 && status < 300) return { headers, body }
    throw failure(status, parseJson(this.#redact(textOf(body), request, status)), headers.get('request-id'))
  }

  /** All rows of a list, page after page. */
  async *sendPages<T>(request: ApiRequest): AsyncGenerator<T, void, undefined> {
    let cursor: string | undefined
    do {
      const page: Page<T> = await this.send({ ...request, query: { ...request.query, cursor } })
      yield* page.data
      cursor = page.next_cursor ?? undefined
    } while (cursor !== undefined)
  }

  async #attempt<T>(request: ApiRequest, idempotencyKey: string | null): Promise<T> {
    const { status, headers, body } = await this.#exchange(request, idempotencyKey)
    const value = parseJson(this.#redact(textOf(body), request, status))
    if (status >= 200 && status < 300 && value !== undefined) return value as T
    throw failure(status, value, headers.get('request-id'))
  }

  async #exchange(
    request: ApiRequest,
    idempotencyKey: string | null,
  ): Promise<RawAnswer & { readonly status: number }> {
    try {
      const response = await this.#fetch(this.#urlOf(request), {
        method: request.method,
        headers: this.#headersOf(request, idempotencyKey),
        body: request.body === undefined ? null : JSON.stringify(request.body),
        // The key is for this server alone, so no answer of it sends us elsewhere.
        redirect: 'manual',
        signal: AbortSignal.timeout(this.#timeoutMilliseconds),
      })
      const { status, headers } = response
      return { status, headers, body: new Uint8Array(await response.arrayBuffer()) }
    } catch (error) {
      throw new ConnectionError(this.#origin, error, this.#timeoutMilliseconds)
    }
  }

  #urlOf({ path, query = {} }: ApiRequest): string {
    const parameters = new URLSearchParams()
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) parameters.set(name, String(value))
    }
    return `${this.#base}${path}${parameters.size > 0 ? `?${parameters.toString()}` : ''}`
  }

  #headersOf({ body, version }: ApiRequest, idempotencyKey: string | null): Record<string, string> {
    return {
      Accept: 'application/json',
      Authorization: `Bearer ${this.#managementKey}`,
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...(version !== undefined && { 'If-Match': `"${String(version)}"` }),
      ...(idempotencyKey !== null && { 'Idempotency-Key': idempotencyKey }),
      ...(this.#userAgent !== undefined && { 'User-Agent': this.#userAgent }),
    }
  }

  /** A proxy that echoes requests in its refusals must not put a token into our errors, and so into logs. */
  #redact(text: string, { secrets = [] }: ApiRequest, status: number): string {
    if (status < 400) return text
    return [this.#managementKey, ...secrets]
      .filter((secret) => secret !== '')
      .reduce((redacted, secret) => redacted.replaceAll(secret, '[redacted]'), text)
  }
}

/**
 * A parameter as a segment of a path.
 *
 * @throws {TypeError} when it is no id, because `..` would lead to another operation
 */
export function segment(id: string): string {
  if (!SEGMENT.test(id)) throw new TypeError('an id is letters, digits, hyphens and underscores')
  return id
}

function failure(status: number, body: unknown, requestId: string | null): ApiError {
  const problem =
    status >= 300 && status < 400
      ? unexpectedAnswer(status, 'The server answered with a redirect. Use the URL that it leads to.')
      : readProblem(status, body)
  return new ApiError(problem, requestId)
}

function textOf(body: Uint8Array): string {
  return new TextDecoder().decode(body)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
