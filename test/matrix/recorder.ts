import { createHash } from 'node:crypto'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** One request as it lay on the wire. */
export interface RecordedRequest {
  /** `GET /path?query HTTP/1.1`, byte for byte. */
  readonly requestLine: string
  /** The header lines in their order, names as they were written. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** What the body says, without its framing. */
  readonly body: Buffer
  /** Head and body as they came, framing included. */
  readonly raw: Buffer
}

/** An upstream that writes down every byte it is sent, and answers each request with a name for what it was. */
export class Recorder {
  readonly origin: string
  readonly #server: Server
  readonly #sockets: Set<Socket>
  readonly #requests: RecordedRequest[]
  #taken = 0

  private constructor(server: Server, sockets: Set<Socket>, requests: RecordedRequest[]) {
    this.#server = server
    this.#sockets = sockets
    this.#requests = requests
    this.origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  }

  static async start(): Promise<Recorder> {
    const requests: RecordedRequest[] = []
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      socket.on('error', () => socket.destroy())
      let pending: Buffer = Buffer.alloc(0)
      socket.on('data', (chunk) => {
        pending = Buffer.concat([pending, chunk])
        for (let request = readRequest(pending); request !== null; request = readRequest(pending)) {
          pending = pending.subarray(request.raw.length)
          requests.push(request)
          socket.write(answerTo(request))
          if (headerOf(request, 'connection') === 'close') socket.end()
        }
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new Recorder(server, sockets, requests)
  }

  /** What has come since it was last asked. */
  take(): RecordedRequest[] {
    const fresh = this.#requests.slice(this.#taken)
    this.#taken = this.#requests.length
    return fresh
  }

  /** Everything that ever came. */
  get requests(): readonly RecordedRequest[] {
    return this.#requests
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}

/** The value of a header, null where there is none; an error where there is more than one. */
export function headerOf(request: RecordedRequest, name: string): string | null {
  const values = request.headers.filter(([other]) => other.toLowerCase() === name)
  if (values.length > 1)
    throw new Error(`${name} came ${String(values.length)} times: ${request.requestLine}`)
  return values[0]?.[1] ?? null
}

/**
 * Everything of a request that must be the same with the gateway in between as without it: the request line, the
 * header lines in their order, and the body. Not Connection, which is each hop's own, and not Authorization, which is
 * looked at by itself. The boundary of a form is another in each call, so it is given one name.
 */
export function wireForm(request: RecordedRequest): string {
  const boundary = /boundary=(.+)$/.exec(headerOf(request, 'content-type') ?? '')?.[1]
  const headers = request.headers
    .filter(([name]) => !/^(?:connection|authorization)$/i.test(name))
    .map(([name, value]) => `${name}: ${value}`)
  const form = [request.requestLine, ...headers, '', request.body.toString('latin1')].join('\n')
  return boundary === undefined ? form : form.replaceAll(boundary, '<boundary>')
}

/** The first request in the bytes, null while there is no whole one. */
function readRequest(bytes: Buffer): RecordedRequest | null {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return null
  const [requestLine, ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n')
  const headers = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const
  })
  const valueOf = (name: string): string | undefined =>
    headers.find(([other]) => other.toLowerCase() === name)?.[1]
  const start = headEnd + 4
  const body =
    valueOf('transfer-encoding') === undefined
      ? readSized(bytes, start, Number(valueOf('content-length') ?? 0))
      : readChunked(bytes, start)
  if (body === null) return null
  return { requestLine: requestLine!, headers, body: body.content, raw: bytes.subarray(0, body.end) }
}

interface ReadBody {
  readonly content: Buffer
  readonly end: number
}

function readSized(bytes: Buffer, start: number, length: number): ReadBody | null {
  const end = start + length
  return bytes.length < end ? null : { content: bytes.subarray(start, end), end }
}

function readChunked(bytes: Buffer, start: number): ReadBody | null {
  const chunks: Buffer[] = []
  for (let position = start; ;) {
    const lineEnd = bytes.indexOf('\r\n', position)
    if (lineEnd < 0) return null
    const length = Number.parseInt(bytes.toString('latin1', position, lineEnd), 16)
    const next = lineEnd + 2 + length + 2
    if (bytes.length < next) return null
    if (length === 0) return { content: Buffer.concat(chunks), end: next }
    chunks.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + length))
    position = next
  }
}

/** The same request gets the same answer, and no two requests of the matrix get one answer. */
function answerTo(request: RecordedRequest): string {
  if (headerOf(request, 'accept') === '*/*') return 'HTTP/1.1 204 No Content\r\n\r\n'
  const digest = createHash('sha256').update(wireForm(request)).digest('hex')
  const body = JSON.stringify({ answer_to: request.requestLine, digest, grüße: null })
  const status = request.requestLine.startsWith('POST /create-') ? '201 Created' : '200 OK'
  const length = String(Buffer.byteLength(body))
  return `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`
}
