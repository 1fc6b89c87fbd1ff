import { parseAddress, ProblemError } from '@bitting/core'
import type { Transaction } from 'kysely'
import type { Schema } from '../../storage/schema.js'
import { textHash } from '../text-hash.js'
import type { PeopleContext } from './context.js'

/** What is counted: attempts at one account, whether it exists or not, or from one address. */
interface Subject {
  readonly name: string
  /** How many attempts there are before one has to wait. */
  readonly free: number
}

const ACCOUNT_ATTEMPTS_FREE = 5
const ADDRESS_ATTEMPTS_FREE = 50
const FIRST_WAIT_SECONDS = 15
const WAIT_SECONDS_MAX = 900
/** After so long without an attempt the count begins anew, in seconds: a day. */
const MEMORY_SECONDS = 86_400

/** An attempt to prove who somebody is. */
export interface Attempt {
  /** To be called when it was successful: the account's count begins anew, and the address is not held to it. */
  succeed(): Promise<void>
  /** Does not hold the address to it, while the account stays counted: a first proof of two was right. */
  release(): Promise<void>
  /** Does the work that looks at the attempt. Where there was no room for it, nothing was tried and nothing is counted. */
  lookedAt<T>(work: () => Promise<T>): Promise<T>
}

/**
 * Counts an attempt before it is looked at, so that many at a time count as many. After five wrong ones at an account
 * each further one waits, 15 seconds at first and at most 15 minutes; from one address after fifty. An address without
 * an account is counted alike, so that waiting tells nothing.
 *
 * @param email null where nobody is named, as with a passkey: then the network address alone is counted
 * @throws {ProblemError} too_many_attempts
 */
export async function beginAttempt(
  context: PeopleContext,
  email: string | null,
  address: string | null,
): Promise<Attempt> {
  const account = email === null ? null : { name: `account:${email}`, free: ACCOUNT_ATTEMPTS_FREE }
  return begin(context, account, { name: `address:${placeOf(address)}`, free: ADDRESS_ATTEMPTS_FREE })
}

/**
 * Counts an attempt to prove once more who the person of a session is, by the session alone.
 *
 * @throws {ProblemError} too_many_attempts
 */
export async function beginStepUpAttempt(context: PeopleContext, sessionId: string): Promise<Attempt> {
  return begin(context, { name: `session:${sessionId}`, free: ACCOUNT_ATTEMPTS_FREE }, null)
}

async function begin(
  context: PeopleContext,
  account: Subject | null,
  place: Subject | null,
): Promise<Attempt> {
  const now = context.now()
  const waits = await context.records.transact(async (tx) => {
    const accountWait = account === null ? 0 : await count(tx, account, now)
    return accountWait > 0 || place === null ? accountWait : count(tx, place, now)
  })
  if (waits > 0) throw tooMany(waits)
  const takeBack = (...subjects: readonly (Subject | null)[]): Promise<void> =>
    context.records.transact(async (tx) => {
      for (const subject of subjects) if (subject !== null) await countBack(tx, subject)
    })
  return {
    succeed: () =>
      context.records.transact(async (tx) => {
        if (account !== null) await forget(tx, account)
        if (place !== null) await countBack(tx, place)
      }),
    release: () => takeBack(place),
    lookedAt: async (work) => {
      try {
        return await work()
      } catch (error) {
        if (error instanceof ProblemError && error.code === 'too_busy') await takeBack(account, place)
        throw error
      }
    },
  }
}

/** One who has a network of IPv6 has 2^64 addresses in it (RFC 6177), so the network is counted. */
function placeOf(address: string | null): string {
  const parsed = address === null ? null : parseAddress(address)
  if (parsed === null || address?.includes(':') !== true) return address ?? 'unknown'
  return `${String(parsed[0])}:${String(parsed[1])}::/64`
}

async function forget(tx: Transaction<Schema>, subject: Subject): Promise<void> {
  await tx.deleteFrom('sign_in_attempts').where('subject_hash', '=', hashOf(subject)).execute()
}

async function countBack(tx: Transaction<Schema>, subject: Subject): Promise<void> {
  await tx
    .updateTable('sign_in_attempts')
    .set((row) => ({ attempts: row('attempts', '-', 1), blocked_until: 0 }))
    .where('subject_hash', '=', hashOf(subject))
    .where('attempts', '>', 0)
    .execute()
}

/** Counts one attempt; returns how many seconds there are to wait where it was not let through. */
async function count(tx: Transaction<Schema>, subject: Subject, now: number): Promise<number> {
  const subjectHash = hashOf(subject)
  await tx
    .insertInto('sign_in_attempts')
    .values({ subject_hash: subjectHash, attempts: 0, blocked_until: 0, updated_at: now })
    .onConflict((conflict) => conflict.column('subject_hash').doNothing())
    .execute()
  await tx
    .updateTable('sign_in_attempts')
    .set({ attempts: 0 })
    .where('subject_hash', '=', subjectHash)
    .where('updated_at', '<', now - MEMORY_SECONDS)
    .execute()
  const row = await tx
    .updateTable('sign_in_attempts')
    .set((column) => ({ attempts: column('attempts', '+', 1), updated_at: now }))
    .where('subject_hash', '=', subjectHash)
    .where('blocked_until', '<=', now)
    .returning('attempts')
    .executeTakeFirst()
  if (row === undefined) {
    const { blocked_until: until } = await tx
      .selectFrom('sign_in_attempts')
      .select('blocked_until')
      .where('subject_hash', '=', subjectHash)
      .executeTakeFirstOrThrow()
    return Math.max(1, until - now)
  }
  if (row.attempts >= subject.free) {
    const wait = Math.min(FIRST_WAIT_SECONDS * 2 ** (row.attempts - subject.free), WAIT_SECONDS_MAX)
    await tx
      .updateTable('sign_in_attempts')
      .set({ blocked_until: now + wait })
      .where('subject_hash', '=', subjectHash)
      .execute()
  }
  return 0
}

function tooMany(seconds: number): ProblemError {
  return new ProblemError(
    'too_many_attempts',
    `There were too many attempts. Wait ${String(seconds)} seconds, then try again.`,
    { members: { retry_after: seconds } },
  )
}

function hashOf({ name }: Subject): string {
  return textHash(name)
}
