import { describe, expect, it } from 'vitest'
import { EvidencePublisher } from '../../server/src/audit/evidence/publisher.js'
import { SinkError } from '../../server/src/audit/sinks/sink.js'
import { VirtualClock } from './delivery-fixture.js'
import { later } from './sink-fixtures.js'

const refusal = (): SinkError => new SinkError('not_trusted', 'no', { status: 403 })
const silence = (): SinkError => new SinkError('ECONNREFUSED', 'nobody')

/** A publisher to a place that fails as the test says, what was sent to it, and what the operator was told. */
function newPublisher() {
  const asked: string[] = []
  const taken: string[] = []
  const told: unknown[] = []
  const failures = new Map<string, () => Error>()
  const clock = new VirtualClock()
  const place = {
    name: 'place',
    isDown: false,
    send: async ({ workspaceId, size }: { workspaceId: string; size: number }, signal: AbortSignal) => {
      asked.push(workspaceId)
      await Promise.resolve()
      if (signal.aborted) throw new SinkError('aborted', 'broken off')
      if (place.isDown) throw silence()
      const failure = failures.get(workspaceId)
      if (failure !== undefined) throw failure()
      taken.push(`${workspaceId} ${String(size)}`)
    },
    close: () => Promise.resolve(),
  }
  const log = (fields: object): void => {
    told.push(fields)
  }
  const publisher = new EvidencePublisher(place, { info: log, warn: log }, clock)
  const offer = (workspaceId: string, size = 1): void => publisher.offer({ workspaceId, size, note: '' })
  const closing = new AbortController()
  let running: Promise<void> | null = null
  const stop = async (): Promise<void> => {
    closing.abort()
    await (running ?? publisher.run(closing.signal))
  }
  const start = (): void => {
    running = publisher.run(closing.signal)
    later(stop)
  }
  return { place, clock, failures, asked, taken, told, offer, start, stop }
}

describe('a publisher of checkpoints', () => {
  it('sends the logs behind one that the place refuses, without waiting', async () => {
    const { clock, failures, asked, taken, offer, start } = newPublisher()
    failures.set('a', refusal)
    for (const workspace of ['a', 'b', 'c']) offer(workspace)
    start()
    await clock.settle()
    await clock.settle()
    expect(taken).toEqual(['b 1', 'c 1'])
    offer('a', 2)
    offer('b', 2)
    await clock.settle()
    expect(taken).toContain('b 2')
    // The refused one waits for its own time, and is then sent as it is by now.
    expect(asked.filter((workspace) => workspace === 'a')).toHaveLength(1)
    expect(clock.time).toBe(0)
    failures.clear()
    await clock.until(() => taken.includes('a 2'))
    expect(taken).not.toContain('a 1')
  })

  it('asks a place that is down once, and about another log the next time', async () => {
    const { place, clock, asked, taken, offer, start } = newPublisher()
    const workspaces = ['a', 'b', 'c', 'd', 'e']
    place.isDown = true
    for (const workspace of workspaces) offer(workspace)
    start()
    await clock.settle()
    offer('a', 2)
    await clock.settle()
    expect([asked, clock.time]).toEqual([['a'], 0])
    await clock.until(() => asked.length > 1)
    expect(asked).toEqual(['a', 'b'])
    place.isDown = false
    await clock.until(() => taken.length === workspaces.length)
    expect(taken).toContain('a 2')
  })

  it('waits ever longer for a place that is down, and begins anew after any answer', async () => {
    const { place, clock, failures, asked, offer, start } = newPublisher()
    place.isDown = true
    offer('a')
    start()
    const pauses: number[] = []
    for (let attempt = 1; attempt <= 7; attempt++) {
      const before = clock.time
      await clock.until(() => asked.length > attempt)
      pauses.push(clock.time - before)
    }
    // From half to the whole of 1 s, doubled each time.
    for (const [at, pause] of pauses.slice(0, 6).entries()) {
      expect(pause).toBeGreaterThanOrEqual(500 * 2 ** at)
      expect(pause).toBeLessThan(1000 * 2 ** at)
    }
    place.isDown = false
    failures.set('a', refusal)
    const known = asked.length
    await clock.until(() => asked.length > known)
    place.isDown = true
    offer('b')
    await clock.until(() => asked.includes('b'))
    const since = clock.time
    offer('c')
    await clock.until(() => asked.includes('c'))
    expect(clock.time - since).toBeLessThan(1000)
  })

  it('does not let a log that gets no answer keep the others from theirs', async () => {
    const { clock, failures, taken, offer, start } = newPublisher()
    failures.set('a', silence)
    for (const workspace of ['a', 'b', 'c']) offer(workspace)
    start()
    await clock.until(() => taken.length === 2)
    expect(taken).toEqual(['b 1', 'c 1'])
  })

  it.each([
    ['a refusal', refusal],
    ['silence', silence],
  ])('hands over at the end what waits behind %s', async (_what, failure) => {
    const { failures, asked, taken, offer, stop } = newPublisher()
    failures.set('a', failure)
    for (const workspace of ['a', 'b', 'c']) offer(workspace)
    await stop()
    expect(asked).toEqual(['a', 'b', 'c'])
    expect(taken).toEqual(['b 1', 'c 1'])
  })

  it('tells once what a log fails with and that it is over, and of a forgery every time', async () => {
    const { clock, failures, asked, told, offer, start } = newPublisher()
    failures.set('a', refusal)
    failures.set('b', () => new SinkError('fork', 'two logs', { status: 409 }))
    for (const workspace of ['a', 'b', 'c']) offer(workspace)
    start()
    const times = (wanted: string): number => asked.filter((workspace) => workspace === wanted).length
    await clock.until(() => times('a') > 1 && times('b') > 1)
    failures.delete('a')
    const fork = { evidence: 'place', workspace: 'b', code: 'fork' }
    const refused = { evidence: 'place', workspace: 'a', code: 'not_trusted' }
    const again = JSON.stringify({ evidence: 'place', workspace: 'a' })
    await clock.until(() => told.some((one) => JSON.stringify(one) === again))
    expect(told.filter((one) => JSON.stringify(one) === JSON.stringify(refused))).toHaveLength(1)
    expect(told.filter((one) => JSON.stringify(one) === JSON.stringify(fork)).length).toBeGreaterThan(1)
  })

  it('tells once that a place is down, however many logs wait for it', async () => {
    const { place, clock, asked, taken, told, offer, start } = newPublisher()
    place.isDown = true
    for (const workspace of ['a', 'b']) offer(workspace)
    start()
    await clock.until(() => asked.length === 2)
    place.isDown = false
    await clock.until(() => taken.length === 2)
    expect(told).toEqual([
      { evidence: 'place', workspace: 'a', code: 'ECONNREFUSED' },
      { evidence: 'place', workspace: 'a' },
    ])
  })
})
