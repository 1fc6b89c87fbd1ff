import type { AttentionItem, AttentionReason, AttentionView } from '@bitting/client'
import { sql } from 'kysely'
import type { ServiceContext } from '../context.js'
import { formatTime, formatTimeOrNull } from '../keys/record.js'
import { ATTENTION_ITEMS_MAX, ATTENTION_LIMITS, ATTENTION_REASONS } from './attention-rules.js'
import { deniedSpikes } from './denied-spikes.js'
import { liveKeys, liveRules, type LiveRule } from './live-keys.js'
import { findOverScoped } from './over-scoped.js'

/** How many keys there is a reason for, and the gravest of them. */
interface Finding {
  readonly count: number
  readonly items: readonly AttentionItem[]
}

/** What is looked at, and how many keys there is still room for. */
interface Look {
  readonly context: ServiceContext
  readonly workspaceId: string
  readonly now: number
  readonly room: number
}

/**
 * The keys of a workspace that deserve a look, the gravest first. Counting passes over the active keys once; keys are
 * read only until there are {@link ATTENTION_ITEMS_MAX}.
 */
export async function getAttention(context: ServiceContext, workspaceId: string): Promise<AttentionView> {
  const now = context.now()
  const live = await countLive({ context, workspaceId, now })
  const data: AttentionItem[] = []
  const counts = {} as Record<AttentionReason, number>
  for (const reason of ATTENTION_REASONS) {
    const look = { context, workspaceId, now, room: ATTENTION_ITEMS_MAX - data.length }
    const { count, items } = await find(reason, look, live)
    counts[reason] = count
    data.push(...items)
  }
  return { counts, data, live_keys: live.total, computed_at: formatTime(now) }
}

async function find(reason: AttentionReason, look: Look, live: LiveCounts): Promise<Finding> {
  if (reason === 'compromised') return findCompromised(look)
  if (reason === 'denied_spike') return findSpikes(look)
  if (reason === 'over_scoped') {
    const { context, workspaceId, now, room } = look
    const { count, keys } = await findOverScoped(context, workspaceId, now, room)
    const items = keys.map(({ unused, suggested, ...key }) =>
      itemOf(reason, key, { unused, suggested_access: suggested }),
    )
    return { count, items }
  }
  const count = live.counts[reason] ?? 0
  const rule = liveRules(look.workspaceId, look.now).find((it) => it.reason === reason)
  return { count, items: rule === undefined || count === 0 ? [] : await readLive(look, rule) }
}

interface LiveCounts {
  readonly total: number
  readonly counts: Readonly<Partial<Record<AttentionReason, number>>>
}

async function countLive({ context, workspaceId, now }: Omit<Look, 'room'>): Promise<LiveCounts> {
  const rules = liveRules(workspaceId, now)
  const row: Readonly<Record<string, number>> = await liveKeys(context.database.read, workspaceId, now)
    .select((keys) => keys.fn.countAll<number>().as('total'))
    .select(
      rules.map(({ reason, condition }) =>
        sql<number>`coalesce(sum(case when ${condition} then 1 else 0 end), 0)`.as(reason),
      ),
    )
    .executeTakeFirstOrThrow()
  const { total = 0, ...counts } = row
  return { total, counts }
}

async function readLive(
  { context, workspaceId, now, room }: Look,
  { reason, condition, by, facts }: LiveRule,
): Promise<AttentionItem[]> {
  if (room === 0) return []
  const keys = await liveKeys(context.database.read, workspaceId, now)
    .selectAll('live')
    .where(sql<boolean>`(${condition})`)
    .orderBy(by)
    .orderBy('id')
    .limit(room)
    .execute()
  return keys.map((key) => itemOf(reason, key, facts(key)))
}

async function findCompromised({ context, workspaceId, room }: Look): Promise<Finding> {
  const rows = await context.database.read
    .selectFrom('keys')
    // Counted in the same pass: no index says which keys are compromised.
    .select(['id', 'name', 'revoked_at', sql<number>`count(*) over ()`.as('count')])
    .where('workspace_id', '=', workspaceId)
    .where('compromised', '=', 1)
    .where('deleted_at', 'is', null)
    .orderBy('revoked_at', 'desc')
    .orderBy('id')
    .limit(room)
    .execute()
  const items = rows.map((key) =>
    itemOf('compromised', key, { revoked_at: formatTimeOrNull(key.revoked_at) }),
  )
  return { count: rows[0]?.count ?? 0, items }
}

async function findSpikes({ context, workspaceId, now, room }: Look): Promise<Finding> {
  const spikes = await deniedSpikes(context.database.read, workspaceId, now)
  const items = spikes.slice(0, room).map((key) => {
    const mean = Math.round((key.before / ATTENTION_LIMITS.denied_spike_days) * 10) / 10
    return itemOf('denied_spike', key, { denied: key.denied, daily_mean: mean })
  })
  return { count: spikes.length, items }
}

function itemOf(
  reason: AttentionReason,
  { id, name }: { readonly id: string; readonly name: string },
  facts: Readonly<Record<string, unknown>>,
): AttentionItem {
  return { reason, key_id: id, key_name: name, facts }
}
