import { randomInt } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kysely, sql, type Transaction } from 'kysely'
import { codeOf } from './database-error.js'
import { migrate, type EngineName } from './migrations.js'
import { createPool, PooledPostgresDialect } from './postgres-dialect.js'
import { createPrivateFile } from './private-file.js'
import type { Schema } from './schema.js'
import { SqliteThreadDialect } from './sqlite-dialect.js'
import { SqliteThread } from './sqlite-thread.js'
import { notifyChange, WakeUps } from './wake-ups.js'

/** What can build queries that only read. A transaction is one too, so that a query can serve inside and outside. */
export type Reader = Pick<Kysely<Schema>, 'selectFrom' | 'selectNoFrom' | 'fn'>

/** The work of a transaction. It may run more than once, so it touches nothing but the transaction. */
export type Work<T> = (tx: Transaction<Schema>) => Promise<T>

/** Where the database is. */
export interface DatabaseLocation {
  /** A `postgres://` URL; null for the SQLite file in the data directory. */
  readonly url: string | null
  readonly dataDirectory: string
}

/** The system of record, as those see it who only read. */
export interface Database {
  readonly engine: EngineName
  /** Sees what is committed, also from inside a transaction; the engine itself refuses writes through it. */
  readonly read: Reader
  /**
   * The same for the key feed alone, over a connection of its own: whether a key is believed must never wait for what
   * somebody reads through the management API.
   */
  readonly feedRead: Reader
  /**
   * Calls back when there may be something new in the change log; never on SQLite. A hint alone: it can come for
   * nothing, late or not at all, so polling stays the truth. Returns what ends it.
   */
  onWakeUp(callback: () => void): () => void
}

/** The system of record, for the services, which authorise and audit what they write, and for nobody else. */
export interface WritableDatabase extends Database {
  /**
   * Runs work in one transaction and resolves once it is durable. A transaction that the engine rolled back in favour
   * of another one is tried again a few times; one whose fate is unknown, because the connection broke at the commit,
   * is not. On SQLite transactions run one after another; on PostgreSQL they are `read committed`, so whoever decides
   * upon what is read locks it first, by updating its row.
   */
  transact<T>(work: Work<T>): Promise<T>
  /** Has every node that listens woken when the transaction commits; does nothing on SQLite. */
  notify(tx: Transaction<Schema>): Promise<void>
  /** Waits for the transactions under way and lets go of the database. */
  close(): Promise<void>
}

/** A database as one engine opens it. */
interface Engine {
  readonly name: EngineName
  readonly reader: Kysely<Schema>
  readonly feedReader: Kysely<Schema>
  readonly writer: Kysely<Schema>
  readonly onWakeUp: Database['onWakeUp']
  readonly close: () => Promise<void>
}

const SQLITE_FILE = 'bitting.db'
const ATTEMPTS_MAX = 5
const FIRST_WAIT_MS = 10
/** Serialisation failure, deadlock and a held lock: with these the engine says that it rolled back. */
const ROLLED_BACK: readonly unknown[] = ['40001', '40P01', 'SQLITE_BUSY']
/** Databases that speak PostgreSQL's protocol without LISTEN and NOTIFY. */
const WITHOUT_NOTIFY = /CockroachDB|-YB-/

/**
 * Opens the database, makes it where it is missing and brings its schema up to date.
 *
 * @throws {Error} when the URL names no engine that Bitting knows, or the schema is newer than this program
 */
export async function openDatabase({ url, dataDirectory }: DatabaseLocation): Promise<WritableDatabase> {
  const engine = url === null ? await openSqlite(dataDirectory) : await openPostgres(url)
  let closing: Promise<void> | null = null
  return {
    engine: engine.name,
    read: engine.reader,
    feedRead: engine.feedReader,
    transact: (work) => transact(engine.writer, work),
    notify: notifyChange,
    onWakeUp: engine.onWakeUp,
    close: () => (closing ??= engine.close()),
  }
}

/** Says whether a data directory holds a SQLite database already. */
export function sqliteExists(dataDirectory: string): boolean {
  const found = statSync(join(dataDirectory, SQLITE_FILE), { throwIfNoEntry: false })
  return found !== undefined && found.size > 0
}

async function openSqlite(dataDirectory: string): Promise<Engine> {
  const path = join(dataDirectory, SQLITE_FILE)
  // SQLite would let everybody read a file of its own making. Never opened here once it exists: closing a file lets
  // go of all locks that the process holds on it, SQLite's too.
  await createPrivateFile(path, '')
  const threads: SqliteThread[] = []
  const connect = async (readOnly: boolean): Promise<Kysely<Schema>> => {
    const thread = await SqliteThread.open({ path, readOnly })
    threads.push(thread)
    return new Kysely<Schema>({ dialect: new SqliteThreadDialect(thread) })
  }
  const closeThreads = async (): Promise<void> => {
    for (const thread of threads.toReversed()) await thread.close()
  }
  try {
    const writer = await connect(false)
    await migrate(writer, 'sqlite')
    const reader = await connect(true)
    const feedReader = await connect(true)
    const close = async (): Promise<void> => {
      // Waits for its transactions. The readers have none, and their threads answer what was asked before they end.
      await writer.destroy()
      await closeThreads()
    }
    return { name: 'sqlite', reader, feedReader, writer, onWakeUp: () => () => undefined, close }
  } catch (error) {
    await closeThreads()
    throw error
  }
}

async function openPostgres(url: string): Promise<Engine> {
  if (!/^postgres(ql)?:\/\//.test(url)) throw new Error('the database URL must begin with postgres://')
  const canNotify = await setUpPostgres(url)
  const [readerPool, writerPool] = [createPool(url, 'reader'), createPool(url, 'writer')]
  const feedPool = createPool(url, 'feed')
  const wakeUps = new WakeUps(url)
  return {
    name: 'postgres',
    reader: new Kysely<Schema>({ dialect: new PooledPostgresDialect(readerPool, canNotify) }),
    feedReader: new Kysely<Schema>({ dialect: new PooledPostgresDialect(feedPool, canNotify) }),
    writer: new Kysely<Schema>({ dialect: new PooledPostgresDialect(writerPool, canNotify) }),
    onWakeUp: (callback) => (canNotify ? wakeUps.add(callback) : () => undefined),
    close: async () => {
      await Promise.all([wakeUps.close(), readerPool.end(), feedPool.end(), writerPool.end()])
    },
  }
}

/** Migrates without the time limits of normal use, and says whether this PostgreSQL can wake listeners. */
async function setUpPostgres(url: string): Promise<boolean> {
  const pool = createPool(url, 'setup')
  try {
    const setup = new Kysely<Schema>({ dialect: new PooledPostgresDialect(pool, false) })
    const { rows } = await sql<{ version: string }>`select version()`.execute(setup)
    await migrate(setup, 'postgres')
    return !WITHOUT_NOTIFY.test(rows[0]?.version ?? '')
  } finally {
    await pool.end()
  }
}

async function transact<T>(writer: Kysely<Schema>, work: Work<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await writer.transaction().execute(work)
    } catch (error) {
      if (attempt === ATTEMPTS_MAX || !ROLLED_BACK.includes(codeOf(error))) throw error
      await sleep(randomInt(FIRST_WAIT_MS * 2 ** attempt))
    }
  }
}
