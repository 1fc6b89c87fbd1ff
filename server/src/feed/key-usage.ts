import { LEVELS, type Decision, type Permission, type Principal } from '@bitting/core'
import type { Workspace } from './workspace.js'

/** How often one permission was used at one level. */
export interface ScopeUsage {
  /** A permission of the catalog, or a word of {@link UNSCOPED}. */
  readonly permission: string
  readonly level: 'read' | 'edit'
  readonly allowed: number
  readonly denied: number
}

/**
 * What stands where no permission was asked for. Operations that every live key may call count as reading; what no
 * catalog maps, or leaves to full keys, as editing. A key that was refused for what it is (suspended, expired, from a
 * wrong address) was refused before anybody looked what for.
 */
export const UNSCOPED = {
  any: { permission: 'any', level: 'read' },
  unmapped: { permission: 'unmapped', level: 'edit' },
  refused: { permission: 'refused', level: 'read' },
} as const

/**
 * The slots of a key's counts: two that no operation comes to, and from {@link ANY_SLOT} on the permission's place doubled
 * and the rank of the level, which is the first of them for `any`.
 */
const UNMAPPED_SLOT = 0
const REFUSED_SLOT = 1
const ANY_SLOT = 2
const RANK_OF_EDIT = 2

/**
 * What happened to one key within one hour. Keys mostly do one thing at a time, so the slot in use is counted in the
 * object itself: the other slots are a list elsewhere in memory, and reaching it would cost more than counting. Its
 * fields are plain ones: V8 is slow to set `#private` fields.
 */
export class KeyUsage {
  /** Whoever used the key first. */
  readonly holder: Principal<Workspace>
  private slot = UNMAPPED_SLOT
  private allowed = 0
  private denied = 0
  /** Whole seconds since 1970 UTC of the last request that was let through; null when none was. */
  lastUsedAt: number | null = null
  lastUsedAddress: string | null = null
  /** By slot, the requests that were let through and those that were not; empty while there is but one slot. */
  private readonly others: number[] = []
  /** The beginning of the hour, in whole seconds since 1970 UTC. */
  readonly hour: number
  readonly keyId: string

  constructor(holder: Principal<Workspace>, keyId: string, hour: number) {
    this.holder = holder
    this.keyId = keyId
    this.hour = hour
  }

  /** The workspace that the key belongs to. */
  get workspaceId(): string {
    return this.holder.workspace.id
  }

  /** Counts one decision on the key. */
  count(decision: Decision<Workspace>, address: string | null, nowSeconds: number): void {
    const slot = slotOf(decision)
    if (slot !== this.slot) this.turnTo(slot)
    if (decision.outcome === 'denied') {
      this.denied++
      return
    }
    this.allowed++
    this.lastUsedAt = nowSeconds
    this.lastUsedAddress = address
  }

  /** Adds what was counted of the same key and hour before. */
  addEarlier(earlier: KeyUsage): void {
    earlier.turnTo(earlier.slot)
    for (const [place, count] of earlier.others.entries()) this.addTo(place, count)
    this.lastUsedAddress = this.lastUsedAt === null ? earlier.lastUsedAddress : this.lastUsedAddress
    this.lastUsedAt ??= earlier.lastUsedAt
  }

  /** The counts by permission and level. */
  get scopes(): ScopeUsage[] {
    this.turnTo(this.slot)
    const { permissions } = this.holder.catalog.catalog
    const scopes: ScopeUsage[] = []
    for (let slot = 0; slot * 2 < this.others.length; slot++) {
      const [allowed = 0, denied = 0] = this.others.slice(slot * 2, slot * 2 + 2)
      if (allowed + denied > 0) scopes.push({ ...scopeOf(slot, permissions), allowed, denied })
    }
    return scopes
  }

  /** Counts on in a slot; what the object held goes to the others. */
  private turnTo(slot: number): void {
    if (this.allowed > 0) this.addTo(this.slot * 2, this.allowed)
    if (this.denied > 0) this.addTo(this.slot * 2 + 1, this.denied)
    this.slot = slot
    this.allowed = 0
    this.denied = 0
  }

  private addTo(place: number, count: number): void {
    while (this.others.length <= place) this.others.push(0)
    this.others[place] = (this.others[place] ?? 0) + count
  }
}

function slotOf(decision: Decision<Workspace>): number {
  const operation = decision.operation
  if (operation !== null) {
    if (operation.rank > RANK_OF_EDIT) return UNMAPPED_SLOT
    return ANY_SLOT + operation.permissionIndex * 2 + operation.rank
  }
  return decision.outcome === 'allowed' || decision.reason === 'operation_unmapped'
    ? UNMAPPED_SLOT
    : REFUSED_SLOT
}

function scopeOf(slot: number, permissions: readonly Permission[]): Pick<ScopeUsage, 'permission' | 'level'> {
  if (slot === ANY_SLOT) return UNSCOPED.any
  if (slot === REFUSED_SLOT) return UNSCOPED.refused
  const place = slot - ANY_SLOT - 1
  const permission = permissions[place >> 1]
  if (permission === undefined) return UNSCOPED.unmapped
  return { permission: permission.id, level: place % 2 === 0 ? LEVELS[1] : LEVELS[2] }
}
