import {
  accessExcess,
  accessIncludes,
  levelOf,
  LEVELS,
  normaliseAccess,
  rankOf,
  type Access,
  type Level,
} from '@bitting/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

// Few names, so that accesses meet; names that every object inherits among them.
const NAMES = ['agent', 'call', 'history', '__proto__', 'constructor', 'toString', '7', '10'] as const
const permission = fc.constantFrom(...NAMES)
const level = fc.constantFrom<Level>(...LEVELS)
const list = fc
  .uniqueArray(fc.tuple(permission, level), { selector: ([name]) => name })
  .map((entries): Access => Object.fromEntries(entries))
const access = fc.oneof({ weight: 5, arbitrary: list }, fc.constant<Access>('full'))
/** Accesses and one below the first, so that the premises of the laws are often true. */
const descending = fc
  .tuple(access, list)
  .map(([outer, other]): [Access, Access] => [
    outer,
    Object.fromEntries(NAMES.map((name) => [name, lower(levelOf(outer, name), levelOf(other, name))])),
  ])

function lower(left: Level, right: Level): Level {
  return rankOf(left) < rankOf(right) ? left : right
}

/** The order by the words of the design: a level for each permission, full above everything. */
function includesByHand(outer: Access, inner: Access): boolean {
  if (outer === 'full' || inner === 'full') return outer === 'full'
  const [has, wants] = [new Map(Object.entries(outer)), new Map(Object.entries(inner))]
  return NAMES.every(
    (name) => LEVELS.indexOf(has.get(name) ?? 'none') >= LEVELS.indexOf(wants.get(name) ?? 'none'),
  )
}

describe('accessIncludes', () => {
  it('equals the order level by level', () => {
    fc.assert(
      fc.property(fc.oneof(fc.tuple(access, access), descending), ([outer, inner]) => {
        expect(accessIncludes(outer, inner)).toBe(includesByHand(outer, inner))
      }),
      { numRuns: 3000 },
    )
  })

  it('is reflexive', () => {
    fc.assert(
      fc.property(access, (it) => {
        expect(accessIncludes(it, it)).toBe(true)
      }),
    )
  })

  it('is antisymmetric on normalised accesses: what includes each other is the same text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.tuple(access, access), descending), ([left, right]) => {
        const same = JSON.stringify(normaliseAccess(left)) === JSON.stringify(normaliseAccess(right))
        expect(accessIncludes(left, right) && accessIncludes(right, left)).toBe(same)
      }),
      { numRuns: 3000 },
    )
  })

  it('is transitive', () => {
    fc.assert(
      fc.property(descending, list, ([outer, middle], other) => {
        const inner = Object.fromEntries(
          NAMES.map((name) => [name, lower(levelOf(middle, name), levelOf(other, name))]),
        )
        expect(accessIncludes(outer, middle)).toBe(true)
        expect(accessIncludes(middle, inner)).toBe(true)
        expect(accessIncludes(outer, inner)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it('has full above everything, alone, and the empty access below everything', () => {
    fc.assert(
      fc.property(access, (it) => {
        expect(accessIncludes('full', it)).toBe(true)
        expect(accessIncludes(it, {})).toBe(true)
        expect(accessIncludes(it, 'full')).toBe(it === 'full')
        expect(accessIncludes({}, it)).toBe(it !== 'full' && Object.values(it).every((one) => one === 'none'))
      }),
    )
  })
})

describe('accessExcess', () => {
  it('is empty exactly where the outer access includes the inner', () => {
    fc.assert(
      fc.property(fc.oneof(fc.tuple(access, access), descending), ([outer, inner]) => {
        expect(accessExcess(outer, inner).length === 0).toBe(accessIncludes(outer, inner))
      }),
      { numRuns: 3000 },
    )
  })

  it('names in order, once each, exactly the permissions without which the outer would include the inner', () => {
    fc.assert(
      fc.property(access, list, (outer, inner) => {
        const excess = accessExcess(outer, inner)
        const expected = NAMES.filter((name) => rankOf(levelOf(inner, name)) > rankOf(levelOf(outer, name)))
        expect(excess).toEqual([...expected].sort())
        const kept = NAMES.filter((name) => !excess.includes(name))
        const rest = Object.fromEntries(kept.map((name) => [name, levelOf(inner, name)]))
        expect(accessIncludes(outer, rest)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('normaliseAccess', () => {
  it('is idempotent, changes no level and does not depend on the order of the input', () => {
    fc.assert(
      fc.property(access, permission, (it, name) => {
        const normal = normaliseAccess(it)
        expect(normaliseAccess(normal)).toEqual(normal)
        expect(levelOf(normal, name)).toBe(levelOf(it, name))
        if (it === 'full') return
        const reversed = Object.fromEntries(Object.entries(it).reverse())
        expect(JSON.stringify(normaliseAccess(reversed))).toBe(JSON.stringify(normal))
        expect(Object.values(normal)).not.toContain('none')
      }),
      { numRuns: 1000 },
    )
  })
})
