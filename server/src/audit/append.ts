import type { Transaction } from 'kysely'
import type { Actor } from './actor.js'
import type { Schema } from '../storage/schema.js'

/** Every act that the log knows. An entry cannot be written with a name that is not here. */
export const AUDIT_ACTIONS = [
  'workspace.create',
  'workspace.update',
  'catalog.overlay',
  'key.create',
  'key.update',
  'key.rotate',
  'key.suspend',
  'key.resume',
  'key.revoke',
  'key.delete',
  'access.denied',
] as const

/** The name of an act. */
export type AuditAction = (typeof AUDIT_ACTIONS)[number]

/** What was acted on. */
export interface AuditResource {
  readonly type: 'workspace' | 'key' | 'operation'
  readonly id: string | null
}

/** What happened, as the act itself tells it. The actor, the time and the place in the log are added when it is written. */
export interface AuditEvent {
  readonly action: AuditAction
  readonly resource: AuditResource
  /** Narrow facts of the change, before and after. Built field by field, so that no token can slip in. */
  readonly details: Readonly<Record<string, unknown>>
}

/** How an act ended. */
export type AuditOutcome =
  { readonly outcome: 'success' } | { readonly outcome: 'failure'; readonly reason: string }

/** Appends an entry to the workspace's log, in the transaction of the act it tells of. Returns its index. */
export async function appendAudit(
  tx: Transaction<Schema>,
  actor: Actor,
  operation: string | null,
  event: AuditEvent,
  outcome: AuditOutcome,
  atMilliseconds: number,
): Promise<number> {
  const { audit_size: size } = await tx
    .updateTable('workspaces')
    .set((column) => ({ audit_size: column('audit_size', '+', 1) }))
    .where('id', '=', actor.workspaceId)
    .returning('audit_size')
    .executeTakeFirstOrThrow()
  await tx
    .insertInto('audit_entries')
    .values({
      workspace_id: actor.workspaceId,
      idx: size - 1,
      at_ms: atMilliseconds,
      actor_type: actor.type,
      actor_id: actor.id,
      address: actor.origin.address,
      user_agent: actor.origin.userAgent,
      action: event.action,
      operation,
      resource_type: event.resource.type,
      resource_id: event.resource.id,
      outcome: outcome.outcome,
      reason: outcome.outcome === 'failure' ? outcome.reason : null,
      request_id: actor.origin.requestId,
      details: JSON.stringify(event.details),
    })
    .execute()
  return size - 1
}
