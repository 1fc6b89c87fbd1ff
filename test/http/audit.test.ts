import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  formatEntryBundle,
  openCheckpoint,
  parseTlogProof,
  parseVerifierKey,
  verifyConsistency,
  verifyInclusion,
  type AuditEntry,
  type Checkpoint,
} from '@bitting/core'
import fc from 'fast-check'
import { sql, type Kysely } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { operatorOf } from '../../server/src/audit/actor.js'
import { NOTE_CRYPTO, sha256 } from '../../server/src/audit/log-key.js'
import { hashOfLeaf } from '../../server/src/audit/proofs.js'
import { pruneAuditLogs } from '../../server/src/audit/retention.js'
import { AuditReads } from '../../server/src/services/audit-log.js'
import type { Schema } from '../../server/src/storage/schema.js'
import { checkpointOf, OPERATIONS, perform, readRoutes } from './operations.js'
import { logKeysOf } from '../support/log-keys.js'
import { describeEachServer, type RawAnswer, type Suite, type Tenant } from './support.js'

const DAY_MILLISECONDS = 86_400_000

/** What an application records, with whatever a test wants of it. */
function applicationEntry(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { action: 'order.paid', userId: 'user_1', resource: 'order_1', result: 'success', ...more }
}

async function record(tenant: Tenant, more: Readonly<Record<string, unknown>> = {}): Promise<number> {
  const { status, body, text } = await tenant.call('POST', '/v1/audit', applicationEntry(more))
  if (status !== 201) throw new Error(`the entry was not recorded: ${text}`)
  return body.index as number
}

async function search(tenant: Tenant, filter: Readonly<Record<string, string>>): Promise<AuditEntry[]> {
  const query = new URLSearchParams({ limit: '100', ...filter }).toString()
  const { status, body, text } = await tenant.call('GET', `/v1/audit?${query}`)
  expect(status, text).toBe(200)
  return body.data as AuditEntry[]
}

/** The places of the entries that a search finds, newest first. */
async function placesOf(tenant: Tenant, filter: Readonly<Record<string, string>>): Promise<number[]> {
  return (await search(tenant, filter)).map(({ index }) => index)
}

/** Sets what the log keeps, and fails where that is refused. */
async function setPolicy(tenant: Tenant, audit: Readonly<Record<string, unknown>>): Promise<void> {
  const { status, text } = await tenant.call('PATCH', '/v1/workspace', { audit })
  expect(status, text).toBe(200)
}

/** The newest checkpoint, opened with the key that the workspace itself names. */
async function openNewest(tenant: Tenant): Promise<Checkpoint> {
  const key = parseVerifierKey(sha256, (await tenant.call('GET', '/v1/audit/checkpoint/key')).text.trim())
  const { text } = await tenant.call('GET', '/v1/audit/checkpoint')
  const opened = key === null ? null : openCheckpoint(text, [key], NOTE_CRYPTO)
  if (opened === null) throw new Error(`the checkpoint is not signed by its key: ${text}`)
  return opened.checkpoint
}

/** Waits until all that a log holds is signed, and returns the checkpoint. */
async function signedWhole(suite: Suite, tenant: Tenant): Promise<Checkpoint> {
  const [newest] = await suite.entries(tenant, 1)
  await checkpointOf(tenant, (newest?.index ?? 0) + 1)
  return openNewest(tenant)
}

const decode = (base64: string): Buffer => Buffer.from(base64, 'base64')

/** Says whether an entry, as its bytes are given, is proved to be in the tree of a checkpoint. */
async function isProved(
  tenant: Tenant,
  index: number,
  raw: Buffer,
  { size, root }: Checkpoint,
): Promise<boolean> {
  const { status, body, text } = await tenant.call(
    'GET',
    `/v1/audit/${String(index)}/proof?size=${String(size)}`,
  )
  expect(status, text).toBe(200)
  const proof = (body.hashes as string[]).map(decode)
  return verifyInclusion(sha256, { index, size, proof, root, leafHash: hashOfLeaf(raw.toString()) })
}

const read = (tenant: Tenant, index: number): Promise<RawAnswer> =>
  tenant.call('GET', `/v1/audit/${String(index)}`)

/** Every row of every table of an installation that is about its logs, as text. */
async function logTables({ database, engine }: Suite): Promise<string> {
  const tables = [
    'audit_log',
    'audit_trees',
    'audit_tiles',
    'audit_policies',
    'audit_spools',
    'audit_cursors',
  ] as const
  const rows = await Promise.all(
    tables.map((table) => (database.read as Kysely<Schema>).selectFrom(table).selectAll().execute()),
  )
  if (engine === 'postgres') return JSON.stringify(rows)
  const words = await sql`select hex(block) as block from audit_words_data`.execute(
    database.read as Kysely<Schema>,
  )
  const blocks = words.rows.map((row) =>
    Buffer.from((row as { block: string }).block, 'hex').toString('latin1'),
  )
  return JSON.stringify(rows) + blocks.join('\n')
}

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

/** What a reader may look for, as the API takes it. */
type Filter = Readonly<Partial<Record<(typeof FILTERS)[number], string>>>
const FILTERS = [
  'action',
  'actor',
  'resource',
  'key',
  'outcome',
  'request_id',
  'since',
  'until',
  'text',
] as const

/** The words of an entry: of all that a reader sees, but for times, places and the names of members. */
function wordsOf({
  actor,
  action,
  operation,
  resource,
  reason,
  request_id: requestId,
  details,
}: AuditEntry): string[] {
  const textsIn = (value: unknown): string[] =>
    typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(textsIn)
      : [typeof value === 'string' || typeof value === 'number' ? String(value) : '']
  const texts = textsIn([actor, action, operation, resource, reason, requestId, details])
  return (
    texts
      .join(' ')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  )
}

function matches(entry: AuditEntry, filter: Filter): boolean {
  const words = filter.text?.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  const own = wordsOf(entry)
  const tests: Readonly<Record<(typeof FILTERS)[number], (value: string) => boolean>> = {
    action: (value) => entry.action === value,
    actor: (value) => entry.actor.id === value,
    resource: (value) => entry.resource.id === value,
    key: (value) => entry.actor.id === value || entry.resource.id === value,
    outcome: (value) => entry.outcome === value,
    request_id: (value) => entry.request_id === value,
    since: (value) => Date.parse(entry.at) >= Date.parse(value),
    until: (value) => Date.parse(entry.at) < Date.parse(value),
    text: () => words.every((word) => own.includes(word)),
  }
  return FILTERS.every((name) => filter[name] === undefined || tests[name](filter[name]))
}

describeEachServer('searching the audit log', (suite) => {
  let tenant: Tenant
  let all: readonly AuditEntry[]

  beforeAll(async () => {
    tenant = await suite.newTenant('Searched')
    const { id, token } = await tenant.createKey({ name: 'Ærø backup', access: { agent: 'read' } })
    const reader = await tenant.createKey({ kind: 'management', name: 'Reader', access: { keys: 'read' } })
    await tenant.call('PATCH', `/v1/keys/${id}`, { name: 'Second name' })
    await tenant.call('PATCH', `/v1/keys/${id}`, { name: 'Refused' }, { key: reader.token })
    for (const path of ['/get-agent/agent_1', '/get-agent/agent_2', '/list-voices', '/list-calls']) {
      await suite.server.fetch(path, token, { headers: { 'user-agent': 'Searcher/7 (x86; Linux)' } })
    }
    await suite.server.fetch('/create-agent', token, { method: 'POST' })
    for (const [userId, resource, result] of [
      ['user_1', 'order_1', 'success'],
      ['user_2', 'order_1', 'failure'],
      [id, 'order_2', 'success'],
      ['user_1', id, 'success'],
    ]) {
      await record(tenant, { userId, resource, result, metadata: { note: 'Größe XL', count: 42 } })
    }
    await tenant.call('POST', `/v1/keys/${id}/revoke`, { reason: 'Leaked in a log' })
    await suite.server.fetch('/list-voices', token)
    all = await suite.entries(tenant, 100)
  })

  const isKnown = ({ index }: AuditEntry): boolean => index <= (all[0]?.index ?? -1)

  /** All that a search finds page by page, but for what came after the entries that are known. */
  const walk = async (query: Filter, limit: number): Promise<AuditEntry[]> => {
    const found: AuditEntry[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const parameters = new URLSearchParams({
        ...query,
        limit: String(limit),
        ...(cursor !== '' && { cursor }),
      })
      const { status, body, text } = await tenant.call('GET', `/v1/audit?${parameters.toString()}`)
      expect(status, text).toBe(200)
      found.push(...(body.data as AuditEntry[]))
      cursor = body.next_cursor as string | null
    }
    return found.filter(isKnown)
  }

  test('has something for each filter to find and to leave out', () => {
    expect(all.length).toBeGreaterThan(15)
    expect(new Set(all.map(({ action }) => action)).size).toBeGreaterThan(5)
    expect(all.filter(({ action }) => action === 'call.allowed')).toHaveLength(3)
    expect(all.filter(({ action }) => action === 'call.denied')).toHaveLength(3)
  })

  test('finds what each filter says, alone and together with others, whatever the page', async () => {
    const values = (name: (typeof FILTERS)[number], entry: AuditEntry): readonly (string | null)[] =>
      ({
        action: [entry.action, 'app.nothing'],
        actor: [entry.actor.id, 'nobody'],
        resource: [entry.resource.id, 'nothing'],
        key: [entry.actor.id, entry.resource.id],
        outcome: ['success', 'failure'],
        request_id: [entry.request_id, 'none'],
        since: [entry.at],
        until: [entry.at, entry.at.replace('Z', '+00:00')],
        text: [
          ...wordsOf(entry).slice(0, 12),
          wordsOf(entry).slice(0, 3).join(' ').toUpperCase(),
          `${entry.action} nowhere`,
        ],
      })[name]
    const filter = fc
      .tuple(fc.uniqueArray(fc.constantFrom(...FILTERS), { minLength: 1, maxLength: 4 }), fc.nat(), fc.nat())
      .map(([names, place, choice]): Filter => {
        const entry = all[place % all.length]
        if (entry === undefined) return {}
        const given = names.map((name) => {
          const some = values(name, entry).filter((value) => value !== null && value !== '')
          return [name, some[choice % some.length]] as const
        })
        return Object.fromEntries(given.filter(([, value]) => value !== undefined))
      })
    await fc.assert(
      fc.asyncProperty(filter, fc.constantFrom(1, 3, 100), async (query, limit) => {
        const expected = all.filter((entry) => matches(entry, query))
        expect([query, await walk(query, limit)]).toEqual([query, expected])
      }),
      { numRuns: 120 },
    )
  })

  test.each(FILTERS)('finds something by %s, and not everything', async (name) => {
    const sample = all.findLast(({ action }) => action === 'call.denied')
    const value = {
      action: 'call.denied',
      actor: sample?.actor.id,
      resource: 'order_1',
      key: sample?.actor.id,
      outcome: 'failure',
      request_id: sample?.request_id,
      since: sample?.at,
      until: sample?.at,
      text: 'größe xl',
    }[name]
    const found = await walk({ [name]: value ?? '' }, 100)
    expect(found).toEqual(all.filter((entry) => matches(entry, { [name]: value ?? '' })))
    expect(found.length).toBeGreaterThan(0)
    expect(found.length).toBeLessThan(all.length)
  })

  test('takes nothing of a text for an operator of a query language', async () => {
    for (const text of [
      'order* OR voices',
      '"order_1" NOT order',
      'NEAR(order 1)',
      'words:order',
      '-order',
      'a AND b',
    ]) {
      const found = await walk({ text }, 100)
      expect([text, found]).toEqual([text, all.filter((entry) => matches(entry, { text }))])
    }
  })

  test('goes on where a page ended, though new entries that match come in between', async () => {
    const growing = await suite.newTenant('Growing')
    const { token } = await growing.createKey({ access: { agent: 'read' } })
    for (let count = 0; count < 9; count++) await record(growing, { resource: 'growing' })
    const expected = await placesOf(growing, { resource: 'growing' })
    const found: number[] = []
    for (let cursor = ''; ;) {
      const { body } = await growing.call('GET', `/v1/audit?resource=growing&limit=2${cursor}`)
      found.push(...(body.data as AuditEntry[]).map(({ index }) => index))
      if (body.next_cursor === null) break
      cursor = `&cursor=${String(body.next_cursor)}`
      await record(growing, { resource: 'growing' })
      await suite.server.fetch('/list-voices', token)
    }
    expect(found).toEqual(expected)
    expect(await placesOf(growing, { resource: 'growing' })).toHaveLength(9 + 4)
  })
})

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

describeEachServer('the trees of two tenants', (suite) => {
  let ours: Tenant
  let theirs: Tenant
  beforeAll(async () => {
    ours = await suite.newTenant('Ours')
    theirs = await suite.newTenant('Theirs')
    for (const tenant of [ours, theirs]) {
      await record(tenant, { resource: `secret_of_${tenant.id}` })
      await signedWhole(suite, tenant)
    }
  })

  test('have names, keys and checkpoints of their own, which do not pass for the other’s', async () => {
    const keyOf = async (tenant: Tenant) => (await tenant.call('GET', '/v1/audit/checkpoint/key')).text.trim()
    const [our, their] = [await keyOf(ours), await keyOf(theirs)]
    expect(our).not.toBe(their)
    expect([our.split('+')[0], their.split('+')[0]]).toEqual([`bitting/${ours.id}`, `bitting/${theirs.id}`])
    expect((await openNewest(ours)).origin).toBe(`bitting/${ours.id}`)
    const key = parseVerifierKey(sha256, our)
    const { text } = await theirs.call('GET', '/v1/audit/checkpoint')
    expect(openCheckpoint(text, key === null ? [] : [key], NOTE_CRYPTO)).toBeNull()
  })

  test('are made of their own entries, tile by tile', async () => {
    for (const [tenant, other] of [
      [ours, theirs],
      [theirs, ours],
    ] as const) {
      const { size, root } = await signedWhole(suite, tenant)
      const entries = (await suite.entries(tenant, 100)).filter(({ index }) => index < size).reverse()
      const raws: Buffer[] = []
      for (const { index } of entries) raws.push(decode((await read(tenant, index)).body.raw as string))
      const bundle = await tenant.call('GET', `/v1/audit/tile/entries/000.p/${String(size)}`)
      expect(Buffer.from(bundle.bytes).equals(formatEntryBundle(raws))).toBe(true)
      expect(bundle.text).toContain(tenant.id)
      expect(bundle.text).not.toContain(other.id)
      const hashes = await tenant.call('GET', `/v1/audit/tile/0/000.p/${String(size)}`)
      expect(Buffer.from(hashes.bytes)).toEqual(Buffer.concat(raws.map((raw) => hashOfLeaf(raw.toString()))))
      for (const [index, raw] of raws.entries()) {
        const proof = parseTlogProof((await tenant.call('GET', `/v1/audit/${String(index)}/tlog-proof`)).text)
        const leafHash = hashOfLeaf(raw.toString())
        const claim = { index, size, leafHash, proof: proof?.hashes ?? [], root }
        if (proof?.checkpoint.split('\n')[1] === String(size)) {
          expect([index, verifyInclusion(sha256, claim)]).toEqual([index, true])
        }
      }
    }
  })

  test('lie apart in every tile, also in those of logs larger than any test makes', async () => {
    // Nothing looks at a tree's nodes before it serves them, so a tile far to the right can be put there.
    const large = await suite.newTenant('Large')
    await signedWhole(suite, large)
    const places = [
      { idx: 1067, path: '0/x001/067' },
      { idx: 1_234_067, path: '0/x001/x234/067' },
    ]
    await suite.database.transact(async (tx) => {
      for (const { idx } of places) {
        const hashes = Buffer.alloc(256 * 32, idx % 251)
        await tx.insertInto('audit_tiles').values({ workspace_id: large.id, level: 0, idx, hashes }).execute()
      }
      await tx
        .updateTable('audit_trees')
        .set({ size: 2 ** 40 })
        .where('workspace_id', '=', large.id)
        .execute()
    })
    for (const { idx, path } of places) {
      const answer = await large.call('GET', `/v1/audit/tile/${path}`)
      expect([path, answer.status, answer.headers.get('content-type')]).toEqual([
        path,
        200,
        'application/octet-stream',
      ])
      expect(Buffer.from(answer.bytes).equals(Buffer.alloc(256 * 32, idx % 251))).toBe(true)
      const part = await large.call('GET', `/v1/audit/tile/${path}.p/7`)
      expect([part.status, part.bytes.length]).toEqual([200, 7 * 32])
      for (const suffix of ['', '.p/7']) {
        const { status, body } = await ours.call('GET', `/v1/audit/tile/${path}${suffix}`)
        expect([status, body.code]).toEqual([404, 'not_found'])
      }
    }
  })

  test('show nothing of the other, however it is searched and exported', async () => {
    const id = theirs.id
    for (const filter of [{ text: `secret of ${id}` }, { resource: `secret_of_${id}` }, { text: id }]) {
      const found = (await search(ours, filter)).filter(({ action }) => action !== 'audit.read')
      expect(found).toEqual([])
    }
    for (const format of ['jsonl', 'csv', 'ocsf']) {
      const { text } = await theirs.call('GET', `/v1/audit/export?format=${format}`)
      expect(text).toContain(`secret_of_${id}`)
      expect(text).not.toContain(ours.id)
    }
  })
})

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
