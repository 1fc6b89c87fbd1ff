import {
  problemDocument,
  ProblemError,
  PROBLEMS,
  type ErrorShape,
  type ProblemCode,
  type Refusal,
} from '@bitting/core'

/** An answer that the gateway gives itself, complete but for Date and Connection. */
export interface Answer {
  readonly status: number
  /** Names and values in turn. */
  readonly headers: readonly string[]
  readonly body: Buffer
}

/**
 * The answer to a request whose key does not let it through. `x-should-retry: false` is what keeps the API's own
 * clients from trying again, and it must not be stored, because the same request may be allowed a moment later.
 *
 * @param requestId what the audit log knows the refusal by, for whoever has proved to hold a key
 */
export function refusalAnswer(refusal: Refusal, shape: ErrorShape, requestId: string | null = null): Answer {
  const { status, code, message, required, granted, challenge } = refusal
  const members = { ...(required !== null && { required }), ...(granted !== null && { granted }) }
  const document =
    shape === 'retell'
      ? { status: 'error', message, code, ...members }
      : problemDocument(
          new ProblemError(problemCodeOf(refusal), message, { members: { reason: code, ...members } }),
        )
  return jsonAnswer(status, contentTypeOf(shape), document, [
    'WWW-Authenticate',
    challenge,
    'x-should-retry',
    'false',
    ...(requestId === null ? [] : ['Bitting-Request-Id', requestId]),
  ])
}

/** The answer to a request that failed for another reason than its key. */
export function problemAnswer(
  problem: ProblemError,
  shape: ErrorShape,
  status: number = problem.status,
): Answer {
  const document =
    shape === 'retell'
      ? { status: 'error', message: problem.message, code: problem.code }
      : { ...problemDocument(problem), status }
  const retry = problem.status === 503 ? ['Retry-After', '1'] : []
  return jsonAnswer(status, contentTypeOf(shape), document, retry)
}

/** An answer with a JSON body that no cache keeps. */
export function jsonAnswer(
  status: number,
  contentType: string,
  document: unknown,
  headers: readonly string[] = [],
): Answer {
  const body = Buffer.from(JSON.stringify(document))
  const length = String(body.length)
  const common = ['Content-Type', contentType, 'Content-Length', length, 'Cache-Control', 'no-store']
  return { status, headers: [...common, ...headers], body }
}

function contentTypeOf(shape: ErrorShape): string {
  return shape === 'retell' ? 'application/json' : 'application/problem+json'
}

/** The registered problem nearest to a refusal; the refusal's own code stands beside it as the reason. */
function problemCodeOf({ status, code }: Refusal): ProblemCode {
  if (Object.hasOwn(PROBLEMS, code)) return code as ProblemCode
  return status === 401 ? 'invalid_token' : 'insufficient_scope'
}
