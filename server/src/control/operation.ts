import { createRoute, z, type RouteConfig } from '@hono/zod-openapi'
import { ProblemError } from '@bitting/core'
import type { Context } from 'hono'
import type { IdempotentRequest, Mutated } from '../services/mutate.js'
import { authenticate } from './authenticate.js'
import type { ControlEnvironment, ControlOptions } from './environment.js'
import { problemSchema } from './schemas.js'

const PROBLEM_TEXTS = {
  400: 'The request does not fit; `errors` names the fields',
  401: 'The credential is missing or not valid',
  403: 'The key lacks the permission, or asks for more than it has',
  404: 'There is no such thing in this workspace',
  409: 'The state does not allow it',
  412: 'It was changed since it was read',
  428: 'It needs a precondition or a confirmation',
} as const

type ProblemStatus = keyof typeof PROBLEM_TEXTS

const ALWAYS: readonly ProblemStatus[] = [400, 401, 403]

/** The parts of a route that differ between operations. */
interface OperationConfig<Q, S, N> {
  readonly operationId: string
  readonly summary: string
  readonly request?: Q
  /** The status of success, 200 unless it is told. */
  readonly status?: N
  readonly result: S
  readonly problems?: readonly ProblemStatus[]
}

interface NoRequest {
  readonly params?: never
}

type Answers<S, N extends number> = Record<
  N,
  { readonly description: string; readonly content: { readonly 'application/json': { readonly schema: S } } }
>

/** A route of the management API: guarded by its own operation, with its problems described. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- the type carries the route's schemas
export function operation<
  M extends RouteConfig['method'],
  P extends string,
  S extends z.ZodType,
  Q extends NonNullable<RouteConfig['request']> = NoRequest,
  N extends 200 | 201 | 202 = 200,
>(options: ControlOptions, method: M, path: P, config: OperationConfig<Q, S, N>) {
  const success = { description: 'Done', content: { 'application/json': { schema: config.result } } }
  const problems = [...ALWAYS, ...(config.problems ?? [])].map((status) => [
    status,
    {
      description: PROBLEM_TEXTS[status],
      content: { 'application/problem+json': { schema: problemSchema } },
    },
  ])
  const responses = { [config.status ?? 200]: success, ...Object.fromEntries(problems) } as Answers<S, N>
  return createRoute({
    method,
    path,
    operationId: config.operationId,
    summary: config.summary,
    security: [{ management_key: [] }, { session: [] }],
    middleware: [authenticate(options, config.operationId)] as const,
    request: (config.request ?? {}) as Q,
    responses,
  })
}

/** The parts of a route whose answer is no JSON. */
interface TextOperationConfig<Q> {
  readonly operationId: string
  readonly summary: string
  readonly request?: Q
  /** Default: `text/plain` alone. */
  readonly contentTypes?: readonly string[]
  readonly problems?: readonly ProblemStatus[]
}

/** The same for an operation whose answer is text or bytes. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- the type carries the route's schemas
export function textOperation<P extends string, Q extends NonNullable<RouteConfig['request']> = NoRequest>(
  options: ControlOptions,
  method: 'get',
  path: P,
  config: TextOperationConfig<Q>,
) {
  const { contentTypes = ['text/plain'] } = config
  const { responses, ...route } = operation(options, method, path, { ...config, result: z.string() })
  // Typed as text whatever the media type is: that is what the handlers answer with.
  const media = contentTypes.map((type) => [type, { schema: z.string() }])
  const content = Object.fromEntries(media) as { 'text/plain': { schema: z.ZodString } }
  return { ...route, responses: { ...responses, 200: { description: 'Done', content } } }
}

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/

/**
 * The idempotency key of a request and what the request asked, null where it has none.
 *
 * @throws {ProblemError} invalid_request where the header is not 1 to 255 visible ASCII characters
 */
export async function idempotencyOf(c: Context<ControlEnvironment>): Promise<IdempotentRequest | null> {
  const key = c.req.header('idempotency-key')
  if (key === undefined) return null
  if (!IDEMPOTENCY_KEY.test(key)) {
    throw new ProblemError('invalid_request', 'An Idempotency-Key is 1 to 255 visible ASCII characters.', {
      errors: [{ field: 'Idempotency-Key', message: 'is not of that form' }],
    })
  }
  return { key, request: `${c.req.method} ${c.req.path}\n${await c.req.text()}` }
}

/**
 * The version in an If-Match header (RFC 9110 Section 13.1.1); null for `*` and for no header.
 *
 * @throws {ProblemError} invalid_request where it is neither `*` nor one of our entity tags
 */
export function ifMatch(c: Context<ControlEnvironment>): number | null {
  const header = c.req.header('if-match')
  if (header === undefined || header === '*') return null
  const match = /^"(\d{1,15})"$/.exec(header)
  if (match?.[1] !== undefined) return Number(match[1])
  throw new ProblemError(
    'invalid_request',
    'If-Match takes the ETag of the last answer, "3" for example, or *.',
    {
      errors: [{ field: 'If-Match', message: 'is not an entity tag of ours' }],
    },
  )
}

/** Puts on the answer to a write what the caller can wait for and must know. */
export function describeMutation(c: Context<ControlEnvironment>, mutated: Mutated<object>): void {
  c.header('Bitting-Revision', String(mutated.revision))
  if ('version' in mutated.result) c.header('ETag', `"${String(mutated.result.version)}"`)
  if (mutated.replayed) c.header('Idempotency-Replayed', 'true')
  c.header('Cache-Control', 'no-store')
}
