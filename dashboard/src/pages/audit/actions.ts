import { AUDIT_ACTIONS, type AuditAction } from '@bitting/core'

/** Some acts under one heading. */
export interface ActionGroup {
  readonly title: string
  readonly actions: readonly { readonly action: string; readonly label: string }[]
}

const GROUPS: readonly (readonly [title: string, ...prefixes: string[]])[] = [
  ['Calls with keys', 'call.'],
  ['Keys', 'key.'],
  ['Members and invitations', 'member.', 'invitation.', 'sign_in_policy.'],
  ['Sessions', 'session.'],
  ['Accounts', 'account.'],
  ['Workspace and catalog', 'workspace.', 'catalog.'],
  ['Webhooks and events', 'webhook_key.', 'webhook_endpoint.', 'webhook_relay.', 'event.'],
  ['Refusals', 'access.'],
  ['The log itself', 'audit.'],
]

/** What was acted on, and how: all of one form, because they stand in one list. */
const LABELS: Readonly<Record<Exclude<AuditAction, `app.${string}`>, string>> = {
  'workspace.create': 'Workspace created',
  'workspace.update': 'Settings changed',
  'catalog.overlay': 'Catalog mappings changed',
  'key.create': 'Key created',
  'key.update': 'Key changed',
  'key.rotate': 'Key rotated',
  'key.suspend': 'Key suspended',
  'key.resume': 'Key resumed',
  'key.revoke': 'Key revoked',
  'key.delete': 'Key deleted',
  'webhook_key.set': 'Webhook key chosen',
  'webhook_key.unset': 'Webhook key given up',
  'webhook_endpoint.create': 'Endpoint added',
  'webhook_endpoint.update': 'Endpoint changed',
  'webhook_endpoint.delete': 'Endpoint deleted',
  'webhook_endpoint.enable': 'Endpoint enabled',
  'webhook_endpoint.disable': 'Endpoint disabled',
  'webhook_endpoint.rotate': 'Endpoint secret rotated',
  'webhook_endpoint.switch': 'Endpoint secret switched',
  'webhook_endpoint.handshake': 'Endpoint handshake made',
  'webhook_endpoint.test': 'Test event sent',
  'webhook_endpoint.probe': 'Endpoint probed',
  'webhook_endpoint.resend': 'Events sent again',
  'webhook_relay.create': 'Relay added',
  'webhook_relay.delete': 'Relay deleted',
  'session.start': 'Session started',
  'session.fail': 'Sign-in failed',
  'session.step_up': 'Identity confirmed',
  'session.switch': 'Workspace switched',
  'session.end': 'Session ended',
  'account.create': 'Account created',
  'account.update': 'Account changed',
  'account.password': 'Password changed',
  'account.totp_add': 'Code generator added',
  'account.totp_remove': 'Code generator removed',
  'account.recovery_codes': 'Recovery codes made',
  'account.passkey_add': 'Passkey added',
  'account.passkey_remove': 'Passkey removed',
  'member.join': 'Member joined',
  'member.update': 'Role changed',
  'member.remove': 'Member removed',
  'invitation.create': 'Invitation made',
  'invitation.revoke': 'Invitation taken back',
  'sign_in_policy.set': 'Sign-in policy changed',
  'event.publish': 'Event published',
  'event.relay': 'Event passed on',
  'access.denied': 'Management refused',
  'call.allowed': 'Call allowed',
  'call.denied': 'Call refused',
  'audit.read': 'Log read',
  'audit.prune': 'Old entries deleted',
  'audit.erase': 'Personal data erased',
  'audit.overflow': 'Entries lost',
  'audit.unreadable': 'Entry unreadable',
}

const NEVER_WRITTEN = 'audit.unreadable'

/** Every act that can be looked for, grouped by what it is about. What an application records has names of its own. */
export const ACTION_GROUPS: readonly ActionGroup[] = GROUPS.map(([title, ...prefixes]) => ({
  title,
  actions: AUDIT_ACTIONS.filter(
    (action) => action !== NEVER_WRITTEN && prefixes.some((prefix) => action.startsWith(prefix)),
  ).map((action) => ({ action, label: LABELS[action] })),
}))

/** What an act is called where nothing is known of what it was done to: `Key suspended` for `key.suspend`. */
export function labelOf(action: string): string {
  const labels: Readonly<Record<string, string>> = LABELS
  return labels[action] ?? sentenceCase(action.replaceAll(/[._]/g, ' '))
}

/** A text whose first letter is a capital. */
export function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
