import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { Dispatcher } from 'undici'
import { UNRECORDED } from '../../server/src/gateway/recorder.js'
import { Reviews } from '../../server/src/gateway/reviews.js'
import { forward } from '../../server/src/gateway/forward.js'
import { GatewayRequest, GatewayResponse } from '../../server/src/gateway/messages.js'
import type { UpstreamPools } from '../../server/src/gateway/upstream-pools.js'
import { startGateway } from './support.js'
import { ask, bearer, okResponse, RawCaller, requestBytes } from './raw-http.js'
import { pause, until } from './waiting.js'
import { answerWith, cleanup, get, port, token, upstream, usePassThrough, world } from './pass-through.js'

usePassThrough()

const VERIFIED = { token: null, address: null, method: 'GET', path: '/' }

describe('a caller that leaves before its request was sent', () => {
  it('has nothing sent', () => {
    const request = new GatewayRequest(new Socket())
    const response = new GatewayResponse(request)
    let handler: Dispatcher.DispatchHandler | null = null
    const pool = { dispatch: (_options: unknown, given: Dispatcher.DispatchHandler) => (handler = given) }
    const pools = { get: () => pool } as unknown as UpstreamPools
    const passage = {
      upstream: { origin: 'http://one.test', key: null },
      errors: 'retell' as const,
      verified: VERIFIED,
      recording: UNRECORDED,
    }
    const reviews = new Reviews()
    const context = { pools, reviews, objection: () => null, log: () => undefined, isClosing: false }
    forward(request, response, passage, context)
    response.emit('close')
    let aborted = 0
    const exchange = handler as unknown as { onConnect(abort: () => void): void }
    exchange.onConnect(() => aborted++)
    expect(aborted).toBe(1)
  })
})

describe('failures', () => {
  it('of connecting are 502 in the shape of the API’s errors, and are logged without a secret', async () => {
    const { origin } = upstream
    await upstream.close()
    const response = await ask(cleanup, port, get())
    expect(response.status).toBe(502)
    expect(response.json()).toEqual({
      status: 'error',
      message: expect.any(String) as string,
      code: 'upstream_failed',
    })
    expect(response.header('x-should-retry')).toEqual([])
    expect(world.logged).toHaveLength(1)
    expect(world.logged[0]?.error.members).toEqual({
      upstream: origin,
      method: 'GET',
      cause: 'ECONNREFUSED',
    })
    expect(response.body.toString()).not.toContain('127.0.0.1')
  })

  it.each([
    ['nothing', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\nContent-'],
    ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['a head that is too large', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(70_000)}\r\n\r\n`],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    [
      'an upgrade that nobody offered',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    ],
  ])('of an upstream that answers %s are 502', async (_name, bytes) => {
    upstream.answering = (_request, socket) => socket.end(bytes)
    const response = await ask(cleanup, port, get())
    expect(response.status).toBe(502)
    expect(response.json()).toMatchObject({ status: 'error', code: 'upstream_failed' })
    expect(upstream.requests).toHaveLength(1)
  })

  it('of an upstream that does not answer are 504, and its request is given up', async () => {
    upstream.answering = () => undefined
    const slow = await startGateway(cleanup, world, upstream.origin, { upstreamTimeouts: { headers: 200 } })
    const answer = ask(cleanup, slow.port, get())
    await until(() => upstream.requests.length === 1, 'the request arrived')
    const [socket] = upstream.sockets
    const response = await answer
    expect(response.status).toBe(504)
    expect(response.json()).toMatchObject({ status: 'error', code: 'upstream_timeout' })
    await until(() => socket?.destroyed === true, 'the connection to the upstream was closed')
  })

  it.each([
    ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello', 'HTTP/1.1'],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n', 'HTTP/1.1'],
    [
      'chunks, for HTTP/1.0',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
      'HTTP/1.0',
    ],
  ])('in the middle of an answer with %s never look like its end', async (_name, bytes, version) => {
    upstream.answering = (_request, socket) => {
      socket.write(bytes)
      setTimeout(() => socket.destroy(), 30)
    }
    const caller = await RawCaller.open(cleanup, port)
    let wasReset = false
    caller.socket.on('error', () => (wasReset = true))
    caller.send(get().replace('HTTP/1.1', version))
    await caller.closed()
    const text = caller.received.toString()
    expect(text).not.toContain('\r\n0\r\n')
    if (version === 'HTTP/1.0') expect(wasReset).toBe(true)
    else expect(text).toMatch(/hello(?:\r\n)?$/)
    expect(world.logged.map(({ error }) => error.code)).toEqual(['upstream_failed'])
  })

  it('of a silent upstream in the middle of an answer end the connection', async () => {
    const slow = await startGateway(cleanup, world, upstream.origin, { upstreamTimeouts: { body: 200 } })
    answerWith('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello')
    const caller = await RawCaller.open(cleanup, slow.port)
    caller.send(get())
    await caller.closed()
    expect(caller.received.toString()).toMatch(/hello$/)
  })

  it('do not make the gateway send anything twice', async () => {
    upstream.answering = (_request, socket) => socket.destroy()
    for (const method of ['POST', 'GET', 'PUT']) {
      expect((await ask(cleanup, port, requestBytes(method, '/create-agent', [bearer(token)]))).status).toBe(
        502,
      )
    }
    expect(upstream.requests).toHaveLength(3)
  })

  it('in the middle of an upload are answered, and the connection goes on', async () => {
    upstream.answering = () => undefined
    const caller = await RawCaller.open(cleanup, port)
    caller.send(
      requestBytes('POST', '/create-agent', [bearer(token), 'Content-Length: 100000'], 'a'.repeat(50_000)),
    )
    await until(() => upstream.received.length > 50_000, 'half of the body arrived')
    for (const socket of upstream.sockets) socket.resetAndDestroy()
    expect((await caller.response()).status).toBe(502)
    upstream.answering = (_request, socket) => socket.write(okResponse('{}'))
    caller.send('a'.repeat(50_000), get())
    expect((await caller.response()).status).toBe(200)
  })

  it('while an upload waits for the upstream are answered, and the connection goes on', async () => {
    const size = 30_000_000
    upstream.answering = () => undefined
    const caller = await RawCaller.open(cleanup, port)
    caller.send(
      requestBytes(
        'POST',
        '/create-asset',
        [bearer(token), `Content-Length: ${String(size)}`],
        'a'.repeat(70_000),
      ),
    )
    await until(() => upstream.sockets.size === 1, 'the upload began')
    for (const socket of upstream.sockets) socket.pause()
    const rest = Buffer.alloc(size - 70_000, 'a')
    const written = rest.subarray(0, 15_000_000)
    caller.send(written)
    let before = -1
    while (caller.socket.bytesWritten !== before) {
      before = caller.socket.bytesWritten
      await pause(100)
    }
    for (const socket of upstream.sockets) socket.resetAndDestroy()
    expect((await caller.response()).status).toBe(502)
    upstream.answering = (_request, socket) => socket.write(okResponse('{}'))
    caller.send(rest.subarray(written.length, 15_100_000))
    await until(() => caller.socket.writableLength === 0, 'the gateway read on')
    expect(caller.isClosed).toBe(false)
  })

  it('that an upstream foresees before the upload has ended are passed on, and the connection goes on', async () => {
    const caller = await RawCaller.open(cleanup, port)
    for (const socket of upstream.sockets) socket.destroy()
    caller.send(
      requestBytes('POST', '/create-asset', [bearer(token), 'Content-Length: 300000'], 'a'.repeat(100_000)),
    )
    await until(() => upstream.received.length > 90_000, 'a part of the body arrived')
    for (const socket of upstream.sockets)
      socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno')
    const response = await caller.response()
    expect(response.status).toBe(413)
    expect(response.body.toString()).toBe('no')
    caller.send('a'.repeat(200_000), get())
    expect((await caller.response()).status).toBe(200)
  })

  it('of the caller stop the upstream: while it thinks', async () => {
    upstream.answering = () => undefined
    const caller = await RawCaller.open(cleanup, port)
    caller.send(get())
    await until(() => upstream.requests.length === 1, 'the request arrived')
    const [socket] = upstream.sockets
    caller.socket.destroy()
    await until(() => socket?.destroyed === true, 'the connection to the upstream was closed')
    expect(world.logged).toEqual([])
  })

  it('of the caller stop the upstream: while it answers', async () => {
    answerWith('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n')
    const caller = await RawCaller.open(cleanup, port)
    caller.send(get())
    await until(() => caller.received.includes('hello'), 'the answer began')
    const [socket] = upstream.sockets
    caller.socket.resetAndDestroy()
    await until(() => socket?.destroyed === true, 'the connection to the upstream was closed')
  })

  it.each(['Content-Length: 100000', 'Transfer-Encoding: chunked'])(
    'of the caller stop the upstream: in the middle of an upload with %s, which never looks complete',
    async (framing) => {
      const caller = await RawCaller.open(cleanup, port)
      caller.send(requestBytes('POST', '/create-agent', [bearer(token), framing], '5\r\nhello\r\n'))
      await until(() => upstream.received.includes('hello'), 'the body began')
      const [socket] = upstream.sockets
      caller.socket.destroy()
      await until(() => socket?.destroyed === true, 'the connection to the upstream was closed')
      expect(upstream.requests).toEqual([])
      expect(upstream.received.toString()).toMatch(/hello\r?\n?$/)
    },
  )

  it('of the caller in the middle of a small body are never heard of upstream', async () => {
    const caller = await RawCaller.open(cleanup, port)
    caller.send(requestBytes('POST', '/create-agent', [bearer(token), 'Content-Length: 100'], 'hello'))
    await pause(30)
    caller.socket.destroy()
    await pause(30)
    expect(upstream.received).toHaveLength(0)
    expect(world.logged).toEqual([])
  })

  it('of a workspace’s settings concern that workspace alone', async () => {
    world.addWorkspace('ws_broken', { origin: 'not an origin', key: null })
    const broken = requestBytes('GET', '/get-agent/x', [bearer(world.addKey({ workspaceId: 'ws_broken' }))])
    const caller = await RawCaller.open(cleanup, port)
    caller.send(broken)
    expect((await caller.response()).status).toBe(502)
    const key = bearer(world.addKey({ workspaceId: 'ws_broken' }))
    const body = 'a'.repeat(300_000)
    caller.send(requestBytes('POST', '/create-asset', [key, `Content-Length: ${String(body.length)}`], body))
    expect((await caller.response()).status).toBe(502)
    caller.send(broken)
    expect((await caller.response()).status).toBe(502)
    expect((await ask(cleanup, port, get())).status).toBe(200)
  })
})

describe('closing', () => {
  it('lets a running request end, takes no new ones, and closes idle connections', async () => {
    const { gateway, port: own } = await startGateway(cleanup, world, upstream.origin, {
      timeouts: { close: 10_000 },
    })
    const idle = await RawCaller.open(cleanup, own)
    const busy = await RawCaller.open(cleanup, own)
    upstream.answering = () => undefined
    busy.send(get())
    await until(() => upstream.requests.length === 1, 'the request arrived')
    const closed = gateway.close()
    await idle.closed()
    expect(busy.isClosed).toBe(false)
    await pause(50)
    for (const socket of upstream.sockets) socket.write(okResponse('{"late":true}'))
    const response = await busy.response()
    expect(response.json()).toEqual({ late: true })
    expect(response.header('connection')).toEqual(['close'])
    await busy.closed()
    await closed
    const late = new RawCaller(own)
    await late.closed()
    expect(late.received).toHaveLength(0)
  })

  it('does not wait for ever', async () => {
    const { gateway, port: own } = await startGateway(cleanup, world, upstream.origin, {
      timeouts: { close: 100 },
    })
    upstream.answering = () => undefined
    const caller = await RawCaller.open(cleanup, own)
    caller.send(get())
    await until(() => upstream.requests.length === 1, 'the request arrived')
    const [socket] = upstream.sockets
    await gateway.close()
    await caller.closed()
    await until(() => socket?.destroyed === true, 'the connection to the upstream was closed')
  })
})
