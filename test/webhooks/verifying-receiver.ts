import { createHmac, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** How a receiver of these tests behaves; a test may change it between requests. */
export interface Behaviour {
  /** What it verifies with, `whsec_…`; null takes everything. */
  secret: string | null
  /** The answer to a handshake. */
  handshake: { readonly status: number; readonly headers: Readonly<Record<string, string>> }
}

/** A receiver that verifies by Standard Webhooks 1.0.0, written against its text and not our code. */
export interface VerifyingReceiver extends Behaviour {
  readonly url: string
  /** The header fields of what it took. */
  readonly taken: Readonly<Record<string, string | string[] | undefined>>[]
  close(): Promise<void>
}

/** Starts a receiver on a free loopback port. */
export async function startReceiver(): Promise<VerifyingReceiver> {
  const behaviour: Behaviour = {
    secret: null,
    handshake: { status: 200, headers: { 'webhook-allowed-origin': '*' } },
  }
  const taken: VerifyingReceiver['taken'] = []
  const server = createServer((request, answer) => {
    void text(request).then((body) => {
      if (request.method === 'OPTIONS') {
        answer.writeHead(behaviour.handshake.status, behaviour.handshake.headers).end()
        return
      }
      const isGood = behaviour.secret === null || verifies(behaviour.secret, request.headers, body)
      if (isGood) taken.push(request.headers)
      answer.writeHead(isGood ? 204 : 401).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/hook`
  return Object.assign(behaviour, {
    url,
    taken,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  })
}

function verifies(
  secret: string,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: string,
): boolean {
  const [id, timestamp, signatures] = ['id', 'timestamp', 'signature'].map((name) =>
    String(headers[`webhook-${name}`] ?? ''),
  )
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest()
  return (signatures ?? '').split(' ').some((signature) => {
    const given = Buffer.from(/^v1,(.*)$/.exec(signature)?.[1] ?? '', 'base64')
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
}
