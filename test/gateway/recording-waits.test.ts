import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { bearer, okResponse, requestBytes } from './raw-http.js'
import { pause, until } from './waiting.js'
import {
  useHeldRecorder,
  LONG_ENOUGH_MS,
  HANDSHAKE,
  SWITCHING,
  world,
  upstream,
  recorder,
  token,
  get,
  answerWith,
  callerOf,
  expectNothingYet,
} from './held-recorder.js'

useHeldRecorder()

describe('an answer waits until its call is recorded', () => {
  it('where the upstream answers with a body, and the upstream is asked meanwhile', async () => {
    const caller = await callerOf(get())
    await until(() => upstream.requests.length === 1, 'the upstream was asked')
    await expectNothingYet(caller)
    recorder.settle(0)
    const response = await caller.response()
    expect([response.status, response.body.toString()]).toEqual([200, '{"ok":true}'])
  })

  it('where the record settles before the upstream answers', async () => {
    upstream.answering = () => undefined
    const caller = await callerOf(get())
    await until(() => upstream.requests.length === 1, 'the upstream was asked')
    recorder.settle(0)
    await expectNothingYet(caller)
    for (const socket of upstream.sockets) socket.write(okResponse('{"late":true}'))
    expect((await caller.response()).json()).toEqual({ late: true })
  })

  it.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 1234\r\nX-Upstream: yes\r\n\r\n', 200],
    ['HEAD', 'HTTP/1.1 404 Not Found\r\nX-Upstream: yes\r\nTransfer-Encoding: chunked\r\n\r\n', 404],
    ['GET', 'HTTP/1.1 204 No Content\r\nX-Upstream: yes\r\n\r\n', 204],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nX-Upstream: yes\r\n\r\n', 304],
    ['GET', 'HTTP/1.1 202 Accepted\r\nX-Upstream: yes\r\nContent-Length: 0\r\n\r\n', 202],
  ])('where a %s is answered %j', async (method, bytes, status) => {
    answerWith(bytes)
    const caller = await callerOf(requestBytes(method, '/get-agent/x', [bearer(token)]))
    await until(() => upstream.requests.length === 1, 'the upstream was asked')
    await expectNothingYet(caller)
    recorder.settle(0)
    const response = await caller.response(method)
    expect([response.status, response.header('x-upstream')]).toEqual([status, ['yes']])
    if (bytes.includes('1234')) expect(response.header('content-length')).toEqual(['1234'])
    // The connection is as good as before.
    answerWith(okResponse('{"next":true}'))
    caller.send(get())
    await until(() => recorder.recorded.length === 2, 'the next call was recorded')
    recorder.settle(1)
    expect((await caller.response()).json()).toEqual({ next: true })
  })

  it.each([
    ['no body', 'HTTP/1.1 204 No Content\r\nConnection: close\r\nX-Upstream: yes\r\n\r\n', ''],
    [
      'a body of no length',
      'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\nX-Upstream: yes\r\n\r\n',
      '',
    ],
    [
      'a body with a length',
      'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\nX-Upstream: yes\r\n\r\nbody',
      'body',
    ],
    [
      'a body that ends with the connection',
      'HTTP/1.1 200 OK\r\nX-Upstream: yes\r\n\r\nall of it',
      'all of it',
    ],
    ['a body of nothing that ends so', 'HTTP/1.1 200 OK\r\nX-Upstream: yes\r\n\r\n', ''],
  ])('where the upstream answers with %s and hangs up before that', async (_what, bytes, body) => {
    answerWith(bytes, true)
    const caller = await callerOf(get())
    await until(() => upstream.requests.length === 1, 'the upstream was asked')
    await expectNothingYet(caller)
    recorder.settle(0)
    const response = await caller.response()
    expect([response.status < 300, response.header('x-upstream'), response.body.toString()]).toEqual([
      true,
      ['yes'],
      body,
    ])
  })

  it('where the answer is a stream, of which nothing is lost and nothing is late after that', async () => {
    const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`
    answerWith(
      `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('data: 1\n\n')}`,
    )
    const caller = await callerOf(get())
    await until(() => upstream.requests.length === 1, 'the upstream was asked')
    for (const socket of upstream.sockets) socket.write(chunk('data: 2\n\n'))
    await expectNothingYet(caller)
    recorder.settle(0)
    const received = () => caller.received.toString('latin1')
    await until(() => received().includes('data: 2'), 'what came meanwhile was passed on')
    expect(received()).toContain('data: 1')
    for (const socket of upstream.sockets) socket.write(chunk('data: 3\n\n'))
    await until(() => received().includes('data: 3'), 'the stream went on')
    for (const socket of upstream.sockets) socket.write('0\r\n\r\n')
    expect((await caller.response()).body.toString()).toBe('data: 1\n\ndata: 2\n\ndata: 3\n\n')
  })

  it('where the body is larger than what is kept on the way', async () => {
    const body = randomBytes(4 * 1024 * 1024)
    upstream.answering = (_request, socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${String(body.length)}\r\n\r\n`)
      socket.write(body)
    }
    const caller = await callerOf(get())
    await until(() => upstream.requests.length === 1, 'the upstream was asked')
    await expectNothingYet(caller)
    recorder.settle(0)
    expect((await caller.response()).body.equals(body)).toBe(true)
  })

  it('where the upstream agrees to a WebSocket, and what either side sends meanwhile is kept', async () => {
    let heard = ''
    upstream.answering = (_request, socket) => {
      socket.on('data', (data) => (heard += data.toString('latin1')))
      socket.write(`${SWITCHING}from the upstream`)
    }
    const caller = await callerOf(requestBytes('GET', '/chat', [bearer(token), ...HANDSHAKE]))
    caller.send('from the caller')
    await until(() => upstream.requests.length === 1, 'the upstream was asked')
    await expectNothingYet(caller)
    expect(heard).toBe('')
    recorder.settle(0)
    await until(() => caller.received.toString('latin1').endsWith('from the upstream'), 'the tunnel stands')
    expect(caller.received.toString('latin1')).toMatch(/^HTTP\/1\.1 101 /)
    await until(() => heard === 'from the caller', 'the other direction stands')
  })

  it('where the upstream does not agree to a WebSocket', async () => {
    answerWith('HTTP/1.1 404 Not Found\r\nX-Upstream: yes\r\nContent-Length: 7\r\n\r\nnothing')
    const caller = await callerOf(requestBytes('GET', '/chat', [bearer(token), ...HANDSHAKE]))
    await until(() => upstream.requests.length === 1, 'the upstream was asked')
    await expectNothingYet(caller)
    recorder.settle(0)
    const response = await caller.response()
    expect([response.status, response.header('x-upstream')]).toEqual([404, ['yes']])
  })

  it.each([
    ['a request', []],
    ['a WebSocket', HANDSHAKE],
  ])('where %s is refused', async (_what, lines) => {
    const restricted = world.addKey({ access: {} })
    const caller = await callerOf(requestBytes('GET', '/get-agent/x', [bearer(restricted), ...lines]))
    await expectNothingYet(caller)
    recorder.settle(0)
    const response = await caller.response()
    expect(response.status).toBe(403)
    expect(response.header('bitting-request-id')).toEqual([recorder.recorded[0]?.call.requestId])
    expect(recorder.recorded[0]?.decision).toMatchObject({ outcome: 'denied', reason: 'insufficient_scope' })
    expect(upstream.requests).toEqual([])
  })

  it('where a key asks after its own health and is refused', async () => {
    const caller = await callerOf(get('/health', world.addKey({ state: 'revoked' })))
    await expectNothingYet(caller)
    recorder.settle(0)
    expect((await caller.response()).json()).toMatchObject({ code: 'key_revoked' })
  })

  it('where the upstream cannot be reached', async () => {
    await upstream.close()
    const caller = await callerOf(get())
    await until(() => world.logged.length === 1, 'the failure was logged')
    await expectNothingYet(caller)
    recorder.settle(0)
    expect((await caller.response()).json()).toMatchObject({ code: 'upstream_failed' })
  })

  it('where the upstream breaks off meanwhile: an answer that never began is a failure, not half of one', async () => {
    answerWith('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')
    const caller = await callerOf(get())
    await until(() => upstream.requests.length === 1, 'the upstream was asked')
    await pause(LONG_ENOUGH_MS)
    for (const socket of upstream.sockets) socket.resetAndDestroy()
    await expectNothingYet(caller)
    recorder.settle(0)
    const response = await caller.response()
    expect([response.status, response.json()]).toMatchObject([502, { code: 'upstream_failed' }])
  })

  it('where the key was lost before the last byte of the body', async () => {
    const bytes = requestBytes('POST', '/v2/create-phone-call', [bearer(token), 'Content-Length: 2'], '{')
    const caller = await callerOf(bytes)
    world.changeKey(token, { state: 'revoked' })
    caller.send('}')
    await until(() => recorder.recorded.length === 2, 'the late refusal was recorded')
    const [first, second] = recorder.recorded
    expect(first?.decision).toMatchObject({ outcome: 'allowed' })
    expect(second?.decision).toMatchObject({ outcome: 'denied', reason: 'key_revoked' })
    await expectNothingYet(caller)
    recorder.settle(0)
    recorder.settle(1)
    const response = await caller.response('POST')
    expect(response.status).toBe(401)
    expect(response.header('bitting-request-id')).toEqual([second?.call.requestId])
    expect(upstream.requests).toEqual([])
  })
})
