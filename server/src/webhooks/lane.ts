import type { SentEvent } from './attempt.js'
import type { DueFound, DuePlace } from './due.js'
import type { RateBucket } from './rate-bucket.js'
import type { Target } from './targets.js'

/** A delivery whose time has come. */
export interface DueDelivery {
  readonly endpointId: string
  readonly workspaceId: string
  readonly sequence: number
  /** Attempts ever made. */
  readonly attempts: number
  /** Failures since it was last sent off. */
  readonly failures: number
  readonly event: SentEvent
}

/** Of an endpoint that does not answer in time one request at a time is enough to see whether it does again. */
const CONCURRENCY_WHEN_SLOW = 1
const READ_AHEAD_MIN = 32
const READ_AHEAD_MAX = 256
/** The characters of all bodies that a lane reads ahead, as far as the last read lets it guess. */
const READ_AHEAD_LENGTH_MAX = 8 * 1024 * 1024
/** What became due behind the place that reading has come to is found when it begins anew, after so long at the latest. */
const READ_ON_MILLISECONDS = 250

/** The deliveries to one endpoint that this node has in hand: nothing in it waits for another endpoint. */
export class Lane {
  target: Target
  /** Whether there may be due deliveries that were not read yet. */
  mayHaveMore = true
  /** Whether the last attempt got no answer in time. */
  isSlow = false
  /** Until when the lane may send on its lease, in milliseconds since 1970 UTC. */
  leasedUntil = 0
  /** Read, sending, or sent and not yet recorded: what is not to be read again. */
  readonly #taken = new Set<number>()
  /** Recorded while a read is under way, which may show them as they were before; null while there is none. */
  #recordedMeanwhile: number[] | null = null
  /** Where to read on, so that what is in hand is not read again; null to begin with the longest due. */
  #readTo: DuePlace | null = null
  #readAnewAt = 0
  readonly #waiting: DueDelivery[] = []
  #sending = 0
  readonly #bucket: RateBucket
  /** The longest body of the last read, in characters; null before the first. */
  #longest: number | null = null

  constructor(target: Target, bucket: RateBucket) {
    this.target = target
    this.#bucket = bucket
  }

  get isEmpty(): boolean {
    return this.#taken.size === 0
  }

  get sending(): number {
    return this.#sending
  }

  /** Whether to ask the database for more. */
  get isHungry(): boolean {
    return this.mayHaveMore && this.#waiting.length <= this.#ahead / 2
  }

  isTaken(sequence: number): boolean {
    return this.#taken.has(sequence)
  }

  /**
   * A read begins: until it ends nothing that is recorded is let go of. Gives where it begins and how many to ask for:
   * from the beginning on those in hand come back with them.
   */
  beginReading(nowMilliseconds: number): { readonly after: DuePlace | null; readonly limit: number } {
    this.mayHaveMore = false
    this.#recordedMeanwhile = []
    // In order, a delivery comes to be due behind that place whenever the one before it is done.
    if (this.target.isOrdered || nowMilliseconds - this.#readAnewAt >= READ_ON_MILLISECONDS)
      this.#readTo = null
    if (this.#readTo === null) this.#readAnewAt = nowMilliseconds
    return { after: this.#readTo, limit: this.#ahead + (this.#readTo === null ? this.#taken.size : 0) }
  }

  /** Takes what was read; null where the read failed. */
  endReading(found: DueFound | null): void {
    const deliveries = found?.deliveries ?? []
    if (deliveries.length > 0) this.#longest = Math.max(...deliveries.map(({ event }) => event.body.length))
    for (const delivery of deliveries) {
      this.#taken.add(delivery.sequence)
      this.#waiting.push(delivery)
    }
    for (const sequence of this.#recordedMeanwhile ?? []) this.#taken.delete(sequence)
    this.#recordedMeanwhile = null
    this.#readTo = found?.stoppedAt ?? null
    if (this.#readTo !== null) this.mayHaveMore = true
  }

  /** The next delivery to send now, null where there is none or the endpoint has enough to do. */
  next(nowMilliseconds: number): DueDelivery | null {
    const most = this.isSlow ? CONCURRENCY_WHEN_SLOW : this.target.concurrency
    if (this.#sending >= most || this.#waiting.length === 0) return null
    if (nowMilliseconds >= this.leasedUntil) return null
    const { rateLimit } = this.target
    if (rateLimit !== null && !this.#bucket.take(rateLimit, nowMilliseconds)) return null
    this.#sending++
    return this.#waiting.shift() ?? null
  }

  /** When the rate limit lets the next one go, in milliseconds from now; null where it holds nothing back. */
  holdsFor(nowMilliseconds: number): number | null {
    const { rateLimit } = this.target
    if (rateLimit === null || this.#waiting.length === 0) return null
    return this.#bucket.holdsFor(rateLimit, nowMilliseconds) || null
  }

  /** An attempt has ended; the delivery stays taken until that is recorded. */
  sent(): void {
    this.#sending--
  }

  recorded(sequence: number): void {
    if (this.#recordedMeanwhile === null) this.#taken.delete(sequence)
    else this.#recordedMeanwhile.push(sequence)
    // Whatever waited for it, the next of its subject for one, can be read now.
    if (this.target.isOrdered) this.mayHaveMore = true
  }

  /** Puts back what was not begun, so that whoever has the endpoint next reads it. */
  forgetWaiting(): void {
    for (const { sequence } of this.#waiting) this.#taken.delete(sequence)
    this.#waiting.length = 0
    this.#readTo = null
  }

  /** How much to read ahead: enough to keep the endpoint busy, and not more than fits into its share of memory. */
  get #ahead(): number {
    if (this.#longest === null) return READ_AHEAD_MIN
    const wanted = Math.min(READ_AHEAD_MAX, Math.max(READ_AHEAD_MIN, 4 * this.target.concurrency))
    return Math.max(1, Math.min(wanted, Math.floor(READ_AHEAD_LENGTH_MAX / Math.max(1, this.#longest))))
  }
}
