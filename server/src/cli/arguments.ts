import { keyIdOf, parseAddressRange } from '@bitting/core'
import { usageError } from './command-error.js'
import { invalidArgument } from './command.js'
import { shellQuote } from './text.js'

const DURATION = /^(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/
const UNIT_SECONDS = [7 * 86_400, 86_400, 3600, 60, 1] as const
const DURATION_SECONDS_MAX = 100 * 366 * 86_400
const TIME = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/
const KEY_ID = /^key_[0-9A-Za-z]{13}$/
const SECRET_ID_AT_END = /(?:^|_)([0-9A-Za-z]{16})…?$/

/** A length of time in whole seconds, `90d`, `24h` or `1d12h` for example; null where the text is none. */
export function parseDuration(text: string): number | null {
  if (text === '0') return 0
  const match = DURATION.exec(text)
  if (match === null || text === '') return null
  const seconds = UNIT_SECONDS.reduce((sum, unit, index) => sum + unit * Number(match[index + 1] ?? 0), 0)
  return seconds <= DURATION_SECONDS_MAX ? seconds : null
}

/** Reads the value of an option that is a length of time, in whole seconds. */
export function durationArgument(text: string): number {
  const seconds = parseDuration(text)
  if (seconds !== null) return seconds
  throw invalidArgument('Write weeks, days, hours, minutes and seconds, 24h or 1d12h for example, or 0.')
}

/** Reads the value of an option that is a time: RFC 3339, or how long from now. Comes back as RFC 3339. */
export function timeArgument(nowMilliseconds: () => number): (text: string) => string {
  return (text) => {
    const seconds = parseDuration(text)
    if (seconds !== null && seconds > 0) return formatTime(nowMilliseconds() + seconds * 1000)
    // The calendar is checked too: `Date.parse` takes the 30th of February for the 2nd of March.
    if (TIME.test(text) && isCalendarDay(text.slice(0, 10)) && !Number.isNaN(Date.parse(text))) return text
    throw invalidArgument('Write how long from now, 90d for example, or a time like 2027-01-31T09:00:00Z.')
  }
}

/** Reads the value of an option that is an address or CIDR range. */
export function addressArgument(text: string): string {
  if (parseAddressRange(text) !== null) return text
  throw invalidArgument(
    'Write an IPv4 or IPv6 address or a CIDR range with no bits after the prefix, 203.0.113.0/24 for example.',
  )
}

/** Reads the value of an option that is a number of rows. */
export function limitArgument(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text) && Number(text) <= 100) return Number(text)
  throw invalidArgument('Write a number from 1 to 100; --all shows more.')
}

/**
 * Reads the argument that names a key.
 *
 * @throws {CommandError} when it is something else; the hint says how to find the id
 */
export function keyIdArgument(text: string): string {
  if (KEY_ID.test(text)) return text
  const [, secretId] = SECRET_ID_AT_END.exec(text) ?? []
  if (secretId !== undefined) {
    throw usageError(`"${text}" is the id of a secret, not of a key`, `its key is ${keyIdOf(secretId)}`)
  }
  throw usageError(
    `"${text}" is not the id of a key`,
    `ids begin with key_; find it with: bitting keys list --name ${shellQuote(text)}`,
  )
}

function formatTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z')
}

function isCalendarDay(text: string): boolean {
  const midnight = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(text)
}

/** Reads the name of something new, as the management API takes names. */
export function nameArgument(text: string): string {
  if (text.trim() === text && /^\P{Cc}{1,100}$/u.test(text)) return text
  throw invalidArgument(
    'Write 1 to 100 characters, without control characters and without spaces around them.',
  )
}
