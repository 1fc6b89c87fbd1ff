import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Kysely } from 'kysely'
import type { DatabaseLocation, WritableDatabase } from '../../server/src/storage/database.js'
import { createPool, PooledPostgresDialect } from '../../server/src/storage/postgres-dialect.js'
import type { Schema, WorkspaceRow } from '../../server/src/storage/schema.js'
import { SqliteThreadDialect } from '../../server/src/storage/sqlite-dialect.js'
import { SqliteThread } from '../../server/src/storage/sqlite-thread.js'

let workspaces = 0

/** A workspace's row with an id that no other test uses. */
export function workspaceRow(): WorkspaceRow {
  return {
    id: `workspace-${String(process.pid)}-${String(++workspaces)}`,
    name: 'A workspace',
    ceilings: '{}',
    overlay: '{}',
    upstream: null,
    sealed_upstream_key: null,
    audit_size: 0,
    version: 1,
    created_at: 1_700_000_000,
  }
}

/** Inserts a new workspace and returns its id. */
export async function newWorkspace(database: WritableDatabase): Promise<string> {
  const row = workspaceRow()
  await database.transact((tx) => tx.insertInto('workspaces').values(row).execute())
  return row.id
}

/** A database's reader with everything that its type hides. */
export function unfenced(database: WritableDatabase): Kysely<Schema> {
  return database.read as Kysely<Schema>
}

/** A Kysely on a database that nobody migrated yet, and what closes it. */
export async function openRaw({
  url,
  dataDirectory,
}: DatabaseLocation): Promise<{ writer: Kysely<Schema>; close: () => Promise<void> }> {
  if (url !== null) {
    const pool = createPool(url, 'setup')
    return {
      writer: new Kysely<Schema>({ dialect: new PooledPostgresDialect(pool, false) }),
      close: () => pool.end(),
    }
  }
  const thread = await SqliteThread.open({ path: `${dataDirectory}/bitting.db`, readOnly: false })
  const writer = new Kysely<Schema>({ dialect: new SqliteThreadDialect(thread) })
  return {
    writer,
    close: async () => {
      await writer.destroy()
      await thread.close()
    },
  }
}

/** A child process under way: what it printed so far, and how it ended. */
export interface Child {
  readonly process: ChildProcess
  readonly lines: () => string[]
  /** What it printed to its standard error. */
  readonly errors: () => string
  /** Resolves with the exit code, null where a signal ended it. */
  readonly ended: Promise<number | null>
}

/** Starts one of the programs in `children`. They run the compiled server: Node 20 does not run TypeScript. */
export function startChild(name: string, argument: string, onOutput: () => void = () => undefined): Child {
  const path = fileURLToPath(new URL(`children/${name}.mjs`, import.meta.url))
  const child = spawn(process.execPath, [path, argument], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let errors = ''
  child.stderr.on('data', (part: Buffer) => {
    errors += part.toString()
  })
  child.stdout.on('data', (part: Buffer) => {
    output += part.toString()
    onOutput()
  })
  return {
    process: child,
    // What comes after the last line end may be half a line.
    lines: () => output.split('\n').slice(0, -1),
    errors: () => errors,
    ended: new Promise((resolve) => child.once('close', resolve)),
  }
}
