import { ProblemError } from '@bitting/core'
import { anonymousOf, type Origin } from '../../audit/actor.js'
import type { UserRow } from '../../storage/people-schema.js'
import { requireOwnProof } from './account-change.js'
import { beginAttempt, beginStepUpAttempt, type Attempt } from './attempts.js'
import { beginCeremony, endCeremony, readCeremony } from './ceremonies.js'
import type { PeopleContext } from './context.js'
import { membershipsOf } from './members.js'
import { verifyPassword } from './password.js'
import { takeSecondFactor, type SecondFactor } from './second-factor.js'
import { renewProof, startSession, type LiveSession, type NewSession } from './sessions.js'
import { findUserByEmail, getUser, normaliseEmail } from './users.js'

/** What came of a first proof: a session, or the token of a ceremony that waits for the second. */
export type SignIn =
  | { readonly status: 'signed_in'; readonly session: NewSession }
  | { readonly status: 'second_factor'; readonly ceremony: string }

interface HalfSignedIn {
  readonly userId: string
  /** The password that was right: once it is changed, whoever knew it must begin again. */
  readonly passwordHash: string | null
}

/**
 * Signs in with a password. An unknown address and a wrong password take as long and are answered alike.
 *
 * @throws {ProblemError} sign_in_failed, too_many_attempts, too_busy, insufficient_scope
 */
export async function signInWithPassword(
  context: PeopleContext,
  { email, password }: { readonly email: string; readonly password: string },
  origin: Origin,
): Promise<SignIn> {
  const address = normaliseEmail(email)
  const attempt = await beginAttempt(context, address, origin.address)
  const user = await findUserByEmail(context.database.read, address)
  const isRight = await attempt.lookedAt(() => verifyPassword(user?.password_hash ?? null, password))
  if (user === undefined || !isRight) {
    await (user === undefined
      ? recordNothing(context)
      : recordFailure(context, user, 'password_wrong', origin))
    throw failed('The e-mail address or the password is not right.')
  }
  if (user.sealed_totp !== null) {
    // No success yet: whoever has the password alone must not get a fresh count for guessing codes. Where they came from
    // has guessed nothing wrong.
    await attempt.release()
    const half: HalfSignedIn = { userId: user.id, passwordHash: user.password_hash }
    const ceremony = await beginCeremony(context, 'second_factor', { ...half })
    return { status: 'second_factor', ceremony }
  }
  return finish(context, attempt, user, null, origin)
}

/**
 * The second step of a sign-in with a password: a code of the generator, or a recovery code.
 *
 * @throws {ProblemError} session_ended where the first step is missing or too long ago, sign_in_failed, too_many_attempts
 */
export async function signInWithCode(
  context: PeopleContext,
  ceremony: string | null,
  code: string,
  origin: Origin,
): Promise<SignIn> {
  const half = await readCeremony<HalfSignedIn>(context, 'second_factor', ceremony)
  if (half === null || ceremony === null) {
    throw new ProblemError('session_ended', 'The sign-in took too long. Begin again with the password.')
  }
  const user = await getUser(context.database.read, half.userId)
  if (user.password_hash !== half.passwordHash) {
    throw new ProblemError('session_ended', 'The password was changed meanwhile. Begin again with it.')
  }
  const attempt = await beginAttempt(context, user.email, origin.address)
  const factor = await takeSecondFactor(context, user, code)
  if (factor === null) {
    await recordFailure(context, user, 'code_wrong', origin)
    throw failed('The code is not right. Take the newest one, or a recovery code.')
  }
  if (!(await endCeremony(context, ceremony))) {
    throw new ProblemError('session_ended', 'This sign-in was finished already. Begin again.')
  }
  return finish(context, attempt, user, factor, origin)
}

/**
 * Proves once more who the person of a session is, by password and, where there is a generator, its code.
 *
 * @throws {ProblemError} sign_in_failed, too_many_attempts, insufficient_scope
 */
export async function stepUp(
  context: PeopleContext,
  live: LiveSession,
  { password, code }: { readonly password: string; readonly code: string | null },
): Promise<LiveSession> {
  const { user, actor } = live
  const { origin } = actor
  requireOwnProof(live)
  // By the session and not by the account: a stranger who guesses at the account must not hold up who is in.
  const attempt = await beginStepUpAttempt(context, live.row.id)
  const isRight = await attempt.lookedAt(() => verifyPassword(user.password_hash, password))
  const needsCode = user.sealed_totp !== null
  // A code is taken only beside the right password, so that guessing passwords spends none.
  const factor = needsCode && isRight ? await takeSecondFactor(context, user, code ?? '') : null
  if (!isRight || (needsCode && factor === null)) {
    await recordFailure(context, user, isRight ? 'code_wrong' : 'password_wrong', origin)
    throw failed(needsCode ? 'The password or the code is not right.' : 'The password is not right.')
  }
  await attempt.succeed()
  return renewProof(context, live, { method: 'password', ...shown(factor) })
}

/**
 * Has the logs of every workspace that somebody's own proofs open tell that one of them was wrong. Where a provider alone
 * lets them in, it is nobody's business.
 */
export async function recordFailure(
  context: PeopleContext,
  user: Pick<UserRow, 'id'>,
  reason: string,
  origin: Origin,
): Promise<void> {
  const memberships = (await membershipsOf(context.database.read, user.id)).filter((it) => !it.ssoOnly)
  const [first, ...others] = memberships.sort((left, right) =>
    left.workspaceId < right.workspaceId ? -1 : 1,
  )
  if (first === undefined) return recordNothing(context)
  const actor = anonymousOf(first.workspaceId, origin)
  await context.mutate({ actor, operation: null }, () =>
    Promise.resolve({
      result: null,
      audit: {
        action: 'session.fail',
        resource: { type: 'user', id: user.id },
        details: {},
        failure: reason,
      },
      changed: [],
      alsoIn: others.map(({ workspaceId }) => workspaceId),
    }),
  )
}

/** Takes about as long as recording a failure: what there is no account for must not be answered sooner. */
async function recordNothing({ records, now }: PeopleContext): Promise<void> {
  const seen = { subject_hash: 'nobody', attempts: 0, blocked_until: 0, updated_at: now() }
  await records.transact((tx) =>
    tx
      .insertInto('sign_in_attempts')
      .values(seen)
      .onConflict((conflict) => conflict.column('subject_hash').doUpdateSet(seen))
      .execute(),
  )
}

/** The one answer to every wrong proof. */
export function failed(detail: string): ProblemError {
  return new ProblemError('sign_in_failed', detail)
}

async function finish(
  context: PeopleContext,
  attempt: Attempt,
  user: UserRow,
  factor: SecondFactor | null,
  origin: Origin,
): Promise<SignIn> {
  await attempt.succeed()
  const session = await startSession(context, {
    userId: user.id,
    method: 'password',
    ...shown(factor),
    workspaceId: null,
    passwordHash: user.password_hash,
    origin,
  })
  return { status: 'signed_in', session }
}

function shown(factor: SecondFactor | null): { secondFactor: boolean; recoveryCode: boolean } {
  return { secondFactor: factor !== null, recoveryCode: factor === 'recovery_code' }
}
