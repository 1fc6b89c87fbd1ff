import type { Decision, DenialReason, Principal } from '@bitting/core'
import type { Workspace } from './workspace.js'

/** What happened to one key since the last flush. */
export interface Usage {
  readonly workspaceId: string
  readonly keyId: string
  allowed: number
  denied: number
  /** Whole seconds since 1970 UTC of the last request that was let through; null when none was. */
  lastUsedAt: number | null
  lastUsedAddress: string | null
}

/** The most keys whose use is held between two flushes; beyond it counts are lost, never requests. */
const KEYS_MAX = 1_000_000

/**
 * Counts use in memory. Verification adds to it and never waits for it; a flush takes what has gathered. What is lost
 * with a crash are counts, never safety.
 */
export class UsageCounter {
  #counts = new Map<string, Usage>()
  readonly #recent = new Map<number, { readonly holder: Principal<Workspace>; readonly usage: Usage }>()
  readonly #totals = new Map<DenialReason | 'allowed', number>()

  /** How many decisions there were since the start, by their outcome. */
  get totals(): ReadonlyMap<DenialReason | 'allowed', number> {
    return this.#totals
  }

  /** Counts one decision. */
  count(decision: Decision<Workspace>, address: string | null, nowSeconds: number): void {
    const outcome = decision.outcome === 'allowed' ? 'allowed' : decision.reason
    this.#totals.set(outcome, (this.#totals.get(outcome) ?? 0) + 1)
    const principal = decision.principal
    if (principal === null) return
    const usage = this.#usageOf(principal)
    if (usage === null) return
    if (decision.outcome === 'denied') {
      usage.denied++
      return
    }
    usage.allowed++
    usage.lastUsedAt = nowSeconds
    usage.lastUsedAddress = address
  }

  /** The counts of a key. Spelling out an id a request would cost more than counting, so a number leads to them. */
  #usageOf(principal: Principal<Workspace>): Usage | null {
    const handle = principal.keyHandle
    const recent = this.#recent.get(handle)
    if (recent?.holder.hasSameKey(principal) === true) return recent.usage
    const { keyId, workspace } = principal
    let usage = this.#counts.get(keyId)
    if (usage === undefined) {
      if (this.#counts.size >= KEYS_MAX) return null
      usage = {
        workspaceId: workspace.id,
        keyId,
        allowed: 0,
        denied: 0,
        lastUsedAt: null,
        lastUsedAddress: null,
      }
      this.#counts.set(keyId, usage)
    }
    this.#recent.set(handle, { holder: principal, usage })
    return usage
  }

  /** Takes everything counted since the last time. */
  take(): Usage[] {
    const counts = [...this.#counts.values()]
    this.#counts = new Map()
    this.#recent.clear()
    return counts
  }

  /** Puts back what could not be written, so that a failed flush loses nothing while the process lives. */
  putBack(usages: readonly Usage[]): void {
    for (const usage of usages) {
      const newer = this.#counts.get(usage.keyId)
      if (newer === undefined) {
        this.#counts.set(usage.keyId, usage)
        continue
      }
      newer.allowed += usage.allowed
      newer.denied += usage.denied
      newer.lastUsedAddress = newer.lastUsedAt === null ? usage.lastUsedAddress : newer.lastUsedAddress
      newer.lastUsedAt ??= usage.lastUsedAt
    }
  }
}
