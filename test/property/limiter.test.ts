import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ProblemError } from '@bitting/core'
import { Limiter } from '../../server/src/services/limiter.js'

/** One thing that is done: somebody comes under a name, or the oldest work of a name ends, well or not. */
type Step = { readonly name: string } & (
  { readonly kind: 'come' } | { readonly kind: 'end'; readonly fails: boolean }
)

const name = fc.constantFrom('a', 'b', 'c')
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('come' as const), name }),
  fc.record({ kind: fc.constant('end' as const), name, fails: fc.boolean() }),
)

/** Lets everything happen that can without anybody's doing. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a limiter does a few things of a name at a time, in order, and refuses those that are too many', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 0, max: 4 }),
      async (steps, running, waiting) => {
        const limiter = new Limiter({ running, waiting, refusal: 'Later.' })
        /** By name, what runs by now and how to end it, and what a model says must run and wait. */
        const ends = new Map<string, Map<number, (fails: boolean) => void>>()
        const expected = new Map<string, { running: number[]; waiting: number[] }>()
        const outcomes: string[] = []
        const expectedOutcomes: string[] = []
        const of = (at: string) => {
          const model = expected.get(at) ?? { running: [], waiting: [] }
          expected.set(at, model)
          return model
        }
        const come = (at: string): void => {
          const id = outcomes.push('waits') - 1
          const work = (): Promise<string> =>
            new Promise((resolve, reject) => {
              const own = ends.get(at) ?? new Map<number, (fails: boolean) => void>()
              ends.set(
                at,
                own.set(id, (fails) => (fails ? reject(new Error('failed')) : resolve('done'))),
              )
            })
          limiter.run(at, work).then(
            (result) => (outcomes[id] = result),
            (error: unknown) => (outcomes[id] = error instanceof ProblemError ? error.code : 'failed'),
          )
          const model = of(at)
          const isFull = model.running.length >= running
          expectedOutcomes.push(isFull && model.waiting.length >= waiting ? 'too_busy' : 'waits')
          if (!isFull) model.running.push(id)
          else if (model.waiting.length < waiting) model.waiting.push(id)
        }
        const end = (at: string, fails: boolean): void => {
          const model = of(at)
          const id = model.running.shift()
          if (id === undefined) return
          ends.get(at)?.get(id)?.(fails)
          ends.get(at)?.delete(id)
          expectedOutcomes[id] = fails ? 'failed' : 'done'
          const next = model.waiting.shift()
          if (next !== undefined) model.running.push(next)
        }
        const check = async (): Promise<void> => {
          await settle()
          for (const [at, model] of expected) expect([...(ends.get(at)?.keys() ?? [])]).toEqual(model.running)
          expect(outcomes).toEqual(expectedOutcomes)
          expect(limiter.size).toBe([...expected.values()].filter((model) => model.running.length > 0).length)
        }
        for (const it of steps) {
          if (it.kind === 'come') come(it.name)
          else end(it.name, it.fails)
          await check()
        }
        for (const at of expected.keys())
          while (of(at).running.length > 0) {
            end(at, false)
            await check()
          }
        expect(limiter.size).toBe(0)
      },
    ),
    { numRuns: 200 },
  )
})
