import { overlayCatalog, type Access, type Catalog, type Level, type OverlayMapping } from '@bitting/core'
import fc from 'fast-check'
import { catalogOf } from '../unit/key-fixtures.js'

const LEVEL_LISTS = {
  'none read edit': ['none', 'read', 'edit'],
  'none edit': ['none', 'edit'],
  'none read': ['none', 'read'],
} as const
type LevelList = keyof typeof LEVEL_LISTS

/** A catalog by chance: each permission by its number, and the requirement of an operation by number or word. */
export interface World {
  readonly levelLists: readonly LevelList[]
  readonly requirements: readonly Requirement[]
  readonly overlay: readonly { readonly operation: number; readonly requirement: Requirement }[]
}
type Requirement = 'any' | 'full' | readonly [permission: number, level: Level]

export const world: fc.Arbitrary<World> = fc
  .array(fc.constantFrom(...(Object.keys(LEVEL_LISTS) as LevelList[])), {
    minLength: 1,
    maxLength: 32,
    size: 'max',
  })
  .chain((levelLists) => {
    const named = fc.nat(levelLists.length - 1).chain((number) => {
      const levels = LEVEL_LISTS[levelLists[number] ?? 'none edit'].filter((level) => level !== 'none')
      return fc.constantFrom<Level>(...levels).map((level): Requirement => [number, level])
    })
    const requirement = fc.oneof({ weight: 6, arbitrary: named }, fc.constantFrom<Requirement>('any', 'full'))
    const overlay = fc.uniqueArray(fc.record({ operation: fc.nat(15), requirement }), {
      selector: ({ operation }) => operation,
      maxLength: 6,
    })
    return fc.record({
      levelLists: fc.constant(levelLists),
      requirements: fc.array(requirement, { minLength: 1, maxLength: 12 }),
      overlay,
    })
  })
/** The levels wanted of each permission, made to fit by leaving out what a permission does not have. */
export const wishes = fc.array(fc.constantFrom<Level>('none', 'read', 'edit'), {
  minLength: 32,
  maxLength: 32,
})

export function accessOf({ levelLists }: World, wanted: readonly Level[]): Access {
  return Object.fromEntries(
    levelLists.map((list, number) => {
      const level = LEVEL_LISTS[list].find((it) => it === wanted[number])
      return [`p${String(number)}`, level ?? 'none']
    }),
  )
}

/** The catalog through its text, as installations load it, with the overlay of a workspace over it. */
export function catalogFrom({ levelLists, requirements, overlay }: World): Catalog {
  const permissions = levelLists.map(
    (levels, number) => `permission p${String(number)} ${levels} P${String(number)}\n  Text.`,
  )
  const operations = requirements.map(
    (requirement, number) => `operations ${words(requirement)}\n  GET ${template(number)}`,
  )
  const heading = 'catalog world\ntitle World\nerrors problem\nsection All'
  const catalog = catalogOf([heading, ...permissions, ...operations].join('\n'))
  const mappings = overlay.map(({ operation, requirement }): OverlayMapping => {
    const [permission = '', level] = words(requirement).split(' ')
    return { method: 'GET', path: template(operation), permission, level }
  })
  const result = overlayCatalog(catalog, mappings)
  if (!result.ok) throw new Error(JSON.stringify(result.errors))
  return result.catalog
}

function words(requirement: Requirement): string {
  return typeof requirement === 'string' ? requirement : `p${String(requirement[0])} ${requirement[1]}`
}

function template(number: number): string {
  return `/o${String(number)}/{id}`
}

/** What the request needs by the world's own lists: the overlay first, then the catalog. */
export function requirementOf({ requirements, overlay }: World, operation: number): Requirement | null {
  const mapping = overlay.find((it) => it.operation === operation)
  return mapping?.requirement ?? requirements[operation] ?? null
}

const RANKS: readonly Level[] = ['none', 'read', 'edit']

export function allowedByHand(access: Access, requirement: Requirement | null): boolean {
  if (access === 'full' || requirement === 'any') return true
  if (requirement === null || requirement === 'full') return false
  const [permission, level] = requirement
  return RANKS.indexOf(access[`p${String(permission)}`] ?? 'none') >= RANKS.indexOf(level)
}
