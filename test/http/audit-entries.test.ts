import { beforeAll, expect, test } from 'vitest'
import { describeEachServer, type Tenant } from './support.js'
import { applicationEntry, record, read } from './audit-support.js'

describeEachServer('what an application records', (suite) => {
  let tenant: Tenant
  beforeAll(async () => {
    tenant = await suite.newTenant('Recording')
  })

  test('is the entry of the security guide, as it is printed there', async () => {
    const currentUser = { id: 'user_4711' }
    const entry = {
      action: 'retellai.api.call',
      userId: currentUser.id,
      resource: '/v1/resource',
      result: 'success',
    }
    const log = { ...entry, timestamp: new Date() }
    const answer = await tenant.call('POST', '/v1/audit', log)
    expect(answer.status, answer.text).toBe(201)
    const { index } = answer.body as { index: number }
    const { key } = (await tenant.call('GET', '/v1/whoami')).body as { key: { id: string } }
    expect((await read(tenant, index)).body).toMatchObject({
      index,
      workspace: tenant.id,
      actor: { type: 'user', id: 'user_4711', address: '127.0.0.1' },
      action: 'app.retellai.api.call',
      operation: 'recordAuditEntries',
      resource: { type: 'application', id: '/v1/resource' },
      outcome: 'success',
      reason: null,
      request_id: answer.headers.get('request-id'),
      details: { recorded_by: key.id, occurred_at: log.timestamp.toISOString() },
      erased: false,
    })
  })

  test('may have failed, and may say more of itself', async () => {
    const metadata = { amount: 12.5, tags: ['a', null, true], deep: { er: { 'än ‑ y': '🔑' } } }
    const index = await record(tenant, { result: 'failure', metadata })
    expect((await read(tenant, index)).body).toMatchObject({
      outcome: 'failure',
      reason: 'reported',
      details: { metadata },
    })
  })

  test('cannot pass for an act of ours, whatever its name is', async () => {
    const index = await record(tenant, { action: 'key.delete', userId: 'operator', resource: tenant.id })
    expect((await read(tenant, index)).body).toMatchObject({
      action: 'app.key.delete',
      actor: { type: 'user', id: 'operator' },
      resource: { type: 'application', id: tenant.id },
    })
  })

  test('are up to a hundred at once, in their order', async () => {
    const entries = Array.from({ length: 100 }, (_, place) =>
      applicationEntry({ resource: `many_${String(place)}` }),
    )
    const { status, body } = await tenant.call('POST', '/v1/audit', { entries })
    expect([status, body.count]).toEqual([201, 100])
    const found = await suite.entries(tenant, 100)
    expect(found.map(({ resource }) => resource.id).reverse()).toEqual(
      entries.map(({ resource }) => resource),
    )
    expect(found.at(-1)?.index).toBe(body.index)
  })

  test('is all of it or nothing', async () => {
    const before = await suite.dump()
    const entries = [applicationEntry(), applicationEntry({ result: 'maybe' }), applicationEntry()]
    expect((await tenant.call('POST', '/v1/audit', { entries })).status).toBe(400)
    expect(await suite.dump()).toEqual(before)
  })

  test('is recorded once, however often it is sent under one Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'order-1' }
    const post = (more = {}) => tenant.call('POST', '/v1/audit', applicationEntry(more), { headers })
    const first = await post()
    const dump = await suite.dump()
    const again = await post()
    expect([again.status, again.text]).toEqual([first.status, first.text])
    expect([first, again].map((answer) => answer.headers.get('idempotency-replayed'))).toEqual([null, 'true'])
    const other = await post({ resource: 'order_2' })
    expect([other.status, other.body.code]).toEqual([409, 'idempotency_conflict'])
    expect(await suite.dump()).toEqual(dump)
  })
})
