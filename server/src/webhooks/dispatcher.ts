import type { RandomBytes } from '@bitting/core'
import type { LogKeys } from '../audit/log-key.js'
import type { WritableDatabase } from '../storage/database.js'
import { attemptDelivery, isAccepted, type Attempt, type Send } from './attempt.js'
import { endpointsWithDue, readDue } from './due.js'
import { HeldLeases } from './held-leases.js'
import { Lane, type DueDelivery } from './lane.js'
import { OutcomeRecorder } from './outcome-recorder.js'
import { disableEndpoint, type DisableReason, type Outcome } from './outcomes.js'
import { RateBucket } from './rate-bucket.js'
import { retryDelay } from './retry-schedule.js'
import type { Target, TargetLoader } from './targets.js'

/** What a dispatcher works with. */
export interface DispatcherOptions {
  readonly database: WritableDatabase
  readonly logKeys: LogKeys
  readonly targets: TargetLoader
  readonly send: Send
  /** The name of this node, by which it holds its leases. */
  readonly node: string
  /** The present in milliseconds since 1970 UTC. */
  readonly now: () => number
  /** Gives a number from 0 to below 1. */
  readonly random: () => number
  readonly randomBytes: RandomBytes
  readonly onError: (error: unknown, message: string) => void
}

/** How often to look for what became due by itself, and at least how far two looks are apart. */
const LOOK_MILLISECONDS = 250
const LOOK_MILLISECONDS_MIN = 10
const BUCKETS_MAX = 10_000
/** How much that was sent may wait to be recorded; beyond it nothing more is sent. */
const UNRECORDED_MAX = 4000
/** An endpoint that has failed for so long, every time, is not delivered to any more. */
export const FAILING_MILLISECONDS_MAX: number = 5 * 24 * 3600 * 1000

/** What a dispatcher counted since its start. */
export interface DispatcherCounts {
  accepted: number
  failed: number
  givenUp: number
}

/**
 * Delivers what is due. Each endpoint has a lane of its own and is one node's at a time, so nothing in a lane waits for
 * another, and limits and order hold however many nodes there are. What was sent and could not be recorded, because the
 * process died, is sent again under the same id.
 */
export class WebhookDispatcher {
  readonly counts: DispatcherCounts = { accepted: 0, failed: 0, givenUp: 0 }
  readonly #options: DispatcherOptions
  readonly #lanes = new Map<string, Lane>()
  /** Outlives the lanes: an endpoint whose lane was empty for a moment has no new second to fill. */
  readonly #buckets = new Map<string, RateBucket>()
  readonly #attempts = new Set<Promise<void>>()
  readonly #leases: HeldLeases
  readonly #recorder: OutcomeRecorder
  #isNews = true
  #lookedAt = Number.NEGATIVE_INFINITY
  #wakeUp: (() => void) | null = null
  #isClosing = false

  constructor(options: DispatcherOptions) {
    const { database, node, onError } = options
    this.#options = options
    this.#leases = new HeldLeases(database, node)
    this.#recorder = new OutcomeRecorder({ database, onError, onRecorded: (done) => this.#settle(done) })
  }

  /** Requests under way. */
  get sending(): number {
    return this.#attempts.size
  }

  /** Says that there may be something to deliver. */
  wake(): void {
    this.#isNews = true
    this.#wakeUp?.()
  }

  /** Delivers until the signal, then lets the requests under way end and records them. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wakeUp?.(), { once: true })
    while (!signal.aborted) {
      await this.turn().catch((error: unknown) => {
        this.#options.onError(error, 'webhooks could not be read; they wait')
      })
      await this.#rest(signal)
    }
    this.#isClosing = true
    await Promise.all(this.#attempts)
    await this.#recorder.close()
    await this.#leases.release().catch((error: unknown) => {
      this.#options.onError(error, 'the leases of the webhook endpoints run out by themselves')
    })
  }

  /** One round: sees which endpoints have something due, reads it, and begins to send. */
  async turn(): Promise<void> {
    const now = this.#options.now()
    if (this.#isNews || Math.abs(now - this.#lookedAt) >= LOOK_MILLISECONDS) {
      this.#isNews = false
      this.#lookedAt = now
      await this.#look(now)
    }
    await this.#fill(now)
    for (const lane of this.#lanes.values()) this.#pump(lane)
  }

  /** Resolves when what was sent so far is recorded. */
  async settled(): Promise<void> {
    while (this.#attempts.size > 0 || this.#recorder.backlog > 0) {
      await Promise.all(this.#attempts)
      await this.#recorder.settled()
    }
  }

  /** Takes the endpoints with something due that no other node has, and reads how they are now. */
  async #look(now: number): Promise<void> {
    const { database, targets } = this.#options
    const due = await endpointsWithDue(database.read, now)
    for (const id of due) {
      const lane = this.#lanes.get(id)
      if (lane !== undefined) lane.mayHaveMore = true
    }
    const ids = new Set([...due, ...this.#lanes.keys()])
    await this.#leases.hold([...ids], now)
    for (const target of await targets.load(database.read, [...ids], now)) {
      if (this.#leases.until(target.id) <= now) continue
      ids.delete(target.id)
      const lane = this.#lanes.get(target.id) ?? this.#newLane(target, now)
      // What was read without regard to order, or to the other order, is read again.
      if (lane.target.isOrdered !== target.isOrdered) lane.forgetWaiting()
      lane.target = target
      lane.leasedUntil = this.#leases.until(target.id)
      if (lane.isEmpty && !due.includes(target.id)) this.#lanes.delete(target.id)
      else this.#lanes.set(target.id, lane)
    }
    // What is left is another node's, or cannot be delivered to any more: disabled, deleted, without a webhook key.
    for (const id of ids) {
      const lane = this.#lanes.get(id)
      if (lane !== undefined) this.#drop(lane)
    }
  }

  #newLane(target: Target, now: number): Lane {
    if (this.#buckets.size >= BUCKETS_MAX) this.#buckets.clear()
    const bucket = this.#buckets.get(target.id) ?? new RateBucket(now)
    this.#buckets.set(target.id, bucket)
    return new Lane(target, bucket)
  }

  #drop(lane: Lane): void {
    lane.forgetWaiting()
    lane.mayHaveMore = false
    lane.leasedUntil = 0
    if (lane.isEmpty) this.#lanes.delete(lane.target.id)
  }

  async #fill(now: number): Promise<void> {
    const hungry = [...this.#lanes.values()].filter((lane) => lane.leasedUntil > now && lane.isHungry)
    const queries = hungry.map((lane) => {
      const { id: endpointId, workspaceId, isOrdered } = lane.target
      return { endpointId, workspaceId, isOrdered, ...lane.beginReading(now) }
    })
    const isTaken = (id: string, sequence: number): boolean => this.#lanes.get(id)?.isTaken(sequence) ?? false
    let found: Awaited<ReturnType<typeof readDue>> | null = null
    try {
      found = await readDue(this.#options.database.read, queries, now, isTaken)
    } finally {
      for (const lane of hungry) lane.endReading(found?.get(lane.target.id) ?? null)
    }
  }

  #pump(lane: Lane): void {
    if (this.#isClosing || this.#recorder.backlog >= UNRECORDED_MAX) return
    const now = this.#options.now()
    for (let due = lane.next(now); due !== null; due = lane.next(now)) {
      const attempt = this.#deliver(lane, due).finally(() => this.#attempts.delete(attempt))
      this.#attempts.add(attempt)
    }
  }

  async #deliver(lane: Lane, due: DueDelivery): Promise<void> {
    const { database, targets, send, now } = this.#options
    const { target } = lane
    const reread = async (): Promise<Target | null> => {
      const [present = null] = await targets.load(database.read, [target.id], now()).catch(() => [])
      return present
    }
    const attempt = await attemptDelivery(send, target, due.event, now, reread)
    lane.sent()
    lane.isSlow = attempt.error === 'timeout'
    this.#conclude(lane, due, attempt)
    this.#pump(lane)
    if (lane.isHungry) this.#wakeUp?.()
  }

  #conclude(lane: Lane, due: DueDelivery, attempt: Attempt): void {
    const { target } = lane
    const now = this.#options.now()
    const base = { delivery: due, attempt, url: target.url.href }
    if (isAccepted(attempt)) {
      this.counts.accepted++
      const [likeliest] = target.singles
      const found = attempt.signedWith?.id
      this.#recorder.add({
        ...base,
        state: 'delivered',
        failures: due.failures,
        nextAt: now,
        ...(target.failingSince !== null && { failingSince: null }),
        ...(found !== undefined && found !== likeliest?.id && { switchedTo: found }),
      })
      return
    }
    this.counts.failed++
    const isGone = attempt.status === 410
    const delay = isGone ? null : retryDelay(due.failures + 1, attempt, this.#options.random)
    if (delay === null) this.counts.givenUp++
    const failingSince = target.failingSince ?? attempt.atMilliseconds
    this.#recorder.add({
      ...base,
      state: delay === null ? 'failed' : 'pending',
      failures: due.failures + 1,
      nextAt: now + (delay ?? 0),
      ...(target.failingSince === null && { failingSince }),
    })
    if (isGone) this.#disable(lane, 'gone')
    else if (now - failingSince >= FAILING_MILLISECONDS_MAX) this.#disable(lane, 'failing')
  }

  #disable(lane: Lane, reason: DisableReason): void {
    const { database, logKeys, randomBytes, now, onError } = this.#options
    const { target } = lane
    this.#drop(lane)
    const done = disableEndpoint(database, logKeys, target, reason, now(), randomBytes)
      .then(() => this.wake())
      .catch((error: unknown) =>
        onError(error, 'an endpoint could not be disabled; its next failure tries again'),
      )
      .finally(() => this.#attempts.delete(done))
    this.#attempts.add(done)
  }

  #settle(batch: readonly Outcome[]): void {
    for (const { delivery, failingSince, switchedTo } of batch) {
      const lane = this.#lanes.get(delivery.endpointId)
      if (lane === undefined) continue
      lane.recorded(delivery.sequence)
      if (failingSince !== undefined) lane.target = { ...lane.target, failingSince }
      // Read again with its secrets in their new order.
      if (switchedTo !== undefined) this.wake()
      if (lane.isHungry || lane.target.isOrdered) this.#wakeUp?.()
    }
    for (const lane of this.#lanes.values()) this.#pump(lane)
  }

  async #rest(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const now = this.#options.now()
    const holds = [...this.#lanes.values()].map((lane) => lane.holdsFor(now) ?? LOOK_MILLISECONDS)
    const hasMore = this.#isNews || [...this.#lanes.values()].some((lane) => lane.isHungry)
    const most = hasMore ? LOOK_MILLISECONDS_MIN : Math.min(LOOK_MILLISECONDS, ...holds)
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, most)
      this.#wakeUp = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wakeUp = null
  }
}
