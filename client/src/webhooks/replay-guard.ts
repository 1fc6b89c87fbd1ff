/**
 * Remembers what has been handled, for all processes that receive for one endpoint. `SET key 1 NX EX seconds` and
 * `DEL key` of Redis are one, and so is a table with a unique column and an expiry.
 */
export interface ReplayGuard {
  /** Takes a name for so many seconds. Atomically: of several who ask at once one is told true, the others false. */
  claim(identity: string, seconds: number): boolean | Promise<boolean>
  /** Gives a name back before its time. A name that nobody has is no error. */
  release(identity: string): void | Promise<void>
}

const ENTRIES_MAX = 200_000

/**
 * A guard for one process that forgets with it. Bounded: when it is full the names that were taken first make room, so
 * it should hold what arrives within the tolerance of a signature at the least. A delivery takes two names for each
 * scheme while it is handled and one afterwards.
 */
export class MemoryReplayGuard implements ReplayGuard {
  readonly #expiries = new Map<string, number>()
  readonly #entriesMax: number
  readonly #now: () => number

  /** @param options `entriesMax`: how many names to hold, 200,000 unless it is told; `now`: Unix milliseconds */
  constructor(options: { readonly entriesMax?: number; readonly now?: () => number } = {}) {
    this.#entriesMax = options.entriesMax ?? ENTRIES_MAX
    this.#now = options.now ?? Date.now
  }

  claim(identity: string, seconds: number): boolean {
    const now = this.#now()
    if ((this.#expiries.get(identity) ?? -Infinity) > now) return false
    // Deleted first, because a Map keeps the place of a name that is set again.
    this.#expiries.delete(identity)
    this.#makeRoom(now)
    this.#expiries.set(identity, now + seconds * 1000)
    return true
  }

  release(identity: string): void {
    this.#expiries.delete(identity)
  }

  #makeRoom(now: number): void {
    for (const [identity, expiry] of this.#expiries) {
      if (expiry > now && this.#expiries.size < this.#entriesMax) return
      this.#expiries.delete(identity)
    }
  }
}
