import { Worker } from 'node:worker_threads'
import { DatabaseError, UNAVAILABLE } from './database-error.js'
import type { Parameter } from './parameters.js'
import type {
  SqliteAnswer,
  SqliteMessage,
  SqliteOrder,
  SqliteThreadOptions,
  Wanted,
} from './sqlite-messages.js'

// Seen from `dist/storage` this is the file beside this one; seen from `src/storage`, where the tests run, it is the
// compiled one, because a worker thread is not given the tests' TypeScript loader.
const WORKER = new URL('../../dist/storage/sqlite-worker.js', import.meta.url)

interface Waiting {
  readonly resolve: (answer: SqliteAnswer) => void
  readonly reject: (error: Error) => void
}

/**
 * A thread with one SQLite connection of its own, so that neither a flush to the disk nor a slow query ever holds up
 * the event loop that verifies keys. Statements run in the order of asking.
 */
export class SqliteThread {
  readonly #worker: Worker
  /** Whoever waits for an answer, in the order of asking. */
  readonly #waiting = new Map<number, Waiting>()
  #asked = 0
  #answered = 0
  #end: string | null = null

  private constructor(worker: Worker) {
    this.#worker = worker
    worker.on('message', (message: SqliteMessage) => {
      if (message.kind !== 'ready') this.#take(this.#answered++)?.resolve(message)
    })
    worker.on('messageerror', (error) => {
      this.#stop(error.message)
      // Not terminated: a driver that is stopped in the middle of a statement may take the process with it.
      this.#post({ kind: 'close' })
    })
    worker.on('error', (error) => {
      this.#stop(error instanceof Error ? error.message : String(error))
    })
    worker.on('exit', (code) => {
      this.#stop(`it exited with code ${String(code)}`)
    })
  }

  /** Starts a thread and opens its connection to a database file. */
  static async open(options: SqliteThreadOptions): Promise<SqliteThread> {
    const worker = new Worker(WORKER, {
      workerData: options,
      name: options.readOnly ? 'sqlite-reader' : 'sqlite-writer',
      // `node:sqlite` announces itself as experimental on some runtimes, which means nothing to a user.
      execArgv: ['--disable-warning=ExperimentalWarning'],
    })
    const thread = new SqliteThread(worker)
    await new Promise<void>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
      worker.once('exit', () => {
        reject(thread.#gone())
      })
    })
    return thread
  }

  /**
   * Runs a statement.
   *
   * @throws {DatabaseError} with code `UNAVAILABLE` when the thread has ended; what SQLite refuses is an answer
   */
  ask(sql: string, parameters: readonly Parameter[], wanted: Wanted): Promise<SqliteAnswer> {
    if (this.#end !== null) return Promise.reject(this.#gone())
    return new Promise((resolve, reject) => {
      this.#waiting.set(this.#asked++, { resolve, reject })
      this.#post({ kind: 'run', sql, parameters: parameters.map(detached), wanted })
    })
  }

  /** Ends the thread once it has run every statement asked for so far. */
  async close(): Promise<void> {
    if (this.#end !== null) return
    await new Promise<void>((resolve) => {
      this.#worker.once('exit', () => {
        resolve()
      })
      this.#post({ kind: 'close' })
    })
  }

  #post(order: SqliteOrder): void {
    this.#worker.postMessage(order)
  }

  #take(number: number): Waiting | undefined {
    const waiting = this.#waiting.get(number)
    this.#waiting.delete(number)
    return waiting
  }

  #stop(reason: string): void {
    this.#end ??= reason
    for (const { reject } of this.#waiting.values()) reject(this.#gone())
    this.#waiting.clear()
  }

  #gone(): DatabaseError {
    return new DatabaseError(
      UNAVAILABLE,
      `the SQLite thread has ended: ${this.#end ?? 'for no known reason'}`,
    )
  }
}

/** The bytes alone. Cloning a view to another thread takes all of the memory that it is a view of along. */
function detached(value: Parameter): Parameter {
  const isPart = value instanceof Uint8Array && value.byteLength !== value.buffer.byteLength
  return isPart ? new Uint8Array(value) : value
}
