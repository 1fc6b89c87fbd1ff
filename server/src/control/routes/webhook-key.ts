import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { OVERLAP_SECONDS_MAX } from '../../services/keys/rotate.js'
import {
  getWebhookKey,
  setWebhookKey,
  unsetWebhookKey,
  type WebhookKeyGuard,
} from '../../services/webhooks/webhook-key.js'
import type { ControlApp, ControlEnvironment, ControlOptions } from '../environment.js'
import { describeMutation, ifMatch, operation } from '../operation.js'
import { storableText } from '../schemas.js'

const webhookKeySchema = z
  .object({
    key_id: z.string().nullable().openapi({ description: 'Null while delivery is off' }),
    name: z.string().nullable(),
    previous_key_id: z.string().nullable().openapi({ description: 'Signs too until `overlap_until`' }),
    overlap_until: z.string().nullable(),
    set_at: z.string().nullable(),
    set_by: z.string().nullable(),
    version: z.number().int(),
    warnings: z.array(z.string()),
  })
  .openapi('WebhookKey')

const setSchema = z
  .strictObject({
    key_id: storableText(64),
    overlap_seconds: z.number().int().min(0).max(OVERLAP_SECONDS_MAX).default(86_400),
  })
  .openapi('SetWebhookKey')

const guardQuerySchema = z.object({ confirm: z.string().optional() })

/** Adds the operations on the key that signs webhooks. */
export function addWebhookKeyRoutes(app: ControlApp, options: ControlOptions): void {
  const { context } = options
  const get = operation(options, 'get', '/v1/webhook-key', {
    operationId: 'getWebhookKey',
    summary: 'The key that signs the webhooks of the workspace',
    result: webhookKeySchema,
  })
  app.openapi(get, async (c) => {
    const key = await getWebhookKey(context, c.get('actor').workspaceId)
    c.header('ETag', `"${String(key.version)}"`)
    return c.json(key, 200)
  })

  const set = operation(options, 'put', '/v1/webhook-key', {
    operationId: 'setWebhookKey',
    summary:
      'Set the key that signs the webhooks; the one before signs too for the overlap. Moving from one key to another ' +
      'needs If-Match, or ?confirm= with the name of the key that signs now. An expired or suspended key goes on signing',
    request: {
      query: guardQuerySchema,
      body: { content: { 'application/json': { schema: setSchema } }, required: true },
    },
    result: webhookKeySchema,
    problems: [404, 409, 412, 428],
  })
  app.openapi(set, async (c) => {
    const { key_id: keyId, overlap_seconds: overlapSeconds } = c.req.valid('json')
    const guard = guardOf(c, c.req.valid('query').confirm)
    const changed = await setWebhookKey(context, c.get('actor'), { keyId, overlapSeconds }, guard)
    describeMutation(c, changed)
    return c.json(changed.result, 200)
  })

  const unset = operation(options, 'delete', '/v1/webhook-key', {
    operationId: 'unsetWebhookKey',
    summary:
      'Turn delivery off: what is to be delivered waits. Needs If-Match, or ?confirm= with the name of the key that signs now',
    request: { query: guardQuerySchema },
    result: webhookKeySchema,
    problems: [409, 412, 428],
  })
  app.openapi(unset, async (c) => {
    const guard = guardOf(c, c.req.valid('query').confirm)
    const changed = await unsetWebhookKey(context, c.get('actor'), guard)
    describeMutation(c, changed)
    return c.json(changed.result, 200)
  })
}

function guardOf(c: Context<ControlEnvironment>, confirm: string | undefined): WebhookKeyGuard {
  const version = ifMatch(c)
  const isConditional = c.req.header('if-match') !== undefined
  return {
    version,
    confirmation: isConditional && confirm === undefined ? null : { name: confirm ?? null },
  }
}
