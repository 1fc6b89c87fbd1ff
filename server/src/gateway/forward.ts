import { STATUS_CODES } from 'node:http'
import type { Readable } from 'node:stream'
import { ProblemError, type ErrorShape, type VerifyRequest } from '@bitting/core'
import type { Dispatcher } from 'undici'
import { problemAnswer, type Answer } from './answers.js'
import { requestHeaders, responseHead, responseTrailers } from './headers.js'
import {
  bodyLength,
  drain,
  StreamedBody,
  WholeBody,
  type GatewayRequest,
  type GatewayResponse,
} from './messages.js'
import { KeyRedactor, maskKey, tellsKey } from './redaction.js'
import { afterRecording, type Recording } from './recorder.js'
import type { Reviewed, Reviews } from './reviews.js'
import type { UpstreamPools } from './upstream-pools.js'

const NOTHING = Buffer.alloc(0)
/** The largest body that is waited for before the upstream hears of its request. */
const WHOLE_BODY_BYTES_MAX = 64 * 1024
/** How much of an answer is held while the record of its call becomes durable, before the upstream is paused. */
const HELD_BYTES_MAX = 64 * 1024

/** Where a request goes: an origin and the credential it wants. */
export interface Upstream {
  readonly origin: string
  readonly key: string | null
}

/**
 * Told of what went wrong between the gateway and an upstream, or in the gateway itself. The error's members name the
 * upstream, the method and the underlying error's code; no secret is in it.
 */
export type GatewayLog = (error: ProblemError, message: string) => void

/** What all requests of one gateway share. */
export interface ForwardContext {
  readonly pools: UpstreamPools
  readonly log: GatewayLog
  readonly reviews: Reviews
  /** What now stands against a request that was admitted, and its record; null where nothing does. */
  readonly objection: (verified: VerifyRequest) => Objection | null
  /** True once the gateway is closing: every response is then the last of its connection. */
  readonly isClosing: boolean
}

/** The answer to a request that is not admitted any more. */
export interface Objection {
  readonly answer: Answer
  readonly recording: Recording
}

/** Where an allowed request goes, and how to answer if that fails. */
export interface Passage {
  readonly upstream: Upstream
  readonly errors: ErrorShape
  /** What was judged, so that it can be judged again. */
  readonly verified: VerifyRequest
  /** The record of the call: its answer waits until that has settled. */
  readonly recording: Recording
}

/** Gives a caller the gateway's own answer and reads away the rest of the request. */
export function sendAnswer(
  request: GatewayRequest,
  response: GatewayResponse,
  answer: Answer,
  context: ForwardContext,
): void {
  if (context.isClosing) response.shouldKeepAlive = false
  response.writeHead(answer.status, [...answer.headers])
  drain(request)
  response.end(answer.body)
}

/**
 * Sends an allowed request to its upstream and the answer back, both as streams. Request trailers and the upstream's
 * interim answers (103 and the like) are dropped. A request is sent once: whether a failed one may be repeated is for
 * the caller to say.
 */
export function forward(
  request: GatewayRequest,
  response: GatewayResponse,
  passage: Passage,
  context: ForwardContext,
): void {
  new Exchange(request, response, passage, context).start(null)
}

/**
 * One request and its answer, as the HTTP client's handler. It is no chain of closures and streams between the two
 * sides because every request pays for what stands here.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  protected readonly request: GatewayRequest
  protected readonly response: GatewayResponse
  protected readonly passage: Passage
  protected readonly context: ForwardContext
  /** True once nothing more is to be done: the answer is complete, or the caller has gone. */
  protected isOver = false
  #abort: ((error?: Error) => void) | null = null
  #resume: (() => void) | null = null
  /** What must not stand in the answer's body, null where it is not looked for. */
  #secret: string | null = null
  #redactor: KeyRedactor | null = null
  /** The length of the answer's body, null where its end will show. */
  #length: number | null = null
  /** What the upstream said while the record of the call was not durable yet, null where nothing has to wait. */
  #held: (() => void)[] | null = null
  #heldBytes = 0

  constructor(request: GatewayRequest, response: GatewayResponse, passage: Passage, context: ForwardContext) {
    this.request = request
    this.response = response
    this.passage = passage
    this.context = context
    response.exchange = this
    response.on('close', onResponseClose)
  }

  /** Hands the request to the upstream's pool, at once or when its small body has come. */
  start(upgrade: 'websocket' | null): void {
    const { request } = this
    const length = bodyLength(request)
    if (length === 0) this.#dispatch(null, upgrade)
    else if (length < 0 || length > WHOLE_BODY_BYTES_MAX) this.#dispatch(this.#reviewedBody(), null)
    else new WholeBody(request, length, (body) => this.#dispatchIfStillAdmitted(body))
  }

  /** The decision came with the head. A caller who held the last bytes back may have lost the key since. */
  #dispatchIfStillAdmitted(body: Buffer): void {
    const objection = this.context.objection(this.passage.verified)
    if (objection === null) {
      this.#dispatch(body, null)
      return
    }
    this.isOver = true
    const { answer, recording } = objection
    afterRecording(recording, () => sendAnswer(this.request, this.response, answer, this.context))
  }

  /** A body that takes its time is judged again while it comes; losing the key breaks it off on both sides. */
  #reviewedBody(): StreamedBody {
    const { request, context, passage } = this
    const body = new StreamedBody(request)
    const reviewed: Reviewed = {
      isStillAdmitted: () => context.objection(passage.verified) === null,
      end: () => {
        context.reviews.delete(reviewed)
        request.socket.destroy()
      },
    }
    context.reviews.add(reviewed)
    body.once('close', () => context.reviews.delete(reviewed))
    return body
  }

  /** Sends the same bytes of path and query that were matched. */
  #dispatch(body: Buffer | Readable | null, upgrade: 'websocket' | null): void {
    if (this.isOver) return
    const { request } = this
    const { origin, key } = this.passage.upstream
    const headers = requestHeaders(request.rawHeaders, key)
    try {
      const pool = this.context.pools.get(origin)
      pool.dispatch({ path: request.url ?? '', method: request.method ?? '', headers, body, upgrade }, this)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** The caller's connection or the response ended: stops the upstream unless the answer is complete. */
  responseEnded(): void {
    if (this.isOver) return
    this.isOver = true
    this.#abort?.()
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort
    if (this.isOver) abort()
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void, reason: string): boolean {
    if (status < 200) return true
    const { recording } = this.passage
    if (recording.isSettled) {
      this.#answer(status, rawHeaders, resume, reason)
      return true
    }
    // The record became durable while the upstream worked on the call; only now, if at all, is there a wait. What
    // comes meanwhile is held here: the HTTP client bears no pause between a head and its body.
    this.#held = [() => this.#answer(status, rawHeaders, resume, reason)]
    recording.whenSettled(() => this.#release(resume))
    return true
  }

  #release(resume: () => void): void {
    const held = this.#held ?? []
    this.#held = null
    if (this.isOver) return
    for (const act of held) act()
    // A pause may have been asked for while the parts were held.
    resume()
  }

  #answer(status: number, rawHeaders: Buffer[], resume: () => void, reason: string): void {
    const { request, response } = this
    const { key } = this.passage.upstream
    const isBodyless = status === 204 || status === 304 || request.method === 'HEAD'
    const { headers, length, isEncoded } = responseHead(
      rawHeaders,
      key,
      !isBodyless && request.httpVersionMinor > 0,
    )
    if (this.context.isClosing) response.shouldKeepAlive = false
    response.writeHead(status, reasonPhrase(status, reason, key), headers)
    if (isBodyless) {
      // What may still go wrong behind such a head is no part of the answer.
      this.isOver = true
      response.end()
      return
    }
    // Node keeps the head until the body begins, which for a stream of events may be long after. Writing nothing sends
    // it at the end of this tick; flushHeaders would send it too, but re-encodes bytes.
    if (length === null) response.write(NOTHING)
    this.#length = length
    this.#resume = resume
    this.#secret = isEncoded ? null : key
  }

  onData(chunk: Buffer): boolean {
    if (this.isOver) return true
    if (this.#held === null) return this.#pass(chunk)
    this.#held.push(() => this.#pass(chunk))
    this.#heldBytes += chunk.length
    return this.#heldBytes < HELD_BYTES_MAX
  }

  #pass(chunk: Buffer): boolean {
    const secret = this.#secret
    if (chunk.length === this.#length) {
      // The whole body in one part, as most are: it goes with its head in one write.
      this.isOver = true
      this.response.end(secret === null ? chunk : maskKey(chunk, secret))
      return true
    }
    const body = secret === null ? chunk : (this.#redactor ??= new KeyRedactor(secret)).push(chunk)
    if (body.length === 0 || this.response.write(body)) return true
    if (this.#resume !== null) this.response.once('drain', this.#resume)
    return false
  }

  onComplete(rawTrailers: (Buffer | string)[] | null): void {
    if (this.isOver) return
    if (this.#held === null) this.#complete(rawTrailers)
    else this.#held.push(() => this.#complete(rawTrailers))
  }

  #complete(rawTrailers: (Buffer | string)[] | null): void {
    if (this.isOver) return
    const { response } = this
    const rest = this.#redactor?.finish()
    if (rest !== undefined && rest.length > 0) response.write(rest)
    if (rawTrailers !== null && rawTrailers.length > 0 && response.chunkedEncoding) {
      response.addTrailers(responseTrailers(rawTrailers, this.passage.upstream.key))
    }
    this.isOver = true
    response.end()
  }

  onError(error: unknown): void {
    if (this.#held === null) this.#fail(error)
    // Nothing of the answer went out yet, so it can still be a whole one.
    else this.#held = [() => this.#fail(error)]
  }

  #fail(error: unknown): void {
    if (this.isOver) return
    this.isOver = true
    const { request, response } = this
    request.sink?.close()
    const problem = problemOf(error, this.passage.upstream.origin, request.method ?? '')
    if (response.headersSent) {
      this.context.log(problem, 'an upstream broke off in the middle of its answer')
      breakOff(request)
      return
    }
    this.context.log(problem, 'an upstream did not answer')
    // The members are for the log: callers are not told where the upstream is.
    const answer = problemAnswer(new ProblemError(problem.code, problem.message), this.passage.errors)
    afterRecording(this.passage.recording, () => sendAnswer(request, response, answer, this.context))
  }
}

function onResponseClose(this: GatewayResponse): void {
  this.exchange?.responseEnded()
}

/** Ends a connection in the middle of an answer, so that what was sent cannot pass for the whole of it. */
function breakOff({ socket, httpVersionMinor }: GatewayRequest): void {
  // An HTTP/1.0 answer may end with its connection, so only a reset says that it did not end.
  if (httpVersionMinor === 0) socket.resetAndDestroy()
  else socket.destroy()
}

function reasonPhrase(status: number, reason: string, key: string | null): string {
  if (reason === STATUS_CODES[status]) return reason
  if (/^[\t\x20-\x7e]*$/.test(reason) && !tellsKey(reason, key)) return reason
  return STATUS_CODES[status] ?? ''
}

/** The code of an error, or its name: its message may quote what was sent. */
export function errorName(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}

/** Where an error came from, without its message. */
export function errorFrames(error: unknown): string[] {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  return stack.split('\n').filter((line) => line.startsWith('    at '))
}

const TIMEOUTS: ReadonlySet<string> = new Set([
  'ETIMEDOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
])

/** The cause goes along as its code alone: an error of the HTTP client may hold what an upstream sent. */
function problemOf(error: unknown, upstream: string, method: string): ProblemError {
  const cause = errorName(error)
  const members = { upstream, method, cause }
  return TIMEOUTS.has(cause)
    ? new ProblemError('upstream_timeout', 'The API behind this gateway did not answer in time.', { members })
    : new ProblemError('upstream_failed', 'The API behind this gateway could not be reached.', { members })
}
