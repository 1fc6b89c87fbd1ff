import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { describeEachServer, type Tenant } from './support.js'
import {
  applicationEntry,
  record,
  search,
  placesOf,
  signedWhole,
  decode,
  isProved,
  read,
  logTables,
} from './audit-support.js'

describeEachServer('erasing personal data', (suite) => {
  const erase = async (tenant: Tenant, body: object): Promise<number> => {
    const answer = await tenant.call('POST', '/v1/audit/erase', body)
    expect(answer.status, answer.text).toBe(200)
    return answer.body.erased as number
  }

  test('takes it out of the entry, the table and the search, and leaves what is proved', async () => {
    const tenant = await suite.newTenant('Erased')
    const metadata = { email: 'jane.quibble@example.com', note: ['met in Xanadu'] }
    const index = await record(tenant, { userId: 'user_jane_quibble', metadata })
    const other = await record(tenant, { userId: 'user_other', metadata: { email: 'other@example.com' } })
    const before = (await read(tenant, index)).body
    const untouched = (await read(tenant, other)).body
    const leaf = JSON.parse(decode(before.raw as string).toString()) as { personal: string }
    expect(
      createHash('sha256')
        .update(decode(before.personal as string))
        .digest('base64'),
    ).toBe(leaf.personal)
    expect(decode(before.raw as string).toString()).not.toMatch(/quibble|xanadu/i)
    const checkpoint = await signedWhole(suite, tenant)

    expect(await erase(tenant, { actor: 'user_jane_quibble' })).toBe(1)
    const after = (await read(tenant, index)).body
    expect(after).toMatchObject({
      index,
      action: 'app.order.paid',
      actor: { type: 'user', id: null, address: null, user_agent: null },
      erased: true,
      personal: null,
      raw: before.raw,
    })
    expect(after.details).toEqual({ recorded_by: before.details.recorded_by })
    expect(await isProved(tenant, index, decode(after.raw as string), checkpoint)).toBe(true)
    expect(await isProved(tenant, index, decode(after.raw as string), await signedWhole(suite, tenant))).toBe(
      true,
    )
    expect((await tenant.call('GET', '/v1/audit/export?format=csv')).text).not.toMatch(/xanadu|quibble/i)
    for (const text of ['quibble', 'jane', 'xanadu'])
      expect(await placesOf(tenant, { text })).not.toContain(index)
    expect(await placesOf(tenant, { actor: 'user_jane_quibble' })).toEqual([])
    expect((await read(tenant, other)).body).toEqual(untouched)
    expect(await placesOf(tenant, { text: 'other example' })).toContain(other)
  })

  test('leaves nothing of it in any table, the words included', async () => {
    const tenant = await suite.newTenant('Gone')
    const metadata = { email: 'zaphod.heart@example.com' }
    await record(tenant, { userId: 'user_zaphod_heart', metadata })
    expect(await logTables(suite)).toMatch(/zaphod/)
    expect(await erase(tenant, { actor: 'user_zaphod_heart' })).toBe(1)
    const rows = JSON.stringify(await suite.dump())
    expect(rows).not.toMatch(/zaphod/)
    expect(await logTables(suite)).not.toMatch(/zaphod/)
  })

  test('is as complete where somebody had looked for the person before', async () => {
    const tenant = await suite.newTenant('Looked for')
    await record(tenant, { userId: 'user_trillian' })
    expect(await placesOf(tenant, { actor: 'user_trillian' })).toHaveLength(1)
    await erase(tenant, { actor: 'user_trillian' })
    expect(JSON.stringify(await suite.dump())).not.toMatch(/trillian/)
  })

  test('tells the log how much, and not whose', async () => {
    const tenant = await suite.newTenant('Telling')
    const first = await record(tenant, { userId: 'user_ford' })
    await record(tenant)
    const last = await record(tenant, { userId: 'user_ford' })
    expect(await erase(tenant, { actor: 'user_ford' })).toBe(2)
    const [entry] = await suite.entries(tenant, 1)
    expect(entry).toMatchObject({
      action: 'audit.erase',
      resource: { type: 'audit', id: null },
      outcome: 'success',
    })
    expect(entry?.details).toEqual({ entries: 2, by: 'actor', indexes: [first, last] })
    expect(JSON.stringify(entry)).not.toContain('ford')
    // What is gone is not erased again.
    expect(await erase(tenant, { actor: 'user_ford' })).toBe(0)
  })

  test('finds calls by what they were about and by where they came from, and no others', async () => {
    const tenant = await suite.newTenant('Calls')
    const { token } = await tenant.createKey({ access: 'full' })
    const ask = (ip: string, agent: string) =>
      tenant.call('POST', '/v1/verify', { token, method: 'GET', path: `/get-agent/${agent}`, ip })
    await ask('198.51.100.7', 'agent_1')
    await ask('198.51.100.8', 'agent_2')
    await ask('198.51.100.70', 'agent_1')
    await ask('2001:db8::7', 'agent_3')
    const seen = async () =>
      (await suite.entries(tenant, 100))
        .filter(({ action }) => action === 'call.allowed')
        .map(({ actor, resource }) => [actor.address, resource.id])
        .reverse()
    const all = [
      ['198.51.100.7', 'agent_1'],
      ['198.51.100.8', 'agent_2'],
      ['198.51.100.70', 'agent_1'],
      ['2001:db8::7', 'agent_3'],
    ]
    expect(await seen()).toEqual(all)
    expect(await erase(tenant, { address: '198.51.100.7' })).toBe(1)
    expect(await erase(tenant, { address: '2001:db8::7' })).toBe(1)
    expect(await seen()).toEqual([[null, null], all[1], all[2], [null, null]])
    expect(await erase(tenant, { resource: 'agent_1' })).toBe(1)
    expect(await seen()).toEqual([[null, null], all[1], [null, null], [null, null]])
  })

  test('takes nothing of what it is given for a pattern', async () => {
    const tenant = await suite.newTenant('Patterns')
    const { token } = await tenant.createKey({ access: 'full' })
    const path = '/get-agent/agent_1'
    await tenant.call('POST', '/v1/verify', { token, method: 'GET', path, ip: '198.51.100.7' })
    const before = (await suite.entries(tenant, 100)).filter(({ action }) => action === 'call.allowed')
    expect(before).toHaveLength(1)
    for (const address of [
      '198.51.100.',
      '198.51.100._',
      '198.51.100.%',
      '%',
      '_',
      '51.198.100.7',
      '192.0.2.1',
      '7',
    ]) {
      expect([address, await erase(tenant, { address })]).toEqual([address, 0])
    }
    for (const resource of ['agent_%', 'agent__', 'AGENT_1', 'agent']) {
      expect([resource, await erase(tenant, { resource })]).toEqual([resource, 0])
    }
    const after = (await suite.entries(tenant, 100)).filter(({ action }) => action === 'call.allowed')
    expect(after).toEqual(before)
  })

  test('is of more entries than one transaction takes', async () => {
    const tenant = await suite.newTenant('Many')
    const entries = Array<object>(100).fill(applicationEntry({ userId: 'user_many' }))
    for (let count = 0; count < 6; count++) await tenant.call('POST', '/v1/audit', { entries })
    expect(await erase(tenant, { actor: 'user_many' })).toBe(600)
    expect(await placesOf(tenant, { actor: 'user_many' })).toEqual([])
    const told = await search(tenant, { action: 'audit.erase' })
    expect(
      told.map(({ details }) => details['entries']).reduce((sum, some) => Number(sum) + Number(some), 0),
    ).toBe(600)
  })

  test('is of one’s own workspace alone', async () => {
    const [ours, theirs] = [await suite.newTenant('Ours'), await suite.newTenant('Theirs')]
    await record(theirs, { userId: 'user_both' })
    const before = await suite.entries(theirs, 100)
    expect(await erase(ours, { actor: 'user_both' })).toBe(0)
    expect(await erase(ours, { resource: 'order_1' })).toBe(0)
    expect(await suite.entries(theirs, 100)).toEqual(before)
  })
})
