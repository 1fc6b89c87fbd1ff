import { describe, expect, it } from 'vitest'
import { UPSTREAM_KEY } from './support.js'
import { ask, bearer, okResponse, RawCaller, RawUpstream, requestBytes } from './raw-http.js'
import { pause, until } from './waiting.js'
import { answerWith, cleanup, get, port, token, upstream, usePassThrough, world } from './pass-through.js'

usePassThrough()

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
