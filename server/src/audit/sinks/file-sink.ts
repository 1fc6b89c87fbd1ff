import type { AuditEntry } from '@bitting/core'
import { LineFile, type Rotation } from './line-file.js'
import type { AuditSink } from './sink.js'

/**
 * Appends entries as JSON lines to a file, which has them on the disk when `deliver` resolves. One process writes
 * one file. Rotation by other programs is noticed, whether they move the file away or cut it to nothing.
 */
export class FileSink implements AuditSink {
  readonly name: string
  readonly #file: LineFile

  constructor(name: string, path: string, rotation: Rotation) {
    this.name = name
    this.#file = new LineFile(path, rotation)
  }

  deliver(entries: readonly AuditEntry[]): Promise<void> {
    return this.#file.append(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}
