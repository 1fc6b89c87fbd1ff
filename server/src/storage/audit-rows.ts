import { sql, type SelectQueryBuilder, type Transaction } from 'kysely'
import type { Reader } from './database.js'
import { isSqlite } from './json-rows.js'
import type { AuditLogRow, Schema } from './schema.js'

/** An entry at its place in a log. */
export interface AuditRow {
  readonly workspaceId: string
  readonly index: number
  readonly leaf: string
  readonly mac: string | null
  readonly personal: string | null
  /** The values of `SEARCH_COLUMNS` in their order, as a JSON array. */
  readonly search: string
}

const ENTRY_COLUMNS = [
  'workspace_id',
  'idx',
  'leaf',
  'mac',
  'personal',
] as const satisfies readonly (keyof AuditLogRow)[]

/** What entries are searched by: columns of the log, and last the words that free text finds, separated by spaces. */
export const SEARCH_COLUMNS = [
  'at_ms',
  'actor_id',
  'action',
  'resource_id',
  'outcome',
  'request_id',
  'words',
] as const

const COLUMNS = [...ENTRY_COLUMNS, ...SEARCH_COLUMNS.slice(0, -1)]
const NUMBERS: readonly string[] = ['idx', 'at_ms']
const NAMES = COLUMNS.join(', ')
const SQLITE_VALUES = COLUMNS.map((_, at) => `value->>${String(at)}`).join(', ')
const POSTGRES_VALUES = COLUMNS.map((name, at) => {
  const value = `value->>${String(at)}`
  return NUMBERS.includes(name) ? `(${value})::bigint` : value
}).join(', ')
const WORDS_AT = String(COLUMNS.length)

/**
 * Inserts entries and makes their words searchable. All rows travel as one JSON text: a parameter for each value would
 * cost more than the insertion itself.
 */
export async function insertAuditRows(tx: Transaction<Schema>, rows: readonly AuditRow[]): Promise<void> {
  const values = `[${rows.map(rowText).join(',')}]`
  if (!isSqlite(tx)) {
    await sql`insert into audit_log (${sql.raw(NAMES)}, words)
      select ${sql.raw(POSTGRES_VALUES)}, string_to_array(value->>${sql.raw(WORDS_AT)}, ' ')
      from json_array_elements(${values}::json) as value`.execute(tx)
    return
  }
  await sql`insert into audit_log (${sql.raw(NAMES)})
    select ${sql.raw(SQLITE_VALUES)} from json_each(${values})`.execute(tx)
  await sql`insert into audit_words (rowid, words)
    select audit_log.id, value->>${sql.raw(WORDS_AT)} from json_each(${values})
    join audit_log on workspace_id = value->>0 and idx = value->>1`.execute(tx)
}

function rowText({ workspaceId, index, leaf, mac, personal, search }: AuditRow): string {
  const own = `${JSON.stringify(workspaceId)},${String(index)},${JSON.stringify(leaf)},${JSON.stringify(mac)},${JSON.stringify(personal)}`
  return `[${own},${search.slice(1)}`
}

/** Forgets an entry's personal data and everything that it was found by because of it. */
export async function erasePersonal(
  tx: Transaction<Schema>,
  workspaceId: string,
  index: number,
  kept: { readonly actorId: string | null; readonly resourceId: string | null; readonly words: string },
): Promise<void> {
  await tx
    .updateTable('audit_log')
    .set({ personal: null, actor_id: kept.actorId, resource_id: kept.resourceId })
    .where('workspace_id', '=', workspaceId)
    .where('idx', '=', index)
    .execute()
  if (!isSqlite(tx)) {
    await sql`update audit_log set words = string_to_array(${kept.words}, ' ')
      where workspace_id = ${workspaceId} and idx = ${index}`.execute(tx)
    return
  }
  await forgetWords(tx, workspaceId, index, index + 1)
  await sql`insert into audit_words (rowid, words)
    select id, ${kept.words} from audit_log where workspace_id = ${workspaceId} and idx = ${index}`.execute(
    tx,
  )
}

/**
 * Takes words that no entry has any more out of the files too. SQLite's index of words otherwise keeps them, marked as
 * deleted, until it happens to be merged. Rewrites the whole index, which for millions of entries takes seconds.
 */
export async function purgeWords(tx: Transaction<Schema>): Promise<void> {
  if (isSqlite(tx)) await sql`insert into audit_words (audit_words) values ('optimize')`.execute(tx)
}

/** Deletes the entries of a workspace in a range of places, the second one excluded. */
export async function deleteAuditRows(
  tx: Transaction<Schema>,
  workspaceId: string,
  from: number,
  to: number,
): Promise<void> {
  if (isSqlite(tx)) await forgetWords(tx, workspaceId, from, to)
  await tx
    .deleteFrom('audit_log')
    .where('workspace_id', '=', workspaceId)
    .where('idx', '>=', from)
    .where('idx', '<', to)
    .execute()
}

async function forgetWords(
  tx: Transaction<Schema>,
  workspaceId: string,
  from: number,
  to: number,
): Promise<void> {
  await sql`delete from audit_words where rowid in (
    select id from audit_log where workspace_id = ${workspaceId} and idx >= ${from} and idx < ${to})`.execute(
    tx,
  )
}

/** A query for entries of the log in the order of their places, newest first, of which the caller asks for a part. */
export type AuditQuery = SelectQueryBuilder<
  Schema,
  'audit_log',
  Pick<AuditLogRow, 'idx' | 'leaf' | 'personal'>
>

/**
 * The beginning of every search.
 *
 * @param words what all entries must have; empty for no such condition
 */
export function auditQuery(read: Reader, words: readonly string[]): AuditQuery {
  const columns = ['audit_log.idx', 'audit_log.leaf', 'audit_log.personal'] as const
  if (words.length === 0) return read.selectFrom('audit_log').select(columns).orderBy('audit_log.idx', 'desc')
  if (!isSqlite(read)) {
    return read
      .selectFrom('audit_log')
      .select(columns)
      .where(sql<boolean>`words @> string_to_array(${words.join(' ')}, ' ')`)
      .orderBy('audit_log.idx', 'desc')
  }
  // The index of words is read from its newest row on, and stops when the page is full: in one workspace rows are in
  // the order of their places. A cross join is how SQLite is told which table to begin with.
  const joined = sql<AuditLogRow>`audit_words cross join audit_log`.as('audit_log')
  return read
    .selectFrom(joined)
    .select(columns)
    .where(sql<boolean>`audit_words match ${ftsQuery(words)} and audit_log.id = audit_words.rowid`)
    .orderBy(sql`audit_words.rowid`, 'desc')
}

/** Words are letters and digits only; in quotation marks none of them is an operator of the query language. */
function ftsQuery(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(' ')
}
