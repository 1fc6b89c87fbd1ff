import { sql, SqliteAdapter, type RawBuilder, type Transaction } from 'kysely'
import type { Reader } from './database.js'
import type { Schema } from './schema.js'

/** Says whether a query goes to SQLite: for the few statements that the engines spell differently. */
export function isSqlite(database: Reader): boolean {
  return (database as Transaction<Schema>).getExecutor().adapter instanceof SqliteAdapter
}

/**
 * A query whose rows are those of a JSON array of arrays, their columns named `c0`, `c1` and so on. Many rows travel so
 * as one text: a parameter for each value would cost more than what is done with them.
 *
 * @param types a letter a column: `t` for text, `i` for a whole number
 */
export function selectJson(read: Reader, rows: readonly unknown[][], types: string): RawBuilder<unknown> {
  const isLite = isSqlite(read)
  const columns = Array.from(types, (type, at) => {
    const value = `value->>${String(at)}`
    return `${isLite || type === 't' ? value : `(${value})::bigint`} as c${String(at)}`
  })
  const text = JSON.stringify(rows)
  const from = isLite ? sql`json_each(${text})` : sql`jsonb_array_elements(${text}::jsonb) as value`
  return sql`select ${sql.raw(columns.join(', '))} from ${from}`
}
