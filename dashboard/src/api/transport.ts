import { ApiError, ConnectionError } from '@bitting/client'
import { connection } from './connection.js'
import { isAway, isRefusal, readProblem } from './problem.js'
import { ask } from './prompts.js'

/** One request of the management API, in the name of who is signed in. */
export interface ApiRequest {
  /** `GET` unless it is told. */
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  /** A path of the server, made with {@link path} where it has parameters. */
  readonly path: string
  /** Members that are undefined or null are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | null | undefined>> | undefined
  /** `{}` is sent with unsafe methods unless it is told. */
  readonly body?: object | undefined
  /** The version that the person saw, for `If-Match`: who changes what somebody else changed gets `version_conflict`. */
  readonly version?: number | undefined
  /** True for requests that create something: sent with an Idempotency-Key, so that a repetition is harmless. */
  readonly creates?: boolean | undefined
  /** Ends the request: what React Query gives to a query function. */
  readonly signal?: AbortSignal | undefined
  /** True for requests that fail at once where others would open a dialog: those of the dialogs themselves. */
  readonly unattended?: boolean | undefined
  /** How long to wait for an answer, 30,000 unless it is told. */
  readonly timeoutMilliseconds?: number | undefined
}

const TIMEOUT_MILLISECONDS = 30_000

/**
 * Sends a request and returns the JSON of its answer. Where the session has ended or a recent sign-in is asked for, a
 * dialog over the page asks the person, and the request is sent again: whoever calls this waits and needs to know
 * nothing of it.
 *
 * @throws {ApiError} when the server refused, `session_ended` and `step_up_required` when the person declined too
 * @throws {ConnectionError} when no answer came
 */
export async function send<T>(request: ApiRequest): Promise<T> {
  const text = await sendText(request)
  return JSON.parse(text) as T
}

/** Sends a request and returns its answer as text: what is no JSON, exports for example. Else as {@link send}. */
export async function sendText(request: ApiRequest): Promise<string> {
  const idempotencyKey = request.creates === true ? randomName() : null
  for (;;) {
    try {
      return await repeatIfLost(request, idempotencyKey)
    } catch (error) {
      const prompt = isRefusal(error, 'session_ended')
        ? 'sign-in'
        : isRefusal(error, 'step_up_required')
          ? 'step-up'
          : null
      if (prompt === null || request.unattended === true || !(await ask(prompt))) throw error
    }
  }
}

/** Reads something. For query functions: `queryFn: ({ signal }) => get<KeyView>(path`/v1/keys/${id}`, {}, signal)`. */
export function get<T>(from: string, query?: ApiRequest['query'], signal?: AbortSignal): Promise<T> {
  return send<T>({ path: from, query, signal })
}

/** A path with its parameters in place: path`/v1/keys/${id}`. None of them can lead to another path. */
export function path(parts: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  return parts.reduce((sofar, part, index) => {
    const value = String(values[index - 1])
    if (/^\.*$/.test(value)) throw new TypeError('a parameter of a path is not empty and not dots alone')
    return sofar + encodeURIComponent(value) + part
  })
}

async function repeatIfLost(request: ApiRequest, idempotencyKey: string | null): Promise<string> {
  try {
    return await attempt(request, idempotencyKey)
  } catch (error) {
    const lost = error instanceof ConnectionError && !error.timedOut
    if (!lost || idempotencyKey === null) throw error
    return await attempt(request, idempotencyKey)
  }
}

async function attempt(request: ApiRequest, idempotencyKey: string | null): Promise<string> {
  const { status, ok, headers, text } = await exchange(request, idempotencyKey)
  if (ok) {
    connection.set('up')
    return text
  }
  const error = new ApiError(readProblem(status, parseJson(text)), headers.get('request-id'))
  connection.set(isAway(error) ? 'away' : 'up')
  throw error
}

async function exchange(
  { method = 'GET', path: to, query = {}, body, version, signal, timeoutMilliseconds }: ApiRequest,
  idempotencyKey: string | null,
): Promise<{ status: number; ok: boolean; headers: Headers; text: string }> {
  const limit = timeoutMilliseconds ?? TIMEOUT_MILLISECONDS
  const timeout = AbortSignal.timeout(limit)
  try {
    const response = await fetch(to + queryText(query), {
      method,
      headers: {
        Accept: 'application/json',
        ...(method !== 'GET' && { 'Content-Type': 'application/json' }),
        ...(version !== undefined && { 'If-Match': `"${String(version)}"` }),
        ...(idempotencyKey !== null && { 'Idempotency-Key': idempotencyKey }),
      },
      body: method === 'GET' ? null : JSON.stringify(body ?? {}),
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'error',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    })
    const { status, ok, headers } = response
    return { status, ok, headers, text: await response.text() }
  } catch (error) {
    // Nobody waits any more: that says nothing about the server.
    if (signal?.aborted === true) throw error
    connection.set('away')
    throw new ConnectionError(location.origin, error, limit)
  }
}

function queryText(query: NonNullable<ApiRequest['query']>): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === null ? [] : [[name, String(value)]],
  )
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** `crypto.randomUUID` is missing where the page comes without TLS from another machine. */
function randomName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
