import { OperationMatcher } from '@bitting/core'
import { describe, expect, it } from 'vitest'
import { CallLog } from '../../server/src/audit/calls.js'
import type { Recording as SpoolRecording, SpoolWriter } from '../../server/src/audit/spool/spool-writer.js'
import { shippedCatalog, startGateway, World } from './support.js'
import { ask, bearer, okResponse, RawCaller, requestBytes } from './raw-http.js'
import { pause, until } from './waiting.js'
import {
  useHeldRecorder,
  LONG_ENOUGH_MS,
  HANDSHAKE,
  SWITCHING,
  cleanup,
  world,
  upstream,
  recorder,
  port,
  token,
  get,
  answerWith,
  callerOf,
  expectNothingYet,
} from './held-recorder.js'

useHeldRecorder()

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

  it('names what a key was refused, also where it was not looked at what for', async () => {
    const elsewhere = world.addKey({ allowedAddresses: ['192.0.2.0/24'] })
    const caller = await callerOf(requestBytes('GET', '/get-agent/x', [bearer(elsewhere)]))
    recorder.settle(0)
    await caller.response()
    expect(recorder.recorded[0]).toMatchObject({
      decision: { reason: 'address_not_allowed', operation: { name: 'agent.retrieve' } },
    })
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
