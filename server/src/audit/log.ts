import type { AuditEntryView, Page } from '@bitting/client'
import { ProblemError } from '@bitting/core'
import type { Database } from '../storage/database.js'
import type { AuditEntryRow } from '../storage/schema.js'
import { CURSOR_NUMBER, decodeCursor, encodeCursor, type PageRequest } from '../storage/page.js'

/** What to look for. Absent members match everything. */
export interface AuditFilter {
  readonly action?: string | undefined
  readonly actor?: string | undefined
  readonly resource?: string | undefined
  readonly outcome?: 'success' | 'failure' | undefined
}

/** A page of a workspace's entries, newest first. */
export async function listAuditEntries(
  database: Database,
  workspaceId: string,
  filter: AuditFilter,
  page: PageRequest,
): Promise<Page<AuditEntryView>> {
  let query = database.read
    .selectFrom('audit_entries')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .orderBy('idx', 'desc')
    .limit(page.limit + 1)
  const before = decodeCursor(page.cursor, [CURSOR_NUMBER])
  if (before !== null) query = query.where('idx', '<', Number(before[0]))
  if (filter.action !== undefined) query = query.where('action', '=', filter.action)
  if (filter.actor !== undefined) query = query.where('actor_id', '=', filter.actor)
  if (filter.resource !== undefined) query = query.where('resource_id', '=', filter.resource)
  if (filter.outcome !== undefined) query = query.where('outcome', '=', filter.outcome)
  const rows = await query.execute()
  const data = rows.slice(0, page.limit)
  const last = data.at(-1)
  return {
    data: data.map(viewOf),
    next_cursor: rows.length > page.limit && last !== undefined ? encodeCursor([String(last.idx)]) : null,
  }
}

/**
 * One entry by its place in the workspace's log.
 *
 * @throws {ProblemError} not_found where the workspace's log is shorter
 */
export async function getAuditEntry(
  database: Database,
  workspaceId: string,
  index: number,
): Promise<AuditEntryView> {
  const row = await database.read
    .selectFrom('audit_entries')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('idx', '=', index)
    .executeTakeFirst()
  if (row === undefined)
    throw new ProblemError('not_found', `The log of this workspace has no entry ${String(index)}.`)
  return viewOf(row)
}

function viewOf(row: AuditEntryRow): AuditEntryView {
  return {
    index: row.idx,
    at: new Date(row.at_ms).toISOString(),
    actor: { type: row.actor_type, id: row.actor_id, address: row.address, user_agent: row.user_agent },
    action: row.action,
    operation: row.operation,
    resource: { type: row.resource_type, id: row.resource_id },
    outcome: row.outcome,
    reason: row.reason,
    request_id: row.request_id,
    details: JSON.parse(row.details) as unknown,
  }
}
