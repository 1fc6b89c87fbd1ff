import type { ReadHeader } from '@bitting/core'

/**
 * Reads headers by their names in lower case, whatever they are kept in.
 *
 * @throws {TypeError} when they are kept in nothing
 */
export function readHeader(headers: unknown): ReadHeader {
  if (typeof headers !== 'object' || headers === null) {
    throw new TypeError("the headers of a webhook are missing: pass the request's headers")
  }
  if (isFetchHeaders(headers)) return (name) => headers.get(name) ?? undefined
  const values = new Map<string, string | null>()
  for (const [name, value] of Object.entries(headers) as [string, unknown][]) {
    if (value === undefined) continue
    const lower = name.toLowerCase()
    const single: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value
    values.set(lower, typeof single === 'string' && !values.has(lower) ? single : null)
  }
  return (name) => values.get(name)
}

function isFetchHeaders(headers: object): headers is { get(name: string): string | null } {
  return 'get' in headers && typeof headers.get === 'function'
}
