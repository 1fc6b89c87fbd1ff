import { ENVIRONMENTS, KEY_STATES, maskCredentials, parseAddressRange, type KeyState } from '@bitting/core'
import { z } from '@hono/zod-openapi'

/** Most characters of a name, a note and a reason. */
export const TEXT_LIMITS = { name: 100, note: 1000, reason: 500 } as const

const ADDRESSES_MAX = 100
const SECONDS_MAX = 4_102_444_800

/** A text that a database keeps exactly: no control characters, no halves of a character. */
export function storableText(lengthMax: number): z.ZodString {
  return z
    .string()
    .max(lengthMax)
    .refine((text) => !/[\p{Cc}\p{Cs}]/u.test(text), 'must not contain control characters')
}

/** What is said of a text that does not pass {@link isWithoutCredential}. */
export const WITH_CREDENTIAL = 'looks like it holds a token or another credential; leave that out'

/** Says whether a text holds nothing that would let anybody in. */
export function isWithoutCredential(text: string): boolean {
  return maskCredentials(text) === text
}

/** A text that people read: no spaces around it, and nothing in it that would let anybody in. */
export function plainText(lengthMax: number): z.ZodString {
  return storableText(lengthMax)
    .refine((text) => text.trim() === text, 'must not begin or end with a space')
    .refine(isWithoutCredential, WITH_CREDENTIAL)
}

export const nameSchema = plainText(TEXT_LIMITS.name).min(1, 'give it a descriptive name')
/** A note may have several lines, but none of the characters that a database refuses. */
export const noteSchema = z
  .string()
  .max(TEXT_LIMITS.note)
  .refine((text) => !/[\0\p{Cs}]/u.test(text), 'must not contain NUL or half a character')
  .refine(isWithoutCredential, WITH_CREDENTIAL)
export const reasonSchema = plainText(TEXT_LIMITS.reason)

/** An RFC 3339 time with an offset, as whole seconds since 1970 UTC; parts of a second are dropped. */
export const timeSchema = z.iso
  .datetime({ offset: true, error: 'must be an RFC 3339 time, 2027-01-31T00:00:00Z for example' })
  .transform((text) => Math.floor(Date.parse(text) / 1000))
  .refine((seconds) => seconds > 0 && seconds < SECONDS_MAX, 'must lie between 1970 and 2100')
  .openapi({ type: 'string', format: 'date-time' })

/** A time, or null for none. */
export const nullableTimeSchema = timeSchema
  .nullable()
  .openapi({ type: ['string', 'null'], format: 'date-time' })

const addressSchema = z
  .string()
  .max(64)
  .refine((text) => parseAddressRange(text) !== null, {
    error:
      'must be an IPv4 or IPv6 address or CIDR range with no bits after the prefix, 203.0.113.0/24 for example',
  })

export const allowedAddressesSchema = z
  .array(addressSchema)
  .min(1, 'an empty list would let nobody in; use null for no restriction, or suspend the key')
  .max(ADDRESSES_MAX)
  .nullable()

/**
 * `full`, or levels by permission. Which permissions exist is the catalog's matter, so it is checked against it. Zod
 * leaves `__proto__` out of a record in silence, and a word that was not understood must not be dropped.
 */
export const accessSchema = z
  .preprocess(
    (access) => (hasPrototypeMember(access) ? null : access),
    z.union([z.literal('full'), z.record(z.string().max(32), z.enum(['none', 'read', 'edit']))], {
      error: 'must be "full", or an object of permissions and levels: {"history": "read"}',
    }),
  )
  .openapi({ example: { history: 'read', call: 'edit' } })

/** Whether an object has a member that JSON knows and JavaScript takes for something else. */
export function hasPrototypeMember(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, '__proto__')
}

/**
 * Any object of JSON, nested so deep at most: what is written out again must not run out of stack. Zod leaves `__proto__`
 * out of a record in silence, so it is refused.
 */
export function jsonObject(
  depthMax: number,
  names: z.ZodString = z.string(),
): z.ZodType<Record<string, unknown>> {
  return z.preprocess(
    (value) => (isShallow(value, depthMax) && !hasPrototypeMember(value) ? value : null),
    z.record(names, z.unknown(), {
      error: `must be an object, nested at most ${String(depthMax)} deep, without a member __proto__`,
    }),
  )
}

/** Looks level by level: a function that called itself would fail on the very thing it looks for. */
function isShallow(value: unknown, depthMax: number): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; depth <= depthMax; depth++) {
    level = level.flatMap((it): unknown[] => (typeof it === 'object' && it !== null ? Object.values(it) : []))
    if (level.length === 0) return true
  }
  return false
}

export const environmentSchema = z.enum(ENVIRONMENTS)
export const kindSchema = z.enum(['api', 'management'])
export const stateSchema = z.enum(KEY_STATES as [KeyState, ...KeyState[]])

const markSchema = z.object({ at: z.string(), by: z.string(), reason: z.string().nullable() }).nullable()

/** A key as answers show it. */
export const keySchema = z
  .object({
    id: z.string().openapi({ example: 'key_4Zr0qN1b8Xc2D' }),
    kind: kindSchema,
    name: z.string(),
    environment: environmentSchema,
    access: accessSchema,
    state: stateSchema,
    conditions: z.object({
      allowed_addresses: z.array(z.string()).nullable(),
      not_before: z.string().nullable(),
    }),
    expires_at: z.string().nullable(),
    note: z.string(),
    webhook_key: z.boolean().openapi({ description: 'Whether it signs the webhooks of the workspace' }),
    secrets: z.array(
      z.object({
        id: z.string(),
        hint: z.string(),
        state: z.enum(['current', 'retiring', 'retired', 'destroyed']),
        created_at: z.string(),
        retires_at: z.string().nullable(),
      }),
    ),
    version: z.number().int(),
    created_at: z.string(),
    created_by: z.string(),
    updated_at: z.string(),
    last_used_at: z.string().nullable(),
    last_used_address: z.string().nullable(),
    requests_allowed: z.number().int(),
    requests_denied: z.number().int(),
    suspended: markSchema,
    revoked: markSchema,
    deleted: markSchema,
  })
  .openapi('Key')

/** A key and the token that is shown this once; null where an idempotent request was repeated. */
export const keyWithTokenSchema = z
  .object({
    key: keySchema,
    token: z
      .string()
      .nullable()
      .openapi({ description: 'Shown once and never stored. Null in a repeated answer.' }),
    token_note: z.string().optional(),
  })
  .openapi('KeyWithToken')

/** A whole number in decimal digits, as a parameter. */
export function wholeNumber(min: number, max: number): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min).max(max))
    .openapi({ type: 'integer', minimum: min, maximum: max })
}

/** The query members of every list. A member that is not known is an error: a filter is never dropped in silence. */
export const pageQuerySchema = z.strictObject({
  limit: wholeNumber(1, 100).default(50),
  cursor: z.string().max(500).optional(),
})

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  .openapi('Problem')

export const keyIdParameter = z.object({
  id: z
    .string()
    .max(64)
    .openapi({ param: { name: 'id', in: 'path' }, example: 'key_4Zr0qN1b8Xc2D' }),
})
