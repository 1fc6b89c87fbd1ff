import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import Retell from 'retell-sdk'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RELAY_BYTES_MAX } from '../../server/src/gateway/relay.js'
import { startServer, type ApiAnswer, type TestServer } from '../support/server.js'
import { until } from './dispatch-fixture.js'

/** The key that Retell signs with: shorter than an HMAC block, so it must be kept as it is. */
const UPSTREAM_KEY = 'key_0123456789abcdef0123456789ab'

/** The beginning of the answer to a POST whose body is announced and never sent. */
async function rawHead(origin: string, path: string, length: number): Promise<string> {
  const { hostname, port, host } = new URL(origin)
  const socket = connect(Number(port), hostname)
  socket.write(`POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${String(length)}\r\n\r\n`)
  const [part] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return part.toString()
}

interface Arrived {
  readonly body: string
  readonly signature: string
  readonly type: string
}

describe('an upstream’s own webhooks', () => {
  const arrived: Arrived[] = []
  let server: TestServer
  let sink: Server
  let token = ''
  let path = ''
  let count = 0

  const bodyOf = (more: object = {}): string =>
    JSON.stringify({
      event: 'call_analyzed',
      call: { call_id: `call_${String(++count)}`, transcript: 'Grüezi 🔑', ...more },
    })
  const send = async (body: string, signature: string, to = path): Promise<Response> =>
    fetch(`${server.gatewayUrl}${to}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-retell-signature': signature },
      body,
    })
  const sign = (body: string, key = UPSTREAM_KEY): Promise<string> => Retell.sign(body, key)
  const events = async (): Promise<ApiAnswer['body'][]> => (await server.call('GET', '/v1/events')).body.data

  beforeAll(async () => {
    server = await startServer({ BITTING_WEBHOOK_ALLOWED_ADDRESSES: '127.0.0.0/8' })
    sink = createServer((request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        arrived.push({
          body: Buffer.concat(parts).toString(),
          signature: String(request.headers['x-retell-signature']),
          type: String(request.headers['content-type']),
        })
        response.end()
      })
    })
    await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve))
    const key = await server.createKey({})
    token = key.token
    await server.call('PUT', '/v1/webhook-key', { key_id: key.id })
    const { port } = sink.address() as AddressInfo
    for (const name of ['one', 'two']) {
      await server.call('POST', '/v1/webhook-endpoints', {
        url: `http://127.0.0.1:${String(port)}/${name}`,
        events: ['call_analyzed'],
      })
    }
    const relay = { name: 'Retell', scheme: 'retell', key: UPSTREAM_KEY }
    path = (await server.call('POST', '/v1/webhook-relays', relay)).body.path
  })

  afterAll(async () => {
    await server.close()
    sink.closeAllConnections()
    sink.close()
  })

  it('are delivered to every endpoint, byte for byte, signed so that no receiver needs the upstream’s key', async () => {
    const body = JSON.stringify(JSON.parse(bodyOf()), null, 3)
    expect((await send(body, await sign(body))).status).toBe(204)
    await until(() => arrived.length === 2)
    for (const it of arrived) {
      expect(it.body).toBe(body)
      expect(it.type).toBe('application/json')
      expect(await Retell.verify(body, token, it.signature)).toBe(true)
      expect(await Retell.verify(body, UPSTREAM_KEY, it.signature)).toBe(false)
    }
    const [event] = await events()
    expect(event).toMatchObject({
      type: 'call_analyzed',
      subject: `call_${String(count)}`,
      source: expect.stringMatching(/^whr_/),
    })
    const audit = await server.call('GET', '/v1/audit?action=event.relay')
    expect(audit.body.data).toMatchObject([
      { actor: { type: 'system' }, resource: { type: 'event', id: event.id } },
    ])
  })

  it('that come again, signed anew, are not delivered again', async () => {
    const body = bodyOf()
    const before = (await events()).length
    for (const at of [0, 1, 2]) {
      const answer = await send(body, await sign(body))
      expect([answer.status, at]).toEqual([204, at])
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    const answers = await Promise.all([1, 2, 3].map(async () => send(body, await sign(body))))
    expect(answers.map(({ status }) => status)).toEqual([204, 204, 204])
    expect(await events()).toHaveLength(before + 1)
    const audit = await server.call('GET', '/v1/audit?action=event.relay')
    expect(audit.body.data).toHaveLength(before + 1)
  })

  it('are refused alike when they are not signed by the upstream, and when there is no such relay', async () => {
    const before = (await events()).length
    const body = bodyOf()
    const good = await sign(body)
    const old = good.replace(/v=\d+/, `v=${String(Date.now() - 301_000)}`)
    const unknown = path.replace(/.{4}$/, 'aaaa')
    const answers = [
      await send(`${body} `, good),
      await send(body, await sign(body, `${UPSTREAM_KEY}0`)),
      await send(body, await sign(body, token)),
      await send(body, old),
      await send(body, ''),
      await send(body, good, unknown),
      await send(body, good, '/bitting/webhooks/whr_x'),
    ]
    const texts = await Promise.all(answers.map((it) => it.text()))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 401))
    expect(new Set(texts).size).toBe(1)
    expect(await events()).toHaveLength(before)
  })

  it('are refused when they are too long, no JSON object, or not posted', async () => {
    for (const body of ['[]', '"text"', '\uFEFF{}', '{', '{"a":1}{"b":2}', '']) {
      expect((await send(body, await sign(body))).status).toBe(400)
    }
    const long = JSON.stringify({ event: 'call_ended', text: 'a'.repeat(RELAY_BYTES_MAX) })
    expect((await send(long, await sign(long))).status).toBe(413)
    expect((await fetch(`${server.gatewayUrl}${path}`)).status).toBe(405)
  })

  it('may stand between line ends, and be about what no database keeps', async () => {
    const odd = JSON.stringify({
      event: 'call_ended',
      call: { call_id: `a${String.fromCharCode(0)}${String(++count)}` },
    })
    for (const body of [`\n${bodyOf()}\n`, odd]) {
      expect((await send(body, await sign(body))).status).toBe(204)
    }
    expect((await events())[0]).toMatchObject({ type: 'call_ended', subject: null })
  })

  it('of Standard Webhooks are told apart by their id, whatever they say', async () => {
    const secret = `whsec_${randomBytes(32).toString('base64')}`
    const relay = { name: 'Other', scheme: 'standard', key: secret }
    const { path: other } = (await server.call('POST', '/v1/webhook-relays', relay)).body
    const before = (await events()).length
    for (const id of ['msg_1', 'msg_2', 'msg_1']) {
      const now = new Date()
      const body = '{"type":"ping"}'
      const answer = await fetch(`${server.gatewayUrl}${String(other)}`, {
        method: 'POST',
        headers: {
          'webhook-id': id,
          'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
          'webhook-signature': new StandardWebhook(secret).sign(id, now, body),
        },
        body,
      })
      expect(answer.status).toBe(204)
    }
    expect(await events()).toHaveLength(before + 2)
  })

  it('are not waited for where there is no such relay', async () => {
    const answer = await rawHead(server.gatewayUrl, '/bitting/webhooks/whr_aaaaaaaaaaaaaaaaaaaaaa', 4_000_000)
    expect(answer).toMatch(/^HTTP\/1\.1 401 /)
  })

  it('cannot pass for Bitting’s own events', async () => {
    const body = JSON.stringify({ event: 'key.revoked', call: { call_id: 'call_x' } })
    expect((await send(body, await sign(body))).status).toBe(204)
    expect((await events())[0]).toMatchObject({ type: 'relayed' })
  })

  it('are not taken any more once the relay is deleted', async () => {
    const body = bodyOf()
    const id = path.split('/').at(-1)
    expect((await server.call('DELETE', `/v1/webhook-relays/${String(id)}`)).status).toBe(200)
    expect((await send(body, await sign(body))).status).toBe(401)
  })
})
