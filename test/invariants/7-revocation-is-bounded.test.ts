import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { readConfig } from '../../server/src/config.js'
import type { KeyFeed } from '../../server/src/feed/key-feed.js'
import { serviceContext, type Installation } from '../../server/src/installation.js'
import { createWorkspace } from '../../server/src/services/setup.js'
import { freshPostgresUrl } from '../support/databases.js'
import { startServer, type TestServer } from '../support/server.js'
import { describeEachServer, eventually, tenantOf, useServer, type Tenant } from '../http/support.js'
import { newDoor } from './intercept.js'
import { LEASE, openSuiteInstallation, startVerifier } from './verifier.js'

describeEachServer('invariant 7: a verifier', (suite) => {
  let installation: Installation
  const feeds: KeyFeed[] = []
  const start: typeof startVerifier = async (opened, options) => {
    const verifier = await startVerifier(opened, options)
    feeds.push(verifier.feed)
    return verifier
  }
  const revoke = (id: string) => suite.tenant.call('POST', `/v1/keys/${id}/revoke`)

  beforeAll(async () => {
    installation = await openSuiteInstallation(suite)
  })
  afterAll(async () => {
    for (const feed of feeds) await feed.close()
    await installation.database.close()
  })

  test('that cannot confirm its feed within its lease believes nobody, and believes again once it can', async () => {
    const { token } = await suite.tenant.createKey({ access: 'full' })
    let now = 0
    let isBroken = false
    const { feed, accepts } = await start(installation, {
      now: () => now,
      intercept: () => {
        if (isBroken) throw new Error('the database does not answer')
      },
    })
    expect(accepts(token)).toBe('allowed')
    isBroken = true
    await expect(feed.catchUp()).rejects.toThrow()
    now = LEASE
    expect([accepts(token), feed.isCurrent]).toEqual(['allowed', true])
    now = LEASE + 1
    expect([accepts(token), feed.isCurrent]).toEqual(['verifier_stale', false])
    expect(accepts('garbage')).toBe('verifier_stale')
    await expect(feed.catchUp()).rejects.toThrow()
    expect(accepts(token)).toBe('verifier_stale')
    isBroken = false
    await feed.catchUp()
    expect([accepts(token), feed.isCurrent]).toEqual(['allowed', true])
  })

  test('counts its lease from when a read began, not from when it came back', async () => {
    const { token } = await suite.tenant.createKey({ access: 'full' })
    let now = 0
    let delay = 0
    const { feed, accepts } = await start(installation, {
      now: () => now,
      intercept: () => {
        now += delay
      },
    })
    delay = LEASE + 1
    await feed.catchUp()
    // What it read is by now older than the lease, so it proves nothing any more.
    expect(accepts(token)).toBe('verifier_stale')
  })

  test('never lets a slow read overwrite a newer state', async () => {
    const { id, token } = await suite.tenant.createKey({ access: 'full' })
    let door = newDoor()
    let isSlow = false
    const { feed, accepts } = await start(installation, {
      intercept: async (table) => {
        if (table !== 'secrets' || !isSlow) return
        isSlow = false
        door.reach()
        await door.opened
      },
    })
    for (let round = 0; round < 3; round++) {
      // A change that the feed reads, whose rows are held up on their way.
      await suite.tenant.call('PATCH', `/v1/keys/${id}`, { note: `Round ${String(round)}` })
      door = newDoor()
      isSlow = true
      const slow = feed.catchUp()
      await door.reached
      await suite.tenant.call('POST', `/v1/keys/${id}/suspend`)
      const later = feed.catchUp()
      // Were the second read not to wait for the first, it would be through by then and be overwritten.
      await Promise.race([later, sleep(200)])
      door.open()
      await Promise.all([slow, later])
      expect(accepts(token)).toBe('key_suspended')
      await suite.tenant.call('POST', `/v1/keys/${id}/resume`)
      await feed.catchUp()
      expect(accepts(token)).toBe('allowed')
    }
  })

  test('whoever waits for it while it reads waits for the read after', async () => {
    const { id, token } = await suite.tenant.createKey({ access: 'full' })
    const door = newDoor()
    let isSlow = false
    const { feed, accepts } = await start(installation, {
      intercept: async (table) => {
        if (table !== 'change_log' || !isSlow) return
        isSlow = false
        door.reach()
        await door.opened
      },
    })
    isSlow = true
    const slow = feed.catchUp()
    await door.reached
    // The read under way has its rows already, and this is not among them.
    await revoke(id)
    const waited = feed.catchUp()
    door.open()
    await slow
    await waited
    expect(accepts(token)).toBe('key_revoked')
  })

  test('that starts while keys change has the newest state when it has started', async () => {
    const { id, token } = await suite.tenant.createKey({ access: 'full' })
    const kept = await suite.tenant.createKey({ access: 'full' })
    let isDone = false
    const { accepts } = await start(installation, {
      intercept: async (table) => {
        if (table !== 'secrets' || isDone) return
        isDone = true
        await revoke(id)
      },
    })
    expect([accepts(token), accepts(kept.token)]).toEqual(['key_revoked', 'allowed'])
  })

  test('that starts while a workspace is made starts, and knows it', async () => {
    const context = serviceContext(installation, readConfig({}), () => Promise.resolve())
    const made: { workspaceId: string; managementKey: string }[] = []
    const { feed, gatekeeper } = await start(installation, {
      intercept: async (table) => {
        if (table === 'workspaces' && made.length === 0)
          made.push(await createWorkspace(context, 'Made meanwhile'))
      },
    })
    const { workspaceId, managementKey } = made[0] ?? { workspaceId: '', managementKey: '' }
    expect(feed.table.workspace(workspaceId)?.name).toBe('Made meanwhile')
    const request = { token: managementKey, address: null, method: 'GET', path: '/v1/keys' }
    expect(gatekeeper.decide(request, 'management').outcome).toBe('allowed')
  })

  test('that missed more changes than one read takes reads on until it has them all', async () => {
    const key = await suite.tenant.createKey({ access: 'full' })
    const { feed, accepts } = await start(installation)
    await suite.database.transact(async (tx) => {
      const { revision } = await tx.selectFrom('installation').select('revision').executeTakeFirstOrThrow()
      for (let index = 1; index <= 1200; index++) {
        const change = {
          revision: revision + index,
          workspace_id: suite.tenant.id,
          subject: 'workspace' as const,
        }
        await tx
          .insertInto('change_log')
          .values({ ...change, subject_id: suite.tenant.id, at_ms: 0 })
          .execute()
      }
      await tx
        .updateTable('installation')
        .set({ revision: revision + 1200 })
        .execute()
    })
    await revoke(key.id)
    await feed.catchUp()
    expect(accepts(key.token)).toBe('key_revoked')
    const { body } = await suite.tenant.call('GET', '/v1/nodes')
    expect(feed.revision).toBe(body.revision)
  })
})

describe('invariant 7: a node whose database stops answering', () => {
  const suite = useServer('postgres')

  test('serves within its lease, then refuses everybody, and serves again when the database is back', async () => {
    const { token } = await suite.tenant.createKey({ access: { agent: 'read' } })
    const ask = async () => {
      const response = await suite.server.fetch('/list-voices', token)
      const { code } = (await response.json()) as { code?: string }
      return [response.status, code ?? null] as const
    }
    const readiness = async () => (await fetch(`${suite.server.controlUrl}/readyz`)).status
    expect(await ask()).toEqual([200, null])
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => (release = resolve))
    const locked = newDoor()
    // No reader gets past this lock, so the feed cannot confirm anything.
    const lock = suite.database.transact(async (tx) => {
      await sql`lock table change_log in access exclusive mode`.execute(tx)
      locked.reach()
      await released
    })
    await locked.reached
    try {
      // A read under way may still confirm what it began before.
      await sleep(0)
      expect(await ask()).toEqual([200, null])
      vi.useFakeTimers({ toFake: ['performance'], now: Date.now() })
      await eventually('the end of the lease', async () => {
        vi.advanceTimersByTime(LEASE + 1)
        return (await ask())[1] === 'verifier_stale'
      })
      expect((await ask())[0]).toBe(503)
      expect(await readiness()).toBe(503)
      expect((await suite.tenant.call('GET', '/v1/whoami')).body.code).toBe('verifier_stale')
      expect((await fetch(`${suite.server.controlUrl}/healthz`)).status).toBe(200)
    } finally {
      vi.useRealTimers()
      release()
      await lock
    }
    await eventually(
      'the feed’s next read',
      async () => (await ask())[0] === 200 && (await readiness()) === 200,
    )
  })
})

describe('invariant 7: two nodes on one database', () => {
  const nodes: TestServer[] = []
  let tenant: Tenant

  beforeAll(async () => {
    const settings = {
      BITTING_DATABASE_URL: await freshPostgresUrl(),
      BITTING_ROOT_KEY: randomBytes(32).toString('base64'),
    }
    nodes.push(await startServer(settings), await startServer(settings))
    const [first] = nodes
    if (first === undefined) throw new Error('there is a first node')
    tenant = tenantOf(first, first)
  })
  afterAll(async () => {
    for (const node of nodes) await node.close()
  })

  interface Nodes {
    readonly revision: number
    readonly nodes: readonly { readonly id: string; readonly revision: number }[]
  }
  const nodesOf = async (): Promise<Nodes> => (await tenant.call('GET', '/v1/nodes')).body as Nodes
  /** Waits until both nodes say that they have reached a revision. */
  const acknowledged = (revision: number) =>
    eventually(`both nodes at revision ${String(revision)}`, async () => {
      const { nodes: known } = await nodesOf()
      return known.length === 2 && known.every((node) => node.revision >= revision)
    })
  const statuses = (token: string) =>
    Promise.all(nodes.map(async (node) => (await node.fetch('/health', token)).status))

  test('what is made on one is known on the other once it has acknowledged the revision', async () => {
    const answer = await tenant.call('POST', '/v1/keys', {
      name: 'x',
      environment: 'production',
      access: 'full',
    })
    await acknowledged(Number(answer.headers.get('bitting-revision')))
    expect(await statuses(answer.body.token as string)).toEqual([200, 200])
  })

  test.each(['revoke', 'suspend', 'delete', 'rotate', 'edit'])(
    'after a %s on one, the other refuses from the moment it has acknowledged the revision',
    async (change) => {
      for (let round = 0; round < 3; round++) {
        const { id, token } = await tenant.createKey({ access: 'full' })
        const { revision } = await nodesOf()
        await acknowledged(revision)
        expect(await statuses(token)).toEqual([200, 200])
        const answer =
          change === 'delete'
            ? await tenant.call('DELETE', `/v1/keys/${id}?confirm=A%20key`)
            : change === 'rotate'
              ? await tenant.call('POST', `/v1/keys/${id}/rotate`, { overlap_seconds: 0 })
              : change === 'edit'
                ? await tenant.call('PATCH', `/v1/keys/${id}`, {
                    conditions: { allowed_addresses: ['192.0.2.1'] },
                  })
                : await tenant.call('POST', `/v1/keys/${id}/${change}`)
        expect(answer.status).toBe(200)
        const refusal = change === 'edit' ? 403 : 401
        // The node that made the change has it when it answers.
        expect((await nodes[0]?.fetch('/health', token))?.status).toBe(refusal)
        await acknowledged(Number(answer.headers.get('bitting-revision')))
        expect(await statuses(token)).toEqual([refusal, refusal])
      }
    },
  )

  test('a management key revoked on one manages nothing on the other', async () => {
    const { id, token } = await tenant.createKey({ kind: 'management', name: 'Manager', access: 'full' })
    const whoami = (node: TestServer | undefined) =>
      fetch(`${node?.controlUrl ?? ''}/v1/whoami`, { headers: { authorization: `Bearer ${token}` } })
    await eventually('the other node to know the key', async () => (await whoami(nodes[1])).ok)
    const answer = await tenant.call('POST', `/v1/keys/${id}/revoke`)
    await acknowledged(Number(answer.headers.get('bitting-revision')))
    expect([(await whoami(nodes[0])).status, (await whoami(nodes[1])).status]).toEqual([401, 401])
  })

  test('a node that leaves is no longer waited for', async () => {
    await eventually('both nodes', async () => (await nodesOf()).nodes.length === 2)
    await nodes.pop()?.close()
    await eventually('one node', async () => (await nodesOf()).nodes.length === 1)
    const { headers } = await tenant.call('PATCH', '/v1/workspace', { name: 'After' })
    await eventually('the one node', async () => {
      const { nodes: known } = await nodesOf()
      return known.every(({ revision }) => revision >= Number(headers.get('bitting-revision')))
    })
  })
})
