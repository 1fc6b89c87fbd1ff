import { h } from './dom.js'

const LOCAL = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })

/** A moment in the reader's own time; the exact one in UTC is in its title. */
export function time(iso: string): HTMLTimeElement {
  const exact = `${iso.replace('T', ' ').replace(/Z$/, '')} UTC`
  return h('time', { datetime: iso, title: exact }, LOCAL.format(new Date(iso)))
}

const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const

const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'always' })

/** How far away a moment is: `in 23 hours`, `4 minutes ago`. */
export function distance(iso: string, nowMilliseconds: number): string {
  const seconds = (Date.parse(iso) - nowMilliseconds) / 1000
  const [unit, length] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 1]
  return RELATIVE.format(Math.trunc(seconds / length), unit)
}

/** A duration as it is read: `84 ms`, `1.2 s`. */
export function duration(milliseconds: number): string {
  return milliseconds < 1000 ? `${String(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`
}

/** `1 endpoint`, `3 endpoints`. */
export function count(number: number, noun: string): string {
  const plural = noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`
  return `${number.toLocaleString('en')} ${number === 1 ? noun : plural}`
}

/**
 * JSON on lines of its own, by its characters: numbers and repeated members stay as they were sent, where parsing and
 * writing would change them. Null for what is no object or list of JSON.
 */
export function prettyJson(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return null
  } catch {
    return null
  }
  let depth = 0
  const line = (): string => `\n${'  '.repeat(depth)}`
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? []
  return tokens
    .map((token, index) => {
      if (token === ',') return `,${line()}`
      if (token === ':') return ': '
      if (token === '{' || token === '[') {
        depth++
        return /[}\]]/.test(tokens[index + 1] ?? '') ? token : `${token}${line()}`
      }
      if (token !== '}' && token !== ']') return token
      depth--
      return /[{[]/.test(tokens[index - 1] ?? '') ? token : `${line()}${token}`
    })
    .join('')
}
