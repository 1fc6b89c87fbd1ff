import { sql } from 'kysely'
import type { WritableDatabase } from '../storage/database.js'

/** How long events and what became of them are kept, in days. What still waits then is given up with them. */
export const EVENT_RETENTION_DAYS = 30

const DAY_MILLISECONDS = 86_400_000
const DELETED_A_TRANSACTION = 1000

/** Deletes the events that are older than they are kept, with their deliveries and attempts. */
export async function forgetEvents(database: WritableDatabase, nowMilliseconds: number): Promise<void> {
  const before = nowMilliseconds - EVENT_RETENTION_DAYS * DAY_MILLISECONDS
  while ((await forgetSome(database, before)) === DELETED_A_TRANSACTION) continue
}

async function forgetSome(database: WritableDatabase, before: number): Promise<number> {
  return database.transact(async (tx) => {
    const old = await tx
      .selectFrom('webhook_events')
      .select(['workspace_id', 'sequence'])
      .where('created_at_ms', '<', before)
      .orderBy('created_at_ms')
      .limit(DELETED_A_TRANSACTION)
      .execute()
    for (const { workspace_id: workspaceId, sequence } of old) {
      await sql`delete from webhook_attempts where sequence = ${sequence} and endpoint_id in
        (select endpoint_id from webhook_deliveries
          where workspace_id = ${workspaceId} and sequence = ${sequence})`.execute(tx)
      for (const table of ['webhook_deliveries', 'webhook_events'] as const) {
        await tx
          .deleteFrom(table)
          .where('workspace_id', '=', workspaceId)
          .where('sequence', '=', sequence)
          .execute()
      }
    }
    return old.length
  })
}
