import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql, type Kysely } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AuditEvent } from '../../server/src/audit/append.js'
import { readConfig } from '../../server/src/config.js'
import { openInstallation, serviceContext } from '../../server/src/installation.js'
import { operatorOf } from '../../server/src/audit/actor.js'
import type { ServiceContext } from '../../server/src/services/context.js'
import { createKey } from '../../server/src/services/keys/create.js'
import type { Mutation } from '../../server/src/services/mutate.js'
import { OPERATIONS, perform, readRoutes, type Route } from '../http/operations.js'
import { openDatabase } from '../../server/src/storage/database.js'
import type { Schema } from '../../server/src/storage/schema.js'
import { describeEachServer, NEW_KEY, send, useServer, type Suite } from '../http/support.js'
import { bootstrap, startProgram } from './program.js'

const TABLES = ['audit_log', 'change_log', 'idempotency_records'] as const

/** Makes every insert into a table fail from now on; what comes back lets them through again. */
async function failInserts({ engine, database }: Suite, table: string): Promise<() => Promise<void>> {
  const name = `fail_${table}`
  const run = (statement: string) => database.transact((tx) => sql.raw(statement).execute(tx))
  if (engine === 'sqlite') {
    await run(
      `create trigger ${name} before insert on ${table} begin select raise(abort, 'made to fail'); end`,
    )
    return async () => void (await run(`drop trigger ${name}`))
  }
  await run(
    `create or replace function made_to_fail() returns trigger language plpgsql as $$ begin raise exception 'made to fail'; end $$`,
  )
  await run(`create trigger ${name} before insert on ${table} for each row execute function made_to_fail()`)
  return async () => void (await run(`drop trigger ${name} on ${table}`))
}

describeEachServer('invariant 5: every write is one transaction', (suite) => {
  let routes: ReadonlyMap<string, Route>
  beforeAll(async () => {
    routes = await readRoutes(suite)
  })

  const writers = Object.entries(OPERATIONS).filter(([, { writes }]) => writes !== null)

  test.each(writers)('%s leaves nothing when a part of its write fails', async (operationId, operation) => {
    const route = routes.get(operationId)
    if (route === undefined) throw new Error(`there is no ${operationId}`)
    const isRepeatable = route.method === 'POST' && operation.writes?.isRepeatable !== false
    const changes = operation.writes?.changes !== false
    const tables = TABLES.filter(
      (table) => (isRepeatable || table !== 'idempotency_records') && (changes || table !== 'change_log'),
    )
    for (const table of tables) {
      const prepared = await operation.prepare(suite.tenant)
      const headers = {
        ...prepared.headers,
        ...(isRepeatable && { 'idempotency-key': `${operationId}-${table}` }),
      }
      const before = await suite.dump()
      const restore = await failInserts(suite, table)
      try {
        const answer = await perform(route, suite.tenant, { ...prepared, headers })
        expect([table, answer.status, answer.body.code]).toEqual([table, 500, 'internal'])
        expect(answer.text).not.toContain('made to fail')
        expect(answer.text).not.toContain('btg_')
        expect(await suite.dump()).toEqual(before)
      } finally {
        await restore()
      }
      // The same request, now that nothing fails, is as good as if the failure had never been.
      const again = await perform(route, suite.tenant, { ...prepared, headers })
      expect([table, again.status]).toEqual([table, operation.status])
      expect(again.headers.get('idempotency-replayed')).toBeNull()
    }
  })

  test.each(['webhook_events', 'webhook_deliveries'])(
    'a change that cannot be told of, for want of %s, is not made',
    async (table) => {
      const tenant = await suite.newTenant('Told')
      await tenant.call('POST', '/v1/webhook-endpoints', { url: 'https://told.example/', events: ['key.*'] })
      const before = await suite.dump()
      const restore = await failInserts(suite, table)
      const { status } = await tenant.call('POST', '/v1/keys', NEW_KEY)
      await restore()
      expect(status).toBe(500)
      expect(await suite.dump()).toEqual(before)
      expect((await tenant.call('POST', '/v1/keys', NEW_KEY)).status).toBe(201)
      expect((await tenant.call('GET', '/v1/events')).body.data).toMatchObject([{ type: 'key.created' }])
    },
  )

  test('a denial that cannot be written down is not answered as one', async () => {
    const reader = await suite.tenant.issueManagementKey({ keys: 'read' })
    const before = await suite.dump()
    const restore = await failInserts(suite, 'audit_log')
    const { status } = await suite.tenant.call('POST', '/v1/keys', NEW_KEY, { key: reader })
    await restore()
    expect(status).toBe(500)
    expect(await suite.dump()).toEqual(before)
  })

  test('each write has its audit entry, its change and its revision, together', async () => {
    const count = async () => {
      const dump = await suite.dump()
      const { revision } = JSON.parse(dump['installation']?.[0] ?? '') as { revision: number }
      return {
        entries: dump['audit_log']?.length ?? 0,
        changes: dump['change_log']?.length ?? 0,
        revision,
      }
    }
    for (const [operationId, operation] of writers) {
      const route = routes.get(operationId)
      if (route === undefined) throw new Error(`there is no ${operationId}`)
      const prepared = await operation.prepare(suite.tenant)
      const before = await count()
      const answer = await perform(route, suite.tenant, prepared)
      const changes = operation.writes?.changes === false ? 0 : 1
      const expected = {
        entries: before.entries + 1,
        changes: before.changes + changes,
        revision: before.revision + changes,
      }
      expect([operationId, await count()]).toEqual([operationId, expected])
      // Where verifiers have nothing to learn of it, there is nothing to wait for.
      const revision = answer.headers.get('bitting-revision')
      if (changes === 1) expect(revision).toBe(String(expected.revision))
      else expect([null, '0']).toContain(revision)
    }
  })

  test('what free text finds is written and taken back with its entry', async () => {
    if (suite.engine === 'postgres') return // The words stand in the entry's own row.
    const rowids = async (query: string): Promise<unknown[]> =>
      (await sql.raw<{ id: number }>(query).execute(suite.database.read as Kysely<Schema>)).rows
    expect(await rowids('select rowid as id from audit_words order by rowid')).toEqual(
      await rowids('select id from audit_log order by id'),
    )
  })

  test('concurrent writes leave an audit log without gaps and a change log in order', async () => {
    const tenants = [suite.tenant, await suite.newTenant('Other')]
    await Promise.all(tenants.flatMap((tenant) => Array.from({ length: 15 }, () => tenant.createKey())))
    for (const { id } of tenants) {
      const entries = await suite.database.read
        .selectFrom('audit_log')
        .select('idx')
        .where('workspace_id', '=', id)
        .orderBy('idx')
        .execute()
      expect(entries.map(({ idx }) => idx)).toEqual(entries.map((_, index) => index))
      const { audit_size } = await suite.database.read
        .selectFrom('workspaces')
        .select('audit_size')
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
      expect(audit_size).toBe(entries.length)
    }
    const changes = await suite.database.read
      .selectFrom('change_log')
      .select('revision')
      .orderBy('revision')
      .execute()
    expect(changes.map(({ revision }) => revision)).toEqual(changes.map((_, index) => index + 1))
  })
})

describe('invariant 5: what was committed is acknowledged', () => {
  const suite = useServer()

  test('also when the node’s own verifier cannot catch up: the token of a key that exists is not lost', async () => {
    const config = readConfig({ BITTING_DATA_DIR: suite.server.dataDirectory })
    const installation = await openInstallation(config)
    try {
      const context = serviceContext(installation, config, () =>
        Promise.reject(new Error('the database is gone')),
      )
      const created = await createKey(context, operatorOf(suite.tenant.id), {
        kind: 'api',
        name: 'Kept',
        environment: 'production',
        access: {},
        conditions: { allowedAddresses: null, notBefore: null, expiresAt: null },
        note: '',
      })
      expect(created.token).toMatch(/^btg_live_/)
      expect((await suite.tenant.call('GET', `/v1/keys/${created.result.id}`)).status).toBe(200)
    } finally {
      await installation.database.close()
    }
  })
})

describe('invariant 5: nothing is acknowledged before it is durable', () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'bitting-killed-'))
  afterAll(() => {
    rmSync(dataDirectory, { recursive: true, force: true })
  })

  test('what was acknowledged is there after the program is killed at that very moment', async () => {
    const key = await bootstrap(dataDirectory)
    const acknowledged: { id: string; token: string }[] = []
    for (let round = 0; round < 4; round++) {
      const program = await startProgram(dataDirectory)
      const call = (method: string, path: string, body?: unknown) =>
        send(program.controlUrl, method, path, body, { key })
      for (const { id, token } of acknowledged) {
        expect((await call('GET', `/v1/keys/${id}`)).body).toMatchObject({ id, state: 'active' })
        expect((await send(program.gatewayUrl, 'GET', '/health', undefined, { key: token })).status).toBe(200)
      }
      const under = Array.from({ length: 8 }, async () => {
        const { status, body } = await call('POST', '/v1/keys', NEW_KEY)
        if (status !== 201) return
        acknowledged.push({ id: body.key.id as string, token: body.token as string })
        if (acknowledged.length % 3 === 0) program.process.kill('SIGKILL')
      })
      await Promise.allSettled(under)
      await program.end('SIGKILL')
    }
    expect(acknowledged.length).toBeGreaterThan(4)
    // Every entry of the audit log has its key and every key its entry, also of what was never acknowledged.
    const database = await openDatabase({ url: null, dataDirectory })
    const keys = await database.read.selectFrom('keys').select('id').execute()
    const entries = await database.read
      .selectFrom('audit_log')
      .select('resource_id')
      .where('action', '=', 'key.create')
      .execute()
    await database.close()
    expect(entries.map(({ resource_id }) => resource_id).sort()).toEqual(keys.map(({ id }) => id).sort())
  })
})

/** Never called: it holds as long as it compiles, and it compiles as long as each marked line does not. */
export function servicesCannotWriteOtherwise(context: ServiceContext, audit: AuditEvent): readonly unknown[] {
  const { database, mutate } = context
  const request = { actor: operatorOf('ws_1'), operation: 'createKey' }
  return [
    mutate(request, () => Promise.resolve({ result: 1, audit, changed: [] })),
    // @ts-expect-error the database of the services has no transactions
    database.transact,
    // @ts-expect-error nor can it be closed
    database.close,
    // @ts-expect-error its reader does not insert
    database.read.insertInto,
    // @ts-expect-error nor update
    database.read.updateTable,
    // @ts-expect-error nor delete
    database.read.deleteFrom,
    // @ts-expect-error nor begin a transaction
    database.read.transaction,
    // @ts-expect-error a write without an audit event is none
    mutate(request, () => Promise.resolve({ result: 1, changed: [] })),
    // @ts-expect-error nor one that does not say what verifiers must read again
    mutate(request, () => Promise.resolve({ result: 1, audit })),
    // @ts-expect-error nor one of nobody
    mutate({ operation: 'createKey' }, () => Promise.resolve({ result: 1, audit, changed: [] })),
    // @ts-expect-error an audit event has a name that the log knows
    { action: 'key.frobnicate', resource: { type: 'key', id: null }, details: {} } satisfies AuditEvent,
    // @ts-expect-error and says what was acted on
    { action: 'key.create', details: {} } satisfies AuditEvent,
    // @ts-expect-error a mutation is nothing without one
    { result: 1, changed: [] } satisfies Mutation<number>,
  ]
}
