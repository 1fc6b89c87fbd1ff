import type { IncomingHttpHeaders } from 'node:http'
import { ProblemError, type ErrorShape } from '@bitting/core'
import { problemAnswer, type Answer } from './answers.js'
import { bodyLength, type GatewayRequest } from './messages.js'

/** What takes the webhooks of upstreams. */
export interface RelayReceiver {
  /** Resolves once a webhook is durable, or tells why it was not taken. */
  receive(
    relayId: string,
    headers: IncomingHttpHeaders,
    body: Buffer,
  ): Promise<'taken' | 'known' | 'unsigned' | 'no_object'>
}

/** The longest webhook of an upstream, in bytes: the transcript of a long call has some hundred thousand. */
export const RELAY_BYTES_MAX: number = 4 * 1024 * 1024

const TAKEN: Answer = { status: 204, headers: [], body: Buffer.alloc(0) }

/**
 * The answer to a webhook of an upstream. What is not 2xx, the upstream tries again: so a failure of ours loses nothing.
 *
 * @throws {Error} when the connection or the database failed
 */
export async function receiveRelayed(
  request: GatewayRequest,
  relayId: string,
  relay: RelayReceiver | null,
  errors: ErrorShape,
): Promise<Answer> {
  if (relay === null)
    return problemAnswer(new ProblemError('not_found', 'Nothing takes webhooks here.'), errors)
  const body = await readBody(request)
  if (body === null) {
    const detail = `A webhook has at most ${String(RELAY_BYTES_MAX)} bytes here.`
    return problemAnswer(new ProblemError('body_too_large', detail), errors)
  }
  switch (await relay.receive(relayId, request.headers, body)) {
    case 'taken':
    case 'known':
      return TAKEN
    case 'unsigned':
      return problemAnswer(
        new ProblemError('invalid_token', 'The webhook is not signed with the key that this relay expects.'),
        errors,
      )
    case 'no_object':
      return problemAnswer(
        new ProblemError('invalid_request', 'A webhook is a JSON object in UTF-8, with nothing around it.'),
        errors,
      )
  }
}

async function readBody(request: GatewayRequest): Promise<Buffer | null> {
  if (bodyLength(request) > RELAY_BYTES_MAX) return null
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length
    if (size > RELAY_BYTES_MAX) return null
    parts.push(part)
  }
  return Buffer.concat(parts)
}
