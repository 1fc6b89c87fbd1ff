import {
  accessAllows,
  levelOf,
  rankOf,
  type Access,
  type Catalog,
  type Level,
  type Operation,
} from '@bitting/core'

/** One permission whose level changes. */
export interface LevelChange {
  readonly permission: string
  readonly before: Level
  readonly after: Level
}

/** What an access gains and loses. */
export interface AccessDiff {
  /** Whether it becomes full, or stops being so; null where neither. */
  readonly full: 'gained' | 'lost' | null
  /** Permissions with a higher level than before; empty where `full` says more. */
  readonly gained: readonly LevelChange[]
  /** Permissions with a lower level than before; empty where `full` says more. */
  readonly lost: readonly LevelChange[]
}

/** What changes from one access to another. From or to full access no permission is listed: it has all, and more. */
export function accessDiff(before: Access, after: Access): AccessDiff {
  if (before === 'full' || after === 'full') {
    return { full: before === after ? null : after === 'full' ? 'gained' : 'lost', gained: [], lost: [] }
  }
  const changes = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort().map((permission) => ({
    permission,
    before: levelOf(before, permission),
    after: levelOf(after, permission),
  }))
  return {
    full: null,
    gained: changes.filter((it) => rankOf(it.after) > rankOf(it.before)),
    lost: changes.filter((it) => rankOf(it.after) < rankOf(it.before)),
  }
}

/** Whether two accesses give the same. */
export function accessEquals(left: Access, right: Access): boolean {
  const { full, gained, lost } = accessDiff(left, right)
  return full === null && gained.length === 0 && lost.length === 0
}

/** The operations that an access lets a key call, and those that it does not. */
export function splitOperations(
  { operations }: Catalog,
  access: Access,
): { readonly allowed: readonly Operation[]; readonly denied: readonly Operation[] } {
  return {
    allowed: operations.filter((operation) => accessAllows(access, operation)),
    denied: operations.filter((operation) => !accessAllows(access, operation)),
  }
}

/** The operations that can be called with one access and not with the other. */
export function operationsBeyond({ operations }: Catalog, access: Access, other: Access): Operation[] {
  return operations.filter((it) => accessAllows(access, it) && !accessAllows(other, it))
}
