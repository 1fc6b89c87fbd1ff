import { systemEntry, writeEntry, type EntryTexts } from '../entry.js'

interface Loss {
  entries: number
  readonly since: number
  until: number
}

/** Counts the entries that a full spool could not take, so that their logs can be told. */
export class Losses {
  readonly #losses = new Map<string, Loss>()

  /** Entries that were lost and of which the logs do not know yet. */
  get total(): number {
    return [...this.#losses.values()].reduce((sum, { entries }) => sum + entries, 0)
  }

  /** Counts one entry of a workspace. */
  add(workspaceId: string, nowMilliseconds: number): void {
    const loss = this.#losses.get(workspaceId)
    if (loss === undefined) {
      this.#losses.set(workspaceId, { entries: 1, since: nowMilliseconds, until: nowMilliseconds })
      return
    }
    loss.entries++
    loss.until = nowMilliseconds
  }

  /** An entry for each log that says how many of its entries are missing. They count as told from here on. */
  take(nowMilliseconds: number): EntryTexts[] {
    const texts = [...this.#losses].map(([workspaceId, { entries, since, until }]) => {
      const details = { entries, since: new Date(since).toISOString(), until: new Date(until).toISOString() }
      const act = { action: 'audit.overflow', failure: 'spool_full', details } as const
      return writeEntry(systemEntry(workspaceId, nowMilliseconds, act))
    })
    this.#losses.clear()
    return texts
  }
}
