import { z } from '@hono/zod-openapi'
import { listKeys } from '../../services/keys/find.js'
import type { ControlApp, ControlOptions } from '../environment.js'
import { operation } from '../operation.js'
import {
  environmentSchema,
  isWithoutCredential,
  keySchema,
  kindSchema,
  pageQuerySchema,
  stateSchema,
  storableText,
  TEXT_LIMITS,
  WITH_CREDENTIAL,
} from '../schemas.js'

/** Most characters of the id of whoever made a key. */
const CREATED_BY_MAX = 64

const listQuerySchema = pageQuerySchema.extend({
  kind: kindSchema.optional(),
  environment: environmentSchema.optional(),
  state: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(stateSchema))
    .optional()
    .openapi({
      type: 'string',
      description: 'One or more states, separated by commas',
      example: 'active,suspended',
    }),
  name: storableText(TEXT_LIMITS.name).optional().openapi({ description: 'Part of the name, in any case' }),
  query: storableText(TEXT_LIMITS.name).refine(isWithoutCredential, WITH_CREDENTIAL).optional().openapi({
    description: 'Part of the name, the id, the beginning of the token or the note, in any case',
  }),
  created_by: storableText(CREATED_BY_MAX).optional(),
  webhook_key: z
    .literal('true')
    .transform(() => true as const)
    .optional()
    .openapi({ type: 'string', enum: ['true'], description: 'The key that signs the webhooks alone' }),
  access: z.enum(['full', 'restricted']).optional(),
  sort: z.enum(['created', 'name', 'last_used', 'expires']).optional().openapi({
    description:
      '`created` unless it is told. Never used is before every use, never expiring after every expiry',
  }),
  order: z
    .enum(['asc', 'desc'])
    .optional()
    .openapi({ description: '`desc` unless it is told, and `asc` for names' }),
})

/** Adds the list of keys. */
export function addKeyList(app: ControlApp, options: ControlOptions): void {
  const list = operation(options, 'get', '/v1/keys', {
    operationId: 'listKeys',
    summary: 'List keys, newest first unless sorted; deleted and expired ones too, unless filtered',
    request: { query: listQuerySchema },
    result: z.object({ data: z.array(keySchema), next_cursor: z.string().nullable() }).openapi('KeyList'),
  })
  app.openapi(list, async (c) => {
    const { limit, cursor, state, created_by, webhook_key, ...same } = c.req.valid('query')
    const page = { limit, cursor: cursor ?? null }
    const filter = { ...same, states: state, createdBy: created_by, webhookKey: webhook_key }
    return c.json(await listKeys(options.context, c.get('actor').workspaceId, filter, page), 200)
  })
}
