import { assert } from './assert.js'
import type { Operation } from './catalog.js'

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

function decodeUtf8(text: string): string | null {
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

/** A place in the tree of one method's templates. */
interface TemplateNode {
  readonly literals: Map<string, TemplateNode>
  /** The same literals by their folded text. */
  readonly folded: Map<string, TemplateNode[]>
  parameter: TemplateNode | null
  operation: Operation | null
}

interface MethodTemplates {
  /** Operations without parameters by their whole path. */
  readonly statics: Map<string, Operation>
  readonly root: TemplateNode
}

/**
 * Finds the operation of a request. A literal segment beats a parameter, from the left; a parameter is one non-empty
 * segment; HEAD counts as GET; bytes are compared as they are.
 *
 * A path that matches only because a parameter takes what another server may read as a literal matches nothing: with
 * `/users/{id}` and `/users/export` in the catalog, `/users/EXPORT`, `/users/%65xport`, `/users/export;a` and
 * `/users/export.json` would otherwise be judged as the one and served as the other.
 */
export class OperationMatcher {
  readonly #methods = new Map<string, MethodTemplates>()

  /** @param operations each method and path once, as a checked catalog has them */
  constructor(operations: readonly Operation[]) {
    for (const operation of operations) this.#add(operation)
  }

  /** The operation of a method and a raw path without its query, null where there is none. */
  match(method: string, rawPath: string): Operation | null {
    const templates = this.#methods.get(method === 'HEAD' ? 'GET' : method)
    if (templates === undefined || rawPath.charCodeAt(0) !== SLASH) return null
    const known = templates.statics.get(rawPath)
    if (known !== undefined) return known
    const found = walk(templates.root, rawPath, 1)
    return found === 'ambiguous' ? null : found
  }

  #add(operation: Operation): void {
    const { method, template } = operation
    let templates = this.#methods.get(method)
    if (templates === undefined) {
      templates = { statics: new Map(), root: newNode() }
      this.#methods.set(method, templates)
    }
    let node = templates.root
    for (const segment of template.slice(1).split('/')) node = childOf(node, segment)
    assert(node.operation === null, `each method and path is in a catalog once: ${method} ${template}`)
    node.operation = operation
    if (!template.includes('{')) templates.statics.set(template, operation)
  }
}

function newNode(): TemplateNode {
  return { literals: new Map(), folded: new Map(), parameter: null, operation: null }
}

function childOf(node: TemplateNode, segment: string): TemplateNode {
  if (segment.startsWith('{')) return (node.parameter ??= newNode())
  const known = node.literals.get(segment)
  if (known !== undefined) return known
  const child = newNode()
  node.literals.set(segment, child)
  const folded = fold(segment)
  node.folded.set(folded, [...(node.folded.get(folded) ?? []), child])
  return child
}

/**
 * The first operation below a node for the rest of a path, trying the exact literal, then literals that another server
 * may see in the segment, then the parameter. Each node is visited at most once, so the tree bounds the work.
 */
function walk(node: TemplateNode, path: string, start: number): Operation | 'ambiguous' | null {
  const slash = path.indexOf('/', start)
  const end = slash < 0 ? path.length : slash
  if (node.literals.size > 0) {
    const segment = path.slice(start, end)
    const exact = node.literals.get(segment)
    const found = exact === undefined ? null : descend(exact, path, slash)
    if (found !== null) return found
    for (const lookalike of lookalikes(node, segment)) {
      if (lookalike !== exact && descend(lookalike, path, slash) !== null) return 'ambiguous'
    }
  }
  return node.parameter === null || end === start ? null : descend(node.parameter, path, slash)
}

function descend(child: TemplateNode, path: string, slash: number): Operation | 'ambiguous' | null {
  return slash < 0 ? child.operation : walk(child, path, slash + 1)
}

/** The literals that some server takes a segment for: case-blind, decoding, cutting at a semicolon or an extension. */
function lookalikes(node: TemplateNode, segment: string): readonly TemplateNode[] {
  const folded = fold(segment)
  const whole = node.folded.get(folded) ?? []
  const cut = folded.search(/[.;]/)
  return cut <= 0 ? whole : [...whole, ...(node.folded.get(folded.slice(0, cut)) ?? [])]
}

function fold(segment: string): string {
  const decoded = segment.includes('%') ? (decodeUtf8(segment) ?? segment) : segment
  return decoded.toLowerCase()
}
