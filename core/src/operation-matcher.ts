import { assert } from './assert.js'
import type { Operation } from './catalog.js'
import { decodeUtf8 } from './request-target.js'

const SLASH = 0x2f

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
