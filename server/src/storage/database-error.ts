/** The code of a {@link DatabaseError} when the database could not be reached, or the connection to it was lost. */
export const UNAVAILABLE = 'UNAVAILABLE'

/**
 * An error of either engine. It carries the code and the message alone: never the parameters of the statement, nor
 * the `detail` in which PostgreSQL spells out the row.
 */
export class DatabaseError extends Error {
  /** An SQLSTATE of PostgreSQL, a result code of SQLite such as `SQLITE_BUSY`, or {@link UNAVAILABLE}. */
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.name = 'DatabaseError'
    this.code = code
  }
}

/** The code of a database's error, undefined for any other error. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined
}
