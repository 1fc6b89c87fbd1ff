import { open, stat, unlink, type FileHandle } from 'node:fs/promises'
import type { Transaction } from 'kysely'
import type { WritableDatabase } from '../../storage/database.js'
import { flushDirectory } from '../../storage/private-file.js'
import type { Schema } from '../../storage/schema.js'
import { appendTexts } from '../append.js'
import type { LogKeys } from '../log-key.js'
import { listSegments, parseLine, type Segment, type SpooledEntry } from './segment.js'
import { SEGMENT_MILLISECONDS_MAX, type SpoolWriter } from './spool-writer.js'

/** What a drain works with. */
export interface DrainOptions {
  readonly directory: string
  readonly database: WritableDatabase
  readonly keys: LogKeys
  readonly writer: SpoolWriter
  readonly onError: (error: unknown, message: string) => void
}

const CHUNK_BYTES = 1024 * 1024
const ENTRIES_A_TRANSACTION = 1000
const NEWLINE = 10

/**
 * Takes the spool's entries into the database, each exactly once: which number of a writer was the last is kept in the
 * transaction that inserts them. Also those of processes that died; several may drain one directory.
 */
export class SpoolDrain {
  readonly #options: DrainOptions
  /** How far each file was taken. */
  readonly #offsets = new Map<string, number>()
  /** The last number that the database has of each writer. */
  readonly #sequences = new Map<string, number>()
  #draining: Promise<void> = Promise.resolve()

  constructor(options: DrainOptions) {
    this.#options = options
  }

  /** Takes over everything that is in the files, and deletes those that are done with. */
  drain(): Promise<void> {
    this.#draining = this.#draining.catch(() => undefined).then(() => this.#drainAll())
    return this.#draining
  }

  /** Drains a last time, after the writer was closed, and leaves nothing of this process behind. */
  async close(): Promise<void> {
    await this.drain()
    const { writer, database, keys } = this.#options
    const losses = writer.takeLosses()
    await database.transact(async (tx) => {
      if (losses.length > 0) await appendTexts(tx, keys, losses)
      await tx.deleteFrom('audit_spools').where('id', '=', writer.id).execute()
    })
  }

  async #drainAll(): Promise<void> {
    const { directory, writer } = this.#options
    let isDeleted = false
    for (const segment of await listSegments(directory)) {
      // Asked before the segment is read: what was complete then is read to its end.
      const isComplete = await this.#isComplete(segment)
      const length = await this.#drainSegment(segment)
      const isOver =
        isComplete || (segment.writer === writer.id && (await writer.rest(segment.number, length)))
      if (!isOver) continue
      await unlink(segment.path)
      this.#offsets.delete(segment.path)
      writer.released(length)
      isDeleted = true
    }
    if (isDeleted) await flushDirectory(directory)
  }

  async #isComplete(segment: Segment): Promise<boolean> {
    const { writer } = this.#options
    if (segment.writer !== writer.id) return isAbandoned(segment)
    return writer.isClosed || writer.isComplete(segment.number)
  }

  /** Takes what a segment holds beyond what was taken before, and returns its length. */
  async #drainSegment(segment: Segment): Promise<number> {
    const file = await open(segment.path, 'r')
    try {
      let offset = this.#offsets.get(segment.path) ?? 0
      for (;;) {
        const lines = await readLines(file, offset)
        if (lines === null) return offset
        await this.#take(segment, lines.text)
        offset = lines.end
        this.#offsets.set(segment.path, offset)
      }
    } finally {
      await file.close()
    }
  }

  async #take(segment: Segment, text: string): Promise<void> {
    const known = this.#sequences.get(segment.writer) ?? (await this.#readSequence(segment.writer))
    const lines = text.split('\n')
    const entries = lines.flatMap((line) => parseLine(line) ?? [])
    if (entries.length < lines.length) {
      this.#options.onError(
        null,
        `${segment.path} holds ${String(lines.length - entries.length)} damaged lines`,
      )
    }
    const fresh = entries.filter(({ sequence }) => sequence > known)
    for (let at = 0; at < fresh.length; at += ENTRIES_A_TRANSACTION) {
      await this.#insert(segment.writer, fresh.slice(at, at + ENTRIES_A_TRANSACTION))
    }
  }

  async #insert(writer: string, entries: readonly SpooledEntry[]): Promise<void> {
    const last = entries.at(-1)?.sequence ?? 0
    await this.#options.database.transact(async (tx) => {
      const before = await lockSequence(tx, writer)
      const fresh = entries.filter(({ sequence }) => sequence > before)
      if (fresh.length === 0) return
      await appendTexts(tx, this.#options.keys, fresh)
      await tx.updateTable('audit_spools').set({ sequence: last }).where('id', '=', writer).execute()
    })
    this.#sequences.set(writer, last)
  }

  async #readSequence(writer: string): Promise<number> {
    const row = await this.#options.database.read
      .selectFrom('audit_spools')
      .select('sequence')
      .where('id', '=', writer)
      .executeTakeFirst()
    return row?.sequence ?? 0
  }
}

async function lockSequence(tx: Transaction<Schema>, writer: string): Promise<number> {
  await tx
    .insertInto('audit_spools')
    .values({ id: writer, sequence: 0 })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const { sequence } = await tx
    .updateTable('audit_spools')
    .set((row) => ({ sequence: row.ref('sequence') }))
    .where('id', '=', writer)
    .returning('sequence')
    .executeTakeFirstOrThrow()
  return sequence
}

/** A segment of a process that will not write to it again, whether it lives or not. */
async function isAbandoned({ path }: Segment): Promise<boolean> {
  const { mtimeMs } = await stat(path)
  return Date.now() - mtimeMs > 2 * SEGMENT_MILLISECONDS_MAX
}

/** The complete lines from an offset on, about a chunk of them; null where there are none yet. */
async function readLines(file: FileHandle, from: number): Promise<{ text: string; end: number } | null> {
  for (let size = CHUNK_BYTES; ; size *= 2) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(size), 0, size, from)
    const end = buffer.subarray(0, bytesRead).lastIndexOf(NEWLINE)
    if (end >= 0) return { text: buffer.toString('utf8', 0, end), end: from + end + 1 }
    // A line longer than the chunk, or one that is not complete.
    if (bytesRead < size) return null
  }
}
