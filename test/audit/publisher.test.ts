import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { EvidencePublisher } from '../../server/src/audit/evidence/publisher.js'
import { SinkError } from '../../server/src/audit/sinks/sink.js'
import { later } from './sink-fixtures.js'

const refusal = (): SinkError => new SinkError('not_trusted', 'no', { status: 403 })
const silence = (): SinkError => new SinkError('ECONNREFUSED', 'nobody')

/** A publisher to a place that fails as the test says, what was sent to it, and what the operator was told. */
function newPublisher() {
  const asked: string[] = []
  const taken: string[] = []
  const told: unknown[] = []
  const failures = new Map<string, () => Error>()
  const place = {
    name: 'place',
    isDown: false,
    send: async ({ workspaceId, size }: { workspaceId: string; size: number }, signal: AbortSignal) => {
      asked.push(workspaceId)
      await sleep(1)
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
  const publisher = new EvidencePublisher(place, { info: log, warn: log })
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
  return { place, failures, asked, taken, told, offer, start, stop }
}

describe('a publisher of checkpoints', () => {
  it('sends the logs behind one that the place refuses, without waiting', async () => {
    const { failures, asked, taken, offer, start } = newPublisher()
    failures.set('a', refusal)
    for (const workspace of ['a', 'b', 'c']) offer(workspace)
    start()
    await expect.poll(() => taken, { timeout: 400 }).toEqual(['b 1', 'c 1'])
    offer('a', 2)
    offer('b', 2)
    await expect.poll(() => taken, { timeout: 400 }).toContain('b 2')
    // The refused one waits for its own time, and is then sent as it is by now.
    expect(asked.filter((workspace) => workspace === 'a')).toHaveLength(1)
    failures.clear()
    await expect.poll(() => taken, { timeout: 3000 }).toContain('a 2')
    expect(taken).not.toContain('a 1')
  })

  it('asks a place that is down once, and about another log the next time', async () => {
    const { place, asked, taken, offer, start } = newPublisher()
    const workspaces = ['a', 'b', 'c', 'd', 'e']
    place.isDown = true
    for (const workspace of workspaces) offer(workspace)
    start()
    await sleep(300)
    offer('a', 2)
    expect(asked).toEqual(['a'])
    await expect.poll(() => asked, { timeout: 3000 }).toEqual(['a', 'b'])
    place.isDown = false
    await expect.poll(() => taken.length, { timeout: 6000 }).toBe(workspaces.length)
    expect(taken).toContain('a 2')
  }, 15_000)

  it('does not let a log that gets no answer keep the others from theirs', async () => {
    const { failures, taken, offer, start } = newPublisher()
    failures.set('a', silence)
    for (const workspace of ['a', 'b', 'c']) offer(workspace)
    start()
    await expect.poll(() => taken, { timeout: 3000 }).toEqual(['b 1', 'c 1'])
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
    const { failures, asked, told, offer, start } = newPublisher()
    failures.set('a', refusal)
    failures.set('b', () => new SinkError('fork', 'two logs', { status: 409 }))
    for (const workspace of ['a', 'b', 'c']) offer(workspace)
    start()
    await expect.poll(() => asked.filter((workspace) => workspace === 'b').length, { timeout: 5000 }).toBe(2)
    await expect.poll(() => asked.filter((workspace) => workspace === 'a').length, { timeout: 5000 }).toBe(2)
    failures.delete('a')
    const fork = { evidence: 'place', workspace: 'b', code: 'fork' }
    const refused = { evidence: 'place', workspace: 'a', code: 'not_trusted' }
    await expect.poll(() => told, { timeout: 5000 }).toContainEqual({ evidence: 'place', workspace: 'a' })
    expect(told.filter((one) => JSON.stringify(one) === JSON.stringify(refused))).toHaveLength(1)
    expect(told.filter((one) => JSON.stringify(one) === JSON.stringify(fork)).length).toBeGreaterThan(1)
  }, 15_000)

  it('tells once that a place is down, however many logs wait for it', async () => {
    const { place, asked, taken, told, offer, start } = newPublisher()
    place.isDown = true
    for (const workspace of ['a', 'b']) offer(workspace)
    start()
    await expect.poll(() => asked.length, { timeout: 5000 }).toBe(2)
    place.isDown = false
    await expect.poll(() => taken.length, { timeout: 9000 }).toBe(2)
    expect(told).toEqual([
      { evidence: 'place', workspace: 'a', code: 'ECONNREFUSED' },
      { evidence: 'place', workspace: 'a' },
    ])
  }, 15_000)
})
