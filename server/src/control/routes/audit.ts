import type { AuditEntryProofView } from '@bitting/client'
import { z } from '@hono/zod-openapi'
import { exportEntries, EXPORT_TYPES } from '../../audit/export.js'
import { wordsIn } from '../../audit/words.js'
import { getAuditEntry, readAuditRange, searchAudit, type ProvableEntry } from '../../audit/search.js'
import { erasePersonalData, recordApplicationEntries } from '../../services/audit-log.js'
import type { ControlApp, ControlOptions } from '../environment.js'
import { describeMutation, idempotencyOf, operation, textOperation } from '../operation.js'
import { jsonObject, pageQuerySchema, storableText, wholeNumber } from '../schemas.js'

const entrySchema = z
  .object({
    index: z.number().int(),
    workspace: z.string(),
    at: z.string(),
    actor: z.object({
      type: z.string(),
      id: z.string().nullable(),
      address: z.string().nullable(),
      user_agent: z.string().nullable(),
    }),
    action: z.string(),
    operation: z.string().nullable(),
    resource: z.object({ type: z.string(), id: z.string().nullable() }),
    outcome: z.enum(['success', 'failure']),
    reason: z.string().nullable(),
    request_id: z.string().nullable(),
    details: z.record(z.string(), z.unknown()),
    erased: z.boolean().openapi({ description: 'Whether the personal data of the entry was erased' }),
  })
  .openapi('AuditEntry')

const provableSchema = entrySchema
  .extend({
    raw: z.string().openapi({ description: 'The exact bytes that the leaf hashes, in base64' }),
    personal: z.string().nullable().openapi({
      description: 'The bytes whose SHA-256 is `personal` in the leaf, in base64; null once erased',
    }),
  })
  .openapi('AuditEntryWithProof')

const momentSchema = z.iso
  .datetime({ offset: true, error: 'must be an RFC 3339 time, 2027-01-31T00:00:00Z for example' })
  .transform((text) => Date.parse(text))
  .openapi({ type: 'string', format: 'date-time' })

const filterSchema = pageQuerySchema.extend({
  action: storableText(128).optional(),
  actor: storableText(256).optional(),
  resource: storableText(256).optional(),
  key: storableText(64).optional(),
  outcome: z.enum(['success', 'failure']).optional(),
  request_id: storableText(64).optional(),
  since: momentSchema.optional(),
  until: momentSchema.optional(),
  text: storableText(200)
    .refine((text) => wordsIn(text).length > 0, 'must have a letter or a digit: whole words are found')
    .optional(),
})

const METADATA_LENGTH_MAX = 8192
const METADATA_DEPTH_MAX = 16

const applicationEntrySchema = z
  .strictObject({
    timestamp: z.iso
      .datetime({ offset: true, error: 'must be an RFC 3339 time, 2027-01-31T00:00:00Z for example' })
      .optional(),
    action: storableText(120).min(1),
    userId: storableText(256).min(1),
    resource: storableText(256).min(1),
    result: z.enum(['success', 'failure']),
    metadata: jsonObject(METADATA_DEPTH_MAX, z.string().max(128))
      .refine(
        (metadata) => JSON.stringify(metadata).length <= METADATA_LENGTH_MAX,
        `must have at most ${String(METADATA_LENGTH_MAX)} characters as JSON`,
      )
      .optional(),
  })
  .openapi('ApplicationAuditEntry')

const recordSchema = z.union([
  applicationEntrySchema,
  z.strictObject({ entries: z.array(applicationEntrySchema).min(1).max(100) }),
])

const eraseSchema = z
  .strictObject({
    actor: storableText(256).min(1).optional(),
    resource: storableText(256).min(1).optional(),
    address: storableText(64).min(1).optional(),
  })
  .refine(
    (body) => Object.values(body).filter((value) => value !== undefined).length === 1,
    'name exactly one of actor, resource and address',
  )

export const indexParameter = z.object({
  index: wholeNumber(0, Number.MAX_SAFE_INTEGER).openapi({ param: { name: 'index', in: 'path' } }),
})

/** Adds the operations that read the audit log and those that write to it. Every reading is itself recorded. */
export function addAuditRoutes(app: ControlApp, options: ControlOptions): void {
  addExport(app, options)
  addReading(app, options)
  addWriting(app, options)
}

function addReading(app: ControlApp, options: ControlOptions): void {
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
    const { limit, cursor, ...named } = c.req.valid('query')
    const { request_id: requestId, since, until, ...rest } = named
    const actor = c.get('actor')
    const filter = { ...rest, requestId, sinceMilliseconds: since, untilMilliseconds: until }
    const page = await searchAudit(database, actor.workspaceId, filter, { limit, cursor: cursor ?? null })
    await options.auditReads.record(actor, 'listAuditEntries', { filters: namesOf(named) })
    return c.json(page, 200)
  })

  const get = operation(options, 'get', '/v1/audit/{index}', {
    operationId: 'getAuditEntry',
    summary: 'One entry of the audit log by its place, with the bytes that prove it',
    request: { params: indexParameter },
    result: provableSchema,
    problems: [404],
  })
  app.openapi(get, async (c) => {
    const { index } = c.req.valid('param')
    const actor = c.get('actor')
    const found = await getAuditEntry(database, actor.workspaceId, index)
    await options.auditReads.record(actor, 'getAuditEntry', { index })
    return c.json(viewProvable(found), 200)
  })
}

function addExport(app: ControlApp, options: ControlOptions): void {
  const { database } = options.context
  const route = textOperation(options, 'get', '/v1/audit/export', {
    operationId: 'exportAuditEntries',
    summary:
      'A part of the audit log as a file, oldest first; Bitting-Next-Index says where the next part begins',
    contentTypes: ['application/jsonl', 'text/csv'],
    request: {
      query: z.strictObject({
        format: z.enum(['jsonl', 'csv', 'ocsf']).default('jsonl'),
        from: wholeNumber(0, Number.MAX_SAFE_INTEGER).default(0),
        limit: wholeNumber(1, 1000).default(1000),
      }),
    },
  })
  app.openapi(route, async (c) => {
    const { format, from, limit } = c.req.valid('query')
    const actor = c.get('actor')
    const entries = await readAuditRange(database, actor.workspaceId, from, limit)
    await options.auditReads.record(actor, 'exportAuditEntries', { format })
    const last = entries.at(-1)
    const next = entries.length < limit || last === undefined ? null : last.place + 1
    if (next !== null) c.header('Bitting-Next-Index', String(next))
    c.header('Cache-Control', 'no-store')
    return c.text(exportEntries(entries, format, from === 0), 200, { 'Content-Type': EXPORT_TYPES[format] })
  })
}

function addWriting(app: ControlApp, options: ControlOptions): void {
  const { context } = options
  const record = operation(options, 'post', '/v1/audit', {
    operationId: 'recordAuditEntries',
    summary: 'Record an entry of an application, or up to 100: all or none',
    status: 201,
    request: { body: { content: { 'application/json': { schema: recordSchema } }, required: true } },
    result: z.object({ index: z.number().int(), count: z.number().int() }).openapi('RecordedAuditEntries'),
    problems: [409],
  })
  app.openapi(record, async (c) => {
    const body = c.req.valid('json')
    const entries = 'entries' in body ? body.entries : [body]
    const recorded = await recordApplicationEntries(
      context,
      c.get('actor'),
      entries.map((entry) => ({
        ...entry,
        timestamp: entry.timestamp ?? null,
        metadata: entry.metadata ?? null,
      })),
      await idempotencyOf(c),
    )
    describeMutation(c, recorded)
    return c.json(recorded.result, 201)
  })

  const erase = operation(options, 'post', '/v1/audit/erase', {
    operationId: 'eraseAuditData',
    summary: 'Erase the personal data of entries; the entries and their proofs stay',
    request: { body: { content: { 'application/json': { schema: eraseSchema } }, required: true } },
    result: z.object({ erased: z.number().int() }).openapi('ErasedAuditData'),
    problems: [409],
  })
  app.openapi(erase, async (c) =>
    c.json(await erasePersonalData(context, c.get('actor'), c.req.valid('json')), 200),
  )
}

function viewProvable({ entry, leaf, personal }: ProvableEntry): AuditEntryProofView {
  return {
    ...entry,
    raw: Buffer.from(leaf).toString('base64'),
    personal: personal === null ? null : Buffer.from(personal).toString('base64'),
  }
}

/** Which filters a search had. Their values may be about people, and what the log says of a search cannot be erased. */
function namesOf(filter: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(filter).filter((name) => filter[name] !== undefined)
}
