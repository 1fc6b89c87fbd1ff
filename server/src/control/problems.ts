import { problemDocument, ProblemError, refusalOf, type Denied, type ProblemCode } from '@bitting/core'
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

/** The answer to a problem: `application/problem+json` (RFC 9457), never kept by a cache. */
export function problemResponse(c: Context, problem: ProblemError): Response {
  const headers: Record<string, string> = {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
  }
  if (problem.code === 'invalid_token') headers['WWW-Authenticate'] = 'Bearer error="invalid_token"'
  // RFC 9110 Section 11.6.1 asks for a challenge; a browser has no scheme of its own for a cookie.
  else if (problem.status === 401) headers['WWW-Authenticate'] = 'Cookie realm="bitting"'
  const wait = problem.members['retry_after']
  if (typeof wait === 'number') headers['Retry-After'] = String(wait)
  if (problem.status === 503) headers['Retry-After'] = '1'
  return c.body(JSON.stringify(problemDocument(problem)), problem.status as ContentfulStatusCode, headers)
}

/** The answer to a refused credential: one and the same for every kind of guess. */
export function refusalResponse(c: Context, denied: Denied): Response {
  const refusal = refusalOf(denied)
  const code: ProblemCode =
    refusal.status === 401
      ? 'invalid_token'
      : refusal.code === 'address_not_allowed'
        ? 'address_not_allowed'
        : 'insufficient_scope'
  const members = {
    ...(refusal.code !== code && { reason: refusal.code }),
    ...(refusal.required !== null && { required: refusal.required, granted: refusal.granted }),
  }
  const response = problemResponse(c, new ProblemError(code, refusal.message, { members }))
  response.headers.set('WWW-Authenticate', refusal.challenge)
  return response
}
