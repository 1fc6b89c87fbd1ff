import { formatScopes, ROLES, type Catalog, type OverlayMapping } from '@bitting/core'
import { z } from '@hono/zod-openapi'
import { readKey } from '../../services/keys/find.js'
import { listNodes } from '../../services/nodes.js'
import { getCatalog, getWorkspace, setCatalogOverlay, updateWorkspace } from '../../services/workspace.js'
import type { ControlApp, ControlOptions } from '../environment.js'
import { describeMutation, ifMatch, operation } from '../operation.js'
import { accessSchema, keySchema, nameSchema } from '../schemas.js'

const ceilingsSchema = z.object({
  development: accessSchema,
  staging: accessSchema,
  production: accessSchema,
})

const callsSchema = z
  .enum(['all', 'sampled', 'writes'])
  .openapi({ description: 'Which allowed calls the audit log records; denied ones always are' })

const auditPolicySchema = z.strictObject({
  calls: callsSchema.optional(),
  sample_rate: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .openapi({ description: 'The share of allowed calls recorded where `calls` is `sampled`' }),
  retention_days: z.number().int().min(1).max(36_500).nullable().optional(),
  legal_hold: z.boolean().optional(),
})

const workspaceSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    ceilings: ceilingsSchema,
    upstream: z.string().nullable(),
    upstream_key_set: z.boolean(),
    gateway_url: z.string().openapi({ description: 'Where callers reach the gateway' }),
    audit: z.object({
      calls: callsSchema,
      sample_rate: z.number(),
      retention_days: z.number().int().nullable(),
      legal_hold: z.boolean(),
    }),
    version: z.number().int(),
    created_at: z.string(),
  })
  .openapi('Workspace')

const updateSchema = z
  .strictObject({
    name: nameSchema.optional(),
    ceilings: z.strictObject(ceilingsSchema.shape).partial().optional(),
    upstream: z.string().max(300).nullable().optional(),
    upstream_key: z
      .string()
      .max(4096)
      .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII without spaces')
      .nullable()
      .optional(),
    audit: auditPolicySchema.optional(),
  })
  .refine((body) => Object.keys(body).length > 0, 'name at least one thing to change')
  .openapi('UpdateWorkspace')

const mappingSchema = z.strictObject({
  method: z.string().max(32),
  path: z.string().max(500),
  permission: z.string().max(32),
  level: z.enum(['read', 'edit']).optional(),
})

const overlaySchema = z
  .strictObject({ operations: z.array(mappingSchema).max(1000) })
  .openapi('CatalogOverlay')

const permissionSchema = z.object({
  id: z.string(),
  title: z.string(),
  levels: z.array(z.enum(['none', 'read', 'edit'])),
  description: z.string(),
})

const catalogSchema = z
  .object({
    id: z.string(),
    title: z.string(),
    sections: z.array(z.object({ title: z.string(), permissions: z.array(permissionSchema) })),
    operations: z.array(
      z.object({
        name: z.string(),
        method: z.string(),
        path: z.string(),
        permission: z.string().openapi({ description: 'A permission, `any` live key, or `full` keys only' }),
        level: z.enum(['read', 'edit']).nullable(),
      }),
    ),
    overlay: z.array(mappingSchema),
  })
  .openapi('Catalog')

const nodesSchema = z
  .object({
    revision: z.number().int().openapi({ description: 'The newest revision there is' }),
    nodes: z.array(
      z.object({ id: z.string(), revision: z.number().int(), seen_at: z.string(), started_at: z.string() }),
    ),
  })
  .openapi('Nodes')

/** Adds the operations on the workspace, its catalog and the nodes that serve it. */
export function addWorkspaceRoutes(app: ControlApp, options: ControlOptions): void {
  addWorkspace(app, options)
  addCatalog(app, options)
  addNodesAndCaller(app, options)
}

function addWorkspace(app: ControlApp, options: ControlOptions): void {
  const { context } = options
  const get = operation(options, 'get', '/v1/workspace', {
    operationId: 'getWorkspace',
    summary: 'The workspace of the key that asks',
    result: workspaceSchema,
  })
  app.openapi(get, async (c) => {
    const workspace = await getWorkspace(context, c.get('actor').workspaceId)
    c.header('ETag', `"${String(workspace.version)}"`)
    return c.json(workspace, 200)
  })

  const update = operation(options, 'patch', '/v1/workspace', {
    operationId: 'updateWorkspace',
    summary: 'Change the name, the ceilings of the environments, the upstream, or what the audit log keeps',
    request: { body: { content: { 'application/json': { schema: updateSchema } }, required: true } },
    result: workspaceSchema,
    problems: [409, 412],
  })
  app.openapi(update, async (c) => {
    const { upstream_key: upstreamKey, audit, ...rest } = c.req.valid('json')
    const policy = audit && {
      calls: audit.calls,
      sampleRate: audit.sample_rate,
      retentionDays: audit.retention_days,
      legalHold: audit.legal_hold,
    }
    const input = { ...rest, upstreamKey, audit: policy }
    const updated = await updateWorkspace(context, c.get('actor'), input, ifMatch(c))
    describeMutation(c, updated)
    return c.json(updated.result, 200)
  })
}

function addCatalog(app: ControlApp, options: ControlOptions): void {
  const { context } = options
  const get = operation(options, 'get', '/v1/catalog', {
    operationId: 'getCatalog',
    summary: 'The sections, permissions and operations in force in this workspace',
    result: catalogSchema,
  })
  app.openapi(get, async (c) => {
    const { catalog, overlay, version } = await getCatalog(context, c.get('actor').workspaceId)
    c.header('ETag', `"${String(version)}"`)
    return c.json(viewCatalog(catalog, overlay), 200)
  })

  const set = operation(options, 'put', '/v1/catalog/overlay', {
    operationId: 'setCatalogOverlay',
    summary: 'Map operations to permissions in this workspace; replaces what was mapped before',
    request: { body: { content: { 'application/json': { schema: overlaySchema } }, required: true } },
    result: overlaySchema,
    problems: [412],
  })
  app.openapi(set, async (c) => {
    const { operations } = c.req.valid('json')
    const changed = await setCatalogOverlay(context, c.get('actor'), operations, ifMatch(c))
    describeMutation(c, changed)
    return c.json({ operations }, 200)
  })
}

function addNodesAndCaller(app: ControlApp, options: ControlOptions): void {
  const { context } = options
  const nodes = operation(options, 'get', '/v1/nodes', {
    operationId: 'listNodes',
    summary: 'The nodes that verify, and the revision that each has reached',
    result: nodesSchema,
  })
  app.openapi(nodes, async (c) => c.json(await listNodes(context.database, options.nowMilliseconds()), 200))

  const caller = operation(options, 'get', '/v1/whoami', {
    operationId: 'getCaller',
    summary: 'The management key, or the member, that asks',
    result: z
      .object({
        key: keySchema.nullable(),
        member: z.object({ id: z.string(), role: z.enum(ROLES) }).nullable(),
        scopes: z.string(),
      })
      .openapi('Caller'),
  })
  app.openapi(caller, async (c) => {
    const actor = c.get('actor')
    if (actor.type === 'member') {
      const { id, role, access } = actor
      return c.json({ key: null, member: { id, role }, scopes: formatScopes(access) }, 200)
    }
    const key = await readKey(context.database.read, actor.workspaceId, actor.id, context.now())
    return c.json({ key, member: null, scopes: formatScopes(key.access) }, 200)
  })
}

function viewCatalog(catalog: Catalog, overlay: readonly OverlayMapping[]): z.infer<typeof catalogSchema> {
  return {
    id: catalog.id,
    title: catalog.title,
    sections: catalog.sections.map(({ title, permissions }) => ({
      title,
      permissions: permissions.map((permission) => ({ ...permission, levels: [...permission.levels] })),
    })),
    operations: catalog.operations.map(({ name, method, template, requirement }) => ({
      name,
      method,
      path: template,
      permission: requirement.kind === 'level' ? requirement.permission : requirement.kind,
      level: requirement.kind === 'level' ? requirement.level : null,
    })),
    overlay: overlay.map((mapping) => mappingSchema.parse(mapping)),
  }
}
