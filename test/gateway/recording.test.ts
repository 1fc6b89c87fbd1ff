import { randomBytes } from 'node:crypto'
import { OperationMatcher, type Decision } from '@bitting/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CallLog } from '../../server/src/audit/calls.js'
import type { Recording as SpoolRecording, SpoolWriter } from '../../server/src/audit/spool/spool-writer.js'
import type { Workspace } from '../../server/src/feed/workspace.js'
import type { CallRecorder, Recording } from '../../server/src/gateway/recorder.js'
import { shippedCatalog, startGateway, World } from './support.js'
import { ask, bearer, okResponse, RawCaller, RawUpstream, requestBytes } from './raw-http.js'
import { Cleanup, pause, until } from './waiting.js'

/** Longer than an answer takes that waits for nothing. */
const LONG_ENOUGH_MS = 200

/** A record that settles when a test says so. */
class HeldRecording implements Recording {
  isSettled = false
  readonly #callbacks: (() => void)[] = []

  whenSettled(callback: () => void): void {
    if (this.isSettled) callback()
    else this.#callbacks.push(callback)
  }

  settle(): void {
    this.isSettled = true
    for (const callback of this.#callbacks.splice(0)) callback()
  }
}

interface RecordedCall {
  readonly decision: Decision<Workspace>
  readonly call: Parameters<CallRecorder['record']>[1]
  readonly recording: HeldRecording
}

/** Keeps what it is told, and everybody waiting. */
class HeldRecorder implements CallRecorder {
  readonly recorded: RecordedCall[] = []

  record(decision: RecordedCall['decision'], call: RecordedCall['call']): Recording {
    const recording = new HeldRecording()
    this.recorded.push({ decision, call, recording })
    return recording
  }

  settle(index: number): void {
    const found = this.recorded[index]
    if (found === undefined) throw new Error(`nothing was recorded as number ${String(index)}`)
    found.recording.settle()
  }
}

const HANDSHAKE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]
const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

const cleanup = new Cleanup()
let world: World
let upstream: RawUpstream
let recorder: HeldRecorder
let port: number
let token: string

beforeEach(async () => {
  world = new World()
  upstream = await RawUpstream.start(cleanup)
  recorder = new HeldRecorder()
  port = (await startGateway(cleanup, world, upstream.origin, { recorder })).port
  token = world.addKey()
})
afterEach(() => cleanup.run())

const get = (target = '/get-agent/x', key = token): string => requestBytes('GET', target, [bearer(key)])

/** Makes the upstream answer these bytes. */
function answerWith(bytes: string, isLast = false): void {
  upstream.answering = (_request, socket) => {
    socket.write(Buffer.from(bytes, 'latin1'))
    if (isLast) socket.end()
  }
}

/** A caller that has sent something, once the recorder knows of it. */
async function callerOf(bytes: string): Promise<RawCaller> {
  const before = recorder.recorded.length
  const caller = await RawCaller.open(cleanup, port)
  caller.send(bytes)
  await until(() => recorder.recorded.length > before, 'the call was recorded')
  return caller
}

/** Holds where not a byte comes, though there is time enough for an answer that does not wait. */
async function expectNothingYet(caller: RawCaller): Promise<void> {
  await pause(LONG_ENOUGH_MS)
  expect(caller.received.toString('latin1', 0, 200)).toBe('')
  expect(caller.isClosed).toBe(false)
}

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

describe('what is recorded', () => {
  it('is each decision once, with who, what and from where', async () => {
    const restricted = world.addKey({ access: {} })
    const lines = ['User-Agent: a caller/1.0']
    const allowed = await callerOf(requestBytes('GET', '/get-agent/x?y=z', [bearer(token), ...lines]))
    const denied = await callerOf(
      requestBytes('POST', '/v2/create-phone-call', [bearer(restricted), ...lines]),
    )
    for (const index of [0, 1]) recorder.settle(index)
    await allowed.response()
    await denied.response()
    expect(recorder.recorded).toHaveLength(2)
    expect(recorder.recorded[0]).toMatchObject({
      decision: { outcome: 'allowed', operation: { name: 'agent.retrieve' } },
      call: { method: 'GET', path: '/get-agent/x', requestId: null },
    })
    expect(recorder.recorded[1]).toMatchObject({
      decision: { outcome: 'denied', reason: 'insufficient_scope' },
      call: { method: 'POST', path: '/v2/create-phone-call' },
    })
    for (const { call } of recorder.recorded) {
      expect(call).toMatchObject({ address: '127.0.0.1', userAgent: 'a caller/1.0', via: 'gateway' })
    }
  })

  it('is nothing of whoever has not proved to hold a key, who waits for nothing', async () => {
    const stranger = new World().addKey()
    const management = world.addKey({ kind: 'management' })
    for (const lines of [
      [],
      [bearer(stranger)],
      [bearer(management)],
      [bearer('x')],
      [bearer(`${token}x`)],
    ]) {
      for (const target of ['/get-agent/x', '/health', '/no-such-path']) {
        expect((await ask(cleanup, port, requestBytes('GET', target, lines))).status).toBe(401)
      }
    }
    const webSocket = await ask(cleanup, port, requestBytes('GET', '/chat', [bearer(stranger), ...HANDSHAKE]))
    expect(webSocket.status).toBe(401)
    expect(recorder.recorded).toEqual([])
  })

  it('is nothing of a message that has no one reading, and nothing of a key that asks whether it lives', async () => {
    expect((await ask(cleanup, port, get('/a/../b'))).status).toBe(400)
    expect((await ask(cleanup, port, get('/health'))).status).toBe(200)
    expect(recorder.recorded).toEqual([])
  })

  it('is a body’s late refusal once, also of a body that is streamed', async () => {
    const gateway = await startGateway(cleanup, world, upstream.origin, {
      recorder,
      timeouts: { review: 30 },
    })
    const caller = await RawCaller.open(cleanup, gateway.port)
    caller.send(
      requestBytes(
        'POST',
        '/v2/create-phone-call',
        [bearer(token), 'Transfer-Encoding: chunked'],
        '1\r\n{\r\n',
      ),
    )
    await until(() => recorder.recorded.length === 1, 'the call was recorded')
    world.changeKey(token, { state: 'suspended' })
    await caller.closed()
    await pause(LONG_ENOUGH_MS)
    expect(recorder.recorded.map(({ decision }) => decision.outcome)).toEqual(['allowed', 'denied'])
    expect(recorder.recorded[1]?.decision).toMatchObject({ reason: 'key_suspended' })
  })
})

describe('a caller that hangs up while its answer waits', () => {
  it('stops the upstream, and nothing comes of the record', async () => {
    upstream.answering = (_request, socket) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf')
    const caller = await callerOf(get())
    await until(() => upstream.requests.length === 1, 'the upstream was asked')
    await pause(LONG_ENOUGH_MS)
    caller.socket.destroy()
    await until(() => upstream.sockets.size === 0, 'the upstream was let go')
    recorder.settle(0)
    answerWith(okResponse('{"ok":true}'))
    const next = await callerOf(get())
    recorder.settle(1)
    expect((await next.response()).status).toBe(200)
    expect(world.logged).toEqual([])
  })

  it.each([
    ['a refusal', []],
    ['the refusal of a WebSocket', HANDSHAKE],
  ])('for %s', async (_what, lines) => {
    const restricted = world.addKey({ access: {} })
    const caller = await callerOf(requestBytes('GET', '/get-agent/x', [bearer(restricted), ...lines]))
    caller.socket.resetAndDestroy()
    await pause(LONG_ENOUGH_MS)
    recorder.settle(0)
    const next = await callerOf(get())
    recorder.settle(1)
    expect((await next.response()).status).toBe(200)
  })

  it('for a WebSocket, whose upstream is let go', async () => {
    answerWith(SWITCHING)
    const caller = await callerOf(requestBytes('GET', '/chat', [bearer(token), ...HANDSHAKE]))
    await until(() => upstream.requests.length === 1, 'the upstream was asked')
    await pause(LONG_ENOUGH_MS)
    caller.socket.resetAndDestroy()
    await pause(LONG_ENOUGH_MS)
    recorder.settle(0)
    await until(() => upstream.sockets.size === 0, 'the upstream was let go')
  })
})

describe('the next request of a connection', () => {
  it('is not begun before the answer that waits was given, and answers keep their order', async () => {
    upstream.answering = ({ requestLine }, socket) =>
      socket.write(okResponse(JSON.stringify({ requestLine })))
    const caller = await callerOf(get('/get-agent/1') + get('/get-agent/2'))
    await expectNothingYet(caller)
    expect(recorder.recorded).toHaveLength(1)
    expect(upstream.requests).toHaveLength(1)
    recorder.settle(0)
    expect((await caller.response()).body.toString()).toContain('/get-agent/1')
    await until(() => recorder.recorded.length === 2, 'the second call was recorded')
    recorder.settle(1)
    expect((await caller.response()).body.toString()).toContain('/get-agent/2')
  })

  it('waits behind a refusal too', async () => {
    const restricted = world.addKey({ access: {} })
    const caller = await callerOf(get('/get-agent/1', restricted) + get('/get-agent/2'))
    await expectNothingYet(caller)
    expect(recorder.recorded).toHaveLength(1)
    recorder.settle(0)
    expect((await caller.response()).status).toBe(403)
    await until(() => recorder.recorded.length === 2, 'the second call was recorded')
    recorder.settle(1)
    expect((await caller.response()).status).toBe(200)
  })
})

describe('what a workspace does not want recorded', () => {
  const catalog = shippedCatalog('retell')
  const api = { catalog, matcher: new OperationMatcher(catalog.operations) }

  /** A gateway with the program's own recorder on a disk that never gets done, and what came to that disk. */
  async function startStuck(): Promise<{ port: number; appended: string[] }> {
    const appended: string[] = []
    const never: SpoolRecording = { isSettled: false, whenSettled: () => undefined }
    const append: SpoolWriter['append'] = ({ body }) => {
      appended.push((JSON.parse(body) as { action: string }).action)
      return never
    }
    const calls = new CallLog({ append } as unknown as SpoolWriter, Date.now)
    const started = await startGateway(cleanup, world, upstream.origin, { recorder: calls })
    return { port: started.port, appended }
  }

  it.each([
    ['sampled at nothing', { calls: 'sampled', sampleRate: 0 }],
    ['a reading where only writes are recorded', { calls: 'writes', sampleRate: 1 }],
  ] as const)('waits for nothing: %s', async (_what, policy) => {
    world.addWorkspace('ws_one', null, api, policy)
    const stuck = await startStuck()
    expect((await ask(cleanup, stuck.port, get())).status).toBe(200)
    expect(stuck.appended).toEqual([])
  })

  it.each([
    ['sampled at everything', { calls: 'sampled', sampleRate: 1 }, get],
    [
      'a write where writes are recorded',
      { calls: 'writes', sampleRate: 0 },
      () => requestBytes('POST', '/v2/create-phone-call', [bearer(token), 'Content-Length: 2'], '{}'),
    ],
    ['everything', { calls: 'all', sampleRate: 0 }, get],
  ] as const)('is not this, which waits: %s', async (_what, policy, bytes) => {
    world.addWorkspace('ws_one', null, api, policy)
    const stuck = await startStuck()
    const caller = await RawCaller.open(cleanup, stuck.port)
    caller.send(bytes())
    await until(() => stuck.appended.length === 1, 'the call came to the disk')
    await expectNothingYet(caller)
    expect(stuck.appended).toEqual(['call.allowed'])
  })

  it('is not a denial, whatever the policy', async () => {
    world.addWorkspace('ws_one', null, api, { calls: 'sampled', sampleRate: 0 })
    const stuck = await startStuck()
    const caller = await RawCaller.open(cleanup, stuck.port)
    caller.send(get('/get-agent/x', world.addKey({ access: {} })))
    await until(() => stuck.appended.length === 1, 'the denial came to the disk')
    await expectNothingYet(caller)
    expect(stuck.appended).toEqual(['call.denied'])
  })
})
