import { createServer, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { startGateway, UPSTREAM_KEY, World } from './support.js'
import { ask, bearer, okResponse, RawCaller, RawUpstream, requestBytes } from './raw-http.js'
import { Cleanup, pause, until, within } from './waiting.js'

const HANDSHAKE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

const cleanup = new Cleanup()
let world: World
let token: string

beforeEach(() => {
  world = new World()
  token = world.addKey()
})
afterEach(() => cleanup.run())

interface Echo {
  readonly origin: string
  readonly handshakes: IncomingMessage[]
  readonly sockets: WebSocket[]
  readonly closes: number[]
}

/** An upstream that says everything back. */
async function startEcho(): Promise<Echo> {
  const server = createServer((_request, response) => {
    response.writeHead(426, { 'x-upstream': 'yes' }).end('no WebSocket here')
  })
  const handshakes: IncomingMessage[] = []
  const sockets: WebSocket[] = []
  const closes: number[] = []
  const webSockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (protocols) => [...protocols][0] ?? false,
  })
  server.on('upgrade', (request, socket, head) => {
    handshakes.push(request)
    if (request.url?.startsWith('/refused') === true) {
      socket.end('HTTP/1.1 404 Not Found\r\nX-Upstream: yes\r\nContent-Length: 7\r\n\r\nnothing')
      return
    }
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      sockets.push(webSocket)
      webSocket.on('message', (data, isBinary) => webSocket.send(data as Buffer, { binary: isBinary }))
      webSocket.on('close', (code) => closes.push(code))
      webSocket.on('error', () => undefined)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanup.add(async () => {
    for (const socket of sockets) socket.terminate()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    origin: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    handshakes,
    sockets,
    closes,
  }
}

function openSocket(port: number, path: string, key = token, protocols: string[] = []): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${String(port)}${path}`, protocols, {
    headers: { authorization: `Bearer ${key}`, 'x-forwarded-for': '192.0.2.9' },
  })
  cleanup.add(() => {
    socket.on('error', () => undefined)
    socket.terminate()
    return Promise.resolve()
  })
  return socket
}

async function opened(socket: WebSocket): Promise<WebSocket> {
  await within(once(socket, 'open'), 'the WebSocket to open')
  return socket
}

/** The status and body of the answer that a handshake got instead of a WebSocket. */
async function refusal(
  socket: WebSocket,
): Promise<{ status: number; body: string; message: IncomingMessage }> {
  const [, message] = (await within(once(socket, 'unexpected-response'), 'a refusal')) as [
    unknown,
    IncomingMessage,
  ]
  let body = ''
  for await (const chunk of message) body += String(chunk)
  return { status: message.statusCode ?? 0, body, message }
}

describe('a WebSocket', () => {
  it('carries text, binary and large messages both ways', async () => {
    const echo = await startEcho()
    const { port } = await startGateway(cleanup, world, echo.origin)
    const socket = await opened(openSocket(port, '/socket?a=%20b'))
    for (const message of ['hello', Buffer.alloc(5_000_000, 7), '']) {
      socket.send(message)
      const [data] = (await within(once(socket, 'message'), 'the echo')) as [Buffer]
      expect(data.equals(Buffer.from(message))).toBe(true)
    }
    const [handshake] = echo.handshakes
    expect(handshake?.url).toBe('/socket?a=%20b')
    expect(handshake?.headers.authorization).toBe(`Bearer ${UPSTREAM_KEY}`)
    expect(handshake?.headers['x-forwarded-for']).toBeUndefined()
    expect(JSON.stringify(handshake?.rawHeaders)).not.toContain(token)
  })

  it('agrees on a protocol', async () => {
    const echo = await startEcho()
    const { port } = await startGateway(cleanup, world, echo.origin)
    const socket = await opened(openSocket(port, '/socket', token, ['one', 'two']))
    expect(socket.protocol).toBe('one')
  })

  it('ends for both when either ends it', async () => {
    const echo = await startEcho()
    const { port } = await startGateway(cleanup, world, echo.origin)
    const first = await opened(openSocket(port, '/socket'))
    first.close(4001, 'enough')
    await until(() => echo.closes.includes(4001), 'the upstream saw the close')
    const second = await opened(openSocket(port, '/socket'))
    echo.sockets[1]?.close(4002)
    const [code] = (await within(once(second, 'close'), 'the caller saw the close')) as [number]
    expect(code).toBe(4002)
  })

  it('breaks off for both when either breaks off', async () => {
    const echo = await startEcho()
    const { port } = await startGateway(cleanup, world, echo.origin)
    const first = await opened(openSocket(port, '/socket'))
    first.terminate()
    await until(() => echo.closes.length === 1, 'the upstream saw the end')
    const second = await opened(openSocket(port, '/socket'))
    echo.sockets[1]?.terminate()
    const [code] = (await within(once(second, 'close'), 'the caller saw the end')) as [number]
    expect(code).toBe(1006)
  })

  it('is refused like any request, and the upstream hears nothing', async () => {
    const echo = await startEcho()
    const { port } = await startGateway(cleanup, world, echo.origin)
    const stranger = await refusal(openSocket(port, '/socket', 'wrong'))
    expect(stranger.status).toBe(401)
    expect(JSON.parse(stranger.body)).toMatchObject({ status: 'error', code: 'invalid_token' })
    expect(stranger.message.headers.connection).toBe('close')
    const restricted = await refusal(openSocket(port, '/socket', world.addKey({ access: { agent: 'edit' } })))
    expect(restricted.status).toBe(403)
    expect(JSON.parse(restricted.body)).toMatchObject({ code: 'operation_unmapped' })
    const crooked = await ask(cleanup, port, requestBytes('GET', '/a/../b', [bearer(token), ...HANDSHAKE]))
    expect(crooked.status).toBe(400)
    expect(echo.handshakes).toHaveLength(0)
  })

  it('that the upstream refuses gets the upstream’s answer', async () => {
    const echo = await startEcho()
    const { port } = await startGateway(cleanup, world, echo.origin)
    const { status, body, message } = await refusal(openSocket(port, '/refused'))
    expect({ status, body }).toEqual({ status: 404, body: 'nothing' })
    expect(message.headers['x-upstream']).toBe('yes')
  })

  it('to an upstream that is not there gets 502', async () => {
    const upstream = await RawUpstream.start(cleanup)
    const { origin } = upstream
    await upstream.close()
    const { port } = await startGateway(cleanup, world, origin)
    expect((await refusal(openSocket(port, '/socket'))).status).toBe(502)
  })

  it('ends within moments of its key’s end, or when nobody can say', async () => {
    const echo = await startEcho()
    const { port } = await startGateway(cleanup, world, echo.origin, { timeouts: { review: 20 } })
    const kept = await opened(openSocket(port, '/socket'))
    const other = world.addKey()
    const revoked = await opened(openSocket(port, '/socket', other))
    await pause(60)
    expect(kept.readyState).toBe(WebSocket.OPEN)
    world.changeKey(other, { state: 'revoked' })
    await within(once(revoked, 'close'), 'the revoked key’s WebSocket to end')
    expect(kept.readyState).toBe(WebSocket.OPEN)
    world.changeKey(token, { access: { agent: 'edit' } })
    await within(once(kept, 'close'), 'the narrowed key’s WebSocket to end')
    const last = await opened(openSocket(port, '/socket', world.addKey()))
    world.lease.isCurrent = false
    await within(once(last, 'close'), 'the WebSocket to end when the verifier is stale')
  })

  it('ends with the gateway', async () => {
    const echo = await startEcho()
    const { port, gateway } = await startGateway(cleanup, world, echo.origin, { timeouts: { close: 10_000 } })
    const socket = await opened(openSocket(port, '/socket'))
    await Promise.all([
      within(once(socket, 'close'), 'the WebSocket to end'),
      within(gateway.close(), 'the gateway to close'),
    ])
  })

  it('does not overtake the answer before it', async () => {
    const upstream = await RawUpstream.start(cleanup, (_request, socket) => {
      setTimeout(() => socket.write(okResponse('{}')), 50)
    })
    const { port } = await startGateway(cleanup, world, upstream.origin)
    const caller = await RawCaller.open(cleanup, port)
    const get = requestBytes('GET', '/get-agent/x', [bearer(token)])
    caller.send(get + requestBytes('GET', '/socket', [bearer(token), ...HANDSHAKE]))
    await caller.closed()
    expect(caller.received.toString()).not.toContain('101')
  })

  it('has its handshake’s answer passed on without the upstream’s key', async () => {
    const upstream = await RawUpstream.start(cleanup, (_request, socket) => {
      const answer = [
        'HTTP/1.1 101 Switching Protocols',
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Accept: x',
        `X-Echo: ${UPSTREAM_KEY}`,
        'Set-Cookie: a=1',
        'Set-Cookie: b=2',
        'X-Bytes: \xc3\xa9',
        '',
        'first bytes',
      ]
      socket.write(Buffer.from(answer.join('\r\n'), 'latin1'))
    })
    const { port } = await startGateway(cleanup, world, upstream.origin)
    const caller = await RawCaller.open(cleanup, port)
    caller.send(requestBytes('GET', '/socket', [bearer(token), ...HANDSHAKE]), 'early')
    await until(() => caller.received.includes('first bytes'), 'the upstream’s first bytes came')
    const text = caller.received.toString('latin1')
    expect(text).toContain('X-Bytes: \xc3\xa9\r\n')
    expect(text).toMatch(
      /^HTTP\/1\.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n/,
    )
    expect(text).toContain('Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n')
    expect(text).not.toContain(UPSTREAM_KEY)
    await until(() => upstream.received.includes('early'), 'what was sent early arrived')
    expect(upstream.received.toString()).not.toContain(token)
  })
})

describe('any other upgrade', () => {
  it.each([
    ['GET', ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'], ''],
    [
      'POST',
      ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: x', 'Content-Length: 5'],
      'hello',
    ],
    ['POST', ['Connection: Upgrade', 'Upgrade: websocket', 'Content-Length: 5'], 'hello'],
    ['GET', ['Connection: Upgrade', 'Upgrade: websocket', 'Content-Length: 5'], 'hello'],
    ['GET', ['Connection: Upgrade', 'Upgrade: TLS/1.0'], ''],
    ['GET', ['Upgrade: websocket'], ''],
  ])('%s %j is answered as if it had not been offered', async (method, lines, body) => {
    const upstream = await RawUpstream.start(cleanup)
    const { port } = await startGateway(cleanup, world, upstream.origin)
    const caller = await RawCaller.open(cleanup, port)
    for (let times = 0; times < 2; times++) {
      caller.send(requestBytes(method, '/create-agent', [bearer(token), ...lines], body))
      expect((await caller.response()).status).toBe(200)
    }
    expect(upstream.requests.map((request) => request.body.toString())).toEqual([body, body])
    expect(upstream.received.toString()).not.toMatch(/upgrade|http2/i)
  })
})
