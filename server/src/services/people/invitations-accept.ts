import type { OfferedInvitationView } from '@bitting/client'
import { ProblemError, roleAccess } from '@bitting/core'
import type { Transaction } from 'kysely'
import { anonymousOf, type Origin } from '../../audit/actor.js'
import type { AuditEvent } from '../../audit/append.js'
import type { Reader } from '../../storage/database.js'
import type { InvitationRow, SignInMethod, UserRow } from '../../storage/people-schema.js'
import type { Schema } from '../../storage/schema.js'
import { findWorkspace } from '../find-workspace.js'
import { formatTime } from '../keys/record.js'
import type { Mutation } from '../mutate.js'
import { textHash } from '../text-hash.js'
import { beginAttempt } from './attempts.js'
import { beginCeremony } from './ceremonies.js'
import type { PeopleContext } from './context.js'
import { invitationState } from './invitations.js'
import { membershipsOf } from './members.js'
import { checkPassword, hashPassword, verifyPassword } from './password.js'
import { lets, policyAllows, readSignInPolicy } from './policy.js'
import { failed, recordFailure, type SignIn } from './sign-in.js'
import { startSession, switchWorkspace, type LiveSession, type NewSession } from './sessions.js'
import { beginAccount, isUnclaimed } from './unclaimed-account.js'
import { findUserByEmail } from './users.js'

/** Who accepts: whoever holds the link, and for a new account what it begins with. */
export interface AcceptInvitationInput {
  readonly code: string
  readonly name: string | null
  readonly password: string | null
}

/**
 * An invitation as whoever holds its link sees it.
 *
 * @throws {ProblemError} sign_in_failed where it is unknown, accepted, revoked or expired, all alike
 */
export async function offeredInvitation(
  context: PeopleContext,
  code: string,
): Promise<OfferedInvitationView> {
  const { read } = context.database
  const row = await openInvitation(read, context, code)
  const { name } = await findWorkspace(read, row.workspace_id)
  const user = await findUserByEmail(read, row.email)
  return {
    workspace_name: name,
    email: row.email,
    role: row.role,
    expires_at: formatTime(row.expires_at),
    has_account: user !== undefined && !(await isUnclaimed(read, user)),
  }
}

/**
 * Accepts an invitation: makes its holder a member and signs them in there. An address without an account gets one, which
 * is one transaction with the membership, and so does one whose account a provider made and nobody can sign in to. Any
 * other account must be signed in to, because the link proves less. Whose password opens no workspace any more cannot be
 * signed in, so the password itself does.
 *
 * @param live the session of the browser that asks, null without one
 * @throws {ProblemError} sign_in_failed for an invitation that is not open, sign_in_first, state_conflict for somebody who is
 * a member already, invalid_body, insufficient_scope where the workspace does not let people in this way, too_many_attempts
 */
export async function acceptInvitation(
  context: PeopleContext,
  input: AcceptInvitationInput,
  live: LiveSession | null,
  origin: Origin,
): Promise<SignIn> {
  const { read } = context.database
  const { code, password } = input
  const invitation = await openInvitation(read, context, code)
  const user = await findUserByEmail(read, invitation.email)
  if (user === undefined || (await isUnclaimed(read, user))) {
    return signedIn(await joinAsNew(context, input, invitation, origin))
  }
  if (password !== null && !(await passwordOpens(read, user.id))) {
    return joinAgain(context, { code, password }, invitation, user, origin)
  }
  return signedIn(await joinAsKnown(context, code, invitation, requireOwnSession(user, live)))
}

function signedIn(session: NewSession): SignIn {
  return { status: 'signed_in', session }
}

/** Says whether a person is in a workspace that lets them in by their password. */
async function passwordOpens(reader: Reader, userId: string): Promise<boolean> {
  for (const it of await membershipsOf(reader, userId)) {
    if (lets(await readSignInPolicy(reader, it.workspaceId), it, 'password')) return true
  }
  return false
}

/** Somebody whose password opens no workspace yet. A second factor is asked for after, as at every sign-in. */
async function joinAgain(
  context: PeopleContext,
  { code, password }: { readonly code: string; readonly password: string },
  { workspace_id: workspaceId }: InvitationRow,
  user: UserRow,
  origin: Origin,
): Promise<SignIn> {
  const attempt = await beginAttempt(context, user.email, origin.address)
  if (!(await attempt.lookedAt(() => verifyPassword(user.password_hash, password)))) {
    await recordFailure(context, user, 'password_wrong', origin)
    throw failed('The password of the account with this address is not right.')
  }
  const needsCode = user.sealed_totp !== null
  // As at every sign-in: the password alone gives no fresh count for guessing codes.
  await (needsCode ? attempt.release() : attempt.succeed())
  await requireWayIn(context, workspaceId, 'password')
  const actor = anonymousOf(workspaceId, origin)
  await context.mutate({ actor, operation: null }, async (tx) =>
    join(tx, context, await openInvitation(tx, context, code), user.id),
  )
  const { id: userId, password_hash: passwordHash } = user
  if (needsCode) {
    const ceremony = await beginCeremony(context, 'second_factor', { userId, passwordHash })
    return { status: 'second_factor', ceremony }
  }
  const request = {
    userId,
    method: 'password',
    secondFactor: false,
    workspaceId,
    passwordHash,
    origin,
  } as const
  return signedIn(await startSession(context, request))
}

async function joinAsNew(
  context: PeopleContext,
  { code, name, password }: AcceptInvitationInput,
  { workspace_id: workspaceId, email }: InvitationRow,
  origin: Origin,
): Promise<NewSession> {
  if (name === null || password === null) throw needsAccount(name === null ? 'name' : 'password')
  await requireWayIn(context, workspaceId, 'invitation')
  checkPassword(password, { email, name })
  const passwordHash = await hashPassword(password)
  const actor = anonymousOf(workspaceId, origin)
  const { result: userId } = await context.mutate({ actor, operation: null }, async (tx) => {
    const row = await openInvitation(tx, context, code)
    const { id, told } = await beginAccount(tx, context, { email, name, passwordHash })
    return join(tx, context, row, id, told)
  })
  return startSession(context, { userId, method: 'invitation', secondFactor: false, workspaceId, origin })
}

/** The session moves and proves no more than before: an invitation from anybody must not renew a sign-in. */
async function joinAsKnown(
  context: PeopleContext,
  code: string,
  { workspace_id: workspaceId, role }: InvitationRow,
  live: LiveSession,
): Promise<NewSession> {
  await requireWayIn(context, workspaceId, live.row.method)
  const actor = { ...live.actor, workspaceId, role, access: roleAccess(role, context.catalogs.api) }
  await context.mutate({ actor, operation: null }, async (tx) => {
    const row = await openInvitation(tx, context, code)
    return join(tx, context, row, live.user.id)
  })
  return switchWorkspace(context, live, workspaceId)
}

/** Makes a person a member and the invitation accepted. Whoever was removed comes back in the same row. */
async function join(
  tx: Transaction<Schema>,
  context: PeopleContext,
  { id: invitationId, workspace_id: workspaceId, role, email, created_by: invitedBy }: InvitationRow,
  userId: string,
  toldBefore: readonly AuditEvent[] = [],
): Promise<Mutation<string>> {
  const now = context.now()
  const joined = {
    role,
    sso_only: 0 as const,
    created_at: now,
    created_by: invitedBy,
    removed_at: null,
    removed_by: null,
  }
  const member = await tx
    .insertInto('members')
    .values({ workspace_id: workspaceId, user_id: userId, version: 1, last_seen_at: null, ...joined })
    .onConflict((conflict) =>
      conflict
        .columns(['workspace_id', 'user_id'])
        .doUpdateSet((row) => ({ ...joined, version: row('members.version', '+', 1) }))
        .where('members.removed_at', 'is not', null),
    )
    .returning('user_id')
    .executeTakeFirst()
  if (member === undefined) {
    throw new ProblemError('state_conflict', 'You are a member of this workspace already. Go there instead.')
  }
  await tx
    .updateTable('invitations')
    .set({ accepted_at: now, accepted_by: userId })
    .where('id', '=', invitationId)
    .execute()
  return {
    result: userId,
    audit: [
      ...toldBefore,
      {
        action: 'member.join',
        resource: { type: 'user', id: userId },
        details: { role, invitation: invitationId, invited_by: invitedBy },
        personal: { metadata: { email } },
      },
    ],
    changed: [],
  }
}

/** Asked again in the transaction of the acceptance, which holds the workspace's lock: so a link is good once. */
async function openInvitation(
  reader: Reader,
  context: Pick<PeopleContext, 'now'>,
  code: string,
): Promise<InvitationRow> {
  const row = await reader
    .selectFrom('invitations')
    .selectAll()
    .where('code_hash', '=', textHash(code))
    .executeTakeFirst()
  if (row !== undefined && invitationState(row, context.now()) === 'open') return row
  throw new ProblemError(
    'sign_in_failed',
    'This invitation was accepted, revoked or replaced, or is older than a week. Ask for a new one.',
  )
}

/** What a single sign-on proves holds in its own workspace alone, so such a session accepts nothing for another. */
function requireOwnSession(user: UserRow, live: LiveSession | null): LiveSession {
  if (live !== null && live.user.id === user.id && live.row.confined === 0) return live
  throw new ProblemError(
    'sign_in_first',
    'There is an account with this address. Sign in to it with its password or passkey, then open the link again.',
  )
}

/** Asked before anything is done, so that nobody joins a workspace and then stands before its door. */
async function requireWayIn(
  context: PeopleContext,
  workspaceId: string,
  method: SignInMethod,
): Promise<void> {
  const policy = await readSignInPolicy(context.database.read, workspaceId)
  if (policyAllows(policy, method)) return
  throw new ProblemError(
    'insufficient_scope',
    'This workspace does not let people in this way. Use its single sign-on, or another way that it allows.',
  )
}

function needsAccount(field: 'name' | 'password'): ProblemError {
  return new ProblemError(
    'invalid_body',
    'There is no account with this address yet. Choose a name and a password for it.',
    { errors: [{ field, message: 'is needed for a new account' }] },
  )
}
