import { Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Dispatcher } from 'undici'
import { Reviews } from '../../server/src/gateway/reviews.js'
import { forward } from '../../server/src/gateway/forward.js'
import { GatewayRequest, GatewayResponse } from '../../server/src/gateway/messages.js'
import type { UpstreamPools } from '../../server/src/gateway/upstream-pools.js'
import {
  ask,
  bearer,
  Cleanup,
  okResponse,
  pause,
  RawCaller,
  RawUpstream,
  requestBytes,
  startGateway,
  until,
  UPSTREAM_KEY,
  World,
} from './support.js'

const cleanup = new Cleanup()
let world: World
let upstream: RawUpstream
let port: number
let token: string

beforeEach(async () => {
  world = new World()
  upstream = await RawUpstream.start(cleanup)
  port = (await startGateway(cleanup, world, upstream.origin)).port
  token = world.addKey()
})
afterEach(() => cleanup.run())

const get = (lines: readonly string[] = []): string =>
  requestBytes('GET', '/get-agent/x', [bearer(token), ...lines])

/** Makes the upstream answer these bytes, and gives what the caller got. */
function answerWith(bytes: string): void {
  upstream.answering = (_request, socket) => socket.write(Buffer.from(bytes, 'latin1'))
}

describe('request headers', () => {
  it('arrive with names, duplicates, order and bytes as they were, but for what is of this hop', async () => {
    const kept = [
      'X-Stainless-Lang: js',
      'x-stainless-lang: JS',
      'COOKIE: a=1',
      'X-Bytes: \xe9\xff',
      'Accept: */*',
      'x-a:',
    ]
    const response = await ask(
      cleanup,
      port,
      get([
        ...kept.slice(0, 3),
        'Connection: keep-alive, X-Hop , authorization, host, Content-Type',
        'X-Hop: 1',
        'Keep-Alive: timeout=5',
        'Proxy-Connection: keep-alive',
        'Proxy-Authorization: Basic eDp5',
        'TE: trailers',
        'Content-Type: text/plain',
        ...kept.slice(3),
      ]),
    )
    expect(response.status).toBe(200)
    const [seen] = upstream.requests
    expect(seen?.lines).toEqual([
      `host: 127.0.0.1:${String(upstream.port)}`,
      'connection: keep-alive',
      ...kept.slice(0, 3),
      'Content-Type: text/plain',
      ...kept.slice(3).map((line) => (line === 'x-a:' ? 'x-a: ' : line)),
      `Authorization: Bearer ${UPSTREAM_KEY}`,
    ])
    expect(upstream.received.toString('latin1')).not.toContain(token)
  })

  it('tell the upstream nothing of who called and how', async () => {
    const lines = [
      'Forwarded: for=192.0.2.1',
      'X-Forwarded-For: 192.0.2.1',
      'x-forwarded-host: evil.test',
      'X-Forwarded-Proto: https',
      'X_Forwarded_For: 192.0.2.1',
      'X-Real-IP: 192.0.2.1',
      'Via: 1.1 office',
      'CF-Connecting-IP: 192.0.2.1',
      'True-Client-IP: 192.0.2.1',
    ]
    await ask(cleanup, port, get(lines))
    expect(upstream.requests[0]?.lines).toHaveLength(3)
    expect(upstream.received.toString('latin1')).not.toMatch(/192\.0\.2\.1|evil|office/)
  })

  it('go to the workspace’s own upstream with its own key, and the installation’s key never does', async () => {
    const other = await RawUpstream.start(cleanup)
    world.addWorkspace('ws_own', { origin: other.origin, key: 'key_of_the_workspace' })
    world.addWorkspace('ws_keyless', { origin: other.origin, key: null })
    world.addWorkspace('ws_keyed', { origin: null, key: 'key_of_another_account' })
    for (const workspaceId of ['ws_own', 'ws_keyless', 'ws_keyed']) {
      await ask(cleanup, port, requestBytes('GET', '/get-agent/x', [bearer(world.addKey({ workspaceId }))]))
    }
    expect(other.requests.map((request) => request.header('authorization'))).toEqual([
      ['Bearer key_of_the_workspace'],
      [],
    ])
    expect(upstream.requests.map((request) => request.header('authorization'))).toEqual([
      ['Bearer key_of_another_account'],
    ])
    expect(other.received.toString()).not.toContain(UPSTREAM_KEY)
  })
})

describe('response headers', () => {
  it('arrive with names, duplicates, order and bytes as they were, but for what is of this hop', async () => {
    const kept = [
      'X-Request-ID: 1',
      'Set-Cookie: a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT',
      'set-cookie: b=2',
      'ETag: "x"',
      'X-Bytes: \xc3\xa9\xff',
      'Server: upstream',
      'Date: Wed, 21 Oct 2015 07:28:00 GMT',
      'x-unheard-of:',
      'Via: 1.1 edge',
      'WWW-Authenticate: Bearer',
    ]
    answerWith(
      okResponse('{}', [
        ...kept,
        'Connection: keep-alive, X-Hop',
        'X-Hop: 1',
        'Keep-Alive: timeout=9',
        'Upgrade: h2c',
      ]),
    )
    const response = await ask(cleanup, port, get())
    expect(response.lines).toEqual([
      'Content-Type: application/json',
      'Content-Length: 2',
      ...kept.map((line) => (line.endsWith(':') ? `${line} ` : line)),
      'Connection: keep-alive',
      'Keep-Alive: timeout=65',
    ])
  })

  it('keep the bytes of a file name', async () => {
    const line = 'Content-Disposition: attachment; filename="\xc3\xa9t\xc3\xa9.pdf"'
    answerWith(okResponse('{}', [line]))
    expect((await ask(cleanup, port, get())).lines).toContain(line)
  })

  it('keep an unusual status and reason', async () => {
    answerWith('HTTP/1.1 299 Almost  (fine)\r\nContent-Length: 0\r\n\r\n')
    expect((await ask(cleanup, port, get())).head).toMatch(/^HTTP\/1\.1 299 Almost {2}\(fine\)\r\n/)
  })

  it('never repeat the upstream’s key, nor does the reason or the body', async () => {
    const echo = `{"authorization":"Bearer ${UPSTREAM_KEY}","twice":"${UPSTREAM_KEY}"}`
    answerWith(
      [
        `HTTP/1.1 401 Bad ${UPSTREAM_KEY}`,
        `X-Echo: Bearer ${UPSTREAM_KEY}`,
        `Set-Cookie: key=${UPSTREAM_KEY}`,
        'X-Kept: 1',
        `Content-Length: ${String(echo.length)}`,
        '',
        echo,
      ].join('\r\n'),
    )
    const caller = await RawCaller.open(cleanup, port)
    caller.send(get())
    const response = await caller.response()
    expect(response.status).toBe(401)
    expect(response.header('x-kept')).toEqual(['1'])
    expect(response.body).toHaveLength(echo.length)
    expect(response.json()).toEqual({
      authorization: `Bearer ${'*'.repeat(UPSTREAM_KEY.length)}`,
      twice: '*'.repeat(UPSTREAM_KEY.length),
    })
    expect(caller.received.toString('latin1')).not.toContain(UPSTREAM_KEY)
  })
})

describe('bodies', () => {
  it.each([
    ['POST', ['Content-Length: 0'], ''],
    ['POST', ['Content-Type: application/json', 'Content-Length: 2'], '{}'],
    ['PUT', ['Content-Length: 3'], '\x00\xff\r'],
    ['PATCH', ['Content-Length: 2'], '{}'],
    ['DELETE', ['Content-Length: 2'], '{}'],
    ['GET', ['Content-Length: 2'], '{}'],
    [
      'POST',
      ['Content-Type: multipart/form-data; boundary=x', 'Content-Length: 48'],
      `--x\r\nContent-Disposition: form-data\r\n\r\nab\r\n--x--`,
    ],
  ])('%s %j arrives as it was sent', async (method, lines, body) => {
    const response = await ask(
      cleanup,
      port,
      requestBytes(method, '/create-agent', [bearer(token), ...lines], body),
    )
    expect(response.status).toBe(200)
    const [seen] = upstream.requests
    expect(seen?.requestLine).toBe(`${method} /create-agent HTTP/1.1`)
    expect(seen?.body.toString('latin1')).toBe(body)
    expect(seen?.header('content-length')).toEqual([String(body.length)])
    expect(seen?.header('transfer-encoding')).toEqual([])
    expect(seen?.header('content-type')).toEqual(
      lines.filter((line) => /type/i.test(line)).map((line) => line.slice(14)),
    )
  })

  it('in many small parts arrives whole', async () => {
    const caller = await RawCaller.open(cleanup, port)
    caller.send(requestBytes('POST', '/create-agent', [bearer(token), 'Content-Length: 6']))
    for (const part of ['h', 'el', 'lo', '!']) {
      caller.send(part)
      await pause(10)
    }
    expect((await caller.response()).status).toBe(200)
    expect(upstream.requests[0]?.body.toString()).toBe('hello!')
  })

  it.each([65_535, 65_536, 65_537, 300_000])('of %i bytes arrives whole', async (size) => {
    const body = 'abcdefghij'.repeat(30_000).slice(0, size)
    const lines = [bearer(token), `Content-Length: ${String(size)}`]
    expect((await ask(cleanup, port, requestBytes('POST', '/create-agent', lines, body))).status).toBe(200)
    expect(upstream.requests[0]?.body.toString()).toBe(body)
    expect(upstream.requests[0]?.header('content-length')).toEqual([String(size)])
  })

  it('in chunks arrives in chunks, as it comes', async () => {
    const caller = await RawCaller.open(cleanup, port)
    caller.send(
      requestBytes('POST', '/create-agent', [bearer(token), 'Transfer-Encoding: chunked'], '5\r\nhello\r\n'),
    )
    await until(
      () => upstream.received.includes('hello'),
      'the first chunk arrived while the second was to come',
    )
    caller.send('1\r\n!\r\n0\r\n\r\n')
    expect((await caller.response()).status).toBe(200)
    expect(upstream.requests[0]?.header('transfer-encoding')).toEqual(['chunked'])
    expect(upstream.requests[0]?.body.toString()).toBe('hello!')
  })

  it('of a POST without any: neither a body nor a content type is made up', async () => {
    expect(
      (await ask(cleanup, port, requestBytes('POST', '/v2/stop-call/call_x', [bearer(token)]))).status,
    ).toBe(200)
    const [seen] = upstream.requests
    expect(seen?.body).toHaveLength(0)
    expect(seen?.header('content-type')).toEqual([])
    expect(seen?.header('content-length')).toEqual(['0'])
  })

  it('of an HTTP/1.0 caller are passed on, and the answer ends with the connection', async () => {
    answerWith('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n')
    const caller = await RawCaller.open(cleanup, port)
    caller.send(`POST /create-agent HTTP/1.0\r\n${bearer(token)}\r\nContent-Length: 2\r\n\r\n{}`)
    await caller.closed()
    expect(caller.received.toString()).toMatch(/Connection: close\r\n\r\nhello$/)
    expect(caller.received.toString()).not.toMatch(/transfer-encoding/i)
    expect(upstream.requests[0]?.body.toString()).toBe('{}')
  })
})

describe('answers', () => {
  it('in chunks come in chunks, as they come, with their trailers', async () => {
    upstream.answering = (_request, socket) => {
      socket.write(
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5;ext=1\r\nhello\r\n',
      )
    }
    const caller = await RawCaller.open(cleanup, port)
    caller.send(get())
    await until(() => caller.received.includes('hello'), 'the first chunk came while the second was to come')
    for (const socket of upstream.sockets) {
      socket.write(
        `1\r\n!\r\n0\r\nX-Sum: 7\r\nX-Key: ${UPSTREAM_KEY}\r\nContent-Type: x\r\nSet-Cookie: a=1\r\n\r\n`,
      )
    }
    const response = await caller.response()
    expect(response.body.toString()).toBe('hello!')
    expect(response.header('trailer')).toEqual(['X-Sum'])
    expect(response.trailers).toEqual(['X-Sum: 7'])
  })

  it('begin when they begin, though the body comes much later', async () => {
    answerWith('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n')
    const caller = await RawCaller.open(cleanup, port)
    caller.send(get())
    await until(() => caller.received.includes('text/event-stream'), 'the head came before the body')
    for (const socket of upstream.sockets) socket.write('7\r\ndata: 1\r\n')
    await until(() => caller.received.includes('data: 1'), 'the first event came')
  })

  it('without a length end with the upstream’s connection', async () => {
    upstream.answering = (_request, socket) => socket.end('HTTP/1.1 200 OK\r\nTrailer: X-No\r\n\r\nhello')
    const response = await ask(cleanup, port, get())
    expect(response.body.toString()).toBe('hello')
  })

  it('with a length and a promise of trailers keep the length', async () => {
    answerWith(okResponse('{}', ['Trailer: X-No']))
    const response = await ask(cleanup, port, get())
    expect(response.header('content-length')).toEqual(['2'])
    expect(response.header('trailer')).toEqual([])
  })

  it('to HEAD have the length and no body, and the connection goes on', async () => {
    upstream.answering = (request, socket) =>
      socket.write(
        request.requestLine.startsWith('HEAD')
          ? 'HTTP/1.1 200 OK\r\nContent-Length: 500\r\nTrailer: X\r\n\r\n'
          : okResponse('{}'),
      )
    const caller = await RawCaller.open(cleanup, port)
    caller.send(requestBytes('HEAD', '/get-agent/x', [bearer(token)]))
    const head = await caller.response('HEAD')
    expect(head.header('content-length')).toEqual(['500'])
    caller.send(get())
    expect((await caller.response()).body.toString()).toBe('{}')
  })

  it.each([
    ['204 No Content', []],
    ['304 Not Modified', ['ETag: "x"', 'Content-Length: 1234']],
    ['304 Not Modified', ['Transfer-Encoding: chunked']],
  ])('%s have no body, and the connection goes on', async (status, lines) => {
    upstream.answering = (_request, socket) =>
      socket.write([`HTTP/1.1 ${status}`, ...lines, '', ''].join('\r\n'))
    const caller = await RawCaller.open(cleanup, port)
    caller.send(get())
    const first = await caller.response()
    expect(first.head).toMatch(new RegExp(`^HTTP/1\\.1 ${status}`))
    expect(first.header('transfer-encoding')).toEqual([])
    expect(first.lines).toEqual(expect.arrayContaining(lines.filter((line) => !line.startsWith('Transfer'))))
    upstream.answering = (_request, socket) => socket.write(okResponse('{}'))
    const [socket] = upstream.sockets
    caller.send(get())
    expect((await caller.response()).body.toString()).toBe('{}')
    expect(world.logged).toEqual([])
    // The HTTP client gives up a connection whose 304 has the length of the body that it stands for.
    if (lines.length === 0) expect([...upstream.sockets]).toEqual([socket])
  })

  it('that come before the answer proper are dropped', async () => {
    answerWith(
      `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${okResponse('{}')}`,
    )
    const response = await ask(cleanup, port, get())
    expect(response.status).toBe(200)
    expect(response.header('link')).toEqual([])
  })

  it('that give a length and chunks are never passed on as both', async () => {
    answerWith(
      'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    )
    const caller = await RawCaller.open(cleanup, port)
    caller.send(get())
    const response = await caller.response()
    expect(response.header('content-length').length + response.header('transfer-encoding').length).toBe(1)
  })

  it('to requests on one connection come in order, one after the other', async () => {
    const order: string[] = []
    upstream.answering = ({ requestLine }, socket) => {
      order.push(`asked ${requestLine}`)
      setTimeout(
        () => {
          order.push(`answered ${requestLine}`)
          socket.write(okResponse(JSON.stringify(requestLine)))
        },
        requestLine.includes('first') ? 50 : 0,
      )
    }
    const caller = await RawCaller.open(cleanup, port)
    const first = requestBytes('POST', '/first', [bearer(token), 'Content-Length: 2'], '{}')
    caller.send(`${first}${requestBytes('GET', '/second', [bearer(token)])}${requestBytes('GET', '/third')}`)
    expect((await caller.response()).json()).toBe('POST /first HTTP/1.1')
    expect((await caller.response()).json()).toBe('GET /second HTTP/1.1')
    expect((await caller.response()).status).toBe(401)
    expect(order).toEqual([
      'asked POST /first HTTP/1.1',
      'answered POST /first HTTP/1.1',
      'asked GET /second HTTP/1.1',
      'answered GET /second HTTP/1.1',
    ])
  })

  it('to 2,000 requests on one connection are each the right one', async () => {
    upstream.answering = (request, socket) => {
      const number = request.requestLine.split(/[/ ]/)[3] ?? ''
      if (number.endsWith('3')) socket.write('HTTP/1.1 204 No Content\r\n\r\n')
      else if (number.endsWith('5'))
        socket.write(
          `HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n${number.length.toString(16)}\r\n${number}\r\n0\r\n\r\n`,
        )
      else socket.write(okResponse(`${number} ${request.body.toString()}`))
    }
    const reader = world.addKey({ access: { agent: 'read' } })
    const caller = await RawCaller.open(cleanup, port)
    for (let number = 0; number < 2000; number++) {
      const kind = number % 10
      const key = kind === 7 ? 'wrong' : reader
      if (kind === 8)
        caller.send(
          requestBytes('POST', '/v2/create-phone-call', [bearer(key), 'Content-Length: 9'], 'forbidden'),
        )
      else if (kind === 9) caller.send(requestBytes('GET', `/get-agent/../${String(number)}`, [bearer(key)]))
      else
        caller.send(
          requestBytes(
            'GET',
            `/get-agent/${String(number)}`,
            [bearer(key), ...(kind === 2 ? ['Content-Length: 1'] : [])],
            kind === 2 ? 'b' : '',
          ),
        )
      const response = await caller.response()
      const expected = { 3: 204, 5: 500, 7: 401, 8: 403, 9: 400 }[kind] ?? 200
      expect(response.status).toBe(expected)
      if (expected === 200)
        expect(response.body.toString()).toBe(`${String(number)} ${kind === 2 ? 'b' : ''}`)
      if (expected === 500) expect(response.body.toString()).toBe(String(number))
      caller.forget()
    }
    expect(upstream.requests).toHaveLength(1400)
    expect(caller.isClosed).toBe(false)
  })
})

describe('a connection', () => {
  it('may have many requests waiting, though not any number', async () => {
    let release: () => void = () => undefined
    upstream.answering = (_request, socket) => (release = () => socket.write(okResponse('{}')))
    const patient = await RawCaller.open(cleanup, port)
    patient.send(get(), requestBytes('GET', '/x').repeat(100))
    await until(() => upstream.requests.length === 1, 'the first request arrived')
    release()
    expect((await patient.response()).status).toBe(200)
    for (let count = 0; count < 100; count++) expect((await patient.response()).status).toBe(401)
    const flood = await RawCaller.open(cleanup, port)
    flood.send(get(), requestBytes('GET', '/x').repeat(1000))
    await flood.closed()
  })

  it('of HTTP/1.0 is never told to continue', async () => {
    const caller = await RawCaller.open(cleanup, port)
    const lines = [bearer(token), 'Expect: 100-continue', 'Content-Length: 2']
    caller.send(['POST /create-agent HTTP/1.0', ...lines, '', '{}'].join('\r\n'))
    expect((await caller.response()).status).toBe(200)
  })
})

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
