import type { AuditEntry } from '@bitting/core'
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { HttpReceiver, refusal, type ReceiverAnswer } from './http-receiver.js'
import { SinkError, withinLimit, type AuditSink } from './sink.js'

/** A Splunk HTTP Event Collector. Times in milliseconds. */
export interface SplunkCollector {
  /** The address of `/services/collector/event`, with a path before it where a proxy has one. */
  readonly url: string
  readonly token: string
  /** Null for the token's own. */
  readonly index: string | null
  readonly sourcetype: string
  /** Whether to wait until the indexer has the events. The token must have acknowledgement switched on. */
  readonly ack: boolean
  readonly caFile: string | null
  /** Before the first question after the acknowledgement; each further pause is twice as long, up to 10 s. */
  readonly firstPollMilliseconds?: number
  /** After this the events count as lost and are sent again. */
  readonly ackLimitMilliseconds?: number
}

const FIRST_POLL_MILLISECONDS = 250
const POLL_MILLISECONDS_MAX = 10_000
/** The time after which Splunk's documentation has senders send again. */
const ACK_LIMIT_MILLISECONDS = 300_000

/** What to do about the codes of the collector that an operator can do something about. */
const HINTS: Readonly<Record<number, string>> = {
  1: 'the token is disabled',
  4: 'the token is not known to it',
  7: 'the token may not write to this index',
  9: 'it is busy',
  10: 'the token has acknowledgement switched on; add ack=true',
  14: 'acknowledgement is switched off; leave ack away or switch it on',
}

/**
 * Sends entries to Splunk's HTTP Event Collector. Its 200 means that the events look valid; only the acknowledgement
 * of the indexer means that they are kept. Behind a load balancer, acknowledgement needs requests with one channel to
 * reach one collector.
 */
export class SplunkSink implements AuditSink {
  readonly name: string
  readonly #collector: SplunkCollector
  readonly #receiver: HttpReceiver
  readonly #channel = randomUUID()

  /** @throws {SinkError} when the file of authorities cannot be read */
  constructor(name: string, collector: SplunkCollector) {
    this.name = name
    this.#collector = collector
    this.#receiver = new HttpReceiver({
      url: collector.url,
      headers: {
        authorization: `Splunk ${collector.token}`,
        ...(collector.ack ? { 'x-splunk-request-channel': this.#channel } : {}),
      },
      caFile: collector.caFile,
    })
  }

  async deliver(entries: readonly AuditEntry[], signal: AbortSignal): Promise<void> {
    const body = entries.map((entry) => JSON.stringify(this.#event(entry))).join('\n')
    const answer = await this.#ask(body, signal)
    if (!this.#collector.ack) return
    const { ackId } = answer
    if (typeof ackId !== 'number') {
      throw new SinkError('no_ack_id', 'Splunk gave nothing to ask after; leave ack away or switch it on')
    }
    const limit = this.#collector.ackLimitMilliseconds ?? ACK_LIMIT_MILLISECONDS
    await withinLimit(signal, limit, (limited) => this.#untilIndexed(ackId, limited))
  }

  close(): Promise<void> {
    return this.#receiver.close()
  }

  #event(entry: AuditEntry): object {
    return {
      time: (Date.parse(entry.at) / 1000).toFixed(3),
      host: hostname(),
      source: 'bitting',
      sourcetype: this.#collector.sourcetype,
      ...(this.#collector.index === null ? {} : { index: this.#collector.index }),
      event: entry,
      fields: { bitting_log: entry.workspace, bitting_index: String(entry.index) },
    }
  }

  async #untilIndexed(ackId: number, signal: AbortSignal): Promise<void> {
    const url = new URL(this.#collector.url)
    const path = `${url.pathname.replace(/\/event$/, '/ack')}?channel=${this.#channel}`
    let pause = this.#collector.firstPollMilliseconds ?? FIRST_POLL_MILLISECONDS
    for (;;) {
      await wait(pause, undefined, { signal })
      const { acks } = await this.#ask(JSON.stringify({ acks: [ackId] }), signal, path)
      if (isObject(acks) && acks[String(ackId)] === true) return
      pause = Math.min(pause * 2, POLL_MILLISECONDS_MAX)
    }
  }

  async #ask(body: string, signal: AbortSignal, path?: string): Promise<Readonly<Record<string, unknown>>> {
    const request = { body, contentType: 'application/json', ...(path === undefined ? {} : { path }) }
    const answer = await this.#receiver.post(request, signal)
    const content = parseAnswer(answer)
    const code = content?.['code']
    if (answer.status !== 200) throw collectorRefusal(answer, code)
    if (content === null || (path === undefined && code !== 0)) {
      throw new SinkError(
        'not_a_collector',
        'the answer is not that of a Splunk event collector; check the address',
      )
    }
    return content
  }
}

function collectorRefusal(answer: ReceiverAnswer, code: unknown): SinkError {
  const error = refusal(answer)
  if (typeof code !== 'number') return error
  const hint = HINTS[code]
  return new SinkError(
    error.code,
    `${error.message} with Splunk's code ${String(code)}${hint === undefined ? '' : `: ${hint}`}`,
    { status: answer.status, retryAfterSeconds: answer.retryAfterSeconds },
  )
}

function parseAnswer(answer: ReceiverAnswer): Readonly<Record<string, unknown>> | null {
  try {
    const content: unknown = JSON.parse(answer.body ?? '')
    return isObject(content) ? content : null
  } catch {
    return null
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
