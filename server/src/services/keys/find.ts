import type { KeySort, Page } from '@bitting/client'
import { ProblemError, type Environment, type KeyKind, type KeyState } from '@bitting/core'
import { sql, type RawBuilder, type SqlBool, type Transaction } from 'kysely'
import type { Database } from '../../storage/database.js'
import { cutPage, type PageRequest } from '../../storage/page.js'
import type { KeyRow, Schema } from '../../storage/schema.js'
import type { ServiceContext } from '../context.js'
import { inState } from './in-state.js'
import { KeySorting } from './key-sorting.js'
import { viewKey, type KeyView } from './record.js'

/** Which keys to list. Absent members match everything, deleted and expired keys too. */
export interface KeyFilter {
  readonly kind?: KeyKind | undefined
  readonly environment?: Environment | undefined
  readonly states?: readonly KeyState[] | undefined
  /** Part of the name, in any case. */
  readonly name?: string | undefined
  /** Part of the name, the id, the beginning of the token or the note, in any case. */
  readonly query?: string | undefined
  readonly createdBy?: string | undefined
  /** The key that signs the webhooks alone. */
  readonly webhookKey?: true | undefined
  readonly access?: 'full' | 'restricted' | undefined
  /** `created` unless it is told. */
  readonly sort?: KeySort | undefined
  /** `desc` unless it is told, and `asc` for names. */
  readonly order?: 'asc' | 'desc' | undefined
}

type Reader = Pick<Database['read'], 'selectFrom'>

const KEY_ID = /^key_[0-9A-Za-z]{1,32}$/
/** What can be part of the beginning of a token, with or without the dots that stand for its rest. */
const HINT = /^(\w+)…?$/
/** How many letters of a text are looked for in both cases: each costs a pass over every note. */
const LETTERS_MAX = 32

/**
 * The key of a workspace, to be changed in a transaction.
 *
 * @throws {ProblemError} not_found also for keys of other workspaces
 */
export async function findKeyRow(tx: Transaction<Schema>, workspaceId: string, id: string): Promise<KeyRow> {
  const row = await tx
    .selectFrom('keys')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .executeTakeFirst()
  return row ?? notFound()
}

/**
 * One key of a workspace, whatever its state.
 *
 * @throws {ProblemError} not_found also for keys of other workspaces
 */
export async function getKey(context: ServiceContext, workspaceId: string, id: string): Promise<KeyView> {
  return readKey(context.database.read, workspaceId, id, context.now())
}

/** The same as {@link getKey}, inside a transaction or out of it. */
export async function readKey(
  reader: Reader,
  workspaceId: string,
  id: string,
  nowSeconds: number,
): Promise<KeyView> {
  const row = await reader
    .selectFrom('keys')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .executeTakeFirst()
  const [view] = row === undefined ? [] : await viewKeys(reader, workspaceId, [row], nowSeconds)
  return view ?? notFound()
}

/**
 * A page of a workspace's keys. Those that have to be looked for among all of them are let through a few at a time.
 *
 * @throws {ProblemError} invalid_request where the cursor is not one of this list, too_busy
 */
export async function listKeys(
  context: ServiceContext,
  workspaceId: string,
  filter: KeyFilter,
  page: PageRequest,
): Promise<Page<KeyView>> {
  const list = (): Promise<Page<KeyView>> => readPage(context, workspaceId, filter, page)
  return isScan(filter) ? context.scans.run(workspaceId, list) : list()
}

/** Says whether a page can take a pass over all keys: no index has what it looks for, or its order. */
function isScan({ query, name, createdBy, sort = 'created' }: KeyFilter): boolean {
  return query !== undefined || name !== undefined || createdBy !== undefined || sort !== 'created'
}

async function readPage(
  context: ServiceContext,
  workspaceId: string,
  filter: KeyFilter,
  page: PageRequest,
): Promise<Page<KeyView>> {
  const { read, engine } = context.database
  const now = context.now()
  const sorting = new KeySorting(engine, filter.sort, filter.order)
  let query = read
    .selectFrom('keys')
    .selectAll('keys')
    .select(sorting.value.as('place'))
    .where('workspace_id', '=', workspaceId)
    .where(sorting.after(page, KEY_ID))
    .orderBy(sorting.value, sorting.order)
    .orderBy('keys.id', sorting.order)
    .limit(page.limit + 1)
  for (const condition of conditionsOf(filter)) query = query.where(condition)
  if (filter.states !== undefined) {
    const states = filter.states
    query = query.where((row) => row.or(states.map((state) => inState(row, state, now))))
  }
  const rows = await query.execute()
  const { shown, next_cursor } = cutPage(rows, page, (row) => sorting.placeOf(row))
  return { data: await viewKeys(read, workspaceId, shown, now), next_cursor }
}

function conditionsOf(filter: KeyFilter): RawBuilder<SqlBool>[] {
  const { kind, environment, name, query, createdBy, webhookKey, access } = filter
  const conditions: RawBuilder<SqlBool>[] = []
  if (kind !== undefined) conditions.push(sql`kind = ${kind}`)
  if (environment !== undefined) conditions.push(sql`environment = ${environment}`)
  if (name !== undefined) conditions.push(holdsName(name))
  if (query !== undefined) conditions.push(holdsText(query))
  if (createdBy !== undefined) conditions.push(sql`created_by = ${createdBy}`)
  if (access !== undefined) conditions.push(access === 'full' ? sql`access = 'full'` : sql`access <> 'full'`)
  if (webhookKey === true) {
    conditions.push(
      sql`exists (select 1 from webhook_workspaces where webhook_workspaces.workspace_id = keys.workspace_id
        and webhook_workspaces.key_id = keys.id)`,
    )
  }
  return conditions
}

/** The condition of the keys that a text is part of: of the name, the id, the beginning of the token or the note. */
function holdsText(text: string): RawBuilder<SqlBool> {
  const part = partOf(fold(text))
  // What was typed is looked for as it is, too: not every letter is found again by its small form.
  const anywhere = sql<SqlBool>`${holdsName(text)} or lower(keys.id) like ${part} escape '\\'
    or (note <> '' and ${foldedNote(text)} like ${part} escape '\\') or note like ${partOf(text)} escape '\\'`
  const hint = HINT.exec(text)?.[1]
  if (hint === undefined) return sql<SqlBool>`(${anywhere})`
  return sql<SqlBool>`(${anywhere} or exists (select 1 from secrets where secrets.key_id = keys.id
    and lower(secrets.prefix || secrets.id) like ${partOf(hint.toLowerCase())} escape '\\'))`
}

/** A text in small letters. The sigma at the end of a word is one like the others: a part of a text ends elsewhere. */
function fold(text: string): string {
  return text.toLowerCase().replaceAll('ς', 'σ')
}

/** The condition of the keys whose name a text is part of. Names are kept in small letters, too. */
function holdsName(text: string): RawBuilder<SqlBool> {
  return sql<SqlBool>`replace(search_name, 'ς', 'σ') like ${partOf(fold(text))} escape '\\'`
}

/**
 * The note as it is folded, as far as a text is compared with it: databases know the case of few letters, so they are told
 * the other forms of those in the text.
 */
function foldedNote(text: string): RawBuilder<string> {
  const letters = [...new Set(fold(text).match(/[^\p{ASCII}]/gu))].slice(0, LETTERS_MAX)
  let note = sql<string>`lower(note)`
  for (const letter of letters) {
    for (const form of letter === 'σ' ? ['Σ', 'ς'] : [letter.toUpperCase()]) {
      if (form !== letter) note = sql<string>`replace(${note}, ${form}, ${letter})`
    }
  }
  return note
}

/** A pattern of the texts that hold this one, whatever the characters mean in patterns. */
function partOf(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`
}

async function viewKeys(
  reader: Reader,
  workspaceId: string,
  rows: readonly KeyRow[],
  now: number,
): Promise<KeyView[]> {
  if (rows.length === 0) return []
  const ids = rows.map((row) => row.id)
  const secrets = await reader
    .selectFrom('secrets')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('key_id', 'in', ids)
    .orderBy('generation', 'desc')
    .execute()
  const usages = await reader
    .selectFrom('key_usage')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('key_id', 'in', ids)
    .execute()
  const webhooks = await reader
    .selectFrom('webhook_workspaces')
    .select('key_id')
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirst()
  return rows.map((row) =>
    viewKey(
      row,
      secrets.filter((secret) => secret.key_id === row.id),
      usages.find((usage) => usage.key_id === row.id),
      webhooks?.key_id ?? null,
      now,
    ),
  )
}

function notFound(): never {
  throw new ProblemError(
    'not_found',
    'There is no such key in this workspace. Check the id, and whose key you call with.',
  )
}
