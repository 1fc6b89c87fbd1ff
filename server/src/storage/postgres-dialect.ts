import pg from 'pg'
import {
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
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
import { DatabaseError, UNAVAILABLE } from './database-error.js'
import { assertParameters } from './parameters.js'

const CONNECTIONS_MAX = 10
/** The feed reads one thing after another, and while it loads one thing ahead. */
const FEED_CONNECTIONS_MAX = 2
const CONNECT_TIMEOUT_MS = 10_000
const STATEMENT_TIMEOUT_MS = 30_000
/** A process that stops answering in mid-transaction loses it, and with it the lock that all writers need. */
const IDLE_TRANSACTION_TIMEOUT_MS = 30_000
const KEEP_ALIVE_DELAY_MS = 10_000

/**
 * What a pool is for: `setup` alone has no time limits, and `reader` lets PostgreSQL refuse every write. `feed` is a
 * small reader for the key feed, which slow reads of the management API could else leave without a connection.
 */
export type PoolPurpose = 'setup' | 'reader' | 'feed' | 'writer'

/** The settings of every connection to a PostgreSQL, apart from what its use asks for. */
export function connectionConfig(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'bitting',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
  }
}

/** Makes a pool of connections. Nothing connects before the first statement. */
export function createPool(url: string, purpose: PoolPurpose): pg.Pool {
  const pool = new pg.Pool({
    ...connectionConfig(url),
    types: { getTypeParser },
    max: purpose === 'feed' ? FEED_CONNECTIONS_MAX : CONNECTIONS_MAX,
    ...(purpose !== 'setup' && {
      statement_timeout: STATEMENT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_TRANSACTION_TIMEOUT_MS,
    }),
    ...((purpose === 'reader' || purpose === 'feed') && { options: '-c default_transaction_read_only=on' }),
  })
  // A lost connection is also announced as an event, which would end the process if nobody listened. The pool
  // replaces the connection, and whoever was using it is told by the failing statement.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

const { INT8, NUMERIC } = pg.types.builtins

const getTypeParser: typeof pg.types.getTypeParser = (type, format) => {
  const isNumber = (type === INT8 || type === NUMERIC) && format !== 'binary'
  return isNumber ? parseNumber : (pg.types.getTypeParser(type, format) as unknown)
}

/** Reads a 64-bit integer, or a sum of such, which PostgreSQL gives as numeric. */
function parseNumber(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new DatabaseError('22003', 'a number in the database is too large to be exact in JavaScript')
  }
  return value
}

/** PostgreSQL, and whether it can wake listeners: some databases that speak its protocol cannot. */
export class NotifyingAdapter extends PostgresAdapter {
  readonly canNotify: boolean

  constructor(canNotify: boolean) {
    super()
    this.canNotify = canNotify
  }
}

/** Kysely's PostgreSQL with a driver that checks parameters, scrubs errors and drops broken connections. */
export class PooledPostgresDialect implements Dialect {
  readonly #pool: pg.Pool
  readonly #canNotify: boolean

  constructor(pool: pg.Pool, canNotify: boolean) {
    this.#pool = pool
    this.#canNotify = canNotify
  }

  createDriver(): Driver {
    return new PooledPostgresDriver(this.#pool)
  }

  createQueryCompiler(): QueryCompiler {
    return new PostgresQueryCompiler()
  }

  createAdapter(): DialectAdapter {
    return new NotifyingAdapter(this.#canNotify)
  }

  createIntrospector(database: Kysely<unknown>): DatabaseIntrospector {
    return new PostgresIntrospector(database)
  }
}

class PooledPostgresDriver implements Driver {
  readonly #pool: pg.Pool

  constructor(pool: pg.Pool) {
    this.#pool = pool
  }

  async init(): Promise<void> {
    // The pool connects on demand.
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    try {
      return new PooledConnection(await this.#pool.connect())
    } catch (error) {
      throw scrubbed(error)
    }
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the interface wants a promise
  async releaseConnection(connection: PooledConnection): Promise<void> {
    connection.release()
  }

  async beginTransaction(connection: PooledConnection): Promise<void> {
    await connection.query('begin', [])
  }

  async commitTransaction(connection: PooledConnection): Promise<void> {
    const { command } = await connection.query('commit', [])
    // What PostgreSQL answers, without an error, to the commit of a transaction in which a statement failed.
    if (command !== 'COMMIT') {
      throw new DatabaseError(
        '25P02',
        'the transaction was rolled back, because a statement in it had failed',
      )
    }
  }

  async rollbackTransaction(connection: PooledConnection): Promise<void> {
    // It fails only where the connection is lost, and then the server rolls back: the error that led here counts.
    await connection.query('rollback', []).catch(() => undefined)
  }

  async destroy(): Promise<void> {
    // Kysely asks for this only after a first query, so the pool is ended by whoever made it.
  }
}

class PooledConnection implements DatabaseConnection {
  readonly #client: pg.PoolClient
  #broken = false

  constructor(client: pg.PoolClient) {
    this.#client = client
  }

  async query<R extends pg.QueryResultRow>(
    sql: string,
    parameters: readonly unknown[],
  ): Promise<pg.QueryResult<R>> {
    assertParameters(parameters)
    try {
      return await this.#client.query<R>(sql, [...parameters])
    } catch (error) {
      const failure = scrubbed(error)
      this.#broken ||= failure.code === UNAVAILABLE
      throw failure
    }
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { command, rowCount, rows } = await this.query<R & pg.QueryResultRow>(sql, parameters)
    const isWrite = command === 'INSERT' || command === 'UPDATE' || command === 'DELETE'
    return isWrite ? { numAffectedRows: BigInt(rowCount ?? 0), rows } : { rows }
  }

  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('rows are not streamed: read them in pages by key')
  }

  release(): void {
    this.#client.release(this.#broken)
  }
}

/** The error without its `detail`, `where` and `query`, which can hold whole rows. */
function scrubbed(error: unknown): DatabaseError {
  if (error instanceof DatabaseError) return error
  const { message, code } = error as { message: string; code?: string }
  if (error instanceof pg.DatabaseError) return new DatabaseError(code ?? 'XX000', message)
  // The error of a host with several addresses has a code but no message.
  return new DatabaseError(
    UNAVAILABLE,
    `PostgreSQL cannot be reached: ${message === '' ? (code ?? '') : message}`,
  )
}
