import { ProblemError } from '@bitting/core'
import type { Transaction } from 'kysely'
import type { Actor } from '../../audit/actor.js'
import type { Schema } from '../../storage/schema.js'
import { lets, policyAllows, type Provider, type SignInPolicy } from './policy.js'

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

/**
 * Refuses a policy under which no owner could sign in: whoever else sets it would keep the workspace for themselves. An
 * owner keeps a way in by a password or a passkey that they have, or as somebody whom the provider has brought in before.
 * Where there is no owner, nobody is shut out.
 *
 * @throws {ProblemError} state_conflict
 */
export async function checkOwnersWayIn(
  tx: Transaction<Schema>,
  workspaceId: string,
  after: SignInPolicy,
): Promise<void> {
  const owners = await tx
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select(['users.id', 'users.password_hash', 'members.sso_only'])
    .where('members.workspace_id', '=', workspaceId)
    .where('members.role', '=', 'owner')
    .where('members.removed_at', 'is', null)
    .execute()
  const ids = owners.map(({ id }) => id)
  if (ids.length === 0) return
  const passkeys = await tx.selectFrom('passkeys').select('user_id').where('user_id', 'in', ids).execute()
  const identities = await tx
    .selectFrom('identities')
    .select(['user_id', 'issuer'])
    .where('workspace_id', '=', workspaceId)
    .where('user_id', 'in', ids)
    .execute()
  const withPasskey = new Set(passkeys.map((it) => it.user_id))
  const known = new Set(
    identities.filter((it) => isSameAddress(it.issuer, after.provider?.issuer)).map((it) => it.user_id),
  )
  const keepsWayIn = owners.some((owner) => {
    const member = { ssoOnly: owner.sso_only === 1 }
    return (
      (owner.password_hash !== null && lets(after, member, 'password')) ||
      (withPasskey.has(owner.id) && lets(after, member, 'passkey')) ||
      known.has(owner.id)
    )
  })
  if (keepsWayIn) return
  throw refused(
    'No owner of this workspace could sign in any more. Keep a way that one of them has: a password, a passkey, or the single sign-on that they have come in by.',
  )
}

/** An identity has its issuer as the provider writes it, a policy as somebody typed it: with a slash at the end or not. */
function isSameAddress(kept: string, named: string | undefined): boolean {
  return named !== undefined && new URL(kept).href === new URL(named).href
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
