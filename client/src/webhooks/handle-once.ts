import type { ReplayGuard } from './replay-guard.js'

/** What came of handing over a delivery: handled now, handled before, or just now in other hands. */
export type Handled = 'handled' | 'duplicate' | 'busy'

/** How long names are taken. */
export interface HandlingTimes {
  /** How long a handler may take, after which a delivery counts as abandoned. */
  readonly handlingSeconds: number
  /** How long a delivery that was handled is remembered. */
  readonly rememberSeconds: number
}

/**
 * Handles a delivery unless it was handled before, under any of its identities. A delivery whose handler threw, or whose
 * process died, is handled again when it is sent again; one in other hands is not, and its sender is not told that it
 * was handled, because that is not known yet.
 *
 * Two names for each identity do it with any store that can take a name and give it back. Who holds `busy` may look at
 * `done`, and takes it for the time of the handling only, until the handler has succeeded.
 *
 * @throws whatever the handler throws, with the names given back, or the guard, whose names then lapse
 */
export async function handleOnce(
  guard: ReplayGuard,
  identities: readonly string[],
  times: HandlingTimes,
  handle: () => void | Promise<void>,
): Promise<Handled> {
  const busy = identities.map((identity) => `busy:${identity}`)
  const done = identities.map((identity) => `done:${identity}`)
  const held: string[] = []
  try {
    // In turn and no further than the first that is taken, so that no two can keep each other out.
    for (const name of busy) {
      if (!(await guard.claim(name, times.handlingSeconds))) return 'busy'
      held.push(name)
    }
    const fresh = await claimAll(guard, done, times.handlingSeconds)
    if (fresh.length < done.length) {
      await remember(guard, fresh, times.rememberSeconds)
      return 'duplicate'
    }
    try {
      await handle()
    } catch (error) {
      await releaseAll(guard, fresh)
      throw error
    }
    await remember(guard, fresh, times.rememberSeconds)
    return 'handled'
  } finally {
    await releaseAll(guard, held)
  }
}

/** Takes as many of the names as are free. */
async function claimAll(
  guard: ReplayGuard,
  names: readonly string[],
  seconds: number,
): Promise<readonly string[]> {
  const taken: string[] = []
  for (const name of names) if (await guard.claim(name, seconds)) taken.push(name)
  return taken
}

/** Takes the names anew for longer. Nobody comes between: only who holds `busy` asks for them. */
async function remember(guard: ReplayGuard, names: readonly string[], seconds: number): Promise<void> {
  for (const name of names) {
    await guard.release(name)
    await guard.claim(name, seconds)
  }
}

async function releaseAll(guard: ReplayGuard, names: readonly string[]): Promise<void> {
  for (const name of names) await guard.release(name)
}
