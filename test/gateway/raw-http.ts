import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { within, until, Cleanup } from './waiting.js'

/** A request as an upstream got it, to the byte. */
export interface SeenRequest {
  /** Request line and header lines, without the empty line. */
  readonly head: string
  readonly requestLine: string
  /** Header lines as they stood. */
  readonly lines: readonly string[]
  readonly body: Buffer
  header(name: string): string[]
}

/** Answers one request on the upstream's socket. */
export type Answering = (request: SeenRequest, socket: Socket) => void

/** An upstream at the level of bytes: it keeps what it gets and answers what a test says. */
export class RawUpstream {
  readonly requests: SeenRequest[] = []
  readonly sockets = new Set<Socket>()
  /** Every byte received on any connection. */
  received = Buffer.alloc(0)
  answering: Answering = (_request, socket) => socket.write(okResponse('{"ok":true}'))
  readonly #server: Server

  constructor() {
    this.#server = createServer((socket) => this.#serve(socket))
  }

  static async start(cleanup: Cleanup, answering?: Answering): Promise<RawUpstream> {
    const upstream = new RawUpstream()
    if (answering !== undefined) upstream.answering = answering
    upstream.#server.listen(0, '127.0.0.1')
    await once(upstream.#server, 'listening')
    cleanup.add(() => upstream.close())
    return upstream
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get origin(): string {
    return `http://127.0.0.1:${String(this.port)}`
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #serve(socket: Socket): void {
    this.sockets.add(socket)
    let pending: Buffer = Buffer.alloc(0)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.sockets.delete(socket))
    socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk])
      pending = Buffer.concat([pending, chunk])
      for (;;) {
        const parsed = parseMessage(pending)
        if (parsed === null) return
        pending = parsed.rest
        const request = seenRequest(parsed.head, parsed.body)
        this.requests.push(request)
        this.answering(request, socket)
      }
    })
  }
}

function seenRequest(head: string, body: Buffer): SeenRequest {
  const [requestLine = '', ...lines] = head.split('\r\n')
  return {
    head,
    requestLine,
    lines,
    body,
    header: (name) => headerValues(lines, name),
  }
}

function headerValues(lines: readonly string[], name: string): string[] {
  const start = `${name.toLowerCase()}:`
  return lines
    .filter((line) => line.toLowerCase().startsWith(start))
    .map((line) => line.slice(start.length).trim())
}

/** A response with a length and JSON. */
export function okResponse(body: string, extraLines: readonly string[] = []): string {
  return [
    'HTTP/1.1 200 OK',
    'Content-Type: application/json',
    `Content-Length: ${String(Buffer.byteLength(body))}`,
    ...extraLines,
    '',
    body,
  ].join('\r\n')
}

/** A response as it came over the wire. */
export interface RawResponse {
  readonly status: number
  readonly head: string
  readonly lines: readonly string[]
  readonly body: Buffer
  /** Trailer lines after a chunked body. */
  readonly trailers: readonly string[]
  header(name: string): string[]
  json(): unknown
}

interface ParsedMessage {
  readonly head: string
  readonly body: Buffer
  readonly trailers: readonly string[]
  readonly rest: Buffer
}

/** Reads one message from the beginning of some bytes, null where it is not complete. */
function parseMessage(bytes: Buffer, hasBody = true): ParsedMessage | null {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return null
  const head = bytes.toString('latin1', 0, end)
  const lines = head.split('\r\n').slice(1)
  const start = end + 4
  if (hasBody && headerValues(lines, 'transfer-encoding').includes('chunked'))
    return parseChunked(bytes, head, start)
  const length = hasBody ? Number(headerValues(lines, 'content-length')[0] ?? 0) : 0
  if (bytes.length < start + length) return null
  return {
    head,
    body: bytes.subarray(start, start + length),
    trailers: [],
    rest: bytes.subarray(start + length),
  }
}

function parseChunked(bytes: Buffer, head: string, start: number): ParsedMessage | null {
  const parts: Buffer[] = []
  let at = start
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return null
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    at = lineEnd + 2
    if (size === 0) break
    if (bytes.length < at + size + 2) return null
    parts.push(bytes.subarray(at, at + size))
    at += size + 2
  }
  const trailers: string[] = []
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return null
    const line = bytes.toString('latin1', at, lineEnd)
    at = lineEnd + 2
    if (line === '') return { head, body: Buffer.concat(parts), trailers, rest: bytes.subarray(at) }
    trailers.push(line)
  }
}

/** A caller at the level of bytes. */
export class RawCaller {
  readonly socket: Socket
  received = Buffer.alloc(0)
  isClosed = false
  #used = 0

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.setNoDelay(true)
    this.socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk])
    })
    this.socket.on('error', () => undefined)
    this.socket.on('close', () => {
      this.isClosed = true
    })
  }

  static async open(cleanup: Cleanup, port: number): Promise<RawCaller> {
    const caller = new RawCaller(port)
    cleanup.add(() => {
      caller.socket.destroy()
      return Promise.resolve()
    })
    await within(once(caller.socket, 'connect'), 'a connection to the gateway')
    return caller
  }

  send(...parts: readonly (string | Buffer)[]): void {
    for (const part of parts) this.socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part)
  }

  /** Writes as fast as the gateway reads; false once the connection has ended. */
  async write(part: Buffer): Promise<boolean> {
    if (this.isClosed) return false
    if (this.socket.write(part)) return true
    await within(this.#next('drain'), 'the gateway to read or to close')
    return !this.isClosed
  }

  /** The next response on this connection; interim ones are responses too. */
  async response(method = 'GET'): Promise<RawResponse> {
    for (;;) {
      const rest = this.received.subarray(this.#used)
      const hasBody =
        method !== 'HEAD' && !/^HTTP\/1\.1 (?:1\d\d|204|304)/.test(rest.toString('latin1', 0, 12))
      const message = parseMessage(rest, hasBody)
      if (message !== null) {
        this.#used = this.received.length - message.rest.length
        return rawResponse(message)
      }
      if (this.isClosed)
        throw new Error(`closed without a response: ${JSON.stringify(rest.toString('latin1'))}`)
      await within(
        this.#next('data'),
        `a response; so far there is ${JSON.stringify(rest.toString('latin1').slice(0, 200))}`,
      )
    }
  }

  /** Forgets what was received and used, so that long tests do not grow. */
  forget(): void {
    this.received = this.received.subarray(this.#used)
    this.#used = 0
  }

  /** Resolves at the next event of a kind, or at the end. */
  #next(event: 'data' | 'drain'): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.socket.off(event, done).off('close', done)
        resolve()
      }
      this.socket.on(event, done).on('close', done)
    })
  }

  async closed(): Promise<void> {
    await until(() => this.isClosed, 'the gateway closed the connection')
  }
}

function rawResponse({ head, body, trailers }: ParsedMessage): RawResponse {
  const lines = head.split('\r\n').slice(1)
  return {
    status: Number(head.split(' ')[1]),
    head,
    lines,
    body,
    trailers,
    header: (name) => headerValues(lines, name),
    json: () => JSON.parse(body.toString()) as unknown,
  }
}

/** The bytes of a request: the request line, Host, and what is given. */
export function requestBytes(
  method: string,
  target: string,
  lines: readonly string[] = [],
  body = '',
): string {
  return [`${method} ${target} HTTP/1.1`, 'Host: gateway.test', ...lines, '', body].join('\r\n')
}

/** The header line that presents a token. */
export function bearer(token: string): string {
  return `Authorization: Bearer ${token}`
}

/** Sends one request on a connection of its own and gives the response. */
export async function ask(
  cleanup: Cleanup,
  port: number,
  bytes: string,
  method = 'GET',
): Promise<RawResponse> {
  const caller = await RawCaller.open(cleanup, port)
  caller.send(bytes)
  const response = await caller.response(method)
  caller.socket.destroy()
  return response
}
