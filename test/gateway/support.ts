import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import {
  KeyTable,
  newKeyId,
  newToken,
  OperationMatcher,
  packAccess,
  parseCatalog,
  secretIdOf,
  tokenPrefix,
  type Access,
  type ActiveCatalog,
  type Catalog,
  type KeyEntry,
  type KeyKind,
  type ProblemError,
} from '@bitting/core'
import { Gatekeeper } from '../../server/src/feed/gatekeeper.js'
import type { Workspace } from '../../server/src/feed/workspace.js'
import { UsageCounter } from '../../server/src/feed/usage.js'
import { createGateway, type Gateway, type GatewayOptions } from '../../server/src/gateway/server.js'

/** The longest that a test waits for anything. */
const WAIT_MS_MAX = 15_000

/** The credential of the upstream in these tests: long enough to be looked for in answers. */
export const UPSTREAM_KEY = 'key_0123456789abcdef0123456789ab'

/** A shipped catalog. */
export function shippedCatalog(id: string): Catalog {
  const text = readFileSync(new URL(`../../catalogs/${id}.catalog`, import.meta.url), 'utf8')
  const parsed = parseCatalog(text)
  if (!parsed.ok) throw new Error(`catalog ${id} does not parse: ${JSON.stringify(parsed.errors)}`)
  return parsed.catalog
}

const active = (catalog: Catalog): ActiveCatalog => ({
  catalog,
  matcher: new OperationMatcher(catalog.operations),
})

const EVERY_CALL = { calls: 'all', sampleRate: 1 } as const

const CATALOGS = { api: active(shippedCatalog('retell')), management: active(shippedCatalog('bitting')) }

/** Waits for a promise, though not for ever. */
export async function within<T>(
  promise: Promise<T>,
  what: string,
  limitMs: number = WAIT_MS_MAX,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${String(limitMs)} ms in vain for ${what}`)), limitMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Waits until something holds, though not for ever. */
export async function until(
  condition: () => boolean,
  what: string,
  limitMs: number = WAIT_MS_MAX,
): Promise<void> {
  const deadline = Date.now() + limitMs
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited ${String(limitMs)} ms in vain until ${what}`)
    await pause(5)
  }
}

/** Lets some time pass, for what must not happen meanwhile. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/** A key to put into the table; what is left out is as harmless as it gets. */
export interface KeySpec extends Partial<Omit<KeyEntry, 'secretId' | 'digest' | 'full' | 'mask'>> {
  readonly access?: Access
}

/** A key table made by hand, with a clock and a lease that a test can turn. */
export class World {
  readonly table = new KeyTable<Workspace>(16)
  readonly usage = new UsageCounter()
  readonly lease = { isCurrent: true }
  now = 1_800_000_000
  readonly gatekeeper = new Gatekeeper(this.table, this.lease, () => this.now, this.usage)
  readonly logged: { readonly error: ProblemError; readonly message: string }[] = []

  constructor() {
    this.addWorkspace('ws_one')
  }

  addWorkspace(
    id: string,
    upstream: Workspace['upstream'] = null,
    api: ActiveCatalog = CATALOGS.api,
    callPolicy: Workspace['callPolicy'] = EVERY_CALL,
  ): void {
    const catalogs = { api, management: CATALOGS.management }
    this.table.setWorkspace({ id, name: `Workspace ${id}`, upstream, catalogs, callPolicy })
  }

  /** Puts a key into the table and gives its token. */
  addKey(spec: KeySpec = {}): string {
    const { access = 'full', kind = 'api' } = spec
    const secretId = secretIdOf(
      newKeyId((length) => randomBytes(length)),
      0,
    )
    const token = newToken(tokenPrefix('btg', kind, 'production'), secretId, (length) => randomBytes(length))
    this.putKey(token, secretId, kind, access, spec)
    return token
  }

  /** Replaces what the table says of a token's key. */
  changeKey(token: string, spec: KeySpec): void {
    const { access = 'full', kind = 'api' } = spec
    this.putKey(token, secretIdIn(token), kind, access, spec)
  }

  private putKey(token: string, secretId: string, kind: KeyKind, access: Access, spec: KeySpec): void {
    this.table.put({
      workspaceId: 'ws_one',
      state: 'active',
      retiring: false,
      expiresAt: null,
      notBefore: null,
      allowedAddresses: null,
      ...spec,
      kind,
      secretId,
      digest: createHash('sha256').update(token).digest(),
      full: access === 'full',
      mask: packAccess(CATALOGS[kind].catalog, access),
    })
  }
}

/** The secret id that stands in a token. */
export function secretIdIn(token: string): string {
  return token.slice(token.lastIndexOf('_') + 1).slice(0, 16)
}

/** Whatever a test opened, closed at its end in reverse order. */
export class Cleanup {
  readonly #tasks: (() => Promise<unknown>)[] = []

  add(task: () => Promise<unknown>): void {
    this.#tasks.push(task)
  }

  async run(): Promise<void> {
    for (const task of this.#tasks.splice(0).reverse()) await within(task(), 'cleaning up')
  }
}

/** A gateway that listens on loopback. */
export async function startGateway(
  cleanup: Cleanup,
  world: World,
  origin: string,
  options: Partial<GatewayOptions> = {},
): Promise<{ port: number; gateway: Gateway }> {
  const gateway = createGateway({
    gatekeeper: world.gatekeeper,
    defaultUpstream: { origin, key: UPSTREAM_KEY },
    trustedProxies: [],
    log: (error, message) => world.logged.push({ error, message }),
    ...options,
    timeouts: { close: 500, ...options.timeouts },
  })
  const { port } = await gateway.listen('127.0.0.1', 0)
  cleanup.add(() => gateway.close())
  return { port, gateway }
}

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
