import { randomBytes } from 'node:crypto'
import { open, mkdir, readdir, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { flushDirectory } from '../../storage/private-file.js'
import type { EntryTexts } from '../entry.js'
import { Losses } from './losses.js'
import { formatLine, segmentPath } from './segment.js'

/** How a spool is kept. */
export interface SpoolOptions {
  readonly directory: string
  /** The most bytes that wait in files for the database; beyond it entries are lost, and the log says how many. */
  readonly bytesMax: number
  /** The present in milliseconds since 1970 UTC. */
  readonly now: () => number
  readonly onError: (error: unknown, message: string) => void
  /** Told after each batch that became durable. */
  readonly onDurable?: () => void
}

/** What becomes of an entry. */
export interface Recording {
  /** True once there is nothing more to wait for: the entry is durable, or it could not be made so. */
  readonly isSettled: boolean
  whenSettled(callback: () => void): void
}

/** A recording that nobody has to wait for. */
export const SETTLED: Recording = {
  isSettled: true,
  whenSettled: (callback) => {
    callback()
  },
}

const SEGMENT_BYTES_MAX = 16 * 1024 * 1024
/** A segment is not written to for longer than this, so that whoever finds an old one knows that it is complete. */
export const SEGMENT_MILLISECONDS_MAX = 3_600_000
/** Bytes of entries in memory, waiting for the disk. */
const QUEUE_BYTES_MAX = 32 * 1024 * 1024
const RETRY_MILLISECONDS = 1000
/** How long a segment of which everything was taken is kept open for more. */
const REST_MILLISECONDS = 10_000

/** Entries that are made durable by one flush. */
class Batch implements Recording {
  isSettled = false
  isDurable = false
  readonly #lines: string[] = []
  #callbacks: (() => void)[] = []
  /** In characters, which for what is written here are close to bytes. */
  length = 0

  add(line: string): void {
    this.#lines.push(line)
    this.length += line.length
  }

  text(): string {
    return this.#lines.join('')
  }

  whenSettled(callback: () => void): void {
    if (this.isSettled) callback()
    else this.#callbacks.push(callback)
  }

  settle(isDurable: boolean, onError: (error: unknown) => void): void {
    this.isDurable ||= isDurable
    this.isSettled = true
    const callbacks = this.#callbacks
    this.#callbacks = []
    for (const callback of callbacks) {
      try {
        callback()
      } catch (error) {
        onError(error)
      }
    }
  }
}

interface OpenSegment {
  readonly file: FileHandle
  readonly openedAt: number
  length: number
}

/**
 * Makes entries durable before the database has them: appended to a file of the node, many with one flush. While one
 * batch is flushed the next gathers, so nobody waits for a timer.
 *
 * Where the disk fails, nothing is acknowledged that it has not taken: the failed segment is given up, because after a
 * failed flush nobody can say what it holds, and its batch is written to a new one.
 */
export class SpoolWriter {
  /** Tells this process's segments from those of others. */
  readonly id: string = randomBytes(8).toString('hex')
  readonly #options: SpoolOptions
  #sequence = 0
  #next = new Batch()
  /** Resolves once nothing waits any more; null while nothing is written. */
  #writing: Promise<void> | null = null
  /** A batch that the disk did not take. */
  #failed: Batch | null = null
  #segment: OpenSegment | null = null
  #segments = 0
  #spooled = 0
  readonly #losses = new Losses()
  #isClosed = false

  readonly #onCallbackError: (error: unknown) => void

  private constructor(options: SpoolOptions) {
    this.#options = options
    this.#onCallbackError = (error) => {
      options.onError(error, 'a call that waited for its record met an error')
    }
  }

  /** Opens the spool in a directory, which is made where it is missing. */
  static async open(options: SpoolOptions): Promise<SpoolWriter> {
    await mkdir(options.directory, { recursive: true, mode: 0o700 })
    const writer = new SpoolWriter(options)
    for (const name of await readdir(options.directory)) {
      const found = await stat(join(options.directory, name)).catch(() => null)
      writer.#spooled += found?.size ?? 0
    }
    return writer
  }

  /** True once nothing more is written. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** The number of the newest segment. */
  get segment(): number {
    return this.#segments
  }

  /** Whether nothing more will be written to a segment of this writer. */
  isComplete(segment: number): boolean {
    return segment < this.#segments || this.#segment === null
  }

  /**
   * Lets go of the newest segment if all of it was taken and it is old enough, or takes room that is needed: what was
   * taken need not lie about in files. Says whether it did.
   *
   * @param taken how much of it the database has, in bytes
   */
  async rest(segment: number, taken: number): Promise<boolean> {
    const current = this.#segment
    if (current === null || segment !== this.#segments || current.length !== taken || this.#writing !== null)
      return false
    const age = this.#options.now() - current.openedAt
    const isNeeded = this.#spooled > this.#options.bytesMax / 2
    if (!isNeeded && age >= 0 && age < REST_MILLISECONDS) return false
    await this.#closeSegment()
    return true
  }

  /** What the logs must still be told, for whoever closes the spool and writes to the database itself. */
  takeLosses(): EntryTexts[] {
    return this.#losses.take(this.#options.now())
  }

  /** Entries that were lost and of which the log does not know yet. */
  get lost(): number {
    return this.#losses.total
  }

  /** Bytes in files. */
  get bytes(): number {
    return this.#spooled
  }

  /** Adds an entry to the next batch; what it returns settles with that. */
  append(texts: EntryTexts): Recording {
    const waiting = this.#next.length + (this.#failed?.length ?? 0)
    if (this.#isClosed || waiting > QUEUE_BYTES_MAX || this.#spooled + waiting > this.#options.bytesMax) {
      if (this.#losses.total === 0) {
        this.#options.onError(
          null,
          'the audit spool is full; calls go on unrecorded, and the logs will be told',
        )
      }
      this.#losses.add(texts.workspaceId, this.#options.now())
      return SETTLED
    }
    return this.#add(texts)
  }

  /**
   * Adds an entry and resolves when it is durable.
   *
   * @throws {Error} where it could not be made so yet; it may still come to be
   */
  async appendDurably(texts: EntryTexts): Promise<void> {
    const recording = this.append(texts)
    await new Promise<void>((resolve) => {
      recording.whenSettled(resolve)
    })
    if (!(recording instanceof Batch) || !recording.isDurable) {
      throw new Error('the entry could not be written to the disk')
    }
  }

  /** Told by whoever has taken a file's entries into the database and deleted it. */
  released(bytes: number): void {
    this.#spooled = Math.max(0, this.#spooled - bytes)
    this.#tellLosses()
  }

  /** Writes what waits and ends. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#writing
    await this.#closeSegment()
  }

  #add(texts: EntryTexts): Recording {
    const batch = this.#next
    batch.add(formatLine(++this.#sequence, texts))
    this.#writing ??= this.#writeAll()
    return batch
  }

  async #writeAll(): Promise<void> {
    while (this.#next.length > 0 || this.#failed !== null) {
      // A turn of the event loop, in which everybody who was let go by the last batch comes back for this one.
      await nextTurn()
      const batch = this.#failed ?? this.#next
      if (this.#failed === null) this.#next = new Batch()
      this.#failed = null
      if (await this.#writeTwice(batch)) {
        batch.settle(true, this.#onCallbackError)
        this.#options.onDurable?.()
        this.#tellLosses()
        continue
      }
      // Those who wait for it are let go: the calls that the gateway answers do not depend on its disk.
      batch.settle(false, this.#onCallbackError)
      if (this.#isClosed) {
        this.#next.settle(false, this.#onCallbackError)
        break
      }
      this.#failed = batch
      await sleep(RETRY_MILLISECONDS, undefined, { ref: false })
    }
    // In the same tick as the look at what waits, so that nothing comes in between and is left behind.
    this.#writing = null
  }

  async #writeTwice(batch: Batch): Promise<boolean> {
    const bytes = Buffer.from(batch.text())
    for (const isLast of [false, true]) {
      try {
        await this.#write(bytes)
        return true
      } catch (error) {
        await this.#closeSegment()
        if (isLast) this.#options.onError(error, 'the audit spool cannot be written; calls go on unrecorded')
      }
    }
    return false
  }

  async #write(bytes: Buffer): Promise<void> {
    const segment = await this.#openSegment()
    await segment.file.writeFile(bytes)
    segment.length += bytes.length
    this.#spooled += bytes.length
    await segment.file.datasync()
  }

  async #openSegment(): Promise<OpenSegment> {
    const now = this.#options.now()
    const current = this.#segment
    if (current !== null) {
      const age = now - current.openedAt
      const lengthMax = Math.min(SEGMENT_BYTES_MAX, this.#options.bytesMax / 8)
      if (current.length < lengthMax && age >= 0 && age < SEGMENT_MILLISECONDS_MAX) return current
      await this.#closeSegment()
    }
    const path = segmentPath(this.#options.directory, this.id, ++this.#segments)
    const file = await open(path, 'ax', 0o600)
    this.#segment = { file, openedAt: now, length: 0 }
    await flushDirectory(this.#options.directory)
    return this.#segment
  }

  async #closeSegment(): Promise<void> {
    const segment = this.#segment
    this.#segment = null
    await segment?.file.close().catch(() => undefined)
  }

  /** Once there is room again, each log is told how many of its entries are missing. */
  #tellLosses(): void {
    if (this.#losses.total === 0 || this.#isClosed || this.#spooled > this.#options.bytesMax / 2) return
    for (const texts of this.#losses.take(this.#options.now())) this.#add(texts)
  }
}
