import type { WritableDatabase } from '../storage/database.js'
import { holdLeases, releaseLeases } from '../storage/lease.js'

/** How long an endpoint is one node's alone, in milliseconds, and how much of that is left when it is prolonged. */
const LEASE_MILLISECONDS = 6_000
const RENEWED_AT_MILLISECONDS = 4_000
/** A request begun within the lease is known to have ended or not before the next holder can be far. */
const MARGIN_MILLISECONDS = 1_000
/** After how long to ask again for an endpoint that is another node's. */
const ASK_AGAIN_MILLISECONDS = 1_000

/** The endpoints that are this node's to deliver to. */
export class HeldLeases {
  readonly #database: WritableDatabase
  readonly #holder: string
  readonly #until = new Map<string, number>()
  readonly #askAgain = new Map<string, number>()

  /** @param node the name of this node */
  constructor(database: WritableDatabase, node: string) {
    this.#database = database
    this.#holder = `webhooks:${node}`
  }

  /** Until when an endpoint may be sent to, in milliseconds since 1970 UTC; 0 where it is not this node's. */
  until(endpointId: string): number {
    return (this.#until.get(endpointId) ?? 0) - MARGIN_MILLISECONDS
  }

  /** Asks for endpoints, and prolongs those that are about to run out. */
  async hold(endpointIds: readonly string[], now: number): Promise<void> {
    for (const [id, until] of this.#until) if (until < now) this.#until.delete(id)
    for (const [id, at] of this.#askAgain) if (at <= now) this.#askAgain.delete(id)
    const wanted = endpointIds.filter(
      (id) => (this.#until.get(id) ?? 0) - now < RENEWED_AT_MILLISECONDS && !this.#askAgain.has(id),
    )
    if (wanted.length === 0) return
    const names = new Map(wanted.map((id) => [`webhooks:${id}`, id]))
    const held = new Set(
      await holdLeases(this.#database, [...names.keys()], this.#holder, now, LEASE_MILLISECONDS),
    )
    for (const [name, id] of names) {
      if (held.has(name)) {
        this.#until.set(id, now + LEASE_MILLISECONDS)
      } else {
        this.#until.delete(id)
        this.#askAgain.set(id, now + ASK_AGAIN_MILLISECONDS)
      }
    }
  }

  /** Gives them all up, so that nobody waits for them to run out. */
  async release(): Promise<void> {
    this.#until.clear()
    await releaseLeases(this.#database, this.#holder)
  }
}
