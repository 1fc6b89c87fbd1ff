import type { AuditEntry } from '@bitting/core'
import { HttpReceiver, type ReceiverOptions } from './http-receiver.js'
import type { AuditSink } from './sink.js'

/** POSTs entries as `{"entries": […]}`. An answer of 200 to 299 means that the receiver keeps them all. */
export class WebhookSink implements AuditSink {
  readonly name: string
  readonly #receiver: HttpReceiver

  /** @throws {SinkError} when the file of authorities cannot be read */
  constructor(name: string, options: ReceiverOptions) {
    this.name = name
    this.#receiver = new HttpReceiver(options)
  }

  async deliver(entries: readonly AuditEntry[], signal: AbortSignal): Promise<void> {
    const request = { body: JSON.stringify({ entries }), contentType: 'application/json' }
    await this.#receiver.postAccepted(request, signal)
  }

  close(): Promise<void> {
    return this.#receiver.close()
  }
}
