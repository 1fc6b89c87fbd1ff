import { decodeBase64 } from '@bitting/core'
import { z } from '@hono/zod-openapi'
import { createRelay, deleteRelay, listRelays } from '../../services/webhooks/relays.js'
import type { ControlApp, ControlOptions } from '../environment.js'
import { describeMutation, idempotencyOf, operation } from '../operation.js'
import { nameSchema } from '../schemas.js'
import { deletableQuerySchema } from '../webhook-schemas.js'

const schemeSchema = z
  .enum(['retell', 'standard'])
  .openapi({ description: 'How the upstream signs: as Retell does, or by Standard Webhooks' })

const relaySchema = z
  .object({
    id: z.string().openapi({ example: 'whr_4Zr0qN1b8Xc2D0000000aB' }),
    name: z.string(),
    scheme: schemeSchema,
    path: z.string().openapi({ description: 'Its path at the gateway' }),
    created_at: z.string(),
    created_by: z.string(),
    deleted: z.object({ at: z.string(), by: z.string() }).nullable(),
  })
  .openapi('WebhookRelay')

const createSchema = z
  .strictObject({
    name: nameSchema,
    scheme: schemeSchema,
    key: z
      .string()
      .max(512)
      .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII without spaces')
      .openapi({ description: 'What the upstream signs with. Stored sealed and never shown' }),
  })
  .refine(({ scheme, key }) => scheme !== 'standard' || isStandardSecret(key), {
    path: ['key'],
    error: 'must be whsec_ and bytes in base64, as Standard Webhooks has it',
  })
  .openapi('CreateWebhookRelay')

const relayIdParameter = z.object({
  id: z
    .string()
    .max(64)
    .openapi({ param: { name: 'id', in: 'path' }, example: 'whr_4Zr0qN1b8Xc2D0000000aB' }),
})

/** Adds the operations on the addresses that take an upstream's own webhooks. */
export function addWebhookRelayRoutes(app: ControlApp, options: ControlOptions): void {
  const { context } = options
  const list = operation(options, 'get', '/v1/webhook-relays', {
    operationId: 'listWebhookRelays',
    summary: 'List webhook relays, newest first',
    request: { query: deletableQuerySchema },
    result: z
      .object({ data: z.array(relaySchema), next_cursor: z.string().nullable() })
      .openapi('WebhookRelayList'),
  })
  app.openapi(list, async (c) => {
    const { limit, cursor, deleted } = c.req.valid('query')
    const page = { limit, cursor: cursor ?? null }
    return c.json(await listRelays(context, c.get('actor').workspaceId, { deleted }, page), 200)
  })

  const create = operation(options, 'post', '/v1/webhook-relays', {
    operationId: 'createWebhookRelay',
    summary: 'Add an address at the gateway that verifies an upstream’s own webhooks and passes them on',
    request: { body: { content: { 'application/json': { schema: createSchema } }, required: true } },
    status: 201,
    result: relaySchema,
    problems: [409],
  })
  app.openapi(create, async (c) => {
    const created = await createRelay(context, c.get('actor'), c.req.valid('json'), await idempotencyOf(c))
    describeMutation(c, created)
    return c.json(created.result, 201)
  })

  const remove = operation(options, 'delete', '/v1/webhook-relays/{id}', {
    operationId: 'deleteWebhookRelay',
    summary: 'Delete a webhook relay: its key is destroyed, its record stays',
    request: { params: relayIdParameter },
    result: relaySchema,
    problems: [404, 409],
  })
  app.openapi(remove, async (c) => {
    const deleted = await deleteRelay(context, c.get('actor'), c.req.valid('param').id)
    describeMutation(c, deleted)
    return c.json(deleted.result, 200)
  })
}

function isStandardSecret(key: string): boolean {
  const bytes = key.startsWith('whsec_') ? decodeBase64(key.slice('whsec_'.length)) : null
  return bytes !== null && bytes.length > 0
}
