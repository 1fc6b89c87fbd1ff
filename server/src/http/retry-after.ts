/**
 * The seconds of a `Retry-After` field, or null where it is neither form of RFC 9110 section 10.2.3. A time that has
 * passed is 0.
 */
export function parseRetryAfter(text: string, nowMilliseconds: number): number | null {
  if (/^\d{1,10}$/.test(text)) return Number(text)
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text)) return null
  const time = Date.parse(text)
  return Number.isNaN(time) ? null : Math.max(0, Math.ceil((time - nowMilliseconds) / 1000))
}
