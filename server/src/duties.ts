/** What was opened, to be closed in the opposite order; also when the start fails half way. */
export class Opened {
  readonly #closers: (() => unknown)[] = []

  /** Remembers how to close something. */
  add(close: () => unknown): void {
    this.#closers.push(close)
  }

  /** Closes everything, the last first. */
  async close(): Promise<void> {
    for (let close = this.#closers.pop(); close !== undefined; close = this.#closers.pop()) await close()
  }
}

/** Told of a duty that failed. */
export type LogError = (error: unknown, message: string) => void

/**
 * Does a duty again and again, one at a time; a failure is logged and the next turn comes. Returns what ends it, which
 * waits for a turn under way.
 */
export function every(
  milliseconds: number,
  duty: () => Promise<unknown>,
  onError: LogError,
): () => Promise<void> {
  let running: Promise<void> | null = null
  const timer = setInterval(() => {
    running ??= duty()
      .then(() => undefined)
      .catch((error: unknown) => {
        onError(error, 'a regular duty failed and will be tried again')
      })
      .finally(() => {
        running = null
      })
  }, milliseconds)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await running
  }
}

/** Runs what goes on until the node stops, and waits for it then. */
export function runUntilClosed(
  runs: readonly ((signal: AbortSignal) => Promise<void>)[],
  opened: Opened,
): void {
  const controller = new AbortController()
  const running = Promise.all(runs.map((run) => run(controller.signal)))
  opened.add(async () => {
    controller.abort()
    await running
  })
}
