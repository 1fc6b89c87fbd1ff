import type { AuditEntry } from '@bitting/core'
import { setTimeout as wait } from 'node:timers/promises'
import { backoff } from './backoff.js'
import { asSourceError, describeFailure, sourceError } from './failure.js'
import { SinkError, type AuditSink } from './sink.js'

/** Where the entries come from and where it is kept how far each sink has come. */
export interface SinkSource {
  /** The workspaces with entries that the sink does not have yet, and the first index of each. */
  pending(sink: string): Promise<readonly { readonly workspace: string; readonly next: number }[]>
  /** Entries of a workspace in the order of their index, at most `limit`, none before `from`. */
  read(workspace: string, from: number, limit: number): Promise<readonly AuditEntry[]>
  /** Keeps durably that the sink has everything before `next`. */
  advance(sink: string, workspace: string, next: number): Promise<void>
}

/** What the loop tells the time by. All in milliseconds. */
export interface DeliveryClock {
  /** Since 1970, as the entries' times are. */
  wall(): number
  /** Never goes back. */
  monotonic(): number
  /** Resolves when the time has passed or the signal fires; never rejects. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>
}

/** The part of the log that the loop writes to; pino's has it. */
export interface DeliveryLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** How a delivery is run. */
export interface DeliveryOptions {
  readonly log: DeliveryLog
  /** The most entries given to the sink at once. Default 500. */
  readonly batch?: number
  /** How often to look for entries when nothing wakes the loop, in milliseconds. Default 5,000. */
  readonly pollMilliseconds?: number
  /** After this a delivery counts as failed, whatever the sink does, in milliseconds. Default 360,000. */
  readonly deliveryLimitMilliseconds?: number
  readonly clock?: DeliveryClock
  /** Gives a number from 0 to below 1. */
  readonly random?: () => number
}

/** How a sink is doing. */
export interface DeliveryState {
  /** False from the first failure until every workspace that failed has got through. */
  readonly isUp: boolean
  /** The latest failure, also after it is over; without secrets. */
  readonly lastError: { readonly code: string; readonly message: string; readonly at: string } | null
  /** The age of the oldest entry among those tried and not yet taken, in milliseconds; 0 when none waits. */
  readonly lagMilliseconds: number
}

/** A batch that failed: the workspace's own pause goes on beside that of the sink. */
interface Failing {
  readonly failures: number
  readonly retryAt: number
  readonly oldest: number | null
}

const BATCH = 500
const POLL_MILLISECONDS = 5_000
/** Longer than any sink takes by itself, so this ends only what would never end. */
const DELIVERY_LIMIT_MILLISECONDS = 360_000
/** The HTTP status Content Too Large (RFC 9110 section 15.5.14). */
const TOO_LARGE = 413
/** Stands for the source among the workspaces. No workspace is named like this. */
const SOURCE = ''

/** The time of this machine. */
export const SYSTEM_CLOCK: DeliveryClock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (milliseconds, signal) => wait(milliseconds, undefined, { signal }).catch(() => undefined),
}

/**
 * Brings the entries of every workspace to one sink, each workspace's in the order of their index and at least once:
 * the cursor moves when the sink has taken a batch, so after a failure or a crash the batch comes again. A failure
 * pauses the sink; the next attempt is for another workspace where there is one, so that a batch which a receiver
 * refuses for its content holds up its own workspace alone.
 */
export class SinkDelivery {
  readonly #sink: AuditSink
  readonly #source: SinkSource
  readonly #log: DeliveryLog
  readonly #batch: number
  readonly #poll: number
  readonly #limit: number
  readonly #clock: DeliveryClock
  readonly #random: (() => number) | undefined
  readonly #failing = new Map<string, Failing>()
  #failuresInARow = 0
  #pausedUntil = -Infinity
  #lastError: DeliveryState['lastError'] = null
  /** The most entries to give at once; less than the batch after a receiver found one too large. */
  #size: number
  /** When the first entry of the latest batch was made; null when nothing waits. */
  #oldest: number | null = null
  /** The workspace that was tried last; the next round begins after it. */
  #last: string | null = null
  #isWoken = false
  #idle: AbortController | null = null

  constructor(sink: AuditSink, source: SinkSource, options: DeliveryOptions) {
    this.#sink = sink
    this.#source = source
    this.#log = options.log
    this.#batch = options.batch ?? BATCH
    this.#size = this.#batch
    this.#poll = options.pollMilliseconds ?? POLL_MILLISECONDS
    this.#limit = options.deliveryLimitMilliseconds ?? DELIVERY_LIMIT_MILLISECONDS
    this.#clock = options.clock ?? SYSTEM_CLOCK
    this.#random = options.random
  }

  get state(): DeliveryState {
    const waiting = [this.#oldest, ...[...this.#failing.values()].map((one) => one.oldest)]
    const times = waiting.filter((time) => time !== null)
    return {
      isUp: this.#failing.size === 0,
      lastError: this.#lastError,
      lagMilliseconds: times.length === 0 ? 0 : Math.max(0, this.#clock.wall() - Math.min(...times)),
    }
  }

  /** Says that there may be new entries. It ends the wait for them, not a pause after a failure. */
  wake(): void {
    this.#isWoken = true
    this.#idle?.abort()
  }

  /** Delivers until the signal fires, and never fails. Does not close the sink. */
  async run(signal: AbortSignal): Promise<void> {
    const isOver = (): boolean => signal.aborted
    while (!isOver()) {
      this.#isWoken = false
      const hasMore = await this.#round(signal)
      if (isOver()) return
      const pause = this.#pausedUntil - this.#clock.monotonic()
      if (pause > 0) await this.#clock.sleep(pause, signal)
      else if (!hasMore) await this.#idleWait(signal)
    }
  }

  /** One batch for each workspace, up to the first failure. True when there may be more to do at once. */
  async #round(signal: AbortSignal): Promise<boolean> {
    let pending: Awaited<ReturnType<SinkSource['pending']>>
    try {
      pending = await this.#source.pending(this.#sink.name)
      this.#succeeded(SOURCE)
    } catch (error) {
      if (!signal.aborted) this.#failed(SOURCE, sourceError(error))
      return false
    }
    this.#forgetExcept(new Set(pending.map((one) => one.workspace)))
    if (pending.length === 0) this.#oldest = null
    let hasMore = false
    for (const { workspace, next } of this.#inTurn(pending)) {
      if (signal.aborted) return false
      if ((this.#failing.get(workspace)?.retryAt ?? -Infinity) > this.#clock.monotonic()) continue
      this.#last = workspace
      const outcome = await this.#deliverBatch(workspace, next, signal)
      if (outcome === 'failed') return false
      if (outcome === 'again') hasMore = true
    }
    return hasMore
  }

  /** Tells whether the sink could go on at once, could not, or has nothing to do for the workspace. */
  async #deliverBatch(
    workspace: string,
    next: number,
    signal: AbortSignal,
  ): Promise<'again' | 'failed' | 'none'> {
    let entries: readonly AuditEntry[] = []
    try {
      entries = await this.#source.read(workspace, next, this.#size).catch(asSourceError)
      const last = entries.at(-1)
      if (last === undefined) return 'none'
      this.#noteStart(workspace, next, entries)
      await this.#deliver(entries, signal)
      await this.#source.advance(this.#sink.name, workspace, last.index + 1).catch(asSourceError)
    } catch (error) {
      if (error instanceof SinkError && error.status === TOO_LARGE && entries.length > 1) {
        this.#size = entries.length >> 1
        return 'again'
      }
      if (!signal.aborted) this.#failed(workspace, error, entries[0])
      return 'failed'
    }
    // Back towards the full size in small steps, because each attempt that is too large costs a request.
    if (entries.length >= this.#size) {
      this.#size = Math.min(this.#batch, this.#size + Math.ceil(this.#size / 16))
    }
    this.#succeeded(workspace)
    return 'again'
  }

  /** Ends with the sink's own outcome, or fails at the limit or the signal whether or not the sink heeds it. */
  async #deliver(entries: readonly AuditEntry[], outer: AbortSignal): Promise<void> {
    const work = new AbortController()
    const timer = new AbortController()
    const stop = (): void => {
      work.abort()
      timer.abort()
    }
    outer.addEventListener('abort', stop, { once: true })
    if (outer.aborted) stop()
    const limit = this.#clock.sleep(this.#limit, timer.signal).then(() => {
      work.abort()
      throw new SinkError('timeout', 'the sink did not end the delivery in time')
    })
    limit.catch(() => undefined)
    try {
      await Promise.race([this.#sink.deliver(entries, work.signal), limit])
    } finally {
      outer.removeEventListener('abort', stop)
      timer.abort()
    }
  }

  #succeeded(workspace: string): void {
    const wasFailing = this.#failing.delete(workspace)
    if (workspace !== SOURCE || this.#failing.size === 0) this.#failuresInARow = 0
    if (!wasFailing || this.#failing.size > 0) return
    this.#log.info({ sink: this.#sink.name }, 'the audit sink is back')
  }

  #failed(workspace: string, error: unknown, first?: AuditEntry): void {
    const { code, message, retryAfterSeconds } = describeFailure(error)
    const now = this.#clock.monotonic()
    const failures = (this.#failing.get(workspace)?.failures ?? 0) + 1
    const wasUp = this.#failing.size === 0
    this.#failuresInARow++
    this.#pausedUntil = now + backoff(this.#failuresInARow, retryAfterSeconds, this.#random)
    this.#failing.set(workspace, {
      failures,
      retryAt: now + backoff(failures, retryAfterSeconds, this.#random),
      oldest: first === undefined ? null : Date.parse(first.at),
    })
    this.#lastError = { code, message, at: new Date(this.#clock.wall()).toISOString() }
    if (wasUp) {
      this.#log.warn(
        { sink: this.#sink.name, code },
        `the audit sink is down, and entries wait for it: ${message}`,
      )
    }
  }

  /** A workspace that is no longer pending, because it was deleted for example, keeps no sink down. */
  #forgetExcept(workspaces: ReadonlySet<string>): void {
    for (const workspace of [...this.#failing.keys()]) {
      if (workspaces.has(workspace)) continue
      this.#failing.delete(workspace)
      if (this.#failing.size === 0) this.#log.info({ sink: this.#sink.name }, 'the audit sink is back')
    }
  }

  /** Beginning after the workspace that was tried last, so that each has its turn whatever fails. */
  #inTurn<T extends { readonly workspace: string }>(pending: readonly T[]): readonly T[] {
    const at = pending.findIndex((one) => one.workspace === this.#last)
    return at < 0 ? pending : [...pending.slice(at + 1), ...pending.slice(0, at + 1)]
  }

  #noteStart(workspace: string, next: number, entries: readonly AuditEntry[]): void {
    const first = entries[0]
    if (first === undefined) return
    this.#oldest = Date.parse(first.at)
    if (first.index <= next) return
    this.#log.warn(
      { sink: this.#sink.name, workspace, from: next, to: first.index - 1 },
      'entries were removed from the audit log before the sink got them',
    )
  }

  /** Until a wake-up, the next look, or the end of a workspace's own pause. */
  async #idleWait(signal: AbortSignal): Promise<void> {
    if (this.#isWoken) return
    const now = this.#clock.monotonic()
    const retries = [...this.#failing.values()].map((one) => one.retryAt - now)
    const idle = new AbortController()
    const stop = (): void => idle.abort()
    signal.addEventListener('abort', stop, { once: true })
    this.#idle = idle
    await this.#clock.sleep(Math.max(0, Math.min(this.#poll, ...retries)), idle.signal)
    this.#idle = null
    signal.removeEventListener('abort', stop)
  }
}
