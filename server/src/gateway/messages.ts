import { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'

/** How much of a body is read away after the request was answered, so that the caller gets to read the answer. */
const DRAINED_BYTES_MAX = 16 * 1024 * 1024
const DRAINING_MS_MAX = 10_000

/** A request as the gateway's parser makes it. */
export class GatewayRequest extends IncomingMessage {
  /** What takes the body, null where nobody asked for it. */
  sink: BodySink | null = null
  /** Bytes of the body that were read away. */
  drained = 0
  draining = false
  /** Whether the parser found Upgrade and Connection: upgrade. */
  offersUpgrade = false

  /**
   * Tells Node whether to leave HTTP here. Only for WebSocket without a body: any other upgrade may be ignored
   * (RFC 9110 Section 7.8), and clients that offer h2c with every request count on that.
   */
  get upgrade(): boolean {
    return this.offersUpgrade && (this.method === 'CONNECT' || (isWebSocket(this) && bodyLength(this) === 0))
  }

  /** Set by Node's parser, and before that by its constructor. */
  set upgrade(offered: boolean | null) {
    this.offersUpgrade = offered === true
  }
}

/** A response as the gateway's server makes it, with room for the exchange that it belongs to. */
export class GatewayResponse extends ServerResponse<GatewayRequest> {
  /** What is told when the response or its connection ends, whichever is first; null for the gateway's own answers. */
  exchange: { responseEnded(): void } | null = null
}

function isWebSocket(request: GatewayRequest): boolean {
  return request.method === 'GET' && request.headers.upgrade?.toLowerCase() === 'websocket'
}

/** The length of the body that a request announces: 0 for none, -1 where its end will show. */
export function bodyLength({ headers }: IncomingMessage): number {
  if (headers['transfer-encoding'] !== undefined) return -1
  const length = headers['content-length']
  return length === undefined ? 0 : Number(length)
}

/** What takes the body of a request as it comes. */
interface BodySink {
  /** False once it wants no more. */
  readonly isOpen: boolean
  /** Takes a part; false asks for a pause. */
  accept(chunk: Buffer): boolean
  finish(): void
  close(): void
}

/**
 * A body that is sent on as it comes. It stands between the caller's request and the HTTP client because the client
 * destroys a body that it is done with, and a request that is destroyed leaves its rest in the caller's connection.
 */
export class StreamedBody extends Readable implements BodySink {
  readonly #request: GatewayRequest

  /** Takes over a request's body; nothing is read before somebody reads this. */
  constructor(request: GatewayRequest) {
    super({ highWaterMark: request.readableHighWaterMark })
    this.#request = request
    request.pause()
    deliver(request, this)
  }

  get isOpen(): boolean {
    return !this.destroyed
  }

  accept(chunk: Buffer): boolean {
    return this.push(chunk)
  }

  finish(): void {
    this.push(null)
  }

  close(): void {
    this.destroy()
  }

  override _read(): void {
    this.#request.resume()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    drain(this.#request)
    callback(error)
  }
}

/** A body small enough to go with its head in one write, which costs half of what a stream costs. */
export class WholeBody implements BodySink {
  isOpen = true
  readonly #parts: Buffer[] = []
  #missing: number
  readonly #onWhole: (body: Buffer) => void

  /** Takes over a request's body of a known length above zero, and hands it on when all of it has come. */
  constructor(request: GatewayRequest, length: number, onWhole: (body: Buffer) => void) {
    this.#missing = length
    this.#onWhole = onWhole
    deliver(request, this)
  }

  accept(chunk: Buffer): boolean {
    this.#missing -= chunk.length
    this.#parts.push(chunk)
    if (this.#missing > 0) return true
    this.isOpen = false
    this.#onWhole(this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts))
    return true
  }

  finish(): void {
    this.isOpen = false
  }

  close(): void {
    this.isOpen = false
  }
}

function deliver(request: GatewayRequest, sink: BodySink): void {
  request.sink = sink
  request.on('data', onData)
  request.on('end', onEnd)
}

function onData(this: GatewayRequest, chunk: Buffer): void {
  const { sink } = this
  if (sink?.isOpen === true) {
    if (!sink.accept(chunk)) this.pause()
    return
  }
  this.drained += chunk.length
  if (this.drained > DRAINED_BYTES_MAX) this.socket.destroy()
}

function onEnd(this: GatewayRequest): void {
  if (this.sink?.isOpen === true) this.sink.finish()
}

/**
 * Reads away what is left of a body that nobody wants, up to a bound. Without it the connection would stand still, and
 * closing it while bytes arrive would take the answer from a caller that sends all before it reads.
 */
export function drain(request: GatewayRequest): void {
  if (request.draining || request.destroyed) return
  request.draining = true
  if (!request.complete) {
    if (request.sink === null) request.on('data', onData)
    const timer = setTimeout(() => request.socket.destroy(), DRAINING_MS_MAX).unref()
    const stop = (): void => clearTimeout(timer)
    request.once('close', stop)
    request.once('end', stop)
  }
  request.resume()
}
