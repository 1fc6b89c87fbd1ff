import type { Access, Role } from '@bitting/core'

/** A person in a workspace. Times are RFC 3339. */
export interface MemberView {
  /** The person's id, the same in every workspace: `usr_…`. */
  readonly id: string
  readonly email: string
  readonly name: string
  readonly role: Role
  /** Whether the person has a second factor: a code generator or a passkey. */
  readonly second_factor: boolean
  readonly created_at: string
  readonly created_by: string
  /** When the person last signed in to this workspace, null before the first time. */
  readonly last_seen_at: string | null
  /** Counts the changes; what `If-Match` compares. */
  readonly version: number
}

/** An invitation to a workspace. */
export interface InvitationView {
  readonly id: string
  readonly email: string
  readonly role: Role
  readonly state: 'open' | 'accepted' | 'revoked' | 'expired'
  readonly created_at: string
  readonly created_by: string
  readonly expires_at: string
}

/** An invitation, and the link that accepts it. */
export interface InvitationWithLink {
  readonly invitation: InvitationView
  /** Shown once: whoever opens it joins as whoever was invited. */
  readonly url: string
}

/** Who is invited, and as what. */
export interface CreateInvitationRequest {
  readonly email: string
  readonly role: Role
}

/** The identity provider of a workspace, as OpenID Connect Discovery 1.0 finds it. */
export interface SingleSignOnView {
  /** Origin and path of the provider, `https://login.example.com`. */
  readonly issuer: string
  readonly client_id: string
  /** What the button on the sign-in page says after "Continue with". */
  readonly label: string
  /** The role of people who come without an invitation; null where they are refused. */
  readonly default_role: Role | null
  /** Domains of e-mail addresses that may come without an invitation. */
  readonly domains: string[]
}

/** How people get into a workspace. */
export interface SignInPolicyView {
  /** Whether a password opens the workspace. */
  readonly password: boolean
  /** Whether a passkey does. */
  readonly passkey: boolean
  /** Whether those with a password must have a second factor before they can do anything. */
  readonly require_second_factor: boolean
  /** How long a session lasts at most, in hours, 1 to 720. */
  readonly session_hours: number
  /** How long a session lasts without use, in minutes, 5 to 43200. */
  readonly idle_minutes: number
  readonly single_sign_on: SingleSignOnView | null
  /** What to register at a provider as redirect URI. */
  readonly redirect_uri: string
  /** The address that begins a sign-in to this workspace by its provider. */
  readonly sign_in_url: string
  readonly version: number
}

/** The identity provider that a policy is to have. */
export interface SingleSignOnRequest {
  readonly issuer: string
  readonly client_id: string
  /** Absent to keep the one that is kept. */
  readonly client_secret?: string | undefined
  readonly label: string
  readonly default_role: Role | null
  readonly domains: string[]
}

/** A whole policy; what is absent becomes the default. */
export interface SetSignInPolicyRequest {
  readonly password: boolean
  readonly passkey: boolean
  readonly require_second_factor: boolean
  readonly session_hours: number
  readonly idle_minutes: number
  readonly single_sign_on: SingleSignOnRequest | null
}

/** A workspace that a person is in. */
export interface MembershipView {
  readonly workspace_id: string
  readonly name: string
  readonly role: Role
}

/** Somebody's session: who, where, as what, and how recently they proved it. */
export interface SessionView {
  readonly id: string
  readonly user: {
    readonly id: string
    readonly email: string
    readonly name: string
    readonly has_password: boolean
    readonly has_totp: boolean
    readonly passkeys: number
    readonly recovery_codes: number
  }
  readonly workspace: { readonly id: string; readonly name: string }
  readonly role: Role
  /** What the role can do and grant: of the management API and of the protected API. */
  readonly access: Access
  readonly workspaces: MembershipView[]
  readonly method: 'password' | 'passkey' | 'sso' | 'setup' | 'invitation'
  /** True for sessions through a workspace's identity provider: they cannot leave it nor change the account. */
  readonly confined: boolean
  /** True where the policy asks for a second factor that the person does not have yet: nothing else is open. */
  readonly needs_second_factor: boolean
  /** Until when what asks for a recent sign-in goes without asking again. */
  readonly recent_until: string
  readonly expires_at: string
}

/** What came of a first proof: a session, or the wish for a second one. */
export type SignInResult =
  { readonly status: 'signed_in'; readonly session: SessionView } | { readonly status: 'second_factor' }

/** One of a person's sessions. */
export interface OwnSessionView {
  readonly id: string
  readonly current: boolean
  readonly workspace_id: string
  readonly method: SessionView['method']
  readonly address: string | null
  readonly user_agent: string | null
  readonly created_at: string
  readonly last_seen_at: string
  readonly expires_at: string
}

/** One of a person's passkeys. */
export interface PasskeyView {
  readonly id: string
  readonly name: string
  readonly created_at: string
  readonly last_used_at: string | null
  /** Whether the passkey is kept in more places than one device. */
  readonly backed_up: boolean
}

/** How one can sign in here. */
export interface SignInOptionsView {
  /** False where the address is no host name, which passkeys need. */
  readonly passkeys: boolean
  /** The one workspace with single sign-on; null where there is none or more than one. */
  readonly single_sign_on: { readonly workspace_id: string; readonly label: string } | null
}

/** An invitation as whoever holds its link sees it. */
export interface OfferedInvitationView {
  readonly workspace_name: string
  readonly email: string
  readonly role: Role
  readonly expires_at: string
  /**
   * Whether there is an account with this address that can be signed in to: it must be, to accept. One that an identity
   * provider made, and nobody gave a password, is none yet.
   */
  readonly has_account: boolean
}
