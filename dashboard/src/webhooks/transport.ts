/** One field that the server did not take, and why. */
interface FieldFlaw {
  readonly field: string
  readonly message: string
}

/** The parts of a problem document (RFC 9457) that the page reads. */
interface Problem {
  readonly code?: string
  readonly detail?: string
  readonly required?: string | null
  readonly errors?: readonly FieldFlaw[]
}

/** The management API refused a request; the message says what is wrong and what to do. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string
  readonly flaws: readonly FieldFlaw[]

  constructor(status: number, { code, detail, required, errors }: Problem) {
    const missing = typeof required === 'string' ? ` Missing: ${required}.` : ''
    super(`${detail ?? `The server refused the request (${String(status)}).`}${missing}`)
    this.name = 'Refusal'
    this.status = status
    this.code = code ?? 'unknown'
    this.flaws = errors ?? []
  }
}

/** No answer of the management API came, so what the server did is unknown. */
export class Unreachable extends Error {
  constructor() {
    super('The server does not answer. Check that it is running and that you are online, then try again.')
    this.name = 'Unreachable'
  }
}

interface Options {
  readonly query?: Readonly<Record<string, string | number | null>>
  readonly body?: object
  /** The version that was seen, for `If-Match`. */
  readonly version?: number
  /** Sent with an Idempotency-Key and repeated once, so that a lost answer does not create twice. */
  readonly creates?: boolean
}

/** A probe waits for five receivers' answers in a row. */
const TIMEOUT_MILLISECONDS = 120_000

/** Sends requests with the management key to where the page came from. */
export class Transport {
  // Private, so that neither a log of the object nor an inspection shows it.
  readonly #managementKey: string
  readonly #onKeyRefused: () => void

  constructor(managementKey: string, onKeyRefused: () => void) {
    this.#managementKey = managementKey
    this.#onKeyRefused = onKeyRefused
  }

  /**
   * @throws {Refusal} when the server refused; for a refused key the page is told too
   * @throws {Unreachable} when no answer of the management API came
   */
  async send<T>(method: string, path: string, options: Options = {}): Promise<T> {
    const headers = this.#headers(options)
    try {
      return await this.#attempt<T>(method, path, headers, options)
    } catch (error) {
      if (!(error instanceof Unreachable) || options.creates !== true) throw error
      return await this.#attempt<T>(method, path, headers, options)
    }
  }

  async #attempt<T>(
    method: string,
    path: string,
    headers: Record<string, string>,
    { query = {}, body }: Options,
  ): Promise<T> {
    const response = await fetch(`${path}${queryText(query)}`, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      cache: 'no-store',
      credentials: 'omit',
      // The key is for this server alone.
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
    }).catch(() => {
      throw new Unreachable()
    })
    const answer: unknown = await response.json().catch(() => undefined)
    if (response.ok && answer !== undefined) return answer as T
    const isProblem = typeof answer === 'object' && answer !== null && 'code' in answer
    // What answers in the server's place, a proxy for example, is no word of the server.
    if (!isProblem) throw new Unreachable()
    const refusal = new Refusal(response.status, answer as Problem)
    if (response.status === 401) this.#onKeyRefused()
    throw refusal
  }

  #headers({ body, version, creates }: Options): Record<string, string> {
    return {
      Accept: 'application/json',
      Authorization: `Bearer ${this.#managementKey}`,
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...(version !== undefined && { 'If-Match': `"${String(version)}"` }),
      ...(creates === true && { 'Idempotency-Key': randomName() }),
    }
  }
}

function queryText(query: Readonly<Record<string, string | number | null>>): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === null ? [] : [[name, String(value)]],
  )
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`
}

/** `crypto.randomUUID` is missing where the page comes without TLS from another machine. */
function randomName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
