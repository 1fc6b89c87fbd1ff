import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startGateway, World } from './support.js'
import { ask, bearer, RawCaller, RawUpstream, requestBytes } from './raw-http.js'
import { Cleanup, pause, until, within } from './waiting.js'

const MEGABYTE = 1024 * 1024
const SIZE = 100 * MEGABYTE
const CHUNK = Buffer.alloc(64 * 1024, 'x')

const cleanup = new Cleanup()
let world: World
let token: string

beforeEach(() => {
  world = new World()
  token = world.addKey()
})
afterEach(() => cleanup.run())

/** Bytes that are alive in this process, garbage not counted. */
function liveBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Keeps the highest number of live bytes that it was shown. */
class HighWater {
  readonly #start = liveBytes()
  #highest = 0
  #next = 0

  /** Looks every ten megabytes. */
  look(bytesMoved: number): void {
    if (bytesMoved < this.#next) return
    this.#next = bytesMoved + 10 * MEGABYTE
    this.#highest = Math.max(this.#highest, liveBytes() - this.#start)
  }

  get growth(): number {
    return this.#highest
  }
}

async function startHttp(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanup.add(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
}

describe('100 MB', () => {
  it.each(['Content-Length', 'Transfer-Encoding'])(
    'upwards with %s: all of it, in flat memory',
    async (framing) => {
      const highWater = new HighWater()
      let received = 0
      const origin = await startHttp(
        createServer((request, response) => {
          request.on('data', (chunk: Buffer) => {
            received += chunk.length
            highWater.look(received)
          })
          request.on('end', () => response.end(JSON.stringify(request.headers)))
        }),
      )
      const { port } = await startGateway(cleanup, world, origin)
      const caller = await RawCaller.open(cleanup, port)
      const isChunked = framing === 'Transfer-Encoding'
      const line = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${String(SIZE)}`
      caller.send(requestBytes('POST', '/create-asset', [bearer(token), line]))
      const part = isChunked ? Buffer.concat([Buffer.from('10000\r\n'), CHUNK, Buffer.from('\r\n')]) : CHUNK
      for (let sent = 0; sent < SIZE; sent += CHUNK.length) {
        if (!caller.socket.write(part)) await within(once(caller.socket, 'drain'), 'the gateway to read')
      }
      if (isChunked) caller.send('0\r\n\r\n')
      const response = await caller.response()
      expect(response.status).toBe(200)
      expect(received).toBe(SIZE)
      expect(response.json()).toMatchObject(
        isChunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(SIZE) },
      )
      expect(highWater.growth).toBeLessThan(64 * MEGABYTE)
    },
  )

  it.each(['Content-Length', 'Transfer-Encoding'])(
    'downwards with %s: all of it, in flat memory',
    async (framing) => {
      const origin = await startHttp(
        createServer((_request, response) => {
          response.writeHead(200, framing === 'Content-Length' ? { 'content-length': SIZE } : {})
          let sent = 0
          const send = (): void => {
            while (sent < SIZE) {
              sent += CHUNK.length
              if (!response.write(CHUNK)) return
            }
            response.off('drain', send)
            response.end()
          }
          response.on('drain', send)
          send()
        }),
      )
      const { port } = await startGateway(cleanup, world, origin)
      const highWater = new HighWater()
      const caller = await RawCaller.open(cleanup, port)
      let received = 0
      caller.socket.removeAllListeners('data')
      caller.socket.on('data', (chunk) => {
        received += chunk.length
        highWater.look(received)
      })
      caller.send(requestBytes('GET', '/get-agent/x', [bearer(token)]))
      await until(() => received > SIZE, 'everything arrived')
      expect(highWater.growth).toBeLessThan(64 * MEGABYTE)
    },
  )

  it('refused, without Expect: the caller gets the answer, the upstream nothing', async () => {
    const upstream = await RawUpstream.start(cleanup)
    const { port } = await startGateway(cleanup, world, upstream.origin)
    const caller = await RawCaller.open(cleanup, port)
    caller.send(requestBytes('POST', '/create-asset', [bearer('wrong'), `Content-Length: ${String(SIZE)}`]))
    let sent = 0
    while (sent < SIZE && (await caller.write(CHUNK))) sent += CHUNK.length
    expect((await caller.response()).status).toBe(401)
    expect(upstream.received).toHaveLength(0)
  })
})

describe('a slow reader', () => {
  it('makes the gateway stop reading from the upstream, and gets everything in the end', async () => {
    let accepted = 0
    const origin = await startHttp(
      createServer((_request, response) => {
        response.writeHead(200, { 'content-length': SIZE })
        let sent = 0
        const send = (): void => {
          accepted = sent
          while (sent < SIZE) {
            sent += CHUNK.length
            if (!response.write(CHUNK)) return
          }
          response.end()
        }
        response.on('drain', send)
        send()
      }),
    )
    const { port } = await startGateway(cleanup, world, origin)
    const caller = await RawCaller.open(cleanup, port)
    caller.socket.pause()
    caller.send(requestBytes('GET', '/get-agent/x', [bearer(token)]))
    let before = -1
    await until(() => accepted > 0, 'the upstream began')
    while (accepted !== before) {
      before = accepted
      await pause(200)
    }
    expect(accepted).toBeLessThan(32 * MEGABYTE)
    let received = 0
    caller.socket.removeAllListeners('data')
    caller.socket.on('data', (chunk) => (received += chunk.length))
    caller.socket.resume()
    await until(() => received > SIZE, 'everything arrived')
  })

  it('upstream makes the gateway stop reading from the caller', async () => {
    let isOpen: () => void = () => undefined
    const gate = new Promise<void>((resolve) => (isOpen = resolve))
    let received = 0
    const origin = await startHttp(
      createServer((request, response) => {
        void gate.then(() => {
          request.on('data', (chunk: Buffer) => (received += chunk.length))
          request.on('end', () => response.end('done'))
        })
      }),
    )
    const { port } = await startGateway(cleanup, world, origin)
    const caller = await RawCaller.open(cleanup, port)
    caller.send(requestBytes('POST', '/create-asset', [bearer(token), `Content-Length: ${String(SIZE)}`]))
    let sent = 0
    let isBlocked = false
    const send = async (): Promise<void> => {
      while (sent < SIZE) {
        sent += CHUNK.length
        isBlocked = true
        await caller.write(CHUNK)
        isBlocked = false
      }
    }
    const sending = send()
    let before = -1
    while (sent !== before) {
      before = sent
      await pause(200)
    }
    expect(isBlocked).toBe(true)
    expect(sent).toBeLessThan(32 * MEGABYTE)
    isOpen()
    await within(sending, 'the rest to be sent')
    expect((await caller.response()).status).toBe(200)
    expect(received).toBe(SIZE)
  })
})

describe('Expect: 100-continue', () => {
  const lines = ['Expect: 100-continue', 'Content-Length: 5']

  it('is answered after the key was accepted, and not sent on', async () => {
    const upstream = await RawUpstream.start(cleanup)
    const { port } = await startGateway(cleanup, world, upstream.origin)
    const caller = await RawCaller.open(cleanup, port)
    caller.send(requestBytes('POST', '/create-asset', [bearer(token), ...lines]))
    expect((await caller.response()).status).toBe(100)
    caller.send('hello')
    expect((await caller.response()).status).toBe(200)
    const [seen] = upstream.requests
    expect(seen?.body.toString()).toBe('hello')
    expect(seen?.header('expect')).toEqual([])
    caller.send(requestBytes('GET', '/get-agent/x', [bearer(token)]))
    expect((await caller.response()).status).toBe(200)
  })

  it('is refused before a byte of the body was sent, and the connection ends', async () => {
    const upstream = await RawUpstream.start(cleanup)
    const { port } = await startGateway(cleanup, world, upstream.origin)
    const restricted = world.addKey({ access: {} })
    for (const key of [restricted, 'wrong']) {
      const caller = await RawCaller.open(cleanup, port)
      caller.send(requestBytes('POST', '/create-asset', [bearer(key), ...lines]))
      const response = await caller.response()
      expect([401, 403]).toContain(response.status)
      expect(response.header('connection')).toEqual(['close'])
      await caller.closed()
      expect(caller.received.toString()).not.toContain('100 Continue')
    }
    expect(upstream.received).toHaveLength(0)
  })

  it('is the only expectation that is met', async () => {
    const upstream = await RawUpstream.start(cleanup)
    const { port } = await startGateway(cleanup, world, upstream.origin)
    const response = await ask(
      cleanup,
      port,
      requestBytes('POST', '/x', [bearer(token), 'Expect: a-miracle']),
    )
    expect(response.status).toBe(417)
    expect(response.json()).toMatchObject({ status: 'error', code: 'invalid_request' })
    expect(upstream.received).toHaveLength(0)
  })
})
