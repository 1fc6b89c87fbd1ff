import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startGateway, World } from './support.js'
import { bearer, RawCaller, RawUpstream, requestBytes, type RawResponse } from './raw-http.js'
import { Cleanup, pause, until } from './waiting.js'

const cleanup = new Cleanup()
const world = new World()
let upstream: RawUpstream
let port: number
let token: string

beforeAll(async () => {
  upstream = await RawUpstream.start(cleanup)
  port = (await startGateway(cleanup, world, upstream.origin, { timeouts: { headers: 300 } })).port
  token = world.addKey()
})
beforeEach(() => {
  upstream.requests.length = 0
  upstream.received = Buffer.alloc(0)
})
afterAll(() => cleanup.run())

/** Sends bytes as they are and waits for the first answer, and for the end of the connection where it must end. */
async function sendRaw(bytes: string, mustClose = true): Promise<RawResponse> {
  const caller = await RawCaller.open(cleanup, port)
  caller.send(bytes)
  const response = await caller.response()
  if (mustClose) await caller.closed()
  caller.socket.destroy()
  return response
}

const CRLF = '\r\n'
const post = (lines: readonly string[], body: string): string =>
  [`POST /create-agent HTTP/1.1`, 'Host: x', bearer(token), ...lines, '', body].join(CRLF)

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n'

describe('messages that two servers might frame differently', () => {
  it.each([
    ['length and chunks', ['Content-Length: 6', 'Transfer-Encoding: chunked'], `0${CRLF}${CRLF}G`],
    ['chunks and length', ['Transfer-Encoding: chunked', 'Content-Length: 4'], `5c${CRLF}${SMUGGLED}`],
    ['two lengths', ['Content-Length: 5', 'Content-Length: 6'], 'hello!'],
    ['two equal lengths', ['Content-Length: 5', 'Content-Length: 5'], 'hello'],
    ['a list of lengths', ['Content-Length: 5, 5'], 'hello'],
    ['a signed length', ['Content-Length: +5'], 'hello'],
    ['a negative length', ['Content-Length: -5'], 'hello'],
    ['a hexadecimal length', ['Content-Length: 0x5'], 'hello'],
    ['an empty length', ['Content-Length:'], 'hello'],
    ['a length beyond counting', ['Content-Length: 99999999999999999999999'], 'hello'],
    ['a length with a space inside', ['Content-Length: 5 5'], 'hello'],
    ['an unknown coding', ['Transfer-Encoding: xchunked'], `0${CRLF}${CRLF}`],
    ['a coding before chunked', ['Transfer-Encoding: gzip, chunked'], `0${CRLF}${CRLF}`],
    ['a coding after chunked', ['Transfer-Encoding: chunked, gzip'], `0${CRLF}${CRLF}`],
    ['identity', ['Transfer-Encoding: identity', 'Content-Length: 5'], 'hello'],
    ['two codings', ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], `0${CRLF}${CRLF}`],
    ['twice chunked', ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], `0${CRLF}${CRLF}`],
    ['chunked in quotes', ['Transfer-Encoding: "chunked"'], `0${CRLF}${CRLF}`],
    ['a vertical tab', ['Transfer-Encoding: \x0bchunked'], `0${CRLF}${CRLF}`],
    ['a space before the colon', ['Transfer-Encoding : chunked', 'Content-Length: 5'], 'hello'],
    ['a folded header', ['X-A: b', ' folded'], ''],
    ['a folded coding', ['Transfer-Encoding:', ' chunked'], `0${CRLF}${CRLF}`],
    ['a bare carriage return', ['X-A: b\rTransfer-Encoding: chunked'], ''],
    ['a NUL', ['X-A: b\0c'], ''],
    ['a name with a space', ['X A: b'], ''],
    ['a line without a colon', ['X-A'], ''],
    ['two hosts', ['Host: y', 'Content-Length: 0'], ''],
    ['two credentials', [bearer('another'), 'Content-Length: 0'], ''],
    ['two equal credentials', ['authorization: Bearer x', 'Content-Length: 0'], ''],
  ])('%s: refused, and nothing sent on', async (_name, lines, body) => {
    const response = await sendRaw(post(lines, body) + SMUGGLED, false)
    expect(response.status).toBe(400)
    expect(response.header('content-type')).toEqual(['application/json'])
    expect(response.json()).toMatchObject({ status: 'error', code: 'invalid_request' })
    await pause(20)
    expect(upstream.received.toString('latin1')).toBe('')
  })

  it.each([
    ['bare line feeds', `GET /get-agent/x HTTP/1.1\nHost: x\nAuthorization: y\n\n`],
    ['a bare line feed in the head', `GET /get-agent/x HTTP/1.1\r\nHost: x\nX-A: b\r\n\r\n`],
    ['an unknown method', 'GETT /get-agent/x HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a method in lower case', 'get /get-agent/x HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['an unknown version', 'GET /get-agent/x HTTP/3.0\r\nHost: x\r\n\r\n'],
    ['a space in the target', 'GET /get-agent/x y HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['garbage', '\0\0\0\0\r\n\r\n'],
  ])('%s: refused and closed', async (_name, bytes) => {
    expect((await sendRaw(bytes)).status).toBe(400)
    expect(upstream.received).toHaveLength(0)
  })

  it.each([
    ['no host', 'GET /get-agent/x HTTP/1.1\r\n\r\n'],
    ['no version', `GET /get-agent/x\r\nHost: x\r\nAuthorization: y\r\n\r\n`],
    ['version 0.9', 'GET /get-agent/x HTTP/0.9\r\nHost: x\r\n\r\n'],
    ['version 2.0', 'GET /get-agent/x HTTP/2.0\r\nHost: x\r\n\r\n'],
  ])('%s: refused in the shape of all answers', async (_name, bytes) => {
    const response = await sendRaw(bytes, false)
    expect(response.status).toBe(400)
    expect(response.json()).toMatchObject({ status: 'error', code: 'invalid_request' })
    expect(upstream.received).toHaveLength(0)
  })

  it('refuses a transfer coding of HTTP/1.0', async () => {
    const bytes = `POST /create-agent HTTP/1.0\r\n${bearer(token)}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`
    expect((await sendRaw(bytes)).status).toBe(400)
    expect(upstream.received).toHaveLength(0)
  })

  it.each([
    ['a chunk that is longer than it says', `3${CRLF}hello${CRLF}0${CRLF}${CRLF}`],
    ['a size that is no number', `x${CRLF}hello${CRLF}0${CRLF}${CRLF}`],
    ['a negative size', `-1${CRLF}hello${CRLF}0${CRLF}${CRLF}`],
    ['a size beyond counting', `fffffffffffffffff${CRLF}hello${CRLF}`],
    ['a bare line feed after the size', `5\nhello${CRLF}0${CRLF}${CRLF}`],
    ['extensions without end', `5;${'a'.repeat(40_000)}${CRLF}hello${CRLF}0${CRLF}${CRLF}`],
  ])('ends the connection at %s, and the upstream gets no whole request', async (_name, body) => {
    const caller = await RawCaller.open(cleanup, port)
    caller.send(post(['Transfer-Encoding: chunked'], body))
    await caller.closed()
    await until(
      () => upstream.sockets.size === 0 || upstream.requests.length === 0,
      'the upstream was let go',
    )
    expect(upstream.requests).toEqual([])
  })

  it('sends on a chunked body with its extensions removed', async () => {
    const body = `5;name=value${CRLF}hello${CRLF}1${CRLF}!${CRLF}0${CRLF}X-Trailer: dropped${CRLF}${CRLF}`
    expect(
      (await sendRaw(post(['Transfer-Encoding: chunked', 'Trailer: X-Trailer'], body), false)).status,
    ).toBe(200)
    const [seen] = upstream.requests
    expect(seen?.body.toString()).toBe('hello!')
    expect(upstream.received.toString('latin1')).not.toMatch(/name=value|trailer/i)
  })

  it('sends on what a caller wrapped in a body as a body', async () => {
    const body = `${SMUGGLED}${SMUGGLED}`
    expect((await sendRaw(post([`Content-Length: ${String(body.length)}`], body), false)).status).toBe(200)
    expect(upstream.requests.map(({ requestLine }) => requestLine)).toEqual(['POST /create-agent HTTP/1.1'])
    expect(upstream.requests[0]?.body.toString()).toBe(body)
  })
})

describe('limits', () => {
  it('answers 431 to headers of more than 16 KiB', async () => {
    const response = await sendRaw(
      requestBytes('GET', '/get-agent/x', [bearer(token), `X-Big: ${'a'.repeat(65_536)}`]),
    )
    expect(response.status).toBe(431)
    expect(response.json()).toMatchObject({ status: 'error' })
    expect(upstream.received).toHaveLength(0)
  })

  it('takes headers up to nearly 16 KiB, however many', async () => {
    const lines = Array.from({ length: 1200 }, (_, index) => `X${String(index)}: y`)
    expect(
      (await sendRaw(requestBytes('GET', '/get-agent/x', [bearer(token), ...lines]), false)).status,
    ).toBe(200)
    expect(lines.filter((line) => !upstream.requests[0]?.lines.includes(line))).toEqual([])
  })

  it('sees a second credential behind a thousand headers', async () => {
    const lines = Array.from({ length: 1200 }, (_, index) => `X${String(index)}: y`)
    const bytes = requestBytes('GET', '/get-agent/x', [bearer(token), ...lines, bearer('x')])
    expect((await sendRaw(bytes, false)).status).toBe(400)
  })

  it('cuts off a caller that sends its headers too slowly', async () => {
    const caller = await RawCaller.open(cleanup, port)
    caller.send('GET /get-agent/x HTTP/1.1\r\nHost: x\r\nX-')
    expect((await caller.response()).status).toBe(408)
    await caller.closed()
    expect(upstream.received).toHaveLength(0)
  })

  it('does not answer garbage behind a request in the place of that request', async () => {
    const caller = await RawCaller.open(cleanup, port)
    upstream.answering = (_request, socket) =>
      setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'), 50)
    caller.send(requestBytes('GET', '/get-agent/x', [bearer(token)]), 'garbage\r\n\r\n')
    await caller.closed()
    expect(caller.received.toString('latin1')).not.toMatch(/^HTTP\/1\.1 400/)
  })
})
