import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AuditEntry } from '@bitting/core'
import { beforeAll, describe, expect, test } from 'vitest'
import { operatorOf } from '../../server/src/audit/actor.js'
import { AuditReads } from '../../server/src/services/audit-log.js'
import { checkpointOf } from './audit-operations.js'
import { OPERATIONS, perform, readRoutes } from './operations.js'
import { describeEachServer, type Tenant } from './support.js'
import { applicationEntry, signedWhole, logTables } from './audit-support.js'

describeEachServer('who reads the audit log', (suite) => {
  const readings = async (tenant: Tenant) =>
    (await suite.entries(tenant, 100)).filter(({ action }) => action === 'audit.read').reverse()

  test('is in it, with what was looked for, and not yet in the answer', async () => {
    const tenant = await suite.newTenant('Read')
    const key = await tenant.createKey({ kind: 'management', name: 'Auditor', access: { audit: 'read' } })
    const answer = await tenant.call('GET', '/v1/audit?actor=user_9&text=Order', undefined, {
      key: key.token,
      headers: { 'user-agent': 'an auditor/1' },
    })
    expect(answer.status).toBe(200)
    const found = await readings(tenant)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({
      actor: { type: 'key', id: key.id, address: '127.0.0.1', user_agent: 'an auditor/1' },
      operation: 'listAuditEntries',
      outcome: 'success',
      request_id: answer.headers.get('request-id'),
    })
    const unfiltered = await tenant.call('GET', '/v1/audit', undefined, { key: key.token })
    expect((unfiltered.body.data as AuditEntry[])[0]?.index).toBe(found[0]?.index)
  })

  test('is one entry a minute for one who asks the same again, page by page too', async () => {
    const tenant = await suite.newTenant('Folded')
    const auditor = await tenant.issueManagementKey({ audit: 'read' })
    const get = (path: string, key = auditor) => tenant.call('GET', path, undefined, { key })
    const count = async () => (await readings(tenant)).length
    const first = await get('/v1/audit?limit=1')
    for (const path of [
      '/v1/audit?limit=1',
      `/v1/audit?limit=1&cursor=${String(first.body.next_cursor)}`,
      '/v1/audit',
    ]) {
      expect((await get(path)).status).toBe(200)
    }
    expect(await count()).toBe(1)
    // Another question, another place, another operation, another reader: each is news.
    await get('/v1/audit?outcome=failure')
    expect(await count()).toBe(2)
    await get('/v1/audit/0')
    await get('/v1/audit/1')
    await get('/v1/audit/0')
    expect(await count()).toBe(4)
    await get('/v1/audit/export')
    await get('/v1/audit/export?from=1')
    expect(await count()).toBe(5)
    await get('/v1/audit', tenant.managementKey)
    expect(await count()).toBe(6)
  })

  test('is in it again once the minute is over, and whenever it could not be written down before', async () => {
    const drafts: string[] = []
    let now = 0
    let fails = true
    const reads = new AuditReads(
      ({ atMilliseconds }) => {
        if (fails) return Promise.reject(new Error('made to fail'))
        drafts.push(String(atMilliseconds))
        return Promise.resolve()
      },
      () => now,
    )
    const ask = () => reads.record(operatorOf('ws_1'), 'listAuditEntries', {})
    await expect(ask()).rejects.toThrow('made to fail')
    fails = false
    for (now of [0, 1, 59_999, 60_000, 119_999, 120_000]) await ask()
    expect(drafts).toEqual(['0', '60000', '120000'])
  })

  test('is not in it for what shows no entry, nor for what was refused', async () => {
    const tenant = await suite.newTenant('Unread')
    await checkpointOf(tenant, 2)
    for (const path of [
      '/v1/audit/checkpoint',
      '/v1/audit/checkpoint/key',
      '/v1/audit/0/proof',
      '/v1/audit/consistency?from=1',
      '/v1/audit/tile/0/000.p/1',
    ]) {
      expect((await tenant.call('GET', path)).status).toBe(200)
    }
    for (const path of [
      '/v1/audit?limit=0',
      '/v1/audit/99999',
      '/v1/audit?cursor=x',
      '/v1/audit/export?format=x',
    ]) {
      expect((await tenant.call('GET', path)).status).toBeGreaterThanOrEqual(400)
    }
    const stranger = await tenant.issueManagementKey({ keys: 'read' })
    expect((await tenant.call('GET', '/v1/audit', undefined, { key: stranger })).status).toBe(403)
    expect(await readings(tenant)).toEqual([])
  })
})

describeEachServer('a token that is put where it does not belong', (suite) => {
  let tenant: Tenant
  let token: string

  beforeAll(async () => {
    tenant = suite.tenant
    const routes = await readRoutes(suite)
    token = (await tenant.createKey({ access: 'full' })).token
    const manager = await tenant.issueManagementKey('full')
    const forms = [
      token,
      `x ${token} y`,
      `Bearer ${token}`,
      `?key=${token}&`,
      `${'u'.repeat(220)} ${token}`,
      manager,
    ]
    for (const [operationId, operation] of Object.entries(OPERATIONS)) {
      const route = routes.get(operationId)
      if (route === undefined) throw new Error(`there is no ${operationId}`)
      const { parameters = [] } = route.description as {
        parameters?: readonly { in: string; name: string }[]
      }
      const queries = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name)
      for (const form of forms) {
        const text = encodeURIComponent(form)
        const prepared = await operation.prepare(tenant)
        const variants = [
          ...queries.map((name) => ({ ...prepared, query: `?${name}=${text}` })),
          ...Object.keys(prepared.params ?? {}).map((name) => ({
            ...prepared,
            params: { ...prepared.params, [name]: text },
          })),
          ...[
            'user-agent',
            'x-forwarded-for',
            'idempotency-key',
            'if-match',
            'accept',
            'referer',
            'x-request-id',
          ].map((name) => ({ ...prepared, headers: { ...prepared.headers, [name]: form } })),
          // A refusal goes another way than a success.
          { ...prepared, headers: { ...prepared.headers, authorization: form, 'user-agent': form } },
          ...planted(prepared.body, form).map((body) => ({ ...prepared, body })),
        ]
        for (const variant of variants) await perform(route, tenant, variant)
      }
    }
    for (const form of forms) {
      const text = encodeURIComponent(form)
      const metadata = { [form.slice(0, 128)]: form, list: [form, { deep: form }], number: 1 }
      for (const name of ['action', 'userId', 'resource']) {
        await tenant.call('POST', '/v1/audit', applicationEntry({ [name]: form, metadata }))
      }
      const headers = { 'user-agent': form, referer: form, 'x-api-key': form }
      for (const path of [
        `/get-agent/${text}`,
        `/${text}`,
        `/get-agent/x?key=${text}`,
        `/get-agent/${form.slice(0, 60)}`,
      ]) {
        await suite.server.fetch(path, token, { headers })
        await suite.server.fetch(path, manager, { headers })
        await tenant.call('POST', '/v1/verify', { token, method: 'GET', path })
      }
    }
    await suite.recorded()
    await signedWhole(suite, tenant)
  })

  /** What of a token is confidential: all but its public beginning. */
  const secrets = (): string[] => [token.slice(-49, -6), token.slice(-49, -27), token.slice(-28, -6)]
  const expectNothingIn = (where: string, text: string): void => {
    for (const secret of secrets()) {
      const at = text.indexOf(secret)
      expect(at < 0 ? '' : text.slice(Math.max(0, at - 300), at), where).toBe('')
    }
  }

  test('is nowhere in the tables of the log, its words included', async () => {
    const text = await logTables(suite)
    expect(text).toContain(token.slice(0, 20))
    expectNothingIn('the tables', text)
  })

  test('is in no file of the spool', () => {
    const directory = join(suite.server.dataDirectory, 'audit-spool')
    const text = readdirSync(directory).map((name) => readFileSync(join(directory, name), 'latin1'))
    expect(text.join('')).toContain('call.allowed')
    expectNothingIn('the spool', text.join('\n'))
  })

  test('is in no export, bundle, tile or checkpoint', async () => {
    const paths = ['jsonl', 'csv', 'ocsf'].flatMap((format) =>
      [0, 1000, 2000].map((from) => `/v1/audit/export?format=${format}&from=${String(from)}`),
    )
    for (const path of [
      ...paths,
      '/v1/audit/tile/entries/000',
      '/v1/audit/tile/0/000',
      '/v1/audit/checkpoint',
    ]) {
      const { status, text } = await tenant.call('GET', path)
      expect([path, status]).toEqual([path, 200])
      expectNothingIn(path, text)
    }
  })

  describe('and the rest of the database', () => {
    test('has it in no row', async () => {
      const having = Object.entries(await suite.dump())
        .filter(([, rows]) => secrets().some((secret) => rows.join('\n').includes(secret)))
        .map(([table]) => table)
      expect(having).toEqual([])
    })

    test('has it in no file', () => {
      if (suite.engine === 'postgres') return // Its files are another server's.
      const entries = readdirSync(suite.server.dataDirectory, { recursive: true, withFileTypes: true })
      for (const entry of entries.filter((it) => it.isFile())) {
        expectNothingIn(entry.name, readFileSync(join(entry.parentPath, entry.name), 'latin1'))
      }
    })
  })
})

/** The body with a text in the place of each of its texts, one after another; none where there is no body. */
function planted(value: unknown, text: string): unknown[] {
  if (typeof value === 'string') return [text]
  if (Array.isArray(value))
    return value.flatMap((item, at) => planted(item, text).map((it) => value.with(at, it)))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) =>
    planted(member, text).map((it) => ({ ...value, [name]: it })),
  )
}
