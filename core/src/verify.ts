import type { Operation } from './catalog.js'
import type { TableWorkspace } from './active-catalog.js'
import type { Allowed, Decision, Denied } from './decision.js'
import type { DenialReason } from './denial.js'
import type { KeyTable } from './key-table.js'
import { Principal } from './principal.js'
import { parseToken, SECRET_ID_LENGTH, secretIdStart } from './token.js'

/**
 * SHA-256 of a token's UTF-8 bytes, as 32 characters of one byte each (`latin1`). Passed in, because the runtimes
 * differ in their fastest way to it.
 */
export type DigestFunction = (token: string) => string

/** One request as verification sees it. */
export interface VerifyRequest {
  /** The bearer token presented, null where there was none. */
  readonly token: string | null
  /** The caller's address as text, null where it is unknown. */
  readonly address: string | null
  readonly method: string
  /** The raw path that `parseRequestTarget` accepted. */
  readonly path: string
}

/**
 * Decides whether a token may make a request. Reads the table alone: it never writes and never waits.
 *
 * @param nowSeconds whole seconds since 1970 UTC
 */
export function verify<W extends TableWorkspace>(
  table: KeyTable<W>,
  digest: DigestFunction,
  request: VerifyRequest,
  nowSeconds: number,
): Decision<W> {
  const principal = authenticate(table, digest, request.token, request.address, nowSeconds)
  if (!(principal instanceof Principal)) return principal
  return authorise(principal, principal.catalog.matcher.match(request.method, request.path))
}

/**
 * Decides who presents a token, before it is known what for. The digest is computed whether or not the id exists, and
 * why the key is refused is told only after the digest matched.
 */
export function authenticate<W extends TableWorkspace>(
  table: KeyTable<W>,
  digest: DigestFunction,
  token: string | null,
  address: string | null,
  nowSeconds: number,
): Principal<W> | Denied<W> {
  if (token === null) return denied('credential_missing', null)
  const start = secretIdStart(token)
  if (start < 0) return denied('credential_malformed', null)
  const record = table.match(token, start, digest(token))
  if (record < 0) return denied(guessReason(table, token, start), null)
  const principal = table.principal(record)
  const refusal = table.refusal(record, address, nowSeconds)
  return refusal === null ? principal : denied(refusal, principal)
}

/** What was wrong with a token that is nobody's: for the audit log alone, since to the caller all guesses look alike. */
function guessReason(table: KeyTable, token: string, start: number): DenialReason {
  if (parseToken(token) === null) return 'credential_malformed'
  return table.has(token.slice(start, start + SECRET_ID_LENGTH)) ? 'credential_wrong' : 'credential_unknown'
}

/**
 * Decides whether a key may do an operation. What no catalog maps is for full keys alone; a restricted key's list is
 * the whole decision.
 */
export function authorise<W extends TableWorkspace>(
  principal: Principal<W>,
  operation: Operation | null,
): Decision<W> {
  if (principal.full) return allowed(principal, operation)
  if (operation === null) return denied('operation_unmapped', principal)
  if (principal.rankAt(operation.permissionIndex) >= operation.rank) return allowed(principal, operation)
  const reason = operation.requirement.kind === 'level' ? 'insufficient_scope' : 'operation_unmapped'
  return denied(reason, principal, operation)
}

function allowed<W extends TableWorkspace>(principal: Principal<W>, operation: Operation | null): Allowed<W> {
  return { outcome: 'allowed', principal, operation }
}

function denied<W extends TableWorkspace>(
  reason: DenialReason,
  principal: Principal<W> | null,
  operation: Operation | null = null,
): Denied<W> {
  return { outcome: 'denied', reason, principal, operation }
}
