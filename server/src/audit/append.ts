import type { AuditAction } from '@bitting/core'
import type { Transaction } from 'kysely'
import { insertAuditRows } from '../storage/audit-rows.js'
import type { Schema } from '../storage/schema.js'
import type { Actor } from './actor.js'
import type { LogKeys } from './log-key.js'
import { entryTexts, leafText, type EntryDraft, type EntryTexts, type PersonalData } from './entry.js'

/** What was acted on. */
export interface AuditResource {
  readonly type:
    | 'workspace'
    | 'key'
    | 'operation'
    | 'audit'
    | 'application'
    | 'webhook_endpoint'
    | 'webhook_relay'
    | 'event'
    | 'user'
    | 'session'
    | 'invitation'
  readonly id: string | null
}

/** What happened, as the act itself tells it. The actor, the time and the place in the log are added when it is written. */
export interface AuditEvent {
  readonly action: AuditAction
  readonly resource: AuditResource
  /** Narrow facts of the change, before and after. Built field by field, so that no token can slip in. */
  readonly details: Readonly<Record<string, unknown>>
  /** What of it is about people, beside the caller's address and user agent. */
  readonly personal?: PersonalData
  /** Why the act failed, where the entry tells of a failure; null and absent for a success. */
  readonly failure?: string | null
  /** Whom an application names as the actor, in place of the key that it used. */
  readonly actorType?: 'user'
}

/** The draft of an entry about an actor's act. */
export function draftOf(
  actor: Actor,
  operation: string | null,
  event: AuditEvent,
  atMilliseconds: number,
): EntryDraft {
  const { address, userAgent, requestId } = actor.origin
  return {
    workspaceId: actor.workspaceId,
    atMilliseconds,
    actor:
      event.actorType === undefined
        ? { type: actor.type, id: actor.id }
        : { type: event.actorType, id: null },
    action: event.action,
    operation,
    resource: event.resource,
    failure: event.failure ?? null,
    requestId,
    details: event.details,
    personal: { address, user_agent: userAgent, ...event.personal },
  }
}

/** Appends an entry to the workspace's log, in the transaction of the act it tells of. Returns its index. */
export async function appendAudit(
  tx: Transaction<Schema>,
  keys: LogKeys,
  draft: EntryDraft,
): Promise<number> {
  const [index = 0] = await appendTexts(tx, keys, [entryTexts(draft)])
  return index
}

/**
 * Appends entries in their order, each to the log of its workspace, and returns their indexes; -1 for those of a
 * workspace that does not exist. Workspaces are locked in the order of their ids, so that two who append never wait
 * for each other.
 */
export async function appendTexts(
  tx: Transaction<Schema>,
  keys: LogKeys,
  entries: readonly EntryTexts[],
): Promise<readonly number[]> {
  const counts = new Map<string, number>()
  for (const { workspaceId } of entries) counts.set(workspaceId, (counts.get(workspaceId) ?? 0) + 1)
  const nextOf = new Map<string, number>()
  for (const [workspaceId, count] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const row = await tx
      .updateTable('workspaces')
      .set((column) => ({ audit_size: column('audit_size', '+', count) }))
      .where('id', '=', workspaceId)
      .returning('audit_size')
      .executeTakeFirst()
    if (row !== undefined) nextOf.set(workspaceId, row.audit_size - count)
  }
  const indexes = entries.map(({ workspaceId }) => {
    const next = nextOf.get(workspaceId)
    if (next === undefined) return -1
    nextOf.set(workspaceId, next + 1)
    return next
  })
  const rows = entries.flatMap(({ workspaceId, body, personal, search }, at) => {
    const index = indexes[at] ?? -1
    if (index < 0) return []
    const leaf = leafText(index, body)
    return [{ workspaceId, index, leaf, mac: keys.signer(workspaceId).mac(leaf), personal, search }]
  })
  if (rows.length > 0) await insertAuditRows(tx, rows)
  return indexes
}
