import { type Decision } from '@bitting/core'
import { afterEach, beforeEach, expect } from 'vitest'
import type { Workspace } from '../../server/src/feed/workspace.js'
import type { CallRecorder, Recording } from '../../server/src/gateway/recorder.js'
import { startGateway, World } from './support.js'
import { bearer, RawCaller, RawUpstream, requestBytes } from './raw-http.js'
import { Cleanup, pause, until } from './waiting.js'

/** Longer than an answer takes that waits for nothing. */
export const LONG_ENOUGH_MS = 200

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

export const HANDSHAKE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]
export const SWITCHING =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

/** What every test has anew: a gateway whose calls are recorded when the test lets them be. */
export const cleanup = new Cleanup()
export let world: World
export let upstream: RawUpstream
export let recorder: HeldRecorder
export let port: number
export let token: string

/** Makes them for each test of a file. */
export function useHeldRecorder(): void {
  beforeEach(async () => {
    world = new World()
    upstream = await RawUpstream.start(cleanup)
    recorder = new HeldRecorder()
    port = (await startGateway(cleanup, world, upstream.origin, { recorder })).port
    token = world.addKey()
  })
  afterEach(() => cleanup.run())
}

export const get = (target = '/get-agent/x', key = token): string =>
  requestBytes('GET', target, [bearer(key)])

/** Makes the upstream answer these bytes. */
export function answerWith(bytes: string, isLast = false): void {
  upstream.answering = (_request, socket) => {
    socket.write(Buffer.from(bytes, 'latin1'))
    if (isLast) socket.end()
  }
}

/** A caller that has sent something, once the recorder knows of it. */
export async function callerOf(bytes: string): Promise<RawCaller> {
  const before = recorder.recorded.length
  const caller = await RawCaller.open(cleanup, port)
  caller.send(bytes)
  await until(() => recorder.recorded.length > before, 'the call was recorded')
  return caller
}

/** Holds where not a byte comes, though there is time enough for an answer that does not wait. */
export async function expectNothingYet(caller: RawCaller): Promise<void> {
  await pause(LONG_ENOUGH_MS)
  expect(caller.received.toString('latin1', 0, 200)).toBe('')
  expect(caller.isClosed).toBe(false)
}
