import { describe, expect, it } from 'vitest'
import { UPSTREAM_KEY } from './support.js'
import { ask, bearer, okResponse, RawCaller, requestBytes } from './raw-http.js'
import { until } from './waiting.js'
import { answerWith, cleanup, get, port, token, upstream, usePassThrough, world } from './pass-through.js'

usePassThrough()

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
