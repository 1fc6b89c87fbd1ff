import type { IncomingHttpHeaders } from 'node:http'
import { ProblemError, type ErrorShape, type ProblemCode } from '@bitting/core'
import { problemAnswer, type Answer } from './answers.js'
import { bodyLength, type GatewayRequest } from './messages.js'

/** What takes the webhooks of upstreams. */
export interface RelayReceiver {
  /** Whether there is such a relay. */
  knows(relayId: string): Promise<boolean>
  /** Resolves once a webhook is durable, or tells why it was not taken. */
  receive(
    relayId: string,
    headers: IncomingHttpHeaders,
    body: Buffer,
  ): Promise<'taken' | 'known' | 'unsigned' | 'no_object'>
}

/** The longest webhook of an upstream, in bytes: the transcript of a long call has some hundred thousand. */
export const RELAY_BYTES_MAX: number = 4 * 1024 * 1024

/** How many bytes of such bodies are held at a time, and for how long one may take to come, in milliseconds. */
const HELD_BYTES_MAX = 16 * RELAY_BYTES_MAX
const BODY_MILLISECONDS_MAX = 30_000

const TAKEN: Answer = { status: 204, headers: [], body: Buffer.alloc(0) }

/** Takes what upstreams send, before anybody knows who sent it: so little is read for whoever names no relay. */
export class RelayIntake {
  readonly #relay: RelayReceiver | null
  readonly #errors: ErrorShape
  #heldBytes = 0

  /** @param relay null where nothing takes webhooks */
  constructor(relay: RelayReceiver | null, errors: ErrorShape) {
    this.#relay = relay
    this.#errors = errors
  }

  /**
   * The answer to a webhook of an upstream. What is not 2xx, the upstream tries again: so a failure of ours loses
   * nothing.
   *
   * @throws {Error} when the connection or the database failed
   */
  async answer(request: GatewayRequest, relayId: string): Promise<Answer> {
    if (this.#relay === null) return this.#refuse('not_found', 'Nothing takes webhooks here.')
    if (!(await this.#relay.knows(relayId))) return this.#unsigned()
    const length = bodyLength(request)
    if (length > RELAY_BYTES_MAX) return this.#tooLarge()
    const held = length === -1 ? RELAY_BYTES_MAX : length
    if (this.#heldBytes + held > HELD_BYTES_MAX) {
      return this.#refuse('too_busy', 'Too many webhooks come at a time. Send it again in a moment.')
    }
    this.#heldBytes += held
    try {
      const body = await readBody(request)
      if (body === null) return this.#tooLarge()
      return this.#answerOf(await this.#relay.receive(relayId, request.headers, body))
    } finally {
      this.#heldBytes -= held
    }
  }

  #answerOf(outcome: Awaited<ReturnType<RelayReceiver['receive']>>): Answer {
    if (outcome === 'unsigned') return this.#unsigned()
    if (outcome === 'no_object')
      return this.#refuse('invalid_request', 'A webhook is a JSON object in UTF-8.')
    return TAKEN
  }

  #unsigned(): Answer {
    return this.#refuse('invalid_token', 'The webhook is not signed with the key that this relay expects.')
  }

  #tooLarge(): Answer {
    return this.#refuse('body_too_large', `A webhook has at most ${String(RELAY_BYTES_MAX)} bytes here.`)
  }

  #refuse(code: ProblemCode, detail: string): Answer {
    return problemAnswer(new ProblemError(code, detail), this.#errors)
  }
}

async function readBody(request: GatewayRequest): Promise<Buffer | null> {
  const limit = setTimeout(() => request.destroy(), BODY_MILLISECONDS_MAX)
  try {
    const parts: Buffer[] = []
    let size = 0
    for await (const part of request as AsyncIterable<Buffer>) {
      size += part.length
      if (size > RELAY_BYTES_MAX) return null
      parts.push(part)
    }
    return Buffer.concat(parts)
  } finally {
    clearTimeout(limit)
  }
}
