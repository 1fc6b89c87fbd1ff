import { AUDIT_ACTIONS } from '@bitting/core'

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

const LABELS: Readonly<Record<string, string>> = {
  'call.allowed': 'Call allowed',
  'call.denied': 'Call refused',
  'access.denied': 'Management refused',
  'audit.read': 'Log read',
  'audit.prune': 'Entries deleted by retention',
  'audit.erase': 'Personal data erased',
  'audit.overflow': 'Entries lost',
  'session.start': 'Sign-in',
  'session.fail': 'Failed sign-in',
  'session.step_up': 'Fresh proof of who they are',
  'session.switch': 'Change of workspace',
  'session.end': 'Sign-out',
  'catalog.overlay': 'Catalog overlay changed',
  'account.totp_add': 'Code generator added',
  'account.totp_remove': 'Code generator removed',
  'account.recovery_codes': 'Recovery codes made',
  'account.password': 'Password changed',
  'member.join': 'Member joined',
}

const NEVER_WRITTEN = 'audit.unreadable'

/** Every act that can be looked for, grouped by what it is about. What an application records has names of its own. */
export const ACTION_GROUPS: readonly ActionGroup[] = GROUPS.map(([title, ...prefixes]) => ({
  title,
  actions: AUDIT_ACTIONS.filter(
    (action) => action !== NEVER_WRITTEN && prefixes.some((prefix) => action.startsWith(prefix)),
  ).map((action) => ({ action, label: labelOf(action) })),
}))

/** What an act is called where nothing is known of what it was done to: `Key suspend` for `key.suspend`. */
export function labelOf(action: string): string {
  return LABELS[action] ?? sentenceCase(action.replaceAll(/[._]/g, ' '))
}

/** A text whose first letter is a capital. */
export function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
