/**
 * What each key may call, worked out from the list of operations in test/vectors and from the API Keys page. Nothing
 * here comes from the catalog that the server reads, so a mistake in that shows.
 */
import { readFileSync } from 'node:fs'

/** A permission of the API Keys page. */
export type PermissionTitle = 'Agent' | 'Testing' | 'History' | 'Export' | 'Call' | 'Phone'

/** The levels a key can be given, besides No Access, as the page has them: Export and Call have no Read. */
export const LEVELS_OF_PERMISSION = {
  Agent: ['read', 'edit'],
  Testing: ['read', 'edit'],
  History: ['read', 'edit'],
  Export: ['edit'],
  Call: ['edit'],
  Phone: ['read', 'edit'],
} as const satisfies Record<PermissionTitle, readonly ('read' | 'edit')[]>

export const PERMISSIONS = Object.keys(LEVELS_OF_PERMISSION) as PermissionTitle[]

/** An access as the management API takes it. */
export type Access = 'full' | Readonly<Record<string, 'none' | 'read' | 'edit'>>

/** One operation of the API. */
export interface Operation {
  readonly method: string
  readonly path: string
  /** The method of the SDK that calls it; absent for older paths. */
  readonly sdk?: string
  /** Null where the page names no permission for it. */
  readonly group: PermissionTitle | null
  readonly access: 'read' | 'edit'
}

export const OPERATIONS = JSON.parse(
  readFileSync(new URL('../vectors/retell-operations.json', import.meta.url), 'utf8'),
) as readonly Operation[]

/** What every live key may call, whatever its list. */
const FOR_ANY_KEY: ReadonlySet<string> = new Set(['/get-api-key-info', '/get-concurrency'])

const LEVEL_TITLES = { none: 'No Access', read: 'Read', edit: 'Edit' } as const

/** What a key that may not call something is told. */
export interface ExpectedRefusal {
  readonly code: 'insufficient_scope' | 'operation_unmapped'
  /** Words that the message must hold. */
  readonly words: readonly string[]
  readonly required: string | undefined
  readonly granted: string | undefined
  readonly challenge: string
}

/** The refusal of what only unrestricted keys may call. */
export const UNRESTRICTED_ONLY: ExpectedRefusal = {
  code: 'operation_unmapped',
  words: ['No permission covers this endpoint', 'only an unrestricted API key may call it'],
  required: undefined,
  granted: undefined,
  challenge: 'Bearer error="insufficient_scope", error_description="operation_unmapped"',
}

/** The refusal that a key with this access gets for an operation, null where it may call it. */
export function expectedRefusal(
  access: Access,
  { path, group, access: needed }: Operation,
): ExpectedRefusal | null {
  if (access === 'full' || FOR_ANY_KEY.has(path)) return null
  if (group === null) return UNRESTRICTED_ONLY
  const id = group.toLowerCase()
  const level = access[id] ?? 'none'
  if (level === 'edit' || level === needed) return null
  return {
    code: 'insufficient_scope',
    words: [`${group}: ${LEVEL_TITLES[needed]}`, `it has ${LEVEL_TITLES[level]}`],
    required: `${id}:${needed}`,
    granted: `${id}:${level}`,
    challenge: `Bearer error="insufficient_scope", scope="${id}:${needed}"`,
  }
}

/** The operation that a request line calls, by the templates of the vectors alone. */
export function operationOf(requestLine: string): Operation | null {
  const [method, target] = requestLine.split(' ')
  const path = target!.split('?')[0]!
  const matching = OPERATIONS.filter(
    (operation) => operation.method === method && patternOf(operation.path).test(path),
  )
  // A literal segment is closer than a parameter; the vectors have no two templates that differ otherwise.
  return matching.sort((left, right) => parametersIn(left.path) - parametersIn(right.path))[0] ?? null
}

function patternOf(template: string): RegExp {
  return new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`)
}

function parametersIn(template: string): number {
  return template.split('{').length
}
