const NUMBER = new Intl.NumberFormat('en')
const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })
const LOCAL = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' })
const EXACT = new Intl.DateTimeFormat('en', { dateStyle: 'full', timeStyle: 'long' })
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })

/** A number with its thousands apart: `12,345`. */
export function formatNumber(value: number): string {
  return NUMBER.format(value)
}

/** A number in little room: `12.3K`. */
export function formatCompact(value: number): string {
  return COMPACT.format(value)
}

/** A number with its noun: `1 key`, `12 keys`. */
export function formatCount(value: number, one: string, many = `${one}s`): string {
  return `${formatNumber(value)} ${value === 1 ? one : many}`
}

/** A moment in local time, to the minute: `Mar 1, 2026, 2:30 PM`. */
export function formatTime(value: string): string {
  return LOCAL.format(new Date(value))
}

/** A moment in local time with the seconds and the time zone. */
export function formatExactTime(value: string): string {
  return EXACT.format(new Date(value))
}

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 365 * 86_400_000],
  ['month', 30 * 86_400_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
]

/** How far a moment is away: `3 minutes ago`, `in 2 days`; `just now` for less than a minute. */
export function formatRelative(value: string, now = Date.now()): string {
  const distance = new Date(value).getTime() - now
  const unit = UNITS.find(([, milliseconds]) => Math.abs(distance) >= milliseconds)
  if (unit === undefined) return distance > 0 ? 'in less than a minute' : 'just now'
  return RELATIVE.format(Math.round(distance / unit[1]), unit[0])
}
