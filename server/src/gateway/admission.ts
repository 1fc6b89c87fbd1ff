import { randomUUID } from 'node:crypto'
import {
  authorise,
  parseBearer,
  parseRequestTarget,
  Principal,
  ProblemError,
  refusalOf,
  type Decision,
  type Denied,
  type ErrorShape,
  type VerifyRequest,
} from '@bitting/core'
import type { Gatekeeper } from '../feed/gatekeeper.js'
import type { Workspace } from '../feed/workspace.js'
import { jsonAnswer, problemAnswer, refusalAnswer, type Answer } from './answers.js'
import type { Objection, Passage, Upstream } from './forward.js'
import type { GatewayRequest } from './messages.js'
import { UNRECORDED, type CallRecorder, type Recording } from './recorder.js'

/** What becomes of a request: it goes to its upstream, or the gateway answers it. */
export type Admission =
  | { readonly outcome: 'admitted'; readonly passage: Passage }
  | { readonly outcome: 'answered'; readonly answer: Answer; readonly recording: Recording }
  | { readonly outcome: 'relayed'; readonly relayId: string }

/** What the gateway answers for by itself. */
const HEALTH_PATH = '/health'

const UNKNOWN: Denied<Workspace> = {
  outcome: 'denied',
  reason: 'credential_unknown',
  principal: null,
  operation: null,
}

/** Under this path upstreams send their own webhooks. */
export const RELAY_PATH = '/bitting/webhooks/'

/** Judges every request before anything of it is sent anywhere. */
export class AdmissionControl {
  readonly #gatekeeper: Gatekeeper
  readonly #defaultUpstream: Upstream
  readonly #errors: ErrorShape
  readonly #recorder: CallRecorder | null
  readonly #unknown: Answer

  /** @param errors how answers are written where no key says which catalog's form applies */
  constructor(
    gatekeeper: Gatekeeper,
    defaultUpstream: Upstream,
    errors: ErrorShape,
    recorder: CallRecorder | null,
  ) {
    this.#recorder = recorder
    this.#gatekeeper = gatekeeper
    this.#defaultUpstream = defaultUpstream
    this.#errors = errors
    this.#unknown = refusalAnswer(refusalOf(UNKNOWN), errors)
  }

  /** Judges one request that came from an address. */
  admit(request: GatewayRequest, address: string | null): Admission {
    try {
      const method = request.method ?? ''
      const path = readTarget(request)
      if (path.startsWith(RELAY_PATH)) return relayed(method, path.slice(RELAY_PATH.length))
      const credential = parseBearer(request.headers.authorization)
      const token = credential.kind === 'token' ? credential.token : null
      const verified = { token, address, method, path }
      const userAgent = request.headers['user-agent'] ?? null
      if (path === HEALTH_PATH && (method === 'GET' || method === 'HEAD')) {
        return this.#health(verified, userAgent)
      }
      return this.#decide(verified, userAgent)
    } catch (error) {
      if (error instanceof ProblemError) return answered(problemAnswer(error, this.#errors))
      throw error
    }
  }

  /**
   * What now stands against a request that was admitted, null where nothing does. It is not counted as another use of
   * the key.
   */
  objection(verified: VerifyRequest): Objection | null {
    try {
      const identity = this.#gatekeeper.identify(verified.token, verified.address)
      if (!(identity instanceof Principal)) return this.#refuse(identity, verified, null)
      const operation = identity.catalog.matcher.match(verified.method, verified.path)
      const decision = authorise(identity, operation)
      return decision.outcome === 'allowed' ? null : this.#refuse(decision, verified, null)
    } catch (error) {
      if (error instanceof ProblemError) return answered(problemAnswer(error, this.#errors))
      throw error
    }
  }

  #decide(verified: VerifyRequest, userAgent: string | null): Admission {
    const decision = this.#gatekeeper.decide(verified)
    if (decision.outcome === 'denied') return this.#refuse(decision, verified, userAgent)
    const recording = this.#record(decision, verified, userAgent, null)
    const { workspace } = decision.principal
    const upstream = upstreamOf(workspace.upstream, this.#defaultUpstream)
    const errors = shapeOf(decision.principal)
    return { outcome: 'admitted', passage: { upstream, errors, verified, recording } }
  }

  /** Answers for the key presented, so that whoever holds it can see whether it is live. */
  #health(verified: VerifyRequest, userAgent: string | null): Admission {
    const identity = this.#gatekeeper.identify(verified.token, verified.address)
    if (!(identity instanceof Principal)) return this.#refuse(identity, verified, userAgent)
    const document = { status: 'ok', key_id: identity.keyId, workspace: identity.workspace.id }
    return answered(jsonAnswer(200, 'application/json', document))
  }

  /** Whoever has not proved to hold a key gets one and the same answer, whatever was wrong. */
  #refuse(denied: Denied<Workspace>, verified: VerifyRequest, userAgent: string | null): Refused {
    if (denied.principal === null) return answered(this.#unknown)
    const requestId = randomUUID()
    const answer = refusalAnswer(refusalOf(denied), shapeOf(denied.principal), requestId)
    return { outcome: 'answered', answer, recording: this.#record(denied, verified, userAgent, requestId) }
  }

  #record(
    decision: Decision<Workspace>,
    { method, path, address }: VerifyRequest,
    userAgent: string | null,
    requestId: string | null,
  ): Recording {
    if (this.#recorder === null) return UNRECORDED
    return this.#recorder.record(decision, { method, path, address, userAgent, requestId, via: 'gateway' })
  }
}

type Refused = Extract<Admission, { outcome: 'answered' }>

function relayed(method: string, relayId: string): Admission {
  if (method === 'POST') return { outcome: 'relayed', relayId }
  throw new ProblemError('method_not_allowed', 'Webhooks are sent here with POST.')
}

function answered(answer: Answer): Refused {
  return { outcome: 'answered', answer, recording: UNRECORDED }
}

/**
 * Where a workspace's calls go. The installation's key is for the installation's upstream alone: a workspace that
 * names another origin and no key sends none, or it could have that key delivered to itself.
 */
function upstreamOf(own: Workspace['upstream'], installation: Upstream): Upstream {
  if (own === null) return installation
  const origin = own.origin ?? installation.origin
  return { origin, key: own.key ?? (origin === installation.origin ? installation.key : null) }
}

function shapeOf(principal: Principal<Workspace>): ErrorShape {
  return principal.workspace.catalogs[principal.kind].catalog.errors
}

/**
 * The path of a request that has but one reading.
 *
 * @throws {ProblemError} invalid_request, invalid_target or method_not_allowed
 */
function readTarget(request: GatewayRequest): string {
  const flaw = messageFlaw(request)
  if (flaw !== null) throw new ProblemError('invalid_request', flaw)
  // TRACE has an upstream repeat its own credential.
  if (request.method === 'TRACE') throw new ProblemError('method_not_allowed', 'TRACE is not passed on.')
  const target = parseRequestTarget(request.url ?? '')
  if (!target.ok) throw new ProblemError('invalid_target', target.message)
  return target.path
}

/** What two servers might read differently in a message's head, null where there is nothing of that kind. */
function messageFlaw({ rawHeaders, httpVersionMajor, httpVersionMinor }: GatewayRequest): string | null {
  // Node's parser also takes what calls itself HTTP/0.9 or HTTP/2.0.
  if (httpVersionMajor !== 1) return 'The request is not HTTP/1.1.'
  let authorizations = 0
  let hosts = 0
  let lengths = 0
  let encodings = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    // Few names have one of these lengths, so few need a closer look.
    if (name.length === 13 && name.toLowerCase() === 'authorization') authorizations++
    else if (name.length === 4 && name.toLowerCase() === 'host') hosts++
    else if (name.length === 14 && name.toLowerCase() === 'content-length') lengths++
    else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') {
      encodings++
      if (rawHeaders[index + 1]?.trim().toLowerCase() !== 'chunked')
        return 'The only transfer coding accepted is chunked.'
    }
  }
  if (authorizations > 1) return 'The request has more than one Authorization header; send one.'
  if (hosts > 1) return 'The request has more than one Host header; send one.'
  if (hosts === 0 && httpVersionMinor > 0) return 'The request has no Host header; send one.'
  if (lengths + encodings > 1) return 'The length of the body is given more than once.'
  return encodings > 0 && httpVersionMinor === 0 ? 'An HTTP/1.0 request cannot have a transfer coding.' : null
}
