import { randomBytes } from 'node:crypto'
import type { AuditAction } from '@bitting/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CheckpointEvents } from '../../server/src/webhooks/checkpoint-events.js'
import { envelope, isReservedType, wantsEvent, type NewEvent } from '../../server/src/webhooks/event.js'
import { EVENT_RETENTION_DAYS, forgetEvents } from '../../server/src/webhooks/event-retention.js'
import { tellKeyExpiry } from '../../server/src/webhooks/key-expiry.js'
import { EVENT_TYPES, lifecycleEvents } from '../../server/src/webhooks/lifecycle.js'
import { takeEvents, tellEvents } from '../../server/src/webhooks/outbox.js'
import { describeEachDatabase } from '../support/databases.js'
import { answer, Stage } from './dispatch-fixture.js'

const DAY = 24 * 3600

function eventOf(type: string, at: number, dedupeKey: string | null = null): NewEvent {
  return envelope(
    { type, subject: null, source: 'posted', data: {}, dedupeKey, atMilliseconds: at },
    randomBytes,
  )
}

describe('what an endpoint wants', () => {
  it('is named, or begins as named, or is everything but checkpoints', () => {
    expect(wantsEvent(['*'], 'call_ended')).toBe(true)
    expect(wantsEvent(['key.*'], 'key.created')).toBe(true)
    expect(wantsEvent(['key.*'], 'keys.created')).toBe(false)
    expect(wantsEvent(['call_ended'], 'call_ended.twice')).toBe(false)
    expect(wantsEvent([], 'call_ended')).toBe(false)
    for (const filter of ['*', 'audit.*']) expect(wantsEvent([filter], 'audit.checkpoint')).toBe(false)
    expect(wantsEvent(['audit.checkpoint'], 'audit.checkpoint')).toBe(true)
  })

  it('never depends on more than the text: a filter without a star wants itself alone', () => {
    const name = fc.stringMatching(/^[a-z][a-z_]{0,8}(\.[a-z_]{1,8}){0,3}$/)
    fc.assert(fc.property(name, name, (filter, type) => wantsEvent([filter], type) === (filter === type)))
  })

  it('what Bitting alone sends is reserved, all of it', () => {
    for (const type of Object.keys(EVENT_TYPES)) expect(isReservedType(type)).toBe(true)
    for (const type of ['KEY.created', 'key', 'Webhook_Key.moved']) expect(isReservedType(type)).toBe(true)
    for (const type of ['keys.created', 'call_ended', 'order.key']) expect(isReservedType(type)).toBe(false)
  })
})

describe('the events of acts', () => {
  const act = (action: AuditAction, details: object = {}, failure: string | null = null) =>
    lifecycleEvents(
      [{ action, resource: { type: 'key', id: 'key_1' }, details: { ...details }, failure }],
      'key_admin',
      1,
      randomBytes,
    ).map(({ type, subject, body }) => ({ type, subject, data: JSON.parse(body).data }))

  it('are named after what became of the key', () => {
    const levels = (before: unknown, after: unknown) => ({
      before: { access: before },
      after: { access: after },
    })
    expect(act('key.create', { name: 'A' })).toEqual([
      { type: 'key.created', subject: 'key_1', data: { key_id: 'key_1', by: 'key_admin', name: 'A' } },
    ])
    expect(act('key.revoke', { after: 'compromised' })[0]?.type).toBe('key.leaked')
    expect(act('key.revoke', { after: 'deactivated' })[0]?.type).toBe('key.revoked')
    expect(act('key.update', levels('full', { call: 'edit' }))[0]?.type).toBe('key.restricted')
    expect(act('key.update', levels({ call: 'edit' }, {}))[0]?.type).toBe('key.restricted')
    expect(act('key.update', levels({}, { call: 'edit' }))[0]?.type).toBe('key.updated')
    expect(act('key.update', levels({ call: 'edit' }, { agent: 'read' }))[0]?.type).toBe('key.updated')
    expect(act('key.update', levels('full', 'full'))[0]?.type).toBe('key.updated')
  })

  it('that failed, or that nobody is told of, are none', () => {
    expect(act('key.create', {}, 'refused')).toEqual([])
    expect(act('audit.read')).toEqual([])
    expect(act('event.publish')).toEqual([])
  })
})

describeEachDatabase('the outbox', (open) => {
  const newStage = async (): Promise<Stage> => {
    const stage = new Stage(await open())
    await stage.open()
    return stage
  }
  const eventsOf = (stage: Stage) =>
    stage.database.read
      .selectFrom('webhook_events')
      .selectAll()
      .where('workspace_id', '=', stage.workspaceId)
      .orderBy('sequence')
      .execute()

  it('leaves nothing of a transaction that is rolled back', async () => {
    const stage = await newStage()
    await stage.addEndpoint()
    const failing = stage.database.transact(async (tx) => {
      await takeEvents(tx, stage.workspaceId, [eventOf('a.b', stage.now)])
      throw new Error('the act failed')
    })
    await expect(failing).rejects.toThrow('the act failed')
    expect(await eventsOf(stage)).toEqual([])
    expect(await stage.deliveries()).toEqual([])
    await stage.post()
    expect((await eventsOf(stage)).map(({ sequence }) => sequence)).toEqual([1])
  })

  it('gives each endpoint what it wants, and none to one that is disabled or deleted', async () => {
    const stage = await newStage()
    const [all, calls, disabled, deleted] = [
      await stage.addEndpoint(),
      await stage.addEndpoint({ events: ['call.*'] }),
      await stage.addEndpoint(),
      await stage.addEndpoint(),
    ]
    await stage.database.transact(async (tx) => {
      await tx
        .updateTable('webhook_endpoints')
        .set({ disabled_at: 1 })
        .where('id', '=', disabled.id)
        .execute()
      await tx.updateTable('webhook_endpoints').set({ deleted_at: 1 }).where('id', '=', deleted.id).execute()
    })
    const taken = await stage.database.transact((tx) =>
      takeEvents(tx, stage.workspaceId, [eventOf('call.ended', stage.now), eventOf('order.paid', stage.now)]),
    )
    expect(taken.map(({ endpoints }) => endpoints)).toEqual([2, 1])
    const rows = await stage.deliveries()
    expect(rows.filter(({ endpoint_id: id }) => id === all.id)).toHaveLength(2)
    expect(rows.filter(({ endpoint_id: id }) => id === calls.id)).toHaveLength(1)
    expect(rows).toHaveLength(3)
  })

  it('keeps what an endpoint misses while it is disabled, and nothing for one that is deleted', async () => {
    const stage = await newStage()
    const { id } = await stage.addEndpoint({ events: ['key.*'] })
    const set = (columns: { disabled_at?: number; deleted_at?: number }) =>
      stage.database.transact((tx) =>
        tx.updateTable('webhook_endpoints').set(columns).where('id', '=', id).execute(),
      )
    const tell = (type: string) =>
      stage.database.transact((tx) => tellEvents(tx, stage.workspaceId, [eventOf(type, stage.now)]))
    await set({ disabled_at: 1 })
    await tell('key.leaked')
    await tell('workspace.updated')
    await set({ deleted_at: 1 })
    await tell('key.created')
    expect((await eventsOf(stage)).map(({ type }) => type)).toEqual(['key.leaked'])
    expect(await stage.deliveries()).toEqual([])
  })

  it('numbers the events of a workspace without gaps, however many write at once', async () => {
    const stage = await newStage()
    await stage.addEndpoint()
    const writes = Array.from({ length: 40 }, (_, at) => stage.post((at % 3) + 1))
    const ids = (await Promise.all(writes)).flat()
    const events = await eventsOf(stage)
    expect(events.map(({ sequence }) => sequence)).toEqual(ids.map((_, at) => at + 1))
    expect(new Set(events.map(({ id }) => id))).toEqual(new Set(ids))
    expect(await stage.deliveries()).toHaveLength(ids.length)
  })

  it('takes one of those with the same dedupe key, in one batch, in another, and at once', async () => {
    const stage = await newStage()
    const take = (keys: (string | null)[]) =>
      stage.database.transact((tx) =>
        takeEvents(
          tx,
          stage.workspaceId,
          keys.map((key) => eventOf('a.b', stage.now, key)),
        ),
      )
    expect(await take(['x', 'x', null, null, 'y'])).toHaveLength(4)
    expect(await take(['x', 'y', 'z'])).toHaveLength(1)
    const together = await Promise.all(Array.from({ length: 10 }, () => take(['at once'])))
    expect(together.flat()).toHaveLength(1)
  })

  it('keeps nothing for a workspace where nobody listens, of what Bitting tells by itself', async () => {
    const stage = await newStage()
    await stage.addEndpoint({ events: ['order.*'] })
    const tell = (type: string) =>
      stage.database.transact((tx) => tellEvents(tx, stage.workspaceId, [eventOf(type, stage.now)]))
    await tell('key.created')
    expect(await eventsOf(stage)).toEqual([])
    await tell('order.paid')
    expect(await eventsOf(stage)).toHaveLength(1)
  })

  it('tells of keys that expire: a week before, a day before, and when they have, once each', async () => {
    const stage = await newStage()
    await stage.addEndpoint()
    const { id } = await stage.addKey()
    const { id: revoked } = await stage.addKey()
    const start = Math.floor(stage.now / 1000)
    await stage.database.transact(async (tx) => {
      await tx
        .updateTable('keys')
        .set({ expires_at: start + 30 * DAY })
        .where('id', 'in', [id, revoked])
        .execute()
      await tx.updateTable('keys').set({ revoked_at: start }).where('id', '=', revoked).execute()
    })
    const told = new Set<string>()
    for (let hour = 0; hour <= 32 * 24; hour += 6) {
      const options = { database: stage.database, randomBytes, nowSeconds: start + hour * 3600 }
      // One that remembers, and one that has just started.
      await tellKeyExpiry({ ...options, told })
      await tellKeyExpiry({ ...options, told: new Set() })
    }
    const events = await eventsOf(stage)
    expect(
      events.map(({ type, subject, created_at_ms: at }) => [type, subject, (at / 1000 - start) / DAY]),
    ).toEqual([
      ['key.expiring', id, 23],
      ['key.expiring', id, 29],
      ['key.expired', id, 30],
    ])
  })

  it('tells of checkpoints those alone who name them, each once', async () => {
    const stage = await newStage()
    await stage.addEndpoint()
    const events = new CheckpointEvents(
      stage.database,
      randomBytes,
      () => undefined,
      (error) => stage.errors.push(error),
    )
    const offer = async (size: number): Promise<void> => {
      events.offer({ workspaceId: stage.workspaceId, size, note: 'note' })
      await events.close()
    }
    await offer(1)
    expect(await eventsOf(stage)).toEqual([])
    await stage.addEndpoint({ events: ['audit.checkpoint'] })
    await offer(2)
    await offer(2)
    await offer(3)
    expect((await eventsOf(stage)).map(({ body }) => JSON.parse(body).data)).toEqual([
      { size: 2, checkpoint: 'note' },
      { size: 3, checkpoint: 'note' },
    ])
    expect(stage.errors).toEqual([])
  })

  it('forgets events that are older than they are kept, with all that came of them, and no others', async () => {
    const stage = await newStage()
    await stage.addEndpoint()
    await stage.post(3)
    const dispatcher = stage.dispatcher({ send: () => Promise.resolve(answer(500)) })
    await stage.round(dispatcher)
    stage.now += 10 * DAY * 1000
    await stage.post(2)
    await forgetEvents(stage.database, stage.now + (EVENT_RETENTION_DAYS - 5) * DAY * 1000)
    expect((await eventsOf(stage)).map(({ sequence }) => sequence)).toEqual([4, 5])
    expect((await stage.deliveries()).map(({ sequence }) => sequence)).toEqual([4, 5])
    const attempts = await stage.database.read
      .selectFrom('webhook_attempts')
      .selectAll()
      .where('workspace_id', '=', stage.workspaceId)
      .execute()
    expect(attempts).toEqual([])
  })
})
