import type { UsagePoint, UsageView } from '@bitting/client'
import { levelOf, LEVEL_TITLES, type Access, type Catalog } from '@bitting/core'
import type { Bar, Series } from '../../ui/bar-chart.js'

/** How far back use is looked at. */
export type UsageRange = '24h' | '7d' | '30d' | '90d'

/** The ranges, with what each is called. */
export const USAGE_RANGES: readonly {
  readonly value: UsageRange
  readonly label: string
  readonly words: string
}[] = [
  { value: '24h', label: '24 h', words: 'the last 24 hours' },
  { value: '7d', label: '7 d', words: 'the last 7 days' },
  { value: '30d', label: '30 d', words: 'the last 30 days' },
  { value: '90d', label: '90 d', words: 'the last 90 days' },
]

const HOUR_MILLISECONDS = 3_600_000
const DAY_MILLISECONDS = 24 * HOUR_MILLISECONDS
const LENGTHS = { '24h': 1, '7d': 7, '30d': 30, '90d': 90 } as const satisfies Record<UsageRange, number>

/** What to ask for to see a range: by the hour for a day, else by the day. The days are those of UTC. */
export function usageQueryOf(range: UsageRange, now = Date.now()): { since: string; step: 'hour' | 'day' } {
  const step = range === '24h' ? 'hour' : 'day'
  const length = step === 'hour' ? HOUR_MILLISECONDS : DAY_MILLISECONDS
  // The span under way counts as one, so that there are as many bars as the range has hours or days.
  const since = now - LENGTHS[range] * DAY_MILLISECONDS + length
  return { since: new Date(since).toISOString(), step }
}

/** A number of calls, allowed and denied. */
export interface Calls {
  readonly allowed: number
  readonly denied: number
}

/** How often a permission was used, at each level. */
export interface PermissionUse extends Calls {
  readonly permission: string
  readonly read: number
  readonly edit: number
}

/** All calls of a range together. */
export function totalOf(data: readonly UsagePoint[]): Calls {
  const sum = (key: keyof Calls): number => data.reduce((total, point) => total + point[key], 0)
  return { allowed: sum('allowed'), denied: sum('denied') }
}

/** The calls by permission, the most used first. */
export function byPermission(data: readonly UsagePoint[]): PermissionUse[] {
  const names = [...new Set(data.map(({ permission }) => permission))]
  const uses = names.map((permission) => {
    const points = data.filter((point) => point.permission === permission)
    const allowedAt = (level: UsagePoint['level']): number =>
      totalOf(points.filter((point) => point.level === level)).allowed
    return { permission, ...totalOf(points), read: allowedAt('read'), edit: allowedAt('edit') }
  })
  return uses.sort((left, right) => right.allowed + right.denied - (left.allowed + left.denied))
}

const TONES = ['good', 'wait', 'brass'] as const

/** The bars of a chart: allowed calls stacked by the permissions most used, what else was allowed, and what was denied. */
export function chartOf(
  usage: UsageView,
  titleOf: (permission: string) => string,
): { readonly series: readonly Series[]; readonly bars: readonly Bar[] } {
  const allowed = byPermission(usage.data).filter((use) => use.allowed > 0)
  const most = allowed.length > TONES.length + 1 ? allowed.slice(0, TONES.length) : allowed
  const named = most.map(({ permission }) => permission)
  const others = allowed.length > most.length
  const series: Series[] = [
    ...named.map((permission, at) => ({ name: titleOf(permission), tone: TONES[at] ?? ('quiet' as const) })),
    ...(others ? [{ name: 'Others', tone: 'quiet' as const }] : []),
    { name: 'Denied', tone: 'bad' },
  ]
  const bars = spansOf(usage).map((at) => {
    const points = usage.data.filter((point) => new Date(point.at).getTime() === at)
    const of = (wanted: (permission: string) => boolean): number =>
      totalOf(points.filter(({ permission }) => wanted(permission))).allowed
    const values = [
      ...named.map((name) => of((permission) => permission === name)),
      ...(others ? [of((permission) => !named.includes(permission))] : []),
      totalOf(points).denied,
    ]
    return { label: labelOf(at, usage.step), values }
  })
  return { series, bars }
}

/** The scopes that a key has and did not use, as words: `Call`, `History: Edit`. Full access is told apart elsewhere. */
export function unusedOf(access: Access, catalog: Catalog, data: readonly UsagePoint[]): string[] {
  if (access === 'full') return []
  const uses = byPermission(data)
  return catalog.permissions.flatMap(({ id, title, levels }) => {
    const level = levelOf(access, id)
    const use = uses.find(({ permission }) => permission === id)
    if (level === 'none') return []
    if (use === undefined || use.allowed === 0) return [title]
    return level === 'edit' && use.edit === 0 && levels.includes('read')
      ? [`${title}: ${LEVEL_TITLES.edit}`]
      : []
  })
}

/** Every span of a range, also those without a call, as milliseconds. */
function spansOf({ since, until, step }: UsageView): number[] {
  const length = step === 'hour' ? HOUR_MILLISECONDS : DAY_MILLISECONDS
  const first = new Date(since).getTime()
  const count = Math.max(1, Math.ceil((new Date(until).getTime() - first) / length))
  return Array.from({ length: count }, (_, index) => first + index * length)
}

const HOUR = new Intl.DateTimeFormat('en', {
  month: 'short',
  day: 'numeric',
  hour: 'numeric',
  timeZoneName: 'short',
})
const DAY = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeZone: 'UTC' })

/** Hours are local; days are those of UTC, as they are counted. */
function labelOf(at: number, step: UsageView['step']): string {
  return (step === 'hour' ? HOUR : DAY).format(at)
}
