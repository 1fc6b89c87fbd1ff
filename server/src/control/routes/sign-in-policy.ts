import { z } from '@hono/zod-openapi'
import { ROLES } from '@bitting/core'
import { getSignInPolicy, setSignInPolicy } from '../../services/people/sign-in-policy.js'
import type { ControlApp, ControlOptions } from '../environment.js'
import { describeMutation, ifMatch, operation } from '../operation.js'
import { nameSchema } from '../schemas.js'

const ISSUER_LENGTH_MAX = 500
const DOMAINS_MAX = 100
const DOMAIN_LENGTH_MAX = 253
/** The roles that somebody can have without an invitation: an owner is made by an owner. */
const DEFAULT_ROLES = ROLES.filter((role) => role !== 'owner')

/** A host name as it is compared: labels of lower-case letters, digits and hyphens (RFC 1123 Section 2.1). */
const HOST_NAME = /^(?=.{1,253}$)[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)+$/
const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|\[::1\]|localhost)$/

const issuerSchema = z
  .string()
  .max(ISSUER_LENGTH_MAX)
  .refine(
    isIssuer,
    'must be an https address without query and fragment, https://login.example.com for example',
  )
  .openapi({
    description: 'As the provider writes it in its discovery document. http for this machine alone',
  })

const providerSchema = z.object({
  issuer: z.string(),
  client_id: z.string(),
  label: z.string(),
  default_role: z.enum(ROLES).nullable(),
  domains: z.array(z.string()),
})

const policySchema = z
  .object({
    password: z.boolean(),
    passkey: z.boolean(),
    require_second_factor: z.boolean(),
    session_hours: z.number().int(),
    idle_minutes: z.number().int(),
    single_sign_on: providerSchema.nullable(),
    redirect_uri: z
      .string()
      .openapi({ description: 'What to register at the provider: each workspace has its own' }),
    sign_in_url: z.string().openapi({ description: 'The address that begins a sign-in by the provider' }),
    version: z.number().int(),
  })
  .openapi('SignInPolicy')

const visible = (lengthMax: number): z.ZodString =>
  z
    .string()
    .min(1)
    .max(lengthMax)
    .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII without spaces')

const setSchema = z
  .strictObject({
    password: z.boolean(),
    passkey: z.boolean(),
    require_second_factor: z.boolean(),
    session_hours: z.number().int().min(1).max(720),
    idle_minutes: z.number().int().min(5).max(43_200),
    single_sign_on: z
      .strictObject({
        issuer: issuerSchema,
        client_id: visible(255),
        client_secret: visible(1024)
          .optional()
          .openapi({ description: 'Absent to keep the one that is kept for this issuer and client_id' }),
        label: nameSchema,
        default_role: z.enum(DEFAULT_ROLES).nullable(),
        domains: z
          .array(
            z
              .string()
              .max(DOMAIN_LENGTH_MAX)
              .regex(HOST_NAME, 'must be a host name in lower case, example.com for example'),
          )
          .max(DOMAINS_MAX),
      })
      .nullable(),
  })
  .openapi('SetSignInPolicy')

/** Adds how people get into the workspace. */
export function addSignInPolicyRoutes(app: ControlApp, options: ControlOptions): void {
  const { people } = options
  const get = operation(options, 'get', '/v1/sign-in-policy', {
    operationId: 'getSignInPolicy',
    summary: 'How people get into the workspace, and how long they stay signed in',
    result: policySchema,
  })
  app.openapi(get, async (c) => {
    const policy = await getSignInPolicy(people, c.get('actor').workspaceId)
    c.header('ETag', `"${String(policy.version)}"`)
    return c.json(policy, 200)
  })

  const set = operation(options, 'put', '/v1/sign-in-policy', {
    operationId: 'setSignInPolicy',
    summary: 'Replace how people get into the workspace; live sessions are held to it at once',
    request: { body: { content: { 'application/json': { schema: setSchema } }, required: true } },
    result: policySchema,
    problems: [409, 412],
  })
  app.openapi(set, async (c) => {
    const changed = await setSignInPolicy(people, c.get('actor'), c.req.valid('json'), ifMatch(c))
    describeMutation(c, changed)
    return c.json(changed.result, 200)
  })
}

/** An issuer is an address without query and fragment (OpenID Connect Discovery 1.0 Section 2). */
function isIssuer(text: string): boolean {
  if (!/^https?:\/\/[^/\\?#@\s]+(?:\/[^\\?#\s]*)?$/.test(text) || !URL.canParse(text)) return false
  const url = new URL(text)
  // An address of the document itself would be taken without comparing whose it is.
  if (text.includes('/.well-known/')) return false
  return url.protocol === 'https:' || LOOPBACK.test(url.hostname)
}
