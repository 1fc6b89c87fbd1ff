import { describe, expect, test } from 'vitest'
import {
  describeEachServer,
  useStoppedClock,
  type CreatedKey,
  type RawAnswer,
  type Tenant,
} from './support.js'

const HOUR = 3600

describeEachServer('the life of a key', (suite) => {
  const clock = useStoppedClock()

  /** How a key comes into each state, the state that the API then names, and what the gateway tells its holder. */
  const STATES: Readonly<
    Record<string, { make: (tenant: Tenant) => Promise<CreatedKey>; state: string; code: string }>
  > = {
    'not yet active': {
      make: (tenant) => tenant.createKey({ conditions: { not_before: clock.in(HOUR) } }),
      state: 'pre-activation',
      code: 'key_not_yet_active',
    },
    active: { make: (tenant) => tenant.createKey(), state: 'active', code: 'ok' },
    suspended: { make: (tenant) => after(tenant, 'suspend'), state: 'suspended', code: 'key_suspended' },
    revoked: { make: (tenant) => after(tenant, 'revoke'), state: 'deactivated', code: 'key_revoked' },
    expired: {
      make: async (tenant) => {
        const key = await tenant.createKey({ expires_at: clock.in(10) })
        clock.turn(10)
        return key
      },
      state: 'deactivated',
      code: 'key_expired',
    },
    compromised: { make: (tenant) => after(tenant, 'compromise'), state: 'compromised', code: 'key_revoked' },
    deleted: { make: (tenant) => after(tenant, 'delete'), state: 'destroyed', code: 'invalid_token' },
  }

  /** What each change makes of each state; null where it must be refused. */
  const OUTCOMES: Readonly<Record<string, Readonly<Record<keyof typeof CHANGES, string | null>>>> = {
    'not yet active': {
      edit: 'pre-activation',
      rotate: 'pre-activation',
      suspend: 'suspended',
      resume: null,
      revoke: 'deactivated',
      compromise: 'compromised',
      delete: 'destroyed',
    },
    active: {
      edit: 'active',
      rotate: 'active',
      suspend: 'suspended',
      resume: null,
      revoke: 'deactivated',
      compromise: 'compromised',
      delete: 'destroyed',
    },
    suspended: {
      edit: 'suspended',
      rotate: 'suspended',
      suspend: null,
      resume: 'active',
      revoke: 'deactivated',
      compromise: 'compromised',
      delete: 'destroyed',
    },
    revoked: {
      edit: null,
      rotate: null,
      suspend: null,
      resume: null,
      revoke: null,
      compromise: 'compromised',
      delete: 'destroyed',
    },
    expired: {
      // An edit may move the end, which is the one way back.
      edit: 'deactivated',
      rotate: null,
      suspend: null,
      resume: null,
      revoke: null,
      compromise: 'compromised',
      delete: 'destroyed',
    },
    compromised: {
      edit: null,
      rotate: null,
      suspend: null,
      resume: null,
      revoke: null,
      compromise: null,
      delete: 'destroyed',
    },
    deleted: {
      edit: null,
      rotate: null,
      suspend: null,
      resume: null,
      revoke: null,
      compromise: null,
      delete: null,
    },
  }

  describe.each(Object.entries(STATES))('a key that is %s', (name, { make, state, code }) => {
    test(`is shown as ${state}, and its holder is told ${code}`, async () => {
      const { id, token } = await make(suite.tenant)
      expect((await suite.tenant.call('GET', `/v1/keys/${id}`)).body.state).toBe(state)
      const health = await suite.server.fetch('/health', token)
      const answer = (await health.json()) as { status: string; code?: string }
      expect([health.status, answer.code ?? answer.status]).toEqual([code === 'ok' ? 200 : 401, code])
    })

    test.each(Object.entries(CHANGES))('%s', async (change, run) => {
      const expected = OUTCOMES[name]?.[change as keyof typeof CHANGES] ?? null
      const key = await make(suite.tenant)
      const before = await suite.dump()
      const answer = await run(suite.tenant, key.id)
      if (expected === null) {
        expect(answer.status, answer.text).toBe(409)
        expect(answer.body).toMatchObject({ code: 'state_conflict', state })
        expect(await suite.dump()).toEqual(before)
        return
      }
      expect(answer.status, answer.text).toBe(200)
      const shown = answer.body.key ?? answer.body
      expect(shown.state).toBe(expected)
      expect((await suite.tenant.call('GET', `/v1/keys/${key.id}`)).body).toEqual(shown)
    })
  })

  test('time alone activates and ends a key, and everybody agrees on when', async () => {
    const { id, token } = await suite.tenant.createKey({
      conditions: { not_before: clock.in(100) },
      expires_at: clock.in(200),
    })
    const look = async () => {
      const { state } = (await suite.tenant.call('GET', `/v1/keys/${id}`)).body
      const { status } = await suite.server.fetch('/health', token)
      return [state as string, status] as const
    }
    expect(await look()).toEqual(['pre-activation', 401])
    clock.turn(99)
    expect(await look()).toEqual(['pre-activation', 401])
    clock.turn(1)
    expect(await look()).toEqual(['active', 200])
    clock.turn(99)
    expect(await look()).toEqual(['active', 200])
    clock.turn(1)
    expect(await look()).toEqual(['deactivated', 401])
  })

  test('an expired key lives again when its end is moved, with the same secret', async () => {
    const { id, token } = await suite.tenant.createKey({ expires_at: clock.in(10) })
    clock.turn(60)
    expect((await suite.server.fetch('/health', token)).status).toBe(401)
    const { body } = await suite.tenant.call('PATCH', `/v1/keys/${id}`, { expires_at: clock.in(10) })
    expect(body.state).toBe('active')
    expect((await suite.server.fetch('/health', token)).status).toBe(200)
  })

  test('a key that was suspended before it expired is suspended again when its end is moved', async () => {
    const { id, token } = await suite.tenant.createKey({ expires_at: clock.in(10) })
    await suite.tenant.call('POST', `/v1/keys/${id}/suspend`)
    clock.turn(60)
    const { body } = await suite.tenant.call('PATCH', `/v1/keys/${id}`, { expires_at: null })
    expect(body.state).toBe('suspended')
    expect((await suite.server.fetch('/health', token)).status).toBe(401)
  })

  test('every mark says when, by whom and why, and stays when later ones are added', async () => {
    const { id } = await suite.tenant.createKey()
    const manager = await suite.tenant.issueManagementKey('full')
    const by = (await suite.tenant.call('GET', '/v1/whoami', undefined, { key: manager })).body.key
      .id as string
    const times = { suspended: clock.in(0), revoked: clock.in(60), deleted: clock.in(120) }
    const act = (method: string, path: string, body?: unknown, headers = {}) =>
      suite.tenant.call(method, `/v1/keys/${id}${path}`, body, { key: manager, headers })
    await act('POST', '/suspend', { reason: 'First' })
    clock.turn(60)
    await act('POST', '/revoke', { reason: 'Second' })
    clock.turn(60)
    const { body } = await act('DELETE', '', undefined, { 'if-match': '*' })
    expect(body).toMatchObject({
      state: 'destroyed',
      created_by: expect.stringMatching(/^key_/),
      suspended: { at: times.suspended, by, reason: 'First' },
      revoked: { at: times.revoked, by, reason: 'Second' },
      deleted: { at: times.deleted, by, reason: null },
      version: 4,
    })
  })

  test('marking a revoked key as compromised keeps who revoked it and when', async () => {
    const { id } = await after(suite.tenant, 'revoke')
    const revoked = (await suite.tenant.call('GET', `/v1/keys/${id}`)).body.revoked as object
    clock.turn(60)
    const { body } = await suite.tenant.call('POST', `/v1/keys/${id}/revoke`, {
      compromised: true,
      reason: 'Found',
    })
    expect(body).toMatchObject({ state: 'compromised', revoked: { ...revoked, reason: 'Found' } })
  })
})

describeEachServer('editing a key', (suite) => {
  const clock = useStoppedClock()

  test('changes what it names and leaves the rest', async () => {
    const start = {
      name: 'Before',
      note: 'A note',
      access: { history: 'read', call: 'edit' },
      conditions: { allowed_addresses: ['10.0.0.0/8'], not_before: clock.in(60) },
      expires_at: clock.in(3600),
    }
    const { id } = await suite.tenant.createKey(start)
    const edit = async (body: unknown) =>
      (await suite.tenant.call('PATCH', `/v1/keys/${id}`, body)).body as object
    const shown = { ...start, version: 1 }
    expect((await suite.tenant.call('GET', `/v1/keys/${id}`)).body).toMatchObject(shown)
    const steps: [object, object][] = [
      [{ name: 'After' }, { name: 'After' }],
      [{ note: '' }, { note: '' }],
      [{ access: { agent: 'read' } }, { access: { agent: 'read' } }],
      [{ access: { agent: 'none' } }, { access: {} }],
      [{ access: 'full' }, { access: 'full' }],
      [
        { conditions: { allowed_addresses: null } },
        { conditions: { allowed_addresses: null, not_before: start.conditions.not_before } },
      ],
      [
        { conditions: { not_before: null, allowed_addresses: ['192.0.2.1'] } },
        { conditions: { allowed_addresses: ['192.0.2.1'], not_before: null } },
      ],
      [{ conditions: {} }, {}],
      [{ expires_at: null }, { expires_at: null }],
    ]
    let expected: Record<string, unknown> = { ...start }
    for (const [index, [change, effect]] of steps.entries()) {
      expected = { ...expected, ...effect, version: index + 2 }
      const answer = await edit(change)
      expect(answer).toMatchObject(expected)
      // An access replaces the whole list, so nothing more may be in it.
      expect((answer as { access: unknown }).access).toEqual(expected['access'])
    }
  })

  test('is in force at the very next request', async () => {
    const { id, token } = await suite.tenant.createKey({ access: {} })
    const ask = async () => (await suite.server.fetch('/list-voices', token)).status
    expect(await ask()).toBe(403)
    await suite.tenant.call('PATCH', `/v1/keys/${id}`, { access: { agent: 'read' } })
    expect(await ask()).toBe(200)
    await suite.tenant.call('PATCH', `/v1/keys/${id}`, {
      conditions: { allowed_addresses: ['192.0.2.0/24'] },
    })
    expect(await ask()).toBe(403)
    await suite.tenant.call('PATCH', `/v1/keys/${id}`, {
      conditions: { allowed_addresses: ['127.0.0.0/8', '::1'] },
    })
    expect(await ask()).toBe(200)
    await suite.tenant.call('PATCH', `/v1/keys/${id}`, { expires_at: clock.in(1) })
    clock.turn(1)
    expect(await ask()).toBe(401)
  })

  test('tells the audit log what was and what is', async () => {
    const { id } = await suite.tenant.createKey({ name: 'Before', access: { history: 'read' } })
    await suite.tenant.call('PATCH', `/v1/keys/${id}`, {
      name: 'After',
      access: 'full',
      expires_at: clock.in(60),
    })
    const { body } = await suite.tenant.call('GET', `/v1/audit?resource=${id}&action=key.update`)
    expect(body.data).toMatchObject([
      {
        details: {
          before: { name: 'Before', access: { history: 'read' }, conditions: { expires_at: null } },
          after: { name: 'After', access: 'full', conditions: { expires_at: clock.in(60) } },
        },
      },
    ])
  })
})

describeEachServer('deleting a key', (suite) => {
  test('needs If-Match or the exact name', async () => {
    const { id, name } = await suite.tenant.createKey({ name: 'Exact Name' })
    const before = await suite.dump()
    const remove = (query: string, headers = {}) =>
      suite.tenant.call('DELETE', `/v1/keys/${id}${query}`, undefined, { headers })
    for (const query of [
      '',
      '?confirm=',
      '?confirm=exact%20name',
      '?confirm=Exact%20Name%20',
      `?confirm=${id}`,
      '?confirm=*',
    ]) {
      const answer = await remove(query)
      expect([query, answer.status, answer.body.code]).toEqual([query, 428, 'confirmation_required'])
    }
    expect((await remove(`?confirm=${encodeURIComponent(name)}`, { 'if-match': '"2"' })).status).toBe(412)
    expect(await suite.dump()).toEqual(before)
    expect((await remove(`?confirm=${encodeURIComponent(name)}`)).status).toBe(200)
  })

  test('destroys every digest and keeps the record, listed and readable', async () => {
    const { id, token } = await suite.tenant.createKey({ name: 'Kept', note: 'Also kept', access: 'full' })
    const rotated = await suite.tenant.call('POST', `/v1/keys/${id}/rotate`, { overlap_seconds: 3600 })
    const { body: deleted } = await suite.tenant.call('DELETE', `/v1/keys/${id}?confirm=Kept`)
    expect(deleted).toMatchObject({ name: 'Kept', note: 'Also kept', access: 'full', state: 'destroyed' })
    expect((await suite.tenant.call('GET', `/v1/keys/${id}`)).body).toEqual(deleted)
    const { body: list } = await suite.tenant.call('GET', '/v1/keys')
    expect(list.data).toContainEqual(deleted)

    const rows = await suite.database.read
      .selectFrom('secrets')
      .selectAll()
      .where('key_id', '=', id)
      .orderBy('generation')
      .execute()
    expect(rows).toMatchObject([
      { generation: 0, sealed_digest: null, destroyed_at: expect.any(Number) },
      { generation: 1, sealed_digest: null, destroyed_at: expect.any(Number) },
    ])
    const unknown = await (await suite.server.fetch('/health', 'garbage')).text()
    for (const old of [token, rotated.body.token as string]) {
      const answer = await suite.server.fetch('/health', old)
      expect([answer.status, await answer.text()]).toEqual([401, unknown])
    }
  })
})

const CHANGES = {
  edit: (tenant: Tenant, id: string) => tenant.call('PATCH', `/v1/keys/${id}`, { note: 'Edited' }),
  rotate: (tenant: Tenant, id: string) =>
    tenant.call('POST', `/v1/keys/${id}/rotate`, { overlap_seconds: 60 }),
  suspend: (tenant: Tenant, id: string) => tenant.call('POST', `/v1/keys/${id}/suspend`, {}),
  resume: (tenant: Tenant, id: string) => tenant.call('POST', `/v1/keys/${id}/resume`, {}),
  revoke: (tenant: Tenant, id: string) => tenant.call('POST', `/v1/keys/${id}/revoke`, {}),
  compromise: (tenant: Tenant, id: string) =>
    tenant.call('POST', `/v1/keys/${id}/revoke`, { compromised: true }),
  delete: (tenant: Tenant, id: string) =>
    tenant.call('DELETE', `/v1/keys/${id}`, undefined, { headers: { 'if-match': '*' } }),
} as const satisfies Record<string, (tenant: Tenant, id: string) => Promise<RawAnswer>>

/** A key to which one change was made. */
async function after(tenant: Tenant, change: keyof typeof CHANGES): Promise<CreatedKey> {
  const key = await tenant.createKey()
  const { status, text } = await CHANGES[change](tenant, key.id)
  if (status !== 200) throw new Error(text)
  return key
}
