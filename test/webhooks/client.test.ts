import { ApiError, ManagementClient } from '@bitting/client'
import { beforeAll, describe, expect, test } from 'vitest'
import { receiverUrl } from '../http/webhook-fixtures.js'
import { useServer } from '../http/support.js'

describe('the client’s operations on webhooks', () => {
  const suite = useServer()
  let client: ManagementClient
  let url: string
  beforeAll(async () => {
    const { controlUrl, managementKey } = suite.server
    client = new ManagementClient({ url: controlUrl, managementKey })
    url = await receiverUrl()
  })

  const newKey = async (name: string): Promise<string> =>
    (await client.keys.create({ name, environment: 'production', access: {} })).key.id
  const all = async <T>(list: AsyncIterable<T>): Promise<T[]> => {
    const found: T[] = []
    for await (const one of list) found.push(one)
    return found
  }

  test('the webhook key is set, moved with a condition, and unset', async () => {
    const [first, second] = [await newKey('First'), await newKey('Second')]
    expect((await client.webhookKey.set({ key_id: first })).version).toBe(1)
    const unguarded = client.webhookKey.set({ key_id: second })
    await expect(unguarded).rejects.toMatchObject({ status: 428, code: 'confirmation_required' })
    await client.webhookKey.set({ key_id: second, overlap_seconds: 60 }, { version: 1 })
    expect(await client.webhookKey.get()).toMatchObject({ key_id: second, previous_key_id: first })
    await client.webhookKey.set({ key_id: first }, { confirm: 'Second' })
    expect((await client.webhookKey.unset({ confirm: 'First' })).key_id).toBeNull()
  })

  test('an endpoint is made, changed, tried and deleted', async () => {
    await client.webhookKey.set({ key_id: await newKey('Signs') })
    const { endpoint, secret } = await client.webhookEndpoints.create({ url, events: ['order.*'] })
    const { id } = endpoint
    expect(secret).toMatch(/^whsec_/)
    expect(await client.webhookEndpoints.get(id)).toEqual(endpoint)
    const changed = await client.webhookEndpoints.update(id, { headers: { 'X-A': 'b' } }, endpoint.version)
    expect(changed.header_names).toEqual(['x-a'])
    await expect(client.webhookEndpoints.update(id, { ordered: true }, 1)).rejects.toMatchObject({
      status: 412,
    })
    expect((await client.webhookEndpoints.rotate(id, 60)).secret).not.toBe(secret)
    expect((await client.webhookEndpoints.switch(id)).uses_newest_key).toBeNull()
    expect(await client.webhookEndpoints.handshake(id)).toMatchObject({ ok: true, reason: null })
    expect((await client.webhookEndpoints.probe(id)).probe?.verdict).toBe('accepts_unsigned')
    expect((await client.webhookEndpoints.test(id)).id).toMatch(/^evt_/)
    expect((await all(client.webhookEndpoints.list())).map((it) => it.id)).toEqual([id])
    expect((await client.webhookEndpoints.delete(id)).state).toBe('deleted')
    expect(await all(client.webhookEndpoints.list())).toEqual([])
    expect(await all(client.webhookEndpoints.list({ deleted: true }))).toHaveLength(1)
    expect((await client.webhookEndpoints.listPage({ deleted: true }, { limit: 1 })).data).toHaveLength(1)
  })

  test('events are posted, and their deliveries read and sent again', async () => {
    const { endpoint } = await client.webhookEndpoints.create({ url, events: ['order.*'] })
    await client.webhookEndpoints.update(endpoint.id, { enabled: false })
    const { ids } = await client.events.publishAll([
      { type: 'order.paid', data: {} },
      { type: 'order.sent', data: {}, subject: 'order_1' },
    ])
    const { id } = await client.events.publish({ type: 'order.sent', data: { at: 1 } })
    const found = await all(client.events.list({ type: 'order.sent' }))
    expect(found.map((event) => event.id)).toEqual([id, ids[1]])
    expect((await client.events.listPage({}, { limit: 1 })).data).toHaveLength(1)
    expect(JSON.parse((await client.events.get(id)).body)).toMatchObject({ data: { at: 1 } })
    expect(await all(client.webhookEndpoints.deliveries(endpoint.id))).toEqual([])
    const since = { since: '2020-01-01T00:00:00Z' }
    expect(await client.webhookEndpoints.resend(endpoint.id, since)).toEqual({ resent: 3 })
    expect(await client.webhookEndpoints.resend(endpoint.id, { failed: true })).toEqual({ resent: 0 })
    const page = await client.webhookEndpoints.deliveriesPage(endpoint.id, { state: 'pending' }, { limit: 2 })
    expect(page.data.map((it) => it.event_id)).toEqual([id, ids[1]])
    expect(await client.webhookEndpoints.delivery(endpoint.id, id)).toMatchObject({ log: [], attempts: 0 })
    expect((await client.webhookEndpoints.resendDelivery(endpoint.id, id)).state).toBe('pending')
  })

  test('relays are made, listed and deleted; their key is in no error', async () => {
    const relay = await client.webhookRelays.create({ name: 'R', scheme: 'retell', key: 'a-key' })
    expect(await all(client.webhookRelays.list())).toEqual([relay])
    expect((await client.webhookRelays.delete(relay.id)).deleted).not.toBeNull()
    const refused = await client.webhookRelays
      .create({ name: 'R', scheme: 'standard', key: 'not-a-standard-key' })
      .catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(ApiError)
    expect(JSON.stringify(refused) + String(refused)).not.toContain('not-a-standard-key')
  })

  test.each(['..', 'a/b', ''])('an id that is none leads to no other operation: %j', (id) => {
    expect(() => client.webhookEndpoints.get(id)).toThrow(TypeError)
    expect(() => client.webhookEndpoints.delivery('whe_1', id)).toThrow(TypeError)
    expect(() => client.webhookRelays.delete(id)).toThrow(TypeError)
    expect(() => client.events.get(id)).toThrow(TypeError)
  })
})
