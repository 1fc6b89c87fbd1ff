import { describe, expect, it } from 'vitest'
import {
  MemoryReplayGuard,
  receiveWebhook,
  type ReceiveWebhookOptions,
  type ReplayGuard,
} from '../../client/src/webhooks/index.js'
import { newDelivery, TOKEN } from '../support/webhooks.js'

const post = (delivery: { body: string; headers: Record<string, string> }) => ({
  method: 'POST',
  headers: delivery.headers,
  body: delivery.body,
})

/** A receiver whose handler waits for its turn and fails where it is told to. */
function receiver(given: Partial<ReceiveWebhookOptions> = {}) {
  const seen: unknown[] = []
  const errors: unknown[] = []
  const options: ReceiveWebhookOptions = {
    keys: TOKEN,
    handle: (event) => void seen.push(event),
    onError: (error) => void errors.push(error),
    ...given,
  }
  return {
    seen,
    errors,
    status: async (request: ReturnType<typeof post>) => (await receiveWebhook(request, options)).status,
  }
}

describe('what was handled', () => {
  it('is answered 204 and not handled again, when the same attempt comes again or another is made', async () => {
    const { seen, status } = receiver()
    const first = newDelivery()
    const retry = newDelivery({ id: first.id, body: first.body, at: Date.now() + 1000 })
    expect(await status(post(first))).toBe(204)
    expect(await status(post(first))).toBe(204)
    expect(await status(post(retry))).toBe(204)
    expect(seen).toHaveLength(1)
    expect(await status(post(newDelivery()))).toBe(204)
    expect(seen).toHaveLength(2)
  })

  it('stays handled for whoever leaves out some of the headers, of any attempt', async () => {
    const { seen, status } = receiver()
    const first = newDelivery()
    const retry = newDelivery({ id: first.id, body: first.body, at: Date.now() + 1000 })
    await status(post(first))
    await status(post(retry))
    for (const attempt of [first, retry]) {
      const { 'x-retell-signature': retell, ...standard } = attempt.headers
      expect(await status(post({ ...attempt, headers: { 'x-retell-signature': retell! } }))).toBe(204)
      expect(await status(post({ ...attempt, headers: standard }))).toBe(204)
    }
    expect(seen).toHaveLength(1)
  })

  it('stays handled for so long under what only its later attempts were known by', async () => {
    let now = 0
    const replayGuard = new MemoryReplayGuard({ now: () => now })
    const { seen, status } = receiver({ replayGuard, handlingSeconds: 1, rememberSeconds: 3 })
    const first = newDelivery()
    const retry = newDelivery({ id: first.id, body: first.body, at: Date.now() + 1000 })
    await status(post(first))
    await status(post(retry))
    const stripped = { ...retry, headers: { 'x-retell-signature': retry.headers['x-retell-signature']! } }
    now = 2999
    expect(await status(post(stripped))).toBe(204)
    expect(seen).toHaveLength(1)
    now = 3000
    expect(await status(post(stripped))).toBe(204)
    expect(seen).toHaveLength(2)
  })

  it('is handled again after a failure, and answered 500 before', async () => {
    let failing = true
    const seen: unknown[] = []
    const { errors, status } = receiver({
      handle: (event) => {
        if (failing) throw new Error('not now')
        seen.push(event)
      },
    })
    const first = newDelivery()
    const retry = newDelivery({ id: first.id, body: first.body, at: Date.now() + 1000 })
    expect(await status(post(first))).toBe(500)
    expect(await status(post(retry))).toBe(500)
    expect(errors).toEqual([new Error('not now'), new Error('not now')])
    failing = false
    expect(await status(post(retry))).toBe(204)
    expect(await status(post(first))).toBe(204)
    expect(seen).toHaveLength(1)
  })

  it('is handled once when it comes twice at the same time, and the other is not told that it was handled', async () => {
    let finish: (error?: Error) => void = () => undefined
    let calls = 0
    const { status } = receiver({
      handle: () => {
        calls++
        return new Promise<void>((resolve, reject) => {
          finish = (error) => (error === undefined ? resolve() : reject(error))
        })
      },
    })
    const first = newDelivery()
    const { 'x-retell-signature': retell } = first.headers
    const running = status(post(first))
    await expect.poll(() => calls).toBe(1)
    expect(await status(post(first))).toBe(503)
    expect(await status(post({ ...first, headers: { 'x-retell-signature': retell! } }))).toBe(503)
    finish(new Error('not now'))
    expect(await running).toBe(500)
    const again = status(post(first))
    await expect.poll(() => calls).toBe(2)
    finish()
    expect(await again).toBe(204)
    expect(await status(post(first))).toBe(204)
    expect(calls).toBe(2)
  })

  it('is handled once by many processes that share a guard, whatever the order of arrival', async () => {
    const shared = new MemoryReplayGuard()
    const slow: ReplayGuard = {
      claim: async (identity, seconds) => (await Promise.resolve(), shared.claim(identity, seconds)),
      release: async (identity) => (await Promise.resolve(), shared.release(identity)),
    }
    let calls = 0
    const processes = Array.from({ length: 4 }, () =>
      receiver({ replayGuard: slow, handle: () => void calls++ }),
    )
    const deliveries = Array.from({ length: 25 }, () => newDelivery())
    const arrivals = deliveries.flatMap((delivery) => processes.map((each) => ({ delivery, each })))
    const statuses = await Promise.all(arrivals.map(({ delivery, each }) => each.status(post(delivery))))
    expect(new Set(statuses)).toEqual(new Set([204, 503]))
    expect(calls).toBe(25)
    for (const { delivery, each } of arrivals) expect(await each.status(post(delivery))).toBe(204)
    expect(calls).toBe(25)
  })

  it('is handled again when the process died over it, after the time that a handling may take', async () => {
    let now = 0
    const guard = new MemoryReplayGuard({ now: () => now })
    const dying = receiver({ replayGuard: guard, handle: () => new Promise(() => undefined) })
    const next = receiver({ replayGuard: guard, handlingSeconds: 60 })
    const delivery = newDelivery()
    void dying.status(post(delivery))
    await expect.poll(() => guard.claim(`busy:standard:${delivery.id}`, 0)).toBe(false)
    expect(await next.status(post(delivery))).toBe(503)
    now = 60_000
    expect(await next.status(post(delivery))).toBe(204)
    expect(next.seen).toHaveLength(1)
    now = 60_000 + 345_600_000 - 1
    expect(await next.status(post(delivery))).toBe(204)
    expect(next.seen).toHaveLength(1)
  })

  it('is not remembered where nothing is to be', async () => {
    const { seen, status } = receiver({ replayGuard: null })
    const delivery = newDelivery()
    expect([await status(post(delivery)), await status(post(delivery))]).toEqual([204, 204])
    expect(seen).toHaveLength(2)
  })

  it('is answered 500 while the guard fails, and not handled', async () => {
    const guard: ReplayGuard = { claim: () => Promise.reject(new Error('down')), release: () => undefined }
    const { seen, errors, status } = receiver({ replayGuard: guard })
    expect(await status(post(newDelivery()))).toBe(500)
    expect(seen).toEqual([])
    expect(errors).toEqual([new Error('down')])
  })
})

describe('MemoryReplayGuard', () => {
  it('gives a name to one, until its time is over or it is given back', () => {
    let now = 0
    const guard = new MemoryReplayGuard({ now: () => now })
    expect([guard.claim('a', 2), guard.claim('a', 2), guard.claim('b', 1)]).toEqual([true, false, true])
    now = 1999
    expect([guard.claim('a', 2), guard.claim('b', 1)]).toEqual([false, true])
    now = 2000
    expect(guard.claim('a', 2)).toBe(true)
    guard.release('a')
    guard.release('a')
    expect(guard.claim('a', 2)).toBe(true)
  })

  it('is bounded, and lets go of what is over and then of what was taken first', () => {
    let now = 0
    const guard = new MemoryReplayGuard({ entriesMax: 3, now: () => now })
    expect(['a', 'b', 'c'].map((name) => guard.claim(name, name === 'a' ? 1 : 9))).toEqual([true, true, true])
    now = 1000
    expect(guard.claim('d', 9)).toBe(true)
    expect(['b', 'c', 'd'].map((name) => guard.claim(name, 9))).toEqual([false, false, false])
    expect(guard.claim('e', 9)).toBe(true)
    expect(['c', 'd', 'e'].map((name) => guard.claim(name, 9))).toEqual([false, false, false])
    expect(guard.claim('b', 9)).toBe(true)
  })
})
