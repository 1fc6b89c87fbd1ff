import { ProblemError } from '@bitting/core'
import type { Transaction } from 'kysely'
import type { Actor } from '../../audit/actor.js'
import type { Schema } from '../../storage/schema.js'
import { policyAllows, type Provider, type SignInPolicy } from './policy.js'

/** Says whether it is the same client of the same provider. */
export function isSameProvider(
  left: Pick<Provider, 'issuer' | 'clientId'> | null,
  right: Pick<Provider, 'issuer' | 'clientId'> | null,
): boolean {
  return left?.issuer === right?.issuer && left?.clientId === right?.clientId
}

/**
 * Refuses a policy that lets nobody in, or not whoever sets it: one would have locked oneself out with the door's key inside.
 *
 * @throws {ProblemError} state_conflict
 */
export async function checkWayIn(
  tx: Transaction<Schema>,
  actor: Actor,
  before: SignInPolicy,
  after: SignInPolicy,
): Promise<void> {
  if (!after.password && !after.passkey && after.provider === null) {
    throw refused('That would leave no way to sign in. Keep the password, passkeys or a single sign-on.')
  }
  if (actor.type !== 'member') return
  const session = await tx
    .selectFrom('sessions')
    .select(['method', 'second_factor'])
    .where('id', '=', actor.sessionId)
    .executeTakeFirst()
  if (session === undefined) throw new ProblemError('session_ended', 'The session has ended. Sign in again.')
  const { method } = session
  const isMoved = method === 'sso' && !isSameProvider(before.provider, after.provider)
  if (isMoved || !policyAllows(after, method)) {
    throw refused(
      `You are signed in by ${WAYS[method]}, which this would end. Sign in another way that stays, then repeat it.`,
    )
  }
  if (after.requireSecondFactor && session.second_factor === 0 && method !== 'sso') {
    throw refused(
      'You are signed in without a second factor. Add a code generator or a passkey under your account, sign in with it, then repeat this.',
    )
  }
}

const WAYS = {
  password: 'password',
  setup: 'password',
  invitation: 'password',
  passkey: 'passkey',
  sso: 'this single sign-on',
} as const

function refused(detail: string): ProblemError {
  return new ProblemError('state_conflict', detail)
}
