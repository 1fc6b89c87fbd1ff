import type { Transaction } from 'kysely'
import type { Schema } from './schema.js'

/**
 * Lets the writes of one workspace follow one another, so that what a write reads stays true until it commits. A write
 * that changes nothing is the lock that both databases have. Everybody takes it first, so that nobody waits in a ring; an act of a
 * person, which the logs of all their workspaces tell of, can still meet another's, and is then tried again.
 */
export async function lockWorkspace(tx: Transaction<Schema>, workspaceId: string): Promise<void> {
  await tx
    .updateTable('workspaces')
    .set((column) => ({ audit_size: column.ref('audit_size') }))
    .where('id', '=', workspaceId)
    .execute()
}
