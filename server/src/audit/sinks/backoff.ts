import { randomInt } from 'node:crypto'

/** Bounds of the pauses after failures, in milliseconds. */
const FIRST_PAUSE = 1_000
const PAUSE_MAX = 60_000
const ASKED_PAUSE_MAX = 900_000

/**
 * How long to wait after a number of failures in a row, in milliseconds: 1 s, doubled with each up to 60 s, of which
 * the upper half is left to chance, so that nodes do not return in step. A longer pause that the receiver asked for
 * is kept up to 15 minutes.
 *
 * @param failures at least 1
 * @param random gives a number from 0 to below 1; any by default
 */
export function backoff(
  failures: number,
  retryAfterSeconds: number | null,
  random: () => number = () => randomInt(2 ** 32) / 2 ** 32,
): number {
  const whole = Math.min(PAUSE_MAX, FIRST_PAUSE * 2 ** Math.min(failures - 1, 16))
  const own = whole / 2 + random() * (whole / 2)
  return Math.max(own, Math.min(ASKED_PAUSE_MAX, (retryAfterSeconds ?? 0) * 1000))
}
