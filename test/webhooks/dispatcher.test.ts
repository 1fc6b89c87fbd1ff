import { createHmac } from 'node:crypto'
import Retell from 'retell-sdk'
import { expect, it } from 'vitest'
import { verifyWebhook } from '@bitting/client/webhooks'
import { describeEachDatabase } from '../support/databases.js'
import { answer, Stage, timeout, until, type Sent } from './dispatch-fixture.js'

describeEachDatabase('deliveries', (open) => {
  const newStage = async (): Promise<Stage> => {
    const stage = new Stage(await open())
    await stage.open()
    return stage
  }
  const endpointRow = (stage: Stage, id: string) =>
    stage.database.read
      .selectFrom('webhook_endpoints')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow()

  it('carry every signature that was asked for, made anew for each attempt', async () => {
    const stage = new Stage(await open())
    const token = await stage.open()
    const { secret } = await stage.addEndpoint({ schemes: ['standard', 'retell', 'body', 'ed25519'] })
    await stage.post()
    const sent: Sent[] = []
    stage.receiver = (request) => answer(sent.push(request) === 1 ? 500 : 200)
    const dispatcher = stage.dispatcher()
    await stage.round(dispatcher)
    stage.now += 3_600_000
    await stage.round(dispatcher)
    expect(sent).toHaveLength(2)
    for (const [at, { headers, body }] of sent.entries()) {
      const options = { nowMilliseconds: stage.now - (1 - at) * 3_600_000 }
      for (const key of [token, secret]) {
        expect(verifyWebhook(body, headers, key, { ...options, schemes: ['standard'] })).toBe(true)
      }
      expect(verifyWebhook(body, headers, token, { ...options, schemes: ['retell', 'standard'] })).toBe(true)
      expect(headers['x-bitting-signature']).toBe(createHmac('sha256', token).update(body).digest('hex'))
      expect(headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+ v1a,\S+$/)
    }
    const [first, second] = sent
    expect(first?.headers['webhook-id']).toBe(second?.headers['webhook-id'])
    expect(first?.headers['x-retell-signature']).not.toBe(second?.headers['x-retell-signature'])
  })

  it('do not wait for an endpoint that hangs, nor for one that fails', async () => {
    const stage = await newStage()
    const hanging = await stage.addEndpoint({ url: 'https://hang.example/' })
    const failing = await stage.addEndpoint({ url: 'https://fail.example/' })
    for (let count = 0; count < 5; count++) await stage.addEndpoint()
    await stage.post(300)
    let release = (): void => undefined
    const hung = new Promise<void>((resolve) => (release = resolve))
    let hanged = 0
    stage.receiver = async ({ url }) => {
      if (url.host === 'fail.example') return answer(500)
      if (url.host !== 'hang.example') return answer(200)
      hanged++
      await hung
      return timeout()
    }
    const dispatcher = stage.dispatcher()
    await stage.running(dispatcher, async () => {
      await until(async () => {
        const rows = await stage.deliveries()
        return rows.filter(({ state }) => state === 'delivered').length === 5 * 300
      })
      // Its eight requests are under way, and they are all that it gets.
      expect(hanged).toBe(8)
      expect((await stage.deliveries(hanging.id)).every(({ attempts }) => attempts === 0)).toBe(true)
      expect((await stage.deliveries(failing.id)).every(({ state }) => state === 'pending')).toBe(true)
      release()
    })
  })

  it('of one subject keep their order where that is asked for, whatever fails', async () => {
    const stage = await newStage()
    await stage.addEndpoint({ isOrdered: true, concurrency: 16 })
    const subjects = 7
    await stage.post(210, (at) => (at % 10 === 9 ? null : `call_${String(at % subjects)}`))
    const arrived = new Map<string, number[]>()
    let calls = 0
    stage.receiver = async ({ body }) => {
      // Three of ten fail, and answers come in another order than requests.
      const number = ++calls
      await new Promise((resolve) => setTimeout(resolve, (number * 7) % 5))
      if (number % 10 < 3) return answer(500)
      const { at } = (JSON.parse(body) as { data: { at: number } }).data
      const subject = at % 10 === 9 ? 'none' : String(at % subjects)
      arrived.set(subject, [...(arrived.get(subject) ?? []), at])
      return answer(200)
    }
    const dispatcher = stage.dispatcher()
    for (let round = 0; round < 2000 && !(await stage.isDone()); round++) {
      const before = calls
      await stage.round(dispatcher)
      if (calls === before) await stage.skip()
    }
    expect(await stage.isDone()).toBe(true)
    arrived.delete('none')
    expect(arrived.size).toBe(subjects)
    for (const order of arrived.values()) expect(order).toEqual([...order].sort((a, b) => a - b))
    const rows = await stage.deliveries()
    expect(rows.every(({ state }) => state === 'delivered')).toBe(true)
  })

  it('are made once each where nothing fails, however many are under way', async () => {
    const stage = await newStage()
    await stage.addEndpoint({ concurrency: 64 })
    await stage.addEndpoint({ concurrency: 64, isOrdered: true })
    const seen = new Map<string, number>()
    stage.receiver = async ({ url, headers }) => {
      const one = `${url.host} ${String(headers['webhook-id'])}`
      seen.set(one, (seen.get(one) ?? 0) + 1)
      await new Promise((resolve) => setTimeout(resolve, seen.size % 3))
      return answer(200)
    }
    await stage.running(stage.dispatcher({ now: Date.now }), async () => {
      for (let batch = 0; batch < 30; batch++) await stage.post(50, (at) => `subject_${String(at % 20)}`)
      await until(() => stage.isDone())
    })
    expect(seen.size).toBe(2 * 30 * 50)
    expect([...seen.values()].every((times) => times === 1)).toBe(true)
  })

  it('keep to the rate and the number at a time of their endpoint', async () => {
    const stage = await newStage()
    await stage.addEndpoint({ concurrency: 3, rateLimit: 2 })
    await stage.post(20)
    let [now, most, total] = [0, 0, 0]
    stage.receiver = async () => {
      most = Math.max(most, ++now)
      total++
      await new Promise((resolve) => setTimeout(resolve, 1))
      now--
      return answer(200)
    }
    const dispatcher = stage.dispatcher()
    await stage.round(dispatcher)
    const atOnce = total
    stage.now += 500
    await stage.round(dispatcher)
    expect(total).toBe(atOnce + 1)
    stage.now += 1000
    await stage.round(dispatcher)
    expect(total).toBe(atOnce + 3)
    stage.now += 60_000
    await stage.round(dispatcher)
    // A pause saves up one second's worth and no more.
    expect(total).toBe(atOnce + 5)
    expect(atOnce).toBeLessThanOrEqual(2)
    expect(most).toBeLessThanOrEqual(3)
  })

  it('keep to the rate also where the endpoint has nothing to do in between, and the clock is set back', async () => {
    const stage = await newStage()
    await stage.addEndpoint({ rateLimit: 1 })
    const times: number[] = []
    stage.receiver = () => answer(times.push(stage.now) > 0 ? 200 : 500)
    const dispatcher = stage.dispatcher()
    for (let step = 0; step < 40; step++) {
      await stage.post()
      await stage.round(dispatcher)
      stage.now += 250
    }
    expect(times.length).toBe(10)
    stage.now -= 3_600_000
    await stage.post()
    const before = times.length
    for (let step = 0; step < 8; step++) {
      await stage.round(dispatcher)
      stage.now += 500
    }
    expect(times.length - before).toBeGreaterThanOrEqual(3)
  })

  it('are signed for receivers of lone signatures with the key that they have, during a move', async () => {
    const stage = new Stage(await open())
    const old = await stage.open()
    const { token: next, id: nextId } = await stage.addKey()
    const [oldOnly, newOnly, both] = await Promise.all(
      ['old', 'new', 'both'].map((name) =>
        stage.addEndpoint({ url: `https://${name}.example/`, schemes: ['retell'] }),
      ),
    )
    const has: Record<string, string[]> = {
      'old.example': [old],
      'new.example': [next],
      'both.example': [next, old],
    }
    const refused: Record<string, number> = {}
    const realNow = Date.now()
    stage.now = realNow
    stage.receiver = async ({ url, headers, body }) => {
      const checks = (has[url.host] ?? []).map((key) =>
        Retell.verify(body, key, headers['x-retell-signature'] ?? ''),
      )
      if ((await Promise.all(checks)).includes(true)) return answer(200)
      refused[url.host] = (refused[url.host] ?? 0) + 1
      return answer(401)
    }
    await stage.database.transact((tx) =>
      tx
        .updateTable('webhook_workspaces')
        .set({
          previous_key_id: (row) => row.ref('key_id'),
          key_id: nextId,
          overlap_until: Math.floor(realNow / 1000) + 600,
        })
        .where('workspace_id', '=', stage.workspaceId)
        .execute(),
    )
    const dispatcher = stage.dispatcher()
    for (let count = 0; count < 3; count++) {
      await stage.post()
      await stage.round(dispatcher)
    }
    const rows = await stage.deliveries()
    expect(rows).toHaveLength(9)
    expect(rows.every(({ state, attempts }) => state === 'delivered' && attempts === 1)).toBe(true)
    // Learnt with the first, and not asked again.
    expect(refused).toEqual({ 'new.example': 1 })
    expect((await endpointRow(stage, newOnly!.id)).switched_to).not.toBeNull()
    for (const { id } of [oldOnly!, both!]) expect((await endpointRow(stage, id)).switched_to).toBeNull()
    // When the overlap is over, the old key signs nothing more.
    stage.now = realNow + 601_000
    const accepted: string[] = []
    stage.receiver = ({ headers, body }) => {
      const signature = headers['x-retell-signature'] ?? ''
      expect(verifyWebhook(body, headers, old, { schemes: ['retell'], nowMilliseconds: stage.now })).toBe(
        false,
      )
      expect(verifyWebhook(body, headers, next, { schemes: ['retell'], nowMilliseconds: stage.now })).toBe(
        true,
      )
      accepted.push(signature)
      return answer(200)
    }
    await stage.post()
    await stage.round(dispatcher)
    expect(accepted).toHaveLength(3)
  })

  it('are one node’s at a time, and another’s when that one is gone', async () => {
    const stage = await newStage()
    await stage.addEndpoint()
    await stage.addEndpoint()
    const seen: string[] = []
    const nodes = ['one', 'two'].map((name) =>
      stage.dispatcher({
        node: `${name}-${stage.workspaceId}`,
        send: ({ headers }) => {
          seen.push(headers['webhook-id'] ?? '')
          return Promise.resolve(answer(200))
        },
      }),
    )
    await stage.post(100)
    await Promise.all(nodes.map((node) => stage.round(node)))
    while (!(await stage.isDone())) await Promise.all(nodes.map((node) => stage.round(node)))
    expect(seen).toHaveLength(200)
    // The first holds both endpoints and stops without a word.
    await stage.post(10)
    await stage.round(nodes[1]!)
    const before = seen.length
    stage.now += 16_000
    await stage.round(nodes[1]!)
    await stage.round(nodes[1]!)
    expect(seen.length - before + (before - 200)).toBe(20)
    expect(await stage.isDone()).toBe(true)
  })

  it('are not made while there is no webhook key, and then all of them', async () => {
    const stage = await newStage()
    await stage.addEndpoint()
    const setKey = (keyId: string | null): Promise<unknown> =>
      stage.database.transact((tx) =>
        tx
          .updateTable('webhook_workspaces')
          .set({ key_id: keyId })
          .where('workspace_id', '=', stage.workspaceId)
          .execute(),
      )
    const { id } = await stage.addKey()
    await setKey(null)
    await stage.post(3)
    const dispatcher = stage.dispatcher()
    await stage.round(dispatcher)
    expect((await stage.deliveries()).map(({ attempts }) => attempts)).toEqual([0, 0, 0])
    await setKey(id)
    await stage.round(dispatcher)
    expect(await stage.isDone()).toBe(true)
  })
})
