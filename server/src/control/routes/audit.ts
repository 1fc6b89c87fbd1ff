import { z } from '@hono/zod-openapi'
import { getAuditEntry, listAuditEntries } from '../../audit/log.js'
import type { ControlApp, ControlOptions } from '../environment.js'
import { operation } from '../operation.js'
import { pageQuerySchema, storableText, wholeNumber } from '../schemas.js'

const entrySchema = z
  .object({
    index: z.number().int(),
    at: z.string(),
    actor: z.object({
      type: z.string(),
      id: z.string(),
      address: z.string().nullable(),
      user_agent: z.string().nullable(),
    }),
    action: z.string(),
    operation: z.string().nullable(),
    resource: z.object({ type: z.string(), id: z.string().nullable() }),
    outcome: z.string(),
    reason: z.string().nullable(),
    request_id: z.string().nullable(),
    details: z.unknown(),
  })
  .openapi('AuditEntry')

const filterSchema = pageQuerySchema.extend({
  action: storableText(64).optional(),
  actor: storableText(64).optional(),
  resource: storableText(64).optional(),
  outcome: z.enum(['success', 'failure']).optional(),
})

/** Adds the operations that read the audit log. */
export function addAuditRoutes(app: ControlApp, options: ControlOptions): void {
  const { database } = options.context
  const list = operation(options, 'get', '/v1/audit', {
    operationId: 'listAuditEntries',
    summary: 'List the entries of the audit log, newest first',
    request: { query: filterSchema },
    result: z
      .object({ data: z.array(entrySchema), next_cursor: z.string().nullable() })
      .openapi('AuditEntryList'),
  })
  app.openapi(list, async (c) => {
    const { limit, cursor, ...filter } = c.req.valid('query')
    const page = { limit, cursor: cursor ?? null }
    return c.json(await listAuditEntries(database, c.get('actor').workspaceId, filter, page), 200)
  })

  const get = operation(options, 'get', '/v1/audit/{index}', {
    operationId: 'getAuditEntry',
    summary: 'One entry of the audit log by its place',
    request: {
      params: z.object({
        index: wholeNumber(0, Number.MAX_SAFE_INTEGER).openapi({ param: { name: 'index', in: 'path' } }),
      }),
    },
    result: entrySchema,
    problems: [404],
  })
  app.openapi(get, async (c) => {
    const { index } = c.req.valid('param')
    return c.json(await getAuditEntry(database, c.get('actor').workspaceId, index), 200)
  })
}
