import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { OPERATIONS, readRoutes, type Route } from '../http/operations.js'
import { describeEachServer, type Dump, type Suite, type Tenant } from '../http/support.js'

/**
 * Everything that the database holds of a workspace: the rows that say so, and of those without an owner what names it.
 * What somebody else says of it in a row of their own (the subject of an event) is theirs.
 */
async function rowsOf(suite: Suite, { id }: Tenant): Promise<Dump> {
  const dump = await suite.dump()
  const isTheirs = (row: string): boolean => {
    const owner = (JSON.parse(row) as Record<string, unknown>)['workspace_id']
    return typeof owner === 'string' ? owner === id : row.includes(`"${id}"`)
  }
  return Object.fromEntries(Object.entries(dump).map(([table, rows]) => [table, rows.filter(isTheirs)]))
}

/** Stands for an id of the other’s in a body. */
const ID = '{an id of theirs}'

/**
 * Two tenants of one installation who know all of each other's ids and try everything with them. The same operation
 * by operation, and byte by byte, is in test/http/tenants.test.ts.
 */
describeEachServer('invariant 10: two tenants never meet', (suite) => {
  let routes: ReadonlyMap<string, Route>
  let ours: Tenant
  let theirs: Tenant
  beforeAll(async () => {
    routes = await readRoutes(suite)
    ours = await suite.newTenant('Ours')
    theirs = await suite.newTenant('Theirs')
  })

  const writers = Object.keys(OPERATIONS).filter((name) => OPERATIONS[name]?.writes !== null)
  const body = fc.constantFrom<unknown>(
    undefined,
    {},
    { name: 'Taken over' },
    { access: 'full' },
    { overlap_seconds: 0 },
    { reason: 'Theirs', compromised: true },
    { operations: [{ method: 'GET', path: '/x', permission: 'any' }] },
    { name: 'Made', environment: 'production', access: 'full' },
    { actor: ID },
    { resource: ID },
    { address: '127.0.0.1' },
    { action: 'taken.over', userId: 'u', resource: 'r', result: 'success', workspace: ID },
    { action: 'taken.over', userId: 'u', resource: 'r', result: 'success' },
    { audit: { retention_days: 1 } },
    { key_id: ID },
    { key_id: ID, overlap_seconds: 60 },
    { url: 'https://ours.example/' },
    { enabled: false },
    { failed: true },
    { since: '2026-01-01T00:00:00Z' },
    { type: 'order.paid', subject: ID, data: { id: ID } },
  )

  test('whatever one tries with the ids of the other, nothing of the other’s ever changes', async () => {
    const their = [
      await theirs.createKey(),
      await theirs.createKey({ kind: 'management', name: 'M', access: 'full' }),
    ]
    await theirs.call('PUT', '/v1/webhook-key', { key_id: their[0]?.id })
    const endpoint = await theirs.call('POST', '/v1/webhook-endpoints', {
      url: 'https://theirs.example/',
      require_handshake: false,
      events: ['never.sent'],
    })
    const relay = await theirs.call('POST', '/v1/webhook-relays', {
      name: 'Theirs',
      scheme: 'retell',
      key: 'key_0123456789abcdef0123456789ab',
    })
    const event = await theirs.call('POST', '/v1/events', { type: 'not.wanted', data: {} })
    const webhooks = [
      endpoint.body.endpoint.id,
      relay.body.relay?.id ?? relay.body.id,
      event.body.id,
    ] as string[]
    for (const id of webhooks) expect(id).toMatch(/^(?:whe|whr|evt)_/)
    const before = await rowsOf(suite, theirs)
    const ids = [...their.map(({ id }) => id), theirs.id, ...webhooks]
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...writers),
        fc.constantFrom(...ids),
        body,
        fc.constantFrom<Record<string, string>>(
          {},
          { 'if-match': '*' },
          { 'if-match': '"1"' },
          { 'idempotency-key': 'x' },
        ),
        async (operationId, id, sent, headers) => {
          const route = routes.get(operationId)
          if (route === undefined) throw new Error(`there is no ${operationId}`)
          const path = `${route.path.replace('{id}', id).replace('{event}', event.body.id as string)}${route.method === 'DELETE' ? '?confirm=A%20key' : ''}`
          const json = sent === undefined ? undefined : JSON.stringify(sent).replaceAll(ID, id)
          const answer = await ours.call(route.method, path, route.method === 'DELETE' ? undefined : json, {
            headers,
          })
          expect(answer.status).toBeLessThan(500)
          // Whatever a path names by an id is not there; what it does without one, it does at home.
          if (route.path.includes('{id}')) expect(answer.status).toBeGreaterThanOrEqual(400)
          expect(answer.text).not.toContain(theirs.id)
        },
      ),
      { numRuns: 120 },
    )
    expect(await rowsOf(suite, theirs)).toEqual(before)
    for (const { token } of their.slice(0, 1))
      expect((await suite.server.fetch('/health', token)).status).toBe(200)
  })

  test('a token is nobody’s in the other workspace, whatever is asked about it', async () => {
    const { token } = await theirs.createKey({ access: 'full' })
    const garbage = await ours.call('POST', '/v1/verify', {
      token: 'garbage',
      method: 'GET',
      path: '/list-voices',
    })
    const foreign = await ours.call('POST', '/v1/verify', { token, method: 'GET', path: '/list-voices' })
    expect(foreign.text).toBe(garbage.text)
  })

  test('every row but the installation’s own names one workspace, and its own only', async () => {
    const dump = await suite.dump()
    const owners = new Map<string, string>()
    for (const row of dump['keys'] ?? []) {
      const { id, workspace_id } = JSON.parse(row) as Record<string, string>
      owners.set(id ?? '', workspace_id ?? '')
    }
    for (const [table, column] of [
      ['secrets', 'key_id'],
      ['change_log', 'subject_id'],
      ['audit_log', 'resource_id'],
      ['audit_log', 'actor_id'],
      ['keys', 'created_by'],
    ] as const) {
      for (const row of dump[table] ?? []) {
        const parsed = JSON.parse(row) as Record<string, string>
        expect(parsed['workspace_id']).toMatch(/^ws_/)
        const owner = owners.get(parsed[column] ?? '')
        if (owner !== undefined) expect([table, row, owner]).toEqual([table, row, parsed['workspace_id']])
      }
    }
  })

  test('each workspace’s audit log counts by itself, from 0', async () => {
    for (const tenant of [ours, theirs]) {
      const { body: first } = await tenant.call('GET', '/v1/audit/0')
      expect(first).toMatchObject({ action: 'workspace.create', resource: { id: tenant.id } })
    }
  })

  describe('at the gateway', () => {
    test('each call is judged by its own workspace’s catalog', async () => {
      const mapped = { operations: [{ method: 'GET', path: '/only-theirs', permission: 'any' }] }
      await theirs.call('PUT', '/v1/catalog/overlay', mapped)
      await ours.call('PUT', '/v1/catalog/overlay', { operations: [] })
      const ask = async (tenant: Tenant) => {
        const { token } = await tenant.createKey({ access: {} })
        return (await suite.server.fetch('/only-theirs', token)).status
      }
      expect(await ask(ours)).toBe(403)
      expect(await ask(theirs)).not.toBe(403)
    })
  })
})
