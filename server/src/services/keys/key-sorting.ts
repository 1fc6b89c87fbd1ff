import type { KeySort } from '@bitting/client'
import { ProblemError } from '@bitting/core'
import { sql, type RawBuilder, type SqlBool } from 'kysely'
import type { EngineName } from '../../storage/migrations.js'
import { decodeCursor, type PageRequest } from '../../storage/page.js'

/** What stands for a key that was never used, before every use; and for one that never expires, after every expiry. */
const NEVER_USED = -1
const NEVER_EXPIRES = 999_999_999_999_999

const SORTING = /^(?:created|name|last_used|expires)\.(?:asc|desc)$/
const NUMBER = /^-?\d{1,15}$/
/** What a search name can be: a cursor comes back from outside, and no database keeps other characters. */
const TEXT = /^[^\p{Cc}\p{Cs}]{0,300}$/u

/** A key's place in a list. */
interface Placed {
  readonly id: string
  readonly place: string | number
}

/** One order that keys can be listed in: what they are sorted by, and by id where that is the same. */
export class KeySorting {
  readonly sort: KeySort
  readonly order: 'asc' | 'desc'
  /** What the keys are sorted by, as an expression over a row of `keys`. */
  readonly value: RawBuilder<string | number>

  /**
   * @param sort default: `created`
   * @param order default: `desc`, and `asc` for names
   */
  constructor(
    engine: EngineName,
    sort: KeySort = 'created',
    order: 'asc' | 'desc' = sort === 'name' ? 'asc' : 'desc',
  ) {
    this.sort = sort
    this.order = order
    this.value = valueOf(engine, sort)
  }

  /** The values that a cursor names a row by. */
  placeOf({ id, place }: Placed): readonly string[] {
    return [`${this.sort}.${this.order}`, String(place), id]
  }

  /**
   * The condition of the rows after a page's cursor; one that always holds for the first page.
   *
   * @param id what ids look like
   * @throws {ProblemError} invalid_request where the cursor is of no list, or of one in another order
   */
  after({ cursor }: PageRequest, id: RegExp): RawBuilder<SqlBool> {
    const after = decodeCursor(cursor, [SORTING, TEXT, id])
    if (after === null) return sql<SqlBool>`1 = 1`
    const [sorting = '', place = '', afterId] = after
    if (sorting !== `${this.sort}.${this.order}`) throw otherSorting(sorting)
    // The form is the sort's own, so a cursor that was written by hand is found out here.
    if (this.sort !== 'name') decodeCursor(cursor, [SORTING, NUMBER, id])
    const value = this.sort === 'name' ? place : Number(place)
    const comparison = this.order === 'asc' ? sql`>` : sql`<`
    return sql<SqlBool>`(${this.value}, keys.id) ${comparison} (${value}, ${afterId})`
  }
}

function valueOf(engine: EngineName, sort: KeySort): RawBuilder<string | number> {
  switch (sort) {
    case 'created':
      return sql<number>`keys.created_at`
    case 'name':
      // As SQLite does it, by the bytes of the text: a locale's order would differ from one database to the next.
      return engine === 'postgres' ? sql<string>`keys.search_name collate "C"` : sql<string>`keys.search_name`
    case 'last_used':
      return sql<number>`coalesce((select key_usage.last_used_at from key_usage
        where key_usage.key_id = keys.id), ${sql.lit(NEVER_USED)})`
    case 'expires':
      return sql<number>`coalesce(keys.expires_at, ${sql.lit(NEVER_EXPIRES)})`
  }
}

function otherSorting(sorting: string): ProblemError {
  const [sort = '', order = ''] = sorting.split('.')
  return new ProblemError(
    'invalid_request',
    `The cursor is of a list with sort=${sort} and order=${order}. Ask for the same again, or start without it.`,
    { errors: [{ field: 'cursor', message: 'is of a list that was sorted otherwise' }] },
  )
}
