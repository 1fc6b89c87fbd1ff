import { z } from '@hono/zod-openapi'
import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server'

/** Bytes in base64url without padding (RFC 4648 Section 5), at most so many. */
function base64url(bytesMax: number): z.ZodString {
  return z
    .string()
    .min(1)
    .max(Math.ceil((bytesMax * 4) / 3))
    .regex(/^[\w-]+$/, 'must be base64url without padding')
}

/** A credential's id: at most 1023 bytes (Web Authentication Level 3, Section 4). */
const credentialIdSchema = base64url(1023)

const PARTS = {
  id: credentialIdSchema,
  rawId: credentialIdSchema,
  type: z.literal('public-key'),
} as const

/** What `navigator.credentials.create()` gave, as its `toJSON()` writes it. Members that are not looked at are left out. */
export const registrationSchema = z
  .object({
    ...PARTS,
    response: z.object({
      clientDataJSON: base64url(4096),
      attestationObject: base64url(65_536),
      transports: z.array(z.string().max(32)).max(16).optional(),
    }),
  })
  .openapi('PasskeyRegistration')

/** What `navigator.credentials.get()` gave. */
export const assertionSchema = z
  .object({
    ...PARTS,
    response: z.object({
      clientDataJSON: base64url(4096),
      authenticatorData: base64url(8192),
      signature: base64url(8192),
      userHandle: base64url(64).nullish(),
    }),
  })
  .openapi('PasskeyAssertion')

/** What a browser is asked to make, for `navigator.credentials.create()`. */
export const creationOptionsSchema = z
  .object({
    options: z
      .custom<PublicKeyCredentialCreationOptionsJSON>()
      .openapi({ type: 'object', description: 'PublicKeyCredentialCreationOptionsJSON' }),
  })
  .openapi('PasskeyCreationOptions')

/** What a browser is asked to sign, for `navigator.credentials.get()`. */
export const requestOptionsSchema = z
  .object({
    options: z
      .custom<PublicKeyCredentialRequestOptionsJSON>()
      .openapi({ type: 'object', description: 'PublicKeyCredentialRequestOptionsJSON' }),
  })
  .openapi('PasskeyRequestOptions')

/** A passkey as its person sees it. */
export const passkeySchema = z
  .object({
    id: z.string(),
    name: z.string(),
    created_at: z.string(),
    last_used_at: z.string().nullable(),
    backed_up: z.boolean(),
  })
  .openapi('Passkey')

export const passkeyIdParameter = z.object({
  id: credentialIdSchema.openapi({ param: { name: 'id', in: 'path' } }),
})
