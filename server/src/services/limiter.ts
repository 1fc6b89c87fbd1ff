import { ProblemError } from '@bitting/core'

/** How much of one kind of work is done. */
export interface LimiterOptions {
  /** How many of one name are done at a time. */
  readonly running: number
  /** How many of one name wait beyond those. */
  readonly waiting: number
  /** What whoever comes beyond that is told, as sentences. */
  readonly refusal: string
}

/** What is done and who waits under one name. */
interface Line {
  running: number
  readonly waiting: (() => void)[]
}

/**
 * Lets work of the same name be done a few at a time, in the order of asking. It remembers a name only while there is
 * work under it, so it holds no more than the callers who wait.
 */
export class Limiter {
  readonly #options: LimiterOptions
  readonly #lines = new Map<string, Line>()

  constructor(options: LimiterOptions) {
    this.#options = options
  }

  /** How many names there is work under. */
  get size(): number {
    return this.#lines.size
  }

  /**
   * Does the work once there is room, and resolves or fails as it does.
   *
   * @throws {ProblemError} too_busy where as many wait already as may
   */
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(name) ?? { running: 0, waiting: [] }
    this.#lines.set(name, line)
    if (line.running < this.#options.running) line.running++
    else if (line.waiting.length < this.#options.waiting) {
      await new Promise<void>((resolve) => line.waiting.push(resolve))
    } else {
      throw new ProblemError('too_busy', this.#options.refusal)
    }
    try {
      return await work()
    } finally {
      const next = line.waiting.shift()
      // Handed over while still counted, so that nobody who comes in between gets ahead.
      if (next !== undefined) next()
      else if (--line.running === 0) this.#lines.delete(name)
    }
  }
}

/** The limiter of reads that pass over all keys of a workspace: two at a time, and eight that wait. */
export function createScanLimiter(): Limiter {
  return new Limiter({
    running: 2,
    waiting: 8,
    refusal: 'Too many searches of this workspace run. Try again in a moment.',
  })
}
