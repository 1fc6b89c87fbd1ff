import { beforeEach, expect, test } from 'vitest'
import type { WebhookDeliveryRow } from '../../server/src/storage/webhook-schema.js'
import { addEndpoint } from '../http/webhook-fixtures.js'
import { describeEachServer, type Tenant } from '../http/support.js'

/** Without a webhook key nothing is delivered meanwhile, so what is pending stays so. */
describeEachServer('sending again', (suite) => {
  let tenant: Tenant
  beforeEach(async () => {
    tenant = await suite.newTenant('Again')
  })

  const publish = async (count: number, type = 'order.paid') => {
    const ids: string[] = []
    while (ids.length < count) {
      const length = Math.min(100, count - ids.length)
      const events = Array.from({ length }, (_, at) => ({ type, subject: `s${String(at)}`, data: {} }))
      ids.push(...((await tenant.call('POST', '/v1/events', { events })).body.ids as string[]))
    }
    return ids
  }
  const resend = (endpoint: string, body: object) =>
    tenant.call('POST', `/v1/webhook-endpoints/${endpoint}/resend`, body)
  const mark = (endpoint: string, state: WebhookDeliveryRow['state'], upTo = Number.MAX_SAFE_INTEGER) =>
    suite.database.transact((tx) =>
      tx
        .updateTable('webhook_deliveries')
        .set({ state, finished_at_ms: 5, attempts: 10, failures: 10, next_at_ms: 7 })
        .where('endpoint_id', '=', endpoint)
        .where('sequence', '<=', upTo)
        .execute(),
    )
  const rowsOf = (endpoint: string) =>
    suite.database.read
      .selectFrom('webhook_deliveries')
      .selectAll()
      .where('endpoint_id', '=', endpoint)
      .orderBy('sequence')
      .execute()
  const statesOf = async (endpoint: string) => {
    const rows = await rowsOf(endpoint)
    return Object.fromEntries(
      ['pending', 'delivered', 'failed'].map((state) => [
        state,
        rows.filter((row) => row.state === state).length,
      ]),
    )
  }
  const resendEntries = async () =>
    (await suite.entries(tenant, 10)).filter(({ action }) => action === 'webhook_endpoint.resend').reverse()

  test('one delivery begins its schedule anew, and keeps its attempts', async () => {
    const endpoint = await addEndpoint(tenant)
    const [id = '', other = ''] = await publish(2)
    const path = `/v1/webhook-endpoints/${endpoint}/deliveries/${id}/resend`
    for (const state of ['failed', 'delivered', 'pending'] as const) {
      await mark(endpoint, state)
      const { status, body } = await tenant.call('POST', path)
      expect([status, body.state, body.attempts, body.finished_at]).toEqual([200, 'pending', 10, null])
      const [row, untouched] = await rowsOf(endpoint)
      expect(row).toMatchObject({ failures: 0, attempts: 10, finished_at_ms: null })
      expect(row?.next_at_ms).toBeGreaterThan(1_700_000_000_000)
      expect(untouched).toMatchObject({ state, failures: 10, next_at_ms: 7 })
    }
    expect((await resendEntries()).at(-1)).toMatchObject({
      operation: 'resendWebhookDelivery',
      resource: { type: 'webhook_endpoint', id: endpoint },
      details: { event_id: id },
    })
    const elsewhere = await addEndpoint(tenant)
    for (const [where, event] of [
      [elsewhere, other],
      [endpoint, 'evt_0000000000000000000000'],
    ] as const) {
      const answer = await tenant.call('POST', `/v1/webhook-endpoints/${where}/deliveries/${event}/resend`)
      expect(answer.status).toBe(404)
    }
  })

  test('all that failed goes again, some hundred at a time, and nothing else', async () => {
    const endpoint = await addEndpoint(tenant)
    const other = await addEndpoint(tenant)
    await publish(1100)
    const sequences = (await rowsOf(endpoint)).map(({ sequence }) => sequence)
    await mark(endpoint, 'failed')
    await mark(endpoint, 'delivered', sequences[49])
    await mark(other, 'failed')
    expect((await resend(endpoint, { failed: true })).body).toEqual({ resent: 1050 })
    expect(await statesOf(endpoint)).toEqual({ pending: 1050, delivered: 50, failed: 0 })
    expect(await statesOf(other)).toEqual({ pending: 0, delivered: 0, failed: 1100 })
    expect((await resendEntries()).map(({ details }) => details)).toEqual(
      [500, 500, 50].map((deliveries) => ({ what: 'failed', deliveries })),
    )
    expect((await resend(endpoint, { failed: true })).body).toEqual({ resent: 0 })
  })

  test('what an endpoint missed since a time gets its delivery, where the endpoint wants it', async () => {
    const started = new Date(Date.now() - 1000).toISOString()
    const early = await publish(3)
    const endpoint = await addEndpoint(tenant, { events: ['order.*'] })
    const path = `/v1/webhook-endpoints/${endpoint}`
    const [taken] = await publish(1)
    await mark(endpoint, 'delivered')
    await publish(2)
    await suite.database.transact((tx) =>
      tx
        .updateTable('webhook_deliveries')
        .set({ state: 'failed' })
        .where('endpoint_id', '=', endpoint)
        .where('state', '=', 'pending')
        .execute(),
    )
    await tenant.call('PATCH', path, { enabled: false })
    const missed = await publish(600)
    await publish(20, 'invoice.paid')
    await tenant.call('PATCH', path, { enabled: true })
    expect((await rowsOf(endpoint)).length).toBe(3)
    expect((await resend(endpoint, { since: '2099-01-01T00:00:00Z' })).body).toEqual({ resent: 0 })
    const { body } = await resend(endpoint, { since: started })
    expect(body).toEqual({ resent: early.length + 2 + missed.length })
    expect(await statesOf(endpoint)).toEqual({ pending: 605, delivered: 1, failed: 0 })
    expect((await tenant.call('GET', `${path}/deliveries/${String(taken)}`)).body.state).toBe('delivered')
    const { body: one } = await tenant.call('GET', `${path}/deliveries/${String(missed[7])}`)
    expect(one).toMatchObject({ state: 'pending', subject: 's7', attempts: 0 })
    expect((await resend(endpoint, { since: started })).body).toEqual({ resent: 0 })
  })

  test('what an endpoint does not want is passed over, however much it is', async () => {
    const since = new Date(Date.now() - 1000).toISOString()
    const endpoint = await addEndpoint(tenant, { events: ['invoice.paid'] })
    await tenant.call('PATCH', `/v1/webhook-endpoints/${endpoint}`, { enabled: false })
    await publish(1300)
    await publish(3, 'invoice.paid')
    await tenant.call('PATCH', `/v1/webhook-endpoints/${endpoint}`, { enabled: true })
    expect((await resend(endpoint, { since })).body).toEqual({ resent: 3 })
    expect((await resendEntries()).map(({ details }) => details)).toEqual([{ what: 'since', deliveries: 3 }])
  })

  test('a test event stays with the endpoint that it was meant for', async () => {
    const since = new Date(Date.now() - 1000).toISOString()
    const meant = await addEndpoint(tenant, { events: ['order.*'] })
    const { body: sent } = await tenant.call('POST', `/v1/webhook-endpoints/${meant}/test`)
    const { body: event } = await tenant.call('GET', `/v1/events/${String(sent.id)}`)
    expect(event).toMatchObject({ type: 'webhook_endpoint.test', subject: meant, source: 'bitting' })
    const others = await addEndpoint(tenant, { events: ['*', 'webhook_endpoint.test'] })
    await resend(others, { since })
    const { body: after } = await tenant.call('GET', `/v1/events/${String(sent.id)}`)
    expect(after.deliveries).toEqual([{ endpoint_id: meant, state: 'pending', attempts: 0 }])
  })
})
