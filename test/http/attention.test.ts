import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { AttentionReason, AttentionView } from '@bitting/client'
import { ATTENTION_LIMITS, ATTENTION_REASONS } from '../../server/src/services/usage/attention-rules.js'
import { appendChange } from '../../server/src/storage/change-log.js'
import type { Schema } from '../../server/src/storage/schema.js'
import { describeEachServer, useStoppedClock, type Suite, type Tenant } from './support.js'

const DAY = 86_400
const HOUR = 3600

interface Hours {
  readonly scope: string
  readonly daysAgo: number
  readonly allowed?: number
  readonly denied?: number
}

describeEachServer('what deserves a look', (suite) => {
  const clock = useStoppedClock()

  /** An answer is kept while no key changes, and what these tests write themselves is in no change log: it is told. */
  const look = async (tenant: Tenant): Promise<AttentionView> => {
    const change = { workspaceId: tenant.id, subjectId: tenant.id, atMilliseconds: 0 }
    await suite.database.transact((tx) => appendChange(tx, { ...change, subject: 'workspace' }))
    return (await tenant.call('GET', '/v1/attention')).body
  }
  /** The facts of a key for a reason; null where it is not there. */
  const factsOf = async (tenant: Tenant, id: string, reason: AttentionReason) =>
    (await look(tenant)).data.find((item) => item.key_id === id && item.reason === reason)?.facts ?? null
  const change = (id: string, row: Partial<Schema['keys']>) =>
    suite.database.transact((tx) => tx.updateTable('keys').set(row).where('id', '=', id).execute())
  const daysAgo = (days: number) => clock.seconds - Math.round(days * DAY)
  const use = (tenant: Tenant, id: string, hours: readonly Hours[]) =>
    writeUse(suite, tenant, id, clock.seconds, hours)

  test('old: a current secret of more than 90 days, and not one that was rotated since', async () => {
    const tenant = await suite.newTenant('Old')
    const [old, fresh, rotated] = [
      await tenant.createKey(),
      await tenant.createKey(),
      await tenant.createKey(),
    ]
    const age = (id: string, seconds: number) =>
      suite.database.transact((tx) =>
        tx
          .updateTable('secrets')
          .set({ created_at: clock.seconds - seconds })
          .where('key_id', '=', id)
          .execute(),
      )
    await age(old.id, 90 * DAY + 1)
    await age(fresh.id, 90 * DAY)
    await age(rotated.id, 400 * DAY)
    await tenant.call('POST', `/v1/keys/${rotated.id}/rotate`, { overlap_seconds: 3600 })
    expect(await factsOf(tenant, old.id, 'old')).toEqual({ days: 90 })
    expect(await factsOf(tenant, fresh.id, 'old')).toBeNull()
    expect(await factsOf(tenant, rotated.id, 'old')).toBeNull()
    expect((await look(tenant)).counts.old).toBe(1)
  })

  test('idle: not used for 30 days, or never in 7, and not the key that signs webhooks', async () => {
    const tenant = await suite.newTenant('Idle')
    const keys = []
    for (let count = 0; count < 5; count++) keys.push(await tenant.createKey())
    const [unused, young, stale, used, signing] = keys.map(({ id }) => id) as [
      string,
      string,
      string,
      string,
      string,
    ]
    await change(unused, { created_at: daysAgo(7) - 1 })
    await change(young, { created_at: daysAgo(7) })
    await use(tenant, stale, [{ scope: 'agent:read', daysAgo: 30.001, allowed: 1 }])
    await use(tenant, used, [{ scope: 'agent:read', daysAgo: 30, allowed: 1 }])
    await change(signing, { created_at: daysAgo(50) })
    await tenant.call('PUT', '/v1/webhook-key', { key_id: signing })
    expect(await factsOf(tenant, unused, 'idle')).toEqual({ days: 7, last_used_at: null })
    expect(await factsOf(tenant, stale, 'idle')).toMatchObject({ days: 30 })
    for (const id of [young, used, signing]) expect(await factsOf(tenant, id, 'idle')).toBeNull()
    await tenant.call('POST', `/v1/keys/${stale}/suspend`)
    expect((await look(tenant)).counts.idle).toBe(1)
  })

  test('not idle: a key that somebody is denied calls with, until that has ended for 30 days', async () => {
    const tenant = await suite.newTenant('Knocking')
    const keys = []
    for (let count = 0; count < 4; count++) keys.push((await tenant.createKey()).id)
    const [spike, few, stale, past] = keys as [string, string, string, string]
    for (const id of keys) await change(id, { created_at: daysAgo(60) })
    const knocks = (days: number, denied: number): Hours => ({ scope: 'agent:read', daysAgo: days, denied })
    await use(tenant, spike, [knocks(0.1, 30)])
    await use(tenant, few, [knocks(30, 1)])
    await use(tenant, stale, [{ scope: 'agent:read', daysAgo: 40, allowed: 1 }, knocks(2, 1)])
    await use(tenant, past, [knocks(30.1, 500)])
    expect(await factsOf(tenant, spike, 'denied_spike')).toEqual({ denied: 30, daily_mean: 0 })
    for (const id of [spike, few, stale]) expect(await factsOf(tenant, id, 'idle')).toBeNull()
    expect(await factsOf(tenant, past, 'idle')).toEqual({ days: 60, last_used_at: null })
    expect((await look(tenant)).counts.idle).toBe(1)
    // What is denied in another workspace says nothing about this one.
    const other = await suite.newTenant('Quiet')
    const quiet = await other.createKey()
    await change(quiet.id, { created_at: daysAgo(60) })
    expect((await look(other)).counts.idle).toBe(1)
  })

  test('unrestricted, never expires and expires soon', async () => {
    const tenant = await suite.newTenant('Bounds')
    const full = await tenant.createKey({ access: 'full' })
    const soon = await tenant.createKey({ access: { agent: 'edit' }, expires_at: clock.in(7 * DAY) })
    const later = await tenant.createKey({ expires_at: clock.in(7 * DAY + 1) })
    const manager = await tenant.createKey({ kind: 'management', access: 'full' })
    expect(await factsOf(tenant, full.id, 'unrestricted')).toEqual({ created_at: clock.in(0) })
    expect(await factsOf(tenant, soon.id, 'unrestricted')).toBeNull()
    expect(await factsOf(tenant, manager.id, 'unrestricted')).toBeNull()
    expect(await factsOf(tenant, manager.id, 'never_expires')).not.toBeNull()
    expect(await factsOf(tenant, full.id, 'never_expires')).not.toBeNull()
    expect(await factsOf(tenant, soon.id, 'never_expires')).toBeNull()
    expect(await factsOf(tenant, soon.id, 'expires_soon')).toEqual({ expires_at: clock.in(7 * DAY) })
    expect(await factsOf(tenant, later.id, 'expires_soon')).toBeNull()
    // The workspace's own key is there, too.
    expect(await look(tenant)).toMatchObject({
      counts: { unrestricted: 1, never_expires: 3, expires_soon: 1 },
      live_keys: 5,
    })
    clock.turn(7 * DAY)
    expect(await look(tenant)).toMatchObject({ counts: { expires_soon: 1 }, live_keys: 4 })
  })

  test('compromised: until it is deleted, and not one that was only revoked', async () => {
    const tenant = await suite.newTenant('Leaks')
    const [leaked, revoked] = [await tenant.createKey(), await tenant.createKey()]
    await tenant.call('POST', `/v1/keys/${leaked.id}/revoke`, { compromised: true })
    await tenant.call('POST', `/v1/keys/${revoked.id}/revoke`)
    expect(await factsOf(tenant, leaked.id, 'compromised')).toEqual({ revoked_at: clock.in(0) })
    expect(await factsOf(tenant, revoked.id, 'compromised')).toBeNull()
    await tenant.call('DELETE', `/v1/keys/${leaked.id}`, undefined, { headers: { 'if-match': '*' } })
    expect(await look(tenant)).toMatchObject({ counts: { compromised: 0 } })
  })

  test('a spike of denials: 20 in a day and more than five times what is usual', async () => {
    const tenant = await suite.newTenant('Spikes')
    const keys = []
    for (let count = 0; count < 5; count++) keys.push((await tenant.createKey()).id)
    const [sudden, few, usual, unusual, past] = keys as [string, string, string, string, string]
    await use(tenant, sudden, [
      { scope: 'agent:read', daysAgo: 0, denied: 12 },
      { scope: 'unmapped:edit', daysAgo: 0.9, denied: 8 },
    ])
    await use(tenant, few, [{ scope: 'agent:read', daysAgo: 0, denied: 19 }])
    // Seven a day before make 35 the most that is no spike.
    const before = { scope: 'agent:read', daysAgo: 4, denied: 49 }
    await use(tenant, usual, [before, { scope: 'call:edit', daysAgo: 0.1, denied: 35 }])
    await use(tenant, unusual, [before, { scope: 'call:edit', daysAgo: 0.1, denied: 36 }])
    await use(tenant, past, [{ scope: 'agent:read', daysAgo: 1.1, denied: 500 }])
    expect(await factsOf(tenant, sudden, 'denied_spike')).toEqual({ denied: 20, daily_mean: 0 })
    expect(await factsOf(tenant, unusual, 'denied_spike')).toEqual({ denied: 36, daily_mean: 7 })
    for (const id of [few, usual, past]) expect(await factsOf(tenant, id, 'denied_spike')).toBeNull()
    expect((await look(tenant)).counts.denied_spike).toBe(2)
  })

  test('over-scoped: something used and something not, with what to lower it to', async () => {
    const tenant = await suite.newTenant('Scopes')
    const access = { agent: 'edit', call: 'edit', history: 'read', phone: 'edit' }
    const make = async (more: object, age = 14): Promise<string> => {
      const { id } = await tenant.createKey({ access, ...more })
      await change(id, { created_at: daysAgo(age) })
      return id
    }
    await suite.database.transact((tx) =>
      tx
        .updateTable('migrations')
        .set({ applied_at: daysAgo(31) })
        .where('version', '=', 5)
        .execute(),
    )
    const some: readonly Hours[] = [
      { scope: 'agent:read', daysAgo: 1, allowed: 3 },
      { scope: 'call:edit', daysAgo: 29, allowed: 1 },
      { scope: 'history:read', daysAgo: 32, allowed: 5 },
      { scope: 'phone:edit', daysAgo: 2, denied: 5 },
    ]
    const all = ['agent:edit', 'call:edit', 'history:read', 'phone:edit'].map((scope) => ({
      scope,
      daysAgo: 1,
      allowed: 1,
    }))
    const over = await make({})
    await use(tenant, over, some)
    const exact = await make({})
    await use(tenant, exact, all)
    const young = await make({}, 13.9)
    await use(tenant, young, some)
    const unused = await make({})
    await use(tenant, unused, [{ scope: 'any:read', daysAgo: 1, allowed: 4 }])
    const full = await make({ access: 'full' })
    await use(tenant, full, some)
    const manager = await make({ kind: 'management', access: { keys: 'edit', audit: 'read', call: 'edit' } })
    await use(tenant, manager, [{ scope: 'keys:read', daysAgo: 1, allowed: 2 }])

    expect(await factsOf(tenant, over, 'over_scoped')).toEqual({
      unused: ['agent:edit', 'history:read', 'phone:edit'],
      suggested_access: { agent: 'read', call: 'edit' },
    })
    expect(await factsOf(tenant, manager, 'over_scoped')).toEqual({
      unused: ['keys:edit', 'audit:read'],
      suggested_access: { call: 'edit', keys: 'read' },
    })
    for (const id of [exact, young, unused, full]) expect(await factsOf(tenant, id, 'over_scoped')).toBeNull()
    expect((await look(tenant)).counts.over_scoped).toBe(2)

    // Before counting began nobody knows what was used.
    await suite.database.transact((tx) =>
      tx
        .updateTable('migrations')
        .set({ applied_at: daysAgo(10) })
        .where('version', '=', 5)
        .execute(),
    )
    expect((await look(tenant)).counts.over_scoped).toBe(0)
  })

  test('the gravest come first, at most 200, and of this workspace alone', async () => {
    const tenant = await suite.newTenant('Many')
    const other = await suite.newTenant('Others')
    const leaked = await tenant.createKey({ name: 'Leaked' })
    await tenant.call('POST', `/v1/keys/${leaked.id}/revoke`, { compromised: true })
    for (let count = 0; count < 102; count++) await tenant.createKey({ access: 'full' })
    const { data, counts, live_keys: live } = await look(tenant)
    expect(counts).toMatchObject({ compromised: 1, unrestricted: 102, never_expires: 103 })
    expect(live).toBe(103)
    expect(data).toHaveLength(200)
    const places = data.map(({ reason }) => ATTENTION_REASONS.indexOf(reason))
    expect(places).toEqual(places.toSorted((left, right) => left - right))
    expect(data[0]).toMatchObject({ reason: 'compromised', key_id: leaked.id, key_name: 'Leaked' })
    expect(await look(other)).toMatchObject({ live_keys: 1, data: [{ reason: 'never_expires' }] })
  })
})

test('the document names every reason in order and every limit, and no other', () => {
  const text = readFileSync(new URL('../../docs/attention.md', import.meta.url), 'utf8')
  const rows = [...text.matchAll(/^\| `(\w+)` \| (.*?) \|/gm)].map(
    ([, name = '', cell = '']) => [name, cell] as const,
  )
  const limits = rows.filter(([, cell]) => /^\d+$/.test(cell)).map(([name, cell]) => [name, Number(cell)])
  expect(Object.fromEntries(limits)).toEqual(ATTENTION_LIMITS)
  expect(rows.filter(([, cell]) => !/^\d+$/.test(cell)).map(([name]) => name)).toEqual(ATTENTION_REASONS)
})

/** Writes use as a flush would have written it so many days ago. */
async function writeUse(
  suite: Suite,
  tenant: Tenant,
  id: string,
  now: number,
  hours: readonly Hours[],
): Promise<void> {
  const at = (daysAgo: number) => now - Math.round(daysAgo * DAY)
  const rows = hours.map(({ scope, daysAgo, allowed = 0, denied = 0 }) => {
    const [permission = '', level = ''] = scope.split(':')
    const hour = at(daysAgo) - (at(daysAgo) % HOUR)
    return {
      workspace_id: tenant.id,
      key_id: id,
      permission,
      level: level as 'read' | 'edit',
      hour,
      allowed,
      denied,
    }
  })
  const uses = hours.filter(({ allowed = 0 }) => allowed > 0).map(({ daysAgo }) => at(daysAgo))
  await suite.database.transact(async (tx) => {
    await tx.insertInto('key_usage_hours').values(rows).execute()
    await tx
      .insertInto('key_usage')
      .values({
        workspace_id: tenant.id,
        key_id: id,
        allowed: uses.length,
        denied: 0,
        last_used_at: uses.length === 0 ? null : Math.max(...uses),
      })
      .execute()
  })
}
