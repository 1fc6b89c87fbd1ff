import type { AttentionReason } from '@bitting/client'
import { sql, type RawBuilder, type SelectQueryBuilder, type SqlBool } from 'kysely'
import { HOUR_SECONDS } from '../../feed/usage.js'
import type { Reader } from '../../storage/database.js'
import type { Schema } from '../../storage/schema.js'
import { inState } from '../keys/in-state.js'
import { formatTime, formatTimeOrNull } from '../keys/record.js'
import { ATTENTION_LIMITS, DAY_SECONDS } from './attention-rules.js'

/** What is looked at of an active key. Times are whole seconds since 1970 UTC. */
export interface LiveKey {
  readonly id: string
  readonly workspace_id: string
  readonly name: string
  readonly kind: 'api' | 'management'
  readonly access: string
  readonly created_at: number
  readonly expires_at: number | null
  /** When its current secret was made. */
  readonly secret_at: number
  /** Null where it never was. */
  readonly used_at: number | null
  /** 1 where it signs the webhooks of the workspace. */
  readonly signs: number
}

/** A reason that stands in a key's own row, its secret's and its last use. */
export interface LiveRule {
  readonly reason: AttentionReason
  /** Which keys it is about, over a {@link LiveKey}. */
  readonly condition: RawBuilder<SqlBool>
  /** What the gravest come first by. */
  readonly by: RawBuilder<unknown>
  readonly facts: (key: LiveKey) => Readonly<Record<string, unknown>>
}

/** A query over the active keys of a workspace; `live` is the name of each. */
export function liveKeys(
  read: Reader,
  workspaceId: string,
  nowSeconds: number,
): SelectQueryBuilder<Schema & { live: LiveKey }, 'live', object> {
  return read.selectFrom((from) =>
    from
      .selectFrom('keys')
      .select(['id', 'workspace_id', 'name', 'kind', 'access', 'created_at', 'expires_at'])
      .select([
        sql<number>`(select secrets.created_at from secrets
          where secrets.key_id = keys.id and secrets.generation = keys.generation)`.as('secret_at'),
        sql<number | null>`(select key_usage.last_used_at from key_usage
          where key_usage.key_id = keys.id)`.as('used_at'),
        sql<number>`(select count(*) from webhook_workspaces
          where webhook_workspaces.workspace_id = keys.workspace_id
          and webhook_workspaces.key_id = keys.id)`.as('signs'),
      ])
      .where('workspace_id', '=', workspaceId)
      .where((row) => inState(row, 'active', nowSeconds))
      .as('live'),
  )
}

/**
 * The keys that were denied a call since then. It names no key of the query around it, so that it is looked up once;
 * few hours have a denial at all, and an index has those.
 */
function deniedSince(workspaceId: string, seconds: number): RawBuilder<unknown> {
  return sql`select key_id from key_usage_hours
    where workspace_id = ${workspaceId} and denied > 0 and hour >= ${seconds - (seconds % HOUR_SECONDS)}`
}

/** The rules that one look at every active key of a workspace answers. */
export function liveRules(workspaceId: string, nowSeconds: number): readonly LiveRule[] {
  const daysAgo = (days: number): number => nowSeconds - days * DAY_SECONDS
  const daysSince = (seconds: number): number => Math.floor((nowSeconds - seconds) / DAY_SECONDS)
  return [
    {
      reason: 'expires_soon',
      condition: sql`expires_at <= ${nowSeconds + ATTENTION_LIMITS.expires_soon_days * DAY_SECONDS}`,
      by: sql`expires_at`,
      facts: (key) => ({ expires_at: formatTimeOrNull(key.expires_at) }),
    },
    {
      reason: 'unrestricted',
      condition: sql`kind = 'api' and access = 'full'`,
      by: sql`created_at`,
      facts: (key) => ({ created_at: formatTime(key.created_at) }),
    },
    {
      reason: 'old',
      condition: sql`secret_at < ${daysAgo(ATTENTION_LIMITS.old_days)}`,
      by: sql`secret_at`,
      facts: (key) => ({ days: daysSince(key.secret_at) }),
    },
    {
      reason: 'idle',
      // A key that signs webhooks is in use though nobody calls with it, and one whose calls are denied has a caller.
      condition: sql`signs = 0 and (used_at < ${daysAgo(ATTENTION_LIMITS.idle_days)}
        or (used_at is null and created_at < ${daysAgo(ATTENTION_LIMITS.never_used_days)}))
        and id not in (${deniedSince(workspaceId, daysAgo(ATTENTION_LIMITS.idle_days))})`,
      by: sql`coalesce(used_at, created_at)`,
      facts: (key) => ({
        days: daysSince(key.used_at ?? key.created_at),
        last_used_at: formatTimeOrNull(key.used_at),
      }),
    },
    {
      reason: 'never_expires',
      condition: sql`expires_at is null`,
      by: sql`created_at`,
      facts: (key) => ({ created_at: formatTime(key.created_at) }),
    },
  ]
}
