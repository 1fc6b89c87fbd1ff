import type { WebhookEndpointView, WebhookEndpointWithSecret } from '@bitting/client'
import { z } from '@hono/zod-openapi'
import { OVERLAP_SECONDS_MAX } from '../../services/keys/rotate.js'
import type { Mutated } from '../../services/mutate.js'
import { createEndpoint } from '../../services/webhooks/create-endpoint.js'
import { rotateSecret, switchKey } from '../../services/webhooks/endpoint-secret.js'
import { listEndpoints, readEndpoint } from '../../services/webhooks/find-endpoint.js'
import { performHandshake } from '../../services/webhooks/handshake.js'
import { probeEndpoint, sendTestEvent } from '../../services/webhooks/test-endpoint.js'
import { deleteEndpoint, updateEndpoint } from '../../services/webhooks/update-endpoint.js'
import type { ControlApp, ControlOptions } from '../environment.js'
import { describeMutation, idempotencyOf, ifMatch, operation } from '../operation.js'
import {
  deletableQuerySchema,
  endpointIdParameter,
  endpointSchema,
  endpointSettings,
  endpointWithSecretSchema,
} from '../webhook-schemas.js'

const createSchema = z
  .strictObject({
    ...endpointSettings,
    events: endpointSettings.events.default(['*']),
    description: endpointSettings.description.default(''),
    signatures: endpointSettings.signatures.default(['standard', 'retell', 'body']),
    headers: endpointSettings.headers.optional(),
    rate_limit: endpointSettings.rate_limit.default(null),
    concurrency: endpointSettings.concurrency.default(8),
    ordered: endpointSettings.ordered.default(false),
    require_handshake: endpointSettings.require_handshake.default(false),
  })
  .openapi('CreateWebhookEndpoint')

const updateSchema = z
  .strictObject({ ...endpointSettings, enabled: z.boolean() })
  .partial()
  .refine((body) => Object.keys(body).length > 0, 'name at least one thing to change')
  .openapi('UpdateWebhookEndpoint')

const SECRET_NOTE =
  'This answers a repeated request: the secret was in the first answer and is not shown again. Rotate it to get a new one.'

/** Adds the operations on webhook endpoints. */
export function addWebhookEndpointRoutes(app: ControlApp, options: ControlOptions): void {
  addReads(app, options)
  addCreate(app, options)
  addChanges(app, options)
  addRotate(app, options)
  addSwitch(app, options)
  addTrials(app, options)
}

function addReads(app: ControlApp, options: ControlOptions): void {
  const { context } = options
  const list = operation(options, 'get', '/v1/webhook-endpoints', {
    operationId: 'listWebhookEndpoints',
    summary: 'List webhook endpoints, newest first',
    request: { query: deletableQuerySchema },
    result: z
      .object({ data: z.array(endpointSchema), next_cursor: z.string().nullable() })
      .openapi('WebhookEndpointList'),
  })
  app.openapi(list, async (c) => {
    const { limit, cursor, deleted } = c.req.valid('query')
    const page = { limit, cursor: cursor ?? null }
    return c.json(await listEndpoints(context, c.get('actor').workspaceId, { deleted }, page), 200)
  })

  const get = operation(options, 'get', '/v1/webhook-endpoints/{id}', {
    operationId: 'getWebhookEndpoint',
    summary: 'One webhook endpoint, also a deleted one',
    request: { params: endpointIdParameter },
    result: endpointSchema,
    problems: [404],
  })
  app.openapi(get, async (c) => {
    const { workspaceId } = c.get('actor')
    const endpoint = await readEndpoint(context, context.database.read, workspaceId, c.req.valid('param').id)
    c.header('ETag', `"${String(endpoint.version)}"`)
    return c.json(endpoint, 200)
  })
}

function addCreate(app: ControlApp, options: ControlOptions): void {
  const create = operation(options, 'post', '/v1/webhook-endpoints', {
    operationId: 'createWebhookEndpoint',
    summary: 'Add a webhook endpoint; the answer holds its secret, this once',
    request: { body: { content: { 'application/json': { schema: createSchema } }, required: true } },
    status: 201,
    result: endpointWithSecretSchema,
    problems: [409],
  })
  app.openapi(create, async (c) => {
    const body = c.req.valid('json')
    const settings = {
      url: body.url,
      events: body.events,
      description: body.description,
      signatures: body.signatures,
      headers: body.headers ?? {},
      rateLimit: body.rate_limit,
      concurrency: body.concurrency,
      ordered: body.ordered,
      requireHandshake: body.require_handshake,
    }
    const created = await createEndpoint(options.context, c.get('actor'), settings, await idempotencyOf(c))
    describeMutation(c, created)
    c.header('Location', `/v1/webhook-endpoints/${created.result.id}`)
    return c.json(withSecret(created), 201)
  })
}

function addChanges(app: ControlApp, options: ControlOptions): void {
  const update = operation(options, 'patch', '/v1/webhook-endpoints/{id}', {
    operationId: 'updateWebhookEndpoint',
    summary:
      'Change, disable or enable a webhook endpoint; a list or headers given replace all that was there',
    request: {
      params: endpointIdParameter,
      body: { content: { 'application/json': { schema: updateSchema } }, required: true },
    },
    result: endpointSchema,
    problems: [404, 409, 412],
  })
  app.openapi(update, async (c) => {
    const { rate_limit: rateLimit, require_handshake: requireHandshake, ...rest } = c.req.valid('json')
    const input = { ...rest, rateLimit, requireHandshake }
    const { id } = c.req.valid('param')
    const updated = await updateEndpoint(options.context, c.get('actor'), id, input, ifMatch(c))
    describeMutation(c, updated)
    return c.json(updated.result, 200)
  })

  const remove = operation(options, 'delete', '/v1/webhook-endpoints/{id}', {
    operationId: 'deleteWebhookEndpoint',
    summary:
      'Delete a webhook endpoint: its secret is destroyed, what was on its way is given up, its record stays',
    request: { params: endpointIdParameter },
    result: endpointSchema,
    problems: [404, 409, 412],
  })
  app.openapi(remove, async (c) => {
    const { id } = c.req.valid('param')
    const deleted = await deleteEndpoint(options.context, c.get('actor'), id, ifMatch(c))
    describeMutation(c, deleted)
    return c.json(deleted.result, 200)
  })
}

function addRotate(app: ControlApp, options: ControlOptions): void {
  const rotate = operation(options, 'post', '/v1/webhook-endpoints/{id}/rotate', {
    operationId: 'rotateWebhookSecret',
    summary: 'Give a webhook endpoint a new secret; the old one signs too for the overlap',
    request: {
      params: endpointIdParameter,
      body: {
        content: {
          'application/json': {
            schema: z
              .strictObject({ overlap_seconds: z.number().int().min(0).max(OVERLAP_SECONDS_MAX) })
              .openapi('RotateWebhookSecret'),
          },
        },
        required: true,
      },
    },
    result: endpointWithSecretSchema,
    problems: [404, 409, 412],
  })
  app.openapi(rotate, async (c) => {
    const { overlap_seconds: overlapSeconds } = c.req.valid('json')
    const { id } = c.req.valid('param')
    const input = { overlapSeconds, version: ifMatch(c) }
    const rotated = await rotateSecret(options.context, c.get('actor'), id, input, await idempotencyOf(c))
    describeMutation(c, rotated)
    return c.json(withSecret(rotated), 200)
  })
}

function addSwitch(app: ControlApp, options: ControlOptions): void {
  const change = operation(options, 'post', '/v1/webhook-endpoints/{id}/switch', {
    operationId: 'switchWebhookKey',
    summary: 'Tell that the receiver verifies with the newest secret of the webhook key now',
    request: { params: endpointIdParameter },
    result: endpointSchema,
    problems: [404, 409, 412],
  })
  app.openapi(change, async (c) => {
    const { id } = c.req.valid('param')
    const changed = await switchKey(options.context, c.get('actor'), id, ifMatch(c))
    describeMutation(c, changed)
    return c.json(changed.result, 200)
  })
}

function addTrials(app: ControlApp, options: ControlOptions): void {
  const { context } = options
  const handshake = operation(options, 'post', '/v1/webhook-endpoints/{id}/handshake', {
    operationId: 'performWebhookHandshake',
    summary: 'Ask the receiver whether it wants our requests (CloudEvents HTTP Webhook)',
    request: { params: endpointIdParameter },
    result: z
      .object({ ok: z.boolean(), reason: z.string().nullable(), endpoint: endpointSchema })
      .openapi('WebhookHandshake'),
    problems: [404, 409, 412],
  })
  app.openapi(handshake, async (c) => {
    const met = await performHandshake(context, c.get('actor'), c.req.valid('param').id)
    describeMutation(c, met)
    return c.json(met.result, 200)
  })

  const test = operation(options, 'post', '/v1/webhook-endpoints/{id}/test', {
    operationId: 'sendTestEvent',
    summary: 'Send an event of the type webhook_endpoint.test to this endpoint alone',
    request: { params: endpointIdParameter },
    result: z.object({ id: z.string() }).openapi('TestEvent'),
    problems: [404, 409],
  })
  app.openapi(test, async (c) => {
    const { id } = c.req.valid('param')
    const sent = await sendTestEvent(context, c.get('actor'), id, await idempotencyOf(c))
    describeMutation(c, sent)
    return c.json(sent.result, 200)
  })

  const probe = operation(options, 'post', '/v1/webhook-endpoints/{id}/probe', {
    operationId: 'probeWebhookEndpoint',
    summary:
      'Find out whether the receiver verifies, with requests that are signed wrongly, and keep what was found',
    request: { params: endpointIdParameter },
    result: endpointSchema,
    problems: [404, 409, 412],
  })
  app.openapi(probe, async (c) => {
    const probed = await probeEndpoint(context, c.get('actor'), c.req.valid('param').id)
    describeMutation(c, probed)
    return c.json(probed.result, 200)
  })
}

function withSecret({
  result: endpoint,
  token,
  replayed,
}: Mutated<WebhookEndpointView>): WebhookEndpointWithSecret {
  return { endpoint, secret: token, ...(replayed && { secret_note: SECRET_NOTE }) }
}
