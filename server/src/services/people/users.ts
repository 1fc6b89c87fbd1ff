import { ProblemError, randomBase62 } from '@bitting/core'
import type { Transaction } from 'kysely'
import type { Reader } from '../../storage/database.js'
import type { UserRow } from '../../storage/people-schema.js'
import type { Schema } from '../../storage/schema.js'
import type { PeopleContext } from './context.js'

const USER_ID_LENGTH = 16

/** Neither spaces nor marks, nor characters that are not seen. */
const EMAIL = /^[^\s@"<>()[\]\\,;:\p{C}]{1,64}@[^\s@"<>()[\]\\,;:\p{C}.]+(?:\.[^\s@"<>()[\]\\,;:\p{C}.]+)*$/u

/** Says whether a text has the form of an e-mail address that Bitting takes. */
export function isEmail(text: string): boolean {
  return EMAIL.test(text)
}

/** An e-mail address as it is kept and compared: without spaces around it, in lower case. */
export function normaliseEmail(email: string): string {
  return email.trim().normalize('NFC').toLowerCase()
}

/** The person with an address; undefined where there is none. */
export async function findUserByEmail(reader: Reader, email: string): Promise<UserRow | undefined> {
  return reader.selectFrom('users').selectAll().where('email', '=', normaliseEmail(email)).executeTakeFirst()
}

/**
 * The person with an id.
 *
 * @throws {ProblemError} session_ended for somebody who is not there any more
 */
export async function getUser(reader: Reader, id: string): Promise<UserRow> {
  const row = await reader.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined) throw new ProblemError('session_ended', 'There is no such account any more.')
  return row
}

/** What a new account begins with. */
export interface NewUser {
  readonly email: string
  readonly name: string
  /** Null for people who come by other ways. */
  readonly passwordHash: string | null
}

/**
 * Makes an account, in the transaction of the act that asks for one.
 *
 * @throws {ProblemError} sign_in_first where the address has one already
 */
export async function insertUser(
  tx: Transaction<Schema>,
  context: PeopleContext,
  { email, name, passwordHash }: NewUser,
): Promise<string> {
  const id = `usr_${randomBase62(USER_ID_LENGTH, context.randomBytes)}`
  const now = context.now()
  const made = await tx
    .insertInto('users')
    .values({
      id,
      email: normaliseEmail(email),
      name,
      password_hash: passwordHash,
      sealed_totp: null,
      totp_step: null,
      recovery_hashes: '[]',
      created_at: now,
      updated_at: now,
    })
    .onConflict((conflict) => conflict.column('email').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (made === undefined) {
    throw new ProblemError(
      'sign_in_first',
      'There is an account with this address. Sign in to it, then repeat this.',
    )
  }
  return id
}
