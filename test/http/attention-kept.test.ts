import { beforeEach, expect, test, vi } from 'vitest'
import { newDoor } from '../invariants/intercept.js'
import { describeEachServer, useStoppedClock } from './support.js'

/** What is counted of the computations, and what a test does to the next one. */
const computations = vi.hoisted(() => ({
  count: 0,
  next: (): Promise<void> => Promise.resolve(),
}))

vi.mock('../../server/src/services/usage/attention.js', async (original) => {
  const { getAttention } = await original<typeof import('../../server/src/services/usage/attention.js')>()
  const counted: typeof getAttention = async (...parameters) => {
    computations.count++
    const view = await getAttention(...parameters)
    await computations.next()
    return view
  }
  return { getAttention: counted }
})

beforeEach(() => {
  computations.count = 0
  computations.next = () => Promise.resolve()
})

describeEachServer('an answer to what deserves a look', (suite) => {
  const clock = useStoppedClock()

  test('is worked out once for twenty who ask at the same time', async () => {
    const tenant = await suite.newTenant('Crowd')
    const door = newDoor()
    computations.next = () => {
      door.reach()
      return door.opened
    }
    const asked = Array.from({ length: 20 }, () => tenant.call('GET', '/v1/attention'))
    await door.reached
    door.open()
    const answers = await Promise.all(asked)
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expect(computations.count).toBe(1)
  })

  test('is kept for 60 seconds, says as of when it is, and is for nobody else to keep', async () => {
    const tenant = await suite.newTenant('Minute')
    const ask = () => tenant.call('GET', '/v1/attention')
    const begun = clock.in(0)
    const first = await ask()
    expect(first.body.computed_at).toBe(begun)
    expect(first.headers.get('cache-control')).toBe('private, no-store')
    clock.turn(59)
    expect((await ask()).text).toBe(first.text)
    expect(computations.count).toBe(1)
    clock.turn(1)
    expect((await ask()).body.computed_at).toBe(clock.in(0))
    expect(computations.count).toBe(2)
  })

  test('is given up for a change of a key or of the key that signs, and not for one in another workspace', async () => {
    const tenant = await suite.newTenant('Changes')
    const other = await suite.newTenant('Elsewhere')
    const look = async () => (await tenant.call('GET', '/v1/attention')).body
    const { id } = await tenant.createKey()
    await suite.database.transact((tx) =>
      tx
        .updateTable('keys')
        .set({ created_at: clock.seconds - 30 * 86_400 })
        .where('id', '=', id)
        .execute(),
    )
    expect(await look()).toMatchObject({ counts: { idle: 1, unrestricted: 0 }, live_keys: 2 })
    await other.createKey({ access: 'full' })
    await look()
    expect(computations.count).toBe(1)
    await tenant.call('PUT', '/v1/webhook-key', { key_id: id })
    expect(await look()).toMatchObject({ counts: { idle: 0 } })
    const full = await tenant.createKey({ access: 'full' })
    expect(await look()).toMatchObject({ counts: { unrestricted: 1 }, live_keys: 3 })
    await tenant.call('POST', `/v1/keys/${full.id}/revoke`, { compromised: true })
    expect(await look()).toMatchObject({ counts: { unrestricted: 0, compromised: 1 }, live_keys: 2 })
  })

  test('has a change that came while an older one was worked out, one after the other', async () => {
    const tenant = await suite.newTenant('Late')
    const look = () => tenant.call('GET', '/v1/attention')
    const door = newDoor()
    computations.next = () => {
      door.reach()
      return door.opened
    }
    const early = look()
    await door.reached
    await tenant.createKey({ access: 'full' })
    const late = [look(), look(), look()]
    expect(computations.count).toBe(1)
    door.open()
    expect((await early).body.counts.unrestricted).toBe(0)
    for (const { body } of await Promise.all(late)) expect(body.counts.unrestricted).toBe(1)
    expect(computations.count).toBe(2)
  })

  test('that failed is worked out again', async () => {
    const tenant = await suite.newTenant('Unlucky')
    computations.next = () => Promise.reject(new Error('no such luck'))
    expect((await tenant.call('GET', '/v1/attention')).status).toBe(500)
    computations.next = () => Promise.resolve()
    expect((await tenant.call('GET', '/v1/attention')).status).toBe(200)
  })
})
