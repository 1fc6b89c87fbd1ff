import type { Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { startGateway, UPSTREAM_KEY, World } from './support.js'
import {
  ask,
  bearer,
  okResponse,
  RawCaller,
  RawUpstream,
  requestBytes,
  type SeenRequest,
} from './raw-http.js'
import { Cleanup, pause } from './waiting.js'

const cleanup = new Cleanup()
afterEach(() => cleanup.run())

/** Numbers that look random and are the same in every run (mulberry32). */
function sequence(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) % below
  }
}

describe('in a bad neighbourhood', () => {
  it.each([1, 2, 3])('keeps working, leaks no secret and mixes up no answers (seed %i)', async (seed) => {
    const next = sequence(seed)
    const world = new World()
    const token = world.addKey()
    const answering = ({ requestLine, body }: SeenRequest, socket: Socket): void => {
      const name = requestLine.split(' ')[1] ?? ''
      const text = `${name} ${String(body.length)} ${'x'.repeat(next(3) === 0 ? 100_000 : 10)} ${UPSTREAM_KEY}`
      const answer =
        next(2) === 0
          ? okResponse(text)
          : `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`
      const fault = next(6)
      if (fault === 0) socket.destroy()
      else if (fault === 1) socket.end(answer.slice(0, next(answer.length)))
      else if (fault === 2) setTimeout(() => socket.write(answer), next(10))
      else socket.write(answer)
    }
    const upstream = await RawUpstream.start(cleanup, answering)
    const { port } = await startGateway(cleanup, world, upstream.origin)

    const visit = async (number: number): Promise<void> => {
      const caller = await RawCaller.open(cleanup, port)
      for (let turn = 0; turn < 4 && !caller.isClosed; turn++) {
        const name = `/visit/${String(number)}/${String(turn)}`
        const length = next(2) === 0 ? 0 : next(200_000)
        const lines = [
          bearer(next(5) === 0 ? 'wrong' : token),
          ...(length > 0 ? [`Content-Length: ${String(length)}`] : []),
        ]
        const bytes = requestBytes(length > 0 ? 'POST' : 'GET', name, lines, 'b'.repeat(length))
        if (next(5) === 0) {
          caller.send(bytes.slice(0, next(bytes.length)))
          await pause(next(5))
          caller.socket.resetAndDestroy()
          return
        }
        caller.send(bytes)
        const response = await caller.response().catch(() => null)
        if (response === null) return
        expect([200, 401, 502]).toContain(response.status)
        if (response.status === 200)
          expect(response.body.toString().startsWith(`${name} ${String(length)} `)).toBe(true)
        expect(caller.received.toString('latin1')).not.toContain(UPSTREAM_KEY)
        caller.forget()
      }
      caller.socket.destroy()
    }
    for (let round = 0; round < 6; round++) {
      await Promise.all(Array.from({ length: 25 }, (_, index) => visit(round * 25 + index)))
    }

    upstream.answering = (_request, socket) => socket.write(okResponse('{"fine":true}'))
    for (let count = 0; count < 20; count++) {
      const response = await ask(cleanup, port, requestBytes('GET', '/get-agent/x', [bearer(token)]))
      expect(response.json()).toEqual({ fine: true })
    }
    expect(upstream.received.toString('latin1')).not.toContain(token)
    expect(world.logged.length).toBeGreaterThan(0)
    for (const { error, message } of world.logged) {
      const text = JSON.stringify([message, error.message, error.stack, error.members, error.cause])
      expect(text).not.toContain(UPSTREAM_KEY)
      expect(text).not.toContain(token)
      expect(error.code).not.toBe('internal')
    }
  })
})
