import type { StateChange } from '@bitting/core'
import { z } from '@hono/zod-openapi'
import { changeKeyState } from '../../services/keys/change-state.js'
import { createKey } from '../../services/keys/create.js'
import { getKey } from '../../services/keys/find.js'
import type { KeyView } from '../../services/keys/record.js'
import { OVERLAP_SECONDS_MAX, rotateKey } from '../../services/keys/rotate.js'
import { updateKey } from '../../services/keys/update.js'
import type { Mutated } from '../../services/mutate.js'
import type { ControlApp, ControlOptions } from '../environment.js'
import { describeMutation, idempotencyOf, ifMatch, operation } from '../operation.js'
import {
  accessSchema,
  allowedAddressesSchema,
  environmentSchema,
  keyIdParameter,
  keySchema,
  keyWithTokenSchema,
  kindSchema,
  nameSchema,
  noteSchema,
  nullableTimeSchema,
  reasonSchema,
} from '../schemas.js'
import { addKeyList } from './key-list.js'

const conditionsSchema = z.strictObject({
  allowed_addresses: allowedAddressesSchema.optional(),
  not_before: nullableTimeSchema.optional(),
})

const createSchema = z
  .strictObject({
    name: nameSchema,
    kind: kindSchema.default('api'),
    environment: environmentSchema,
    access: accessSchema,
    conditions: conditionsSchema.optional(),
    expires_at: nullableTimeSchema.optional(),
    note: noteSchema.default(''),
  })
  .openapi('CreateKey')

const updateSchema = z
  .strictObject({
    name: nameSchema.optional(),
    access: accessSchema.optional(),
    conditions: conditionsSchema.optional(),
    expires_at: nullableTimeSchema.optional(),
    note: noteSchema.optional(),
  })
  .refine((body) => Object.keys(body).length > 0, 'name at least one thing to change')
  .openapi('UpdateKey')

const TOKEN_NOTE =
  'This answers a repeated request: the token was in the first answer and is stored nowhere. Rotate the key to get a new one.'

/** Adds the operations on keys. */
export function addKeyRoutes(app: ControlApp, options: ControlOptions): void {
  addCreateAndRotate(app, options)
  addKeyList(app, options)
  addRead(app, options)
  addUpdate(app, options)
  addDelete(app, options)
  addStateChange(app, options, 'suspend', 'suspendKey', 'Stop a key until it is resumed')
  addStateChange(app, options, 'resume', 'resumeKey', 'Let a suspended key work again')
  addRevoke(app, options)
}

function addCreateAndRotate(app: ControlApp, options: ControlOptions): void {
  const create = operation(options, 'post', '/v1/keys', {
    operationId: 'createKey',
    summary: 'Create a key; the answer holds its token, this once',
    request: { body: { content: { 'application/json': { schema: createSchema } }, required: true } },
    status: 201,
    result: keyWithTokenSchema,
    problems: [409],
  })
  app.openapi(create, async (c) => {
    const { name, kind, environment, access, conditions, expires_at, note } = c.req.valid('json')
    const input = {
      name,
      kind,
      environment,
      access,
      note,
      conditions: {
        allowedAddresses: conditions?.allowed_addresses ?? null,
        notBefore: conditions?.not_before ?? null,
        expiresAt: expires_at ?? null,
      },
    }
    const created = await createKey(options.context, c.get('actor'), input, await idempotencyOf(c))
    describeMutation(c, created)
    c.header('Location', `/v1/keys/${created.result.id}`)
    return c.json(withToken(created), 201)
  })

  const rotate = operation(options, 'post', '/v1/keys/{id}/rotate', {
    operationId: 'rotateKey',
    summary: 'Give a key a new secret; the old one stays valid for the overlap',
    request: {
      params: keyIdParameter,
      body: {
        content: {
          'application/json': {
            schema: z
              .strictObject({ overlap_seconds: z.number().int().min(0).max(OVERLAP_SECONDS_MAX) })
              .openapi('RotateKey'),
          },
        },
        required: true,
      },
    },
    result: keyWithTokenSchema,
    problems: [404, 409, 412],
  })
  app.openapi(rotate, async (c) => {
    const { overlap_seconds: overlap } = c.req.valid('json')
    const { id } = c.req.valid('param')
    const input = { overlapSeconds: overlap, version: ifMatch(c) }
    const rotated = await rotateKey(options.context, c.get('actor'), id, input, await idempotencyOf(c))
    describeMutation(c, rotated)
    return c.json(withToken(rotated), 200)
  })
}

function addRead(app: ControlApp, options: ControlOptions): void {
  const get = operation(options, 'get', '/v1/keys/{id}', {
    operationId: 'getKey',
    summary: 'One key, whatever its state',
    request: { params: keyIdParameter },
    result: keySchema,
    problems: [404],
  })
  app.openapi(get, async (c) => {
    const key = await getKey(options.context, c.get('actor').workspaceId, c.req.valid('param').id)
    c.header('ETag', `"${String(key.version)}"`)
    return c.json(key, 200)
  })
}

function addUpdate(app: ControlApp, options: ControlOptions): void {
  const update = operation(options, 'patch', '/v1/keys/{id}', {
    operationId: 'updateKey',
    summary: 'Change a key; an access given replaces the whole list',
    request: {
      params: keyIdParameter,
      body: { content: { 'application/json': { schema: updateSchema } }, required: true },
    },
    result: keySchema,
    problems: [404, 409, 412],
  })
  app.openapi(update, async (c) => {
    const { name, access, conditions, expires_at, note } = c.req.valid('json')
    const input = {
      name,
      access,
      note,
      allowedAddresses: conditions?.allowed_addresses,
      notBefore: conditions?.not_before,
      expiresAt: expires_at,
    }
    const updated = await updateKey(
      options.context,
      c.get('actor'),
      c.req.valid('param').id,
      input,
      ifMatch(c),
    )
    describeMutation(c, updated)
    return c.json(updated.result, 200)
  })
}

function addDelete(app: ControlApp, options: ControlOptions): void {
  const remove = operation(options, 'delete', '/v1/keys/{id}', {
    operationId: 'deleteKey',
    summary:
      'Delete a key: its digest is destroyed, its record stays listed. Needs If-Match, or ?confirm= with its name',
    request: { params: keyIdParameter, query: z.object({ confirm: z.string().optional() }) },
    result: keySchema,
    problems: [404, 409, 412, 428],
  })
  app.openapi(remove, async (c) => {
    const { id } = c.req.valid('param')
    const version = ifMatch(c)
    const isConditional = c.req.header('if-match') !== undefined
    const { confirm } = c.req.valid('query')
    const confirmation = isConditional && confirm === undefined ? null : { name: confirm ?? null }
    const input = { change: 'destroy', reason: null, version, confirmation } as const
    const deleted = await changeKeyState(options.context, c.get('actor'), id, input)
    describeMutation(c, deleted)
    return c.json(deleted.result, 200)
  })
}

function addStateChange(
  app: ControlApp,
  options: ControlOptions,
  change: Extract<StateChange, 'suspend' | 'resume'>,
  operationId: string,
  summary: string,
): void {
  const route = operation(options, 'post', `/v1/keys/{id}/${change}`, {
    operationId,
    summary,
    request: {
      params: keyIdParameter,
      body: {
        content: {
          'application/json': {
            schema: z.strictObject({ reason: reasonSchema.optional() }).openapi('Reason'),
          },
        },
      },
    },
    result: keySchema,
    problems: [404, 409, 412],
  })
  app.openapi(route, async (c) => {
    const { reason } = c.req.valid('json')
    const input = { change, reason: reason ?? null, version: ifMatch(c) }
    const changed = await changeKeyState(
      options.context,
      c.get('actor'),
      c.req.valid('param').id,
      input,
      await idempotencyOf(c),
    )
    describeMutation(c, changed)
    return c.json(changed.result, 200)
  })
}

function addRevoke(app: ControlApp, options: ControlOptions): void {
  const route = operation(options, 'post', '/v1/keys/{id}/revoke', {
    operationId: 'revokeKey',
    summary: 'End a key for good; say with `compromised` that its secret leaked',
    request: {
      params: keyIdParameter,
      body: {
        content: {
          'application/json': {
            schema: z
              .strictObject({ reason: reasonSchema.optional(), compromised: z.boolean().default(false) })
              .openapi('RevokeKey'),
          },
        },
      },
    },
    result: keySchema,
    problems: [404, 409, 412],
  })
  app.openapi(route, async (c) => {
    const { reason, compromised } = c.req.valid('json')
    const input = {
      change: compromised ? 'compromise' : 'revoke',
      reason: reason ?? null,
      version: ifMatch(c),
    } as const
    const { id } = c.req.valid('param')
    const revoked = await changeKeyState(options.context, c.get('actor'), id, input, await idempotencyOf(c))
    describeMutation(c, revoked)
    return c.json(revoked.result, 200)
  })
}

function withToken(mutated: Mutated<KeyView>): {
  key: KeyView
  token: string | null
  token_note?: string
} {
  const { result: key, token, replayed } = mutated
  return { key, token, ...(replayed && { token_note: TOKEN_NOTE }) }
}
