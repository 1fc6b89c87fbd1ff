import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { describe, expect, it } from 'vitest'
import type { SendError } from '../../server/src/webhooks/safe-connect.js'
import { WebhookSender } from '../../server/src/webhooks/sender.js'
import {
  CERTIFICATE,
  CERTIFICATE_KEY,
  closed,
  exchange,
  failureOf,
  guardOf,
  http,
  idle,
  later,
  receive,
  senderOf,
  SHORT,
  to,
} from './receivers.js'

describe('a connection under way', () => {
  // Left alone, it would be given up after ten seconds.
  it('ends with its sender', { timeout: 5000 }, async () => {
    const silent = await receive(() => undefined)
    const sender = new WebhookSender({ guard: guardOf('127.0.0.1') })
    const sent = failureOf(sender.send(to(0, { url: new URL(`https://127.0.0.1:${silent.port}/`) })))
    while (silent.received.join('') === '') await idle()
    await sender.close()
    expect((await sent).code).toBe('closed')
    await closed(silent.connections[0])
  })
})

describe('a request is sent once', () => {
  it('when the receiver closes kept connections, and again only if the caller repeats it', async () => {
    const { receiver, sender } = await exchange((socket, request) => {
      if (/webhook-id: msg_\d*[02468]\r/.test(request)) socket.write(http(200))
      else socket.destroy()
    })
    const outcomes: unknown[] = []
    for (let id = 0; id < 20; id++) {
      const request = to(receiver.port, { headers: { 'webhook-id': `msg_${id}` } })
      await idle()
      outcomes.push(
        await sender.send(request).then(
          ({ status }) => status,
          (error: unknown) => (error as SendError).code,
        ),
      )
    }
    expect(outcomes).toEqual(Array.from({ length: 20 }, (_, id) => (id % 2 === 0 ? 200 : 'reset')))
    // Each second one went over the connection of the one before it.
    expect(receiver.connections).toHaveLength(10)
    const ids = [...receiver.received.join('').matchAll(/webhook-id: (\w+)/g)].map((match) => match[1])
    expect(ids).toEqual(Array.from({ length: 20 }, (_, id) => `msg_${id}`))
  })

  it('when a connection closes between two requests, the second goes over a new one', async () => {
    const { receiver, send } = await exchange((socket) => socket.end(http(200)))
    for (let request = 0; request < 5; request++) expect((await send()).status).toBe(200)
    expect(receiver.received.map((text) => text.match(/ HTTP\/1\.1/g)?.length)).toEqual([1, 1, 1, 1, 1])
  })
})

describe('over TLS', () => {
  async function secureReceiver(): Promise<{ port: number; names: unknown[] }> {
    const names: unknown[] = []
    const sockets = new Set<TLSSocket>()
    const server = createTlsServer({ cert: CERTIFICATE, key: CERTIFICATE_KEY }, (socket) => {
      sockets.add(socket)
      names.push((socket as TLSSocket & { servername: unknown }).servername, socket.alpnProtocol)
      socket.on('error', () => undefined)
      socket.once('data', () => socket.write(http(200, 'secure')))
    })
    server.on('tlsClientError', () => undefined)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    later(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    return { port: (server.address() as AddressInfo).port, names }
  }
  const lookup = (): Promise<string[]> => Promise.resolve(['127.0.0.1'])

  it('a receiver with a trusted certificate for its name is spoken to, by that name', async () => {
    const { port, names } = await secureReceiver()
    const sender = senderOf({ ca: CERTIFICATE, lookup })
    for (const host of ['receiver.test', 'RECEIVER.test.']) {
      expect((await sender.send(to(port, { url: new URL(`https://${host}:${port}/`) }))).body).toBe('secure')
    }
    expect(names).toEqual(['receiver.test', false, 'receiver.test', false])
  })

  it.each([
    ['nobody vouches for', 'receiver.test', undefined, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['is for another name', 'other.test', CERTIFICATE, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['is not for its address', '127.0.0.1', CERTIFICATE, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ])('a receiver whose certificate %s is told nothing', async (_, host, ca, why) => {
    const { port, names } = await secureReceiver()
    const failure = await failureOf(
      senderOf({ ca, lookup }).send(
        to(port, { url: new URL(`https://${host}:${port}/`), headers: { a: 'secret' } }),
      ),
    )
    expect([failure.code, failure.message]).toEqual([
      'tls',
      `the endpoint’s certificate or TLS was not accepted (${why})`,
    ])
    expect(names.filter((name) => name === 'secret')).toEqual([])
  })

  it('a receiver that does not speak it, or hangs instead, is told nothing', async () => {
    const url = (port: number): URL => new URL(`https://receiver.test:${port}/`)
    const plain = await receive(() => undefined)
    const hanging = senderOf({ lookup, limitMilliseconds: SHORT })
    expect((await failureOf(hanging.send(to(plain.port, { url: url(plain.port) })))).code).toBe('timeout')
    expect(plain.received.join('')).not.toContain('POST')
    const rude = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    rude.listen(0, '127.0.0.1')
    await once(rude, 'listening')
    later(() => rude.close())
    const { port } = rude.address() as AddressInfo
    expect((await failureOf(senderOf({ lookup }).send(to(port, { url: url(port) })))).code).toBe('tls')
  })
})

describe('a name with several addresses', () => {
  it('is connected to at the first that takes connections', async () => {
    const { receiver } = await exchange((socket) => socket.write(http(200)))
    const lookup = (): Promise<string[]> => Promise.resolve(['127.0.0.3', '::1', '127.0.0.1'])
    const answer = await senderOf({ lookup }).send(
      to(1, { url: new URL(`http://hook.example:${receiver.port}/`) }),
    )
    expect(answer.status).toBe(200)
    expect(receiver.received[0]).toContain(`host: hook.example:${receiver.port}\r\n`)
  })

  it('is not tried at more than four of them', async () => {
    const { receiver } = await exchange((socket) => socket.write(http(200)))
    const lookup = (): Promise<string[]> =>
      Promise.resolve(['127.0.0.3', '127.0.0.4', '127.0.0.5', '127.0.0.6', '127.0.0.1'])
    const sent = senderOf({ lookup }).send(to(1, { url: new URL(`http://hook.example:${receiver.port}/`) }))
    expect((await failureOf(sent)).code).toBe('connect')
    expect(receiver.connections).toHaveLength(0)
  })
})
