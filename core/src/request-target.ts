/** The longest path that is looked at, in characters. */
export const PATH_LENGTH_MAX = 8192

const FLAW_MESSAGES = {
  not_origin_form: 'The request target must be a path that begins with a slash.',
  backslash: 'The path has a backslash; write a slash.',
  empty_segment: 'The path has an empty segment (//); write one slash.',
  dot_segment: 'The path has a dot segment (. or ..), plain or encoded; write the path it leads to.',
  encoded_separator: 'The path has an encoded slash or backslash (%2F or %5C).',
  double_encoding: 'The path encodes a slash, backslash, dot, semicolon or control character twice.',
  encoded_control: 'The path has an encoded control character (%00 to %1F, or %7F).',
  malformed_percent: 'The path has a percent sign without two hexadecimal digits after it; write %25.',
  invalid_utf8: 'The percent sequences of the path are not valid UTF-8.',
  forbidden_character:
    'The request target has a space, a control or a non-ASCII character; percent-encode it.',
  fragment: 'The request target has a fragment (#); leave it out, or write %23.',
  path_too_long: 'The path is longer than 8192 characters.',
} as const

/** Why a request target is refused before anything is matched. */
export type TargetFlaw = keyof typeof FLAW_MESSAGES

/** A request target taken apart, or why it is refused. `query` has its question mark, or is empty. */
export type RequestTarget =
  | { readonly ok: true; readonly path: string; readonly query: string }
  | { readonly ok: false; readonly flaw: TargetFlaw; readonly message: string }

const HASH = 0x23
const PERCENT = 0x25
const DOT = 0x2e
const SLASH = 0x2f
const SEMICOLON = 0x3b
const QUESTION_MARK = 0x3f
const BACKSLASH = 0x5c

/** 1 for the characters of a path that need no look: printable ASCII without those that mean something. */
const PLAIN = new Uint8Array(128).fill(1, 0x21, 0x7f)
for (const code of [HASH, PERCENT, DOT, SLASH, SEMICOLON, QUESTION_MARK, BACKSLASH]) PLAIN[code] = 0

/**
 * Splits an HTTP request target in origin form (RFC 9112 Section 3.2.1) into path and query, both exactly as received.
 * Refuses every path that two servers might read differently, because what is matched here is forwarded unchanged:
 * empty and dot segments (also before a semicolon, where some servers cut), encoded separators, and encodings of those.
 */
export function parseRequestTarget(target: string): RequestTarget {
  if (target.charCodeAt(0) !== SLASH) return refuse('not_origin_form')
  let end = 1
  let encoded = false
  // How many dots the segment consists of so far, -1 once it has anything else.
  let dots = 0
  for (; end < target.length; end++) {
    const code = target.charCodeAt(end)
    if (code < 128 && PLAIN[code] === 1) {
      dots = -1
    } else if (code === SLASH || code === SEMICOLON) {
      if (dots === 0) return refuse('empty_segment')
      if (dots === 1 || dots === 2) return refuse('dot_segment')
      dots = code === SLASH ? 0 : -1
    } else if (code === DOT) {
      if (dots >= 0) dots++
    } else if (code === PERCENT) {
      dots = -1
      encoded = true
    } else if (code === QUESTION_MARK) {
      break
    } else {
      return refuse(code === HASH ? 'fragment' : code === BACKSLASH ? 'backslash' : 'forbidden_character')
    }
  }
  if (end > PATH_LENGTH_MAX) return refuse('path_too_long')
  if (dots === 1 || dots === 2) return refuse('dot_segment')
  const path = end === target.length ? target : target.slice(0, end)
  const flaw = (encoded ? encodingFlaw(path) : null) ?? queryFlaw(target, end)
  return flaw === null ? { ok: true, path, query: target.slice(end) } : refuse(flaw)
}

function refuse(flaw: TargetFlaw): RequestTarget {
  return { ok: false, flaw, message: FLAW_MESSAGES[flaw] }
}

/** The query is the upstream's to read; only what cannot stand in a request line is refused. */
function queryFlaw(target: string, start: number): TargetFlaw | null {
  for (let index = start; index < target.length; index++) {
    const code = target.charCodeAt(index)
    if (code === HASH) return 'fragment'
    if (code <= 0x20 || code >= 0x7f) return 'forbidden_character'
  }
  return null
}

/** What would become dangerous if a server behind decoded a path that was decoded once already. */
const DANGEROUS_TRIPLET = /%(?:2[ef]|3b|5c|[01][\da-f]|7f)/i
const ENCODING_DEPTH_MAX = 4

function encodingFlaw(path: string): TargetFlaw | null {
  if (/%(?![\da-f]{2})/i.test(path)) return 'malformed_percent'
  if (/%2f|%5c/i.test(path)) return 'encoded_separator'
  if (/%[01][\da-f]|%7f/i.test(path)) return 'encoded_control'
  if (/\/(?:\.|%2e){1,2}(?:[/;]|%3b|$)/i.test(path)) return 'dot_segment'
  if (/\/%3b/i.test(path)) return 'empty_segment'
  let text = decodeUtf8(path)
  if (text === null) return 'invalid_utf8'
  for (let depth = 1; text.includes('%'); depth++) {
    if (depth === ENCODING_DEPTH_MAX || DANGEROUS_TRIPLET.test(text)) return 'double_encoding'
    const decoded = decodeAscii(text)
    if (decoded === text) break
    text = decoded
  }
  return null
}

export function decodeUtf8(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

/** Decodes the percent sequences of ASCII characters; what was decoded before need not be well formed any more. */
function decodeAscii(text: string): string {
  return text.replace(/%([0-7][\da-f])/gi, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  )
}
