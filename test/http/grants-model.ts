import fc from 'fast-check'

type Levels = Readonly<Record<string, 'none' | 'read' | 'edit'>>

/** What makes one key stronger than another. */
export interface Strength {
  readonly kind: 'api' | 'management'
  readonly access: 'full' | Levels
  readonly environment: 'development' | 'staging' | 'production'
  /** In how many seconds it ends; null for never. */
  readonly ends: number | null
  readonly addresses: readonly string[] | null
}

const ENVIRONMENTS = ['development', 'staging', 'production'] as const
const RANKS = { none: 0, read: 1, edit: 2 } as const

/** Lists of addresses that all have 10.1.2.3 in them, each within those before it. */
const ADDRESSES: readonly (readonly string[] | null)[] = [
  null,
  ['10.0.0.0/8', '192.0.2.0/24'],
  ['10.0.0.0/8'],
  ['10.1.0.0/16'],
  ['10.1.2.3'],
]
export const CALLER = { 'x-forwarded-for': '10.1.2.3' }

/** The rule in other words than the program's: nothing of the second is beyond the first. */
export function reaches(own: Strength, wanted: Strength): boolean {
  if (ENVIRONMENTS.indexOf(own.environment) < ENVIRONMENTS.indexOf(wanted.environment)) return false
  if (own.access !== 'full') {
    if (wanted.access === 'full') return false
    const { access } = own
    for (const [permission, level] of Object.entries(wanted.access)) {
      if (RANKS[level] > RANKS[access[permission] ?? 'none']) return false
    }
  }
  // Where and how long an API key works is not measured against the key that made it: it cannot make others.
  if (wanted.kind === 'api') return true
  if (own.ends !== null && (wanted.ends === null || wanted.ends > own.ends)) return false
  return ADDRESSES.indexOf(wanted.addresses) >= ADDRESSES.indexOf(own.addresses)
}

const apiLevels = fc.record(
  {
    history: fc.constantFrom('none', 'read', 'edit'),
    agent: fc.constantFrom('none', 'read', 'edit'),
    call: fc.constantFrom('none', 'edit'),
  },
  { requiredKeys: [] },
)
const managementLevels = fc.record(
  { audit: fc.constantFrom('none', 'read', 'edit'), verify: fc.constantFrom('none', 'edit') },
  { requiredKeys: [] },
)
export const conditions = {
  environment: fc.constantFrom(...ENVIRONMENTS),
  ends: fc.constantFrom(null, 100, 200, 300),
  addresses: fc.constantFrom(...ADDRESSES),
}
export const full = fc.constant('full' as const)

/** A management key that may manage keys at all. */
export const manager: fc.Arbitrary<Strength> = fc.record({
  kind: fc.constant('management' as const),
  access: fc.oneof(
    { arbitrary: full, weight: 1 },
    {
      arbitrary: fc
        .tuple(apiLevels, managementLevels)
        .map(([api, own]) => ({ ...api, ...own, keys: 'edit' as const })),
      weight: 4,
    },
  ),
  ...conditions,
})
export const target: fc.Arbitrary<Strength> = fc.oneof(
  fc.record({
    kind: fc.constant('api' as const),
    access: fc.oneof({ arbitrary: full, weight: 1 }, { arbitrary: apiLevels, weight: 4 }),
    ...conditions,
  }),
  fc.record({
    kind: fc.constant('management' as const),
    access: fc.oneof(
      { arbitrary: full, weight: 1 },
      {
        arbitrary: fc.tuple(apiLevels, managementLevels).map(([api, own]) => ({ ...api, ...own })),
        weight: 4,
      },
    ),
    ...conditions,
  }),
)
