import { sql } from 'kysely'
import type { WritableDatabase } from '../storage/database.js'
import type { UsageCounter } from './usage.js'

/** How many keys one transaction writes, so that a flush never holds the database for long. */
const KEYS_A_WRITE = 200

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
      const part = usages.slice(written, written + KEYS_A_WRITE)
      await database.transact((tx) =>
        tx
          .insertInto('key_usage')
          .values(
            part.map((usage) => ({
              key_id: usage.keyId,
              workspace_id: usage.workspaceId,
              allowed: usage.allowed,
              denied: usage.denied,
              last_used_at: usage.lastUsedAt,
              last_used_address: usage.lastUsedAddress,
            })),
          )
          .onConflict((conflict) =>
            conflict.column('key_id').doUpdateSet({
              allowed: sql`key_usage.allowed + excluded.allowed`,
              denied: sql`key_usage.denied + excluded.denied`,
              last_used_at: sql`case when ${IS_LATER} then excluded.last_used_at else key_usage.last_used_at end`,
              last_used_address: sql`case when ${IS_LATER} then excluded.last_used_address else key_usage.last_used_address end`,
            }),
          )
          .execute(),
      )
      written += part.length
    }
  } catch (error) {
    counter.putBack(usages.slice(written))
    throw error
  }
}
