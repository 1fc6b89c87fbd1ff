interface ProblemDefinition {
  readonly status: number
  readonly title: string
}

/**
 * Every problem that Bitting answers with (RFC 9457), by its code. The code is the last part of the problem's type
 * and is what programs should look at; titles may be reworded. `docs/problems.md` explains each.
 */
export const PROBLEMS = {
  invalid_request: { status: 400, title: 'The request is not well formed' },
  invalid_target: { status: 400, title: 'The request target is not acceptable' },
  invalid_body: { status: 400, title: 'The body does not fit the operation' },
  invalid_access: { status: 400, title: 'The access does not fit the catalog' },
  invalid_token: { status: 401, title: 'The credential is missing or not valid' },
  session_ended: { status: 401, title: 'Nobody is signed in' },
  sign_in_failed: { status: 401, title: 'The sign-in was not successful' },
  insufficient_scope: { status: 403, title: 'The key lacks a permission' },
  address_not_allowed: { status: 403, title: 'The key may not be used from this address' },
  cross_origin: { status: 403, title: 'The request came from another site' },
  step_up_required: { status: 403, title: 'This asks for a recent sign-in' },
  second_factor_required: { status: 403, title: 'The workspace asks for a second factor' },
  grant_exceeds_own: { status: 403, title: 'A key can grant at most what it has' },
  ceiling_exceeded: { status: 403, title: 'The access is above the ceiling of its environment' },
  not_found: { status: 404, title: 'There is no such thing here' },
  method_not_allowed: { status: 405, title: 'The method is not known at this path' },
  state_conflict: { status: 409, title: 'The state does not allow this' },
  idempotency_conflict: { status: 409, title: 'The idempotency key was used for another request' },
  ceiling_conflict: { status: 409, title: 'Keys exist above the new ceiling' },
  legal_hold: { status: 409, title: 'A legal hold keeps the audit log as it is' },
  webhook_key_in_use: { status: 409, title: 'The key signs the webhooks' },
  limit_reached: { status: 409, title: 'There are as many as there can be' },
  sign_in_first: { status: 409, title: 'The account exists and must be signed in' },
  already_set_up: { status: 409, title: 'The installation is set up already' },
  version_conflict: { status: 412, title: 'The resource was changed since it was read' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body is not JSON' },
  too_many_attempts: { status: 429, title: 'There were too many attempts' },
  confirmation_required: { status: 428, title: 'The request needs a precondition or a confirmation' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  upstream_failed: { status: 502, title: 'The upstream could not be reached' },
  too_busy: { status: 503, title: 'Too much comes at a time' },
  verifier_stale: { status: 503, title: 'The verifier cannot confirm that its keys are current' },
  upstream_timeout: { status: 504, title: 'The upstream did not answer in time' },
} as const satisfies Record<string, ProblemDefinition>

/** The closed set of problem codes. */
export type ProblemCode = keyof typeof PROBLEMS

/** One flaw of the input: where it is, as a path in the body or the name of a parameter, and what to do about it. */
export interface FieldError {
  readonly field: string
  readonly message: string
}

/** What a problem may carry besides its code and detail. */
export interface ProblemExtras {
  readonly errors?: readonly FieldError[]
  /** Further members of the problem document, in snake_case. */
  readonly members?: Readonly<Record<string, unknown>>
  /** For the log alone: never shown to the caller. */
  readonly cause?: unknown
}

/** An expected failure with its public text. Never put a secret in it: it is shown, logged and audited. */
export class ProblemError extends Error {
  readonly code: ProblemCode
  readonly errors: readonly FieldError[]
  readonly members: Readonly<Record<string, unknown>>

  /** @param detail what went wrong this time and what to do, as sentences */
  constructor(code: ProblemCode, detail: string, extras: ProblemExtras = {}) {
    super(detail, extras.cause === undefined ? undefined : { cause: extras.cause })
    this.name = 'ProblemError'
    this.code = code
    this.errors = extras.errors ?? []
    this.members = extras.members ?? {}
  }

  /** The HTTP status of the problem. */
  get status(): number {
    return PROBLEMS[this.code].status
  }
}

/** The body of a problem response, `application/problem+json`. */
export interface ProblemDocument {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: ProblemCode
  readonly errors?: readonly FieldError[]
  readonly [member: string]: unknown
}

/** The problem document of an error. The type is a relative reference to the page that explains the code. */
export function problemDocument(problem: ProblemError): ProblemDocument {
  const { status, title } = PROBLEMS[problem.code]
  return {
    ...problem.members,
    type: `/docs/problems#${problem.code}`,
    title,
    status,
    detail: problem.message,
    code: problem.code,
    ...(problem.errors.length > 0 && { errors: problem.errors }),
  }
}
