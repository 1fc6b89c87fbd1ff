import { timingSafeEqual } from 'node:crypto'
import { maskCredentials, ProblemError, randomBase62 } from '@bitting/core'
import { randomPKCECodeVerifier, type IDToken } from 'openid-client'
import { anonymousOf, type Origin } from '../../audit/actor.js'
import { beginAttempt } from './attempts.js'
import { beginCeremony, endCeremony, readCeremony } from './ceremonies.js'
import type { PeopleContext } from './context.js'
import { readSignInPolicy, type SignInPolicy } from './policy.js'
import { findSession, renewProof, startSession, type LiveSession, type NewSession } from './sessions.js'
import { callbackUrl, clientSecretSealingContext } from './sign-in-policy.js'
import { admitPerson, knownUser, type ProvenPerson } from './single-sign-on-person.js'
import { SingleSignOnError, type ProviderChecks, type ProviderSettings } from './single-sign-on-provider.js'
import { normaliseEmail } from './users.js'

/** Whoever wants in, where, and what for. */
export interface SingleSignOnRequest {
  readonly workspaceId: string
  /** The page of the dashboard to go to afterwards. */
  readonly returnTo: string
  /** The token of the session to prove anew; null to sign in. */
  readonly stepUpToken: string | null
}

/** What a browser comes back with. */
export interface Returned {
  /** The workspace whose redirect URI it is. */
  readonly workspaceId: string
  readonly parameters: URLSearchParams
}

/** What came of a trip to a provider. */
export interface SingleSignedOn {
  readonly returnTo: string
  /** Null where the session that there was has been proved anew. */
  readonly session: NewSession | null
}

/** What must be the same when the browser comes back, sealed until then. */
interface Trip extends ProviderChecks {
  readonly workspaceId: string
  readonly issuer: string
  readonly clientId: string
  readonly returnTo: string
  readonly startedAt: number
  readonly stepUpToken: string | null
}

type PolicyWithProvider = SignInPolicy & { readonly provider: NonNullable<SignInPolicy['provider']> }

const RANDOM_LENGTH = 43
/** How far a provider's clock may be behind ours, in seconds. */
const CLOCK_SECONDS = 60
const SUBJECT_LENGTH_MAX = 255
const EMAIL_LENGTH_MAX = 254
const NAME_LENGTH_MAX = 100

/**
 * Begins a sign-in by the provider of a workspace. Returns where to send the browser, and the token that it brings back.
 *
 * @throws {ProblemError} not_found for workspaces without single sign-on, session_ended and insufficient_scope where a
 * session is to be proved anew and is none, or not one of this provider
 * @throws {SingleSignOnError} upstream_failed
 */
export async function beginSingleSignOn(
  context: PeopleContext,
  { workspaceId, returnTo, stepUpToken }: SingleSignOnRequest,
  origin: Origin,
): Promise<{ readonly url: URL; readonly ceremony: string }> {
  const policy = await readSignInPolicy(context.database.read, workspaceId)
  if (!hasProvider(policy)) throw noSingleSignOn()
  if (stepUpToken !== null) await requireOwn(context, stepUpToken, workspaceId, origin)
  const checks = {
    state: randomBase62(RANDOM_LENGTH, context.randomBytes),
    nonce: randomBase62(RANDOM_LENGTH, context.randomBytes),
    codeVerifier: randomPKCECodeVerifier(),
  }
  const { issuer, clientId } = policy.provider
  const startedAt = context.now()
  const trip: Trip = { ...checks, workspaceId, issuer, clientId, returnTo, startedAt, stepUpToken }
  try {
    const settings = settingsOf(context, workspaceId, policy)
    const url = await context.providers.begin(
      settings,
      checks,
      callbackUrl(context, workspaceId),
      stepUpToken !== null,
    )
    return { url, ceremony: await beginCeremony(context, 'single_sign_on', { ...trip }) }
  } catch (error) {
    // Who only looks in while a provider is away must not fill the log.
    if (error instanceof SingleSignOnError && !error.isRepeated) {
      await recordFailure(context, workspaceId, error.reason, null, origin)
    }
    throw error
  }
}

/**
 * Finishes it when the browser comes back. What was begun is good once, in the browser that began it and at the redirect
 * URI of its workspace.
 *
 * @param ceremony the token that the browser brought
 * @param returned whose redirect URI the browser came to, and what the provider put on it
 * @throws {ProblemError} sign_in_failed where nothing was begun, too_many_attempts, session_ended, insufficient_scope
 * @throws {SingleSignOnError} sign_in_failed, insufficient_scope, upstream_failed
 */
export async function finishSingleSignOn(
  context: PeopleContext,
  ceremony: string | null,
  returned: Returned,
  origin: Origin,
): Promise<SingleSignedOn> {
  const trip = await readCeremony<Trip>(context, 'single_sign_on', ceremony)
  if (trip === null || ceremony === null || !(await endCeremony(context, ceremony))) {
    throw new ProblemError(
      'sign_in_failed',
      'This sign-in was not begun here, or took too long. Begin again.',
    )
  }
  const { workspaceId } = trip
  // A browser that sends codes has us ask the provider; each counts for its workspace and where it comes from.
  const subject = `single_sign_on:${workspaceId}:${origin.address ?? 'unknown'}`
  const attempt = await beginAttempt(context, subject, origin.address)
  let person: ProvenPerson | null = null
  try {
    const claims = await attempt.lookedAt(() => claimsOf(context, trip, returned))
    // Whoever the provider vouches for guesses nothing, whether they may come in or not.
    await attempt.succeed()
    person = personOf(claims)
    return { returnTo: trip.returnTo, session: await enter(context, trip, claims, person, origin) }
  } catch (error) {
    const reason =
      error instanceof SingleSignOnError
        ? error.reason
        : error instanceof ProblemError
          ? error.code
          : 'internal'
    await recordFailure(context, workspaceId, reason, person?.email ?? null, origin)
    throw error
  }
}

/** What the provider says, where it is still the one that the browser was sent to. */
async function claimsOf(context: PeopleContext, trip: Trip, returned: Returned): Promise<IDToken> {
  const { workspaceId, state } = trip
  // The code is another provider's, which this one must not see (RFC 9700 Section 4.4.2.2).
  if (returned.workspaceId !== workspaceId) {
    throw new SingleSignOnError('sign_in_failed', 'sso_other_workspace')
  }
  const policy = await readSignInPolicy(context.database.read, workspaceId)
  const { provider } = policy
  const isSame = provider?.issuer === trip.issuer && provider.clientId === trip.clientId
  if (!hasProvider(policy) || !isSame) throw new SingleSignOnError('sign_in_failed', 'sso_provider_changed')
  if (!isEqual(returned.parameters.getAll('state').join(), state)) {
    throw new SingleSignOnError('sign_in_failed', 'sso_state')
  }
  const url = new URL(callbackUrl(context, workspaceId))
  url.search = returned.parameters.toString()
  return context.providers.finish(settingsOf(context, workspaceId, policy), trip, url)
}

async function enter(
  context: PeopleContext,
  { workspaceId, stepUpToken, startedAt }: Trip,
  claims: IDToken,
  person: ProvenPerson,
  origin: Origin,
): Promise<NewSession | null> {
  if (stepUpToken !== null) {
    const live = await requireOwn(context, stepUpToken, workspaceId, origin)
    if ((await knownUser(context, workspaceId, person)) !== live.user.id) {
      throw new SingleSignOnError('sign_in_failed', 'sso_other_subject')
    }
    requireNewSignIn(claims, startedAt)
    await renewProof(context, live, { method: 'sso', secondFactor: false })
    return null
  }
  const policy = await readSignInPolicy(context.database.read, workspaceId)
  if (!hasProvider(policy)) throw noSingleSignOn()
  const userId = await admitPerson(context, { workspaceId, provider: policy.provider }, person, origin)
  return startSession(context, { userId, method: 'sso', secondFactor: false, workspaceId, origin })
}

/**
 * Whoever sits at an open browser can take `prompt` and `max_age` out of the address on the way to the provider. What
 * tells is the time that a provider has to give for `max_age` (OpenID Connect Core 1.0 Section 2, `auth_time`).
 *
 * @param startedAt when the browser was sent there
 */
function requireNewSignIn({ auth_time: at }: IDToken, startedAt: number): void {
  if (at === undefined) throw new SingleSignOnError('sign_in_failed', 'sso_no_auth_time')
  if (at < startedAt - CLOCK_SECONDS) throw new SingleSignOnError('sign_in_failed', 'sso_not_recent')
}

/** The session to prove anew, which must be one of the workspace's provider. */
async function requireOwn(
  context: PeopleContext,
  token: string,
  workspaceId: string,
  origin: Origin,
): Promise<LiveSession> {
  const live = await findSession(context, token, origin)
  if (live === null) throw new ProblemError('session_ended', 'The session has ended. Sign in again.')
  if (live.row.method === 'sso' && live.row.workspace_id === workspaceId) return live
  throw new ProblemError('insufficient_scope', 'This session did not come by this single sign-on.')
}

function personOf(claims: IDToken): ProvenPerson {
  const { iss: issuer, sub: subject } = claims
  if (subject.length > SUBJECT_LENGTH_MAX) throw new SingleSignOnError('sign_in_failed', 'sso_token_invalid')
  const email = claims['email_verified'] === true ? emailOf(claims['email']) : null
  return { issuer, subject, email, name: nameOf(claims['name']) ?? email?.split('@')[0] ?? subject }
}

function emailOf(claim: unknown): string | null {
  if (typeof claim !== 'string' || claim.length > EMAIL_LENGTH_MAX) return null
  const email = normaliseEmail(claim)
  return /^[^\s\p{Cc}@"<>]{1,64}@[^\s\p{Cc}@]+$/u.test(email) ? email : null
}

function nameOf(claim: unknown): string | null {
  if (typeof claim !== 'string') return null
  const name = claim
    .slice(0, NAME_LENGTH_MAX)
    .replaceAll(/[\p{Cc}\p{Cs}]/gu, ' ')
    .trim()
  return name === '' || maskCredentials(name) !== name ? null : name
}

function settingsOf(
  context: PeopleContext,
  workspaceId: string,
  { provider: { issuer, clientId, sealedClientSecret }, version }: PolicyWithProvider,
): ProviderSettings {
  const secret =
    sealedClientSecret === null
      ? ''
      : context.sealer.open(sealedClientSecret, clientSecretSealingContext(workspaceId))
  return {
    key: `${workspaceId}:${String(version)}`,
    issuer,
    clientId,
    clientSecret: Buffer.from(secret).toString(),
  }
}

function hasProvider(policy: SignInPolicy): policy is PolicyWithProvider {
  return policy.provider !== null
}

function isEqual(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** The e-mail is kept beside the entry, where it can be erased: an admin who invites needs to know whom. */
async function recordFailure(
  context: PeopleContext,
  workspaceId: string,
  reason: string,
  email: string | null,
  origin: Origin,
): Promise<void> {
  await context.mutate({ actor: anonymousOf(workspaceId, origin), operation: null }, () =>
    Promise.resolve({
      result: null,
      audit: {
        action: 'session.fail',
        resource: { type: 'workspace', id: workspaceId },
        details: { method: 'sso' },
        failure: reason,
        ...(email !== null && { personal: { metadata: { email } } }),
      },
      changed: [],
    }),
  )
}

function noSingleSignOn(): ProblemError {
  return new ProblemError('not_found', 'There is no workspace with single sign-on under this id.')
}
