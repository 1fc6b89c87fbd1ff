import { sql } from 'kysely'
import { expect, test } from 'vitest'
import type { Principal } from '@bitting/core'
import { KeyTable } from '@bitting/core'
import type { Workspace } from '../../server/src/feed/workspace.js'
import { UsageCounter } from '../../server/src/feed/usage.js'
import { flushUsage } from '../../server/src/feed/usage-flush.js'
import { auditGrowth, describeEachServer, eventually, NEW_KEY } from '../http/support.js'

describeEachServer('invariant 6: verification never writes and never waits for the database', (suite) => {
  /** Holds the one lock that every write needs, until the test lets go. */
  const blockWrites = async (): Promise<() => Promise<void>> => {
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => (release = resolve))
    let blocked = (): void => undefined
    const isBlocked = new Promise<void>((resolve) => (blocked = resolve))
    const transaction = suite.database.transact(async (tx) => {
      await tx.updateTable('installation').set({ id: 1 }).execute()
      await tx
        .updateTable('workspaces')
        .set((row) => ({ version: row.ref('version') }))
        .execute()
      blocked()
      await released
    })
    await isBlocked
    return async () => {
      release()
      await transaction
    }
  }

  test('the gateway, /health and /v1/verify answer while every write is held up', async () => {
    const { token } = await suite.tenant.createKey({ access: { agent: 'read' } })
    const revoked = await suite.tenant.createKey()
    await suite.tenant.call('POST', `/v1/keys/${revoked.id}/revoke`)
    const release = await blockWrites()
    let isWritten = false
    const write = suite.tenant.call('POST', '/v1/keys', NEW_KEY).then((answer) => {
      isWritten = true
      return answer
    })
    try {
      for (let count = 0; count < 20; count++) {
        const requests = [
          suite.server.fetch('/list-voices', token),
          suite.server.fetch('/health', token),
          suite.server.fetch('/create-agent', token, { method: 'POST' }),
          suite.server.fetch('/list-voices', revoked.token),
          suite.server.fetch('/list-voices', 'garbage'),
        ]
        const statuses = (await Promise.all(requests)).map(({ status }) => status)
        expect(statuses).toEqual([200, 200, 403, 401, 401])
        const { body } = await suite.tenant.call('POST', '/v1/verify', {
          token,
          method: 'GET',
          path: '/list-voices',
        })
        expect(body.allowed).toBe(true)
      }
      expect(isWritten).toBe(false)
    } finally {
      await release()
    }
    expect((await write).status).toBe(201)
  })

  test('a thousand requests write nothing but what the log has of them and, in the end, how many they were', async () => {
    const { id, token } = await suite.tenant.createKey({ access: { agent: 'read' } })
    const before = await suite.dump()
    for (let batch = 0; batch < 20; batch++) {
      await Promise.all(
        Array.from({ length: 50 }, async (_, index) => {
          const path = index % 5 === 0 ? '/unmapped' : '/health'
          const response = await suite.server.fetch(path, token)
          await response.arrayBuffer()
        }),
      )
    }
    // Whoever asks /health does not use the key: only what is judged by an operation counts, and is recorded.
    const after = await suite.dump()
    expect(auditGrowth(before, after)).toBe(200)
    const recorded = (await suite.entries(suite.tenant, 200)).map(({ action, actor }) => [action, actor.id])
    expect(recorded).toEqual(Array(200).fill(['call.denied', id]))
    await eventually('the flush of the counts', async () => {
      const { body } = await suite.tenant.call('GET', `/v1/keys/${id}`)
      return body.requests_denied === 200
    })
    expect(await suite.dump()).toEqual(after)
  })

  test('a flush that fails loses no request and no count', async () => {
    const { id, token } = await suite.tenant.createKey({ access: { agent: 'read' } })
    const restore = await failUsage()
    const ask = async (times: number) => {
      for (let count = 0; count < times; count++) {
        expect((await suite.server.fetch('/list-voices', token)).status).toBe(200)
      }
    }
    await ask(30)
    await restore()
    await ask(12)
    await eventually('all of the counts', async () => {
      const { body } = await suite.tenant.call('GET', `/v1/keys/${id}`)
      return body.requests_allowed === 42
    })
  })

  test('counts that could not be written come with the next flush, beside those counted meanwhile', async () => {
    const { id } = await suite.tenant.createKey()
    const counter = new UsageCounter()
    const count = (at: number, address: string, times = 1) => {
      for (let each = 0; each < times; each++) counter.count(allowedUse(id), address, at)
    }
    const flush = () => flushUsage(suite.database, counter)
    const stored = () =>
      suite.database.read.selectFrom('key_usage').selectAll().where('key_id', '=', id).executeTakeFirst()

    count(100, '192.0.2.1', 3)
    const restore = await failUsage()
    await expect(flush()).rejects.toThrow()
    expect(await stored()).toBeUndefined()
    count(200, '192.0.2.2', 2)
    await expect(flush()).rejects.toThrow()
    await restore()
    await flush()
    expect(await stored()).toMatchObject({
      allowed: 5,
      denied: 0,
      last_used_at: 200,
      last_used_address: '192.0.2.2',
    })
    await flush()
    expect(await stored()).toMatchObject({ allowed: 5 })
  })

  test('the last use is the latest, whichever node writes last', async () => {
    const { id } = await suite.tenant.createKey()
    const nodes = [new UsageCounter(), new UsageCounter()] as const
    nodes[0].count(allowedUse(id), '192.0.2.200', 200)
    nodes[1].count(allowedUse(id), '192.0.2.100', 100)
    await flushUsage(suite.database, nodes[0])
    await flushUsage(suite.database, nodes[1])
    const { body } = await suite.tenant.call('GET', `/v1/keys/${id}`)
    expect(body).toMatchObject({
      requests_allowed: 2,
      last_used_at: '1970-01-01T00:03:20Z',
      last_used_address: '192.0.2.200',
    })
  })

  /** A use of a key that was let through, as the gatekeeper counts it. */
  function allowedUse(keyId: string): Parameters<UsageCounter['count']>[0] {
    const catalog = {
      id: '',
      title: '',
      errors: 'problem' as const,
      sections: [],
      permissions: [],
      operations: [],
    }
    const active = { catalog, matcher: { match: () => null } as never }
    const catalogs = { api: active, management: active }
    const callPolicy = { calls: 'all', sampleRate: 1 } as const
    const workspace: Workspace = { id: suite.tenant.id, name: '', catalogs, upstream: null, callPolicy }
    const table = new KeyTable<Workspace>(1)
    table.setWorkspace(workspace)
    table.put({
      secretId: `${keyId.slice('key_'.length)}000`,
      digest: new Uint8Array(32),
      workspaceId: workspace.id,
      kind: 'api',
      state: 'active',
      retiring: false,
      full: true,
      mask: [0, 0],
      expiresAt: null,
      notBefore: null,
      allowedAddresses: null,
    })
    const principal: Principal<Workspace> = table.principal(0)
    return { outcome: 'allowed', principal, operation: null }
  }

  async function failUsage(): Promise<() => Promise<void>> {
    const run = (statement: string) => suite.database.transact((tx) => sql.raw(statement).execute(tx))
    if (suite.engine === 'sqlite') {
      await run(`create trigger no_usage before insert on key_usage begin select raise(abort, 'no'); end`)
      return async () => void (await run('drop trigger no_usage'))
    }
    await run(
      `create or replace function no_usage() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$`,
    )
    await run(`create trigger no_usage before insert on key_usage for each row execute function no_usage()`)
    return async () => void (await run('drop trigger no_usage on key_usage'))
  }
})
