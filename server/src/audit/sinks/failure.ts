import { errorCode, SinkError } from './sink.js'

/** What may be shown of a failed delivery. */
export function describeFailure(error: unknown): {
  readonly code: string
  readonly message: string
  readonly retryAfterSeconds: number | null
} {
  if (error instanceof SinkError) return error
  // Messages of others may repeat what they were given.
  const code = errorCode(error)
  return { code, message: `the sink failed (${code})`, retryAfterSeconds: null }
}

/**
 * For the `catch` of a promise of the log's or the cursors'.
 *
 * @throws {SinkError} always
 */
export function asSourceError(error: unknown): never {
  throw sourceError(error)
}

/** A failure of the log or the cursors, which is not the receiver's; without the words of the database. */
export function sourceError(error: unknown): SinkError {
  const code = errorCode(error)
  return new SinkError('source', `the audit log or its cursors could not be read or written (${code})`)
}
