import type { AuditEntry } from '@bitting/core'
import { sql } from 'kysely'
import type { WritableDatabase } from '../storage/database.js'
import { holdLease, releaseLeases } from '../storage/lease.js'
import { readAuditRange } from './search.js'
import type { SinkSource } from './sinks/delivery.js'

const LEASE_MILLISECONDS = 15_000

/** The database as the sinks' deliveries read it. Of several nodes one delivers to a sink. */
export class DatabaseSinkSource implements SinkSource {
  readonly #database: WritableDatabase
  readonly #node: string
  readonly #now: () => number

  /** @param nowMilliseconds the present in milliseconds since 1970 UTC */
  constructor(database: WritableDatabase, node: string, nowMilliseconds: () => number) {
    this.#database = database
    this.#node = node
    this.#now = nowMilliseconds
  }

  async pending(sink: string): Promise<readonly { readonly workspace: string; readonly next: number }[]> {
    const rows = await this.#database.read
      .selectFrom('workspaces')
      .leftJoin('audit_cursors', (join) =>
        join.onRef('audit_cursors.workspace_id', '=', 'workspaces.id').on('audit_cursors.sink', '=', sink),
      )
      .select(['workspaces.id', 'audit_cursors.next_index'])
      .where(sql<boolean>`workspaces.audit_size > coalesce(audit_cursors.next_index, 0)`)
      .orderBy('workspaces.id')
      .execute()
    if (rows.length === 0) return []
    const isOurs = await holdLease(
      this.#database,
      `sink ${sink}`,
      this.#node,
      this.#now(),
      LEASE_MILLISECONDS,
    )
    return isOurs ? rows.map(({ id, next_index: next }) => ({ workspace: id, next: next ?? 0 })) : []
  }

  /** Lets another node deliver. */
  async close(): Promise<void> {
    await releaseLeases(this.#database, this.#node)
  }

  async read(workspace: string, from: number, limit: number): Promise<readonly AuditEntry[]> {
    const entries = await readAuditRange(this.#database, workspace, from, limit)
    return entries.map(({ entry, place }) => ({ ...entry, index: place }))
  }

  async advance(sink: string, workspace: string, next: number): Promise<void> {
    await this.#database.transact((tx) =>
      tx
        .insertInto('audit_cursors')
        .values({ sink, workspace_id: workspace, next_index: next })
        .onConflict((conflict) =>
          conflict
            .columns(['sink', 'workspace_id'])
            .doUpdateSet({ next_index: next })
            .where('audit_cursors.next_index', '<', next),
        )
        .execute(),
    )
  }
}
