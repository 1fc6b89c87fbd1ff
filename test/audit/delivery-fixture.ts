import type { AuditEntry } from '@bitting/core'
import {
  SinkDelivery,
  type DeliveryClock,
  type DeliveryOptions,
  type SinkSource,
} from '../../server/src/audit/sinks/delivery.js'
import { SinkError, type AuditSink } from '../../server/src/audit/sinks/sink.js'
import { entry } from './sink-fixtures.js'

/** Just after the entries of the fixtures were made. */
const BEGIN = Date.UTC(2026, 0, 2, 3, 5)

/** Time that passes only when everything waits for it. */
export class VirtualClock implements DeliveryClock {
  time = 0
  readonly #timers = new Set<{ at: number; fire: () => void }>()

  wall(): number {
    return BEGIN + this.time
  }

  monotonic(): number {
    return this.time
  }

  sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve()
      const timer = {
        at: this.time + milliseconds,
        fire: () => {
          this.#timers.delete(timer)
          signal.removeEventListener('abort', timer.fire)
          resolve()
        },
      }
      this.#timers.add(timer)
      signal.addEventListener('abort', timer.fire, { once: true })
    })
  }

  /** Lets everything run that does not wait for time. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate)
  }

  /** Lets time pass until the condition holds. */
  async until(isReached: () => boolean): Promise<void> {
    for (let step = 0; step < 50_000; step++) {
      await this.settle()
      if (isReached()) return
      const next = [...this.#timers].sort((a, b) => a.at - b.at)[0]
      if (next === undefined) throw new Error('nothing waits, and it is not reached')
      this.time = Math.max(this.time, next.at)
      next.fire()
    }
    throw new Error('it is not reached')
  }
}

/** Logs and cursors in memory. They outlive the delivery, as the database does. */
class Logs implements SinkSource {
  readonly entries = new Map<string, AuditEntry[]>()
  readonly cursors = new Map<string, number>()
  fails: ('pending' | 'read' | 'advance')[] = []

  add(workspace: string, count: number): void {
    const log = this.entries.get(workspace) ?? []
    this.entries.set(workspace, log)
    for (let at = 0; at < count; at++) log.push(entry(log.length, { workspace }))
  }

  pending(): Promise<{ workspace: string; next: number }[]> {
    return this.#attempt('pending', () =>
      [...this.entries]
        .map(([workspace, log]) => ({ workspace, next: this.cursors.get(workspace) ?? 0, size: log.length }))
        .filter(({ next, size }) => next < size),
    )
  }

  read(workspace: string, from: number, limit: number): Promise<AuditEntry[]> {
    return this.#attempt('read', () =>
      this.entries
        .get(workspace)!
        .filter((one) => one.index >= from)
        .slice(0, limit),
    )
  }

  advance(_sink: string, workspace: string, next: number): Promise<void> {
    return this.#attempt('advance', () => void this.cursors.set(workspace, next))
  }

  get isDone(): boolean {
    return [...this.entries].every(([workspace, log]) => (this.cursors.get(workspace) ?? 0) === log.length)
  }

  #attempt<T>(step: 'pending' | 'read' | 'advance', work: () => T): Promise<T> {
    if (this.fails[0] !== step) return Promise.resolve(work())
    this.fails.shift()
    return Promise.reject(Object.assign(new Error('the password is hunter2'), { code: 'SQLITE_BUSY' }))
  }
}

export type Behaviour = (
  entries: readonly AuditEntry[],
  signal: AbortSignal,
  take: (some: readonly AuditEntry[]) => void,
) => Promise<void>

/** A receiver that does what the test says, and remembers all that came. */
class Receiver implements AuditSink {
  readonly name = 'receiver'
  readonly taken: { workspace: string; index: number; call: number }[] = []
  calls = 0
  behave: Behaviour

  constructor(behave: Behaviour = takeAll) {
    this.behave = behave
  }

  deliver(entries: readonly AuditEntry[], signal: AbortSignal): Promise<void> {
    const call = this.calls++
    return this.behave(entries, signal, (some) => {
      for (const { workspace, index } of some) this.taken.push({ workspace, index, call })
    })
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  indexes(workspace: string): number[] {
    return this.taken.filter((one) => one.workspace === workspace).map((one) => one.index)
  }
}

export const takeAll: Behaviour = (entries, _signal, take) => {
  take(entries)
  return Promise.resolve()
}
export const refuse: Behaviour = () =>
  Promise.reject(new SinkError('http_500', 'the receiver answered 500', { status: 500 }))
export const hang: Behaviour = () => new Promise(() => undefined)

interface Line {
  readonly level: string
  readonly text: string
}

export class World {
  readonly clock = new VirtualClock()
  readonly logs = new Logs()
  readonly receiver = new Receiver()
  readonly lines: Line[] = []

  /** A process: its delivery, and how to stop it. */
  start(options: Partial<DeliveryOptions> = {}) {
    const controller = new AbortController()
    const note = (level: string) => (fields: object, text: string) =>
      void this.lines.push({ level, text: JSON.stringify(fields) + text })
    const delivery = new SinkDelivery(this.receiver, this.logs, {
      log: { info: note('info'), warn: note('warn') },
      clock: this.clock,
      random: () => 0.5,
      ...options,
    })
    const process = { delivery, hasEnded: false, stop: () => controller.abort() }
    void delivery.run(controller.signal).then(() => (process.hasEnded = true))
    return process
  }
}

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at)
