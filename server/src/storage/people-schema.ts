import type { Role } from '@bitting/core'
import type { Flag, JsonText } from './schema.js'

/** A person, once in the installation however many workspaces they are in. Times are whole seconds since 1970 UTC. */
export interface UserRow {
  id: string
  /** In lower case, as it is signed in with. */
  email: string
  name: string
  /** Argon2id in the form of its reference implementation; null where a person comes by other ways alone. */
  password_hash: string | null
  /** The sealed secret of the code generator; null where there is none. */
  sealed_totp: Uint8Array | null
  /** The last time step whose code was taken, so that none is taken twice. */
  totp_step: number | null
  /** SHA-256 of the recovery codes that are left, in base64url. */
  recovery_hashes: JsonText
  created_at: number
  updated_at: number
}

/** A person in a workspace. One who was removed stays listed, with when and by whom. */
export interface MemberRow {
  workspace_id: string
  user_id: string
  role: Role
  /**
   * 1 for whom the workspace's identity provider brought in. It vouched for the address; whoever has an account with it
   * here has vouched for nothing, so that account's password and passkeys do not open this workspace.
   */
  sso_only: Flag
  version: number
  created_at: number
  created_by: string
  last_seen_at: number | null
  removed_at: number | null
  removed_by: string | null
}

/** An invitation to a workspace; only the hash of its code is kept. */
export interface InvitationRow {
  id: string
  workspace_id: string
  code_hash: string
  email: string
  role: Role
  created_at: number
  created_by: string
  expires_at: number
  accepted_at: number | null
  accepted_by: string | null
  revoked_at: number | null
  revoked_by: string | null
}

/** How a person came in. */
export type SignInMethod = 'password' | 'passkey' | 'sso' | 'setup' | 'invitation'

/** Somebody who is signed in; only the hash of the cookie is kept. */
export interface SessionRow {
  token_hash: string
  /** What the session is called where people see it. */
  id: string
  user_id: string
  workspace_id: string
  method: SignInMethod
  /** 1 for a session through a workspace's identity provider, which speaks for that workspace alone. */
  confined: Flag
  /** 1 where a second factor, or a passkey, was shown. */
  second_factor: Flag
  /** When the person last proved who they are. */
  authenticated_at: number
  created_at: number
  last_seen_at: number
  expires_at: number
  address: string | null
  user_agent: string | null
}

/** Something that takes more than one request: a second factor, a passkey's challenge, a trip to an identity provider. */
export interface CeremonyRow {
  token_hash: string
  kind: string
  /** What must be the same at the end as at the beginning, sealed. */
  sealed_data: Uint8Array
  expires_at: number
}

/** A public key that a person signs in with (Web Authentication Level 3). */
export interface PasskeyRow {
  /** The credential's id in base64url. */
  id: string
  user_id: string
  public_key: Uint8Array
  counter: number
  transports: JsonText
  name: string
  backed_up: Flag
  created_at: number
  last_used_at: number | null
}

/** Who an identity provider's subject is, in one workspace. */
export interface IdentityRow {
  workspace_id: string
  issuer: string
  subject: string
  user_id: string
  created_at: number
}

/** How people get into a workspace; one without a row has the defaults. */
export interface SignInPolicyRow {
  workspace_id: string
  password: Flag
  passkey: Flag
  require_second_factor: Flag
  session_hours: number
  idle_minutes: number
  issuer: string | null
  client_id: string | null
  sealed_client_secret: Uint8Array | null
  label: string | null
  default_role: Role | null
  domains: JsonText
  version: number
}

/** How often somebody failed to sign in as an address, whether it has an account or not. */
export interface SignInAttemptsRow {
  /** SHA-256 of the address in base64url. */
  subject_hash: string
  attempts: number
  blocked_until: number
  updated_at: number
}
