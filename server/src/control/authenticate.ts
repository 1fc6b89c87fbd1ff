import { randomUUID } from 'node:crypto'
import { parseBearer, parseRequestTarget, ProblemError } from '@bitting/core'
import type { Context, MiddlewareHandler } from 'hono'
import { recordDenial } from '../services/mutate.js'
import type { KeyActor } from '../audit/actor.js'
import { sessionToken } from './cookies.js'
import type { ControlEnvironment, ControlOptions } from './environment.js'
import { authenticateMember } from './member-session.js'
import { originOfRequest } from './origin.js'
import { refusalResponse } from './problems.js'

/**
 * Lets a request through to an operation when its key, or the member whose session it has, may do that operation. A key
 * goes before a session: a program that sends one means it. The same engine decides as at the gateway, on the raw path; and what it matched must be the operation that was routed to, so that no difference
 * between the two routers can open anything.
 */
export function authenticate(
  options: ControlOptions,
  operationId: string,
): MiddlewareHandler<ControlEnvironment> {
  return async (c, next) => {
    const requestId = randomUUID()
    c.set('requestId', requestId)
    const path = rawPath(c)
    const origin = originOfRequest(c, options, requestId)
    const authorization = authorizationOf(c)
    if (authorization === undefined && sessionToken(c, options) !== null) {
      c.set('actor', await authenticateMember(c, options, operationId, path, requestId))
      await next()
      return undefined
    }
    const credential = parseBearer(authorization)
    const token = credential.kind === 'token' ? credential.token : credential.kind === 'malformed' ? '' : null
    const request = { token, address: origin.address, method: c.req.method, path }
    const decision = options.gatekeeper.decide(request, 'management')
    const { principal } = decision
    if (principal === null)
      return refusalResponse(c, { ...decision, outcome: 'denied', reason: 'credential_unknown' })
    // For whoever holds a key: the audit log tells of the request by this id, also of one that is refused.
    c.header('Request-Id', requestId)
    const actor: KeyActor = {
      type: 'key',
      id: principal.keyId,
      workspaceId: principal.workspace.id,
      principal,
      origin,
    }
    if (decision.outcome === 'denied') {
      await recordDenial(options, { actor, operation: operationId }, decision.reason)
      return refusalResponse(c, decision)
    }
    if (decision.operation?.name !== operationId) {
      throw new ProblemError(
        'not_found',
        'There is nothing at this path. Paths have one spelling; see /openapi.json.',
      )
    }
    c.set('actor', actor)
    await next()
    return undefined
  }
}

/** The path as it came over the wire. Outside a socket (in-process calls) the URL stands for it. */
function rawPath(c: Context<ControlEnvironment>): string {
  const incoming = c.env.incoming as { url?: string } | undefined
  const url = new URL(c.req.url)
  const target = parseRequestTarget(incoming?.url ?? `${url.pathname}${url.search}`)
  if (target.ok) return target.path
  throw new ProblemError('invalid_target', target.message, { members: { flaw: target.flaw } })
}

function authorizationOf(c: Context<ControlEnvironment>): string | undefined {
  const raw = c.env.incoming?.rawHeaders ?? []
  const names = raw.filter((_, index) => index % 2 === 0)
  if (names.filter((name) => name.toLowerCase() === 'authorization').length > 1) {
    throw new ProblemError('invalid_request', 'The request has more than one Authorization header. Send one.')
  }
  return c.req.header('authorization')
}
