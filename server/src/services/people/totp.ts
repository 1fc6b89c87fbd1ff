import { ProblemError } from '@bitting/core'
import {
  afterChange,
  changeCredentials,
  forgetSecondFactor,
  markSecondFactor,
  requireCredentialChange,
} from './account-change.js'
import { beginCeremony, endCeremony, readCeremony } from './ceremonies.js'
import type { PeopleContext } from './context.js'
import { recoveryHash, stepOf, totpOf, totpSealingContext } from './second-factor.js'
import type { LiveSession } from './sessions.js'
import { failed } from './sign-in.js'

/** The length that RFC 4226 Section 4 recommends, in bytes. */
const SECRET_BYTES = 20
const RECOVERY_CODES = 10
/** Characters of a recovery code, each one of 32: 80 bits, so that a plain hash of one cannot be guessed back. */
const RECOVERY_LENGTH = 16
const GROUP_LENGTH = 4
/** Digits and letters that are not taken for one another (those of Crockford's base 32). */
const RECOVERY_ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/** A generator that is shown and not confirmed yet. */
interface PendingTotp {
  readonly sessionId: string
  /** In base64. */
  readonly secret: string
}

/** What is typed or scanned into a generator, and the token that confirms it. */
export interface OfferedTotp {
  /** In base32 (RFC 4648 Section 6). */
  readonly secret: string
  /** `otpauth://totp/…`, for a QR code. */
  readonly uri: string
  readonly ceremony: string
}

/**
 * Begins to give a person a code generator. Nothing is changed before its first code proves that it works.
 *
 * @throws {ProblemError} insufficient_scope, step_up_required, state_conflict where there is one
 */
export async function beginTotp(context: PeopleContext, live: LiveSession): Promise<OfferedTotp> {
  await requireCredentialChange(context, live)
  if (live.user.sealed_totp !== null) throw hasOne()
  const secret = context.randomBytes(SECRET_BYTES)
  const totp = totpOf(secret, live.user.email)
  const pending: PendingTotp = {
    sessionId: live.row.id,
    secret: Buffer.from(secret).toString('base64'),
  }
  const ceremony = await beginCeremony(context, 'totp_add', { ...pending })
  return { secret: totp.secret.base32, uri: totp.toString(), ceremony }
}

/**
 * Gives a person the generator that was begun, with one of its codes as proof, and the recovery codes for its loss. The
 * session counts as one with a second factor from here on.
 *
 * @throws {ProblemError} insufficient_scope, step_up_required, sign_in_failed for a wrong code, state_conflict where
 * nothing was begun, or too long ago, or there is a generator already
 */
export async function confirmTotp(
  context: PeopleContext,
  live: LiveSession,
  ceremony: string | null,
  code: string,
): Promise<string[]> {
  await requireCredentialChange(context, live)
  const pending = await readCeremony<PendingTotp>(context, 'totp_add', ceremony)
  if (pending?.sessionId !== live.row.id || ceremony === null) throw tooLate()
  const secret = Buffer.from(pending.secret, 'base64')
  const { id: userId, email } = live.user
  const step = stepOf(totpOf(secret, email), code.replaceAll(/[\s-]/g, ''), context.now())
  if (step === null) throw failed('The code is not right. Take the newest one of the generator.')
  if (!(await endCeremony(context, ceremony))) throw tooLate()
  const sealed = context.sealer.seal(secret, totpSealingContext(userId))
  const codes = newRecoveryCodes(context)
  await changeCredentials(context, live, async (tx, user) => {
    if (user.sealed_totp !== null) throw hasOne()
    await tx
      .updateTable('users')
      .set({ sealed_totp: sealed, totp_step: step, recovery_hashes: hashesOf(userId, codes) })
      .where('id', '=', userId)
      .execute()
    await markSecondFactor(tx, live)
    return {
      result: null,
      audit: { action: 'account.totp_add', resource: { type: 'user', id: userId }, details: {} },
    }
  })
  return codes.map(grouped)
}

/**
 * Takes a person's generator and recovery codes away.
 *
 * @throws {ProblemError} insufficient_scope, step_up_required, state_conflict where there is none
 */
export async function removeTotp(context: PeopleContext, live: LiveSession): Promise<LiveSession> {
  await changeCredentials(context, live, async (tx, user) => {
    if (user.sealed_totp === null) throw hasNone()
    await tx
      .updateTable('users')
      .set({ sealed_totp: null, totp_step: null, recovery_hashes: '[]' })
      .where('id', '=', user.id)
      .execute()
    await forgetSecondFactor(tx, user.id)
    return {
      result: null,
      audit: { action: 'account.totp_remove', resource: { type: 'user', id: user.id }, details: {} },
    }
  })
  return afterChange(context, live)
}

/**
 * Gives a person new recovery codes in place of those that are left.
 *
 * @throws {ProblemError} insufficient_scope, step_up_required, state_conflict without a generator
 */
export async function renewRecoveryCodes(context: PeopleContext, live: LiveSession): Promise<string[]> {
  const codes = newRecoveryCodes(context)
  await changeCredentials(context, live, async (tx, user) => {
    if (user.sealed_totp === null) throw hasNone()
    await tx
      .updateTable('users')
      .set({ recovery_hashes: hashesOf(user.id, codes) })
      .where('id', '=', user.id)
      .execute()
    return {
      result: null,
      audit: { action: 'account.recovery_codes', resource: { type: 'user', id: user.id }, details: {} },
    }
  })
  return codes.map(grouped)
}

function newRecoveryCodes({ randomBytes }: PeopleContext): string[] {
  return Array.from({ length: RECOVERY_CODES }, () =>
    Array.from(randomBytes(RECOVERY_LENGTH), (byte) => RECOVERY_ALPHABET.charAt(byte & 31)).join(''),
  )
}

function hashesOf(userId: string, codes: readonly string[]): string {
  return JSON.stringify(codes.map((code) => recoveryHash(userId, code)))
}

/** As people read it off: `abcd-efgh-jkmn-pqrs`. */
function grouped(code: string): string {
  return (code.match(new RegExp(`.{${String(GROUP_LENGTH)}}`, 'g')) ?? []).join('-')
}

function hasOne(): ProblemError {
  return new ProblemError('state_conflict', 'You have a code generator. Remove it to add another one.')
}

function hasNone(): ProblemError {
  return new ProblemError('state_conflict', 'You have no code generator. Add one first.')
}

function tooLate(): ProblemError {
  return new ProblemError('state_conflict', 'The new generator was shown too long ago. Begin again.')
}
