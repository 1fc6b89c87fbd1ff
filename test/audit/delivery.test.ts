import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoff } from '../../server/src/audit/sinks/backoff.js'
import { SinkError } from '../../server/src/audit/sinks/sink.js'
import { type Behaviour, takeAll, refuse, hang, World, upTo } from './delivery-fixture.js'

describe('the delivery to a sink', () => {
  it('gives every entry once, in the order of each workspace, while nothing fails', async () => {
    const world = new World()
    world.logs.add('a', 1234)
    world.logs.add('b', 3)
    const { delivery } = world.start()
    await world.clock.until(() => world.logs.isDone)
    expect(world.receiver.indexes('a')).toEqual(upTo(1234))
    expect(world.receiver.indexes('b')).toEqual(upTo(3))
    expect(world.clock.time).toBe(0)
    expect(world.lines).toEqual([])
    await world.clock.settle()
    expect(delivery.state).toEqual({ isUp: true, lastError: null, lagMilliseconds: 0 })
  })

  it('can be woken, and looks by itself when nobody wakes it', async () => {
    const world = new World()
    const { delivery } = world.start({ pollMilliseconds: 5_000 })
    await world.clock.settle()
    world.logs.add('a', 1)
    await world.clock.settle()
    expect(world.receiver.calls).toBe(0)
    delivery.wake()
    await world.clock.settle()
    expect(world.receiver.indexes('a')).toEqual([0])
    expect(world.clock.time).toBe(0)
    world.logs.add('a', 1)
    await world.clock.until(() => world.logs.isDone)
    expect(world.clock.time).toBe(5_000)
  })

  it('is not missed when the wake-up comes during a look', async () => {
    const world = new World()
    const { pending } = world.logs
    world.logs.pending = async () => {
      const found = await pending.call(world.logs)
      world.logs.pending = pending
      world.logs.add('a', 1)
      process.delivery.wake()
      return found
    }
    const process = world.start()
    await world.clock.settle()
    expect(world.receiver.indexes('a')).toEqual([0])
    expect(world.clock.time).toBe(0)
  })

  it('goes on after hours without the receiver, with two lines in the log', async () => {
    const world = new World()
    world.logs.add('a', 20)
    world.receiver.behave = refuse
    const { delivery } = world.start()
    const hours = 6 * 3_600_000
    await world.clock.until(() => world.clock.time > hours)
    world.logs.add('a', 2_000)
    world.logs.add('b', 700)
    delivery.wake()
    await world.clock.settle()
    expect(delivery.state).toMatchObject({ isUp: false, lastError: { code: 'http_500' } })
    expect(delivery.state.lagMilliseconds).toBeGreaterThanOrEqual(hours)
    expect(world.receiver.calls).toBeLessThan(hours / 30_000)
    expect(world.receiver.calls).toBeGreaterThan(hours / 61_000)
    world.receiver.behave = takeAll
    await world.clock.until(() => world.logs.isDone)
    expect(world.receiver.indexes('a')).toEqual(upTo(2_020))
    expect(world.receiver.indexes('b')).toEqual(upTo(700))
    expect(delivery.state).toMatchObject({ isUp: true, lastError: { code: 'http_500' } })
    expect(world.lines.map((line) => line.level)).toEqual(['warn', 'info'])
    expect(world.lines[0]!.text).toContain('"sink":"receiver"')
  })

  it('is not hurried by wake-ups while the receiver is down', async () => {
    const world = new World()
    world.logs.add('a', 1)
    world.receiver.behave = refuse
    const { delivery } = world.start()
    for (let turn = 0; turn < 50; turn++) {
      delivery.wake()
      await world.clock.settle()
    }
    expect(world.receiver.calls).toBe(1)
  })

  it('tries one workspace at a time while the receiver is down', async () => {
    const world = new World()
    for (let at = 0; at < 5; at++) world.logs.add(`w${at}`, 3)
    const tried: string[] = []
    world.receiver.behave = (entries, signal, take) => {
      tried.push(entries[0]!.workspace)
      return refuse(entries, signal, take)
    }
    world.start()
    await world.clock.settle()
    expect(tried).toHaveLength(1)
    await world.clock.until(() => tried.length === 5)
    expect(new Set(tried).size).toBe(5)
  })

  it.each([
    [120, 120_000],
    [1_000_000, 900_000],
    [0, 750],
  ])('waits when asked to for %i s', async (retryAfterSeconds, milliseconds) => {
    const world = new World()
    world.logs.add('a', 1)
    const times: number[] = []
    world.receiver.behave = (entries, signal, take) => {
      times.push(world.clock.time)
      if (times.length > 1) return takeAll(entries, signal, take)
      return Promise.reject(new SinkError('http_429', 'slow down', { status: 429, retryAfterSeconds }))
    }
    world.start()
    await world.clock.until(() => world.logs.isDone)
    expect(times).toEqual([0, milliseconds])
  })

  it('ends a delivery that hangs, and tries again', async () => {
    const world = new World()
    world.logs.add('a', 3)
    const signals: AbortSignal[] = []
    world.receiver.behave = (entries, signal, take) => {
      signals.push(signal)
      return signals.length > 1 ? takeAll(entries, signal, take) : hang(entries, signal, take)
    }
    const { delivery } = world.start({ deliveryLimitMilliseconds: 1_000 })
    await world.clock.until(() => world.logs.isDone)
    expect(signals[0]!.aborted).toBe(true)
    expect(delivery.state.lastError).toMatchObject({ code: 'timeout' })
  })

  it('stops at once, whatever it waits for', async () => {
    const behaviours: [Behaviour, number][] = [
      [hang, 1],
      [refuse, 1],
      [takeAll, 0],
    ]
    for (const [behave, count] of behaviours) {
      const world = new World()
      world.logs.add('a', count)
      world.receiver.behave = behave
      const process = world.start()
      await world.clock.settle()
      expect(process.hasEnded).toBe(false)
      process.stop()
      await world.clock.settle()
      expect(process.hasEnded).toBe(true)
      expect(world.clock.time).toBe(0)
      expect(process.delivery.state.isUp).toBe(behave !== refuse)
    }
  })

  it('lets a workspace whose entries are refused hold up no other', async () => {
    const world = new World()
    for (const workspace of ['b', 'a', 'c']) world.logs.add(workspace, 1_500)
    world.receiver.behave = async (entries, signal, take) => {
      if (entries[0]!.workspace === 'b') throw new SinkError('http_400', 'no', { status: 400 })
      await takeAll(entries, signal, take)
    }
    const { delivery } = world.start()
    const isThrough = (workspace: string) => world.logs.cursors.get(workspace) === 1_500
    await world.clock.until(() => isThrough('a') && isThrough('c'))
    for (let turn = 0; turn < 20; turn++) {
      world.logs.add('a', 1)
      await world.clock.until(() => world.logs.cursors.get('a') === 1_501 + turn)
    }
    expect(delivery.state.isUp).toBe(false)
    expect(world.lines).toHaveLength(1)
    world.logs.entries.delete('b')
    await world.clock.until(() => delivery.state.isUp)
    expect(world.lines).toHaveLength(2)
  })

  it('gives less at once to a receiver that finds a batch too large', async () => {
    const world = new World()
    world.logs.add('a', 3_000)
    let largest = 0
    world.receiver.behave = async (entries, signal, take) => {
      if (entries.length > 60) throw new SinkError('http_413', 'too large', { status: 413 })
      largest = Math.max(largest, entries.length)
      await takeAll(entries, signal, take)
    }
    world.start()
    await world.clock.until(() => world.logs.isDone)
    expect(world.receiver.indexes('a')).toEqual(upTo(3_000))
    expect(largest).toBeGreaterThan(30)
    expect(world.clock.time).toBe(0)
    expect(world.lines).toEqual([])
  })

  it('fails for an entry that alone is too large', async () => {
    const world = new World()
    world.logs.add('a', 8)
    world.receiver.behave = () => Promise.reject(new SinkError('http_413', 'too large', { status: 413 }))
    const { delivery } = world.start()
    await world.clock.settle()
    expect(delivery.state.isUp).toBe(false)
    expect(world.receiver.calls).toBe(4)
  })

  it('goes on after failures of the database, and repeats none of their words', async () => {
    for (const step of ['pending', 'read', 'advance'] as const) {
      const world = new World()
      world.logs.add('a', 700)
      world.logs.fails = [step, step]
      const { delivery } = world.start()
      await world.clock.until(() => world.logs.isDone)
      await world.clock.settle()
      expect(new Set(world.receiver.indexes('a'))).toEqual(new Set(upTo(700)))
      expect(delivery.state).toMatchObject({ isUp: true, lastError: { code: 'source' } })
      expect(world.lines.map((line) => line.level)).toEqual(['warn', 'info'])
      expect(JSON.stringify([world.lines, delivery.state])).not.toContain('hunter2')
    }
  })

  it('repeats no words of a sink that fails in a way it should not', async () => {
    const world = new World()
    world.logs.add('a', 1)
    world.receiver.behave = () => {
      throw new TypeError('Bearer hunter2')
    }
    const { delivery } = world.start()
    await world.clock.settle()
    expect(delivery.state.lastError?.code).toBe('TypeError')
    expect(JSON.stringify([world.lines, delivery.state])).not.toContain('hunter2')
  })

  it('says which entries were removed before the sink had them', async () => {
    const world = new World()
    world.logs.add('a', 10)
    world.logs.entries.get('a')!.splice(0, 4)
    world.logs.entries.set('b', [])
    world.start({ batch: 100 })
    await world.clock.until(() => world.logs.cursors.get('a') === 10)
    expect(world.receiver.indexes('a')).toEqual([4, 5, 6, 7, 8, 9])
    expect(world.lines[0]!.text).toContain('"workspace":"a","from":0,"to":3')
  })
})

describe('pauses after failures', () => {
  it('grow to a minute, with the upper half left to chance', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (failures, chance) => {
          const pause = backoff(failures, null, () => chance)
          const whole = Math.min(60_000, 1_000 * 2 ** (failures - 1))
          expect(pause).toBeGreaterThanOrEqual(whole / 2)
          expect(pause).toBeLessThan(whole)
        },
      ),
    )
  })
})

describe('whatever the receiver, the database and the process do', () => {
  const FAULTS = [
    'ok',
    'refuse',
    'half',
    'lost',
    'hang',
    'hang-taken',
    'slow-down',
    'too-large',
    'crash',
    'crash-taken',
  ] as const

  it('nothing is missing, the order is kept, and only what was not known to be taken comes twice', async () => {
    const seen = { twice: 0, crashes: 0 }
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.constantFrom(...FAULTS), { maxLength: 40 }),
        fc.array(fc.constantFrom('pending' as const, 'read' as const, 'advance' as const), { maxLength: 6 }),
        fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 15 })), { maxLength: 5 }),
        async (counts, batch, script, fails, additions) => {
          const world = new World()
          for (const [at, count] of counts.entries()) world.logs.add(`w${at}`, count)
          world.logs.fails = [...fails]
          const faults = [...script]
          const later = [...additions]
          /** Calls whose entries the loop knew to be taken and had kept the cursor of. */
          const settled = new Set<number>()
          const { advance } = world.logs
          let lastCall = -1
          world.logs.advance = async (...args) => {
            await advance.apply(world.logs, args)
            settled.add(lastCall)
          }
          let process: { stop: () => void }
          const crash = (): void => {
            seen.crashes++
            process.stop()
            process = world.start({ batch, deliveryLimitMilliseconds: 10_000 })
          }
          world.receiver.behave = async (entries, signal, take) => {
            lastCall = world.receiver.calls - 1
            const addition = later.shift()
            if (addition) world.logs.add(`w${addition[0]}`, addition[1])
            const fault = faults.shift() ?? 'ok'
            if (fault === 'half') take(entries.slice(0, entries.length >> 1))
            if (['ok', 'lost', 'hang-taken', 'crash-taken'].includes(fault)) take(entries)
            if (fault === 'ok') return
            if (fault.startsWith('hang')) return hang(entries, signal, take)
            if (fault.startsWith('crash')) {
              crash()
              return hang(entries, signal, take)
            }
            const status = fault === 'too-large' ? 413 : 500
            throw new SinkError(`http_${status}`, fault, {
              status,
              retryAfterSeconds: fault === 'slow-down' ? 70 : null,
            })
          }
          process = world.start({ batch, deliveryLimitMilliseconds: 10_000 })
          await world.clock.until(() => world.logs.isDone)
          process.stop()
          await world.clock.settle()

          for (const [workspace, log] of world.logs.entries) {
            const indexes = world.receiver.indexes(workspace)
            let next = 0
            for (const index of indexes) {
              expect(index).toBeLessThanOrEqual(next)
              next = Math.max(next, index + 1)
            }
            expect(next).toBe(log.length)
          }
          const last = new Map<string, number>()
          for (const { workspace, index, call } of world.receiver.taken) {
            const key = `${workspace}/${index}`
            const before = last.get(key)
            if (before !== undefined) {
              seen.twice++
              expect(settled.has(before)).toBe(false)
            }
            last.set(key, call)
          }
        },
      ),
      { numRuns: 300 },
    )
    expect(seen.twice).toBeGreaterThan(100)
    expect(seen.crashes).toBeGreaterThan(100)
  })
})
