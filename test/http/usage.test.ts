import { expect, test } from 'vitest'
import type { UsageView } from '@bitting/client'
import { ManagementClient } from '@bitting/client'
import { forgetUsage } from '../../server/src/feed/usage-flush.js'
import { describeEachServer, eventually, type Suite, type Tenant } from './support.js'

const DAY = 86_400
/** A midnight, so that what is counted by the day begins with it. */
const MIDNIGHT = 1_800_057_600
const time = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')

describeEachServer('use over time', (suite) => {
  test('calls through the gateway, verifications and management calls are there by permission and level', async () => {
    const tenant = await suite.newTenant('Used')
    const key = await tenant.createKey({ access: { agent: 'read', history: 'read' } })
    const manager = await tenant.createKey({ kind: 'management', name: 'Manager', access: { keys: 'read' } })
    const since = encodeURIComponent(time(Math.floor(Date.now() / 1000) - 60))
    const ask = async (method: string, path: string, times: number) => {
      for (let count = 0; count < times; count++) {
        const response = await suite.server.fetch(path, key.token, { method })
        await response.arrayBuffer()
      }
    }
    await ask('GET', '/list-voices', 3)
    await ask('POST', '/create-agent', 2)
    await ask('GET', '/get-concurrency', 1)
    await ask('GET', '/nowhere', 1)
    const verification = { token: key.token, method: 'POST', path: '/v3/list-calls' }
    expect((await tenant.call('POST', '/v1/verify', verification)).body.allowed).toBe(true)
    await tenant.call('GET', '/v1/keys', undefined, { key: manager.token })
    await tenant.call('POST', '/v1/keys', {}, { key: manager.token })
    await tenant.call('POST', `/v1/keys/${key.id}/suspend`)
    await ask('GET', '/list-voices', 4)

    const expected = {
      'agent:read': [3, 0],
      'agent:edit': [0, 2],
      'any:read': [1, 0],
      'unmapped:edit': [0, 1],
      'history:read': [1, 0],
      'refused:read': [0, 4],
    }
    const usage = await eventually('all of the use', async () => {
      const { body } = await tenant.call('GET', `/v1/keys/${key.id}/usage?since=${since}`)
      return sumOf(body) === 12 ? (body as UsageView) : null
    })
    expect(byScope(usage)).toEqual(expected)
    const managed = await eventually('the use of the management key', async () => {
      const { body } = await tenant.call('GET', `/v1/keys/${manager.id}/usage?since=${since}&step=day`)
      return sumOf(body) === 2 ? (body as UsageView) : null
    })
    expect(byScope(managed)).toEqual({ 'keys:read': [1, 0], 'keys:edit': [0, 1] })
    expect(managed.since).toMatch(/T00:00:00Z$/)
    // The workspace's own key asks all the time: what only the API key does is enough to see.
    const { body: whole } = await tenant.call('GET', `/v1/usage?since=${since}`)
    const { 'agent:read': reads, 'refused:read': refused } = byScope(whole)
    expect({ reads, refused }).toEqual({ reads: [3, 0], refused: [0, 4] })
    const { body: listed } = await tenant.call('GET', `/v1/keys/${key.id}`)
    expect(listed).toMatchObject({ requests_allowed: 5, requests_denied: 7 })
  })

  test('is added up by the hour and by the day, within the range alone', async () => {
    const tenant = await suite.newTenant('Summed')
    const keys = [await tenant.createKey(), await tenant.createKey()] as const
    await write(suite, tenant, keys[0].id, [
      [MIDNIGHT - 3600, 1, 0],
      [MIDNIGHT, 2, 0],
      [MIDNIGHT + 3600, 4, 1],
      [MIDNIGHT + DAY, 8, 0],
    ])
    const client = new ManagementClient({ url: suite.server.controlUrl, managementKey: tenant.managementKey })
    const range = { since: time(MIDNIGHT), until: time(MIDNIGHT + DAY) }
    const scope = { permission: 'agent', level: 'read' }
    expect(await client.usage.ofKey(keys[0].id, { ...range, step: 'day' })).toEqual({
      ...range,
      step: 'day',
      data: [{ at: time(MIDNIGHT), ...scope, allowed: 6, denied: 1 }],
    })
    expect(await client.usage.ofWorkspace({ ...range, step: 'day' })).toEqual({
      ...range,
      step: 'day',
      data: [{ at: time(MIDNIGHT), ...scope, allowed: 60, denied: 10 }],
    })
    // A span is whole though the range begins within it.
    const late = await client.usage.ofKey(keys[0].id, {
      since: time(MIDNIGHT + 3700),
      until: time(MIDNIGHT + DAY + 1),
    })
    expect(late).toMatchObject({
      since: time(MIDNIGHT + 3600),
      step: 'hour',
      data: [
        { at: time(MIDNIGHT + 3600), allowed: 4, denied: 1 },
        { at: time(MIDNIGHT + DAY), allowed: 8 },
      ],
    })
    expect((await client.usage.ofKey(keys[1].id, range)).data).toEqual([])
    expect((await client.usage.ofKey(keys[0].id, { ...range, since: time(MIDNIGHT - 8 * DAY) })).step).toBe(
      'day',
    )
    expect((await client.usage.ofKey(keys[0].id, { ...range, since: time(MIDNIGHT - 7 * DAY) })).step).toBe(
      'hour',
    )
  })

  test.each([
    [`since=${time(MIDNIGHT)}&until=${time(MIDNIGHT)}`, 'since'],
    [`since=${time(MIDNIGHT)}&until=${time(MIDNIGHT - 1)}`, 'since'],
    [`since=${time(MIDNIGHT - 400 * DAY - 1)}&until=${time(MIDNIGHT)}`, 'since'],
    [`since=${time(MIDNIGHT - 31 * DAY - 1)}&until=${time(MIDNIGHT)}&step=hour`, 'since'],
    ['step=week', 'step'],
    ['since=yesterday', 'since'],
    ['from=yesterday', 'from'],
  ])('refuses %s, naming %s', async (query, field) => {
    const { id } = await suite.tenant.createKey()
    for (const path of ['/v1/usage', `/v1/keys/${id}/usage`]) {
      const { status, body } = await suite.tenant.call('GET', `${path}?${query}`)
      expect([path, status, body.code]).toEqual([path, 400, 'invalid_request'])
      expect(JSON.stringify(body)).toContain(field)
    }
  })

  test('takes the longest ranges', async () => {
    for (const [days, step] of [
      [400, 'day'],
      [31, 'hour'],
    ] as const) {
      const query = `since=${time(MIDNIGHT - days * DAY)}&until=${time(MIDNIGHT)}&step=${step}`
      expect((await suite.tenant.call('GET', `/v1/usage?${query}`)).status).toBe(200)
    }
  })

  test('of another workspace’s key is not found, and not in one’s own sums', async () => {
    const [tenant, other] = [await suite.newTenant('Mine'), await suite.newTenant('Theirs')]
    const { id } = await tenant.createKey()
    await write(suite, tenant, id, [[MIDNIGHT, 7, 0]])
    const range = `since=${time(MIDNIGHT)}&until=${time(MIDNIGHT + DAY)}`
    expect((await other.call('GET', `/v1/keys/${id}/usage?${range}`)).status).toBe(404)
    expect((await other.call('GET', '/v1/keys/key_0000000000000/usage')).status).toBe(404)
    expect((await other.call('GET', `/v1/usage?${range}`)).body.data).toEqual([])
    expect(sumOf((await tenant.call('GET', `/v1/keys/${id}/usage?${range}`)).body)).toBe(7)
  })

  test('is forgotten after 400 days', async () => {
    const tenant = await suite.newTenant('Forgotten')
    const { id } = await tenant.createKey()
    await write(suite, tenant, id, [
      [MIDNIGHT, 1, 0],
      [MIDNIGHT + 3600, 2, 0],
    ])
    await forgetUsage(suite.database, MIDNIGHT + 3600 + 400 * DAY)
    const kept = (table: 'key_usage_hours' | 'workspace_usage_hours') =>
      suite.database.read.selectFrom(table).select('hour').where('workspace_id', '=', tenant.id).execute()
    expect(await kept('key_usage_hours')).toEqual([{ hour: MIDNIGHT + 3600 }])
    expect(await kept('workspace_usage_hours')).toEqual([{ hour: MIDNIGHT + 3600 }])
  })
})

function sumOf({ data }: UsageView): number {
  return data.reduce((sum, { allowed, denied }) => sum + allowed + denied, 0)
}

function byScope({ data }: UsageView): Record<string, [number, number]> {
  const sums: Record<string, [number, number]> = {}
  for (const { permission, level, allowed, denied } of data) {
    const [allowedBefore, deniedBefore] = sums[`${permission}:${level}`] ?? [0, 0]
    sums[`${permission}:${level}`] = [allowedBefore + allowed, deniedBefore + denied]
  }
  return sums
}

/** Writes use of `agent:read` as flushes would have; the workspace's is ten times that of the key. */
async function write(
  suite: Suite,
  tenant: Tenant,
  id: string,
  hours: readonly (readonly [hour: number, allowed: number, denied: number])[],
): Promise<void> {
  const scope = { workspace_id: tenant.id, permission: 'agent', level: 'read' as const }
  const keyRows = hours.map(([hour, allowed, denied]) => ({ ...scope, key_id: id, hour, allowed, denied }))
  const rows = hours.map(([hour, allowed, denied]) => ({
    ...scope,
    hour,
    allowed: allowed * 10,
    denied: denied * 10,
  }))
  await suite.database.transact(async (tx) => {
    await tx.insertInto('key_usage_hours').values(keyRows).execute()
    await tx.insertInto('workspace_usage_hours').values(rows).execute()
  })
}
