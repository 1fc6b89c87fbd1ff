import type { Kysely, KyselyPlugin, QueryId } from 'kysely'
import type { Database } from '../../server/src/storage/database.js'
import type { Schema } from '../../server/src/storage/schema.js'

/** What happens between the moment a query has its rows and the moment whoever asked gets them. */
export type Interception = (table: keyof Schema) => Promise<void> | void

/**
 * A database whose answers can be held up, or lost, on their way: so a slow reader and a failing database are made to
 * happen where a test wants them. Nothing wakes whoever reads it: the test says when. The table is the first that the query names.
 */
export function intercepted(database: Database, intercept: Interception): Database {
  const tables = new WeakMap<QueryId, keyof Schema>()
  const plugin: KyselyPlugin = {
    transformQuery: ({ node, queryId }) => {
      const [, table] = /"kind":"TableNode".*?"name":"(\w+)"/.exec(JSON.stringify(node)) ?? []
      if (table !== undefined) tables.set(queryId, table as keyof Schema)
      return node
    },
    transformResult: async ({ queryId, result }) => {
      const table = tables.get(queryId)
      if (table !== undefined) await intercept(table)
      return result
    },
  }
  return {
    engine: database.engine,
    read: (database.read as Kysely<Schema>).withPlugin(plugin),
    feedRead: (database.feedRead as Kysely<Schema>).withPlugin(plugin),
    onWakeUp: () => () => undefined,
  }
}

/** A door that whoever comes waits at until it is opened. */
export function newDoor(): {
  readonly opened: Promise<void>
  open(): void
  readonly reached: Promise<void>
  reach(): void
} {
  let open = (): void => undefined
  let reach = (): void => undefined
  const opened = new Promise<void>((resolve) => (open = resolve))
  const reached = new Promise<void>((resolve) => (reach = resolve))
  return { opened, open: () => open(), reached, reach: () => reach() }
}
