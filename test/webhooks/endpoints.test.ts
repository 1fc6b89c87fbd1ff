import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { describeEachServer, type Tenant } from '../http/support.js'
import { signingKeyOf } from '../http/webhook-fixtures.js'
import { startReceiver, type VerifyingReceiver } from './verifying-receiver.js'

const PATH = '/v1/webhook-endpoints'

describeEachServer('webhook endpoints', (suite) => {
  let tenant: Tenant
  let receiver: VerifyingReceiver

  beforeAll(async () => {
    receiver = await startReceiver()
  })
  afterAll(() => receiver.close())
  beforeEach(async () => {
    tenant = await suite.newTenant('Listens')
    receiver.secret = null
    receiver.handshake = { status: 200, headers: { 'webhook-allowed-origin': '*' } }
  })

  const create = async (more: object = {}) => {
    const { body, text } = await tenant.call('POST', PATH, { url: receiver.url, ...more })
    if (body.endpoint === undefined) throw new Error(text)
    return body as { endpoint: { id: string; version: number; public_key: string }; secret: string }
  }
  const patch = (id: string, changes: object) => tenant.call('PATCH', `${PATH}/${id}`, changes)
  const post = (id: string, deed: string, body?: object) => tenant.call('POST', `${PATH}/${id}/${deed}`, body)
  const newest = async () => (await suite.entries(tenant, 1))[0]
  const rowOf = (id: string) =>
    suite.database.read
      .selectFrom('webhook_endpoints')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow()

  test('begin with all that is usual, and with their address in one spelling', async () => {
    const { endpoint } = await create({ url: receiver.url.replace('http://127.0.0.1', 'HTTP://127.1') })
    expect(endpoint).toMatchObject({
      url: receiver.url,
      description: '',
      events: ['*'],
      signatures: ['standard', 'retell', 'body'],
      header_names: [],
      rate_limit: null,
      concurrency: 8,
      ordered: false,
      require_handshake: false,
      handshake_at: null,
      state: 'awaiting_webhook_key',
      disabled: null,
      failing_since: null,
      secret_retires_at: null,
      uses_newest_key: null,
      probe: null,
      deliveries: { pending: 0, failed: 0 },
      version: 1,
      deleted: null,
    })
    expect(endpoint.id).toMatch(/^whe_[0-9A-Za-z]{13}$/)
    await signingKeyOf(tenant)
    expect((await tenant.call('GET', `${PATH}/${endpoint.id}`)).body.state).toBe('active')
  })

  test('their secret and what their headers say is in no answer, event, entry or row', async () => {
    const canaries = ['a-canary-of-a-value', 'another-canary-value', 'a-canary-in-the-query']
    const url = `${receiver.url}?token=${String(canaries[2])}`
    const { endpoint, secret } = await create({ url, headers: { 'X-One': canaries[0], 'x-two': 'plain' } })
    const { body: changed } = await patch(endpoint.id, { headers: { 'X-Three': canaries[1] } })
    expect(changed.header_names).toEqual(['x-three'])
    await post(endpoint.id, 'rotate', { overlap_seconds: 60 })
    const texts = [
      (await tenant.call('GET', PATH)).text.replaceAll(url, ''),
      (await tenant.call('GET', '/v1/audit?limit=100')).text,
      (await tenant.call('GET', '/v1/audit/export')).text,
      JSON.stringify(await suite.database.read.selectFrom('webhook_events').selectAll().execute()),
      JSON.stringify(await suite.dump()).replaceAll(url, ''),
    ]
    expect(texts[1]).toContain('x-three')
    for (const text of texts) {
      for (const canary of [...canaries, secret, secret.slice('whsec_'.length)]) {
        expect(text.includes(canary), canary).toBe(false)
      }
      const raw = Buffer.from(secret.slice('whsec_'.length), 'base64').toString('hex')
      expect(text.includes(raw)).toBe(false)
    }
  })

  test('are 100 at most, however many are asked for at once', async () => {
    const body = { url: receiver.url, events: ['order.paid'] }
    const answers = await Promise.all(Array.from({ length: 105 }, () => tenant.call('POST', PATH, body)))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(100)
    const refused = answers.filter(({ status }) => status === 409)
    expect(refused).toHaveLength(5)
    expect(refused[0]?.body).toMatchObject({ code: 'limit_reached', limit: 100 })
    const first = answers.find(({ status }) => status === 201)?.body.endpoint.id as string
    await tenant.call('DELETE', `${PATH}/${first}`)
    expect((await tenant.call('POST', PATH, body)).status).toBe(201)
    const { body: page } = await tenant.call('GET', `${PATH}?limit=60`)
    const { body: rest } = await tenant.call('GET', `${PATH}?limit=60&cursor=${String(page.next_cursor)}`)
    const ids = [...page.data, ...rest.data].map(({ id }: { id: string }) => id)
    expect([ids.length, new Set(ids).size, ids.includes(first), rest.next_cursor]).toEqual([
      100,
      100,
      false,
      null,
    ])
  })

  test('take as many filters and headers as are promised', async () => {
    const events = Array.from({ length: 50 }, (_, at) => `order.${String(at)}`)
    const headers = Object.fromEntries(
      Array.from({ length: 20 }, (_, at) => [`x-${String(at)}`, 'y'.repeat(1024)]),
    )
    const { endpoint } = await create({ events, headers })
    expect(endpoint).toMatchObject({ events, header_names: Object.keys(headers) })
    expect((await patch(endpoint.id, { events: ['a', 'a', 'b.*'] })).body.events).toEqual(['a', 'b.*'])
  })

  test('a repeated creation is one endpoint, and its secret is not shown again', async () => {
    const send = () =>
      tenant.call('POST', PATH, { url: receiver.url }, { headers: { 'idempotency-key': 'once' } })
    const [first, second] = [await send(), await send()]
    expect(second.body.endpoint).toEqual(first.body.endpoint)
    expect([second.status, second.body.secret]).toEqual([201, null])
    expect(second.body.secret_note).toContain('Rotate it')
    expect(second.headers.get('idempotency-replayed')).toBe('true')
  })

  test('are disabled and enabled, which is told as such; anything else is an update', async () => {
    const { endpoint } = await create()
    const { body: disabled } = await patch(endpoint.id, { enabled: false })
    expect(disabled).toMatchObject({ state: 'disabled', disabled: { reason: 'manual' }, version: 2 })
    expect(await newest()).toMatchObject({
      action: 'webhook_endpoint.disable',
      details: { reason: 'manual' },
    })
    expect((await post(endpoint.id, 'test')).body).toMatchObject({
      code: 'state_conflict',
      state: 'disabled',
    })
    await suite.database.transact((tx) =>
      tx
        .updateTable('webhook_endpoints')
        .set({ failing_since_ms: 1 })
        .where('id', '=', endpoint.id)
        .execute(),
    )
    const { body: enabled } = await patch(endpoint.id, { enabled: true })
    expect(enabled).toMatchObject({ disabled: null, failing_since: null })
    expect(await newest()).toMatchObject({ action: 'webhook_endpoint.enable' })
    await patch(endpoint.id, { enabled: false, description: 'Off' })
    expect(await newest()).toMatchObject({
      action: 'webhook_endpoint.update',
      details: { before: { enabled: true, description: '' }, after: { enabled: false, description: 'Off' } },
    })
    const { data } = (await tenant.call('GET', '/v1/events')).body as { data: { type: string }[] }
    const types = data.map(({ type }) => type)
    expect(types).toContain('webhook_endpoint.enabled')
  })

  test('a new address is a new receiver: nothing learnt of the old one counts', async () => {
    await signingKeyOf(tenant)
    const { endpoint } = await create({ require_handshake: true })
    expect(endpoint).toMatchObject({ state: 'active' })
    await post(endpoint.id, 'probe')
    await post(endpoint.id, 'switch')
    expect(await rowOf(endpoint.id)).toMatchObject({ switched_to: expect.any(String) as string })
    const { body: same } = await patch(endpoint.id, { url: receiver.url, ordered: true })
    expect(same.probe).not.toBeNull()
    const { body: moved } = await patch(endpoint.id, { url: `${receiver.url}/2` })
    expect(moved).toMatchObject({ state: 'awaiting_handshake', handshake_at: null, probe: null })
    expect(await rowOf(endpoint.id)).toMatchObject({ switched_to: null, failing_since_ms: null })
    expect((await post(endpoint.id, 'probe')).body).toMatchObject({ state: 'awaiting_handshake' })
  })

  test('a handshake is kept where it succeeds, with the rate granted, and told where it fails', async () => {
    receiver.handshake = { status: 403, headers: {} }
    const { endpoint } = await create({ require_handshake: true, rate_limit: 7 })
    expect(endpoint).toMatchObject({ state: 'awaiting_handshake', version: 1 })
    expect(await newest()).toMatchObject({
      action: 'webhook_endpoint.handshake',
      outcome: 'failure',
      reason: 'refused',
    })
    const { status, body } = await post(endpoint.id, 'handshake')
    expect([status, body.ok, body.endpoint.handshake_at]).toEqual([200, false, null])
    expect(body.reason).toContain('403')
    const grant = async (rate: string) => {
      const headers = { 'webhook-allowed-origin': '*', 'webhook-allowed-rate': rate }
      receiver.handshake = { status: 200, headers }
      return (await post(endpoint.id, 'handshake')).body.endpoint.rate_limit as number
    }
    expect([await grant('*'), await grant('6000'), await grant('240'), await grant('60')]).toEqual([
      7, 7, 4, 1,
    ])
    expect((await tenant.call('GET', `${PATH}/${endpoint.id}`)).body.handshake_at).toMatch(/Z$/)
  })

  test('that move to another host leave their headers behind, unless they are given with it', async () => {
    const headers = { authorization: 'Bearer theirs' }
    const { endpoint } = await create({ url: 'https://a.example/x', headers })
    const patch = async (changes: object) =>
      (await tenant.call('PATCH', `${PATH}/${endpoint.id}`, changes)).body.header_names as string[]
    expect(await patch({ url: 'https://a.example/y' })).toEqual(['authorization'])
    expect(await patch({ url: 'https://b.example/y', headers })).toEqual(['authorization'])
    expect(await patch({ url: 'https://c.example/y' })).toEqual([])
  })

  describe('with a receiver that verifies with their own secret', () => {
    const verdict = async (id: string, secret: string) => {
      receiver.secret = secret
      return (await post(id, 'probe')).body.probe.verdict as string
    }

    test('are found to verify; a rotation leaves the old secret good for its overlap', async () => {
      await signingKeyOf(tenant)
      const { endpoint, secret: first } = await create()
      expect(await verdict(endpoint.id, first)).toBe('verifies')
      expect(await newest()).toMatchObject({
        action: 'webhook_endpoint.probe',
        details: { verdict: 'verifies' },
      })
      const { body: rotated } = await post(endpoint.id, 'rotate', { overlap_seconds: 600 })
      const second = rotated.secret as string
      expect(rotated.endpoint.public_key).not.toBe(endpoint.public_key)
      expect([await verdict(endpoint.id, first), await verdict(endpoint.id, second)]).toEqual([
        'verifies',
        'verifies',
      ])
      const { body: last } = await post(endpoint.id, 'rotate', { overlap_seconds: 0 })
      expect(last.endpoint.secret_retires_at).toBeNull()
      const verdicts = []
      for (const secret of [first, second, last.secret as string]) {
        verdicts.push(await verdict(endpoint.id, secret))
      }
      expect(verdicts).toEqual(['refuses_all', 'refuses_all', 'verifies'])
    })

    test('cannot be probed without a webhook key; can be while disabled', async () => {
      const { endpoint, secret } = await create({ headers: { 'X-Own': 'mine' } })
      const { status, body } = await post(endpoint.id, 'probe')
      expect([status, body.state]).toEqual([409, 'awaiting_webhook_key'])
      await signingKeyOf(tenant)
      await patch(endpoint.id, { enabled: false })
      expect(await verdict(endpoint.id, secret)).toBe('verifies')
      expect(receiver.taken.at(-1)).toMatchObject({ 'x-own': 'mine', 'user-agent': 'bitting-webhooks' })
    })
  })

  test('are told to verify with the newest secret of the webhook key, which matters in an overlap', async () => {
    const { endpoint } = await create()
    const read = async () =>
      (await tenant.call('GET', `${PATH}/${endpoint.id}`)).body.uses_newest_key as unknown
    expect((await post(endpoint.id, 'switch')).body.code).toBe('state_conflict')
    const keyId = await signingKeyOf(tenant)
    expect(await read()).toBeNull()
    await tenant.call('POST', `/v1/keys/${keyId}/rotate`, { overlap_seconds: 600 })
    expect(await read()).toBe(false)
    expect((await post(endpoint.id, 'switch')).body.uses_newest_key).toBe(true)
    const { id } = await tenant.createKey()
    await tenant.call('PUT', '/v1/webhook-key', { key_id: id }, { headers: { 'if-match': '*' } })
    expect(await read()).toBe(false)
    const old = { 'if-match': '"1"' }
    const answer = await tenant.call('POST', `${PATH}/${endpoint.id}/switch`, undefined, { headers: old })
    expect(answer.status).toBe(412)
  })

  test('deleted leave a record without secrets, and nothing on its way', async () => {
    const { endpoint } = await create({ headers: { 'x-own': 'mine' }, events: ['order.paid'] })
    await post(endpoint.id, 'rotate', { overlap_seconds: 60 })
    await tenant.call('POST', '/v1/events', { type: 'order.paid', data: {} })
    const { body } = await tenant.call('DELETE', `${PATH}/${endpoint.id}`)
    expect(body).toMatchObject({ state: 'deleted', deliveries: { pending: 0, failed: 1 }, header_names: [] })
    expect(await newest()).toMatchObject({
      action: 'webhook_endpoint.delete',
      details: { url: receiver.url, deliveries_given_up: 1 },
    })
    expect(await rowOf(endpoint.id)).toMatchObject({
      sealed_secret: null,
      sealed_retiring_secret: null,
      sealed_headers: null,
    })
    const { data } = (await tenant.call('GET', `${PATH}/${endpoint.id}/deliveries`)).body
    expect(data).toMatchObject([{ state: 'failed', finished_at: expect.any(String) as string }])
    expect((await tenant.call('GET', PATH)).body.data).toEqual([])
    expect((await tenant.call('GET', `${PATH}?deleted=true`)).body.data).toMatchObject([{ id: endpoint.id }])
    for (const [method, deed, sent] of [
      ['PATCH', '', { enabled: true }],
      ['DELETE', '', undefined],
      ['POST', '/rotate', { overlap_seconds: 0 }],
      ['POST', '/switch', undefined],
      ['POST', '/handshake', undefined],
      ['POST', '/test', undefined],
      ['POST', '/probe', undefined],
      ['POST', '/resend', { failed: true }],
      ['POST', `/deliveries/${String(data[0].event_id)}/resend`, undefined],
    ] as const) {
      const answer = await tenant.call(method, `${PATH}/${endpoint.id}${deed}`, sent)
      expect([deed, answer.status, answer.body.state]).toEqual([deed, 409, 'deleted'])
    }
  })
})
