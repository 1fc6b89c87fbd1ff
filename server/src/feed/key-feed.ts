import { KeyTable } from '@bitting/core'
import { currentRevision, readChanges } from '../storage/change-log.js'
import type { Database } from '../storage/database.js'
import type { WorkspaceRow } from '../storage/schema.js'
import { readAllSecrets, readSecretsOfKeys } from '../storage/verifier-rows.js'
import type { EntryMaker } from './entries.js'
import type { Lease } from './gatekeeper.js'
import type { Workspace } from './workspace.js'

/** How a feed is run. All times in milliseconds. */
export interface FeedOptions {
  readonly database: Database
  readonly entries: EntryMaker
  /** A clock that never goes back, `performance.now` for example. */
  readonly monotonicMilliseconds: () => number
  /** How long the table is believed after the change log was last read to its end. Default 10,000. */
  readonly leaseMilliseconds?: number
  /** How often the change log is read when nothing wakes the feed. Default 250. */
  readonly pollMilliseconds?: number
  readonly onError: (error: unknown) => void
}

const LEASE_MILLISECONDS = 10_000
const POLL_MILLISECONDS = 250
const CHANGES_A_READ = 500

/**
 * Keeps a node's key table as the database has it: loads everything once, then follows the change log in the order
 * of its revisions. The table is changed here alone, one read after another, so an older state can never overwrite a
 * newer one. Polling is what counts; a wake-up only saves the wait.
 */
export class KeyFeed implements Lease {
  readonly table: KeyTable<Workspace>
  readonly #options: FeedOptions
  readonly #lease: number
  #revision = 0
  #confirmedAt: number
  #reading: Promise<void> = Promise.resolve()
  #waiting: Promise<void> | null = null
  #timer: NodeJS.Timeout | undefined
  #stopWakeUps: (() => void) | undefined

  private constructor(options: FeedOptions, table: KeyTable<Workspace>) {
    this.#options = options
    this.#lease = options.leaseMilliseconds ?? LEASE_MILLISECONDS
    this.#confirmedAt = options.monotonicMilliseconds()
    this.table = table
  }

  /** Loads the table and begins to follow the change log. */
  static async start(options: FeedOptions): Promise<KeyFeed> {
    const { total } = await options.database.feedRead
      .selectFrom('secrets')
      .select((row) => row.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow()
    const feed = new KeyFeed(options, new KeyTable<Workspace>(Math.ceil(total * 1.02) + 64))
    await feed.#load()
    feed.#stopWakeUps = options.database.onWakeUp(() => void feed.#catchUpQuietly())
    feed.#timer = setInterval(
      () => void feed.#catchUpQuietly(),
      options.pollMilliseconds ?? POLL_MILLISECONDS,
    )
    feed.#timer.unref()
    return feed
  }

  /** The newest revision that the table has. */
  get revision(): number {
    return this.#revision
  }

  /** True while the end of the change log was seen within the lease. Past it the table must not be believed. */
  get isCurrent(): boolean {
    return this.#options.monotonicMilliseconds() - this.#confirmedAt <= this.#lease
  }

  /**
   * Reads the change log to its end. Resolves when the table has everything that was committed before the call:
   * whoever asks while a read runs waits for the read after it.
   */
  catchUp(): Promise<void> {
    this.#waiting ??= this.#reading.then(() => {
      this.#waiting = null
      const reading = this.#readToEnd()
      this.#reading = reading.catch(() => undefined)
      return reading
    })
    return this.#waiting
  }

  /** Stops following. The lease then runs out by itself. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#stopWakeUps?.()
    await this.#reading
  }

  async #catchUpQuietly(): Promise<void> {
    try {
      await this.catchUp()
    } catch (error) {
      this.#options.onError(error)
    }
  }

  /** Changes that are committed while the rows are read come again with the log, which starts before them. */
  async #load(): Promise<void> {
    const { database, entries } = this.#options
    const revision = await currentRevision(database.feedRead)
    await this.#setWorkspaces(await database.feedRead.selectFrom('workspaces').selectAll().execute(), null)
    for await (const rows of readAllSecrets(database)) {
      for (const row of rows) {
        // A workspace made since its table was read comes with the log, and its keys after it.
        if (this.table.workspace(row.workspace_id) === undefined) continue
        const entry = entries.entry(row)
        if (entry !== null) this.table.put(entry)
      }
    }
    this.#revision = revision
    await this.#readToEnd()
  }

  async #readToEnd(): Promise<void> {
    for (;;) {
      const begunAt = this.#options.monotonicMilliseconds()
      const changes = await readChanges(this.#options.database.feedRead, this.#revision, CHANGES_A_READ)
      const last = changes.at(-1)
      if (last !== undefined) {
        const ids = (subject: string): string[] => [
          ...new Set(
            changes.filter((change) => change.subject === subject).map((change) => change.subject_id),
          ),
        ]
        await this.#applyWorkspaces(ids('workspace'))
        await this.#applyKeys(ids('key'))
        this.#revision = last.revision
      }
      // The log was at its end when the read began, not when it came back.
      if (changes.length < CHANGES_A_READ) {
        this.#confirmedAt = begunAt
        return
      }
    }
  }

  async #applyWorkspaces(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return
    const { feedRead } = this.#options.database
    await this.#setWorkspaces(
      await feedRead.selectFrom('workspaces').selectAll().where('id', 'in', ids).execute(),
      ids,
    )
  }

  /** @param ids whose policies to read, null for all */
  async #setWorkspaces(rows: readonly WorkspaceRow[], ids: readonly string[] | null): Promise<void> {
    const { database, entries } = this.#options
    let query = database.feedRead.selectFrom('audit_policies').selectAll()
    if (ids !== null) query = query.where('workspace_id', 'in', ids)
    const policies = new Map((await query.execute()).map((policy) => [policy.workspace_id, policy]))
    for (const row of rows) this.table.setWorkspace(entries.workspace(row, policies.get(row.id)))
  }

  async #applyKeys(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return
    const { database, entries } = this.#options
    const rows = await readSecretsOfKeys(database, ids)
    for (const row of rows) {
      const entry = entries.entry(row)
      if (entry === null) this.table.remove(row.id)
      else this.table.put(entry)
    }
  }
}
