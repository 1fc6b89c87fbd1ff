import { accessAllows, OperationMatcher, ProblemError, type Operation } from '@bitting/core'
import type { Context } from 'hono'
import type { MemberActor } from '../audit/actor.js'
import { recordDenial } from '../services/mutate.js'
import { findSession, needsSecondFactor, type LiveSession } from '../services/people/sessions.js'
import { sessionToken } from './cookies.js'
import type { ControlEnvironment, ControlOptions } from './environment.js'
import { originOfRequest } from './origin.js'
import { requireSameOrigin } from './same-origin.js'

/**
 * The session of a request.
 *
 * @throws {ProblemError} session_ended, cross_origin
 */
export async function requireSession(
  c: Context<ControlEnvironment>,
  options: ControlOptions,
  requestId: string,
): Promise<LiveSession> {
  const token = sessionToken(c, options)
  const origin = originOfRequest(c, options, requestId)
  const live = token === null ? null : await findSession(options.people, token, origin)
  if (live === null) {
    throw new ProblemError('session_ended', 'Nobody is signed in here, or the session has ended. Sign in.')
  }
  requireSameOrigin(c, options)
  return live
}

/**
 * The member of a request with a session, where their role may do the operation. The path is matched by the engine that
 * guards the gateway, as it is for keys.
 *
 * @throws {ProblemError} session_ended, cross_origin, second_factor_required, insufficient_scope, not_found
 */
export async function authenticateMember(
  c: Context<ControlEnvironment>,
  options: ControlOptions,
  operationId: string,
  path: string,
  requestId: string,
): Promise<MemberActor> {
  const live = await requireSession(c, options, requestId)
  c.header('Request-Id', requestId)
  if (needsSecondFactor(live)) {
    throw new ProblemError(
      'second_factor_required',
      'This workspace asks for a second factor. Add a code generator or a passkey under your account first.',
    )
  }
  const { actor } = live
  const operation = matcherOf(options).match(c.req.method, path)
  if (!accessAllows(actor.access, operation)) {
    await recordDenial(options, { actor, operation: operationId }, 'insufficient_scope')
    throw lacking(actor, operation)
  }
  if (operation?.name !== operationId) {
    throw new ProblemError(
      'not_found',
      'There is nothing at this path. Paths have one spelling; see /openapi.json.',
    )
  }
  return actor
}

const matchers = new WeakMap<ControlOptions, OperationMatcher>()

function matcherOf(options: ControlOptions): OperationMatcher {
  const made = matchers.get(options)
  if (made !== undefined) return made
  const matcher = new OperationMatcher(options.context.catalogs.management.operations)
  matchers.set(options, matcher)
  return matcher
}

function lacking({ role }: MemberActor, operation: Operation | null): ProblemError {
  const requirement = operation?.requirement
  const required = requirement?.kind === 'level' ? `${requirement.permission}:${requirement.level}` : null
  return new ProblemError(
    'insufficient_scope',
    `Your role here, ${role}, does not include this. An owner or admin can change it under Settings > Members.`,
    { members: { role, ...(required !== null && { required }) } },
  )
}
