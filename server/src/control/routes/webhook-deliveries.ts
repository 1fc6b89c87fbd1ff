import { z } from '@hono/zod-openapi'
import { getDelivery, listDeliveries } from '../../services/webhooks/deliveries.js'
import { resendDeliveries, resendDelivery } from '../../services/webhooks/resend.js'
import type { ControlApp, ControlOptions } from '../environment.js'
import { describeMutation, operation } from '../operation.js'
import { pageQuerySchema, timeSchema } from '../schemas.js'
import { endpointIdParameter } from '../webhook-schemas.js'

const stateSchema = z.enum(['pending', 'delivered', 'failed'])

const deliverySchema = z
  .object({
    endpoint_id: z.string(),
    event_id: z.string(),
    type: z.string(),
    subject: z.string().nullable(),
    state: stateSchema,
    attempts: z.number().int(),
    created_at: z.string(),
    next_attempt_at: z.string().nullable(),
    finished_at: z.string().nullable(),
  })
  .openapi('WebhookDelivery')

const deliveryDetailSchema = deliverySchema
  .extend({
    content_type: z.string(),
    body: z.string().openapi({ description: 'What is sent, byte for byte' }),
    log: z.array(
      z.object({
        number: z.number().int(),
        at: z.string(),
        duration_ms: z.number().int(),
        status: z.number().int().nullable(),
        error: z.string().nullable(),
        response: z.string(),
        signed_with: z.string().nullable(),
      }),
    ),
  })
  .openapi('WebhookDeliveryDetail')

const deliveryParameters = endpointIdParameter.extend({
  event: z
    .string()
    .max(64)
    .openapi({ param: { name: 'event', in: 'path' }, example: 'evt_4Zr0qN1b8Xc2D0000000aB' }),
})

const resendSchema = z.union([
  z.strictObject({ failed: z.literal(true) }),
  z.strictObject({ since: timeSchema }),
])

/** Adds the operations on what is delivered to webhook endpoints. */
export function addWebhookDeliveryRoutes(app: ControlApp, options: ControlOptions): void {
  addReads(app, options)
  addResends(app, options)
}

function addReads(app: ControlApp, options: ControlOptions): void {
  const { context } = options
  const list = operation(options, 'get', '/v1/webhook-endpoints/{id}/deliveries', {
    operationId: 'listWebhookDeliveries',
    summary: 'List the deliveries to an endpoint, newest first',
    request: {
      params: endpointIdParameter,
      query: pageQuerySchema.extend({ state: stateSchema.optional() }),
    },
    result: z
      .object({ data: z.array(deliverySchema), next_cursor: z.string().nullable() })
      .openapi('WebhookDeliveryList'),
    problems: [404],
  })
  app.openapi(list, async (c) => {
    const { limit, cursor, state } = c.req.valid('query')
    const page = { limit, cursor: cursor ?? null }
    const { workspaceId } = c.get('actor')
    const { id } = c.req.valid('param')
    return c.json(await listDeliveries(context, workspaceId, id, { state }, page), 200)
  })

  const get = operation(options, 'get', '/v1/webhook-endpoints/{id}/deliveries/{event}', {
    operationId: 'getWebhookDelivery',
    summary: 'The delivery of an event to an endpoint, with every attempt',
    request: { params: deliveryParameters },
    result: deliveryDetailSchema,
    problems: [404],
  })
  app.openapi(get, async (c) => {
    const { id, event } = c.req.valid('param')
    return c.json(await getDelivery(context, c.get('actor').workspaceId, id, event), 200)
  })
}

function addResends(app: ControlApp, options: ControlOptions): void {
  const { context } = options
  const resend = operation(options, 'post', '/v1/webhook-endpoints/{id}/resend', {
    operationId: 'resendWebhookDeliveries',
    summary: 'Send again what failed, or what the endpoint missed or failed to take since a time',
    request: {
      params: endpointIdParameter,
      body: { content: { 'application/json': { schema: resendSchema } }, required: true },
    },
    result: z.object({ resent: z.number().int() }).openapi('ResentWebhookDeliveries'),
    problems: [404, 409],
  })
  app.openapi(resend, async (c) => {
    const body = c.req.valid('json')
    const input = 'since' in body ? { sinceSeconds: body.since } : body
    return c.json(await resendDeliveries(context, c.get('actor'), c.req.valid('param').id, input), 200)
  })

  const one = operation(options, 'post', '/v1/webhook-endpoints/{id}/deliveries/{event}/resend', {
    operationId: 'resendWebhookDelivery',
    summary: 'Send one delivery again, whatever became of it',
    request: { params: deliveryParameters },
    result: deliverySchema,
    problems: [404, 409],
  })
  app.openapi(one, async (c) => {
    const { id, event } = c.req.valid('param')
    const resent = await resendDelivery(context, c.get('actor'), id, event)
    describeMutation(c, resent)
    return c.json(resent.result, 200)
  })
}
