import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ATTEMPTS_MAX,
  JITTER,
  OVERLOADED_SECONDS,
  RETRY_AFTER_SECONDS_MAX,
  RETRY_SECONDS,
  retryDelay,
} from '../../server/src/webhooks/retry-schedule.js'
import { describeEachDatabase } from '../support/databases.js'
import { answer, Stage, START, timeout, type Receiver } from './dispatch-fixture.js'

/** Standard Webhooks 1.0.0, "Retry schedule", in seconds. */
const STANDARD = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]

describe('the retry schedule', () => {
  it('is that of Standard Webhooks: ten attempts in 75.6 hours', () => {
    expect(RETRY_SECONDS).toEqual(STANDARD)
    expect(ATTEMPTS_MAX).toBe(10)
    expect(STANDARD.reduce((sum, it) => sum + it, 0) / 3600).toBeCloseTo(75.6, 1)
  })

  it('stays in the band of its jitter, whatever chance has it, and never falls below what was asked for', () => {
    const failure = fc.record({
      status: fc.constantFrom(null, 400, 401, 404, 410, 429, 500, 502, 503, 504),
      retryAfterSeconds: fc.option(fc.integer({ min: 0, max: 10_000_000 })),
    })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        failure,
        fc.double({ min: 0, max: 0.999_999, noNaN: true }),
        (failures, it, chance) => {
          const delay = (retryDelay(failures, it, () => chance) ?? Number.NaN) / 1000
          const isOverloaded = [null, 429, 502, 503, 504].includes(it.status)
          const base = Math.max(STANDARD[failures - 1] ?? 0, isOverloaded ? OVERLOADED_SECONDS : 0)
          const asked = Math.min(RETRY_AFTER_SECONDS_MAX, it.retryAfterSeconds ?? 0)
          expect(delay).toBeGreaterThanOrEqual(Math.max(base * (1 - JITTER), asked) - 0.001)
          expect(delay).toBeLessThanOrEqual(Math.max(base * (1 + JITTER), asked) + 0.001)
        },
      ),
    )
    expect(retryDelay(10, { status: 500, retryAfterSeconds: 5 }, () => 0.5)).toBeNull()
  })
})

describeEachDatabase('the whole schedule on a clock of its own', (open) => {
  /** Attempts of one delivery, in milliseconds since the start, when a receiver is this way. */
  const attemptsOf = async (
    receiver: Receiver,
    random: () => number,
  ): Promise<{ times: number[]; stage: Stage; endpointId: string }> => {
    const stage = new Stage(await open())
    await stage.open()
    const { id } = await stage.addEndpoint()
    await stage.post()
    const times: number[] = []
    stage.receiver = (request) => {
      times.push(stage.now - START)
      return receiver(request)
    }
    const dispatcher = stage.dispatcher({ random })
    for (let round = 0; round < 100; round++) {
      await stage.round(dispatcher)
      const [delivery] = await stage.deliveries(id)
      if (delivery?.state !== 'pending') return { times, stage, endpointId: id }
      // Not a moment before its time.
      const count = times.length
      stage.now = delivery.next_at_ms - 1
      await stage.round(dispatcher)
      expect(times).toHaveLength(count)
      stage.now = delivery.next_at_ms
    }
    throw new Error('the delivery does not end')
  }

  it.each([
    ['the least', 0],
    ['the middle', 0.5],
    ['the most', 0.999_999],
  ])('a receiver that always fails is tried ten times, with %s of jitter', async (_, chance) => {
    const { times, stage, endpointId } = await attemptsOf(
      () => answer(500, { body: 'out of order' }),
      () => chance,
    )
    expect(times).toHaveLength(10)
    times.slice(1).forEach((time, at) => {
      const pause = (time - (times[at] ?? 0)) / 1000
      expect(pause / (STANDARD[at] ?? 0)).toBeCloseTo(1 - JITTER + 2 * JITTER * chance, 3)
    })
    const [delivery] = await stage.deliveries(endpointId)
    expect(delivery).toMatchObject({ state: 'failed', attempts: 10, failures: 10 })
    const log = await stage.database.read
      .selectFrom('webhook_attempts')
      .selectAll()
      .where('endpoint_id', '=', endpointId)
      .orderBy('number')
      .execute()
    expect(log.map(({ number, at_ms: at }) => [number, at - START])).toEqual(
      times.map((time, at) => [at + 1, time]),
    )
    expect(log.every(({ status, response }) => status === 500 && response === 'out of order')).toBe(true)
    expect(stage.errors).toEqual([])
  })

  it('a receiver that is too slow has a minute at first, as one that is overloaded', async () => {
    for (const receiver of [timeout, () => answer(429), () => answer(503)]) {
      const { times } = await attemptsOf(receiver, () => 0.5)
      expect(times.slice(0, 3)).toEqual([0, 60_000, 360_000])
    }
  })

  it('a longer pause that the receiver asks for is kept, up to a day', async () => {
    let count = 0
    const { times } = await attemptsOf(
      () =>
        ++count === 1
          ? answer(503, { retryAfterSeconds: 4000 })
          : count === 2
            ? answer(429, { retryAfterSeconds: 10_000_000 })
            : answer(204),
      () => 0.5,
    )
    expect(times).toEqual([0, 4_000_000, 4_000_000 + 86_400_000])
  })

  it('a redirect is a failure, and a receiver that comes back is delivered to', async () => {
    const statuses = [302, 307, 500, 200]
    const { times, stage, endpointId } = await attemptsOf(
      () => answer(statuses.shift() ?? 200),
      () => 0.5,
    )
    expect(times).toEqual([0, 5000, 305_000, 2_105_000])
    expect(await stage.deliveries(endpointId)).toMatchObject([{ state: 'delivered', attempts: 4 }])
    const row = await stage.database.read
      .selectFrom('webhook_endpoints')
      .selectAll()
      .where('id', '=', endpointId)
      .executeTakeFirstOrThrow()
    expect(row.failing_since_ms).toBeNull()
  })
})
