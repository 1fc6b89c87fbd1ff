import { ProblemError } from '@bitting/core'
import { sql, type RawBuilder, type SqlBool } from 'kysely'

/** Which part of a list is wanted. */
export interface PageRequest {
  /** How many rows at most, 1 to 100. */
  readonly limit: number
  /** Where the last page ended, null for the first page. */
  readonly cursor: string | null
}

/** What a whole number looks like in a cursor: at most fifteen digits, which a number holds exactly. */
export const CURSOR_NUMBER = /^\d{1,15}$/

/** A cursor that names the last row of a page by the values it is sorted by. Opaque to callers. */
export function encodeCursor(values: readonly string[]): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url')
}

/**
 * The values in a cursor, null for no cursor.
 *
 * @param forms what each value looks like, because they come back from outside and go into a query
 * @throws {ProblemError} invalid_request where the text is not what {@link encodeCursor} makes of such values
 */
export function decodeCursor(cursor: string | null, forms: readonly RegExp[]): readonly string[] | null {
  if (cursor === null) return null
  try {
    const values: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    if (Array.isArray(values) && values.length === forms.length && values.every(isText)) {
      if (forms.every((form, index) => form.test(values[index] ?? ''))) return values
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

/**
 * The page of rows of which one more was asked for than it holds, and the cursor of the next.
 *
 * @param placeOf the values that the rows are sorted by, as {@link encodeCursor} takes them
 */
export function cutPage<T>(
  rows: readonly T[],
  { limit }: PageRequest,
  placeOf: (row: T) => readonly string[],
): { readonly shown: readonly T[]; readonly next_cursor: string | null } {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const hasMore = rows.length > limit && last !== undefined
  return { shown, next_cursor: hasMore ? encodeCursor(placeOf(last)) : null }
}

/** Where a row stands in a list that begins with what was created last. */
export function placeByCreation(row: {
  readonly created_at: number
  readonly id: string
}): readonly string[] {
  return [String(row.created_at), row.id]
}

/**
 * The condition of the rows after a cursor of {@link placeByCreation}; one that always holds for the first page.
 *
 * @param id what ids look like
 * @throws {ProblemError} invalid_request
 */
export function createdBefore({ cursor }: PageRequest, id: RegExp): RawBuilder<SqlBool> {
  const after = decodeCursor(cursor, [CURSOR_NUMBER, id])
  return after === null
    ? sql<SqlBool>`1 = 1`
    : sql<SqlBool>`(created_at, id) < (${Number(after[0])}, ${after[1]})`
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}
