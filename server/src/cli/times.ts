const UNITS: readonly (readonly [seconds: number, singular: string, plural: string])[] = [
  [365 * 86_400, 'year', 'years'],
  [86_400, 'day', 'days'],
  [3600, 'h', 'h'],
  [60, 'min', 'min'],
  [1, 's', 's'],
]
const YEARS_FROM = 2 * 365 * 86_400
const MOMENT_SECONDS = 5

/** A length of time in its largest unit: `3 min`, `12 days`. Years begin at two. */
function formatSeconds(seconds: number, round: (amount: number) => number): string {
  const fits = UNITS.find(([unit], index) => seconds >= (index === 0 ? YEARS_FROM : unit))
  const [unit, singular, plural] = fits ?? [1, 's', 's']
  const amount = round(seconds / unit)
  return `${String(amount)} ${amount === 1 ? singular : plural}`
}

/** A time as people say it: `3 min ago`, `in 12 days`, `now`. */
export function formatRelative(time: string, nowMilliseconds: number): string {
  const seconds = (Date.parse(time) - nowMilliseconds) / 1000
  if (Math.abs(seconds) < MOMENT_SECONDS) return 'now'
  // What was to last 90 days has 90 days left a second later.
  return seconds < 0
    ? `${formatSeconds(-seconds, Math.floor)} ago`
    : `in ${formatSeconds(seconds, Math.round)}`
}

/** A time to the second in UTC: `2027-01-31 09:00:00 UTC`. */
export function formatExact(time: string): string {
  return `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** A time as people say it, and exactly. */
export function formatBoth(time: string, nowMilliseconds: number): string {
  return `${formatRelative(time, nowMilliseconds)} (${formatExact(time)})`
}
