import { readFileSync } from 'node:fs'
import { AUDIT_ACTIONS, type AuditAction, type AuditEntry } from '@bitting/core'
import { describe, expect, it } from 'vitest'
import { OCSF_VERSION, toOcsf } from '../../server/src/audit/ocsf.js'

/** A value of which only the test knows the shape. */
type Json = ReturnType<typeof JSON.parse>

const schema: Json = JSON.parse(readFileSync(new URL('../vectors/ocsf.json', import.meta.url), 'utf8'))
const ACTIONS: readonly AuditAction[] = [...AUDIT_ACTIONS, 'app.document.share']

describe('toOcsf', () => {
  it('is pinned to the release that the vectors were taken from', () => {
    expect(schema.version).toBe(OCSF_VERSION)
  })

  it.each(ACTIONS)('writes events of %s that the schema allows', (action) => {
    for (const changes of VARIANTS) validate(toOcsf(entryOf(action, changes)))
  })

  it.each([
    ['key.create', 300401],
    ['key.update', 300403],
    ['key.rotate', 300403],
    ['key.suspend', 300412],
    ['key.resume', 300413],
    ['key.revoke', 300409],
    ['key.delete', 300404],
    ['session.start', 300201],
    ['session.fail', 300201],
    ['session.step_up', 300299],
    ['session.switch', 300299],
    ['session.end', 300202],
    ['account.create', 300401],
    ['account.password', 300403],
    ['account.totp_add', 300406],
    ['account.totp_remove', 300407],
    ['account.passkey_add', 300406],
    ['account.passkey_remove', 300407],
    ['member.join', 300401],
    ['member.update', 300403],
    ['member.remove', 300404],
    ['invitation.create', 300401],
    ['invitation.revoke', 300404],
    ['sign_in_policy.set', 300403],
    ['workspace.create', 300401],
    ['workspace.update', 300403],
    ['catalog.overlay', 300403],
    ['audit.prune', 300404],
    ['audit.erase', 300404],
    ['audit.read', 600302],
    ['audit.overflow', 600399],
    ['app.document.share', 600399],
  ] as const)('calls %s the type %i', (action, type) => {
    expect(toOcsf(entryOf(action))['type_uid']).toBe(type)
  })

  it.each([
    ['GET', 600302],
    ['POST', 600301],
    ['PATCH', 600303],
    ['DELETE', 600304],
    ['PROPFIND', 600399],
  ])('tells what a call with %s does', (method, type) => {
    expect(toOcsf(entryOf('call.allowed', { details: { method } }))['type_uid']).toBe(type)
  })

  it.each([
    ['key_suspended', 300201],
    ['key_revoked', 300201],
    ['key_expired', 300201],
    ['key_not_yet_active', 300201],
    ['secret_retired', 300201],
    ['credential_wrong', 300201],
    ['address_not_allowed', 300201],
    ['insufficient_scope', 600301],
    ['operation_unmapped', 600301],
  ])('takes the refusal %s for the type %i', (reason, type) => {
    for (const action of ['call.denied', 'access.denied'] as const) {
      const event = toOcsf(entryOf(action, { outcome: 'failure', reason, details: { method: 'POST' } }))
      expect([event['type_uid'], event['status_id'], event['status_detail']]).toEqual([type, 2, reason])
    }
  })

  it('names the person whom a failed sign-in was as, and how people prove who they are', () => {
    const failed = toOcsf(
      entryOf('session.fail', {
        actor: { ...NOBODY, type: 'anonymous', id: 'anonymous' },
        resource: { type: 'user', id: 'usr_1' },
        outcome: 'failure',
        reason: 'password_wrong',
      }),
    )
    expect(failed).toMatchObject({ status_id: 2, severity_id: 2, user: { uid: 'usr_1', type: 'User' } })
    const started = toOcsf(
      entryOf('session.start', {
        actor: { ...NOBODY, type: 'member', id: 'usr_1' },
        details: { method: 'passkey' },
      }),
    )
    expect(started).toMatchObject({ auth_protocol: 'passkey', user: { uid: 'usr_1', type_id: 1 } })
    expect(toOcsf(entryOf('access.denied', { outcome: 'failure', reason: 'key_expired' }))).toMatchObject({
      auth_protocol: 'API key',
    })
  })

  it('is the same event each time, with an id of its own', () => {
    const event = toOcsf(entryOf('key.create'))
    expect(event).toEqual(toOcsf(entryOf('key.create')))
    expect(event['metadata']).toMatchObject({ uid: 'ws_1/7', sequence: 7, version: OCSF_VERSION })
    expect(event['time']).toBe(Date.parse('2026-11-22T12:00:00.123Z'))
  })

  it('keeps what has no place', () => {
    const event = toOcsf(entryOf('key.update', { details: { before: { name: 'a' } } }))
    expect(event['unmapped']).toMatchObject({ details: { before: { name: 'a' } }, operation: 'updateKey' })
  })
})

const NOBODY = { type: 'system', id: null, address: null, user_agent: null }
const VARIANTS: readonly Partial<AuditEntry>[] = [
  {},
  { outcome: 'failure', reason: 'key_expired' },
  { outcome: 'failure', reason: 'insufficient_scope' },
  { outcome: 'failure', reason: 'reported', details: { method: 'PROPFIND' } },
  { actor: NOBODY, operation: null, resource: { type: 'audit', id: null }, request_id: null },
  { actor: { ...NOBODY, type: 'key' }, erased: true },
  { actor: { ...NOBODY, type: 'user', id: 'u1' }, details: { method: 'GET', reason: 'why', name: 'CRM' } },
]

function entryOf(action: AuditAction, changes: Partial<AuditEntry> = {}): AuditEntry {
  return {
    index: 7,
    workspace: 'ws_1',
    at: '2026-11-22T12:00:00.123Z',
    actor: { type: 'key', id: 'key_1', address: '203.0.113.9', user_agent: 'curl/8' },
    action,
    operation: 'updateKey',
    resource: { type: 'key', id: 'key_2' },
    outcome: 'success',
    reason: null,
    request_id: 'req_1',
    details: {},
    erased: false,
    ...changes,
  }
}

/** Checks an event against the description of its class; the names of attributes too, so that none is invented. */
function validate(event: Json): void {
  for (const name of schema.base.required) expect(event[name], name).toBeDefined()
  const description = schema.classes[String(event.class_uid)]
  expect(description).toBeDefined()
  expect(event).toMatchObject({
    class_name: description.caption,
    category_uid: description.category_uid,
    category_name: description.category,
    type_uid: Number(event.class_uid) * 100 + Number(event.activity_id),
    type_name: `${description.caption}: ${event.activity_name}`,
    severity: schema.base.enums.severity_id[String(event.severity_id)],
    status: schema.base.enums.status_id[String(event.status_id)],
  })
  const caption = description.activity_id[String(event.activity_id)]
  expect(caption).toBeDefined()
  if (event.activity_id !== 99) expect(event.activity_name).toBe(caption)
  const known = new Set([...schema.base_attributes, ...description.attributes])
  for (const name of Object.keys(event)) expect(known.has(name), name).toBe(true)
  checkOneOf(event, description.at_least_one)
  for (const [name, type] of Object.entries<string>(description.required)) {
    expect(event[name], name).toBeDefined()
    validateObject(event[name], type)
  }
  for (const [name, type] of Object.entries<string>(description.objects)) {
    if (event[name] !== undefined) validateObject(event[name], type)
  }
  validateObject(event.metadata, 'metadata')
  expect(Number.isSafeInteger(event.time)).toBe(true)
}

function validateObject(value: Json, type: string): void {
  const description = schema.objects[type]
  for (const name of description.required) expect(value[name], `${type}.${name}`).toBeDefined()
  checkOneOf(value, description.at_least_one)
  if (value.type_id !== undefined) expect(description.type_id).toContain(String(value.type_id))
  if (value.http_method !== undefined) expect(description.http_method).toContain(value.http_method)
  for (const [name, inner] of Object.entries(value)) {
    if (['user', 'product', 'service'].includes(name)) validateObject(inner, name)
  }
}

function checkOneOf(value: object, groups: readonly string[][]): void {
  for (const group of groups)
    expect(
      group.some((name) => name in value),
      group.join(' or '),
    ).toBe(true)
}
