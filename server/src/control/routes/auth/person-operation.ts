import { randomUUID } from 'node:crypto'
import { createRoute, z, type RouteConfig } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import type { ControlEnvironment, ControlOptions } from '../../environment.js'
import { requireSession } from '../../member-session.js'
import { requireSameOrigin } from '../../same-origin.js'
import { problemSchema } from '../../schemas.js'

/** What differs between the operations that people call for themselves. */
interface PersonOperationConfig<Q, S, N> {
  readonly operationId: string
  readonly summary: string
  /** Whether somebody must be signed in. */
  readonly session: boolean
  readonly request?: Q
  /** The status of success, 200 unless it is told. */
  readonly status?: N
  readonly result: S
}

interface NoRequest {
  readonly params?: never
}

type Answers<S, N extends number> = Record<
  N,
  { readonly description: string; readonly content: { readonly 'application/json': { readonly schema: S } } }
>

const PROBLEMS = [400, 401, 403, 404, 409, 429] as const

/**
 * A route about people themselves: signing in, and their own account. No management key opens it, so no catalog maps it;
 * with a session, the cookie is believed from our own pages alone.
 */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- the type carries the route's schemas
export function personOperation<
  M extends RouteConfig['method'],
  P extends string,
  S extends z.ZodType,
  Q extends NonNullable<RouteConfig['request']> = NoRequest,
  N extends 200 | 201 = 200,
>(options: ControlOptions, method: M, path: P, config: PersonOperationConfig<Q, S, N>) {
  const success = { description: 'Done', content: { 'application/json': { schema: config.result } } }
  const problem = {
    description: 'It was refused; `code` says why',
    content: { 'application/problem+json': { schema: problemSchema } },
  }
  const responses = {
    [config.status ?? 200]: success,
    ...Object.fromEntries(PROBLEMS.map((status) => [status, problem])),
  } as Answers<S, N>
  return createRoute({
    method,
    path,
    operationId: config.operationId,
    summary: config.summary,
    tags: ['people'],
    security: config.session ? [{ session: [] }] : [],
    middleware: [config.session ? withSession(options) : fromOurPages(options)] as const,
    request: (config.request ?? {}) as Q,
    responses,
  })
}

function withSession(options: ControlOptions): MiddlewareHandler<ControlEnvironment> {
  return async (c, next) => {
    const requestId = randomUUID()
    c.set('requestId', requestId)
    c.set('session', await requireSession(c, options, requestId))
    c.header('Cache-Control', 'no-store')
    await next()
  }
}

/** Another site could sign a browser in to an account of its own, and read what is then done there. */
function fromOurPages(options: ControlOptions): MiddlewareHandler<ControlEnvironment> {
  return async (c, next) => {
    c.set('requestId', randomUUID())
    requireSameOrigin(c, options)
    c.header('Cache-Control', 'no-store')
    await next()
  }
}

/** A JSON body of this form. */
export function jsonBody<S extends z.ZodType>(
  schema: S,
): { body: { content: { 'application/json': { schema: S } }; required: true } } {
  return { body: { content: { 'application/json': { schema } }, required: true } }
}

/** A body that says nothing. */
export const emptySchema = z.strictObject({}).openapi('Nothing')
