import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Retell from 'retell-sdk'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import { Webhook as SvixWebhook } from 'svix'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verifyWebhook } from '@bitting/client/webhooks'
import { verifyWebhookSignature } from '../oracles/guide-webhook.js'
import { startServer, type ApiAnswer, type TestServer } from '../support/server.js'
import { until } from './dispatch-fixture.js'

type Headers = Readonly<Record<string, string | string[] | undefined>>
type Verifier = (body: string, headers: Headers, key: string) => boolean | Promise<boolean>

/** What receivers verify with, each as its own documents have it: unmodified, with the token alone. */
const VERIFIERS: Readonly<Record<string, Verifier>> = {
  'retell-sdk': (body, headers, key) => Retell.verify(body, key, String(headers['x-retell-signature'])),
  standardwebhooks: (body, headers, key) =>
    doesNotThrow(() =>
      new StandardWebhook(key, { format: 'raw' }).verify(body, headers as Record<string, string>),
    ),
  svix: (body, headers, key) =>
    doesNotThrow(() =>
      new SvixWebhook(`whsec_${Buffer.from(key).toString('base64')}`).verify(
        body,
        headers as Record<string, string>,
      ),
    ),
  'the guide': (body, headers, key) =>
    verifyWebhookSignature(body, String(headers['x-bitting-signature']), key),
  '@bitting/client': (body, headers, key) => verifyWebhook(body, headers, key),
}

function doesNotThrow(act: () => unknown): boolean {
  try {
    act()
    return true
  } catch {
    return false
  }
}

/** A receiver that verifies in one way, with the keys that it has at the time. */
class Receiver {
  readonly name: string
  readonly verifier: string
  keys: string[] = []
  accepted = 0
  refused = 0
  readonly ids = new Set<string>()
  id = ''

  constructor(verifier: string, name: string) {
    this.verifier = verifier
    this.name = name
  }

  async take(body: string, headers: Headers): Promise<number> {
    const verify = VERIFIERS[this.verifier]!
    const results = await Promise.all(this.keys.map(async (key) => verify(body, headers, key)))
    if (!results.includes(true)) {
      this.refused++
      return 401
    }
    this.accepted++
    this.ids.add(String(headers['webhook-id']))
    return 200
  }
}

describe('the webhook key changes under load', () => {
  const receivers = Object.keys(VERIFIERS).flatMap((verifier) =>
    ['old', 'new', 'both'].map((name) => new Receiver(verifier, name)),
  )
  const published: string[] = []
  let server: TestServer
  let sink: Server
  let isLoading = true
  let load: Promise<unknown>
  let token = ''

  const call = async (method: string, path: string, body?: unknown): Promise<ApiAnswer['body']> => {
    const answer = await server.call(method, path, body)
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300)
    return answer.body
  }
  /** Lets some deliveries to every receiver come in, as they are now. */
  const someMore = async (): Promise<void> => {
    const before = receivers.map(({ accepted }) => accepted)
    await until(() => receivers.every(({ accepted }, at) => accepted >= before[at]! + 10))
  }

  beforeAll(async () => {
    server = await startServer({ BITTING_WEBHOOK_ALLOWED_ADDRESSES: '127.0.0.0/8' })
    sink = createServer((request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        const receiver = receivers[Number(request.url?.slice(1))]!
        void receiver.take(Buffer.concat(parts).toString(), request.headers).then((status) => {
          response.writeHead(status).end()
        })
      })
    })
    await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve))
    const { port } = sink.address() as AddressInfo
    const created = await server.createKey({})
    token = created.token
    await call('PUT', '/v1/webhook-key', { key_id: created.id })
    for (const [at, receiver] of receivers.entries()) {
      receiver.keys = [token]
      const url = `http://127.0.0.1:${String(port)}/${String(at)}`
      const { endpoint } = await call('POST', '/v1/webhook-endpoints', { url, events: ['call_ended'] })
      receiver.id = endpoint.id
    }
    const publish = async (): Promise<void> => {
      while (isLoading) {
        const { id } = await call('POST', '/v1/events', {
          type: 'call_ended',
          data: { at: published.length },
        })
        published.push(id)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    }
    load = Promise.all([publish(), publish()])
  })

  afterAll(async () => {
    isLoading = false
    await load
    await server.close()
    sink.closeAllConnections()
    sink.close()
  })

  /** The documented steps, with receivers that follow each of them. */
  const change = async (begin: () => Promise<string>): Promise<void> => {
    const refusedBefore = receivers.map(({ refused }) => refused)
    await someMore()
    const old = token
    const next = await begin()
    token = next
    for (const receiver of receivers) {
      if (receiver.name === 'both') receiver.keys = [next, old]
      if (receiver.name === 'new') receiver.keys = [next]
    }
    await someMore()
    for (const receiver of receivers.filter(({ name }) => name !== 'old')) {
      await call('POST', `/v1/webhook-endpoints/${receiver.id}/switch`)
    }
    await someMore()
    receivers.forEach((receiver, at) => {
      const refused = receiver.refused - refusedBefore[at]!
      const who = `${receiver.verifier} with ${receiver.name}`
      if (receiver.name !== 'new') expect(refused, who).toBe(0)
      // Those on their way when the receiver changed its only key: each was sent again at once, as the log shows.
      else expect(refused, who).toBeLessThan(50)
    })
    // The last step: those who waited take the new key, before the overlap ends.
    for (const receiver of receivers.filter(({ name }) => name === 'old')) {
      receiver.keys = [next, old]
      await call('POST', `/v1/webhook-endpoints/${receiver.id}/switch`)
    }
    await someMore()
    for (const receiver of receivers) receiver.keys = [next]
    await someMore()
  }

  it('by a move to another key: no delivery is rejected', async () => {
    await change(async () => {
      const { body: present, headers } = await server.call('GET', '/v1/webhook-key')
      expect(present.key_id).toMatch(/^key_/)
      const next = await server.createKey({})
      const { status } = await server.call(
        'PUT',
        '/v1/webhook-key',
        { key_id: next.id, overlap_seconds: 3600 },
        { headers: { 'if-match': headers.get('etag') ?? '' } },
      )
      expect(status).toBe(200)
      return next.token
    })
  })

  it('by a rotation of the key: no delivery is rejected', async () => {
    await change(async () => {
      const { key_id: id } = await call('GET', '/v1/webhook-key')
      const { token: next } = await call('POST', `/v1/keys/${String(id)}/rotate`, { overlap_seconds: 3600 })
      return next as string
    })
  })

  it('and every event has come to every receiver, at the first attempt', async () => {
    isLoading = false
    await load
    await until(() => receivers.every(({ ids }) => ids.size === published.length))
    expect(published.length).toBeGreaterThan(50)
    for (const { id } of receivers) {
      const { deliveries } = await call('GET', `/v1/webhook-endpoints/${id}`)
      await until(async () => (await call('GET', `/v1/webhook-endpoints/${id}`)).deliveries.pending === 0)
      expect(deliveries.failed).toBe(0)
      const page = await call('GET', `/v1/webhook-endpoints/${id}/deliveries?limit=100`)
      expect(page.data.every((it: { attempts: number }) => it.attempts === 1)).toBe(true)
    }
  })
})
