import type { Page } from '@bitting/client'
import { ProblemError, type Environment, type KeyKind, type KeyState } from '@bitting/core'
import { sql, type ExpressionBuilder, type ExpressionWrapper, type SqlBool, type Transaction } from 'kysely'
import type { Database } from '../../storage/database.js'
import type { KeyRow, Schema } from '../../storage/schema.js'
import type { ServiceContext } from '../context.js'
import { createdBefore, cutPage, placeByCreation, type PageRequest } from '../../storage/page.js'
import { viewKey, type KeyView } from './record.js'

/** Which keys to list. Absent members match everything, deleted and expired keys too. */
export interface KeyFilter {
  readonly kind?: KeyKind | undefined
  readonly environment?: Environment | undefined
  readonly states?: readonly KeyState[] | undefined
  /** Part of the name, in any case. */
  readonly name?: string | undefined
}

type Reader = Pick<Database['read'], 'selectFrom'>

const KEY_ID = /^key_[0-9A-Za-z]{1,32}$/

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

/** A page of a workspace's keys, newest first. */
export async function listKeys(
  context: ServiceContext,
  workspaceId: string,
  filter: KeyFilter,
  page: PageRequest,
): Promise<Page<KeyView>> {
  const now = context.now()
  let query = context.database.read
    .selectFrom('keys')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where(createdBefore(page, KEY_ID))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
  if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind)
  if (filter.environment !== undefined) query = query.where('environment', '=', filter.environment)
  if (filter.states !== undefined) {
    const states = filter.states
    query = query.where((row) => row.or(states.map((state) => inState(row, state, now))))
  }
  if (filter.name !== undefined) {
    const pattern = `%${filter.name.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
    query = query.where(sql<SqlBool>`search_name like ${pattern} escape '\\'`)
  }
  const rows = await query.execute()
  const { shown, next_cursor } = cutPage(rows, page, placeByCreation)
  return { data: await viewKeys(context.database.read, workspaceId, shown, now), next_cursor }
}

/** The condition that `keyState` gives this state; the list and the single key must agree. */
function inState(
  row: ExpressionBuilder<Schema, 'keys'>,
  state: KeyState,
  now: number,
): ExpressionWrapper<Schema, 'keys', SqlBool> {
  const kept = row('deleted_at', 'is', null)
  const unrevoked = row.and([kept, row('revoked_at', 'is', null)])
  const expired = row.and([row('expires_at', 'is not', null), row('expires_at', '<=', now)])
  const unexpired = row.or([row('expires_at', 'is', null), row('expires_at', '>', now)])
  const waiting = row.and([row('not_before', 'is not', null), row('not_before', '>', now)])
  const started = row.or([row('not_before', 'is', null), row('not_before', '<=', now)])
  switch (state) {
    case 'destroyed':
      return row.and([row('deleted_at', 'is not', null)])
    case 'compromised':
      return row.and([kept, row('revoked_at', 'is not', null), row('compromised', '=', 1)])
    case 'deactivated':
      return row.or([
        row.and([kept, row('revoked_at', 'is not', null), row('compromised', '=', 0)]),
        row.and([unrevoked, expired]),
      ])
    case 'suspended':
      return row.and([unrevoked, unexpired, row('suspended_at', 'is not', null)])
    case 'pre-activation':
      return row.and([unrevoked, unexpired, row('suspended_at', 'is', null), waiting])
    case 'active':
      return row.and([unrevoked, unexpired, row('suspended_at', 'is', null), started])
  }
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
