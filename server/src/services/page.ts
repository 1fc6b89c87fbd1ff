import { ProblemError } from '@bitting/core'

/** Which part of a list is wanted. */
export interface PageRequest {
  /** How many rows at most, 1 to 100. */
  readonly limit: number
  /** Where the last page ended, null for the first page. */
  readonly cursor: string | null
}

/** One part of a list, and the cursor of the next part; null at the end. */
export interface Page<T> {
  readonly data: T[]
  readonly next_cursor: string | null
}

/** A cursor that names the last row of a page by the values it is sorted by. Opaque to callers. */
export function encodeCursor(values: readonly string[]): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url')
}

/**
 * The values in a cursor, null for no cursor.
 *
 * @throws {ProblemError} invalid_request where the text was not made by {@link encodeCursor} with as many values
 */
export function decodeCursor(cursor: string | null, length: number): readonly string[] | null {
  if (cursor === null) return null
  try {
    const values: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    if (
      Array.isArray(values) &&
      values.length === length &&
      values.every((value) => typeof value === 'string')
    ) {
      return values
    }
  } catch {
    // Falls through to the same answer: a cursor is ours or it is not.
  }
  throw new ProblemError(
    'invalid_request',
    'The cursor is not one that this list gave. Start again without it.',
    {
      errors: [{ field: 'cursor', message: 'use next_cursor of the page before, unchanged' }],
    },
  )
}
