import type { WritableDatabase } from '../storage/database.js'
import type { KeyFeed } from './key-feed.js'

/** How long a node may be silent before it is no longer counted, in milliseconds. */
export const NODE_SILENCE_MILLISECONDS_MAX = 30_000

/** How often a node that has nothing new to say still says that it lives. */
const HEARTBEAT_MILLISECONDS = 10_000
const FORGOTTEN_MILLISECONDS = 3_600_000

/** Tells the other nodes, through the database, which revision this one's verifier has reached. */
export class NodeReporter {
  readonly #database: WritableDatabase
  readonly #feed: KeyFeed
  readonly #now: () => number
  readonly #id: string
  readonly #startedAt: number
  #reported = { revision: -1, at: 0 }

  constructor(database: WritableDatabase, feed: KeyFeed, id: string, nowMilliseconds: () => number) {
    this.#database = database
    this.#feed = feed
    this.#id = id
    this.#now = nowMilliseconds
    this.#startedAt = nowMilliseconds()
  }

  /** Writes the node's revision when it is news, or when the node was silent for long. */
  async report(): Promise<void> {
    const at = this.#now()
    const revision = this.#feed.revision
    if (revision === this.#reported.revision && at - this.#reported.at < HEARTBEAT_MILLISECONDS) return
    const row = { id: this.#id, started_at_ms: this.#startedAt, seen_at_ms: at, revision }
    await this.#database.transact(async (tx) => {
      await tx
        .insertInto('nodes')
        .values(row)
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ seen_at_ms: at, revision }))
        .execute()
      await tx
        .deleteFrom('nodes')
        .where('seen_at_ms', '<', at - FORGOTTEN_MILLISECONDS)
        .execute()
    })
    this.#reported = { revision, at }
  }

  /** Says that the node stops, so that nobody waits for it. */
  async leave(): Promise<void> {
    await this.#database.transact((tx) => tx.deleteFrom('nodes').where('id', '=', this.#id).execute())
  }
}
