import type { Role } from '@bitting/core'
import type { Reader } from '../../storage/database.js'
import type { SignInMethod, SignInPolicyRow } from '../../storage/people-schema.js'

/** The identity provider of a workspace, as it is kept. */
export interface Provider {
  readonly issuer: string
  readonly clientId: string
  readonly sealedClientSecret: Uint8Array | null
  readonly label: string
  readonly defaultRole: Role | null
  readonly domains: readonly string[]
}

/** How people get into a workspace. */
export interface SignInPolicy {
  readonly password: boolean
  readonly passkey: boolean
  readonly requireSecondFactor: boolean
  readonly sessionHours: number
  readonly idleMinutes: number
  readonly provider: Provider | null
  /** 0 for the defaults of a workspace that never set one. */
  readonly version: number
}

const DEFAULTS: SignInPolicy = {
  password: true,
  passkey: true,
  requireSecondFactor: false,
  sessionHours: 12,
  idleMinutes: 120,
  provider: null,
  version: 0,
}

/** The policy of a workspace; the defaults where it never set one. */
export async function readSignInPolicy(reader: Reader, workspaceId: string): Promise<SignInPolicy> {
  const row = await reader
    .selectFrom('sign_in_policies')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirst()
  return row === undefined ? DEFAULTS : policyOf(row)
}

function policyOf(row: SignInPolicyRow): SignInPolicy {
  return {
    password: row.password === 1,
    passkey: row.passkey === 1,
    requireSecondFactor: row.require_second_factor === 1,
    sessionHours: row.session_hours,
    idleMinutes: row.idle_minutes,
    provider:
      row.issuer === null || row.client_id === null
        ? null
        : {
            issuer: row.issuer,
            clientId: row.client_id,
            sealedClientSecret: row.sealed_client_secret,
            label: row.label ?? row.issuer,
            defaultRole: row.default_role,
            domains: JSON.parse(row.domains) as string[],
          },
    version: row.version,
  }
}

/**
 * Says whether a workspace lets a member in by a way: as its policy has it, and whom its identity provider brought in by
 * that alone. Whoever has an account with their address here need not be them.
 */
export function lets(
  policy: SignInPolicy,
  member: { readonly ssoOnly: boolean },
  method: SignInMethod,
): boolean {
  return policyAllows(policy, method) && (method === 'sso' || !member.ssoOnly)
}

/** Says whether a policy lets people in by a way. A set-up or an invitation ends in a password. */
export function policyAllows(policy: SignInPolicy, method: SignInMethod): boolean {
  switch (method) {
    case 'password':
    case 'setup':
    case 'invitation':
      return policy.password
    case 'passkey':
      return policy.passkey
    case 'sso':
      return policy.provider !== null
  }
}
