import { accessIncludes, type Access, type AuditAction, type RandomBytes } from '@bitting/core'
import type { AuditEvent } from '../audit/append.js'
import { envelope, type NewEvent } from './event.js'

/** The types of events that tell of a key's life and of the webhooks themselves, by the act that they tell of. */
const TYPES: Readonly<Partial<Record<AuditAction, string>>> = {
  'key.create': 'key.created',
  'key.update': 'key.updated',
  'key.rotate': 'key.rotated',
  'key.suspend': 'key.suspended',
  'key.resume': 'key.resumed',
  'key.revoke': 'key.revoked',
  'key.delete': 'key.deleted',
  'webhook_key.set': 'webhook_key.moved',
  'webhook_endpoint.create': 'webhook_endpoint.created',
  'webhook_endpoint.update': 'webhook_endpoint.updated',
  'webhook_endpoint.enable': 'webhook_endpoint.enabled',
  'webhook_endpoint.disable': 'webhook_endpoint.disabled',
  'webhook_endpoint.delete': 'webhook_endpoint.deleted',
  'workspace.update': 'workspace.updated',
  'catalog.overlay': 'catalog.changed',
}

/** Every type of event that Bitting sends by itself, and when. `docs/webhooks.md` says the same. */
export const EVENT_TYPES: Readonly<Record<string, string>> = {
  'key.created': 'a key was created',
  'key.updated': 'a key was edited',
  'key.restricted': 'a key was edited and opens less than before',
  'key.rotated': 'a key has a new secret',
  'key.suspended': 'a key was suspended',
  'key.resumed': 'a suspended key works again',
  'key.expiring': 'a key expires within 7 days, and again within a day',
  'key.expired': 'a key has expired',
  'key.revoked': 'a key was revoked',
  'key.leaked': 'a key was revoked because its secret leaked',
  'key.deleted': 'a key was deleted',
  'webhook_key.moved': 'another key signs the webhooks, after an overlap alone',
  'webhook_endpoint.created': 'an endpoint was added',
  'webhook_endpoint.updated': 'an endpoint was edited',
  'webhook_endpoint.enabled': 'an endpoint gets deliveries again',
  'webhook_endpoint.disabled': 'an endpoint gets no deliveries any more',
  'webhook_endpoint.deleted': 'an endpoint was deleted',
  'webhook_endpoint.test': 'somebody asked for a test; sent to one endpoint alone',
  'webhook_endpoint.probe': 'a probe of how an endpoint verifies; sent to it alone',
  'workspace.updated': 'a setting of the workspace was changed',
  'catalog.changed': 'the overlay of the catalog was replaced',
  'audit.checkpoint': 'a checkpoint of the audit log was signed; sent to those alone who name it',
}

/**
 * The events that tell of acts, as the audit log has them: their details are narrow facts without tokens. Who acted is
 * named by id alone.
 */
export function lifecycleEvents(
  acts: readonly AuditEvent[],
  by: string,
  atMilliseconds: number,
  randomBytes: RandomBytes,
): readonly NewEvent[] {
  return acts.flatMap((act) => {
    const type = act.failure === undefined || act.failure === null ? typeOf(act) : undefined
    if (type === undefined) return []
    const { id } = act.resource
    const data = { [`${act.resource.type}_id`]: id, by, ...act.details }
    return [envelope({ type, subject: id, source: 'bitting', data, atMilliseconds }, randomBytes)]
  })
}

function typeOf({ action, details }: AuditEvent): string | undefined {
  if (action === 'key.revoke' && details['after'] === 'compromised') return 'key.leaked'
  if (action === 'key.update' && narrows(details)) return 'key.restricted'
  // An overlap that ends sooner moves nothing.
  if (action === 'webhook_key.set' && details['before'] === details['after']) return undefined
  return TYPES[action]
}

function narrows({ before, after }: AuditEvent['details']): boolean {
  const [had, has] = [before, after].map((it) => (it as { readonly access: Access }).access)
  return had !== undefined && has !== undefined && accessIncludes(had, has) && !accessIncludes(has, had)
}
