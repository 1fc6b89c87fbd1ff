import type { WritableDatabase } from '../storage/database.js'
import { deleteAuditRows } from '../storage/audit-rows.js'
import { lockWorkspace } from '../storage/lock-workspace.js'
import { appendAudit } from './append.js'
import { systemEntry } from './entry.js'
import type { LogKeys } from './log-key.js'

const DAY_MILLISECONDS = 86_400_000
const DELETED_A_TRANSACTION = 2000

/**
 * Deletes the entries that are older than their workspace keeps them, oldest first, and says so in the log. Their hashes
 * stay, so every proof of every other entry stays what it was (C2SP tlog-tiles, "Pruning"). Entries that no checkpoint
 * covers yet are never deleted, and none is once the workspace keeps it longer or is under a legal hold.
 *
 * @throws {AggregateError} where it failed in some workspaces, after all others
 */
export async function pruneAuditLogs(
  database: WritableDatabase,
  keys: LogKeys,
  nowMilliseconds: number,
): Promise<void> {
  const policies = await database.read
    .selectFrom('audit_policies')
    .select('workspace_id')
    .where('retention_days', 'is not', null)
    .where('legal_hold', '=', 0)
    .execute()
  const failures: unknown[] = []
  for (const { workspace_id: workspaceId } of policies) {
    try {
      while (await pruneOnce(database, keys, workspaceId, nowMilliseconds)) continue
    } catch (error) {
      // One log that was tampered with must not have the others kept for ever.
      failures.push(error)
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'not every audit log could be pruned')
}

/** Says whether there may be more. */
async function pruneOnce(
  database: WritableDatabase,
  keys: LogKeys,
  workspaceId: string,
  nowMilliseconds: number,
): Promise<boolean> {
  return database.transact(async (tx) => {
    await lockWorkspace(tx, workspaceId)
    const tree = await tx
      .selectFrom('audit_trees')
      .select(['size', 'first_index'])
      .where('workspace_id', '=', workspaceId)
      .executeTakeFirst()
    // In each transaction anew, because what it deletes nobody brings back.
    const policy = await tx
      .selectFrom('audit_policies')
      .select(['retention_days', 'legal_hold'])
      .where('workspace_id', '=', workspaceId)
      .executeTakeFirst()
    if (tree === undefined || policy?.legal_hold !== 0 || policy.retention_days === null) return false
    const { size, first_index: from } = tree
    const { retention_days: days } = policy
    const cutoff = nowMilliseconds - days * DAY_MILLISECONDS
    const kept = await tx
      .selectFrom('audit_log')
      .select('idx')
      .where('workspace_id', '=', workspaceId)
      .where('idx', '>=', from)
      .where('at_ms', '>=', cutoff)
      .orderBy('idx')
      .limit(1)
      .executeTakeFirst()
    const to = Math.min(kept?.idx ?? size, size, from + DELETED_A_TRANSACTION)
    if (to <= from) return false
    await deleteAuditRows(tx, workspaceId, from, to)
    await tx
      .updateTable('audit_trees')
      .set({ first_index: to })
      .where('workspace_id', '=', workspaceId)
      .execute()
    const details = { first: from, last: to - 1, retention_days: days }
    const act = { action: 'audit.prune', failure: null, details } as const
    await appendAudit(tx, keys, systemEntry(workspaceId, nowMilliseconds, act))
    return to === from + DELETED_A_TRANSACTION
  })
}
