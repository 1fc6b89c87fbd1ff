import { ROLES } from '@bitting/core'
import { z } from '@hono/zod-openapi'
import { isEmail } from '../../../services/people/users.js'
import { accessSchema, nameSchema, storableText } from '../../schemas.js'

/** An e-mail address as people type it: something, an at sign, and a host with a dot or `localhost`. */
export const emailSchema = z
  .string()
  .max(254)
  .transform((text) => text.trim())
  .refine(isEmail, 'must be an e-mail address')
  .openapi({ type: 'string', format: 'email' })

/** A password as it is typed. How good it must be is checked where one is set. */
export const passwordSchema = z.string().min(1).max(1024)

/** A code of a generator or a recovery code, as it is typed. */
export const codeSchema = z.string().min(1).max(64)

/** The secret part of a link. */
export const linkCodeSchema = storableText(100).min(1)

export const personNameSchema = nameSchema

export const roleSchema = z.enum(ROLES)

/** Whoever is signed in. */
export const sessionSchema = z
  .object({
    id: z.string(),
    user: z.object({
      id: z.string(),
      email: z.string(),
      name: z.string(),
      has_password: z.boolean(),
      has_totp: z.boolean(),
      passkeys: z.number().int(),
      recovery_codes: z.number().int(),
    }),
    workspace: z.object({ id: z.string(), name: z.string() }),
    role: roleSchema,
    access: accessSchema,
    workspaces: z.array(z.object({ workspace_id: z.string(), name: z.string(), role: roleSchema })),
    method: z.enum(['password', 'passkey', 'sso', 'setup', 'invitation']),
    confined: z.boolean(),
    needs_second_factor: z.boolean(),
    recent_until: z.string(),
    expires_at: z.string(),
  })
  .openapi('Session')

/** What came of a first proof. */
export const signInSchema = z
  .union([
    z.object({ status: z.literal('signed_in'), session: sessionSchema }),
    z.object({ status: z.literal('second_factor') }),
  ])
  .openapi('SignIn')
