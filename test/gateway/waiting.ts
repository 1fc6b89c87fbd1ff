/** The longest that a test waits for anything. */
const WAIT_MS_MAX = 15_000

/** Waits for a promise, though not for ever. */
export async function within<T>(
  promise: Promise<T>,
  what: string,
  limitMs: number = WAIT_MS_MAX,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${String(limitMs)} ms in vain for ${what}`)), limitMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Waits until something holds, though not for ever. */
export async function until(
  condition: () => boolean,
  what: string,
  limitMs: number = WAIT_MS_MAX,
): Promise<void> {
  const deadline = Date.now() + limitMs
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited ${String(limitMs)} ms in vain until ${what}`)
    await pause(5)
  }
}

/** Lets some time pass, for what must not happen meanwhile. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/** Whatever a test opened, closed at its end in reverse order. */
export class Cleanup {
  readonly #tasks: (() => Promise<unknown>)[] = []

  add(task: () => Promise<unknown>): void {
    this.#tasks.push(task)
  }

  async run(): Promise<void> {
    for (const task of this.#tasks.splice(0).reverse()) await within(task(), 'cleaning up')
  }
}
