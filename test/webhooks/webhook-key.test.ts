import { beforeEach, describe, expect, test } from 'vitest'
import { describeEachServer, useStoppedClock, type CreatedKey, type Tenant } from '../http/support.js'

const PATH = '/v1/webhook-key'

describeEachServer('the webhook key', (suite) => {
  const clock = useStoppedClock()
  let tenant: Tenant
  let first: CreatedKey
  let second: CreatedKey

  beforeEach(async () => {
    tenant = await suite.newTenant('Signs')
    first = await tenant.createKey({ name: 'The first' })
    second = await tenant.createKey({ name: 'The second' })
  })

  const get = async () => (await tenant.call('GET', PATH)).body
  const set = (id: string, overlap?: number, query = '', headers = {}) =>
    tenant.call('PUT', PATH + query, { key_id: id, overlap_seconds: overlap }, { headers })
  const move = (id: string, overlap?: number) => set(id, overlap, '', { 'if-match': '*' })
  const newest = async () => (await suite.entries(tenant, 1))[0]

  test('is none at first, and the first one asks for no confirmation', async () => {
    expect(await get()).toEqual({
      key_id: null,
      name: null,
      previous_key_id: null,
      overlap_until: null,
      set_at: null,
      set_by: null,
      version: 0,
      warnings: [],
    })
    const { status, body, headers } = await set(first.id, 60)
    expect([status, headers.get('etag')]).toEqual([200, '"1"'])
    expect(body).toMatchObject({ key_id: first.id, name: 'The first', set_at: clock.in(0), version: 1 })
    expect(body).toMatchObject({ previous_key_id: null, overlap_until: null })
    expect(await get()).toEqual(body)
    expect(await newest()).toMatchObject({
      action: 'webhook_key.set',
      resource: { type: 'key', id: first.id },
      details: { before: null, after: first.id, overlap_seconds: 0 },
    })
  })

  test('moves only with the version seen, or the name of the key that signs now', async () => {
    await set(first.id)
    for (const [query, headers] of [
      ['', {}],
      ['?confirm=The%20second', {}],
      ['?confirm=the%20first', {}],
      ['?confirm=', { 'if-match': '*' }],
    ] as const) {
      const { status, body } = await set(second.id, 60, query, headers)
      expect([query, status, body.code]).toEqual([query, 428, 'confirmation_required'])
    }
    expect((await set(second.id, 60, '', { 'if-match': '"7"' })).status).toBe(412)
    expect(await get()).toMatchObject({ key_id: first.id, version: 1 })
    expect((await set(second.id, 60, '', { 'if-match': '"1"' })).body).toMatchObject({ version: 2 })
    expect((await set(first.id, 60, '?confirm=The%20second')).body).toMatchObject({ version: 3 })
  })

  test('has the one before beside it for the overlap, and can move back', async () => {
    await set(first.id)
    const { body: moved } = await move(second.id)
    expect(moved).toMatchObject({ key_id: second.id, previous_key_id: first.id })
    expect(moved.overlap_until).toBe(clock.in(86_400))
    const { body: back } = await move(first.id, 100)
    expect(back).toMatchObject({ key_id: first.id, previous_key_id: second.id })
    expect(await newest()).toMatchObject({
      details: { before: second.id, after: first.id, overlap_seconds: 100 },
    })
    clock.turn(99)
    expect(await get()).toMatchObject({ previous_key_id: second.id })
    clock.turn(1)
    expect(await get()).toMatchObject({ key_id: first.id, previous_key_id: null, overlap_until: null })
    expect((await move(second.id, 0)).body).toMatchObject({ previous_key_id: null, overlap_until: null })
  })

  test('set again changes nothing, and is no news', async () => {
    await set(first.id)
    await move(second.id, 100)
    const before = await suite.dump()
    for (const overlap of [100, 5000]) {
      const { status, body } = await set(second.id, overlap)
      expect([status, body.previous_key_id, body.version]).toEqual([200, first.id, 2])
    }
    expect((await set(second.id, 0, '', { 'if-match': '"1"' })).status).toBe(412)
    expect(await suite.dump()).toEqual(before)
  })

  test('set again with a shorter overlap ends the one under way sooner, as after a leak', async () => {
    await set(first.id)
    await move(second.id, 5000)
    expect((await set(second.id, 100)).body).toMatchObject({
      previous_key_id: first.id,
      overlap_until: clock.in(100),
      version: 3,
    })
    expect((await set(second.id, 0)).body).toMatchObject({ previous_key_id: null, version: 4 })
    expect(await newest()).toMatchObject({
      action: 'webhook_key.set',
      details: { before: second.id, after: second.id, overlap_seconds: 0 },
    })
  })

  test('is set by who has what it opens: else its revocation could be kept from those who may', async () => {
    const wide = await tenant.createKey({ access: { history: 'read' } })
    const narrow = await tenant.issueManagementKey({ webhooks: 'edit' })
    const put = (id: string) => tenant.call('PUT', PATH, { key_id: id }, { key: narrow })
    const { status, body } = await put(wide.id)
    expect([status, body.code]).toEqual([403, 'grant_exceeds_own'])
    expect((await put((await tenant.createKey({ access: {} })).id)).status).toBe(200)
  })

  test('is no management key, no ended key and no key of another workspace', async () => {
    const manager = await tenant.createKey({ kind: 'management', name: 'M', access: {} })
    const deleted = await tenant.createKey()
    await tenant.call('DELETE', `/v1/keys/${deleted.id}`, undefined, { headers: { 'if-match': '*' } })
    const revoked = await tenant.createKey()
    await tenant.call('POST', `/v1/keys/${revoked.id}/revoke`)
    const foreign = await suite.tenant.createKey()
    for (const [id, status, code] of [
      [manager.id, 400, 'invalid_body'],
      [deleted.id, 409, 'state_conflict'],
      [revoked.id, 409, 'state_conflict'],
      [foreign.id, 404, 'not_found'],
    ] as const) {
      const answer = await set(id)
      expect([answer.status, answer.body.code]).toEqual([status, code])
    }
    expect(await get()).toMatchObject({ key_id: null, version: 0 })
  })

  test('may be expired or suspended, and warns of what is unwise', async () => {
    const wide = await tenant.createKey({ access: { history: 'read' }, expires_at: clock.in(50) })
    const { body } = await set(wide.id)
    expect(body.warnings).toEqual([
      expect.stringContaining('A key with no permissions is the safe choice'),
      expect.stringContaining(`expires at ${clock.in(50)}`),
    ])
    clock.turn(51)
    expect((await get()).warnings[1]).toContain('expired at')
    const ending = await tenant.createKey({ expires_at: clock.in(1), access: { history: 'none' } })
    clock.turn(1)
    expect((await move(ending.id)).body.warnings).toHaveLength(1)
    await tenant.call('POST', `/v1/keys/${first.id}/suspend`)
    expect((await move(first.id)).body).toMatchObject({ key_id: first.id, warnings: [] })
    expect((await tenant.call('POST', `/v1/keys/${first.id}/resume`)).status).toBe(200)
    const full = await tenant.createKey({ access: 'full' })
    expect((await move(full.id)).body.warnings).toHaveLength(1)
  })

  test('cannot be ended while it signs; the one before can, and signs no more', async () => {
    await set(first.id)
    await move(second.id, 100)
    const before = await suite.dump()
    for (const [method, path, body] of [
      ['POST', `/v1/keys/${second.id}/revoke`, {}],
      ['POST', `/v1/keys/${second.id}/revoke`, { compromised: true }],
      ['DELETE', `/v1/keys/${second.id}?confirm=The%20second`, undefined],
    ] as const) {
      const answer = await tenant.call(method, path, body)
      expect([path, answer.status, answer.body.code]).toEqual([path, 409, 'webhook_key_in_use'])
      expect(answer.body.detail).toMatch(/PUT \/v1\/webhook-key.*overlap_seconds 0.*DELETE \/v1\/webhook-key/)
    }
    expect(await suite.dump()).toEqual(before)
    expect((await tenant.call('POST', `/v1/keys/${first.id}/revoke`)).status).toBe(200)
    expect(await get()).toMatchObject({ key_id: second.id, previous_key_id: null, overlap_until: null })
  })

  test('is marked wherever keys are shown', async () => {
    await set(first.id)
    const { body: list } = await tenant.call('GET', '/v1/keys')
    const marked = (list.data as { id: string; webhook_key: boolean }[]).filter((key) => key.webhook_key)
    expect(marked.map(({ id }) => id)).toEqual([first.id])
    expect((await tenant.call('GET', `/v1/keys/${first.id}`)).body.webhook_key).toBe(true)
    await move(second.id)
    expect((await tenant.call('GET', `/v1/keys/${first.id}`)).body.webhook_key).toBe(false)
    expect((await tenant.call('GET', '/v1/whoami')).body.key.webhook_key).toBe(false)
  })

  test('is turned off with the same guard; then keys can be ended, and a first one is set again', async () => {
    await set(first.id)
    await move(second.id)
    const off = (query: string, headers = {}) => tenant.call('DELETE', PATH + query, undefined, { headers })
    expect((await off('')).status).toBe(428)
    expect((await off('?confirm=The%20first')).status).toBe(428)
    expect((await off('', { 'if-match': '"1"' })).status).toBe(412)
    const { status, body } = await off('?confirm=The%20second')
    expect([status, body.key_id, body.previous_key_id, body.version]).toEqual([200, null, null, 3])
    expect(await newest()).toMatchObject({
      action: 'webhook_key.unset',
      resource: { type: 'key', id: second.id },
      details: { before: second.id, after: null },
    })
    expect((await off('', { 'if-match': '*' })).body).toMatchObject({ code: 'state_conflict' })
    expect((await tenant.call('POST', `/v1/keys/${second.id}/revoke`)).status).toBe(200)
    expect((await set(first.id)).body).toMatchObject({ key_id: first.id, previous_key_id: null, version: 4 })
  })
})

describeEachServer('one webhook key, whatever happens at once', (suite) => {
  describe.each(['DELETE', 'revoke'] as const)('with keys ended by %s meanwhile', (ending) => {
    test('is left, and it is none that was ended', async () => {
      const tenant = await suite.newTenant('Crowded')
      const keys = await Promise.all(Array.from({ length: 8 }, () => tenant.createKey()))
      const headers = { 'if-match': '*' }
      // The first of them signs already, so that there is a webhook key whoever wins.
      await tenant.call('PUT', PATH, { key_id: keys[0]?.id })
      const end = ({ id }: CreatedKey) =>
        ending === 'DELETE'
          ? tenant.call('DELETE', `/v1/keys/${id}`, undefined, { headers })
          : tenant.call('POST', `/v1/keys/${id}/revoke`)
      const answers = await Promise.all(
        keys.flatMap((key) => [
          tenant.call('PUT', PATH, { key_id: key.id, overlap_seconds: 60 }, { headers }),
          end(key),
        ]),
      )
      for (const { status, text } of answers) expect([200, 409], text).toContain(status)
      const rows = await suite.database.read
        .selectFrom('webhook_workspaces')
        .select('key_id')
        .where('workspace_id', '=', tenant.id)
        .execute()
      expect(rows).toHaveLength(1)
      const listed = (await tenant.call('GET', '/v1/keys?limit=100')).body.data as {
        id: string
        state: string
        webhook_key: boolean
      }[]
      const marked = listed.filter((key) => key.webhook_key)
      const { body } = await tenant.call('GET', PATH)
      expect(marked).toMatchObject([{ id: body.key_id, state: 'active' }])
      // All others were ended, unless they signed at that moment.
      const ended = listed.filter(({ state }) => state === 'destroyed' || state === 'deactivated')
      const refused = answers.filter(({ body: it }) => it.code === 'webhook_key_in_use')
      expect(ended).toHaveLength(keys.length - refused.length)
    })
  })
})
