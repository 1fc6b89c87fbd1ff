import { WEBHOOK_SCHEMES } from '@bitting/core'
import { z } from '@hono/zod-openapi'
import { RATE_MAX } from '../services/webhooks/endpoint-settings.js'
import { ENDPOINT_URL_LENGTH_MAX } from '../webhooks/endpoint-url.js'
import { EVENT_TYPE, EVENT_TYPE_LENGTH_MAX } from '../webhooks/event.js'
import {
  hasPrototypeMember,
  isWithoutCredential,
  noteSchema,
  pageQuerySchema,
  storableText,
  WITH_CREDENTIAL,
} from './schemas.js'

/** The most event filters of an endpoint. */
const FILTERS_MAX = 50

/** The most header fields of an endpoint's own, and the longest value of one in characters. */
const HEADER_LIMITS = { count: 20, name: 100, value: 1024 } as const

/** A token of RFC 9110 Section 5.6.2, which the name of a header field is. */
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/

/** Visible ASCII, with spaces inside. */
const HEADER_VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/

/** What the connection, the body and our own signatures are told by, and nobody else may tell. */
const RESERVED_HEADERS: readonly string[] = [
  'host',
  'content-length',
  'content-type',
  'transfer-encoding',
  'connection',
  'te',
  'upgrade',
  'expect',
  'user-agent',
  'keep-alive',
  'trailer',
  'x-retell-signature',
  'x-bitting-signature',
]
const RESERVED_PREFIXES: readonly string[] = ['proxy-', 'webhook-']

const filterSchema = z
  .string()
  .max(EVENT_TYPE_LENGTH_MAX)
  .refine(isFilter, 'must be *, a type of event, or the beginning of types: key.* for example')
  .refine(isWithoutCredential, WITH_CREDENTIAL)

/** What `headers` may be; the names come out in lower case. */
const headersSchema = z
  .preprocess(
    (headers) => (hasPrototypeMember(headers) ? null : headers),
    z.record(z.string(), z.string(), { error: 'must be an object of names and texts' }),
  )
  .superRefine((headers, context) => {
    const names = Object.keys(headers).map((name) => name.toLowerCase())
    const flaw = (name: string, message: string): void => {
      context.addIssue({ code: 'custom', path: [name], message })
    }
    if (names.length > HEADER_LIMITS.count) {
      context.addIssue({ code: 'custom', message: `at most ${String(HEADER_LIMITS.count)} header fields` })
    }
    if (new Set(names).size < names.length) {
      context.addIssue({ code: 'custom', message: 'names a header field twice' })
    }
    for (const [name, value] of Object.entries(headers)) {
      if (!isHeaderName(name.toLowerCase())) flaw(name, 'is not the name of a header field that can be set')
      else if (value.length > HEADER_LIMITS.value || !HEADER_VALUE.test(value)) {
        flaw(name, `must be 1 to ${String(HEADER_LIMITS.value)} visible ASCII characters and inner spaces`)
      }
    }
  })
  .transform((headers) =>
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
  )
  .openapi({
    type: 'object',
    additionalProperties: { type: 'string' },
    description: 'Sent with every request. Stored sealed; answers show the names alone',
  })

/** What can be told of an endpoint, when it is made and later. */
export const endpointSettings = {
  url: z.string().max(ENDPOINT_URL_LENGTH_MAX).openapi({ example: 'https://example.com/webhooks' }),
  events: z
    .array(filterSchema)
    .min(1)
    .max(FILTERS_MAX)
    .openapi({ example: ['key.*', 'invoice.paid'] }),
  description: noteSchema,
  signatures: z.array(z.enum(WEBHOOK_SCHEMES)).min(1).max(WEBHOOK_SCHEMES.length),
  headers: headersSchema,
  rate_limit: z
    .number()
    .int()
    .min(1)
    .max(RATE_MAX)
    .nullable()
    .openapi({ description: 'Requests a second; null for no limit' }),
  concurrency: z.number().int().min(1).max(64).openapi({ description: 'Requests at a time' }),
  ordered: z.boolean().openapi({ description: 'Whether the events of one subject wait for one another' }),
  require_handshake: z
    .boolean()
    .openapi({ description: 'Whether nothing is sent before the receiver said that it wants our requests' }),
} as const

const momentSchema = z.string().nullable()

/** An endpoint as answers show it. */
export const endpointSchema = z
  .object({
    id: z.string().openapi({ example: 'whe_4Zr0qN1b8Xc2D' }),
    url: z.string(),
    description: z.string(),
    events: z.array(z.string()),
    signatures: z.array(z.enum(WEBHOOK_SCHEMES)),
    header_names: z.array(z.string()),
    rate_limit: z.number().int().nullable(),
    concurrency: z.number().int(),
    ordered: z.boolean(),
    require_handshake: z.boolean(),
    handshake_at: momentSchema,
    state: z.enum(['active', 'disabled', 'awaiting_handshake', 'awaiting_webhook_key', 'deleted']),
    disabled: z
      .object({ at: z.string(), by: z.string(), reason: z.enum(['manual', 'gone', 'failing']) })
      .nullable(),
    failing_since: momentSchema,
    public_key: z.string().openapi({ description: 'What verifies its Ed25519 signatures, `whpk_…`' }),
    secret_retires_at: momentSchema,
    uses_newest_key: z.boolean().nullable().openapi({
      description:
        'Whether the receiver is known to verify with the newest secret of the webhook key; null without an overlap',
    }),
    probe: z
      .object({
        verdict: z.string(),
        findings: z.array(z.string()),
        checks: z.array(
          z.object({
            signature: z.string(),
            status: z.number().int().nullable(),
            error: z.string().nullable(),
            accepted: z.boolean(),
          }),
        ),
        at: z.string(),
      })
      .nullable(),
    deliveries: z.object({ pending: z.number().int(), failed: z.number().int() }),
    version: z.number().int(),
    created_at: z.string(),
    created_by: z.string(),
    updated_at: z.string(),
    deleted: z.object({ at: z.string(), by: z.string() }).nullable(),
  })
  .openapi('WebhookEndpoint')

/** An endpoint and its own secret, which is shown this once; null where an idempotent request was repeated. */
export const endpointWithSecretSchema = z
  .object({
    endpoint: endpointSchema,
    secret: z.string().nullable().openapi({
      description:
        'What its `standard` signatures verify with, `whsec_…`. Shown once. Null in a repeated answer.',
    }),
    secret_note: z.string().optional(),
  })
  .openapi('WebhookEndpointWithSecret')

/** The id of an endpoint in the path. */
export const endpointIdParameter = z.object({
  id: z
    .string()
    .max(64)
    .openapi({ param: { name: 'id', in: 'path' }, example: 'whe_4Zr0qN1b8Xc2D' }),
})

/** The name of an event type, to be compared with those that are there. */
export const eventTypeFilter = storableText(EVENT_TYPE_LENGTH_MAX)

/** The query members of a list of things that can be deleted. */
export const deletableQuerySchema = pageQuerySchema.extend({
  deleted: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true')
    .openapi({ type: 'boolean', description: 'Whether those that were deleted are listed too' }),
})

function isFilter(text: string): boolean {
  return text === '*' || EVENT_TYPE.test(text.endsWith('.*') ? text.slice(0, -2) : text)
}

function isHeaderName(name: string): boolean {
  return (
    name.length <= HEADER_LIMITS.name &&
    HEADER_NAME.test(name) &&
    !RESERVED_HEADERS.includes(name) &&
    !RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix))
  )
}
