/** How much of a permission a key has. `edit` includes `read`. */
export type Level = 'none' | 'read' | 'edit'

/** The levels from least to most; a level's place is its rank. */
export const LEVELS: readonly ['none', 'read', 'edit'] = ['none', 'read', 'edit']

/** The words of the API Keys page for the levels. */
export const LEVEL_TITLES = { none: 'No Access', read: 'Read', edit: 'Edit' } as const satisfies Record<
  Level,
  string
>

/** The rank of a level: 0, 1 or 2. */
export function rankOf(level: Level): number {
  return level === 'none' ? 0 : level === 'read' ? 1 : 2
}

/** One entry of the permission table. */
export interface Permission {
  /** Lower-case name in scopes and in the API, `history` for example. */
  readonly id: string
  /** Name on the page, `History`. */
  readonly title: string
  /** The levels a key can be given. An action-only permission has no `read`. */
  readonly levels: readonly Level[]
  /** What it grants access to, in the page's words. */
  readonly description: string
}

/** The most permissions one catalog can have: a key's access is packed into two bits for each. */
export const PERMISSIONS_MAX = 32

/**
 * What a key may do: everything, or a level for each permission named. An explicit mode: an absent permission is
 * `none`, and an empty list is nothing.
 */
export type Access = 'full' | Readonly<Record<string, Level>>

/** The level an access gives for a permission. What is no level, however it came into a stored access, gives nothing. */
export function levelOf(access: Access, permission: string): Level {
  if (access === 'full') return 'edit'
  const level = Object.hasOwn(access, permission) ? access[permission] : 'none'
  return level === 'read' || level === 'edit' ? level : 'none'
}

/** The same access with its permissions in order and without those at `none`, so that equal accesses are equal texts. */
export function normaliseAccess(access: Access): Access {
  if (access === 'full') return access
  const entries = Object.entries(access).filter(([permission]) => levelOf(access, permission) !== 'none')
  return Object.fromEntries(entries.sort(([left], [right]) => (left < right ? -1 : 1)))
}

/**
 * Says whether `outer` gives at least what `inner` gives. A partial order: reflexive, antisymmetric on normalised
 * accesses, transitive, with `full` above everything and the empty access below.
 */
export function accessIncludes(outer: Access, inner: Access): boolean {
  return accessExcess(outer, inner).length === 0
}

/** The permissions at which `inner` asks for more than `outer` has, in order. Empty when `outer` includes `inner`. */
export function accessExcess(outer: Access, inner: Access): string[] {
  if (outer === 'full') return []
  if (inner === 'full') return ['full']
  return Object.keys(inner)
    .filter((permission) => rankOf(levelOf(inner, permission)) > rankOf(levelOf(outer, permission)))
    .sort()
}
