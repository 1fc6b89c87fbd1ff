import { parseDuration, timeArgument } from '../arguments.js'
import { invalidArgument } from '../command.js'

/** Reads the value of an option that is a moment that has been: RFC 3339, or how long ago. Comes back as RFC 3339. */
export function pastTimeArgument(nowMilliseconds: () => number): (text: string) => string {
  return (text) => {
    const seconds = parseDuration(text)
    if (seconds !== null) return new Date(nowMilliseconds() - seconds * 1000).toISOString()
    try {
      return timeArgument(nowMilliseconds)(text)
    } catch {
      throw invalidArgument('Write how long ago, 1h or 7d for example, or a time like 2027-01-31T09:00:00Z.')
    }
  }
}

/** Reads the place of an entry in its log. */
export function indexArgument(text: string): number {
  const index = Number(text)
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(index)) return index
  throw invalidArgument('Write the index of an entry, a whole number from 0 on.')
}
