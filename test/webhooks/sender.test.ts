import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { WebhookSender } from '../../server/src/webhooks/sender.js'
import {
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

const KIB = 1024

describe('a request', () => {
  it('is what was asked for and nothing else, and its answer is told', async () => {
    const { receiver, sender } = await exchange((socket) =>
      socket.write(
        http(202, 'thanks', {
          'Content-Type': 'text/plain',
          'CONTENT-TYPE': 'text/html',
          'Retry-After': '7',
          'Set-Cookie': 'a=b',
          Location: 'https://elsewhere.example/',
          'WebHook-Allowed-Origin': '*',
          'webhook-allowed-rate': '120',
          'X-Powered-By': 'PHP',
        }),
      ),
    )
    const answer = await sender.send(
      to(receiver.port, { headers: { 'Webhook-Id': 'msg_1', 'content-type': 'a/b' } }),
    )
    expect(receiver.received).toEqual([
      `POST /hook?a=1&b=%20 HTTP/1.1\r\nhost: 127.0.0.1:${receiver.port}\r\nconnection: keep-alive\r\n` +
        'Webhook-Id: msg_1\r\ncontent-type: a/b\r\ncontent-length: 7\r\n\r\n{"a":1}',
    ])
    expect(answer).toEqual({
      status: 202,
      headers: {
        'content-type': 'text/plain',
        'retry-after': '7',
        location: 'https://elsewhere.example/',
        'webhook-allowed-origin': '*',
        'webhook-allowed-rate': '120',
      },
      body: 'thanks',
      truncated: false,
      retryAfterSeconds: 7,
      durationMilliseconds: expect.any(Number),
    })
  })

  it('has bytes as its body, or none', async () => {
    const { receiver, sender } = await exchange((socket) => socket.write(http(204)))
    const bytes = Uint8Array.of(0, 255, 128, 10)
    expect((await sender.send(to(receiver.port, { body: bytes }))).status).toBe(204)
    await idle()
    expect((await sender.send(to(receiver.port, { body: null, method: 'OPTIONS' }))).status).toBe(204)
    expect(receiver.received[0]).toContain('content-length: 4\r\n\r\n\u0000\u00ff\u0080\n')
    expect(receiver.received[0]).toMatch(/OPTIONS \/hook\?a=1&b=%20 HTTP\/1\.1\r\n[^]*\r\n\r\n$/)
  })

  it('goes over a kept connection where there is one, and over one of its own where there is not', async () => {
    const waiting: Socket[] = []
    const { receiver, send } = await exchange((socket) => {
      waiting.push(socket)
      if (waiting.length === 5) for (const each of waiting) each.write(http(200))
      if (waiting.length > 5) socket.write(http(200))
    })
    await Promise.all(Array.from({ length: 5 }, send))
    expect(receiver.connections).toHaveLength(5)
    for (let more = 0; more < 5; more++) {
      await idle()
      await send()
    }
    expect(receiver.connections).toHaveLength(5)
  })

  it('is not sent by way of a proxy that the environment names', async () => {
    const proxy = await receive((socket) => socket.write(http(200, 'proxy')))
    const names = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'ALL_PROXY']
    for (const name of names) process.env[name] = `http://127.0.0.1:${proxy.port}`
    later(() => {
      for (const name of names) Reflect.deleteProperty(process.env, name)
    })
    const { send } = await exchange((socket) => socket.write(http(200, 'receiver')))
    expect((await send()).body).toBe('receiver')
    expect(proxy.connections).toHaveLength(0)
  })

  it.each([
    { 'bad name': 'x' },
    { x: 'a\r\nb: c' },
    { 'transfer-encoding': 'chunked' },
    { expect: '100-continue' },
  ])('that HTTP does not allow is not sent: %j', async (headers) => {
    const { receiver, sender } = await exchange((socket) => socket.write(http(200)))
    expect((await failureOf(sender.send(to(receiver.port, { headers })))).code).toBe('invalid_request')
    expect(receiver.received.join('')).toBe('')
  })
})

describe('an answer', () => {
  it.each([200, 204, 301, 302, 304, 307, 308, 400, 401, 404, 410, 429, 500, 503, 599])(
    'of %i is one',
    async (status) => {
      const { send } = await exchange((socket) => socket.write(http(status)))
      expect(await send()).toMatchObject({ status, body: '', truncated: false })
    },
  )

  it.each([301, 302, 303, 307, 308])('of %i is not followed, not even in a circle', async (status) => {
    const { receiver, send } = await exchange((socket) =>
      socket.write(http(status, '', { location: `http://127.0.0.1:${receiver.port}/hook?a=1&b=%20` })),
    )
    expect((await send()).status).toBe(status)
    expect(receiver.received.join('').match(/ HTTP\/1\.1/g)).toHaveLength(1)
  })

  it.each([
    ['99999999999999', null],
    ['9999999999', 9_999_999_999],
    ['-5', null],
    ['soon', null],
    ['1e3', null],
    ['Fri, 01 Jan 1999 00:00:00 GMT', 0],
    ['0', 0],
  ])('whose Retry-After is "%s" asks for %s seconds', async (text, seconds) => {
    const { send } = await exchange((socket) => socket.write(http(429, '', { 'retry-after': text })))
    expect((await send()).retryAfterSeconds).toBe(seconds)
  })

  it('may be preceded by interim ones', async () => {
    const { send } = await exchange((socket) =>
      socket.write(
        `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 102 P\r\n\r\n${http(201, 'made')}`,
      ),
    )
    expect(await send()).toMatchObject({ status: 201, body: 'made' })
  })

  it('has its text cleaned of control characters, broken UTF-8 and credentials', async () => {
    const token = `btg_live_${'a'.repeat(16)}${'B'.repeat(60)}`
    const body = Buffer.concat([
      Buffer.from('a\u0000b\u001b[31m\u007f\u0085\tc\r\né '),
      Buffer.of(0xff, 0xc3),
      Buffer.from(` ${token.slice(0, 40)}\u0000${token.slice(40)} Bearer abcdefghijklmnop1234567890`),
    ])
    const { send } = await exchange((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-type: x ${token}\r\ncontent-length: ${body.length}\r\n\r\n`)
      socket.write(body)
    })
    const answer = await send()
    expect(answer.body).toBe(`ab[31m\tc\r\né \ufffd\ufffd btg_live_${'a'.repeat(16)}… Bearer …`)
    expect(answer.headers).toEqual({ 'content-type': `x btg_live_${'a'.repeat(16)}…` })
  })

  it('of 16 KiB comes whole, and of a byte more is cut', async () => {
    const sizes = [16 * KIB, 16 * KIB + 1]
    const { receiver, send } = await exchange((socket) => socket.write(http(200, 'x'.repeat(sizes.shift()!))))
    expect(await send()).toMatchObject({ body: 'x'.repeat(16 * KIB), truncated: false })
    await idle()
    expect(await send()).toMatchObject({ status: 200, body: 'x'.repeat(16 * KIB), truncated: true })
    await closed(receiver.connections[0])
  })

  it('of 10 MB is cut, and its connection is dropped', async () => {
    const { receiver, send } = await exchange((socket) => socket.write(http(200, 'x'.repeat(10_000_000))))
    expect(await send()).toMatchObject({ status: 200, body: 'x'.repeat(16 * KIB), truncated: true })
    await closed(receiver.connections[0])
  })

  it('without an end is cut', async () => {
    const { receiver, send } = await exchange((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
      const more = setInterval(() => socket.write('400\r\n'.concat('y'.repeat(KIB), '\r\n')), 1)
      socket.on('close', () => clearInterval(more))
    })
    expect(await send()).toMatchObject({ status: 200, body: 'y'.repeat(16 * KIB), truncated: true })
    await closed(receiver.connections[0])
  })

  it('that drips counts with what came within the limit', async () => {
    const { receiver, send } = await exchange(
      (socket) => {
        socket.write('HTTP/1.1 503 Busy\r\ncontent-length: 100000\r\nretry-after: 3\r\n\r\n')
        const more = setInterval(() => socket.write('z'), 10)
        socket.on('close', () => clearInterval(more))
      },
      senderOf({ limitMilliseconds: SHORT }),
    )
    const answer = await send()
    expect(answer).toMatchObject({ status: 503, retryAfterSeconds: 3, truncated: true })
    expect(answer.body).toMatch(/^z*$/)
    await closed(receiver.connections[0])
  })

  it.each([
    ['shorter than it said', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc'],
    ['broken off between chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n'],
    ['with a broken chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nno length\r\n'],
  ])('%s counts and is cut', async (_, text) => {
    const { send } = await exchange((socket) => socket.end(text))
    expect(await send()).toMatchObject({ status: 200, body: 'abc', truncated: true })
  })

  it('longer than it said leaves nothing to the next', async () => {
    const poison = http(500, 'not yours')
    const { receiver, send } = await exchange((socket, _, connection) =>
      socket.write(connection === 0 ? http(200, 'ok') + poison : http(200, 'fine')),
    )
    expect(await send()).toMatchObject({ status: 200, body: 'ok' })
    await closed(receiver.connections[0])
    expect(await send()).toMatchObject({ status: 200, body: 'fine' })
    expect(receiver.connections).toHaveLength(2)
  })
})

describe('no answer', () => {
  it('comes from a receiver that hangs', async () => {
    const { receiver, send } = await exchange(() => undefined, senderOf({ limitMilliseconds: SHORT }))
    const failure = await failureOf(send())
    expect([failure.name, failure.code, failure.message]).toEqual([
      'SendError',
      'timeout',
      'the endpoint did not answer within 0.15 s',
    ])
    await closed(receiver.connections[0])
  })

  it.each([
    ['drips its head', 'HTTP/1.1 200 OK\r\nx: ', 'a'],
    ['has nothing but interim answers', '', 'HTTP/1.1 102 Processing\r\n\r\n'],
  ])('comes from a receiver that %s', async (_, start, part) => {
    const { receiver, send } = await exchange(
      (socket) => {
        socket.write(start)
        const more = setInterval(() => socket.write(part), 10)
        socket.on('close', () => clearInterval(more))
      },
      senderOf({ limitMilliseconds: SHORT }),
    )
    expect((await failureOf(send())).code).toBe('timeout')
    await closed(receiver.connections[0])
  })

  it.each([
    ['resets', 'reset', (socket: Socket) => socket.resetAndDestroy()],
    ['hangs up', 'reset', (socket: Socket) => socket.end()],
    ['breaks off in its head', 'reset', (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nconte')],
    ['speaks another protocol', 'protocol', (socket: Socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n')],
    ['speaks HTTP/0.9', 'protocol', (socket: Socket) => socket.end('<html>hello</html>')],
    ['speaks HTTP/2', 'protocol', (socket: Socket) => socket.end(Buffer.from('000012040000000000', 'hex'))],
    [
      'switches protocols',
      'protocol',
      (socket: Socket) => socket.write('HTTP/1.1 101 S\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    ],
    ['has no status', 'protocol', (socket: Socket) => socket.write('HTTP/1.1 OK\r\n\r\n')],
    [
      'states two lengths',
      'protocol',
      (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\na'),
    ],
    [
      'has a head of more than 16 KiB',
      'protocol',
      (socket: Socket) => socket.write(http(200, '', { x: 'a'.repeat(17 * KIB) })),
    ],
    [
      'has many fields',
      'protocol',
      (socket: Socket) => socket.write(`HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(9000)}\r\n`),
    ],
  ])('comes from a receiver that %s: %s', async (_, code, answer) => {
    const { receiver, send } = await exchange((socket) => answer(socket))
    expect((await failureOf(send())).code).toBe(code)
    expect(receiver.received).toHaveLength(1)
  })

  it('comes where nobody listens, and where a name has no address', async () => {
    const { receiver } = await exchange(() => undefined)
    const unheard = receiver.port
    const nobody = senderOf({ guard: guardOf('127.0.0.0/8') })
    expect(
      (await failureOf(nobody.send(to(unheard, { url: new URL(`http://127.0.0.3:${unheard}/`) })))).code,
    ).toBe('connect')
    for (const lookup of [
      () => Promise.reject(new Error('ENOTFOUND 10.0.0.53')),
      () => Promise.resolve([]),
    ]) {
      const failure = await failureOf(
        senderOf({ lookup }).send(to(443, { url: new URL('https://hook.example/') })),
      )
      expect([failure.code, failure.message]).toEqual([
        'dns',
        'the name of the endpoint does not resolve to an address',
      ])
    }
    const hanging = senderOf({ limitMilliseconds: SHORT, lookup: () => new Promise(() => undefined) })
    expect((await failureOf(hanging.send(to(443, { url: new URL('https://hook.example/') })))).code).toBe(
      'timeout',
    )
  })

  it('comes once the caller does not want it any more, and what was not sent by then stays here', async () => {
    const [before, connecting, answering] = ['a', 'b', 'c'].map(() => new AbortController())
    const { receiver, sender } = await exchange((socket, request) => {
      if (request.includes('id: wanted')) socket.write(http(200))
      if (request.includes('id: last')) answering!.abort()
    })
    before!.abort()
    expect((await failureOf(sender.send(to(receiver.port), before!.signal))).code).toBe('aborted')
    const early = failureOf(sender.send(to(receiver.port), connecting!.signal))
    connecting!.abort()
    expect((await early).code).toBe('aborted')
    for (let more = 0; more < 3; more++) {
      expect((await sender.send(to(receiver.port, { headers: { id: 'wanted' } }))).status).toBe(200)
    }
    const last = to(receiver.port, { headers: { id: 'last' } })
    expect((await failureOf(sender.send(last, answering!.signal))).code).toBe('aborted')
    expect(receiver.received.join('').match(/ HTTP\/1\.1/g)).toHaveLength(4)
  })

  it('comes to a sender that was closed, neither under way nor later', async () => {
    const sender = new WebhookSender({
      guard: guardOf('127.0.0.1'),
      lookup: () => new Promise(() => undefined),
    })
    const { receiver, send } = await exchange(() => void sender.close(), sender)
    const resolving = failureOf(sender.send(to(80, { url: new URL('http://hook.example/') })))
    expect((await failureOf(send())).code).toBe('closed')
    expect((await resolving).code).toBe('closed')
    expect((await failureOf(send())).code).toBe('closed')
    expect(receiver.received).toHaveLength(1)
  })
})
