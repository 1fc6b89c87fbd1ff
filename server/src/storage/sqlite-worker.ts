import { isBuiltin } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import type * as SqliteModule from '@photostructure/sqlite'
import type { Parameter } from './parameters.js'
import type { SqliteAnswer, SqliteMessage, SqliteOrder, SqliteThreadOptions } from './sqlite-messages.js'

type Sqlite = typeof SqliteModule
type Connection = InstanceType<Sqlite['DatabaseSync']>
type Statement = ReturnType<Connection['prepare']>

const BUSY_TIMEOUT_MS = 5000
const STATEMENTS_MAX = 200

/** The primary result codes that callers tell apart, by number; every other is `SQLITE_ERROR`. */
const CODES: ReadonlyMap<number, string> = new Map([
  [5, 'SQLITE_BUSY'],
  [8, 'SQLITE_READONLY'],
  [10, 'SQLITE_IOERR'],
  [11, 'SQLITE_CORRUPT'],
  [13, 'SQLITE_FULL'],
  [14, 'SQLITE_CANTOPEN'],
  [19, 'SQLITE_CONSTRAINT'],
  [26, 'SQLITE_NOTADB'],
])

/** What each setting must read back as, so that a build or a file system that ignores one is found out at once. */
const SETTINGS = [
  { pragma: 'journal_mode', value: 'wal', expected: 'wal' },
  { pragma: 'synchronous', value: 'full', expected: 2 },
  { pragma: 'foreign_keys', value: 'on', expected: 1 },
  // macOS flushes to the disk itself only when asked; elsewhere this has no effect.
  { pragma: 'fullfsync', value: 'on', expected: 1 },
  // What is deleted is overwritten: destroyed digests and erased personal data must not stay in free pages.
  { pragma: 'secure_delete', value: 'on', expected: 1 },
  // In KiB below zero: enough for the inner pages of every index, so that a look-up seldom leaves the process.
  { pragma: 'cache_size', value: '-65536', expected: -65536 },
] as const

const statements = new Map<string, Statement>()
const connection = await open(workerData as SqliteThreadOptions)

parentPort?.on('message', (order: SqliteOrder) => {
  if (order.kind === 'close') {
    statements.clear()
    connection.close()
    parentPort?.close()
  } else {
    say(run(order))
  }
})
say({ kind: 'ready' })

function say(message: SqliteMessage): void {
  parentPort?.postMessage(message)
}

async function open({ path, readOnly }: SqliteThreadOptions): Promise<Connection> {
  const name: string = isBuiltin('node:sqlite') ? 'node:sqlite' : '@photostructure/sqlite'
  const { DatabaseSync } = (await import(name)) as Sqlite
  const database = new DatabaseSync(path)
  // First, because switching to the write-ahead log already meets the locks of other processes.
  database.exec(`pragma busy_timeout = ${String(BUSY_TIMEOUT_MS)}`)
  for (const { pragma, value, expected } of SETTINGS) {
    database.exec(`pragma ${pragma} = ${value}`)
    const actual: unknown = Object.values(database.prepare(`pragma ${pragma}`).get() as object)[0]
    if (actual !== expected) {
      throw new Error(`SQLite did not take ${pragma} = ${value} for ${path}: it says ${String(actual)}`)
    }
  }
  if (readOnly) database.exec('pragma query_only = on')
  return database
}

function run(order: SqliteOrder & { kind: 'run' }): SqliteAnswer {
  try {
    const statement = prepare(order.sql)
    const parameters = order.parameters.map(exactly)
    if (order.wanted === 'rows') return { kind: 'rows', rows: statement.all(...parameters) }
    return { kind: 'changes', changes: statement.run(...parameters).changes }
  } catch (error) {
    return failure(error)
  }
}

/** Whole numbers as such: `node:sqlite` would bind a number as a floating one. */
function exactly(value: Parameter): string | bigint | null | Uint8Array {
  return typeof value === 'number' ? BigInt(value) : value
}

/** Preparing costs four times the running of a short statement, so the last ones are kept. */
function prepare(sql: string): Statement {
  const kept = statements.get(sql)
  if (kept !== undefined) return kept
  const statement = connection.prepare(sql)
  if (statements.size === STATEMENTS_MAX) statements.delete(statements.keys().next().value ?? '')
  statements.set(sql, statement)
  return statement
}

function failure(error: unknown): SqliteAnswer {
  const { message, errcode } = error as { message: string; errcode?: number }
  return { kind: 'failure', code: resultCode(message, errcode), message }
}

/** The result code of an error. One of the two drivers leaves the number out where rows were asked for. */
function resultCode(message: string, number: number | undefined): string {
  if (number !== undefined) return CODES.get(number & 0xff) ?? 'SQLITE_ERROR'
  if (message.includes('database is locked')) return 'SQLITE_BUSY'
  return message.includes('constraint failed') ? 'SQLITE_CONSTRAINT' : 'SQLITE_ERROR'
}
