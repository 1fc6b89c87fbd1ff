import { verifyConsistency } from '@bitting/core'
import { expect, test } from 'vitest'
import { sha256 } from '../../server/src/audit/log-key.js'
import { pruneAuditLogs } from '../../server/src/audit/retention.js'
import { logKeysOf } from '../support/log-keys.js'
import { describeEachServer, type Tenant } from './support.js'
import {
  DAY_MILLISECONDS,
  record,
  search,
  placesOf,
  setPolicy,
  signedWhole,
  decode,
  isProved,
  read,
  logTables,
} from './audit-support.js'

describeEachServer('what the audit log keeps', (suite) => {
  /** The calls of a workspace in its log, oldest first. */
  const calls = async (tenant: Tenant): Promise<string[]> =>
    (await suite.entries(tenant, 100))
      .filter(({ action }) => action.startsWith('call.'))
      .map(({ action, operation }) => `${action} ${operation ?? ''}`)
      .reverse()
  /** A reading, a write and a refused reading, at the gateway and as they are asked about. */
  const callAll = async (tenant: Tenant): Promise<void> => {
    const { token } = await tenant.createKey({ access: { agent: 'edit' } })
    for (const [method, path] of [
      ['GET', '/list-voices'],
      ['POST', '/create-agent'],
      ['GET', '/list-phone-numbers'],
    ] as const) {
      await suite.server.fetch(path, token, { method })
      const asked = await tenant.call('POST', '/v1/verify', { token, method, path })
      expect(asked.status).toBe(200)
    }
  }
  const READ = 'call.allowed voice.list'
  const WRITTEN = 'call.allowed agent.create'
  const DENIED = 'call.denied phone-number.list'

  test.each([
    ['everything, where nobody said otherwise', null, [READ, READ, WRITTEN, WRITTEN]],
    ['all', { calls: 'all', sample_rate: 0 }, [READ, READ, WRITTEN, WRITTEN]],
    ['writes', { calls: 'writes', sample_rate: 1 }, [WRITTEN, WRITTEN]],
    ['none of a sample of nothing', { calls: 'sampled', sample_rate: 0 }, []],
    ['all of a sample of everything', { calls: 'sampled', sample_rate: 1 }, [READ, READ, WRITTEN, WRITTEN]],
  ])('is of the calls %s, and every denial', async (_what, policy, expected) => {
    const tenant = await suite.newTenant('Kept')
    if (policy !== null) await setPolicy(tenant, policy)
    await callAll(tenant)
    const found = await calls(tenant)
    const isDenied = (call: string): boolean => call.startsWith('call.denied')
    expect(found.filter((call) => !isDenied(call))).toEqual(expected)
    expect(found.filter(isDenied)).toHaveLength(2)
    expect(new Set(found.filter(isDenied)).size, DENIED).toBe(1)
    const rates = (await search(tenant, { action: 'call.allowed' })).map(
      ({ details }) => details['sample_rate'],
    )
    expect(new Set(rates)).toEqual(
      new Set(expected.length === 0 ? [] : [policy?.calls === 'sampled' ? 1 : undefined]),
    )
  })

  test('is in force for the very next call, and again no longer', async () => {
    const tenant = await suite.newTenant('Turning')
    const { token } = await tenant.createKey({ access: { agent: 'read' } })
    for (const kind of ['writes', 'all', 'sampled', 'all'] as const) {
      await setPolicy(tenant, { calls: kind, sample_rate: 0 })
      await suite.server.fetch('/list-voices', token)
    }
    expect(await calls(tenant)).toEqual([READ, READ])
  })

  test('is of a sample about the share that it says', async () => {
    const tenant = await suite.newTenant('Sampled')
    await setPolicy(tenant, { calls: 'sampled', sample_rate: 0.5 })
    const { token } = await tenant.createKey({ access: { agent: 'read' } })
    for (let count = 0; count < 80; count++) await suite.server.fetch('/list-voices', token)
    // Outside of this once in some ten million million runs.
    const { length } = await calls(tenant)
    expect(length).toBeGreaterThan(8)
    expect(length).toBeLessThan(72)
  })

  test('is told with the workspace, changes part by part, and is in the log, before and after', async () => {
    const tenant = await suite.newTenant('Told')
    const shown = async () => (await tenant.call('GET', '/v1/workspace')).body.audit as object
    const first = { calls: 'all', sample_rate: 1, retention_days: null, legal_hold: false }
    expect(await shown()).toEqual(first)
    await setPolicy(tenant, { retention_days: 90 })
    await setPolicy(tenant, { calls: 'sampled', sample_rate: 0.25 })
    await setPolicy(tenant, { legal_hold: true })
    const last = { calls: 'sampled', sample_rate: 0.25, retention_days: 90, legal_hold: true }
    expect(await shown()).toEqual(last)
    const changes = await search(tenant, { action: 'workspace.update' })
    expect(changes[0]?.details).toMatchObject({
      before: { audit: { ...last, legal_hold: false } },
      after: { audit: last },
    })
    expect(changes.at(-1)?.details).toMatchObject({ before: { audit: first } })
    await setPolicy(tenant, { retention_days: null, legal_hold: false })
    expect(await shown()).toMatchObject({ retention_days: null, legal_hold: false })
  })

  test('is for a key to say that has everything, and another workspace’s stays as it is', async () => {
    const tenant = await suite.newTenant('Guarded')
    const other = await suite.newTenant('Other')
    const key = await tenant.issueManagementKey({
      workspace: 'edit',
      keys: 'edit',
      audit: 'edit',
      verify: 'edit',
    })
    const change = { audit: { calls: 'writes', retention_days: 1 } }
    const refused = await tenant.call('PATCH', '/v1/workspace', change, { key })
    // A key with every permission of today is not one that has everything.
    expect([refused.status, refused.body.code]).toEqual([403, 'grant_exceeds_own'])
    await setPolicy(tenant, change.audit)
    expect((await other.call('GET', '/v1/workspace')).body.audit).toMatchObject({
      calls: 'all',
      retention_days: null,
    })
  })
})

describeEachServer('entries past their time', (suite) => {
  const pruneAt = async (atMilliseconds: number): Promise<void> =>
    pruneAuditLogs(suite.database, await logKeysOf(suite.location.dataDirectory), atMilliseconds)
  const prune = (inMilliseconds: number): Promise<void> => pruneAt(Date.now() + inMilliseconds)
  const countOf = async (tenant: Tenant): Promise<number> => (await suite.entries(tenant, 100)).length

  test('are deleted, which the log tells, and every proof of the others stays what it was', async () => {
    const tenant = await suite.newTenant('Pruned')
    for (let count = 0; count < 20; count++)
      await record(tenant, { resource: `pruned_${String(count)}`, userId: 'pruneword' })
    const before = await signedWhole(suite, tenant)
    const old = await read(tenant, 5)
    const { size } = await signedWhole(suite, tenant)
    await setPolicy(tenant, { retention_days: 1 })
    await signedWhole(suite, tenant)
    await prune(2 * DAY_MILLISECONDS)

    const left = await suite.entries(tenant, 100)
    const [told] = left
    expect(told).toMatchObject({
      action: 'audit.prune',
      actor: { type: 'system' },
      details: { first: 0, retention_days: 1 },
    })
    const last = told?.details['last'] as number
    expect(last).toBeGreaterThanOrEqual(size)
    expect(left.map(({ index }) => index)).toEqual([last + 1])
    for (const index of [0, 5, last]) {
      const { status, body } = await read(tenant, index)
      expect([index, status, body.code]).toEqual([index, 404, 'not_found'])
    }
    // Before anybody looks for it: what is looked for is recorded.
    expect(await logTables(suite)).not.toMatch(/pruned_|pruneword/)
    expect(await placesOf(tenant, { actor: 'pruneword' })).toEqual([])
    expect(await placesOf(tenant, { resource: 'pruned_1' })).toEqual([])
    const exported = await tenant.call('GET', '/v1/audit/export')
    expect(JSON.parse(exported.text.split('\n')[0] ?? '')).toMatchObject({ index: last + 1 })

    const after = await signedWhole(suite, tenant)
    const kept = await read(tenant, last + 1)
    expect(await isProved(tenant, last + 1, decode(kept.body.raw as string), after)).toBe(true)
    // Who kept an entry can still show that it was in the log.
    expect(await isProved(tenant, 5, decode(old.body.raw as string), after)).toBe(true)
    expect(await isProved(tenant, 5, decode(old.body.raw as string), before)).toBe(true)
    const consistency = await tenant.call(
      'GET',
      `/v1/audit/consistency?from=${String(before.size)}&to=${String(after.size)}`,
    )
    const proof = (consistency.body.hashes as string[]).map(decode)
    const claim = { from: before.size, to: after.size, fromRoot: before.root, toRoot: after.root, proof }
    expect(verifyConsistency(sha256, claim)).toBe(true)
    expect((await tenant.call('GET', `/v1/audit/tile/0/000.p/${String(size)}`)).status).toBe(200)
    expect((await tenant.call('GET', `/v1/audit/tile/entries/000.p/${String(size)}`)).status).toBe(404)
    expect(await record(tenant)).toBe((await suite.entries(tenant, 1))[0]?.index)
  })

  test('are those before the moment, to the millisecond, and only those that are signed', async () => {
    const tenant = await suite.newTenant('Boundary')
    for (let count = 0; count < 6; count++) {
      await record(tenant)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await setPolicy(tenant, { retention_days: 1 })
    await signedWhole(suite, tenant)
    const entries = [...(await suite.entries(tenant, 100))].reverse()
    const boundary = entries[4]?.at ?? ''
    await pruneAt(Date.parse(boundary) + DAY_MILLISECONDS)
    const left = (await suite.entries(tenant, 100)).filter(({ action }) => action !== 'audit.prune')
    expect(left.reverse()).toEqual(entries.filter(({ at }) => at >= boundary))
    expect(left.length).toBeLessThan(entries.length)
    // Nothing more is due, and nothing more is told.
    const count = await countOf(tenant)
    await pruneAt(Date.parse(boundary) + DAY_MILLISECONDS)
    expect(await countOf(tenant)).toBe(count)
  })

  test('stay where the workspace keeps them for ever, and where they are not old enough', async () => {
    const forever = await suite.newTenant('Forever')
    const young = await suite.newTenant('Young')
    await setPolicy(young, { retention_days: 3 })
    for (const tenant of [forever, young]) await signedWhole(suite, tenant)
    const before = [await suite.entries(forever, 100), await suite.entries(young, 100)]
    await prune(2 * DAY_MILLISECONDS)
    expect([await suite.entries(forever, 100), await suite.entries(young, 100)]).toEqual(before)
  })

  test('stay under a legal hold, with their personal data, until it is lifted', async () => {
    const tenant = await suite.newTenant('Held')
    await record(tenant, { userId: 'user_held' })
    await setPolicy(tenant, { retention_days: 1, legal_hold: true })
    await signedWhole(suite, tenant)
    const before = await suite.entries(tenant, 100)
    await prune(5 * DAY_MILLISECONDS)
    expect(await suite.entries(tenant, 100)).toEqual(before)
    const dump = await suite.dump()
    for (const body of [{ actor: 'user_held' }, { resource: 'order_1' }, { address: '127.0.0.1' }]) {
      const refused = await tenant.call('POST', '/v1/audit/erase', body)
      expect([refused.status, refused.body.code]).toEqual([409, 'legal_hold'])
    }
    expect(await suite.dump()).toEqual(dump)
    await setPolicy(tenant, { legal_hold: false })
    expect((await tenant.call('POST', '/v1/audit/erase', { actor: 'user_held' })).body).toEqual({ erased: 1 })
    await signedWhole(suite, tenant)
    await prune(5 * DAY_MILLISECONDS)
    expect((await suite.entries(tenant, 100)).map(({ action }) => action)).toEqual(['audit.prune'])
  })
})
