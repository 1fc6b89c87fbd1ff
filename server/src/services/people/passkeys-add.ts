import {
  generateRegistrationOptions,
  verifyRegistrationResponse,
  type AuthenticatorTransport,
  type PublicKeyCredentialCreationOptionsJSON,
  type VerifiedRegistrationResponse,
} from '@simplewebauthn/server'
import { decodeAttestationObject } from '@simplewebauthn/server/helpers'
import type { PasskeyView } from '@bitting/client'
import { ProblemError } from '@bitting/core'
import type { PasskeyRow } from '../../storage/people-schema.js'
import { changeCredentials, markSecondFactor, requireCredentialChange } from './account-change.js'
import { beginCeremony } from './ceremonies.js'
import type { PeopleContext } from './context.js'
import { requireRelyingParty, takeChallenge, viewPasskey, type RelyingParty } from './passkeys.js'
import type { LiveSession } from './sessions.js'

const PASSKEYS_MAX = 20
/** How long a browser waits for a person to touch something, in milliseconds: five minutes. */
export const PASSKEY_TIMEOUT = 300_000
/** How long a challenge is, in bytes; Web Authentication Section 13.4.3 asks for 16 at least. */
export const CHALLENGE_BYTES = 32

/** How an authenticator can be reached, as far as it is known today. */
const TRANSPORTS: readonly string[] = ['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb']

/** What a browser made: RegistrationResponseJSON of Web Authentication Level 3, as far as it is looked at. */
export interface NewCredential {
  readonly id: string
  readonly rawId: string
  readonly type: 'public-key'
  readonly response: {
    readonly clientDataJSON: string
    readonly attestationObject: string
    readonly transports?: readonly string[] | undefined
  }
}

/** What a browser is asked to make, and the token that brings it back. */
export interface OfferedPasskey {
  readonly options: PublicKeyCredentialCreationOptionsJSON
  readonly ceremony: string
}

/**
 * Begins to give a person a passkey.
 *
 * @throws {ProblemError} insufficient_scope, step_up_required, limit_reached, state_conflict where this address can have none
 */
export async function beginPasskey(
  context: PeopleContext,
  live: LiveSession,
  pageOrigin: string | null,
): Promise<OfferedPasskey> {
  await requireCredentialChange(context, live)
  const party = requireRelyingParty(context, pageOrigin)
  const { user } = live
  const own = await context.database.read
    .selectFrom('passkeys')
    .select(['id', 'transports'])
    .where('user_id', '=', user.id)
    .execute()
  if (own.length >= PASSKEYS_MAX) throw tooMany()
  const options = await generateRegistrationOptions({
    rpName: 'Bitting',
    rpID: party.id,
    userID: Uint8Array.from(Buffer.from(user.id)),
    userName: user.email,
    userDisplayName: user.name,
    challenge: Uint8Array.from(context.randomBytes(CHALLENGE_BYTES)),
    timeout: PASSKEY_TIMEOUT,
    attestationType: 'none',
    excludeCredentials: own.map((row) => ({ id: row.id, transports: transportsOf(row) })),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  })
  const kept = { challenge: options.challenge, sessionId: live.row.id }
  return { options, ceremony: await beginCeremony(context, 'passkey_add', kept) }
}

/**
 * Gives a person the passkey that their browser made. The session counts as one with a second factor from here on: its
 * making has shown that the person was verified.
 *
 * @throws {ProblemError} insufficient_scope, step_up_required, invalid_body for what is no answer to the challenge,
 * limit_reached, state_conflict where nothing was begun, or too long ago, or the passkey is known already
 */
export async function addPasskey(
  context: PeopleContext,
  live: LiveSession,
  ceremony: string | null,
  { name, credential }: { readonly name: string; readonly credential: NewCredential },
): Promise<PasskeyView> {
  await requireCredentialChange(context, live)
  const party = requireRelyingParty(context, null)
  const challenge = await takeChallenge(context, 'passkey_add', ceremony, live.row.id)
  if (challenge === null) {
    throw new ProblemError('state_conflict', 'The passkey was begun too long ago. Begin again.')
  }
  const made = await verify(party, challenge, credential)
  const row: PasskeyRow = {
    id: made.credential.id,
    user_id: live.user.id,
    public_key: made.credential.publicKey,
    counter: made.credential.counter,
    transports: JSON.stringify(known(credential.response.transports ?? [])),
    name,
    backed_up: made.credentialBackedUp ? 1 : 0,
    created_at: context.now(),
    last_used_at: null,
  }
  await changeCredentials(context, live, async (tx, user) => {
    const { count } = await tx
      .selectFrom('passkeys')
      .select(({ fn }) => fn.countAll<number | string>().as('count'))
      .where('user_id', '=', user.id)
      .executeTakeFirstOrThrow()
    if (Number(count) >= PASSKEYS_MAX) throw tooMany()
    const inserted = await tx
      .insertInto('passkeys')
      .values(row)
      .onConflict((conflict) => conflict.column('id').doNothing())
      .returning('id')
      .executeTakeFirst()
    if (inserted === undefined) throw new ProblemError('state_conflict', 'This passkey is known already.')
    await markSecondFactor(tx, live)
    return {
      result: null,
      audit: {
        action: 'account.passkey_add',
        resource: { type: 'user', id: user.id },
        details: { passkey: row.id, backed_up: row.backed_up === 1 },
        personal: { metadata: { name } },
      },
    }
  })
  return viewPasskey(row)
}

/** How the authenticator of a passkey can be reached. */
export function transportsOf({ transports }: Pick<PasskeyRow, 'transports'>): AuthenticatorTransport[] {
  return known(JSON.parse(transports) as string[])
}

function known(transports: readonly string[]): AuthenticatorTransport[] {
  return transports.filter((it): it is AuthenticatorTransport => TRANSPORTS.includes(it))
}

type Made = NonNullable<VerifiedRegistrationResponse['registrationInfo']>

async function verify(party: RelyingParty, challenge: string, credential: NewCredential): Promise<Made> {
  const { id, rawId, type, response } = credential
  const { clientDataJSON, attestationObject } = response
  try {
    if (!isPlain(attestationObject)) throw notAccepted()
    const { registrationInfo } = await verifyRegistrationResponse({
      response: {
        id,
        rawId,
        type,
        response: { clientDataJSON, attestationObject },
        clientExtensionResults: {},
      },
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
    })
    // The library reports the id that the authenticator signed, which is not always the one beside it.
    if (registrationInfo?.credential.id === id) return registrationInfo
  } catch (cause) {
    throw notAccepted(cause)
  }
  throw notAccepted()
}

/**
 * Says whether an attestation is none, or of the passkey by itself. We ask for no other, and its certificates could name
 * places to fetch revocations from.
 */
function isPlain(attestationObject: string): boolean {
  const attestation = decodeAttestationObject(Uint8Array.from(Buffer.from(attestationObject, 'base64url')))
  const format = attestation.get('fmt')
  return format === 'none' || (format === 'packed' && attestation.get('attStmt').get('x5c') === undefined)
}

function notAccepted(cause?: unknown): ProblemError {
  return new ProblemError('invalid_body', 'The passkey was not accepted. Begin again.', {
    errors: [{ field: 'response', message: 'is no answer to the challenge' }],
    cause,
  })
}

function tooMany(): ProblemError {
  return new ProblemError(
    'limit_reached',
    `A person has at most ${String(PASSKEYS_MAX)} passkeys. Remove one that is not needed.`,
    { members: { limit: PASSKEYS_MAX } },
  )
}
