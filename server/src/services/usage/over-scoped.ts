import {
  formatScope,
  levelOf,
  normaliseAccess,
  type Access,
  type Catalog,
  type Level,
  type Permission,
} from '@bitting/core'
import { sql, type RawBuilder } from 'kysely'
import { HOUR_SECONDS } from '../../feed/usage.js'
import { accessOf } from '../../storage/columns.js'
import type { Reader } from '../../storage/database.js'
import type { ServiceContext } from '../context.js'
import { ATTENTION_LIMITS, DAY_SECONDS } from './attention-rules.js'
import { liveKeys, type LiveKey } from './live-keys.js'

/** The step that began to count by permission: before it nothing is known to be unused. */
const COUNTING_SINCE_VERSION = 5

/** The most keys whose use is compared with what they have. */
const CANDIDATES_MAX = 100_000

/** A key that has more than it uses. */
export interface OverScopedKey extends Pick<LiveKey, 'id' | 'name'> {
  /** The scopes that it was given and did not use. */
  readonly unused: readonly string[]
  /** The access with each of them lowered to what was used. */
  readonly suggested: Access
}

/** How many keys of a workspace have more than they use, and the oldest of them. */
export async function findOverScoped(
  { database, catalogs }: ServiceContext,
  workspaceId: string,
  nowSeconds: number,
  limit: number,
): Promise<{ readonly count: number; readonly keys: readonly OverScopedKey[] }> {
  const { over_scoped_age_days: age, over_scoped_unused_days: unused } = ATTENTION_LIMITS
  const since = nowSeconds - unused * DAY_SECONDS
  const counting = await countingSince(database.read)
  const candidates = liveKeys(database.read, workspaceId, nowSeconds)
    .select([
      'id',
      'name',
      'access',
      'created_at',
      usesOf(catalogs, since - (since % HOUR_SECONDS)).as('uses'),
    ])
    .where('access', '<>', 'full')
    .where('created_at', '<=', nowSeconds - age * DAY_SECONDS)
    .where('used_at', '>=', since)
    // Also keeps the database from working out the uses again at each place that names them.
    .limit(CANDIDATES_MAX)
    .$if(counting > since, (query) => query.where('created_at', '>=', counting))
  const rows = await database.read
    .selectFrom(candidates.as('found'))
    .where(sql<boolean>`(uses like '%=none %' or uses like '%:edit=read %')`)
    .where(sql<boolean>`(uses like '%=read %' or uses like '%=edit %')`)
    .select(['id', 'name', 'access', 'uses', sql<number>`count(*) over ()`.as('count')])
    .orderBy('created_at')
    .orderBy('id')
    .limit(Math.max(limit, 1))
    .execute()
  const keys = rows.slice(0, limit).map((row) => ({ id: row.id, name: row.name, ...suggestionOf(row) }))
  return { count: rows[0]?.count ?? 0, keys }
}

async function countingSince(read: Reader): Promise<number> {
  const row = await read
    .selectFrom('migrations')
    .select('applied_at')
    .where('version', '=', COUNTING_SINCE_VERSION)
    .executeTakeFirstOrThrow()
  return row.applied_at
}

/**
 * What became of each scope that a key has, as words: `call:edit=read ` for one that was given to edit and only read
 * with. Of a management key only what opens the management API: the rest says what it can grant.
 */
function usesOf({ api, management }: ServiceContext['catalogs'], since: number): RawBuilder<string> {
  const words = (catalog: Catalog): RawBuilder<string> =>
    catalog.permissions.reduce(
      (text, permission) => sql<string>`${text} || ${useOf(permission, since)}`,
      sql<string>`''`,
    )
  return sql<string>`case when kind = 'api' then ${words(api)} else ${words(management)} end`
}

function useOf({ id }: Permission, since: number): RawBuilder<string> {
  const has = (level: Level): RawBuilder<boolean> =>
    sql`access like ${`%"${id.replaceAll('_', '\\_')}":"${level}"%`} escape '\\'`
  const used = (level: Level): RawBuilder<boolean> =>
    sql`exists (select 1 from key_usage_hours as used where used.workspace_id = live.workspace_id
      and used.key_id = live.id and used.permission = ${id} and used.level = ${level}
      and used.hour >= ${since} and used.allowed > 0)`
  const word = (level: Level, use: Level): RawBuilder<string> => sql.lit(`${formatScope(id, level)}=${use} `)
  return sql<string>`case
    when ${has('edit')} then case when ${used('edit')} then ${word('edit', 'edit')}
      when ${used('read')} then ${word('edit', 'read')} else ${word('edit', 'none')} end
    when ${has('read')} then case when ${used('read')} then ${word('read', 'read')}
      else ${word('read', 'none')} end
    else '' end`
}

/** Reads {@link usesOf}. */
function suggestionOf({ access, uses }: Pick<LiveKey, 'access'> & { readonly uses: string }): {
  readonly unused: readonly string[]
  readonly suggested: Access
} {
  const unused: string[] = []
  const suggested = new Map<string, Level>()
  const given = accessOf(access)
  for (const id of given === 'full' ? [] : Object.keys(given)) suggested.set(id, levelOf(given, id))
  for (const word of uses.trim().split(' ')) {
    const [, permission = '', level = '', use = ''] = /^(.+):(\w+)=(\w+)$/.exec(word) ?? []
    if (level === use) continue
    unused.push(`${permission}:${level}`)
    suggested.set(permission, use === 'read' ? use : 'none')
  }
  return { unused, suggested: normaliseAccess(Object.fromEntries(suggested)) }
}
