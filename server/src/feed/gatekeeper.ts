import { hash } from 'node:crypto'
import {
  authenticate,
  authorise,
  Principal,
  ProblemError,
  type Decision,
  type Denied,
  type KeyKind,
  type KeyTable,
  type Operation,
  type VerifyRequest,
} from '@bitting/core'
import type { UsageCounter } from './usage.js'
import type { Workspace } from './workspace.js'

/** SHA-256 of a token by the one-shot hash, as a string of bytes: asking for a Buffer would cost six times as much. */
export function digestOf(token: string): string {
  return hash('sha256', token, 'binary')
}

/** The present, in whole seconds since 1970 UTC. Passed in so that tests can turn it. */
export type ClockSeconds = () => number

/** What the gatekeeper asks of the feed: whether the table may still be believed. */
export interface Lease {
  readonly isCurrent: boolean
}

/**
 * The one that decides for a node: the key table, the clock and the feed's lease brought together. The gateway, the
 * management API and `/v1/verify` all ask it, so one key has one answer.
 */
export class Gatekeeper {
  readonly table: KeyTable<Workspace>
  readonly #lease: Lease
  readonly #now: ClockSeconds
  readonly #usage: UsageCounter

  constructor(table: KeyTable<Workspace>, lease: Lease, now: ClockSeconds, usage: UsageCounter) {
    this.table = table
    this.#lease = lease
    this.#now = now
    this.#usage = usage
  }

  /**
   * Says who presents a token, or why nobody is believed. A key of the other kind is nobody here, whatever its state.
   *
   * @throws {ProblemError} verifier_stale when the feed could not be confirmed within its lease
   */
  identify(
    token: string | null,
    address: string | null,
    kind: KeyKind = 'api',
  ): Principal<Workspace> | Denied<Workspace> {
    if (!this.#lease.isCurrent) {
      throw new ProblemError(
        'verifier_stale',
        'This node cannot confirm that its keys are current, so it lets nobody in. Try again shortly.',
      )
    }
    const identity = authenticate(this.table, digestOf, token, address, this.#now())
    const principal = identity instanceof Principal ? identity : identity.principal
    if (principal === null || principal.kind === kind) return identity
    return { outcome: 'denied', reason: 'credential_unknown', principal: null, operation: null }
  }

  /**
   * Decides whether somebody may make a request, and counts the use of the key.
   */
  judge(
    identity: Principal<Workspace> | Denied<Workspace>,
    request: Pick<VerifyRequest, 'method' | 'path' | 'address'>,
  ): Decision<Workspace> {
    const decision =
      identity instanceof Principal ? authorise(identity, operationOf(identity, request)) : identity
    this.#usage.count(decision, request.address, this.#now())
    return identity instanceof Principal ? decision : nameRefused(identity, request)
  }

  /**
   * Decides whether a request may be made, and counts the use of the key.
   *
   * @throws {ProblemError} verifier_stale when the feed could not be confirmed within its lease
   */
  decide(request: VerifyRequest, kind: KeyKind = 'api'): Decision<Workspace> {
    return this.judge(this.identify(request.token, request.address, kind), request)
  }
}

/** What a known key was refused has a name too, which the log tells. */
function nameRefused(
  refused: Denied<Workspace>,
  request: Pick<VerifyRequest, 'method' | 'path'>,
): Denied<Workspace> {
  const { principal } = refused
  return principal === null ? refused : { ...refused, operation: operationOf(principal, request) }
}

function operationOf(
  principal: Principal<Workspace>,
  { method, path }: Pick<VerifyRequest, 'method' | 'path'>,
): Operation | null {
  return principal.catalog.matcher.match(method, path)
}
