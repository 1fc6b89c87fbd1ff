import type { AuditEntry } from '@bitting/core'
import type { Writable } from 'node:stream'
import { errorCode, SinkError, type AuditSink } from './sink.js'

/** Writes whole lines to a stream that others may use too, and knows when the system has taken them. */
export class LineStream {
  readonly #stream: Writable
  readonly #onError = (): void => undefined
  #unwritten: Promise<void> = Promise.resolve()

  constructor(stream: Writable) {
    this.#stream = stream
    // Each write reports its own error; without a listener the event would end the process besides.
    stream.on('error', this.#onError)
  }

  /**
   * Writes the text when what was written before is gone, so that a stream nobody reads is given no more than once
   * what it cannot pass on.
   *
   * @throws {SinkError} when the write fails or the signal fires first
   */
  async write(text: string, signal: AbortSignal): Promise<void> {
    await untilAborted(
      this.#unwritten.catch(() => undefined),
      signal,
    )
    this.#unwritten = new Promise((resolve, reject) => {
      this.#stream.write(text, (error) => {
        if (error) {
          const code = errorCode(error)
          reject(new SinkError(code, `standard output cannot be written to (${code})`))
        } else resolve()
      })
    })
    await untilAborted(this.#unwritten, signal)
  }

  /** Lets go of the stream without ending it. */
  close(): void {
    this.#stream.off('error', this.#onError)
  }
}

/** Writes each entry as a line `[AUDIT] {json}` for whatever collects the process's output. */
export class StdoutSink implements AuditSink {
  readonly name: string
  readonly #lines: LineStream

  constructor(name: string, stream: Writable = process.stdout) {
    this.name = name
    this.#lines = new LineStream(stream)
  }

  deliver(entries: readonly AuditEntry[], signal: AbortSignal): Promise<void> {
    return this.#lines.write(entries.map((entry) => `[AUDIT] ${JSON.stringify(entry)}\n`).join(''), signal)
  }

  close(): Promise<void> {
    this.#lines.close()
    return Promise.resolve()
  }
}

async function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  let stop = (): void => undefined
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(new SinkError('aborted', 'the delivery was broken off'))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
  work.catch(() => undefined)
  try {
    await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
