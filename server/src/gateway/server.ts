import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { ProblemError, type AddressRange, type ErrorShape } from '@bitting/core'
import type { Gatekeeper } from '../feed/gatekeeper.js'
import { AdmissionControl } from './admission.js'
import { problemAnswer } from './answers.js'
import { clientAddress, parseTrustedProxies, peerOf, type Peer } from '../http/client-address.js'
import {
  errorFrames,
  errorName,
  forward,
  sendAnswer,
  type ForwardContext,
  type GatewayLog,
  type Upstream,
} from './forward.js'
import { GatewayRequest, GatewayResponse } from './messages.js'
import { afterRecording, type CallRecorder } from './recorder.js'
import { ParseErrorAnswers } from './parse-errors.js'
import { RelayIntake, type RelayReceiver } from './relay.js'
import { Reviews } from './reviews.js'
import { forwardUpgrade, responseAfterOffer, Tunnels } from './upgrade.js'
import { UPSTREAM_TIMEOUTS, UpstreamPools, type UpstreamTimeouts } from './upstream-pools.js'

/** What a gateway is made of. */
export interface GatewayOptions {
  readonly gatekeeper: Gatekeeper
  /** Where the calls of workspaces go that have set no upstream of their own. */
  readonly defaultUpstream: Upstream
  /** Addresses and CIDR ranges of the proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[]
  /** How answers are written where no key says which catalog's form applies. Default: `retell`. */
  readonly errors?: ErrorShape
  /** Told of what was decided about each call with a key. Default: nobody. */
  readonly recorder?: CallRecorder
  /** Takes the webhooks of upstreams. Default: nothing does, and they are refused. */
  readonly relay?: RelayReceiver
  /** Told of what went wrong on the way. Default: nobody. */
  readonly log?: GatewayLog
  readonly upstreamTimeouts?: Partial<UpstreamTimeouts>
  readonly timeouts?: Partial<GatewayTimeouts>
}

/** How long callers may take, in milliseconds. */
export interface GatewayTimeouts {
  /** For the head of a request: what cuts off those who send it a byte at a time. */
  readonly headers: number
  /** For a whole request: 100 MB over a line of 1 Mbit/s take a quarter of an hour. */
  readonly request: number
  /** Without a byte either way while a request is under way: longer than an upstream may be silent. */
  readonly idle: number
  /** Between two requests: longer than the load balancers in front, so that it is they who close. */
  readonly keepAlive: number
  /** For the requests under way when the gateway closes. */
  readonly close: number
  /** Between two looks at whether the keys of uploads and tunnels under way are still good. */
  readonly review: number
}

const TIMEOUTS: GatewayTimeouts = {
  headers: 20_000,
  request: 3_600_000,
  idle: 660_000,
  keepAlive: 65_000,
  close: 30_000,
  review: 5000,
}

const HEADER_BYTES_MAX = 16 * 1024
const CONNECTIONS_MAX = 16_384
/** The most requests of one connection that wait for the one before them; Node would take any number. */
const PIPELINED_MAX = 128
const READ_AHEAD_BYTES = 64 * 1024
const TIMEOUT_CHECK_MS = 2000
const CLOSE_POLL_MS = 20

/** The enforcement point in front of the upstream. */
export interface Gateway {
  /** Starts to accept connections; port 0 is any free one. */
  listen(host: string, port: number): Promise<{ host: string; port: number }>
  /** Stops accepting, closes tunnels, and lets the requests under way end within a bound. */
  close(): Promise<void>
}

/**
 * A gateway, not yet listening.
 *
 * @throws {Error} when a trusted proxy is not an address or range
 */
export function createGateway(options: GatewayOptions): Gateway {
  return new GatewayServer(options)
}

/** One connection as the gateway remembers it. */
interface Connection {
  readonly peer: Peer
  /** The response that was begun last. */
  latest: GatewayResponse | null
  /** How many requests wait for those before them. */
  waiting: number
}

function isIdle({ latest }: Connection): boolean {
  return latest === null || (latest.writableFinished && latest.req.complete)
}

class GatewayServer implements Gateway, ForwardContext {
  readonly log: GatewayLog
  readonly pools: UpstreamPools
  readonly reviews: Reviews
  readonly objection: ForwardContext['objection']
  isClosing = false
  readonly #server: Server<typeof GatewayRequest, typeof GatewayResponse>
  readonly #admission: AdmissionControl
  readonly #relay: RelayIntake
  readonly #errors: ErrorShape
  readonly #timeouts: GatewayTimeouts
  readonly #proxies: readonly AddressRange[]
  readonly #parseErrors: ParseErrorAnswers
  readonly #tunnels: Tunnels
  readonly #connections = new Map<Duplex, Connection>()

  constructor(options: GatewayOptions) {
    const { gatekeeper, defaultUpstream, errors = 'retell' } = options
    this.log = options.log ?? (() => undefined)
    this.pools = new UpstreamPools({ ...UPSTREAM_TIMEOUTS, ...options.upstreamTimeouts })
    this.#timeouts = { ...TIMEOUTS, ...options.timeouts }
    this.#proxies = parseTrustedProxies(options.trustedProxies)
    this.#errors = errors
    this.#admission = new AdmissionControl(gatekeeper, defaultUpstream, errors, options.recorder ?? null)
    this.#relay = new RelayIntake(options.relay ?? null, errors)
    this.#parseErrors = new ParseErrorAnswers(errors)
    this.reviews = new Reviews(this.#timeouts.review)
    this.#tunnels = new Tunnels(this.reviews)
    this.objection = (verified) => this.#admission.objection(verified)
    this.#server = this.#createServer()
  }

  async listen(host: string, port: number): Promise<{ host: string; port: number }> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
    const { address, port: actualPort } = this.#server.address() as AddressInfo
    return { host: address, port: actualPort }
  }

  async close(): Promise<void> {
    this.isClosing = true
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#tunnels.closeAll()
    const poll = setInterval(() => this.#closeConnections(isIdle), CLOSE_POLL_MS)
    const limit = setTimeout(() => this.#closeConnections(() => true), this.#timeouts.close)
    await closed
    clearInterval(poll)
    clearTimeout(limit)
    await this.pools.destroy()
  }

  #createServer(): Server<typeof GatewayRequest, typeof GatewayResponse> {
    const timeouts = this.#timeouts
    const server = createServer({
      IncomingMessage: GatewayRequest,
      ServerResponse: GatewayResponse,
      insecureHTTPParser: false,
      maxHeaderSize: HEADER_BYTES_MAX,
      // Admission asks for it, and says so in the shape of all other answers.
      requireHostHeader: false,
      highWaterMark: READ_AHEAD_BYTES,
      headersTimeout: timeouts.headers,
      requestTimeout: timeouts.request,
      keepAliveTimeout: timeouts.keepAlive,
      connectionsCheckingInterval: Math.min(TIMEOUT_CHECK_MS, timeouts.headers),
      noDelay: true,
      keepAlive: true,
    })
    server.timeout = timeouts.idle
    server.maxConnections = CONNECTIONS_MAX
    // Zero is no limit: the bytes are limited, and Node would drop what is beyond a number in silence.
    server.maxHeadersCount = 0
    server.on('connection', (socket) => {
      const peer = peerOf(socket.remoteAddress, this.#proxies)
      this.#connections.set(socket, { peer, latest: null, waiting: 0 })
      socket.on('close', () => this.#connections.delete(socket))
    })
    server.on('request', (request, response) => this.#inTurn(request, response))
    server.on('checkContinue', (request, response) => this.#inTurn(request, response))
    server.on('checkExpectation', (request, response) => this.#refuseExpectation(request, response))
    server.on('upgrade', (request, _socket, head) => this.#upgrade(request, head))
    server.on('connect', (request, _socket, head) => this.#upgrade(request, head))
    server.on('clientError', (error, socket) => {
      this.#parseErrors.answer(error, socket, this.#connections.get(socket)?.latest ?? null)
    })
    return server
  }

  /**
   * Handles the requests of one connection one after the other. Node begins them all at once, which would let a
   * pipelined request overtake the change it was sent after (RFC 9112 Section 9.3.2).
   */
  #inTurn(request: GatewayRequest, response: GatewayResponse): void {
    if (response.socket !== null) {
      this.#handle(request, response)
      return
    }
    const connection = this.#connections.get(request.socket)
    if (connection === undefined || ++connection.waiting > PIPELINED_MAX) {
      request.socket.destroy()
      return
    }
    response.once('socket', () => {
      connection.waiting--
      this.#handle(request, response)
    })
  }

  #handle(request: GatewayRequest, response: GatewayResponse): void {
    try {
      const connection = this.#connections.get(request.socket)
      if (connection !== undefined) connection.latest = response
      const admission = this.#admission.admit(request, this.#addressOf(request, connection))
      if (admission.outcome === 'answered') {
        const { answer, recording } = admission
        afterRecording(recording, () => sendAnswer(request, response, answer, this))
        return
      }
      if (request.headers.expect !== undefined && request.httpVersionMinor > 0) response.writeContinue()
      if (admission.outcome === 'relayed') {
        void this.#receive(request, response, admission.relayId)
        return
      }
      forward(request, response, admission.passage, this)
    } catch (error) {
      this.#fail(request, response, error)
    }
  }

  async #receive(request: GatewayRequest, response: GatewayResponse, relayId: string): Promise<void> {
    try {
      sendAnswer(request, response, await this.#relay.answer(request, relayId), this)
    } catch (error) {
      this.#fail(request, response, error)
    }
  }

  #refuseExpectation(request: GatewayRequest, response: GatewayResponse): void {
    const problem = new ProblemError(
      'invalid_request',
      'The only expectation that can be met is 100-continue.',
    )
    sendAnswer(request, response, problemAnswer(problem, this.#errors, 417), this)
  }

  #upgrade(request: GatewayRequest, head: Buffer): void {
    const connection = this.#connections.get(request.socket)
    if (connection?.latest?.writableFinished === false) {
      request.socket.destroy()
      return
    }
    const response = responseAfterOffer(request, this.#timeouts.idle)
    try {
      const admission = this.#admission.admit(request, this.#addressOf(request, connection))
      if (admission.outcome === 'answered') {
        const { answer, recording } = admission
        afterRecording(recording, () => sendAnswer(request, response, answer, this))
        return
      }
      // No upgrade is sent with POST, which is how webhooks come.
      if (admission.outcome === 'relayed') return
      forwardUpgrade(request, response, admission.passage, this, { head, tunnels: this.#tunnels })
    } catch (error) {
      this.#fail(request, response, error)
    }
  }

  #closeConnections(isUnwanted: (connection: Connection) => boolean): void {
    for (const [socket, connection] of this.#connections) {
      if (isUnwanted(connection)) socket.destroy()
    }
  }

  #addressOf(request: GatewayRequest, connection: Connection | undefined): string | null {
    if (connection === undefined) return null
    const forwardedFor = connection.peer.trusted ? request.headers['x-forwarded-for'] : undefined
    return clientAddress(connection.peer, forwardedFor?.toString(), this.#proxies)
  }

  /** Ends a request that met an error of ours, and that request alone. */
  #fail(request: GatewayRequest, response: GatewayResponse, error: unknown): void {
    const members = { method: request.method ?? '', cause: errorName(error), frames: errorFrames(error) }
    const problem = new ProblemError('internal', 'Something went wrong in the gateway. Try again.')
    this.log(
      new ProblemError('internal', problem.message, { members }),
      'a request met an error of the gateway',
    )
    if (response.headersSent) {
      request.socket.destroy()
      return
    }
    sendAnswer(request, response, problemAnswer(problem, this.#errors), this)
  }
}
