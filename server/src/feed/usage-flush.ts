import { sql, type Transaction } from 'kysely'
import type { WritableDatabase } from '../storage/database.js'
import type { Schema } from '../storage/schema.js'
import type { KeyUsage } from './key-usage.js'
import type { UsageCounter } from './usage.js'

/** How many keys one transaction writes, so that a flush never holds the database for long. */
const KEYS_A_WRITE = 200
/** How many rows one statement writes: engines bound its parameters. */
const ROWS_A_STATEMENT = 1000

/** How long counts by the hour are kept. */
const USAGE_SECONDS = 400 * 86_400

/** Nodes flush in any order, so the last use is the latest one and not the one that was written last. */
const IS_LATER = sql`excluded.last_used_at >= coalesce(key_usage.last_used_at, 0)`

/**
 * Writes what was counted since the last flush. Counts that could not be written are put back and come with the next
 * flush. The one write besides `mutate`: it changes nothing that anybody decided.
 */
export async function flushUsage(database: WritableDatabase, counter: UsageCounter): Promise<void> {
  const usages = counter.take()
  let written = 0
  try {
    while (written < usages.length) {
      const part = nextPart(usages, written)
      await database.transact(async (tx) => {
        await writeKeys(tx, part)
        await writeHours(tx, part)
        await writeWorkspaceHours(tx, part)
      })
      written += part.length
    }
  } catch (error) {
    counter.putBack(usages.slice(written))
    throw error
  }
}

/** Forgets the hours that are too long ago. */
export async function forgetUsage(database: WritableDatabase, nowSeconds: number): Promise<void> {
  const before = nowSeconds - USAGE_SECONDS
  await database.transact(async (tx) => {
    await tx.deleteFrom('key_usage_hours').where('hour', '<', before).execute()
    await tx.deleteFrom('workspace_usage_hours').where('hour', '<', before).execute()
  })
}

/** Of one hour only: a statement may name a key once. */
function nextPart(usages: readonly KeyUsage[], from: number): KeyUsage[] {
  const hour = usages[from]?.hour
  const part = usages.slice(from, from + KEYS_A_WRITE)
  const end = part.findIndex((usage) => usage.hour !== hour)
  return end === -1 ? part : part.slice(0, end)
}

async function writeKeys(tx: Transaction<Schema>, part: readonly KeyUsage[]): Promise<void> {
  const rows = part.map((usage) => ({
    key_id: usage.keyId,
    workspace_id: usage.workspaceId,
    allowed: sum(usage.scopes.map(({ allowed }) => allowed)),
    denied: sum(usage.scopes.map(({ denied }) => denied)),
    last_used_at: usage.lastUsedAt,
    last_used_address: usage.lastUsedAddress,
  }))
  await tx
    .insertInto('key_usage')
    .values(rows)
    .onConflict((conflict) =>
      conflict.column('key_id').doUpdateSet({
        allowed: sql`key_usage.allowed + excluded.allowed`,
        denied: sql`key_usage.denied + excluded.denied`,
        last_used_at: sql`case when ${IS_LATER} then excluded.last_used_at else key_usage.last_used_at end`,
        last_used_address: sql`case when ${IS_LATER} then excluded.last_used_address else key_usage.last_used_address end`,
      }),
    )
    .execute()
}

async function writeHours(tx: Transaction<Schema>, part: readonly KeyUsage[]): Promise<void> {
  const rows = part.flatMap(({ workspaceId, keyId, hour, scopes }) =>
    scopes.map((scope) => ({ workspace_id: workspaceId, key_id: keyId, hour, ...scope })),
  )
  for (let from = 0; from < rows.length; from += ROWS_A_STATEMENT) {
    await tx
      .insertInto('key_usage_hours')
      .values(rows.slice(from, from + ROWS_A_STATEMENT))
      .onConflict((conflict) =>
        conflict.columns(['workspace_id', 'key_id', 'permission', 'level', 'hour']).doUpdateSet({
          allowed: sql`key_usage_hours.allowed + excluded.allowed`,
          denied: sql`key_usage_hours.denied + excluded.denied`,
        }),
      )
      .execute()
  }
}

/** The sums over all keys, which nobody could add up in the time of a request. In order, so that nodes never deadlock. */
async function writeWorkspaceHours(tx: Transaction<Schema>, part: readonly KeyUsage[]): Promise<void> {
  const sums = new Map<string, Schema['workspace_usage_hours']>()
  for (const { workspaceId, hour, scopes } of part) {
    for (const { permission, level, allowed, denied } of scopes) {
      const place = `${workspaceId} ${permission} ${level}`
      const row = sums.get(place) ?? {
        workspace_id: workspaceId,
        hour,
        permission,
        level,
        allowed: 0,
        denied: 0,
      }
      sums.set(place, { ...row, allowed: row.allowed + allowed, denied: row.denied + denied })
    }
  }
  const rows = [...sums].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, row]) => row)
  for (let from = 0; from < rows.length; from += ROWS_A_STATEMENT) {
    await tx
      .insertInto('workspace_usage_hours')
      .values(rows.slice(from, from + ROWS_A_STATEMENT))
      .onConflict((conflict) =>
        conflict.columns(['workspace_id', 'permission', 'level', 'hour']).doUpdateSet({
          allowed: sql`workspace_usage_hours.allowed + excluded.allowed`,
          denied: sql`workspace_usage_hours.denied + excluded.denied`,
        }),
      )
      .execute()
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0)
}
