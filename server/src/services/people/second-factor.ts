import { Secret, TOTP } from 'otpauth'
import type { UserRow } from '../../storage/people-schema.js'
import { textHash } from '../text-hash.js'
import type { PeopleContext } from './context.js'

/** RFC 6238 as every generator knows it: SHA-1, six digits, a new code each 30 seconds. */
const PERIOD_SECONDS = 30
/** How many steps a generator's clock may be off. */
const STEPS_OFF = 1

/** What a sealed generator's secret is bound to. */
export function totpSealingContext(userId: string): string {
  return `totp:${userId}`
}

/** A generator with this secret. */
export function totpOf(secret: Uint8Array, label: string): TOTP {
  const buffer = Uint8Array.from(secret).buffer
  return new TOTP({ issuer: 'Bitting', label, secret: new Secret({ buffer }), period: PERIOD_SECONDS })
}

/** The time step whose code this is, null where it is none of those that may be shown now. */
export function stepOf(totp: TOTP, code: string, nowSeconds: number): number | null {
  if (!/^\d{6}$/.test(code)) return null
  const delta = totp.validate({ token: code, timestamp: nowSeconds * 1000, window: STEPS_OFF })
  return delta === null ? null : Math.floor(nowSeconds / PERIOD_SECONDS) + delta
}

/** What was brought beside a password. */
export type SecondFactor = 'generator' | 'recovery_code'

/**
 * Takes a code of the person's generator or one of their recovery codes, and says which it was; null where it is neither.
 * Each is good once, also for two who bring it at the same moment.
 */
export async function takeSecondFactor(
  context: PeopleContext,
  user: UserRow,
  code: string,
): Promise<SecondFactor | null> {
  const plain = code.replaceAll(/[\s-]/g, '').toLowerCase()
  if (user.sealed_totp === null) return null
  const secret = context.sealer.open(user.sealed_totp, totpSealingContext(user.id))
  const step = stepOf(totpOf(secret, user.email), plain, context.now())
  if (step !== null) return (await takeStep(context, user, step)) ? 'generator' : null
  return (await takeRecoveryCode(context, user, plain)) ? 'recovery_code' : null
}

async function takeStep(context: PeopleContext, user: UserRow, step: number): Promise<boolean> {
  const taken = await context.records.transact((tx) =>
    tx
      .updateTable('users')
      .set({ totp_step: step })
      .where('id', '=', user.id)
      .where((row) => row.or([row('totp_step', 'is', null), row('totp_step', '<', step)]))
      .returning('id')
      .executeTakeFirst(),
  )
  return taken !== undefined
}

async function takeRecoveryCode(context: PeopleContext, user: UserRow, code: string): Promise<boolean> {
  const hash = recoveryHash(user.id, code)
  const hashes = JSON.parse(user.recovery_hashes) as string[]
  if (!hashes.includes(hash)) return false
  const left = hashes.filter((it) => it !== hash)
  const taken = await context.records.transact((tx) =>
    tx
      .updateTable('users')
      .set({ recovery_hashes: JSON.stringify(left) })
      .where('id', '=', user.id)
      .where('recovery_hashes', '=', user.recovery_hashes)
      .returning('id')
      .executeTakeFirst(),
  )
  return taken !== undefined
}

/** How a recovery code is kept. It is random enough that a plain hash cannot be guessed back. */
export function recoveryHash(userId: string, code: string): string {
  return textHash(`${userId}:${code}`)
}
