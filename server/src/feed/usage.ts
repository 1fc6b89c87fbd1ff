import type { Decision, DenialReason, Principal } from '@bitting/core'
import { KeyUsage } from './key-usage.js'
import type { Workspace } from './workspace.js'

/** How long the spans are that use is counted in. */
export const HOUR_SECONDS = 3600

/** The most keys whose use is held between two flushes; beyond it counts are lost, never requests. */
const KEYS_MAX = 1_000_000

/**
 * Counts use in memory, by key, hour, permission and level. Verification adds to it and never waits for it; a flush
 * takes what has gathered. What is lost with a crash are counts, never safety.
 */
export class UsageCounter {
  /** The keys of every hour that something is held of: nearly always the one hour. */
  #hours = new Map<number, Map<string, KeyUsage>>()
  /** The hour that is counted and its keys; an hour before all time until something is. */
  #hour = -HOUR_SECONDS
  #usages = new Map<string, KeyUsage>()
  #size = 0
  readonly #recent = new Map<number, KeyUsage>()
  #allowed = 0
  readonly #denied = new Map<DenialReason, number>()

  /** How many decisions there were since the start, by their outcome. */
  get totals(): ReadonlyMap<DenialReason | 'allowed', number> {
    const denied: [DenialReason | 'allowed', number][] = [...this.#denied]
    return new Map(this.#allowed === 0 ? denied : [['allowed', this.#allowed], ...denied])
  }

  /** Counts one decision. */
  count(decision: Decision<Workspace>, address: string | null, nowSeconds: number): void {
    if (decision.outcome === 'allowed') this.#allowed++
    else this.#denied.set(decision.reason, (this.#denied.get(decision.reason) ?? 0) + 1)
    const principal = decision.principal
    if (principal === null) return
    if (nowSeconds < this.#hour || nowSeconds >= this.#hour + HOUR_SECONDS) this.#turnTo(nowSeconds)
    this.#usageOf(principal)?.count(decision, address, nowSeconds)
  }

  /** The counts of a key. Spelling out an id a request would cost more than counting, so a number leads to them. */
  #usageOf(principal: Principal<Workspace>): KeyUsage | null {
    const handle = principal.keyHandle
    const recent = this.#recent.get(handle)
    if (recent?.holder.hasSameKey(principal) === true) return recent
    const keyId = principal.keyId
    let usage = this.#usages.get(keyId)
    if (usage === undefined) {
      if (this.#size >= KEYS_MAX) return null
      usage = new KeyUsage(principal, keyId, this.#hour)
      this.#usages.set(keyId, usage)
      this.#size++
    }
    this.#recent.set(handle, usage)
    return usage
  }

  #turnTo(nowSeconds: number): void {
    this.#hour = nowSeconds - (nowSeconds % HOUR_SECONDS)
    this.#usages = this.#usagesIn(this.#hour)
    this.#recent.clear()
  }

  #usagesIn(hour: number): Map<string, KeyUsage> {
    let usages = this.#hours.get(hour)
    if (usages === undefined) {
      usages = new Map()
      this.#hours.set(hour, usages)
    }
    return usages
  }

  /** Takes everything counted since the last time, one hour after another, each key once an hour. */
  take(): KeyUsage[] {
    const taken = [...this.#hours.values()].flatMap((usages) => [...usages.values()])
    this.#hours = new Map()
    this.#hour = -HOUR_SECONDS
    this.#usages = new Map()
    this.#size = 0
    this.#recent.clear()
    return taken
  }

  /** Puts back what could not be written, so that a failed flush loses nothing while the process lives. */
  putBack(usages: readonly KeyUsage[]): void {
    for (const usage of usages) {
      const held = this.#usagesIn(usage.hour)
      const newer = held.get(usage.keyId)
      if (newer !== undefined) newer.addEarlier(usage)
      else {
        held.set(usage.keyId, usage)
        this.#size++
      }
    }
  }
}
