import {
  generateAuthenticationOptions,
  verifyAuthenticationResponse,
  type PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server'
import { ProblemError } from '@bitting/core'
import type { Origin } from '../../audit/actor.js'
import type { PasskeyRow } from '../../storage/people-schema.js'
import { requireOwnProof } from './account-change.js'
import { beginAttempt, beginStepUpAttempt } from './attempts.js'
import { beginCeremony } from './ceremonies.js'
import type { PeopleContext } from './context.js'
import { CHALLENGE_BYTES, PASSKEY_TIMEOUT, transportsOf } from './passkeys-add.js'
import { requireRelyingParty, takeChallenge } from './passkeys.js'
import { failed, recordFailure } from './sign-in.js'
import { renewProof, startSession, type LiveSession, type NewSession } from './sessions.js'

/** What a browser signed: AuthenticationResponseJSON of Web Authentication Level 3, as far as it is looked at. */
export interface Assertion {
  readonly id: string
  readonly rawId: string
  readonly type: 'public-key'
  readonly response: {
    readonly clientDataJSON: string
    readonly authenticatorData: string
    readonly signature: string
    readonly userHandle?: string | null | undefined
  }
}

/** What a browser is asked to sign, and the token that brings it back. */
export interface OfferedChallenge {
  readonly options: PublicKeyCredentialRequestOptionsJSON
  readonly ceremony: string
}

/**
 * Begins a sign-in with a passkey. Nobody is named: the browser shows the passkeys that it has for us.
 *
 * @throws {ProblemError} state_conflict where this address can have none
 */
export async function beginPasskeySignIn(
  context: PeopleContext,
  pageOrigin: string | null,
): Promise<OfferedChallenge> {
  const { id: rpID } = requireRelyingParty(context, pageOrigin)
  const options = await generateAuthenticationOptions({ rpID, ...requestOf(context) })
  const kept = { challenge: options.challenge, sessionId: null }
  return { options, ceremony: await beginCeremony(context, 'passkey_sign_in', kept) }
}

/**
 * Signs in with a passkey. An unknown passkey and a wrong signature are answered alike.
 *
 * @throws {ProblemError} session_ended where nothing was begun, or too long ago, sign_in_failed, too_many_attempts,
 * insufficient_scope
 */
export async function signInWithPasskey(
  context: PeopleContext,
  ceremony: string | null,
  assertion: Assertion,
  origin: Origin,
): Promise<NewSession> {
  const attempt = await beginAttempt(context, null, origin.address)
  const challenge = await takeChallenge(context, 'passkey_sign_in', ceremony, null)
  if (challenge === null) {
    throw new ProblemError('session_ended', 'The sign-in took too long. Begin again.')
  }
  const passkey = await findPasskey(context, assertion.id)
  if (passkey === undefined) throw notAccepted()
  if (userHandleOf(assertion) !== passkey.user_id) throw notAccepted()
  await usePasskey(context, passkey, challenge, assertion, origin)
  await attempt.succeed()
  return startSession(context, {
    userId: passkey.user_id,
    method: 'passkey',
    secondFactor: true,
    workspaceId: null,
    origin,
  })
}

/**
 * Begins to prove once more, with one of the person's passkeys, who the person of a session is.
 *
 * @throws {ProblemError} state_conflict where the person, or this address, has none, insufficient_scope
 */
export async function beginPasskeyStepUp(
  context: PeopleContext,
  live: LiveSession,
  pageOrigin: string | null,
): Promise<OfferedChallenge> {
  requireOwnProof(live)
  const { id: rpID } = requireRelyingParty(context, pageOrigin)
  const own = await context.database.read
    .selectFrom('passkeys')
    .select(['id', 'transports'])
    .where('user_id', '=', live.user.id)
    .execute()
  if (own.length === 0) throw new ProblemError('state_conflict', 'You have no passkey.')
  const allowCredentials = own.map((row) => ({ id: row.id, transports: transportsOf(row) }))
  const options = await generateAuthenticationOptions({ rpID, allowCredentials, ...requestOf(context) })
  const kept = { challenge: options.challenge, sessionId: live.row.id }
  return { options, ceremony: await beginCeremony(context, 'passkey_step_up', kept) }
}

/**
 * Proves once more, with a passkey, who the person of a session is.
 *
 * @throws {ProblemError} sign_in_failed, too_many_attempts, insufficient_scope
 */
export async function stepUpWithPasskey(
  context: PeopleContext,
  live: LiveSession,
  ceremony: string | null,
  assertion: Assertion,
): Promise<LiveSession> {
  const { user, actor, row } = live
  requireOwnProof(live)
  // By the session alone: whoever guesses elsewhere must not hold up who is in.
  const attempt = await beginStepUpAttempt(context, row.id)
  const challenge = await takeChallenge(context, 'passkey_step_up', ceremony, row.id)
  // Not session_ended, which would say that nobody is signed in any more.
  if (challenge === null) throw failed('The proof took too long. Begin it again.')
  const passkey = await findPasskey(context, assertion.id)
  const handle = userHandleOf(assertion)
  if (passkey?.user_id !== user.id || (handle !== null && handle !== user.id)) {
    await recordFailure(context, user, 'passkey_wrong', actor.origin)
    throw notAccepted()
  }
  await usePasskey(context, passkey, challenge, assertion, actor.origin)
  await attempt.succeed()
  return renewProof(context, live, { method: 'passkey', secondFactor: true })
}

function requestOf({ randomBytes }: PeopleContext): {
  challenge: Uint8Array<ArrayBuffer>
  timeout: number
  userVerification: 'required'
} {
  return {
    challenge: Uint8Array.from(randomBytes(CHALLENGE_BYTES)),
    timeout: PASSKEY_TIMEOUT,
    userVerification: 'required',
  }
}

async function findPasskey({ database }: PeopleContext, id: string): Promise<PasskeyRow | undefined> {
  return database.read.selectFrom('passkeys').selectAll().where('id', '=', id).executeTakeFirst()
}

/** Whose passkey the authenticator says it is; null where it says nothing. */
function userHandleOf({ response: { userHandle } }: Assertion): string | null {
  return userHandle === undefined || userHandle === null
    ? null
    : Buffer.from(userHandle, 'base64url').toString()
}

/**
 * Checks a signature and writes down that the passkey was used. A counter that goes back is told apart from a wrong
 * signature in the log: there may be a second copy of the passkey (Web Authentication Section 6.1.1).
 *
 * @throws {ProblemError} sign_in_failed
 */
async function usePasskey(
  context: PeopleContext,
  passkey: PasskeyRow,
  challenge: string,
  assertion: Assertion,
  origin: Origin,
): Promise<void> {
  const user = { id: passkey.user_id }
  const verified = await verify(context, passkey, challenge, assertion)
  if (verified === null) {
    await recordFailure(context, user, 'passkey_wrong', origin)
    throw notAccepted()
  }
  const { newCounter, credentialBackedUp } = verified
  const used = await context.records.transact((tx) =>
    tx
      .updateTable('passkeys')
      .set({ counter: newCounter, backed_up: credentialBackedUp ? 1 : 0, last_used_at: context.now() })
      .where('id', '=', passkey.id)
      // Authenticators without a counter stay at 0.
      .where('counter', newCounter === 0 ? '=' : '<', newCounter)
      .returning('id')
      .executeTakeFirst(),
  )
  if (used !== undefined) return
  await recordFailure(context, user, 'passkey_cloned', origin)
  throw notAccepted()
}

interface Verified {
  readonly newCounter: number
  readonly credentialBackedUp: boolean
}

async function verify(
  context: PeopleContext,
  passkey: PasskeyRow,
  challenge: string,
  { id, rawId, type, response }: Assertion,
): Promise<Verified | null> {
  const party = requireRelyingParty(context, null)
  const { clientDataJSON, authenticatorData, signature } = response
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: {
        id,
        rawId,
        type,
        response: { clientDataJSON, authenticatorData, signature },
        clientExtensionResults: {},
      },
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
      // The counter is compared afterwards: the library looks at it before it knows that the signature is right.
      credential: { id: passkey.id, publicKey: Uint8Array.from(passkey.public_key), counter: 0 },
    })
    return verified ? authenticationInfo : null
  } catch {
    // Whatever is wrong with an answer, the library throws it.
    return null
  }
}

function notAccepted(): ProblemError {
  return failed('The passkey was not accepted. Try again, or sign in another way.')
}
