import { ProblemError } from '@bitting/core'
import type { Transaction } from 'kysely'
import type { AuditEvent } from '../../audit/append.js'
import type { Reader } from '../../storage/database.js'
import type { UserRow } from '../../storage/people-schema.js'
import type { Schema } from '../../storage/schema.js'
import type { PeopleContext } from './context.js'
import { membershipsOf } from './members.js'
import { readSignInPolicy } from './policy.js'
import { RECENT_SECONDS, requireRecent } from './recent.js'
import { needsSecondFactor, type LiveSession } from './sessions.js'
import { getUser } from './users.js'

/** What a change of an account came to, and the event that tells of it. */
export interface AccountChange<T> {
  readonly result: T
  readonly audit: AuditEvent
}

/** The work of a change, with the account as it is in the transaction, locked against other changes. */
export type AccountWork<T> = (tx: Transaction<Schema>, user: UserRow) => Promise<AccountChange<T>>

/**
 * Refuses sessions that speak for one workspace alone: its identity provider must not reach into what a person has
 * elsewhere.
 *
 * @throws {ProblemError} insufficient_scope
 */
export function requireOwnAccount(
  { row }: LiveSession,
  otherwise = 'Sign in with a password or passkey to change your account.',
): void {
  if (row.confined === 0) return
  throw new ProblemError(
    'insufficient_scope',
    `A session through single sign-on is for its workspace alone. ${otherwise}`,
  )
}

/**
 * Refuses to take the account's own proofs from sessions of a provider, which makes as many as it likes for any address:
 * whoever runs one would have as many guesses.
 *
 * @throws {ProblemError} insufficient_scope
 */
export function requireOwnProof(live: LiveSession): void {
  requireOwnAccount(live, 'Prove anew who you are through it, or sign in with a password or passkey.')
}

/**
 * Refuses who may not change what a person signs in with: the proof must be recent. Where a workspace of the person asks
 * for a second factor and they have one, it must have been shown, or a password alone could add another.
 *
 * @throws {ProblemError} insufficient_scope, step_up_required
 */
export async function requireCredentialChange(context: PeopleContext, live: LiveSession): Promise<void> {
  requireOwnAccount(live)
  requireRecent(context, live.actor)
  const { read } = context.database
  if (live.row.second_factor === 1 || !(await hasSecondFactor(read, live.user))) return
  const memberships = await membershipsOf(read, live.user.id)
  const policies = await Promise.all(memberships.map((it) => readSignInPolicy(read, it.workspaceId)))
  if (!policies.some((policy) => policy.requireSecondFactor)) return
  throw secondFactorWanted()
}

/**
 * Changes a person's account, and has the log of every workspace that they are in tell of it.
 *
 * @throws {ProblemError} insufficient_scope
 */
export async function changeAccount<T>(
  context: PeopleContext,
  live: LiveSession,
  work: AccountWork<T>,
): Promise<T> {
  return change(context, live, () => requireShownFactor(context, live), work)
}

/**
 * The same for what a person signs in with.
 *
 * @throws {ProblemError} insufficient_scope, step_up_required
 */
export async function changeCredentials<T>(
  context: PeopleContext,
  live: LiveSession,
  work: AccountWork<T>,
): Promise<T> {
  return change(context, live, () => requireCredentialChange(context, live), work)
}

async function change<T>(
  context: PeopleContext,
  live: LiveSession,
  check: (live: LiveSession) => void | Promise<void>,
  work: AccountWork<T>,
): Promise<T> {
  const { actor } = live
  const { result } = await context.mutate({ actor, operation: null }, async (tx) => {
    await check(live)
    const user = await tx
      .updateTable('users')
      .set({ updated_at: context.now() })
      .where('id', '=', actor.id)
      .returningAll()
      .executeTakeFirstOrThrow()
    // After the lock that a change of password holds: whoever it put out does nothing more, however slow they sent it.
    await requireLive(tx, live)
    const { result: outcome, audit } = await work(tx, user)
    const memberships = await membershipsOf(tx, user.id)
    // What a provider brought a person into is not the account's to write to.
    const alsoIn = memberships
      .filter((it) => !it.ssoOnly && it.workspaceId !== actor.workspaceId)
      .map((it) => it.workspaceId)
    return { result: outcome, audit, changed: [], alsoIn }
  })
  return result
}

/**
 * Refuses a session that has shown less than its workspace asks for, where the person has what it lacks: a password alone
 * must not reach into what they do with both.
 *
 * @throws {ProblemError} insufficient_scope, step_up_required
 */
export async function requireShownFactor(context: PeopleContext, live: LiveSession): Promise<void> {
  requireOwnAccount(live)
  if (needsSecondFactor(live) && (await hasSecondFactor(context.database.read, live.user))) {
    throw secondFactorWanted()
  }
}

/**
 * Refuses a session that was ended since the request came.
 *
 * @throws {ProblemError} session_ended
 */
export async function requireLive(tx: Transaction<Schema>, { row }: LiveSession): Promise<void> {
  const found = await tx
    .selectFrom('sessions')
    .select('id')
    .where('token_hash', '=', row.token_hash)
    .executeTakeFirst()
  if (found === undefined) {
    throw new ProblemError('session_ended', 'The session ended before this was done. Sign in and repeat it.')
  }
}

function secondFactorWanted(): ProblemError {
  return new ProblemError(
    'step_up_required',
    'A workspace of yours asks for a second factor. Prove who you are with the one that you have, then repeat this.',
    { members: { max_age_seconds: RECENT_SECONDS, second_factor: true } },
  )
}

/** Says whether a person has a code generator or a passkey. */
export async function hasSecondFactor(
  reader: Reader,
  { id, sealed_totp: totp }: Pick<UserRow, 'id' | 'sealed_totp'>,
): Promise<boolean> {
  if (totp !== null) return true
  const passkey = await reader
    .selectFrom('passkeys')
    .select('id')
    .where('user_id', '=', id)
    .executeTakeFirst()
  return passkey !== undefined
}

/** Writes down that the person of a session has shown a second factor in it. */
export async function markSecondFactor(tx: Transaction<Schema>, { row }: LiveSession): Promise<void> {
  await tx
    .updateTable('sessions')
    .set({ second_factor: 1 })
    .where('token_hash', '=', row.token_hash)
    .execute()
}

/** After a removal: whoever has no second factor left has none in any session, so that adding one for a moment is no way around. */
export async function forgetSecondFactor(tx: Transaction<Schema>, userId: string): Promise<void> {
  const user = await getUser(tx, userId)
  if (await hasSecondFactor(tx, user)) return
  await tx
    .updateTable('sessions')
    .set({ second_factor: 0 })
    .where('user_id', '=', userId)
    .where('confined', '=', 0)
    .execute()
}

/**
 * A session as it is after a change of its person.
 *
 * @throws {ProblemError} session_ended where it was ended meanwhile
 */
export async function afterChange(context: PeopleContext, live: LiveSession): Promise<LiveSession> {
  const { read } = context.database
  const user = await getUser(read, live.user.id)
  const row = await read
    .selectFrom('sessions')
    .selectAll()
    .where('token_hash', '=', live.row.token_hash)
    .executeTakeFirst()
  if (row === undefined) throw new ProblemError('session_ended', 'The session has ended. Sign in again.')
  return { ...live, user, row }
}
