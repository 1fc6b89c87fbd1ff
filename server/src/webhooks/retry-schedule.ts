/**
 * The pauses between the attempts at a delivery, in seconds: those that Standard Webhooks recommends. Ten attempts over
 * 75.6 hours.
 */
export const RETRY_SECONDS: readonly number[] = [
  5,
  5 * 60,
  30 * 60,
  2 * 3600,
  5 * 3600,
  10 * 3600,
  14 * 3600,
  20 * 3600,
  24 * 3600,
]

/** How many attempts a delivery has before it is given up. */
export const ATTEMPTS_MAX: number = RETRY_SECONDS.length + 1

/** The share by which chance makes a pause shorter or longer, so that many deliveries do not return in step. */
export const JITTER = 0.2

/** A receiver that is overloaded, or too slow to answer, has at least so long, in seconds. */
export const OVERLOADED_SECONDS = 60

/** The longest pause that a receiver can ask for, in seconds. */
export const RETRY_AFTER_SECONDS_MAX: number = 24 * 3600

/** How an attempt failed, as far as it matters for the next. */
export interface Failure {
  /** The status of the answer; null where none came in time. */
  readonly status: number | null
  /** What its `Retry-After` asks for (RFC 9110 Section 10.2.3). */
  readonly retryAfterSeconds: number | null
}

const OVERLOADED: readonly (number | null)[] = [null, 429, 502, 503, 504]

/**
 * How long to wait after a failure, in milliseconds; null when the delivery is given up. A `Retry-After` is honoured
 * where it asks for more than the schedule has, up to a day; it never makes a pause shorter.
 *
 * @param failures how many attempts have failed, at least 1
 * @param random gives a number from 0 to below 1
 */
export function retryDelay(failures: number, failure: Failure, random: () => number): number | null {
  const scheduled = RETRY_SECONDS[failures - 1]
  if (scheduled === undefined) return null
  const least = OVERLOADED.includes(failure.status) ? Math.max(scheduled, OVERLOADED_SECONDS) : scheduled
  const spread = least * (1 - JITTER + 2 * JITTER * random())
  const asked = Math.min(RETRY_AFTER_SECONDS_MAX, failure.retryAfterSeconds ?? 0)
  return Math.round(Math.max(spread, asked) * 1000)
}
