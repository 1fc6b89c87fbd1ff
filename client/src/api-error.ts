import type { FieldError } from '@bitting/core'

/** A problem document (RFC 9457) as it came: its code may be newer than this client. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: string
  readonly errors: readonly FieldError[]
  readonly [member: string]: unknown
}

/** The management API refused a request, or something else answered in its place (code `unexpected_answer`). */
export class ApiError extends Error {
  readonly problem: Problem
  /** The request's id in the server's log and audit log, null where the answer has none. */
  readonly requestId: string | null

  constructor(problem: Problem, requestId: string | null) {
    super(problem.detail)
    this.name = 'ApiError'
    this.problem = problem
    this.requestId = requestId
  }

  /** The HTTP status of the answer. */
  get status(): number {
    return this.problem.status
  }

  /** What programs should look at. */
  get code(): string {
    return this.problem.code
  }

  /** What went wrong and what to do, as sentences. */
  get detail(): string {
    return this.problem.detail
  }

  /** The flaws of the input, each with its field. */
  get errors(): readonly FieldError[] {
    return this.problem.errors
  }
}

/**
 * Reads the answer to a refused request. What is no problem document is not repeated, because nobody knows what a
 * stranger puts in it.
 */
export function readProblem(status: number, body: unknown): Problem {
  if (!isRecord(body)) return unexpectedAnswer(status, strangerDetail(status))
  const detail = body['detail'] ?? body['message']
  const code = body['code']
  if (typeof detail !== 'string' || typeof code !== 'string') {
    return unexpectedAnswer(status, strangerDetail(status))
  }
  return {
    ...body,
    type: textOr(body['type'], 'about:blank'),
    title: textOr(body['title'], code),
    status,
    detail,
    code,
    errors: Array.isArray(body['errors']) ? body['errors'].filter(isFieldError) : [],
  }
}

/** The problem of an answer that the management API does not give. */
export function unexpectedAnswer(status: number, detail: string): Problem {
  return {
    type: 'about:blank',
    title: 'Unexpected answer',
    status,
    detail,
    code: 'unexpected_answer',
    errors: [],
  }
}

function strangerDetail(status: number): string {
  return `The server answered ${String(status)}, and not as the management API does. Check the URL.`
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isFieldError(value: unknown): value is FieldError {
  return isRecord(value) && typeof value['field'] === 'string' && typeof value['message'] === 'string'
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === 'string' ? value : fallback
}
