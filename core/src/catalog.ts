import { assert } from './assert.js'
import { normaliseAccess, levelOf, rankOf, type Access, type Level, type Permission } from './permission.js'
import { parseRequestTarget } from './request-target.js'

/** A heading of the permission table: Build, Monitor, Deploy. */
export interface Section {
  readonly title: string
  readonly permissions: readonly Permission[]
}

/**
 * What an operation asks of a key: nothing but to be live (`any`), full access (`full`), or a level of a permission.
 */
export type Requirement =
  | { readonly kind: 'any' }
  | { readonly kind: 'full' }
  | { readonly kind: 'level'; readonly permission: string; readonly level: 'read' | 'edit' }

/** One method and path template, and what it asks. */
export interface Operation {
  /** Stable name in logs and answers: the client library's method, or `METHOD /path` where it has none. */
  readonly name: string
  readonly method: string
  /** Path with its parameters in braces, `/get-agent/{agent_id}`. A parameter is one non-empty segment. */
  readonly template: string
  readonly requirement: Requirement
  /** Place of the permission in its catalog, 0 where the requirement is not a level. */
  readonly permissionIndex: number
  /** Rank that a restricted key needs there: that of the level, 0 for `any`, and one that no list gives for `full`. */
  readonly rank: number
}

/** How refusals are written, so that the API's own clients understand them. */
export type ErrorShape = 'retell' | 'problem'

/** Sections, permissions and operations of one API. */
export interface Catalog {
  readonly id: string
  readonly title: string
  readonly errors: ErrorShape
  readonly sections: readonly Section[]
  /** The permissions of all sections in order; the place of one is its index in a packed access. */
  readonly permissions: readonly Permission[]
  readonly operations: readonly Operation[]
}

/** What was found wrong with one mapping of an overlay, by its place in the list. */
export interface OverlayError {
  readonly index: number
  readonly message: string
}

/** What was found wrong with an access, by permission; null where it is not about one permission. */
export interface AccessError {
  readonly permission: string | null
  readonly message: string
}

/** A workspace's wish that an operation ask for another permission than the catalog says, or for one at all. */
export interface OverlayMapping {
  readonly method: string
  /** A path template, as in a catalog. */
  readonly path: string
  /** The id of a permission, or `any` or `full`. */
  readonly permission: string
  /** `read` or `edit`; absent where the permission is `any` or `full`. */
  readonly level?: string | undefined
}

/** Words that stand where a permission or a level could, and so cannot be the id of a permission. */
export const RESERVED_PERMISSION_IDS: readonly string[] = ['any', 'full', 'none', 'refused', 'unmapped']

const METHOD = /^[A-Z][A-Z-]{1,31}$/
const PARAMETER = /^\{[A-Za-z_]\w*\}$/

/**
 * What is wrong with an operation's method and template, null where nothing is. A template is a path that
 * {@link parseRequestTarget} accepts, with whole segments as parameters.
 */
export function operationFlaw(method: string, template: string): string | null {
  if (method === 'HEAD') return 'HEAD is matched as GET; list GET.'
  if (!METHOD.test(method)) return `${quote(method)} is not a method; write it in capitals, GET for example.`
  const segments = template.split('/')
  if (segments.some((segment) => /[{}]/.test(segment) && !PARAMETER.test(segment))) {
    return `${quote(template)}: a parameter is a whole segment with a name in braces, /calls/{call_id} for example.`
  }
  const target = parseRequestTarget(
    segments.map((segment) => (segment.startsWith('{') ? 'x' : segment)).join('/'),
  )
  if (!target.ok) return `${quote(template)}: ${target.message}`
  return target.query === '' ? null : `${quote(template)}: leave the query out; only the path is matched.`
}

/** The method and path of an operation without its parameters' names: two operations of one shape are the same. */
export function operationShape(method: string, template: string): string {
  return `${method} ${template.replaceAll(/\{[^/]*\}/g, '{}')}`
}

/** The requirement that a permission (or `any` or `full`) and a level spell, or what is wrong with them. */
export function parseRequirement(
  permissions: readonly Pick<Permission, 'id' | 'levels'>[],
  id: string,
  level: string | undefined,
):
  | { readonly ok: true; readonly requirement: Requirement }
  | { readonly ok: false; readonly message: string } {
  if (id === 'any' || id === 'full') {
    if (level === undefined) return { ok: true, requirement: { kind: id } }
    return { ok: false, message: `${quote(id)} has no level; leave ${quote(level)} out.` }
  }
  const permission = permissions.find((candidate) => candidate.id === id)
  if (permission === undefined) {
    const known = [...permissions.map((candidate) => candidate.id), 'any', 'full']
    return { ok: false, message: `There is no permission ${quote(id)}; write ${alternatives(known)}.` }
  }
  if ((level !== 'read' && level !== 'edit') || !permission.levels.includes(level)) {
    const possible = alternatives(permission.levels.filter((candidate) => candidate !== 'none'))
    if (level === undefined) return { ok: false, message: `The level is missing; write ${id} ${possible}.` }
    return { ok: false, message: `An operation cannot ask for ${id} ${quote(level)}; write ${possible}.` }
  }
  return { ok: true, requirement: { kind: 'level', permission: id, level } }
}

/** A rank that two bits cannot hold, so that no list gives it: only full access passes. */
const RANK_OF_FULL = 4

/** An operation with the numbers that verification compares. */
export function newOperation(
  permissions: readonly Pick<Permission, 'id'>[],
  { name, method, template, requirement }: Pick<Operation, 'name' | 'method' | 'template' | 'requirement'>,
): Operation {
  const operation = { name, method, template, requirement }
  if (requirement.kind === 'any') return { ...operation, permissionIndex: 0, rank: 0 }
  if (requirement.kind === 'full') return { ...operation, permissionIndex: 0, rank: RANK_OF_FULL }
  const permissionIndex = permissions.findIndex((permission) => permission.id === requirement.permission)
  assert(permissionIndex >= 0, 'a requirement names a permission of its catalog')
  return { ...operation, permissionIndex, rank: rankOf(requirement.level) }
}

/** The name of an operation that was given none. */
export function defaultOperationName(method: string, template: string): string {
  return `${method} ${template}`
}

/**
 * The catalog with a workspace's own mappings over it: a listed operation gets the new requirement and keeps its name,
 * an unlisted one is added. All errors are reported together.
 */
export function overlayCatalog(
  catalog: Catalog,
  mappings: readonly OverlayMapping[],
):
  { readonly ok: true; readonly catalog: Catalog } | { readonly ok: false; readonly errors: OverlayError[] } {
  const operations = new Map(catalog.operations.map((it) => [operationShape(it.method, it.template), it]))
  const errors: OverlayError[] = []
  const firstIndexes = new Map<string, number>()
  for (const [index, { method, path, permission, level }] of mappings.entries()) {
    const flaw = operationFlaw(method, path)
    const parsed = parseRequirement(catalog.permissions, permission, level)
    if (flaw !== null) errors.push({ index, message: flaw })
    if (!parsed.ok) errors.push({ index, message: parsed.message })
    const shape = operationShape(method, path)
    const firstIndex = firstIndexes.get(shape)
    if (firstIndex !== undefined) {
      errors.push({
        index,
        message: `Mapping ${String(firstIndex)} is of the same operation; leave one out.`,
      })
    }
    firstIndexes.set(shape, firstIndex ?? index)
    if (!parsed.ok) continue
    const { name, template } = operations.get(shape) ?? {
      name: defaultOperationName(method, path),
      template: path,
    }
    const { requirement } = parsed
    operations.set(shape, newOperation(catalog.permissions, { name, method, template, requirement }))
  }
  return errors.length > 0
    ? { ok: false, errors }
    : { ok: true, catalog: { ...catalog, operations: [...operations.values()] } }
}

/**
 * Checks an access that came from outside against a catalog, and returns it normalised. Never made to fit: an unknown
 * permission or a level that a permission does not have is an error that says what is possible.
 */
export function validateAccess(
  catalog: Catalog,
  access: unknown,
): { readonly ok: true; readonly access: Access } | { readonly ok: false; readonly errors: AccessError[] } {
  if (access === 'full') return { ok: true, access }
  if (typeof access !== 'object' || access === null || Array.isArray(access)) {
    const message = 'An access is "full", or an object with a level for each permission granted.'
    return { ok: false, errors: [{ permission: null, message }] }
  }
  const errors: AccessError[] = []
  const levels: [string, Level][] = []
  for (const [id, value] of Object.entries(access)) {
    const permission = catalog.permissions.find((candidate) => candidate.id === id)
    const level = permission?.levels.find((candidate) => candidate === value)
    if (level !== undefined) levels.push([id, level])
    else errors.push({ permission: id, message: accessFlaw(catalog, permission, id, value) })
  }
  return errors.length > 0
    ? { ok: false, errors }
    : { ok: true, access: normaliseAccess(Object.fromEntries(levels)) }
}

function accessFlaw(
  catalog: Catalog,
  permission: Permission | undefined,
  id: string,
  value: unknown,
): string {
  if (permission === undefined) {
    const known = catalog.permissions.map((candidate) => candidate.id)
    return `There is no permission ${quote(id)}; ${known.length === 0 ? 'there are none' : `write ${alternatives(known)}`}.`
  }
  const shown = typeof value === 'string' ? `level ${quote(value)}` : 'such level'
  return `${permission.title} has no ${shown}; write ${alternatives(permission.levels)}.`
}

/**
 * An access as verification holds it: the rank of each permission in two bits, sixteen permissions in a 32-bit word,
 * the first in the lowest bits.
 */
export function packAccess(catalog: Catalog, access: Access): readonly [number, number] {
  const words: [number, number] = [0, 0]
  for (const [index, { id }] of catalog.permissions.entries()) {
    const bits = rankOf(levelOf(access, id)) << ((index & 15) * 2)
    if (index < 16) words[0] |= bits
    else words[1] |= bits
  }
  return [words[0] >>> 0, words[1] >>> 0]
}

/** An access as a sentence for people: `Can read History and edit Call; nothing else.` */
export function describeAccess(catalog: Catalog, access: Access): string {
  if (access === 'full') return 'Can do everything, including what is added later.'
  const groups = (['read', 'edit'] as const)
    .map((verb) => ({
      verb,
      titles: catalog.permissions.filter(({ id }) => levelOf(access, id) === verb).map((it) => it.title),
    }))
    .filter(({ titles }) => titles.length > 0)
  if (groups.length === 0) return 'Can do nothing.'
  const parts = groups.map(({ verb, titles }) => `${verb} ${enumerate(titles, ' and ')}`)
  // With an "and" inside a part, only a comma shows where the next part begins.
  const plain = groups.every(({ titles }) => titles.length === 1)
  return `Can ${enumerate(parts, plain ? ' and ' : ', and ')}; nothing else.`
}

/** Text from outside as a message repeats it: in quotation marks, its beginning only. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}

/** Words as a choice, `a, b or c`. */
export function alternatives(words: readonly string[]): string {
  return enumerate(words, ' or ')
}

function enumerate(words: readonly string[], lastSeparator: string): string {
  const head = words.slice(0, -1).join(', ')
  return head + (head === '' ? '' : lastSeparator) + (words.at(-1) ?? '')
}
