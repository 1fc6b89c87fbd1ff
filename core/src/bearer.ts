/** The Authorization header of one request: its token, nothing at all, or something that is no bearer credential. */
export type BearerCredential =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'malformed' }

const MISSING: BearerCredential = { kind: 'missing' }
const MALFORMED: BearerCredential = { kind: 'malformed' }

/**
 * Reads a bearer credential (RFC 6750 Section 2.1, RFC 9110 Section 11.4): the scheme in any case, one or more
 * spaces, and a token of visible ASCII without spaces. Tabs, lists and other schemes are malformed.
 */
export function parseBearer(header: string | undefined): BearerCredential {
  if (header === undefined || header === '') return MISSING
  if (header.charCodeAt(6) !== 0x20 || header.slice(0, 6).toLowerCase() !== 'bearer') return MALFORMED
  let start = 7
  while (header.charCodeAt(start) === 0x20) start++
  const token = header.slice(start)
  return token !== '' && isVisibleAscii(token) ? { kind: 'token', token } : MALFORMED
}

function isVisibleAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code < 0x21 || code > 0x7e || code === 0x2c) return false
  }
  return true
}
