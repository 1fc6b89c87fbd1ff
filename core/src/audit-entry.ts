/** Every act of Bitting's own that the log knows; an application names its own, which begin with `app.`. */
export const AUDIT_ACTIONS = [
  'workspace.create',
  'workspace.update',
  'catalog.overlay',
  'key.create',
  'key.update',
  'key.rotate',
  'key.suspend',
  'key.resume',
  'key.revoke',
  'key.delete',
  'webhook_key.set',
  'webhook_key.unset',
  'webhook_endpoint.create',
  'webhook_endpoint.update',
  'webhook_endpoint.delete',
  'webhook_endpoint.enable',
  'webhook_endpoint.disable',
  'webhook_endpoint.rotate',
  'webhook_endpoint.switch',
  'webhook_endpoint.handshake',
  'webhook_endpoint.test',
  'webhook_endpoint.probe',
  'webhook_endpoint.resend',
  'webhook_relay.create',
  'webhook_relay.delete',
  'session.start',
  'session.fail',
  'session.step_up',
  'session.switch',
  'session.end',
  'account.create',
  'account.update',
  'account.password',
  'account.totp_add',
  'account.totp_remove',
  'account.recovery_codes',
  'account.passkey_add',
  'account.passkey_remove',
  'member.join',
  'member.update',
  'member.remove',
  'invitation.create',
  'invitation.revoke',
  'sign_in_policy.set',
  'event.publish',
  'event.relay',
  'access.denied',
  'call.allowed',
  'call.denied',
  'audit.read',
  'audit.prune',
  'audit.erase',
  'audit.overflow',
  /** Never written: what a reader is shown of an entry that is no entry any more. */
  'audit.unreadable',
] as const

/** The name of an act. */
export type AuditAction = (typeof AUDIT_ACTIONS)[number] | `app.${string}`

/** An entry of an audit log: who did what, on what, when, and how it ended. */
export interface AuditEntry {
  /** Its place in the workspace's log, from 0 without gaps. */
  readonly index: number
  readonly workspace: string
  /** When it happened, as RFC 3339 in UTC with milliseconds. */
  readonly at: string
  readonly actor: {
    /**
     * `key`, `member` for a person of the workspace, `anonymous` for who failed to sign in or has
     * no account before the act, `operator`, `system` for
     * the program itself, or `user` for whom an application names.
     */
    readonly type: string
    readonly id: string | null
    readonly address: string | null
    readonly user_agent: string | null
  }
  readonly action: AuditAction
  /** The operation of the catalog that the act was under; null where it has none. */
  readonly operation: string | null
  readonly resource: { readonly type: string; readonly id: string | null }
  readonly outcome: 'success' | 'failure'
  /** Why it failed; null for a success. */
  readonly reason: string | null
  readonly request_id: string | null
  readonly details: Readonly<Record<string, unknown>>
  /** Whether the personal data of the entry was erased; its proof still holds. */
  readonly erased: boolean
}

// What no entry may hold, whatever field it came in: a token of this or another brand beyond its public beginning,
// keys of the protected API that ships inside, the credential of an Authorization header, JSON Web Tokens, private
// keys, and the secrets of well-known services. The first group of each is what stays. None may try again from every
// place of a long run of one character: such a text comes from outside.
const CREDENTIALS: readonly RegExp[] = [
  /([a-z][a-z0-9]{1,9}(?:_|%5f)(?:dev|staging|live)(?:_|%5f)[0-9A-Za-z]{16})[0-9A-Za-z]{49,}/gi,
  /([a-z][a-z0-9]{1,9}(?:_|%5f)(?:dev|staging|live|test|prod)(?:_|%5f))[0-9A-Za-z]{17,}/gi,
  /(key(?:_|%5f))[0-9a-f]{20,}/gi,
  /\b((?:bearer|basic)(?:\s|%20|\+)+(?!\s|%20|\+))(?=[A-Za-z._~+/=-]{0,511}\d)[0-9A-Za-z._~+/=-]{16,}/gi,
  /(?<![0-9A-Za-z_-])(?=[0-9A-Za-z_-]+\.[0-9A-Za-z_-]{8})([0-9A-Za-z_-]*?eyJ)[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{8,}(?:\.[0-9A-Za-z_-]*)?/g,
  /((?:whsec|whsk|ghp|gho|ghs|github_pat|xox[abp])[_-])[0-9A-Za-z_-]{16,}/g,
  /(-----BEGIN [A-Z ]*PRIVATE KEY-----)[0-9A-Za-z+/=\\\s]+/g,
]

// Something of this stands in whatever one of the forms above matches.
const SUSPICIOUS =
  /(?:_|%5f)(?:dev|staging|live|test|prod)(?:_|%5f)|key(?:_|%5f)[0-9a-f]{20}|(?:bearer|basic)(?:\s|\\[nrtfv]|%20|\+)|eyJ|(?:whsec|whsk|gh[pos]|_pat|xox[abp])[_-]|PRIVATE KEY/i

/** Says whether a text may hold a credential: one look, where {@link maskCredentials} takes several. */
export function mayHoldCredentials(text: string): boolean {
  return SUSPICIOUS.test(text)
}

/**
 * A text without the credentials in it: of each the public beginning stays, and `…` stands for the rest. What is no
 * credential by its form cannot be told from other text and stays.
 */
export function maskCredentials(text: string): string {
  return CREDENTIALS.reduce((masked, form) => masked.replace(form, '$1…'), text)
}
