import { beforeEach, describe, expect, test } from 'vitest'
import { addEndpoint } from '../http/webhook-fixtures.js'
import { describeEachServer, type Tenant } from '../http/support.js'

const PATH = '/v1/events'

describeEachServer('posted events', (suite) => {
  let tenant: Tenant
  beforeEach(async () => {
    tenant = await suite.newTenant('Posts')
  })

  const post = (body: unknown, headers = {}) => tenant.call('POST', PATH, body, { headers })
  const list = async (query = '') => (await tenant.call('GET', PATH + query)).body

  test('are sent as the envelope of Standard Webhooks, to those who want them', async () => {
    const wants = await addEndpoint(tenant, { events: ['order.*'] })
    const all = await addEndpoint(tenant, { events: ['*'] })
    await addEndpoint(tenant, { events: ['order', 'orders.*', 'invoice.paid'] })
    const off = await addEndpoint(tenant, { events: ['*'] })
    await tenant.call('PATCH', `/v1/webhook-endpoints/${off}`, { enabled: false })
    const data = { total: 12, deep: { list: [null, 'é\u0000\u2028', { '': 1 }] } }
    const { status, body } = await post({ type: 'order.paid', subject: 'order 1', data })
    expect(status).toBe(202)
    const { body: event } = await tenant.call('GET', `${PATH}/${String(body.id)}`)
    expect(event).toMatchObject({ type: 'order.paid', subject: 'order 1', source: 'posted' })
    expect(JSON.parse(event.body as string)).toEqual({
      id: body.id,
      type: 'order.paid',
      timestamp: event.created_at,
      data,
    })
    expect(event.deliveries).toEqual(
      [all, wants].sort().map((id) => ({ endpoint_id: id, state: 'pending', attempts: 0 })),
    )
    const { body: delivery } = await tenant.call(
      'GET',
      `/v1/webhook-endpoints/${wants}/deliveries/${event.id}`,
    )
    expect(delivery).toMatchObject({ body: event.body, log: [], next_attempt_at: event.created_at })
  })

  test('are kept for later where nobody listens, and each has its entry in the log', async () => {
    const events = [1, 2, 3].map((at) => ({ type: `order.n${String(at)}`, data: { at } }))
    const { status, body } = await post({ events })
    expect(status).toBe(202)
    const { data } = await list()
    expect(data.map(({ id }: { id: string }) => id)).toEqual([...body.ids].reverse())
    const entries = (await suite.entries(tenant, 3)).toReversed()
    expect(entries).toMatchObject(
      events.map(({ type }, at) => ({
        action: 'event.publish',
        operation: 'publishEvents',
        resource: { type: 'event', id: body.ids[at] },
        details: { type, subject: null },
      })),
    )
  })

  test('are 100 at most a request, all or none', async () => {
    const events = Array.from({ length: 101 }, (_, at) => ({ type: 'order.paid', data: { at } }))
    const before = await suite.dump()
    expect((await post({ events })).body.errors).toMatchObject([{ field: 'events' }])
    const flawed = events.slice(1).with(57, { type: 'key.created', data: { at: 0 } })
    const { status, body } = await post({ events: flawed })
    expect([status, body.code]).toEqual([400, 'invalid_body'])
    expect(body.errors).toMatchObject([{ field: 'events.57.type' }])
    expect(body.errors[0].message).toContain('Bitting itself')
    expect(await suite.dump()).toEqual(before)
    expect((await post({ events: events.slice(1) })).body.ids).toHaveLength(100)
  })

  test('may fill the body that is read, and no more when they are written out', async () => {
    const room = 256 * 1024 - Buffer.byteLength('{"type":"a","data":{"a":""}}')
    const large = await post({ type: 'a', data: { a: 'x'.repeat(room - 200) } })
    expect(large.status).toBe(202)
    expect((await post({ type: 'a', data: { a: 'x'.repeat(room + 1) } })).status).toBe(413)
    const before = await suite.dump()
    // Numbers that are short as they come, and long as JavaScript writes them.
    const numbers = Array(20_000).fill('1e20').join(',')
    const one = await post(`{"type":"a","data":{"a":[${numbers}]}}`)
    expect([one.status, one.body.errors?.[0]?.field]).toEqual([400, 'data'])
    const several = await post(`{"events":[{"type":"a","data":{}},{"type":"a","data":{"a":[${numbers}]}}]}`)
    expect([several.status, several.body.errors?.[0]?.field]).toEqual([400, 'events.1.data'])
    expect(await suite.dump()).toEqual(before)
  })

  test('a repeated request is one event', async () => {
    const endpoint = await addEndpoint(tenant, { events: ['*'] })
    const headers = { 'idempotency-key': 'once' }
    const event = { type: 'order.paid', data: {} }
    const [first, second] = [await post(event, headers), await post(event, headers)]
    expect(second.body).toEqual(first.body)
    expect([second.status, second.headers.get('idempotency-replayed')]).toEqual([202, 'true'])
    expect((await post({ ...event, subject: 'x' }, headers)).body.code).toBe('idempotency_conflict')
    const { data } = (await tenant.call('GET', `/v1/webhook-endpoints/${endpoint}/deliveries`)).body
    expect(data.filter(({ type }: { type: string }) => type === 'order.paid')).toHaveLength(1)
  })

  describe('in the list', () => {
    test('are found by their type, page by page, beside those of Bitting', async () => {
      await addEndpoint(tenant, { events: ['*'] })
      for (let at = 0; at < 5; at++) {
        const events = ['order.paid', 'order.sent'].map((type) => ({ type, data: { at } }))
        await post({ events })
      }
      const seen: string[] = []
      let cursor: string | null = null
      do {
        const at: string = cursor === null ? '' : `&cursor=${cursor}`
        const page = await list(`?type=order.sent&limit=2${at}`)
        expect(page.data.length).toBeLessThanOrEqual(2)
        for (const { id, type } of page.data) seen.push(`${String(type)} ${String(id)}`)
        cursor = page.next_cursor as string | null
      } while (cursor !== null)
      expect(seen.every((it) => it.startsWith('order.sent evt_'))).toBe(true)
      expect(new Set(seen).size).toBe(5)
      expect((await list('?type=order')).data).toEqual([])
      const own = (await list('?type=webhook_endpoint.created')).data
      expect(own).toMatchObject([{ source: 'bitting' }])
    })

    test('deliveries are found by their state, page by page', async () => {
      const endpoint = await addEndpoint(tenant, { events: ['order.paid'] })
      const { body } = await post({
        events: Array.from({ length: 7 }, (_, at) => ({ type: 'order.paid', data: { at } })),
      })
      const failed = [body.ids[1], body.ids[4], body.ids[6]] as string[]
      await suite.database.transact((tx) =>
        tx
          .updateTable('webhook_deliveries')
          .set({ state: 'failed', finished_at_ms: 1_800_000_000_000, attempts: 10 })
          .where('endpoint_id', '=', endpoint)
          .where('sequence', 'in', (query) =>
            query.selectFrom('webhook_events').select('sequence').where('id', 'in', failed),
          )
          .execute(),
      )
      const of = async (query: string) =>
        (await tenant.call('GET', `/v1/webhook-endpoints/${endpoint}/deliveries${query}`)).body
      const first = await of('?state=failed&limit=2')
      const rest = await of(`?state=failed&limit=2&cursor=${String(first.next_cursor)}`)
      const found = [...first.data, ...rest.data] as { event_id: string }[]
      expect(found.map((it) => it.event_id)).toEqual(failed.reverse())
      expect(found[0]).toMatchObject({
        attempts: 10,
        next_attempt_at: null,
        finished_at: '2027-01-15T08:00:00.000Z',
      })
      expect([(await of('?state=pending')).data.length, (await of('?state=delivered')).data.length]).toEqual([
        4, 0,
      ])
      const { body: shown } = await tenant.call('GET', `/v1/webhook-endpoints/${endpoint}`)
      expect(shown.deliveries).toEqual({ pending: 4, failed: 3 })
    })
  })
})
