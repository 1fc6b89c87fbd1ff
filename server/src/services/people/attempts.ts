import { parseAddress, ProblemError } from '@bitting/core'
import type { Transaction } from 'kysely'
import type { Schema } from '../../storage/schema.js'
import { textHash } from '../text-hash.js'
import type { PeopleContext } from './context.js'
import { SingleSignOnError } from './single-sign-on-provider.js'

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
/**
 * How long each attempt is counted at least, in seconds: half an hour. Longer than the longest wait, so that guessing
 * without a pause gains nothing by it, while what a whole office mistypes in a day does not add up.
 */
const MEMORY_SECONDS = 1800

/** An attempt to prove who somebody is. */
export interface Attempt {
  /** To be called when it was successful: the account's count begins anew, and the address is not held to it. */
  succeed(): Promise<void>
  /** Does not hold the address to it, while the account stays counted: a first proof of two was right. */
  release(): Promise<void>
  /** Does the work that looks at the attempt. Where nobody could look at it, nothing was tried and nothing is counted. */
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
        if (isNobodysFault(error)) await takeBack(account, place)
        throw error
      }
    },
  }
}

/** There was no room for the work, or the provider who would have done it is away. */
function isNobodysFault(error: unknown): boolean {
  if (error instanceof SingleSignOnError) return error.reason === 'sso_provider_failed'
  return error instanceof ProblemError && error.code === 'too_busy'
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
  // Changes nothing, and holds the row until the count is written.
  const row = await tx
    .updateTable('sign_in_attempts')
    .set((column) => ({ attempts: column.ref('attempts') }))
    .where('subject_hash', '=', subjectHash)
    .returningAll()
    .executeTakeFirstOrThrow()
  if (row.blocked_until > now) return row.blocked_until - now
  const forgotten = Math.max(0, Math.floor((now - row.updated_at) / MEMORY_SECONDS))
  const before = Math.max(0, row.attempts - forgotten)
  const attempts = before + 1
  const over = attempts - subject.free
  const wait = over < 0 ? 0 : Math.min(FIRST_WAIT_SECONDS * 2 ** over, WAIT_SECONDS_MAX)
  await tx
    .updateTable('sign_in_attempts')
    .set({
      attempts,
      blocked_until: wait === 0 ? 0 : now + wait,
      // The part of half an hour that is over counts on, however often somebody comes.
      updated_at: before === 0 ? now : row.updated_at + forgotten * MEMORY_SECONDS,
    })
    .where('subject_hash', '=', subjectHash)
    .execute()
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
