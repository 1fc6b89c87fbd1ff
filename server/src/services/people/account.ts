import type { OwnSessionView } from '@bitting/client'
import { ProblemError } from '@bitting/core'
import type { SessionRow } from '../../storage/people-schema.js'
import { formatTime } from '../keys/record.js'
import {
  afterChange,
  changeAccount,
  changeCredentials,
  requireCredentialChange,
  requireLive,
  requireShownFactor,
} from './account-change.js'
import type { PeopleContext } from './context.js'
import { membershipsOf } from './members.js'
import { checkPassword, hashPassword } from './password.js'
import { readSignInPolicy } from './policy.js'
import { isOpen, sessionExpiry, type LiveSession } from './sessions.js'

/**
 * Gives a person another name.
 *
 * @throws {ProblemError} insufficient_scope
 */
export async function renameAccount(
  context: PeopleContext,
  live: LiveSession,
  name: string,
): Promise<LiveSession> {
  await changeAccount(context, live, async (tx, { id }) => {
    await tx.updateTable('users').set({ name }).where('id', '=', id).execute()
    return {
      result: null,
      audit: {
        action: 'account.update',
        resource: { type: 'user', id },
        details: {},
        personal: { metadata: { name } },
      },
    }
  })
  return afterChange(context, live)
}

/**
 * Sets a person's password, and ends all sessions but the one it is done in: whoever knew the old one is out.
 *
 * @throws {ProblemError} insufficient_scope, step_up_required, invalid_body for a weak password, too_busy
 */
export async function setPassword(
  context: PeopleContext,
  live: LiveSession,
  password: string,
): Promise<LiveSession> {
  await requireCredentialChange(context, live)
  checkPassword(password, live.user)
  const passwordHash = await hashPassword(password)
  await changeCredentials(context, live, async (tx, { id }) => {
    await tx.updateTable('users').set({ password_hash: passwordHash }).where('id', '=', id).execute()
    const ended = await tx
      .deleteFrom('sessions')
      .where('user_id', '=', id)
      .where('token_hash', '!=', live.row.token_hash)
      // A provider's sessions are its workspace's: whoever set this password need not be whom it vouched for.
      .where('confined', '=', 0)
      .returning('id')
      .execute()
    return {
      result: null,
      audit: {
        action: 'account.password',
        resource: { type: 'user', id },
        details: { sessions_ended: ended.length },
      },
    }
  })
  return afterChange(context, live)
}

/**
 * The sessions in which a person is signed in at this moment, the one last used first.
 *
 * @throws {ProblemError} insufficient_scope
 */
export async function listOwnSessions(context: PeopleContext, live: LiveSession): Promise<OwnSessionView[]> {
  await requireShownFactor(context, live)
  const { read } = context.database
  const [rows, memberships] = await Promise.all([
    read
      .selectFrom('sessions')
      .selectAll()
      .where('user_id', '=', live.user.id)
      .where('confined', '=', 0)
      .orderBy('last_seen_at', 'desc')
      .orderBy('id')
      .execute(),
    membershipsOf(read, live.user.id),
  ])
  const policies = new Map(
    await Promise.all(
      memberships.map(
        async ({ workspaceId }) => [workspaceId, await readSignInPolicy(read, workspaceId)] as const,
      ),
    ),
  )
  const now = context.now()
  return rows.flatMap((row) => {
    const policy = policies.get(row.workspace_id)
    if (policy === undefined || !isOpen(row, policy, now)) return []
    return [viewOwnSession(row, sessionExpiry(row, policy), row.id === live.row.id)]
  })
}

/**
 * Ends one of a person's sessions. Taking power away asks for no recent proof.
 *
 * @throws {ProblemError} insufficient_scope, not_found for whatever is no session of theirs
 */
export async function endOwnSession(context: PeopleContext, live: LiveSession, id: string): Promise<void> {
  const { actor } = live
  await context.mutate({ actor, operation: null }, async (tx) => {
    await requireShownFactor(context, live)
    await requireLive(tx, live)
    const ended = await tx
      .deleteFrom('sessions')
      .where('id', '=', id)
      .where('user_id', '=', actor.id)
      .where('confined', '=', 0)
      .returning('workspace_id')
      .executeTakeFirst()
    if (ended === undefined) throw new ProblemError('not_found', 'You have no session with this id.')
    return {
      result: null,
      audit: { action: 'session.end', resource: { type: 'session', id }, details: {} },
      changed: [],
      alsoIn: ended.workspace_id === actor.workspaceId ? [] : [ended.workspace_id],
    }
  })
}

function viewOwnSession(row: SessionRow, expiresAt: number, current: boolean): OwnSessionView {
  return {
    id: row.id,
    current,
    workspace_id: row.workspace_id,
    method: row.method,
    address: row.address,
    user_agent: row.user_agent,
    created_at: formatTime(row.created_at),
    last_seen_at: formatTime(row.last_seen_at),
    expires_at: formatTime(expiresAt),
  }
}
