import { z } from '@hono/zod-openapi'
import { getEvent, listEvents, publishEvents } from '../../services/webhooks/events.js'
import { EVENT_TYPE, EVENT_TYPE_LENGTH_MAX, isReservedType, RESERVED_TYPES } from '../../webhooks/event.js'
import type { ControlApp, ControlOptions } from '../environment.js'
import { describeMutation, idempotencyOf, operation } from '../operation.js'
import { isWithoutCredential, jsonObject, pageQuerySchema, plainText, WITH_CREDENTIAL } from '../schemas.js'
import { eventTypeFilter } from '../webhook-schemas.js'

/** The most events of one request. */
const EVENTS_MAX = 100

const SUBJECT_LENGTH_MAX = 200
const DATA_DEPTH_MAX = 32

const postedSchema = z
  .strictObject({
    type: z
      .string()
      .max(EVENT_TYPE_LENGTH_MAX)
      .regex(EVENT_TYPE, 'must be words of letters, digits, _ and -, separated by dots: invoice.paid')
      .refine((type) => !isReservedType(type), {
        error: `must not begin as the events of Bitting itself: ${RESERVED_TYPES.join(', ')}`,
      })
      .refine(isWithoutCredential, WITH_CREDENTIAL)
      .openapi({ example: 'invoice.paid' }),
    data: jsonObject(DATA_DEPTH_MAX),
    subject: plainText(SUBJECT_LENGTH_MAX)
      .min(1)
      .optional()
      .openapi({ description: 'What it is about: the unit of ordering' }),
  })
  .openapi('PostedEvent')

const publishSchema = z.union([
  postedSchema,
  z.strictObject({ events: z.array(postedSchema).min(1).max(EVENTS_MAX) }),
])

const eventSchema = z
  .object({
    id: z.string().openapi({ example: 'evt_4Zr0qN1b8Xc2D0000000aB' }),
    type: z.string(),
    subject: z.string().nullable(),
    source: z.string().openapi({ description: '`bitting`, `posted`, or the id of a relay' }),
    created_at: z.string(),
  })
  .openapi('Event')

const eventDetailSchema = eventSchema
  .extend({
    content_type: z.string(),
    body: z.string().openapi({ description: 'What is sent, byte for byte' }),
    deliveries: z.array(
      z.object({
        endpoint_id: z.string(),
        state: z.enum(['pending', 'delivered', 'failed']),
        attempts: z.number().int(),
      }),
    ),
  })
  .openapi('EventDetail')

const eventIdParameter = z.object({
  id: z
    .string()
    .max(64)
    .openapi({ param: { name: 'id', in: 'path' }, example: 'evt_4Zr0qN1b8Xc2D0000000aB' }),
})

/** Adds the operations on events. */
export function addEventRoutes(app: ControlApp, options: ControlOptions): void {
  addReads(app, options)
  addPublish(app, options)
}

function addReads(app: ControlApp, options: ControlOptions): void {
  const { context } = options
  const list = operation(options, 'get', '/v1/events', {
    operationId: 'listEvents',
    summary: 'List the events that are kept, newest first',
    request: { query: pageQuerySchema.extend({ type: eventTypeFilter.optional() }) },
    result: z.object({ data: z.array(eventSchema), next_cursor: z.string().nullable() }).openapi('EventList'),
  })
  app.openapi(list, async (c) => {
    const { limit, cursor, type } = c.req.valid('query')
    const page = { limit, cursor: cursor ?? null }
    return c.json(await listEvents(context, c.get('actor').workspaceId, { type }, page), 200)
  })

  const get = operation(options, 'get', '/v1/events/{id}', {
    operationId: 'getEvent',
    summary: 'One event, with what is sent and where it goes',
    request: { params: eventIdParameter },
    result: eventDetailSchema,
    problems: [404],
  })
  app.openapi(get, async (c) =>
    c.json(await getEvent(context, c.get('actor').workspaceId, c.req.valid('param').id), 200),
  )
}

function addPublish(app: ControlApp, options: ControlOptions): void {
  const publish = operation(options, 'post', '/v1/events', {
    operationId: 'publishEvents',
    summary: 'Post an event to the webhook endpoints that want it, or up to 100: all or none',
    status: 202,
    request: { body: { content: { 'application/json': { schema: publishSchema } }, required: true } },
    result: z
      .union([z.object({ id: z.string() }), z.object({ ids: z.array(z.string()) })])
      .openapi('PublishedEvents'),
    problems: [409],
  })
  app.openapi(publish, async (c) => {
    const body = c.req.valid('json')
    const posted = 'events' in body ? body.events : [body]
    const published = await publishEvents(
      options.context,
      c.get('actor'),
      posted.map(({ type, data, subject }) => ({ type, data, subject: subject ?? null })),
      await idempotencyOf(c),
    )
    describeMutation(c, published)
    const { ids } = published.result
    return c.json('events' in body ? { ids } : { id: ids[0] ?? '' }, 202)
  })
}
