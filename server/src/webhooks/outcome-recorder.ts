import { setTimeout as sleep } from 'node:timers/promises'
import type { WritableDatabase } from '../storage/database.js'
import { recordOutcomes, type Outcome } from './outcomes.js'

const RECORDED_AT_ONCE = 500
const RETRY_MILLISECONDS = 250

/** What a recorder tells, and whom. */
export interface RecorderOptions {
  readonly database: WritableDatabase
  /** Told of outcomes that have become durable. */
  readonly onRecorded: (outcomes: readonly Outcome[]) => void
  readonly onError: (error: unknown, message: string) => void
}

/** Makes outcomes durable, many with one flush: while one batch is written the next gathers. */
export class OutcomeRecorder {
  readonly #options: RecorderOptions
  #waiting: Outcome[] = []
  #recording: Promise<void> | null = null
  #isClosing = false

  constructor(options: RecorderOptions) {
    this.#options = options
  }

  /** How many outcomes are not durable yet. */
  get backlog(): number {
    return this.#waiting.length
  }

  add(outcome: Outcome): void {
    this.#waiting.push(outcome)
    this.#recording ??= this.#recordAll().finally(() => {
      this.#recording = null
    })
  }

  /** Resolves when everything so far is durable. */
  async settled(): Promise<void> {
    while (this.#recording !== null) await this.#recording
  }

  /** The same, but gives up where the database fails: what was not recorded is sent again after the next start. */
  async close(): Promise<void> {
    this.#isClosing = true
    await this.settled()
  }

  async #recordAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      // What ends in the same turn of the event loop goes with it.
      await new Promise<void>((resolve) => setImmediate(resolve))
      const batch = this.#waiting.slice(0, RECORDED_AT_ONCE)
      try {
        await recordOutcomes(this.#options.database, batch)
      } catch (error) {
        this.#options.onError(error, 'what came of webhooks could not be recorded; it is tried again')
        if (this.#isClosing) return
        await sleep(RETRY_MILLISECONDS)
        continue
      }
      this.#waiting = this.#waiting.slice(batch.length)
      this.#options.onRecorded(batch)
    }
  }
}
