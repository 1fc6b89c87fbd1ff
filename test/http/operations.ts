import { expect } from 'vitest'
import { AUDIT_OPERATIONS } from './audit-operations.js'
import type { JsonSchema } from './json-schema.js'
import { PEOPLE_OPERATIONS } from './people-operations.js'
import { POLICY_OPERATIONS } from './policy-operations.js'
import { NEW_KEY, type RawAnswer, type Suite, type Tenant } from './support.js'
import { USAGE_OPERATIONS } from './usage-operations.js'
import { WEBHOOK_OPERATIONS } from './webhook-operations.js'

/** A permission of the management catalog with a level, as refusals name it. */
export type Scope =
  `${'keys' | 'verify' | 'audit' | 'workspace' | 'members' | 'webhooks' | 'events'}:${'read' | 'edit'}`

/** A request that an operation answers with success. */
export interface Prepared {
  /** What stands for the parameters of the path. */
  readonly params?: Readonly<Record<string, string>>
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** The id of what is acted on, where it is known before; null where the act is on nothing that has one. */
  readonly resource?: string | null
}

/** What the audit log has of a success. */
interface Writes {
  readonly action: string
  readonly type:
    | 'key'
    | 'workspace'
    | 'audit'
    | 'application'
    | 'webhook_endpoint'
    | 'webhook_relay'
    | 'event'
    | 'user'
    | 'invitation'
  /** Whom the entry names where it is not the key. */
  readonly user?: string
  /** False where verifiers have nothing to learn of it. */
  readonly changes?: false
  /** False where a repetition is not recognised, because it comes to the same. */
  readonly isRepeatable?: false
}

/** One management operation: what it needs, what it does, and a request for it. */
export interface OperationCase {
  /** Null where any live management key will do. */
  readonly needs: Scope | null
  /** What a key must have besides, because the request gives it to another. */
  readonly alsoNeeds?: Readonly<Record<string, 'read' | 'edit'>>
  readonly status: 200 | 201 | 202
  /** The media type of its success. Default: `application/json`. */
  readonly type?: 'text/plain' | 'application/jsonl' | 'application/octet-stream'
  /** The audit entry of its success; null for operations that write nothing. */
  readonly writes: Writes | null
  /** The entry that its success leaves though it changes nothing: those who read the log are recorded, and calls. */
  readonly records?: 'audit.read' | 'call.allowed'
  /** True where all that a test can have is a refusal of what is not there yet: 404 stands for the status then. */
  readonly isOutOfReach?: true
  /** True where the permission alone is not enough, because the change acts on every key of the workspace. */
  readonly asksForEverything?: true
  /** Makes in a workspace what the request is about. */
  prepare(tenant: Tenant): Promise<Prepared>
  /** Looks at what came back. */
  check(answer: RawAnswer, prepared: Prepared): void
}

/** Every operation of the management API by its id. What is missing here fails a test. */
export const OPERATIONS: Readonly<Record<string, OperationCase>> = {
  createKey: {
    needs: 'keys:edit',
    alsoNeeds: { history: 'read' },
    status: 201,
    writes: { action: 'key.create', type: 'key' },
    prepare: () => Promise.resolve({ body: { ...NEW_KEY, access: { history: 'read' } } }),
    check: ({ body, headers }) => {
      expect(body.key).toMatchObject({
        name: 'A key',
        access: { history: 'read' },
        state: 'active',
        version: 1,
      })
      expect(body.token).toMatch(/^btg_live_[0-9A-Za-z]{65}$/)
      expect(headers.get('location')).toBe(`/v1/keys/${String(body.key.id)}`)
    },
  },
  listKeys: {
    needs: 'keys:read',
    status: 200,
    writes: null,
    prepare: async (tenant) => ({ resource: (await tenant.createKey()).id }),
    check: ({ body }, { resource }) => {
      expect(body.data.map((key: { id: string }) => key.id)).toContain(resource)
    },
  },
  getKey: {
    needs: 'keys:read',
    status: 200,
    writes: null,
    prepare: onKey(),
    check: ({ body, headers }, { resource }) => {
      expect(body).toMatchObject({ id: resource, state: 'active' })
      expect(headers.get('etag')).toBe('"1"')
    },
  },
  updateKey: {
    needs: 'keys:edit',
    status: 200,
    writes: { action: 'key.update', type: 'key' },
    prepare: onKey({ body: { name: 'Another name' } }),
    check: ({ body, headers }) => {
      expect(body).toMatchObject({ name: 'Another name', version: 2 })
      expect(headers.get('etag')).toBe('"2"')
    },
  },
  deleteKey: {
    needs: 'keys:edit',
    status: 200,
    writes: { action: 'key.delete', type: 'key' },
    prepare: onKey({ headers: { 'if-match': '"1"' } }),
    check: ({ body }) => {
      expect(body).toMatchObject({ state: 'destroyed', secrets: [{ state: 'destroyed' }] })
    },
  },
  rotateKey: {
    needs: 'keys:edit',
    status: 200,
    writes: { action: 'key.rotate', type: 'key' },
    prepare: onKey({ body: { overlap_seconds: 60 } }),
    check: ({ body }) => {
      expect(body.key.secrets).toMatchObject([{ state: 'current' }, { state: 'retiring' }])
      expect(body.token).toMatch(/^btg_live_[0-9A-Za-z]{65}$/)
    },
  },
  suspendKey: {
    needs: 'keys:edit',
    status: 200,
    writes: { action: 'key.suspend', type: 'key' },
    prepare: onKey({ body: { reason: 'Looks odd' } }),
    check: ({ body }) => {
      expect(body).toMatchObject({ state: 'suspended', suspended: { reason: 'Looks odd' } })
    },
  },
  resumeKey: {
    needs: 'keys:edit',
    status: 200,
    writes: { action: 'key.resume', type: 'key' },
    prepare: async (tenant) => {
      const prepared = await onKey()(tenant)
      await tenant.call('POST', `/v1/keys/${String(prepared.resource)}/suspend`)
      return prepared
    },
    check: ({ body }) => {
      expect(body).toMatchObject({ state: 'active', suspended: null })
    },
  },
  revokeKey: {
    needs: 'keys:edit',
    status: 200,
    writes: { action: 'key.revoke', type: 'key' },
    prepare: onKey({ body: { reason: 'Leaked', compromised: true } }),
    check: ({ body }) => {
      expect(body).toMatchObject({ state: 'compromised', revoked: { reason: 'Leaked' } })
    },
  },
  verifyToken: {
    needs: 'verify:edit',
    status: 200,
    writes: null,
    records: 'call.allowed',
    prepare: async (tenant) => {
      const { token, id } = await tenant.createKey({ access: { agent: 'read' } })
      return { body: { token, method: 'GET', path: '/get-agent/agent_1' }, resource: id }
    },
    check: ({ body }, { resource }) => {
      expect(body).toMatchObject({ allowed: true, status: 200, code: 'allowed', key_id: resource })
    },
  },
  ...USAGE_OPERATIONS,
  ...AUDIT_OPERATIONS,
  getWorkspace: {
    needs: 'workspace:read',
    status: 200,
    writes: null,
    prepare: (tenant) => Promise.resolve({ resource: tenant.id }),
    check: ({ body, headers }, { resource }) => {
      expect(body).toMatchObject({ id: resource, upstream: null, upstream_key_set: false })
      expect(headers.get('etag')).toBe(`"${String(body.version)}"`)
    },
  },
  updateWorkspace: {
    needs: 'workspace:edit',
    status: 200,
    writes: { action: 'workspace.update', type: 'workspace' },
    prepare: (tenant) => Promise.resolve({ body: { name: 'Another name' }, resource: tenant.id }),
    check: ({ body }) => {
      expect(body).toMatchObject({ name: 'Another name' })
    },
  },
  listNodes: {
    needs: 'workspace:read',
    status: 200,
    writes: null,
    prepare: () => Promise.resolve({}),
    check: ({ body }) => {
      expect(body.revision).toBeGreaterThan(0)
      expect(body.nodes).toBeInstanceOf(Array)
    },
  },
  setCatalogOverlay: {
    needs: 'workspace:edit',
    asksForEverything: true,
    status: 200,
    writes: { action: 'catalog.overlay', type: 'workspace' },
    prepare: (tenant) => Promise.resolve({ body: OVERLAY, resource: tenant.id }),
    check: ({ body }) => {
      expect(body).toEqual(OVERLAY)
    },
  },
  getCatalog: {
    needs: null,
    status: 200,
    writes: null,
    prepare: () => Promise.resolve({}),
    check: ({ body }) => {
      expect(body).toMatchObject({ id: 'retell', sections: [{ title: 'Build' }, {}, {}] })
    },
  },
  getCaller: {
    needs: null,
    status: 200,
    writes: null,
    prepare: () => Promise.resolve({}),
    check: ({ body }) => {
      expect(body).toMatchObject({ key: { kind: 'management', state: 'active' } })
    },
  },
  ...PEOPLE_OPERATIONS,
  ...POLICY_OPERATIONS,
  ...WEBHOOK_OPERATIONS,
}

const OVERLAY = { operations: [{ method: 'POST', path: '/new-call', permission: 'call', level: 'edit' }] }

/** A request on a key that was just made. */
function onKey(rest: Omit<Prepared, 'params' | 'resource'> = {}): (tenant: Tenant) => Promise<Prepared> {
  return async (tenant) => {
    const { id } = await tenant.createKey()
    return { ...rest, params: { id }, resource: id }
  }
}

/** What is used of an operation in an OpenAPI document. */
interface OperationDescription {
  readonly operationId: string
  readonly tags?: readonly string[]
  readonly security: unknown
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content: Content }>>
}

/** Schemas by media type. */
type Content = Readonly<Partial<Record<string, { readonly schema: JsonSchema }>>>

/** Where an operation is, as the OpenAPI document says. */
export interface Route {
  readonly operationId: string
  readonly method: string
  readonly path: string
  /** The document's own description of it. */
  readonly description: OperationDescription
}

/** The operations of a node's OpenAPI document that ask for a management key or a member, by id. */
export async function readRoutes(suite: Suite): Promise<ReadonlyMap<string, Route>> {
  const routes = await readDocument(suite)
  return new Map([...routes].filter(([, { description }]) => !isPersonal(description)))
}

/** The operations that people call for themselves, to sign in and on their own account, by id. No key opens them. */
export async function readPersonalRoutes(suite: Suite): Promise<ReadonlyMap<string, Route>> {
  const routes = await readDocument(suite)
  return new Map([...routes].filter(([, { description }]) => isPersonal(description)))
}

function isPersonal({ tags = [] }: OperationDescription): boolean {
  return tags.includes('people')
}

async function readDocument(suite: Suite): Promise<Map<string, Route>> {
  const { body } = await suite.tenant.call('GET', '/openapi.json', undefined, { key: null })
  const { paths } = body as {
    paths: Readonly<Record<string, Readonly<Record<string, OperationDescription>>>>
  }
  const routes = new Map<string, Route>()
  for (const [path, item] of Object.entries(paths)) {
    for (const [method, description] of Object.entries(item)) {
      const { operationId } = description
      expect(routes.has(operationId), `${operationId} is one operation`).toBe(false)
      routes.set(operationId, { operationId, method: method.toUpperCase(), path, description })
    }
  }
  return routes
}

/** Sends a prepared request. */
export function perform(
  route: Route,
  tenant: Tenant,
  { params = {}, query = '', headers = {}, body }: Prepared,
  key?: string | null,
): Promise<RawAnswer> {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name]
    if (value === undefined) throw new Error(`no value for ${name} of ${route.path}`)
    return value
  })
  return tenant.call(route.method, `${path}${query}`, body, { headers, ...(key !== undefined && { key }) })
}

/** Every permission of the management catalog at its most, but for one scope that is just not reached. */
export function allBut(needed: Scope): Record<string, 'none' | 'read' | 'edit'> {
  const permissions = ['keys', 'verify', 'audit', 'workspace', 'members', 'webhooks', 'events']
  const access: Record<string, 'none' | 'read' | 'edit'> = Object.fromEntries(
    permissions.map((id) => [id, 'edit']),
  )
  const [permission = '', level] = needed.split(':')
  const hasRead = !['verify', 'events'].includes(permission)
  access[permission] = level === 'edit' && hasRead ? 'read' : 'none'
  return access
}
