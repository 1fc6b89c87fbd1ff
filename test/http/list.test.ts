import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeEachServer, useStoppedClock, type Tenant } from './support.js'

const STATES = ['pre-activation', 'active', 'suspended', 'deactivated', 'compromised', 'destroyed'] as const

interface Listed {
  readonly id: string
  readonly name: string
  readonly state: (typeof STATES)[number]
}

/** Every item of a list, page by page; `between` runs after each page. */
async function readAll<T>(
  tenant: Tenant,
  path: string,
  limit: number,
  between: () => Promise<unknown> = () => Promise.resolve(),
): Promise<T[]> {
  const found: T[] = []
  let cursor = ''
  for (let pages = 0; pages < 200; pages++) {
    const { body } = await tenant.call(
      'GET',
      `${path}${path.includes('?') ? '&' : '?'}limit=${String(limit)}${cursor}`,
    )
    found.push(...(body.data as T[]))
    expect(body.data.length).toBeLessThanOrEqual(limit)
    if (body.next_cursor === null) return found
    expect(body.data.length).toBe(limit)
    cursor = `&cursor=${String(body.next_cursor)}`
    await between()
  }
  throw new Error('the list does not end')
}

const idsOf = (items: readonly { id: string }[]): string[] => items.map(({ id }) => id)

describeEachServer('listing keys', (suite) => {
  const clock = useStoppedClock()

  test.each([1, 3, 7, 100])('in pages of %i gives every key once, newest first', async (limit) => {
    const tenant = await suite.newTenant(`Pages of ${String(limit)}`)
    const made: string[] = []
    for (let count = 0; count < 12; count++) {
      // Some are made in the same second, so that time alone does not order them.
      if (count % 3 === 0) clock.turn(1)
      made.push((await tenant.createKey()).id)
    }
    const listed = idsOf(await readAll<Listed>(tenant, '/v1/keys?kind=api', limit))
    expect([...listed].sort()).toEqual([...made].sort())
    const newestFirst = [...made].reverse()
    for (let group = 0; group < 12; group += 3) {
      expect(listed.slice(group, group + 3).sort()).toEqual(newestFirst.slice(group, group + 3).sort())
    }
  })

  test('is complete and stable while keys are added, changed and deleted', async () => {
    const tenant = await suite.newTenant('Busy')
    const before: string[] = []
    for (let count = 0; count < 15; count++) before.push((await tenant.createKey()).id)
    const victims = before.slice(0, 10)
    const listed = idsOf(
      await readAll<Listed>(tenant, '/v1/keys?kind=api', 2, async () => {
        await tenant.createKey({ name: 'Added meanwhile' })
        clock.turn(1)
        await tenant.createKey({ name: 'Added later' })
        const id = victims.pop()
        if (id === undefined) return
        await tenant.call('PATCH', `/v1/keys/${id}`, { name: 'Changed meanwhile' })
        await tenant.call('DELETE', `/v1/keys/${id}?confirm=Changed%20meanwhile`)
      }),
    )
    expect(new Set(listed).size).toBe(listed.length)
    expect(listed).toEqual(expect.arrayContaining(before))
    expect(listed.filter((id) => before.includes(id))).toHaveLength(before.length)
  })

  test('gives the same cursor the same page', async () => {
    const tenant = await suite.newTenant('Again')
    for (let count = 0; count < 5; count++) await tenant.createKey()
    const first = await tenant.call('GET', '/v1/keys?limit=2')
    const next = `/v1/keys?limit=2&cursor=${String(first.body.next_cursor)}`
    const page = await tenant.call('GET', next)
    clock.turn(1)
    await tenant.createKey()
    const again = await tenant.call('GET', next)
    expect(idsOf(again.body.data as Listed[])).toEqual(idsOf(page.body.data as Listed[]))
  })

  test('filters by kind, environment and part of the name, alone and together', async () => {
    const tenant = await suite.newTenant('Filters')
    const keys = [
      await tenant.createKey({ name: 'Alpha one', environment: 'production' }),
      await tenant.createKey({ name: 'ALPHA two', environment: 'staging' }),
      await tenant.createKey({ name: 'Beta', environment: 'staging' }),
      await tenant.createKey({ name: 'alpha boss', environment: 'staging', kind: 'management' }),
      await tenant.createKey({ name: '100% of_it\\', environment: 'development' }),
    ]
    const find = async (query: string) =>
      (await readAll<Listed>(tenant, `/v1/keys?${query}`, 100))
        .map(({ id }) => keys.findIndex((key) => key.id === id))
        .sort()
    expect(await find('kind=api')).toEqual([0, 1, 2, 4])
    // The first management key is the workspace's own.
    expect(await find('kind=management')).toEqual([-1, 3])
    expect(await find('environment=staging')).toEqual([1, 2, 3])
    expect(await find('name=alpha')).toEqual([0, 1, 3])
    expect(await find('name=LPHA%20T')).toEqual([1])
    expect(await find('name=alpha&kind=api&environment=staging')).toEqual([1])
    expect(await find('name=nothing')).toEqual([])
    // What means something in a pattern is only itself.
    expect(await find('name=%25')).toEqual([4])
    expect(await find('name=_')).toEqual([4])
    expect(await find(`name=${encodeURIComponent('\\')}`)).toEqual([4])
    expect(await find(`name=${encodeURIComponent("' or '1'='1")}`)).toEqual([])
  })

  test('shows deleted and ended keys unless they are filtered out', async () => {
    const tenant = await suite.newTenant('Kept')
    const deleted = await tenant.createKey()
    const revoked = await tenant.createKey()
    await tenant.call('DELETE', `/v1/keys/${deleted.id}`, undefined, { headers: { 'if-match': '*' } })
    await tenant.call('POST', `/v1/keys/${revoked.id}/revoke`)
    expect(idsOf(await readAll<Listed>(tenant, '/v1/keys', 100))).toEqual(
      expect.arrayContaining([deleted.id, revoked.id]),
    )
    expect(idsOf(await readAll<Listed>(tenant, '/v1/keys?state=active&kind=api', 100))).toEqual([])
    expect(idsOf(await readAll<Listed>(tenant, '/v1/keys?state=destroyed,deactivated', 100)).sort()).toEqual(
      [deleted.id, revoked.id].sort(),
    )
  })
})

describeEachServer('the filter by state', (suite) => {
  const clock = useStoppedClock()
  const anyChange = fc.constantFrom('suspend', 'resume', 'revoke', 'compromise', 'delete')
  const offset = fc.option(fc.integer({ min: 1, max: 20 }), { nil: null })
  const history = fc.record({ starts: offset, ends: offset, changes: fc.array(anyChange, { maxLength: 3 }) })

  test('agrees with each key’s own state at all times', async () => {
    let runs = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(history, { minLength: 1, maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 3 }),
        async (histories, turns) => {
          const { tenant } = suite
          const name = `Run ${String(++runs)}.`
          for (const { starts, ends, changes } of histories) {
            const isPossible = starts === null || ends === null || starts < ends
            const { id } = await tenant.createKey({
              name,
              ...(starts !== null && { conditions: { not_before: clock.in(starts) } }),
              ...(ends !== null && isPossible && { expires_at: clock.in(ends) }),
            })
            for (const change of changes) await apply(tenant, id, change)
          }
          for (const seconds of [0, ...turns]) {
            clock.turn(seconds)
            await expectAgreement(tenant, name, histories.length)
          }
        },
      ),
      { numRuns: 20 },
    )
  })

  test('agrees to the second at which a state begins and ends', async () => {
    const tenant = await suite.newTenant('Edges')
    await tenant.createKey({ conditions: { not_before: clock.in(2) }, expires_at: clock.in(4) })
    const suspended = await tenant.createKey({
      conditions: { not_before: clock.in(2) },
      expires_at: clock.in(4),
    })
    await apply(tenant, suspended.id, 'suspend')
    for (let second = 0; second < 6; second++) {
      await expectAgreement(tenant, 'A key', 2)
      clock.turn(1)
    }
  })

  /** Each state's list holds exactly the keys that are in it by their own account, and each key is in one list. */
  async function expectAgreement(tenant: Tenant, name: string, total: number): Promise<void> {
    const path = `/v1/keys?name=${encodeURIComponent(name)}`
    const all = await readAll<Listed>(tenant, path, 100)
    expect(all).toHaveLength(total)
    for (const state of STATES) {
      const listed = await readAll<Listed>(tenant, `${path}&state=${state}`, 100)
      expect([state, idsOf(listed)]).toEqual([state, idsOf(all.filter((key) => key.state === state))])
    }
    for (const { id, state } of all) {
      expect((await tenant.call('GET', `/v1/keys/${id}`)).body.state).toBe(state)
    }
    const some = await readAll<Listed>(tenant, `${path}&state=active,suspended,pre-activation`, 100)
    const usable = ['active', 'suspended', 'pre-activation']
    expect(idsOf(some)).toEqual(idsOf(all.filter(({ state }) => usable.includes(state))))
  }

  /** Makes a change where the key's state allows it. */
  async function apply(tenant: Tenant, id: string, name: string): Promise<void> {
    if (name === 'delete')
      await tenant.call('DELETE', `/v1/keys/${id}`, undefined, { headers: { 'if-match': '*' } })
    else if (name === 'compromise') await tenant.call('POST', `/v1/keys/${id}/revoke`, { compromised: true })
    else await tenant.call('POST', `/v1/keys/${id}/${name}`)
  }
})

describeEachServer('listing the audit log', (suite) => {
  interface Entry {
    readonly index: number
    readonly action: string
    readonly outcome: string
    readonly actor: { readonly id: string }
    readonly resource: { readonly id: string | null }
  }

  test('in pages gives every entry once, newest first and without gaps, while it grows', async () => {
    const tenant = await suite.newTenant('Growing')
    for (let count = 0; count < 9; count++) await tenant.createKey()
    const entries = await readAll<Entry>(tenant, '/v1/audit', 2, () => tenant.createKey())
    const first = entries[0]?.index ?? 0
    expect(entries.map(({ index }) => index)).toEqual(
      Array.from({ length: first + 1 }, (_, place) => first - place),
    )
  })

  test('filters agree with the entries, alone and together', async () => {
    const tenant = await suite.newTenant('Filtered')
    const { id } = await tenant.createKey()
    await tenant.call('PATCH', `/v1/keys/${id}`, { name: 'Changed' })
    const reader = await tenant.createKey({ kind: 'management', name: 'Reader', access: { keys: 'read' } })
    await tenant.call('PATCH', `/v1/keys/${id}`, { name: 'Refused' }, { key: reader.token })
    const isNoReading = ({ action }: Entry): boolean => action !== 'audit.read'
    const all = await readAll<Entry>(tenant, '/v1/audit', 100)
    const owner = all.find(({ action }) => action === 'key.update')?.actor.id ?? ''
    const filters: [string, (entry: Entry) => boolean][] = [
      ['action=key.create', ({ action }) => action === 'key.create'],
      ['outcome=failure', ({ outcome }) => outcome === 'failure'],
      ['outcome=success', ({ outcome }) => outcome === 'success'],
      [`actor=${reader.id}`, ({ actor }) => actor.id === reader.id],
      [`resource=${id}`, ({ resource }) => resource.id === id],
      [`actor=${owner}&resource=${id}&action=key.update`, ({ action }) => action === 'key.update'],
      ['action=key.destroy', () => false],
    ]
    for (const [query, matches] of filters) {
      // Every look at the log is an entry of its own, of which there are more each time.
      const found = await readAll<Entry>(tenant, `/v1/audit?${query}`, 1)
      expect([query, found.filter(isNoReading)]).toEqual([query, all.filter(matches)])
    }
    for (const entry of all) {
      expect((await tenant.call('GET', `/v1/audit/${String(entry.index)}`)).body).toMatchObject(entry)
    }
    expect((await tenant.call('GET', `/v1/audit/${String(all.length + 1000)}`)).status).toBe(404)
  })
})
