import { ProblemError } from '@bitting/core'
import type { Transaction } from 'kysely'
import type { AuditEvent } from '../../audit/append.js'
import type { Reader } from '../../storage/database.js'
import type { UserRow } from '../../storage/people-schema.js'
import type { Schema } from '../../storage/schema.js'
import { hasSecondFactor } from './account-change.js'
import type { PeopleContext } from './context.js'
import { membershipsOf } from './members.js'
import { findUserByEmail, insertUser, type NewUser } from './users.js'

/**
 * Says whether nobody can sign in to an account: a provider made it, and lets them in to its own workspace alone. So who
 * holds an invitation to its address may begin it, and still gets into nothing that it had.
 */
export async function isUnclaimed(reader: Reader, user: UserRow): Promise<boolean> {
  if (user.password_hash !== null || (await hasSecondFactor(reader, user))) return false
  return (await membershipsOf(reader, user.id)).every((it) => it.ssoOnly)
}

/** An account that can be signed in to from now on. */
export interface BegunAccount {
  readonly id: string
  /** What there is to tell of it beside the membership. */
  readonly told: readonly AuditEvent[]
}

/**
 * Makes an account, or begins one that a provider made: its name was the provider's word, which counts in its own
 * workspace alone.
 *
 * @throws {ProblemError} sign_in_first where somebody can sign in to it already
 */
export async function beginAccount(
  tx: Transaction<Schema>,
  context: PeopleContext,
  account: NewUser,
): Promise<BegunAccount> {
  const found = await findUserByEmail(tx, account.email)
  if (found === undefined) return { id: await insertUser(tx, context, account), told: [] }
  const { id } = found
  const begun = { name: account.name, password_hash: account.passwordHash, updated_at: context.now() }
  // Holds the account before it is looked at: of two with a link each, the later meets the password of the earlier.
  const held = await tx
    .updateTable('users')
    .set(begun)
    .where('id', '=', id)
    .where('password_hash', 'is', null)
    .returning('id')
    .executeTakeFirst()
  if (held === undefined || !(await isUnclaimed(tx, found))) {
    throw new ProblemError(
      'sign_in_first',
      'There is an account with this address by now. Sign in to it, then open the link again.',
    )
  }
  const resource = { type: 'user', id } as const
  return { id, told: [{ action: 'account.password', resource, details: { sessions_ended: 0 } }] }
}
