import { accessAllows, ProblemError, roleAccess, type Catalog, type Operation } from '@bitting/core'
import type { Transaction } from 'kysely'
import type { Actor, KeyActor, MemberActor } from '../audit/actor.js'
import { accessOf } from '../storage/columns.js'
import type { Schema } from '../storage/schema.js'
import { stateOf } from './keys/record.js'

/**
 * Refuses an actor who lost, since they came to the door, what they came with: a body may be minutes on its way. Asked
 * in the transaction that holds the workspace's lock, so that whoever was removed, demoted, signed out or revoked before
 * it does nothing any more.
 *
 * @throws {ProblemError} session_ended, insufficient_scope
 */
export async function requireStanding(
  tx: Transaction<Schema>,
  actor: Actor,
  operation: Operation | undefined,
  api: Catalog,
  nowSeconds: number,
): Promise<void> {
  if (actor.type === 'key') await requireKey(tx, actor, operation, nowSeconds)
  if (actor.type === 'member') await requireMember(tx, actor, operation, api)
}

async function requireKey(
  tx: Transaction<Schema>,
  { workspaceId, id }: KeyActor,
  operation: Operation | undefined,
  nowSeconds: number,
): Promise<void> {
  const key = await tx
    .selectFrom('keys')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .executeTakeFirst()
  const isActive = key !== undefined && stateOf(key, nowSeconds) === 'active'
  if (isActive && accessAllows(accessOf(key.access), operation ?? null)) return
  throw new ProblemError('insufficient_scope', 'The key that asks for this may not do it any more.')
}

async function requireMember(
  tx: Transaction<Schema>,
  { workspaceId, id, sessionId }: MemberActor,
  operation: Operation | undefined,
  api: Catalog,
): Promise<void> {
  const session = await tx
    .selectFrom('sessions')
    .innerJoin('members', (join) =>
      join
        .onRef('members.user_id', '=', 'sessions.user_id')
        .onRef('members.workspace_id', '=', 'sessions.workspace_id'),
    )
    .select('members.role')
    .where('sessions.id', '=', sessionId)
    .where('sessions.user_id', '=', id)
    .where('sessions.workspace_id', '=', workspaceId)
    .where('members.removed_at', 'is', null)
    .executeTakeFirst()
  if (session === undefined) {
    throw new ProblemError('session_ended', 'The session ended before this was done. Sign in and repeat it.')
  }
  if (accessAllows(roleAccess(session.role, api), operation ?? null)) return
  throw new ProblemError('insufficient_scope', 'Your role does not allow this any more.')
}
