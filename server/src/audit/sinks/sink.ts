import type { AuditEntry } from '@bitting/core'

/**
 * A receiver of audit entries outside. It gets every entry at least once: a receiver that wants each once drops what
 * has a `workspace` and `index` it has seen.
 */
export interface AuditSink {
  /** Under this name the cursors are kept. It stays the same from start to start and holds no secret. */
  readonly name: string
  /**
   * Resolves when the receiver has taken all entries. After a rejection the same entries come again, the batch being
   * perhaps shorter. Calls come one after another, except that a call which ignores its signal is not waited for.
   *
   * @throws {SinkError} when the receiver did not take them all, or when it is not known whether it did
   */
  deliver(entries: readonly AuditEntry[], signal: AbortSignal): Promise<void>
  /** Closes files and connections. What is under way may fail. */
  close(): Promise<void>
}

/** What `SinkError` tells beside its message. */
export interface SinkErrorDetails {
  /** The status of an HTTP answer. */
  readonly status?: number
  /** How long the receiver asks to be left alone, in seconds, not bounded yet. */
  readonly retryAfterSeconds?: number | null
}

/** A receiver did not take what it was given. Neither message nor code holds a secret or a receiver's own words. */
export class SinkError extends Error {
  /** For machines, `http_503`, `ECONNREFUSED` or `timeout` for example. */
  readonly code: string
  readonly status: number | null
  readonly retryAfterSeconds: number | null

  constructor(code: string, message: string, details: SinkErrorDetails = {}) {
    super(message)
    this.name = 'SinkError'
    this.code = code
    this.status = details.status ?? null
    this.retryAfterSeconds = details.retryAfterSeconds ?? null
  }
}

/** The code of an error of the operating system or a library, `ENOSPC` for example; else the error's class. */
export function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const { code } = error as NodeJS.ErrnoException
  return typeof code === 'string' && /^[A-Za-z0-9_]{1,60}$/.test(code) ? code : error.name
}

/** How long one delivery to a receiver on the network may take, in milliseconds. */
export const DELIVERY_LIMIT_MILLISECONDS = 30_000

/**
 * Runs work under a signal that fires when the outer one does or the limit has passed, whichever comes first.
 *
 * @throws {SinkError} `timeout` past the limit, whatever the work itself failed with
 */
export async function withinLimit<T>(
  outer: AbortSignal,
  milliseconds: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const stop = (): void => controller.abort()
  const clock = { isLate: false }
  const timer = setTimeout(() => {
    clock.isLate = true
    controller.abort()
  }, milliseconds)
  outer.addEventListener('abort', stop, { once: true })
  if (outer.aborted) stop()
  try {
    return await work(controller.signal)
  } catch (error) {
    if (outer.aborted) throw new SinkError('aborted', 'the delivery was broken off')
    if (clock.isLate) {
      throw new SinkError('timeout', `the receiver did not answer within ${String(milliseconds / 1000)} s`)
    }
    throw error
  } finally {
    clearTimeout(timer)
    outer.removeEventListener('abort', stop)
  }
}
