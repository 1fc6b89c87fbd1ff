import type { AuditEntry } from '@bitting/core'

/** The release of the Open Cybersecurity Schema Framework that {@link toOcsf} writes. */
export const OCSF_VERSION = '1.5.0'

const AUTHENTICATION = { uid: 3002, name: 'Authentication', category: 3 } as const
const ENTITY_MANAGEMENT = { uid: 3004, name: 'Entity Management', category: 3 } as const
const API_ACTIVITY = { uid: 6003, name: 'API Activity', category: 6 } as const

type EventClass = typeof AUTHENTICATION | typeof ENTITY_MANAGEMENT | typeof API_ACTIVITY

const CATEGORIES = { 3: 'Identity & Access Management', 6: 'Application Activity' } as const
const SEVERITIES = { 1: 'Informational', 2: 'Low', 3: 'Medium', 4: 'High' } as const
const OTHER = 99

/** What an entry is in the schema. `activity` is the number and the caption of the class's `activity_id`. */
interface Mapping {
  readonly eventClass: EventClass
  readonly activity: readonly [id: number, caption: string]
  readonly severity: keyof typeof SEVERITIES
}

const CREATE = [1, 'Create'] as const
const READ = [2, 'Read'] as const
const UPDATE = [3, 'Update'] as const
const DELETE = [4, 'Delete'] as const

/** What people do at the door. A sign-in that failed is a logon with the status of a failure. */
const SESSIONS: Readonly<Record<string, readonly [id: number, caption: string]>> = {
  'session.start': [1, 'Logon'],
  'session.fail': [1, 'Logon'],
  'session.step_up': [OTHER, 'session.step_up'],
  'session.switch': [OTHER, 'session.switch'],
  'session.end': [2, 'Logoff'],
}

/** Acts on what is managed. A revoked key is disabled for good; its deletion comes later and is another act. */
const MANAGEMENT: Readonly<Record<string, readonly [id: number, caption: string]>> = {
  'workspace.create': CREATE,
  'workspace.update': UPDATE,
  'catalog.overlay': UPDATE,
  'key.create': CREATE,
  'key.update': UPDATE,
  'key.rotate': UPDATE,
  'key.suspend': [12, 'Suspend'],
  'key.resume': [13, 'Resume'],
  'key.revoke': [9, 'Disable'],
  'key.delete': DELETE,
  'webhook_key.set': UPDATE,
  'webhook_key.unset': UPDATE,
  'webhook_endpoint.create': CREATE,
  'webhook_endpoint.update': UPDATE,
  'webhook_endpoint.delete': DELETE,
  'webhook_endpoint.enable': [8, 'Enable'],
  'webhook_endpoint.disable': [9, 'Disable'],
  'webhook_endpoint.rotate': UPDATE,
  'webhook_endpoint.switch': UPDATE,
  'webhook_relay.create': CREATE,
  'webhook_relay.delete': DELETE,
  'account.create': CREATE,
  'account.update': UPDATE,
  'account.password': UPDATE,
  'account.totp_add': [6, 'Enroll'],
  'account.totp_remove': [7, 'Unenroll'],
  'account.recovery_codes': UPDATE,
  'account.passkey_add': [6, 'Enroll'],
  'account.passkey_remove': [7, 'Unenroll'],
  'member.join': CREATE,
  'member.update': UPDATE,
  'member.remove': DELETE,
  'invitation.create': CREATE,
  'invitation.revoke': DELETE,
  'sign_in_policy.set': UPDATE,
  'audit.prune': DELETE,
  'audit.erase': DELETE,
}

/** Refusals of a good credential for want of a permission; every other refusal is about the credential. */
const SCOPE_REASONS: ReadonlySet<string | null> = new Set(['insufficient_scope', 'operation_unmapped'])

const METHOD_ACTIVITIES: Readonly<Record<string, readonly [id: number, caption: string]>> = {
  GET: READ,
  HEAD: READ,
  POST: CREATE,
  PUT: UPDATE,
  PATCH: UPDATE,
  DELETE,
}

/** The methods that the schema knows; others stay in `unmapped`. */
const HTTP_METHODS: ReadonlySet<string> = new Set(
  'CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT TRACE'.split(' '),
)

/**
 * An entry as an event of OCSF {@link OCSF_VERSION}: Authentication for people's sign-ins and for a
 * credential that was refused, Entity Management for what changed keys, people, workspaces and the log, API Activity for the
 * rest. The same entry always gives the
 * same event, and `metadata.uid` is the same for both. What the schema has no place for is in `unmapped`.
 */
export function toOcsf(entry: AuditEntry): Record<string, unknown> {
  const { eventClass, activity, severity } = mappingOf(entry)
  const { uid, name, category } = eventClass
  const [activityId, activityName] = activity
  const isSuccess = entry.outcome === 'success'
  return {
    activity_id: activityId,
    activity_name: activityName,
    category_uid: category,
    category_name: CATEGORIES[category],
    class_uid: uid,
    class_name: name,
    type_uid: uid * 100 + activityId,
    type_name: `${name}: ${activityName}`,
    severity_id: severity,
    severity: SEVERITIES[severity],
    status_id: isSuccess ? 1 : 2,
    status: isSuccess ? 'Success' : 'Failure',
    ...(entry.reason !== null && { status_detail: entry.reason, status_code: entry.reason }),
    time: Date.parse(entry.at),
    message: messageOf(entry),
    metadata: metadataOf(entry),
    ...attributesOf(entry, eventClass),
    unmapped: unmappedOf(entry),
  }
}

function mappingOf(entry: AuditEntry): Mapping {
  const { action, reason, outcome } = entry
  const isRefusal = action.endsWith('.denied') || action === 'session.fail'
  const severity = action === 'audit.overflow' ? 4 : isRefusal ? 2 : 1
  const session = SESSIONS[action]
  if (session !== undefined) return { eventClass: AUTHENTICATION, activity: session, severity }
  const management = MANAGEMENT[action]
  if (management !== undefined) return { eventClass: ENTITY_MANAGEMENT, activity: management, severity }
  const isDenial = action === 'call.denied' || action === 'access.denied'
  if (isDenial && outcome === 'failure' && !SCOPE_REASONS.has(reason)) {
    return { eventClass: AUTHENTICATION, activity: [1, 'Logon'], severity }
  }
  return { eventClass: API_ACTIVITY, activity: apiActivityOf(entry), severity }
}

/** What a call does is told by its method. An application's own acts have none, and their names are not ours to read. */
function apiActivityOf({ action, details }: AuditEntry): readonly [id: number, caption: string] {
  if (action === 'audit.read') return READ
  const activity = METHOD_ACTIVITIES[methodOf(details) ?? '']
  return activity ?? [OTHER, action]
}

function metadataOf(entry: AuditEntry): Record<string, unknown> {
  return {
    version: OCSF_VERSION,
    uid: `${entry.workspace}/${String(entry.index)}`,
    product: { name: 'Bitting', vendor_name: 'Bitting' },
    log_name: 'audit',
    event_code: entry.action,
    sequence: entry.index,
    tenant_uid: entry.workspace,
    ...(entry.request_id !== null && { correlation_uid: entry.request_id }),
  }
}

function attributesOf(entry: AuditEntry, eventClass: EventClass): Record<string, unknown> {
  const user = userOf(entry)
  const common = { actor: { user }, src_endpoint: sourceOf(entry), ...requestOf(entry) }
  if (eventClass === AUTHENTICATION) {
    const protocol = { auth_protocol_id: OTHER, auth_protocol: protocolOf(entry) }
    const subject = subjectOf(entry) ?? user
    return { ...common, user: subject, ...protocol, service: { name: 'Bitting' }, is_remote: true }
  }
  if (eventClass === ENTITY_MANAGEMENT) return { ...common, entity: entityOf(entry), ...commentOf(entry) }
  const { type, id } = entry.resource
  return {
    ...common,
    api: { operation: entry.operation ?? entry.action, service: { name: 'Bitting' } },
    resources: [{ type, ...(id === null ? { name: type } : { uid: id }) }],
  }
}

/** How somebody proved who they are, or tried to. The schema has numbers for none of these. */
function protocolOf({ action, details }: AuditEntry): string {
  return action in SESSIONS ? (textOf(details['method']) ?? 'session') : 'API key'
}

/** Whom a sign-in is about, where that is not whoever acted: nobody is signed in when one fails. */
function subjectOf({ action, resource }: AuditEntry): Record<string, unknown> | null {
  if (action !== 'session.fail' || resource.id === null) return null
  return { uid: resource.id, type_id: 1, type: 'User' }
}

/** A key is a service's credential and stands for its user; `operator` and the program itself have no id. */
function userOf({ actor }: AuditEntry): Record<string, unknown> {
  const type =
    actor.type === 'user' || actor.type === 'member'
      ? { type_id: 1, type: 'User' }
      : actor.type === 'system'
        ? { type_id: 3, type: 'System' }
        : { type_id: OTHER, type: actor.type }
  return { ...(actor.id === null ? { name: actor.type } : { uid: actor.id }), ...type }
}

/** The schema wants to know of every event where it came from; what is unknown or erased is called that. */
function sourceOf({ actor, erased }: AuditEntry): Record<string, unknown> {
  if (actor.address !== null) return { ip: actor.address }
  if (erased) return { name: 'erased' }
  return { name: actor.type === 'system' || actor.type === 'operator' ? 'localhost' : 'unknown' }
}

function requestOf({ actor, request_id: uid, details }: AuditEntry): Record<string, unknown> {
  const method = methodOf(details)
  const request = {
    ...(uid !== null && { uid }),
    ...(method !== null && HTTP_METHODS.has(method) && { http_method: method }),
    ...(actor.user_agent !== null && { user_agent: actor.user_agent }),
  }
  return Object.keys(request).length > 0 ? { http_request: request } : {}
}

function entityOf({ resource, workspace, details }: AuditEntry): Record<string, unknown> {
  const name = textOf(details['name'])
  return {
    uid: resource.id ?? workspace,
    type_id: OTHER,
    type: resource.type,
    ...(name !== null && { name }),
  }
}

function commentOf({ details }: AuditEntry): Record<string, unknown> {
  const comment = textOf(details['reason'])
  return comment === null ? {} : { comment }
}

function messageOf({ action, resource, outcome, reason }: AuditEntry): string {
  const what = resource.id === null ? resource.type : `${resource.type} ${resource.id}`
  return outcome === 'success' ? `${action}: ${what}` : `${action}: ${what} (${reason ?? 'failure'})`
}

function unmappedOf({ actor, operation, resource, details, erased }: AuditEntry): Record<string, unknown> {
  return { actor_type: actor.type, operation, resource, details, erased }
}

function methodOf(details: AuditEntry['details']): string | null {
  return textOf(details['method'])
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
