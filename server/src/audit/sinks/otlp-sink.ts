import type { AuditEntry } from '@bitting/core'
import { HttpReceiver, type ReceiverOptions } from './http-receiver.js'
import { otlpRequest, rejectedRecords } from './otlp-records.js'
import { SinkError, type AuditSink } from './sink.js'

/**
 * Sends entries as log records over OTLP/HTTP with JSON.
 *
 * OTLP has a receiver that rejects some records answer 200 and wants nothing sent again. An audit log must not leave
 * entries out in silence, so here a rejection is a failure. The answer does not say which records it means; halving
 * the batch finds them, and what was taken on the way is remembered, so that the repetition sends the rejected ones
 * alone. They come again until the receiver takes them or the sink is removed.
 */
export class OtlpSink implements AuditSink {
  readonly name: string
  readonly #receiver: HttpReceiver
  /** Entries that were taken out of a batch that was not taken as a whole. */
  readonly #taken = new Set<string>()

  /** @throws {SinkError} when the file of authorities cannot be read */
  constructor(name: string, options: ReceiverOptions) {
    this.name = name
    this.#receiver = new HttpReceiver(options)
  }

  async deliver(entries: readonly AuditEntry[], signal: AbortSignal): Promise<void> {
    const rejected = await this.#send(
      entries.filter((entry) => !this.#taken.has(dedupKey(entry))),
      signal,
    )
    if (rejected > 0) {
      throw new SinkError(
        'records_rejected',
        `the receiver rejected ${String(rejected)} of ${String(entries.length)} records; its own log tells why`,
      )
    }
    for (const entry of entries) this.#taken.delete(dedupKey(entry))
  }

  close(): Promise<void> {
    return this.#receiver.close()
  }

  /** How many of the entries the receiver rejects when they come one by one. */
  async #send(entries: readonly AuditEntry[], signal: AbortSignal): Promise<number> {
    if (entries.length === 0) return 0
    const request = { body: otlpRequest(entries), contentType: 'application/json' }
    const answer = await this.#receiver.postAccepted(request, signal)
    const rejected = rejectedRecords(answer.body)
    if (rejected === null) {
      throw new SinkError(
        'not_otlp',
        'the receiver accepted the request but its answer is not that of an OTLP receiver; check the address',
      )
    }
    if (rejected === 0) {
      for (const entry of entries) this.#taken.add(dedupKey(entry))
      return 0
    }
    if (entries.length === 1) return 1
    const middle = entries.length >> 1
    const first = await this.#send(entries.slice(0, middle), signal)
    return first + (await this.#send(entries.slice(middle), signal))
  }
}

function dedupKey(entry: AuditEntry): string {
  return `${entry.workspace}/${String(entry.index)}`
}
