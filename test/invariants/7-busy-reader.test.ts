import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { WritableDatabase } from '../../server/src/storage/database.js'
import type { EngineName } from '../../server/src/storage/migrations.js'
import { unfenced } from '../storage/support.js'
import { freshPostgresUrl } from '../support/databases.js'
import { startServer, type TestServer } from '../support/server.js'
import { tenantOf, type Tenant } from '../http/support.js'
import { newDoor } from './intercept.js'

/** The databases that were opened, a node's own first. */
const databases = vi.hoisted((): WritableDatabase[] => [])

vi.mock('../../server/src/storage/database.js', async (original) => {
  const module = await original<typeof import('../../server/src/storage/database.js')>()
  const openDatabase: typeof module.openDatabase = async (location) => {
    const database = await module.openDatabase(location)
    databases.push(database)
    return database
  }
  return { ...module, openDatabase }
})

/** A statement that takes some seconds; on PostgreSQL one that waits for whoever holds a lock. */
const SLOW = {
  sqlite: sql`
    with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 8000000)
    select count(*) from numbers`,
  postgres: sql`select pg_advisory_xact_lock_shared(7)`,
} as const

/** As many of it as keep all of a node's connections for reading. */
const READERS = { sqlite: 1, postgres: 10 } as const

describe.each(['sqlite', 'postgres'] as const)('while somebody reads for long (%s)', (engine: EngineName) => {
  let server: TestServer
  let tenant: Tenant
  let other: Tenant
  let isBusy = false
  let reads: Promise<unknown>
  let letGo = (): Promise<unknown> => Promise.resolve()

  beforeAll(async () => {
    databases.length = 0
    const url = engine === 'postgres' ? await freshPostgresUrl() : null
    server = await startServer(url === null ? {} : { BITTING_DATABASE_URL: url })
    tenant = tenantOf(server, server)
    other = tenantOf(server, await server.newWorkspace('Other'))
  })
  afterAll(() => server.close())

  const begin = async (): Promise<void> => {
    const [database] = databases
    if (database === undefined) throw new Error('the node has no database')
    if (engine === 'postgres') letGo = await holdLock(database)
    const reader = unfenced(database)
    isBusy = true
    reads = Promise.all(Array.from({ length: READERS[engine] }, () => SLOW[engine].execute(reader))).finally(
      () => {
        isBusy = false
      },
    )
  }
  const end = async (): Promise<void> => {
    expect(isBusy).toBe(true)
    await letGo()
    await reads
  }

  test('a revocation is in force at once, and every other tenant is let in', async () => {
    const { id, token } = await tenant.createKey({ access: { agent: 'read' } })
    const kept = await other.createKey({ access: { agent: 'read' } })
    expect((await server.fetch('/list-voices', token)).status).toBe(200)
    await begin()
    const list = tenant.call('GET', '/v1/keys')
    expect((await tenant.call('POST', `/v1/keys/${id}/revoke`)).status).toBe(200)
    expect((await server.fetch('/list-voices', token)).status).toBe(401)
    expect((await server.fetch('/list-voices', kept.token)).status).toBe(200)
    expect((await fetch(`${server.controlUrl}/readyz`)).status).toBe(200)
    await end()
    expect((await list).status).toBe(200)
  })

  test('two searches of a workspace run and eight wait; the others are told that it is too busy', async () => {
    await begin()
    const paths = ['query=zzzz', 'sort=last_used', 'name=zzzz', 'created_by=zzzz']
    let answered = (): void => undefined
    const firstAnswer = new Promise<void>((resolve) => (answered = resolve))
    const searches = Array.from({ length: 13 }, (_, index) =>
      tenant.call('GET', `/v1/keys?${paths[index % paths.length] ?? ''}`).finally(answered),
    )
    const elsewhere = [other.call('GET', '/v1/keys?query=zzzz'), tenant.call('GET', '/v1/keys')]
    await firstAnswer
    await end()
    const answers = await Promise.all(searches)
    const refused = answers.filter(({ status }) => status !== 200)
    expect(refused).toHaveLength(3)
    for (const { status, headers, body } of refused) {
      expect([status, headers.get('retry-after'), body.code]).toEqual([503, '1', 'too_busy'])
    }
    for (const { status } of await Promise.all(elsewhere)) expect(status).toBe(200)
    expect((await tenant.call('GET', '/v1/keys?query=zzzz')).status).toBe(200)
  })
})

/** Takes the lock that the slow statement waits for, and returns what lets it go. */
async function holdLock(database: WritableDatabase): Promise<() => Promise<void>> {
  const door = newDoor()
  const holding = database.transact(async (tx) => {
    await sql`select pg_advisory_xact_lock(7)`.execute(tx)
    door.reach()
    await door.opened
  })
  await door.reached
  return () => {
    door.open()
    return holding
  }
}
