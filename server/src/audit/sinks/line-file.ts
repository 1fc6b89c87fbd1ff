import { constants } from 'node:fs'
import { mkdir, open, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { flushDirectory } from '../../storage/private-file.js'
import { errorCode, SinkError } from './sink.js'

/** When a file gives way to a new one. */
export interface Rotation {
  /** The size in bytes that a file stays within, unless one batch alone is larger. */
  readonly maxBytes: number
  /** How many full files are kept beside the one being written: `name.1` is the youngest. */
  readonly keep: number
}

const SCAN_BYTES = 64 * 1024
const LINE_END = 0x0a

/**
 * A file of lines that only its owner can read, written by one process. After a resolved `append` the lines are on
 * the disk. What a crash left of a line at the end is cut off when the file is opened.
 */
export class LineFile {
  readonly path: string
  readonly #rotation: Rotation | null
  #file: FileHandle | null = null
  #size = 0
  #queue: Promise<void> = Promise.resolve()

  constructor(path: string, rotation: Rotation | null = null) {
    this.path = path
    this.#rotation = rotation
  }

  /**
   * Appends lines, each with its line end, all or none. Calls take their turn.
   *
   * @throws {SinkError} with the system's code, `ENOSPC` for example; the file then has none of the lines, or has
   *   them without being sure to keep them
   */
  append(lines: string): Promise<void> {
    const turn = this.#queue.then(() => this.#append(Buffer.from(lines)))
    this.#queue = turn.catch(() => undefined)
    return turn
  }

  /** Closes the file when the appends under way are done. The next one would open it again. */
  async close(): Promise<void> {
    await this.#queue
    await this.#letGo()
  }

  async #append(bytes: Buffer): Promise<void> {
    try {
      let file = await this.#current()
      if (this.#isFull(bytes.length)) file = await this.#rotate()
      await this.#write(file, bytes)
    } catch (error) {
      // Whether pages that failed to reach the disk are still in memory is not known after a failed sync, so the
      // next append starts from what the file then shows.
      await this.#letGo()
      if (error instanceof SinkError) throw error
      const code = errorCode(error)
      throw new SinkError(code, `the file cannot be written (${code}); check its directory, owner and space`)
    }
  }

  async #write(file: FileHandle, bytes: Buffer): Promise<void> {
    const before = this.#size
    try {
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await file.write(bytes, done, bytes.length - done)
        done += bytesWritten
      }
      await file.datasync()
      this.#size = before + bytes.length
    } catch (error) {
      await file.truncate(before).catch(() => undefined)
      throw error
    }
  }

  /** The open file, or a new one where another program moved it away or removed it. */
  async #current(): Promise<FileHandle> {
    if (this.#file !== null) {
      const [here, open] = await Promise.all([statOrNull(this.path), this.#file.stat()])
      if (here !== null && here.ino === open.ino && here.dev === open.dev) {
        // Also when another program cut it short: `copytruncate` of logrotate does.
        this.#size = open.size
        return this.#file
      }
      await this.#letGo()
    }
    return this.#open()
  }

  async #open(): Promise<FileHandle> {
    const made = await mkdir(dirname(this.path), { recursive: true, mode: 0o700 })
    if (made !== undefined) await flushDirectory(dirname(made))
    const isNew = (await statOrNull(this.path)) === null
    const { O_APPEND, O_CREAT, O_RDWR, O_NONBLOCK } = constants
    // Without O_NONBLOCK, opening a pipe that nobody reads would wait for ever.
    const file = await open(this.path, O_APPEND | O_CREAT | O_RDWR | O_NONBLOCK, 0o600)
    this.#file = file
    if (!(await file.stat()).isFile()) {
      throw new SinkError('not_a_file', 'the path is no ordinary file; name one in a directory of its own')
    }
    if (isNew) await flushDirectory(dirname(this.path))
    this.#size = await cutTornLine(file)
    return file
  }

  #isFull(more: number): boolean {
    return this.#rotation !== null && this.#size > 0 && this.#size + more > this.#rotation.maxBytes
  }

  async #rotate(): Promise<FileHandle> {
    const keep = this.#rotation?.keep ?? 1
    await this.#letGo()
    await rm(`${this.path}.${String(keep)}`, { force: true })
    for (let age = keep - 1; age >= 0; age--) {
      const from = age === 0 ? this.path : `${this.path}.${String(age)}`
      await rename(from, `${this.path}.${String(age + 1)}`).catch(ignoreMissing)
    }
    return this.#open()
  }

  async #letGo(): Promise<void> {
    const file = this.#file
    this.#file = null
    await file?.close().catch(() => undefined)
  }
}

/** Truncates to the last line end, and gives the size then. */
async function cutTornLine(file: FileHandle): Promise<number> {
  const { size } = await file.stat()
  const buffer = Buffer.alloc(SCAN_BYTES)
  let end = size
  while (end > 0) {
    const start = Math.max(0, end - SCAN_BYTES)
    const { bytesRead } = await file.read(buffer, 0, end - start, start)
    const at = buffer.subarray(0, bytesRead).lastIndexOf(LINE_END)
    if (at >= 0) {
      end = start + at + 1
      break
    }
    end = start
  }
  if (end < size) {
    await file.truncate(end)
    await file.datasync()
  }
  return end
}

async function statOrNull(path: string): Promise<{ readonly ino: number; readonly dev: number } | null> {
  try {
    return await stat(path)
  } catch (error) {
    ignoreMissing(error)
    return null
  }
}

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
}
