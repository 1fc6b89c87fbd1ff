import { randomInt } from 'node:crypto'
import pg from 'pg'
import { sql, type Transaction } from 'kysely'
import { connectionConfig, NotifyingAdapter } from './postgres-dialect.js'
import type { Schema } from './schema.js'

const CHANNEL = 'bitting_changes'
const RECONNECT_FIRST_MS = 100
const RECONNECT_MAX_MS = 10_000

/**
 * Wakes every node that listens, once the transaction commits. Where the engine has no such thing this does nothing:
 * a wake-up only shortens the wait for the next poll.
 */
export async function notifyChange(tx: Transaction<Schema>): Promise<void> {
  const { adapter } = tx.getExecutor()
  if (adapter instanceof NotifyingAdapter && adapter.canNotify) {
    await sql`select pg_notify(${CHANNEL}, '')`.execute(tx)
  }
}

/** Listens for the wake-ups of a PostgreSQL on a connection of its own, made anew whenever it is lost. */
export class WakeUps {
  readonly #url: string
  readonly #callbacks = new Set<() => void>()
  #client: pg.Client | null = null
  #timer: NodeJS.Timeout | null = null
  #failures = 0
  #started = false
  #closed = false

  constructor(url: string) {
    this.#url = url
  }

  /** Calls back after each change, and after each time that one may have been missed. Returns what ends it. */
  add(callback: () => void): () => void {
    this.#callbacks.add(callback)
    if (!this.#started) {
      this.#started = true
      void this.#connect()
    }
    return () => {
      this.#callbacks.delete(callback)
    }
  }

  /** Stops listening for good. */
  async close(): Promise<void> {
    this.#closed = true
    this.#callbacks.clear()
    if (this.#timer !== null) clearTimeout(this.#timer)
    await this.#client?.end().catch(() => undefined)
  }

  async #connect(): Promise<void> {
    const client = new pg.Client(connectionConfig(this.#url))
    this.#client = client
    const lost = (): void => {
      this.#reconnect(client)
    }
    client.on('error', lost)
    client.on('end', lost)
    client.on('notification', () => {
      this.#wake()
    })
    try {
      await client.connect()
      await client.query(`listen ${CHANNEL}`)
    } catch {
      lost()
      return
    }
    this.#failures = 0
    this.#wake()
  }

  #wake(): void {
    for (const callback of this.#callbacks) callback()
  }

  #reconnect(client: pg.Client): void {
    if (this.#closed || this.#client !== client) return
    this.#client = null
    client.end().catch(() => undefined)
    const wait = Math.min(RECONNECT_MAX_MS, RECONNECT_FIRST_MS * 2 ** this.#failures++)
    // Spread, so that a restarted server is not met by every node at the same moment.
    this.#timer = setTimeout(() => void this.#connect(), randomInt(wait / 2, wait))
  }
}
