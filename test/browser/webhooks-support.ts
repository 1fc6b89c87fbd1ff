import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'vitest'
import { openWebhook } from '@bitting/client/webhooks'
import type { TestServer } from '../support/server.js'

/** Somebody's receiver, on this machine. */
export interface Receiver {
  readonly url: string
  readonly requests: { readonly headers: IncomingMessage['headers']; readonly body: string }[]
  close(): void
}

type Answer = (request: { headers: IncomingMessage['headers']; body: string }, answer: ServerResponse) => void

/** Starts a receiver that answers as it is told, and agrees to a handshake while it is willing. */
export async function startReceiver(answer: Answer, isWilling = (): boolean => true): Promise<Receiver> {
  const requests: Receiver['requests'] = []
  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const received = { headers: request.headers, body: Buffer.concat(parts).toString() }
      if (request.method === 'OPTIONS') {
        response.writeHead(200, isWilling() ? { 'webhook-allowed-origin': '*' } : {}).end()
        return
      }
      requests.push(received)
      answer(received, response)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/hook`,
    requests,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Takes whatever comes, signed or not. */
export const takesAll: Answer = (_, response) => {
  response.writeHead(200, { 'content-type': 'text/plain' }).end('thank you')
}

/** Takes what is signed with a secret, once it knows it, and nothing else. */
export function verifying(known: { secret: string }): Answer {
  return ({ headers, body }, response) => {
    const { outcome } = openWebhook(body, headers, known.secret)
    response.writeHead(outcome === 'accepted' ? 204 : 401).end()
  }
}

/** A workspace with a key that opens nothing and signs. Returns the key's id. */
export async function setWebhookKey(server: TestServer, name = 'Webhooks'): Promise<string> {
  const { id } = await server.createKey({}, { name })
  const { status } = await server.call('PUT', '/v1/webhook-key', { key_id: id })
  expect(status).toBe(200)
  return id
}

/** Adds an endpoint over the API, for some events of its own unless it is told, and returns its id. */
export async function addEndpoint(server: TestServer, url: string, more: object = {}): Promise<string> {
  const { status, body } = await server.call('POST', '/v1/webhook-endpoints', {
    url,
    events: ['order.*'],
    ...more,
  })
  expect(status, JSON.stringify(body)).toBe(201)
  return body.endpoint.id as string
}
