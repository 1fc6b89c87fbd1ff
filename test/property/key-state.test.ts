import {
  canChange,
  isUsable,
  KEY_STATES,
  keyState,
  type KeyState,
  type StateChange,
  type StateMarks,
} from '@bitting/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const CHANGES: readonly StateChange[] = ['suspend', 'resume', 'revoke', 'compromise', 'destroy']

/** The marks after a change, as every keeper of keys must set them: nothing but `resume` ever takes a mark away. */
function marked(marks: StateMarks, change: StateChange, now: number): StateMarks {
  switch (change) {
    case 'suspend':
      return { ...marks, suspendedAt: now }
    case 'resume':
      return { ...marks, suspendedAt: null }
    case 'revoke':
      return { ...marks, revokedAt: now }
    case 'compromise':
      return { ...marks, revokedAt: marks.revokedAt ?? now, compromised: true }
    case 'destroy':
      return { ...marks, deletedAt: now }
  }
}

const time = fc.nat(8)
const maybeTime = fc.option(time, { nil: null })
const birth = fc.record({ notBefore: maybeTime, expiresAt: maybeTime }).map((times): StateMarks => ({
  ...times,
  suspendedAt: null,
  revokedAt: null,
  compromised: false,
  deletedAt: null,
}))
const anyMarks: fc.Arbitrary<StateMarks> = fc.record({
  notBefore: maybeTime,
  expiresAt: maybeTime,
  suspendedAt: maybeTime,
  revokedAt: maybeTime,
  compromised: fc.boolean(),
  deletedAt: maybeTime,
})
const step = fc.oneof(fc.constantFrom(...CHANGES), fc.nat(3))

/** Every state that a life passes through, and what brought it there: a change that was possible, or time. */
function live(
  start: StateMarks,
  steps: readonly (StateChange | number)[],
): { state: KeyState; by: string }[] {
  let marks = start
  let now = 0
  const seen = [{ state: keyState(marks, now), by: 'birth' }]
  for (const it of steps) {
    if (typeof it === 'number') now += it
    else if (canChange(keyState(marks, now), it)) marks = marked(marks, it, now)
    else continue
    seen.push({ state: keyState(marks, now), by: typeof it === 'number' ? 'time' : it })
  }
  return seen
}

const life = fc.tuple(birth, fc.array(step, { maxLength: 14 }))

/** SP 800-57 Part 1 Figure 3, with suspension also before activation and resumption back to where the key was. */
const TRANSITIONS: readonly string[] = [
  'pre-activation > active by time',
  'pre-activation > deactivated by time',
  'pre-activation > suspended by suspend',
  'pre-activation > deactivated by revoke',
  'pre-activation > compromised by compromise',
  'pre-activation > destroyed by destroy',
  'active > deactivated by time',
  'active > suspended by suspend',
  'active > deactivated by revoke',
  'active > compromised by compromise',
  'active > destroyed by destroy',
  'suspended > deactivated by time',
  'suspended > pre-activation by resume',
  'suspended > active by resume',
  'suspended > deactivated by revoke',
  'suspended > compromised by compromise',
  'suspended > destroyed by destroy',
  'deactivated > compromised by compromise',
  'deactivated > destroyed by destroy',
  'compromised > destroyed by destroy',
]

describe('the life of a key', () => {
  it('passes through every state and makes every transition of the table, and no other', () => {
    const states = new Set<KeyState>()
    const transitions = new Set<string>()
    fc.assert(
      fc.property(life, ([start, steps]) => {
        const seen = live(start, steps)
        for (const [index, { state, by }] of seen.entries()) {
          states.add(state)
          const before = seen[index - 1]?.state ?? state
          if (before !== state) transitions.add(`${before} > ${state} by ${by}`)
        }
      }),
      { numRuns: 10_000 },
    )
    expect([...states].sort()).toEqual([...KEY_STATES].sort())
    expect([...transitions].sort()).toEqual([...TRANSITIONS].sort())
  })

  it('never leaves destroyed, and leaves compromised for destroyed alone', () => {
    fc.assert(
      fc.property(life, ([start, steps]) => {
        const states = live(start, steps).map(({ state }) => state)
        const afterDestroyed = states.slice(states.indexOf('destroyed'))
        if (states.includes('destroyed')) expect(new Set(afterDestroyed)).toEqual(new Set(['destroyed']))
        const afterCompromised = states.includes('compromised')
          ? states.slice(states.indexOf('compromised'))
          : []
        for (const state of afterCompromised) expect(['compromised', 'destroyed']).toContain(state)
      }),
      { numRuns: 3000 },
    )
  })

  it('never becomes usable again once it is not', () => {
    fc.assert(
      fc.property(life, ([start, steps]) => {
        const usable = live(start, steps).map(({ state }) => isUsable(state))
        expect(usable).toEqual([...usable].sort((left, right) => Number(right) - Number(left)))
      }),
      { numRuns: 3000 },
    )
  })

  it('allows no change that changes nothing', () => {
    fc.assert(
      fc.property(anyMarks, time, fc.constantFrom(...CHANGES), (marks, now, change) => {
        const before = keyState(marks, now)
        fc.pre(canChange(before, change))
        expect(keyState(marked(marks, change, now), now)).not.toBe(before)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('keyState', () => {
  it('only moves forward as time goes by', () => {
    fc.assert(
      fc.property(anyMarks, time, time, (marks, one, other) => {
        const [earlier, later] = [Math.min(one, other), Math.max(one, other)]
        const rank = (now: number): number => KEY_STATES.indexOf(keyState(marks, now))
        expect(rank(later)).toBeGreaterThanOrEqual(rank(earlier))
      }),
      { numRuns: 5000 },
    )
  })

  it('is usable exactly where nobody ended the key and its time is not over', () => {
    fc.assert(
      fc.property(anyMarks, time, (marks, now) => {
        const { expiresAt, revokedAt, deletedAt } = marks
        const over = expiresAt !== null && expiresAt <= now
        expect(isUsable(keyState(marks, now))).toBe(revokedAt === null && deletedAt === null && !over)
      }),
      { numRuns: 3000 },
    )
  })

  it('is active only between its beginning and its end, with no mark of a person', () => {
    fc.assert(
      fc.property(anyMarks, time, (marks, now) => {
        const expected =
          marks.suspendedAt === null &&
          marks.revokedAt === null &&
          marks.deletedAt === null &&
          now >= (marks.notBefore ?? 0) &&
          now < (marks.expiresAt ?? Number.POSITIVE_INFINITY)
        expect(keyState(marks, now) === 'active').toBe(expected)
      }),
      { numRuns: 3000 },
    )
  })
})
