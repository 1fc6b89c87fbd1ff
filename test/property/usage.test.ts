import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HOUR_SECONDS } from '../../server/src/feed/usage.js'
import type { KeyUsage } from '../../server/src/feed/key-usage.js'
import { World } from '../gateway/support.js'

/** Requests, and what each counts as where the key itself is good. */
const REQUESTS = [
  { method: 'GET', path: '/get-agent/a', scope: 'agent:read' },
  { method: 'POST', path: '/create-agent', scope: 'agent:edit' },
  { method: 'POST', path: '/v3/list-calls', scope: 'history:read' },
  { method: 'POST', path: '/v2/create-phone-call', scope: 'call:edit' },
  { method: 'GET', path: '/v2/list-phone-numbers', scope: 'phone:read' },
  { method: 'GET', path: '/get-concurrency', scope: 'any:read' },
  { method: 'POST', path: '/create-contact', scope: 'unmapped:edit' },
  { method: 'GET', path: '/nowhere', scope: 'unmapped:edit' },
] as const

/** Keys, and which of the scopes each lets through; null for one that is refused before it is asked what for. */
const KEYS: readonly {
  access: 'full' | Record<string, 'read' | 'edit'>
  allows: readonly string[] | null
}[] = [
  { access: 'full', allows: REQUESTS.map(({ scope }) => scope) },
  { access: { agent: 'edit' }, allows: ['agent:read', 'agent:edit', 'any:read'] },
  { access: { history: 'read', call: 'edit' }, allows: ['history:read', 'call:edit', 'any:read'] },
  { access: 'full', allows: null },
]

type Step =
  | { readonly kind: 'request'; readonly key: number; readonly request: number; readonly times: number }
  | { readonly kind: 'turn'; readonly seconds: number }
  | { readonly kind: 'flush' | 'fail' | 'fail late' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('request' as const),
      key: fc.nat(KEYS.length - 1),
      request: fc.nat(REQUESTS.length - 1),
      times: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('turn' as const),
      seconds: fc.constantFrom(1, 5, HOUR_SECONDS - 1, HOUR_SECONDS, 3 * HOUR_SECONDS, -1, -HOUR_SECONDS),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('flush', 'fail', 'fail late') }) },
)

/** Counts as `key hour scope outcome`, added up. */
type Counts = Map<string, number>

function add(counts: Counts, place: string, count: number): void {
  if (count > 0) counts.set(place, (counts.get(place) ?? 0) + count)
}

function addUsages(counts: Counts, usages: readonly KeyUsage[]): void {
  const places = usages.map(({ keyId, hour }) => `${keyId} ${String(hour)}`)
  expect(new Set(places).size, 'no key twice in an hour').toBe(places.length)
  for (const [index, { scopes }] of usages.entries()) {
    for (const { permission, level, allowed, denied } of scopes) {
      add(counts, `${places[index] ?? ''} ${permission}:${level} allowed`, allowed)
      add(counts, `${places[index] ?? ''} ${permission}:${level} denied`, denied)
    }
  }
}

describe('the counter of use', () => {
  test('counts as a plain list does, whatever is flushed, fails and is put back, at all hours', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const world = new World()
        const tokens = KEYS.map(({ access, allows }) =>
          world.addKey({ access, state: allows === null ? 'suspended' : 'active' }),
        )
        const keyIds = tokens.map((token) => `key_${token.slice(token.lastIndexOf('_') + 1).slice(0, 13)}`)
        const expected: Counts = new Map()
        const written: Counts = new Map()
        let late: KeyUsage[] = []
        for (const it of steps) {
          if (it.kind === 'turn') world.now += it.seconds
          else if (it.kind === 'request') {
            const { method, path, scope } = REQUESTS[it.request]!
            const allows = KEYS[it.key]!.allows
            const hour = Math.floor(world.now / HOUR_SECONDS) * HOUR_SECONDS
            const counted =
              allows === null
                ? 'refused:read denied'
                : `${scope} ${allows.includes(scope) ? 'allowed' : 'denied'}`
            add(expected, `${keyIds[it.key] ?? ''} ${String(hour)} ${counted}`, it.times)
            for (let time = 0; time < it.times; time++) {
              world.gatekeeper.decide({ token: tokens[it.key]!, address: null, method, path })
            }
          } else if (it.kind === 'flush') addUsages(written, world.usage.take())
          else if (it.kind === 'fail') world.usage.putBack(world.usage.take())
          else {
            // What is taken now comes back only after more was counted and taken.
            world.usage.putBack(late)
            late = world.usage.take()
          }
        }
        world.usage.putBack(late)
        addUsages(written, world.usage.take())
        expect(written).toEqual(expected)
        expect(world.usage.take()).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  test('a request in the last second of an hour and one in the next are of two hours, in one flush', () => {
    const world = new World()
    world.now = 1_800_003_599 - (1_800_000_000 % HOUR_SECONDS)
    const token = world.addKey({ access: { agent: 'read' } })
    const use = () =>
      world.gatekeeper.decide({ token, address: '192.0.2.1', method: 'GET', path: '/list-voices' })
    use()
    world.now += 1
    use()
    use()
    const usages = world.usage.take()
    expect(usages.map(({ hour, scopes }) => ({ hour, scopes }))).toEqual([
      {
        hour: world.now - HOUR_SECONDS,
        scopes: [{ permission: 'agent', level: 'read', allowed: 1, denied: 0 }],
      },
      { hour: world.now, scopes: [{ permission: 'agent', level: 'read', allowed: 2, denied: 0 }] },
    ])
    expect(usages.map(({ lastUsedAt }) => lastUsedAt)).toEqual([world.now - 1, world.now])
  })

  test('totals are of all decisions, by outcome', () => {
    const world = new World()
    const token = world.addKey({ access: { agent: 'read' } })
    expect([...world.usage.totals]).toEqual([])
    const ask = (asking: string | null, path: string) =>
      world.gatekeeper.decide({ token: asking, address: null, method: 'GET', path })
    ask(token, '/list-voices')
    ask(token, '/v2/get-call/x')
    ask(null, '/list-voices')
    ask(token, '/list-voices')
    expect(Object.fromEntries(world.usage.totals)).toEqual({
      allowed: 2,
      insufficient_scope: 1,
      credential_missing: 1,
    })
  })
})
