import type { SetSignInPolicyRequest, SignInPolicyView, SingleSignOnRequest } from '@bitting/client'
import { ProblemError } from '@bitting/core'
import type { Transaction } from 'kysely'
import type { Actor } from '../../audit/actor.js'
import type { SignInPolicyRow } from '../../storage/people-schema.js'
import type { Schema } from '../../storage/schema.js'
import { checkOwnsAll } from '../keys/grant.js'
import type { Mutated } from '../mutate.js'
import type { PeopleContext } from './context.js'
import { checkMayGive } from './manage-members.js'
import { readSignInPolicy, type Provider, type SignInPolicy } from './policy.js'
import { requireRecent } from './recent.js'
import { checkOwnersWayIn, checkWayIn, isSameProvider } from './sign-in-policy-rules.js'

/**
 * Where a workspace's provider sends browsers back to: what is registered with it as redirect URI. Each workspace has its
 * own, so that no workspace's provider can have another one's codes brought here under its name (RFC 9700 Section
 * 4.4.2.2).
 */
export function callbackUrl({ publicUrl }: Pick<PeopleContext, 'publicUrl'>, workspaceId: string): string {
  return `${signInUrl({ publicUrl }, workspaceId)}/callback`
}

/** The address that begins a sign-in by a workspace's provider. */
function signInUrl({ publicUrl }: Pick<PeopleContext, 'publicUrl'>, workspaceId: string): string {
  return `${publicUrl}/v1/auth/sso/${workspaceId}`
}

/** What a sealed client secret is bound to. */
export function clientSecretSealingContext(workspaceId: string): string {
  return `sso:${workspaceId}`
}

/** How people get into a workspace. The client secret of its provider is never shown. */
export async function getSignInPolicy(
  context: PeopleContext,
  workspaceId: string,
): Promise<SignInPolicyView> {
  const policy = await readSignInPolicy(context.database.read, workspaceId)
  return viewSignInPolicy(context, workspaceId, policy)
}

/**
 * Replaces how people get into a workspace; live sessions are held to it from their next request on.
 *
 * A workspace's provider can say that anybody is whoever it likes, and whoever may set the policy chooses it. So it speaks
 * for its own workspace alone: a session that came by it is confined there and cannot reach the person's account, another
 * workspace's provider could otherwise take any account over by naming its address. Within the workspace it speaks for
 * the owners too, so naming another one is as good as making an owner, and asks for one.
 *
 * @param version the version that the caller saw, null to change whatever is there
 * @throws {ProblemError} version_conflict, invalid_body, state_conflict where it would end the caller's own way in or
 * every owner's, or leave none, grant_exceeds_own, insufficient_scope where another provider is named and the caller is no
 * owner, step_up_required
 */
export async function setSignInPolicy(
  context: PeopleContext,
  actor: Actor,
  input: SetSignInPolicyRequest,
  version: number | null,
): Promise<Mutated<SignInPolicyView>> {
  const { workspaceId } = actor
  return context.mutate({ actor, operation: 'setSignInPolicy' }, async (tx) => {
    await checkOwnsAll(tx, context, actor)
    requireRecent(context, actor)
    const before = await readSignInPolicy(tx, workspaceId)
    checkPolicyVersion(before, version)
    const provider = providerOf(context, workspaceId, before, input.single_sign_on)
    const after: SignInPolicy = {
      password: input.password,
      passkey: input.passkey,
      requireSecondFactor: input.require_second_factor,
      sessionHours: input.session_hours,
      idleMinutes: input.idle_minutes,
      provider,
      version: before.version + 1,
    }
    if (namesAnother(before, input)) await checkMayGive(tx, context, actor, 'owner')
    const given = provider?.defaultRole ?? null
    if (given !== null) await checkMayGive(tx, context, actor, given)
    await checkWayIn(tx, actor, before, after)
    await checkOwnersWayIn(tx, workspaceId, after)
    await writePolicy(tx, workspaceId, after)
    const isMoved = before.provider !== null && !isSameProvider(before.provider, provider)
    const ended = isMoved ? await endSessionsOfProvider(tx, workspaceId) : 0
    const result = viewSignInPolicy(context, workspaceId, after)
    return {
      result,
      audit: {
        action: 'sign_in_policy.set',
        resource: { type: 'workspace', id: workspaceId },
        details: {
          before: tellPolicy(before),
          after: tellPolicy(after),
          client_secret_changed: input.single_sign_on?.client_secret !== undefined,
          sessions_ended: ended,
        },
      },
      changed: [],
    }
  })
}

/** Another issuer, client or secret: whatever makes it somebody else who vouches for people. */
function namesAnother(before: SignInPolicy, { single_sign_on: wanted }: SetSignInPolicyRequest): boolean {
  if (wanted === null) return false
  const named = { issuer: wanted.issuer, clientId: wanted.client_id }
  return wanted.client_secret !== undefined || !isSameProvider(before.provider, named)
}

function providerOf(
  context: PeopleContext,
  workspaceId: string,
  { provider: before }: SignInPolicy,
  wanted: SingleSignOnRequest | null,
): Provider | null {
  if (wanted === null) return null
  const { issuer, client_id: clientId, client_secret: secret, label, default_role, domains } = wanted
  const kept = isSameProvider(before, { issuer, clientId }) ? (before?.sealedClientSecret ?? null) : null
  if (secret === undefined && kept === null) {
    throw new ProblemError('invalid_body', 'Another provider or client asks for its client secret.', {
      errors: [
        { field: 'single_sign_on.client_secret', message: 'is needed with a new issuer or client_id' },
      ],
    })
  }
  return {
    issuer,
    clientId,
    sealedClientSecret:
      secret === undefined
        ? kept
        : context.sealer.seal(Buffer.from(secret), clientSecretSealingContext(workspaceId)),
    label,
    defaultRole: default_role,
    domains: [...new Set(domains)],
  }
}

/** What the former provider vouched for holds no longer. */
async function endSessionsOfProvider(tx: Transaction<Schema>, workspaceId: string): Promise<number> {
  const { numDeletedRows } = await tx
    .deleteFrom('sessions')
    .where('workspace_id', '=', workspaceId)
    .where('method', '=', 'sso')
    .executeTakeFirst()
  return Number(numDeletedRows)
}

async function writePolicy(
  tx: Transaction<Schema>,
  workspaceId: string,
  policy: SignInPolicy,
): Promise<void> {
  const { provider } = policy
  const columns: Omit<SignInPolicyRow, 'workspace_id'> = {
    password: policy.password ? 1 : 0,
    passkey: policy.passkey ? 1 : 0,
    require_second_factor: policy.requireSecondFactor ? 1 : 0,
    session_hours: policy.sessionHours,
    idle_minutes: policy.idleMinutes,
    issuer: provider?.issuer ?? null,
    client_id: provider?.clientId ?? null,
    sealed_client_secret: provider?.sealedClientSecret ?? null,
    label: provider?.label ?? null,
    default_role: provider?.defaultRole ?? null,
    domains: JSON.stringify(provider?.domains ?? []),
    version: policy.version,
  }
  await tx
    .insertInto('sign_in_policies')
    .values({ workspace_id: workspaceId, ...columns })
    .onConflict((conflict) => conflict.column('workspace_id').doUpdateSet(columns))
    .execute()
}

function viewSignInPolicy(
  context: PeopleContext,
  workspaceId: string,
  policy: SignInPolicy,
): SignInPolicyView {
  return {
    ...tellPolicy(policy),
    redirect_uri: callbackUrl(context, workspaceId),
    sign_in_url: signInUrl(context, workspaceId),
    version: policy.version,
  }
}

type ToldPolicy = Omit<SignInPolicyView, 'redirect_uri' | 'sign_in_url' | 'version'>

/** A policy without its secret. */
function tellPolicy({ provider, ...policy }: SignInPolicy): ToldPolicy {
  return {
    password: policy.password,
    passkey: policy.passkey,
    require_second_factor: policy.requireSecondFactor,
    session_hours: policy.sessionHours,
    idle_minutes: policy.idleMinutes,
    single_sign_on:
      provider === null
        ? null
        : {
            issuer: provider.issuer,
            client_id: provider.clientId,
            label: provider.label,
            default_role: provider.defaultRole,
            domains: [...provider.domains],
          },
  }
}

function checkPolicyVersion(policy: SignInPolicy, version: number | null): void {
  if (version === null || version === policy.version) return
  throw new ProblemError(
    'version_conflict',
    'How people sign in was changed since you read it. Read it again, then repeat the change.',
  )
}
