import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { HttpReceiver } from '../sinks/http-receiver.js'
import { replacePrivateFile } from '../../storage/private-file.js'
import { LineFile } from '../sinks/line-file.js'
import { errorCode, SinkError } from '../sinks/sink.js'
import { LineStream } from '../sinks/stdout-sink.js'
import type { WebhookSettings } from '../sinks/parse-sinks.js'
import type { EvidenceSettings } from './parse-evidence.js'

/** A place outside that keeps checkpoints, so that a log which was rewritten no longer agrees with them. */
export interface CheckpointSink {
  /** The same from start to start; holds no secret. */
  readonly name: string
  /**
   * Hands over a checkpoint. Resolves when the place has it; the same one may come again.
   *
   * @param note a signed note whose second line is the size of the tree (C2SP tlog-checkpoint)
   * @param at when it was made, as RFC 3339 in UTC
   * @throws {SinkError} when it is not known that the place has it
   */
  publish(note: string, workspace: string, at: string): Promise<void>
  /** Closes files and connections. */
  close(): Promise<void>
}

/** What `publish` was told, as a line of JSON. The size is left away where the note has none. */
interface CheckpointLine {
  readonly at: string
  readonly workspace?: string
  readonly size?: number
  readonly checkpoint: string
}

/**
 * The sink that settings describe; null for a witness, which answers and so needs a loop of its own.
 *
 * @throws {SinkError} when a file of authorities cannot be read
 */
export function createCheckpointSink(settings: EvidenceSettings): CheckpointSink | null {
  switch (settings.kind) {
    case 'stdout':
      return new StdoutEvidence(settings.name)
    case 'file':
      return new FileEvidence(settings.name, settings.directory)
    case 'webhook':
      return new WebhookEvidence(settings)
    case 'witness':
      return null
  }
}

/** Writes each checkpoint as a line `[CHECKPOINT] {json}`. */
export class StdoutEvidence implements CheckpointSink {
  readonly name: string
  readonly #lines: LineStream
  readonly #closing = new AbortController()

  constructor(name: string, stream: Writable = process.stdout) {
    this.name = name
    this.#lines = new LineStream(stream)
  }

  publish(note: string, workspace: string, at: string): Promise<void> {
    const line: CheckpointLine = { at, workspace, ...sizeOf(note), checkpoint: note }
    return this.#lines.write(`[CHECKPOINT] ${JSON.stringify(line)}\n`, this.#closing.signal)
  }

  close(): Promise<void> {
    this.#closing.abort()
    this.#lines.close()
    return Promise.resolve()
  }
}

/**
 * Keeps checkpoints in a directory, which is worth as much as it is out of reach of who can write to the database. A
 * workspace has a folder with every checkpoint as a line of `checkpoints.jsonl`, and the one of the largest tree as
 * `checkpoint`. A smaller one never replaces it: a log that shrank is what the directory is to show.
 */
export class FileEvidence implements CheckpointSink {
  readonly name: string
  readonly #directory: string
  #queue: Promise<void> = Promise.resolve()

  constructor(name: string, directory: string) {
    this.name = name
    this.#directory = directory
  }

  publish(note: string, workspace: string, at: string): Promise<void> {
    const turn = this.#queue.then(() => this.#publish(note, workspace, at))
    this.#queue = turn.catch(() => undefined)
    return turn
  }

  async close(): Promise<void> {
    await this.#queue
  }

  async #publish(note: string, workspace: string, at: string): Promise<void> {
    // A workspace's id names a folder, so nothing that leads elsewhere may be in it.
    if (!/^[A-Za-z0-9_-]{1,100}$/.test(workspace)) {
      throw new SinkError('bad_workspace', 'the id of the workspace cannot be the name of a folder')
    }
    const folder = join(this.#directory, workspace)
    const line: CheckpointLine = { at, ...sizeOf(note), checkpoint: note }
    const lines = new LineFile(join(folder, 'checkpoints.jsonl'))
    try {
      await lines.append(`${JSON.stringify(line)}\n`)
      await replaceIfLarger(folder, note)
    } catch (error) {
      if (error instanceof SinkError) throw error
      const code = errorCode(error)
      throw new SinkError(
        code,
        `the checkpoint cannot be written (${code}); check the directory and its owner`,
      )
    } finally {
      await lines.close()
    }
  }
}

/** POSTs each checkpoint as it is, with the workspace in the field `Bitting-Workspace`. */
export class WebhookEvidence implements CheckpointSink {
  readonly name: string
  readonly #receiver: HttpReceiver
  readonly #closing = new AbortController()

  /** @throws {SinkError} when the file of authorities cannot be read */
  constructor(settings: WebhookSettings) {
    this.name = settings.name
    this.#receiver = new HttpReceiver(settings)
  }

  async publish(note: string, workspace: string): Promise<void> {
    await this.#receiver.postAccepted(
      {
        body: note,
        contentType: 'text/plain; charset=utf-8',
        headers: { 'bitting-workspace': workspace },
      },
      this.#closing.signal,
    )
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#receiver.close()
  }
}

function sizeOf(note: string): { readonly size?: number } {
  const line = note.split('\n', 2)[1] ?? ''
  return /^(?:0|[1-9]\d{0,14})$/.test(line) ? { size: Number(line) } : {}
}

async function replaceIfLarger(folder: string, note: string): Promise<void> {
  const path = join(folder, 'checkpoint')
  const present = await readFile(path, 'utf8').catch(() => null)
  if (present === note) return
  if (present !== null && (sizeOf(present).size ?? 0) > (sizeOf(note).size ?? 0)) return
  await replacePrivateFile(path, note)
}
