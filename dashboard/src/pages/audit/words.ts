import type { AuditEntry } from '@bitting/core'
import { formatCount } from '../../format.js'
import { FORMER } from '../../people/former-members.js'
import { labelOf, sentenceCase } from './actions.js'
import { changedText } from './entry-changes.js'
import type { Names } from './names.js'
import { operationText } from './operations.js'
import { reasonText } from './reasons.js'

interface Told {
  readonly entry: AuditEntry
  readonly names: Names
  /** The resource with its name where it has one. */
  readonly it: string
}

const KEY_ACTS: Readonly<Record<string, string>> = {
  'key.create': 'created',
  'key.update': 'changed',
  'key.rotate': 'rotated',
  'key.suspend': 'suspended',
  'key.resume': 'resumed',
  'key.revoke': 'revoked',
  'key.delete': 'deleted',
}

const ENDPOINT_ACTS: Readonly<Record<string, string>> = {
  'webhook_endpoint.create': 'added the endpoint',
  'webhook_endpoint.update': 'changed the endpoint',
  'webhook_endpoint.delete': 'deleted the endpoint',
  'webhook_endpoint.enable': 'enabled the endpoint',
  'webhook_endpoint.disable': 'disabled the endpoint',
  'webhook_endpoint.rotate': 'rotated the secret of the endpoint',
  'webhook_endpoint.switch': 'switched the secret of the endpoint',
  'webhook_endpoint.handshake': 'shook hands with the endpoint',
  'webhook_endpoint.test': 'sent a test to the endpoint',
  'webhook_endpoint.probe': 'probed the endpoint',
  'webhook_endpoint.resend': 'sent events again to the endpoint',
  'webhook_relay.create': 'added the relay',
  'webhook_relay.delete': 'deleted the relay',
}

const PLAIN: Readonly<Record<string, string>> = {
  'catalog.overlay': 'changed what the workspace maps in the catalog',
  'webhook_key.unset': 'took the webhook badge away',
  'session.switch': 'went to another workspace of theirs',
  'session.step_up': 'proved again who they are',
  'session.end': 'signed out',
  'account.create': 'made an account',
  'account.update': 'changed their account',
  'account.password': 'changed their password',
  'account.totp_add': 'added a code generator',
  'account.totp_remove': 'removed their code generator',
  'account.recovery_codes': 'made new recovery codes',
  'account.passkey_add': 'added a passkey',
  'account.passkey_remove': 'removed a passkey',
  'event.publish': 'published an event',
  'event.relay': 'passed an event on',
  'audit.unreadable': 'left an entry that cannot be read any more',
}

const PHRASES: Readonly<Record<string, (told: Told) => string>> = {
  'call.allowed': ({ entry }) => `called ${callOf(entry)}`,
  'call.denied': ({ entry, names }) => {
    const needs = entry.reason === 'insufficient_scope' ? names.needs(entry.operation) : null
    return `was refused ${callOf(entry)}: ${needs === null ? reasonText(entry.reason ?? '') : `needs ${needs}`}`
  },
  'access.denied': ({ entry }) =>
    isAsked(entry)
      ? `was asked to confirm who they are before ${operationText(entry.operation)}`
      : `was refused ${operationText(entry.operation)}: ${reasonText(entry.reason ?? '')}`,
  'workspace.create': ({ entry }) => `made the workspace ${quoted(entry.details['name'])}`,
  'workspace.update': ({ entry }) => withChanges('changed the settings of the workspace', entry),
  'sign_in_policy.set': ({ entry }) => withChanges('changed how members sign in', entry),
  'webhook_key.set': ({ it }) => `made ${it} the webhook key`,
  'session.start': ({ entry }) => `signed in ${methodOf(entry.details['method'])}`,
  'session.fail': ({ entry, it }) => `could not sign in as ${it}: ${reasonText(entry.reason ?? '')}`,
  'member.join': ({ entry, it }) =>
    entry.actor.id === entry.resource.id
      ? `joined as ${text(entry.details['role'])}`
      : `${it} joined as ${text(entry.details['role'])}`,
  'member.update': ({ entry, it }) => `made ${it} ${text(member(entry.details['after'], 'role'))}`,
  'member.remove': ({ entry, it }) => `removed ${emailIn(entry) ?? it} from the workspace`,
  'invitation.create': ({ entry }) => `invited ${invited(entry)}`,
  'invitation.revoke': ({ entry }) => `took back the invitation of ${invited(entry)}`,
  'audit.read': ({ entry }) => readingOf(entry),
  'audit.prune': () => 'deleted entries that were past their retention',
  'audit.erase': ({ entry }) =>
    `erased the personal data of ${formatCount(Number(entry.details['entries'] ?? 0), 'entry', 'entries')}`,
  'audit.overflow': () => 'could not record all calls',
}

/** What somebody did, as a sentence without its subject: `Created the key “History reader”`. */
export function whatText(entry: AuditEntry, names: Names): string {
  const phrase = phraseOf(entry, names)
  // An address is written as it is.
  return /^\S*@/.test(phrase) ? phrase : sentenceCase(phrase)
}

/** Who did it: a name where there is one. */
export function whoText({ actor }: AuditEntry, names: Names): string {
  switch (actor.type) {
    case 'operator':
      return 'Operator'
    case 'system':
      return 'Bitting'
    case 'anonymous':
      return 'Not signed in'
    case 'member':
      return names.person(actor.id)
    case 'key':
    case 'user':
      return names.of(actor.id) ?? actor.id ?? 'Erased'
    default:
      return actor.id ?? 'Unknown'
  }
}

/** What kind of actor it is, where its name does not say so. */
export function whoKind({ actor }: AuditEntry): string | null {
  const kinds: Readonly<Record<string, string>> = {
    key: 'Key',
    operator: 'Command line',
    system: 'By itself',
    user: 'Named by an application',
  }
  return kinds[actor.type] ?? null
}

/** Whether somebody was asked to prove who they are before something was done: no refusal of what they may do. */
export function isAsked({ action, reason }: AuditEntry): boolean {
  return action === 'access.denied' && reason === 'step_up_required'
}

function phraseOf(entry: AuditEntry, names: Names): string {
  const { action, resource, details } = entry
  const it = nameOfResource(entry, names)
  const act = KEY_ACTS[action]
  if (act !== undefined) {
    return withChanges(`${act} the ${details['kind'] === 'management' ? 'management ' : ''}key ${it}`, entry)
  }
  const done = ENDPOINT_ACTS[action]
  if (done !== undefined) return withChanges(`${done} ${text(details['url'] ?? it)}`, entry)
  if (action.startsWith('app.')) return `${action.slice(4)} ${resource.id ?? ''}`.trim()
  return PHRASES[action]?.({ entry, names, it }) ?? PLAIN[action] ?? labelOf(action)
}

function nameOfResource({ resource: { type, id }, details }: AuditEntry, names: Names): string {
  if (type === 'user') {
    const name = names.person(id)
    return name === FORMER ? FORMER.toLowerCase() : name
  }
  const given = member(details['after'], 'name') ?? details['name']
  const name = typeof given === 'string' ? given : names.of(id)
  if (name === null) return id ?? 'something'
  return type === 'webhook_endpoint' ? name : quoted(name)
}

function withChanges(phrase: string, { details }: AuditEntry): string {
  const changes = changedText(details)
  return changes === '' ? phrase : `${phrase}: ${changes}`
}

function callOf({ operation, resource, details }: AuditEntry): string {
  const name = operation ?? `a path without a name (${text(details['method'])})`
  return resource.id === null ? name : `${name} of ${resource.id}`
}

function readingOf({ operation, details }: AuditEntry): string {
  const filters = Array.isArray(details['filters']) ? (details['filters'] as unknown[]).map(text) : []
  if (operation === 'exportAuditEntries')
    return `exported the log as ${text(details['format']).toUpperCase()}`
  if (operation === 'getAuditEntry') return `looked at entry ${text(details['index'])} of the log`
  if (operation === 'listAuditEntries' && filters.length > 0) {
    return `searched the log by ${filters.join(', ').replaceAll('_', ' ')}`
  }
  return 'read the log'
}

function methodOf(method: unknown): string {
  const methods: Readonly<Record<string, string>> = {
    password: 'with a password',
    passkey: 'with a passkey',
    sso: 'through the identity provider',
    setup: 'with the set-up link',
    invitation: 'with an invitation',
  }
  return methods[text(method)] ?? ''
}

function invited(entry: AuditEntry): string {
  return emailIn(entry) ?? entry.resource.id ?? 'somebody'
}

function emailIn({ details }: AuditEntry): string | null {
  const email = member(details['metadata'], 'email')
  return typeof email === 'string' ? email : null
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function quoted(value: unknown): string {
  return `“${text(value)}”`
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
