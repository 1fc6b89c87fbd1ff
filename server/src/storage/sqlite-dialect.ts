import {
  DeleteQueryNode,
  InsertQueryNode,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  UpdateQueryNode,
  type CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  type DialectAdapter,
  type Driver,
  type Kysely,
  type QueryCompiler,
  type QueryResult,
} from 'kysely'
import { DatabaseError } from './database-error.js'
import { assertParameters } from './parameters.js'
import type { SqliteThread } from './sqlite-thread.js'

/** Kysely's SQLite, with every statement run by a {@link SqliteThread}. */
export class SqliteThreadDialect implements Dialect {
  readonly #thread: SqliteThread

  constructor(thread: SqliteThread) {
    this.#thread = thread
  }

  createDriver(): Driver {
    return new SqliteThreadDriver(this.#thread)
  }

  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler()
  }

  createAdapter(): DialectAdapter {
    return new SqliteAdapter()
  }

  createIntrospector(database: Kysely<unknown>): DatabaseIntrospector {
    return new SqliteIntrospector(database)
  }
}

/** One connection, handed to one user at a time in the order of asking. */
class SqliteThreadDriver implements Driver {
  readonly #connection: SqliteThreadConnection
  readonly #queue: (() => void)[] = []
  #taken = false

  constructor(thread: SqliteThread) {
    this.#connection = new SqliteThreadConnection(thread)
  }

  async init(): Promise<void> {
    // The thread is open already.
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    if (this.#taken) await new Promise<void>((resolve) => this.#queue.push(resolve))
    this.#taken = true
    return this.#connection
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the interface wants a promise
  async releaseConnection(): Promise<void> {
    const next = this.#queue.shift()
    // Handed over while still taken, so that nobody who comes in between gets ahead.
    if (next === undefined) this.#taken = false
    else next()
  }

  async beginTransaction(): Promise<void> {
    // The write lock at once: a transaction that reads first and then writes could not be given it later.
    await this.#connection.command('begin immediate')
  }

  async commitTransaction(): Promise<void> {
    await this.#connection.command('commit')
  }

  async rollbackTransaction(): Promise<void> {
    // SQLite rolls back by itself after a full disk or a failed write, and a dead thread has nothing to roll back:
    // neither may hide the error that led here. A transaction that did stay open fails the next `begin`.
    await this.#connection.command('rollback').catch(() => undefined)
  }

  /** Waits for the transaction under way; the thread itself is closed by whoever opened it. */
  async destroy(): Promise<void> {
    await this.acquireConnection()
  }
}

class SqliteThreadConnection implements DatabaseConnection {
  readonly #thread: SqliteThread

  constructor(thread: SqliteThread) {
    this.#thread = thread
  }

  async command(sql: string): Promise<void> {
    const answer = await this.#thread.ask(sql, [], 'changes')
    if (answer.kind === 'failure') throw new DatabaseError(answer.code, answer.message)
  }

  async executeQuery<R>({ sql, parameters, query }: CompiledQuery): Promise<QueryResult<R>> {
    assertParameters(parameters)
    const isWrite = InsertQueryNode.is(query) || UpdateQueryNode.is(query) || DeleteQueryNode.is(query)
    const answer = await this.#thread.ask(sql, parameters, isWrite && !query.returning ? 'changes' : 'rows')
    // Made here and not where the answer arrives, so that the stack leads to the caller.
    if (answer.kind === 'failure') throw new DatabaseError(answer.code, answer.message)
    if (answer.kind === 'changes') return { numAffectedRows: BigInt(answer.changes), rows: [] }
    const rows = answer.rows as R[]
    return isWrite ? { numAffectedRows: BigInt(rows.length), rows } : { rows }
  }

  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('rows are not streamed: read them in pages by key')
  }
}
