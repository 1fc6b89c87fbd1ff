import { expect, test } from 'vitest'
import { describeEachServer, useStoppedClock, type Dump } from '../http/support.js'

/** The id of every row that must stay, by table. */
function idsOf(dump: Dump): Readonly<Record<string, readonly string[]>> {
  const id = (row: string): string => {
    const { id: own, workspace_id: workspace, idx, revision } = JSON.parse(row) as Record<string, unknown>
    return JSON.stringify([own, workspace, idx, revision])
  }
  const tables = ['workspaces', 'keys', 'secrets', 'audit_log', 'change_log']
  return Object.fromEntries(
    tables.map((table) => [
      table,
      // A workspace's own row has no workspace_id and keeps its id whatever else changes.
      (dump[table] ?? []).map((row) => (table === 'change_log' ? row : id(row))),
    ]),
  )
}

describeEachServer('invariant 8: nothing disappears', (suite) => {
  const clock = useStoppedClock()

  test('whatever is done to keys, every record that ever was is still there and listed', async () => {
    const { tenant } = suite
    const made: string[] = []
    let before = idsOf(await suite.dump())
    const create = async (more: Record<string, unknown> = {}) => {
      const key = await tenant.createKey(more)
      made.push(key.id)
      return key.id
    }
    const post = (id: string, change: string, body: object = {}) =>
      tenant.call('POST', `/v1/keys/${id}/${change}`, body)
    const remove = (id: string) =>
      tenant.call('DELETE', `/v1/keys/${id}`, undefined, { headers: { 'if-match': '*' } })
    const acts: (() => Promise<unknown>)[] = [
      () => create(),
      () => create({ kind: 'management', name: 'M', access: 'full' }),
      () => create({ expires_at: clock.in(5) }),
      async () => remove(await create()),
      async () => {
        const id = await create()
        for (let count = 0; count < 4; count++) await post(id, 'rotate', { overlap_seconds: 0 })
        await post(id, 'revoke', { compromised: true })
        await remove(id)
      },
      async () => {
        const id = await create()
        await post(id, 'suspend')
        await tenant.call('PATCH', `/v1/keys/${id}`, { name: 'Renamed' })
        await post(id, 'resume')
      },
      () => tenant.call('PUT', '/v1/catalog/overlay', { operations: [] }),
      () => tenant.call('PATCH', '/v1/workspace', { name: 'Renamed' }),
      () => tenant.call('POST', '/v1/keys', { nonsense: true }),
      // Years later.
      () => {
        clock.turn(5 * 365 * 24 * 3600)
        return Promise.resolve()
      },
      () => create(),
    ]
    for (const act of acts) {
      await act()
      const after = idsOf(await suite.dump())
      for (const [table, ids] of Object.entries(before)) {
        expect([table, after[table]]).toEqual([table, expect.arrayContaining([...ids])])
      }
      before = after
    }
    const listed: string[] = []
    for (let cursor = ''; ;) {
      const { body } = await tenant.call('GET', `/v1/keys?limit=3${cursor}`)
      listed.push(...(body.data as { id: string }[]).map(({ id }) => id))
      if (body.next_cursor === null) break
      cursor = `&cursor=${String(body.next_cursor)}`
    }
    expect(listed).toEqual(expect.arrayContaining(made))
    for (const id of made) expect((await tenant.call('GET', `/v1/keys/${id}`)).status).toBe(200)
  })

  test('a deleted key says when and by whom, an expired one when, and both keep what they were', async () => {
    const { tenant } = suite
    const made = { name: 'Tombstone', note: 'A note', access: { history: 'read' }, environment: 'staging' }
    const deleted = await tenant.createKey(made)
    const expires_at = clock.in(60)
    const expired = await tenant.createKey({ ...made, expires_at })
    clock.turn(100)
    const at = clock.in(0)
    await tenant.call('DELETE', `/v1/keys/${deleted.id}?confirm=Tombstone`)
    const by = (await tenant.call('GET', '/v1/whoami')).body.key.id as string
    const list = (await tenant.call('GET', '/v1/keys?limit=100')).body.data as { id: string }[]
    expect(list.find(({ id }) => id === deleted.id)).toMatchObject({
      ...made,
      state: 'destroyed',
      deleted: { at, by },
    })
    expect(list.find(({ id }) => id === expired.id)).toMatchObject({
      ...made,
      state: 'deactivated',
      expires_at,
    })
    const { body } = await tenant.call('GET', `/v1/audit?resource=${deleted.id}`)
    expect((body.data as { action: string }[]).map(({ action }) => action)).toEqual([
      'key.delete',
      'key.create',
    ])
  })

  test('what is destroyed is the digest: no column of any table holds it any more', async () => {
    const { id } = await suite.tenant.createKey()
    const digest = async () =>
      suite.database.read
        .selectFrom('secrets')
        .select('sealed_digest')
        .where('key_id', '=', id)
        .executeTakeFirstOrThrow()
    const { sealed_digest: sealed } = await digest()
    const hex = Buffer.from(sealed ?? []).toString('hex')
    expect(hex.length).toBeGreaterThan(64)
    expect(JSON.stringify(await suite.dump())).toContain(hex)
    await suite.tenant.call('DELETE', `/v1/keys/${id}?confirm=A%20key`)
    expect(await digest()).toEqual({ sealed_digest: null })
    expect(JSON.stringify(await suite.dump())).not.toContain(hex)
  })

  test('no operation of the API removes or changes an audit entry', async () => {
    const { paths } = (await suite.tenant.call('GET', '/openapi.json')).body as {
      paths: Record<string, object>
    }
    const writing = Object.entries(paths)
      .filter(([path]) => path.startsWith('/v1/audit'))
      .flatMap(([, item]) => Object.keys(item))
      .filter((method) => method !== 'get' && method !== 'post')
    expect(writing).toEqual([])
  })

  test('what is erased of entries is not what their proofs are about: every leaf stays to the byte', async () => {
    const { tenant } = suite
    const leaves = async () => {
      const { audit_log: rows = [] } = await suite.dump()
      return rows.map((row) => (JSON.parse(row) as { leaf: string }).leaf)
    }
    const before = await leaves()
    const { body } = await tenant.call('POST', '/v1/audit/erase', { address: '127.0.0.1' })
    expect(body.erased).toBeGreaterThan(0)
    expect(await leaves()).toEqual(expect.arrayContaining(before))
  })
})
