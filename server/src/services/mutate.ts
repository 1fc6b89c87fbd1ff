import {
  accessAllows,
  authorise,
  ProblemError,
  refusalOf,
  type Catalog,
  type Operation,
  type RandomBytes,
} from '@bitting/core'
import type { Transaction } from 'kysely'
import { appendAudit, appendTexts, draftOf, type AuditEvent } from '../audit/append.js'
import { entryTexts } from '../audit/entry.js'
import type { LogKeys } from '../audit/log-key.js'
import { appendChange, type ChangeSubject } from '../storage/change-log.js'
import type { WritableDatabase } from '../storage/database.js'
import { lockWorkspace } from '../storage/lock-workspace.js'
import type { Schema } from '../storage/schema.js'
import { lifecycleEvents } from '../webhooks/lifecycle.js'
import { tellEvents } from '../webhooks/outbox.js'
import type { Actor } from '../audit/actor.js'
import { requireStanding } from './standing.js'
import { textHash } from './text-hash.js'

/** What a write did. Without an audit event it does not compile, which is the point. */
export interface Mutation<T> {
  /** What the caller is told, and what a repeated idempotent request is told again. Never holds a token. */
  readonly result: T
  /** What is told once and kept nowhere. */
  readonly token?: string
  /** One entry, or several where that is what was asked for. */
  readonly audit: AuditEvent | readonly AuditEvent[]
  /** The workspaces and keys that verifiers must read again. */
  readonly changed: readonly { readonly subject: ChangeSubject; readonly id: string }[]
  /** Further workspaces whose logs tell of it: what a person does to their account is of all that they are in. */
  readonly alsoIn?: readonly string[]
}

/** A request that may be repeated: the caller's key for it, and what it asked. */
export interface IdempotentRequest {
  readonly key: string
  /** Everything that makes the request what it is. */
  readonly request: string
}

/** What a write came to. */
export interface Mutated<T> {
  readonly result: T
  /** Null where the write gives none, and where an idempotent request was repeated: a token is shown once. */
  readonly token: string | null
  readonly replayed: boolean
  /** The revision that verifiers must have reached to know of it. */
  readonly revision: number
}

/** Who writes, under which operation of the management catalog, and whether the request may be a repetition. */
export interface MutationRequest {
  readonly actor: Actor
  /** Null for what people do to their own account and session, which asks for a proof of who they are and no permission. */
  readonly operation: string | null
  readonly idempotency?: IdempotentRequest | null
}

/**
 * The only way to write. Authorises the actor, runs the work in one transaction with its audit entry, its change-log
 * rows and the webhook events that tell of it, and returns when the change is durable and, unless the database failed it, this node's own verifier
 * knows of it.
 */
export type Mutate = <T>(
  request: MutationRequest,
  work: (tx: Transaction<Schema>) => Promise<Mutation<T>>,
) => Promise<Mutated<T>>

/** What `mutate` needs beyond the database. */
export interface MutateOptions {
  readonly database: WritableDatabase
  /** The operations of the management API by name. */
  readonly operations: ReadonlyMap<string, Operation>
  /** The catalog of the protected API, of which roles have parts. */
  readonly apiCatalog: Catalog
  /** What vouches for the entries of the audit log. */
  readonly logKeys: LogKeys
  readonly nowMilliseconds: () => number
  /**
   * Makes this node's verifier catch up with what was just committed. Where it cannot, what was committed stays so and
   * is acknowledged: the verifier then goes strict when its lease ends, as after any other change that it missed.
   */
  readonly catchUp: () => Promise<void>
  readonly randomBytes: RandomBytes
  /** Told after each write that there may be something to deliver. */
  readonly onEvents: () => void
}

/** Makes the one function that writes. */
export function createMutate(options: MutateOptions): Mutate {
  return async (request, work) => {
    try {
      authoriseActor(options, request)
      const outcome = await options.database.transact((tx) => runMutation(options, request, work, tx))
      options.onEvents()
      await options.catchUp().catch(() => undefined)
      return outcome
    } catch (error) {
      if (error instanceof ProblemError && error.status === 403)
        await recordDenial(options, request, error.code)
      throw error
    }
  }
}

/** Records that somebody was refused an operation, in a transaction of its own. */
export async function recordDenial(
  options: Pick<MutateOptions, 'database' | 'logKeys' | 'nowMilliseconds'>,
  request: MutationRequest,
  reason: string,
): Promise<void> {
  const event: AuditEvent = {
    action: 'access.denied',
    resource: { type: 'operation', id: request.operation ?? 'account' },
    details: {},
    failure: reason,
  }
  const draft = draftOf(request.actor, request.operation, event, options.nowMilliseconds())
  await options.database.transact((tx) => appendAudit(tx, options.logKeys, draft))
}

/**
 * The second fence behind the one at the door: whichever way a service is reached, the actor's key must carry the
 * operation.
 */
function authoriseActor(options: MutateOptions, { actor, operation: name }: MutationRequest): void {
  if (actor.type === 'operator') return
  if (name === null) {
    if (actor.type === 'member' || actor.type === 'anonymous') return
    throw new ProblemError('insufficient_scope', 'A key has no account.')
  }
  const operation = options.operations.get(name)
  if (actor.type !== 'key') {
    const access = actor.type === 'member' ? actor.access : {}
    if (operation !== undefined && accessAllows(access, operation)) return
    throw new ProblemError('insufficient_scope', 'Your role does not allow this.')
  }
  const decision = authorise(actor.principal, operation ?? null)
  if (decision.outcome === 'allowed' && operation !== undefined) return
  const message =
    decision.outcome === 'denied' ? refusalOf(decision).message : 'The operation is not in the catalog.'
  throw new ProblemError('insufficient_scope', message)
}

async function runMutation<T>(
  options: MutateOptions,
  request: MutationRequest,
  work: (tx: Transaction<Schema>) => Promise<Mutation<T>>,
  tx: Transaction<Schema>,
): Promise<Mutated<T>> {
  const { actor, operation } = request
  await lockWorkspace(tx, actor.workspaceId)
  if (operation !== null) {
    const nowSeconds = Math.floor(options.nowMilliseconds() / 1000)
    await requireStanding(tx, actor, options.operations.get(operation), options.apiCatalog, nowSeconds)
  }
  const replay = await findReplay<T>(tx, request)
  if (replay !== null) return replay
  const mutation = await work(tx)
  const atMilliseconds = options.nowMilliseconds()
  const events = 'action' in mutation.audit ? [mutation.audit] : mutation.audit
  const actors = [actor, ...(mutation.alsoIn ?? []).map((workspaceId) => ({ ...actor, workspaceId }))]
  await appendTexts(
    tx,
    options.logKeys,
    actors.flatMap((it) => events.map((event) => entryTexts(draftOf(it, operation, event, atMilliseconds)))),
  )
  await tellEvents(
    tx,
    actor.workspaceId,
    lifecycleEvents(events, actor.id, atMilliseconds, options.randomBytes),
  )
  let revision = 0
  for (const { subject, id } of mutation.changed) {
    const change = { workspaceId: actor.workspaceId, subject, subjectId: id, atMilliseconds }
    revision = await appendChange(tx, change)
  }
  await keepReplay(tx, request, { result: mutation.result, revision }, Math.floor(atMilliseconds / 1000))
  return { result: mutation.result, token: mutation.token ?? null, replayed: false, revision }
}

async function findReplay<T>(
  tx: Transaction<Schema>,
  { actor, idempotency }: MutationRequest,
): Promise<Mutated<T> | null> {
  if (idempotency === undefined || idempotency === null) return null
  const row = await tx
    .selectFrom('idempotency_records')
    .select(['request_hash', 'response'])
    .where('workspace_id', '=', actor.workspaceId)
    .where('actor_id', '=', actor.id)
    .where('key_hash', '=', textHash(idempotency.key))
    .executeTakeFirst()
  if (row === undefined) return null
  if (row.request_hash !== textHash(idempotency.request)) {
    throw new ProblemError(
      'idempotency_conflict',
      'This Idempotency-Key was used for a request with other content. Use a new key for a new request.',
    )
  }
  const { result, revision } = JSON.parse(row.response) as { result: T; revision: number }
  return { result, token: null, replayed: true, revision }
}

async function keepReplay(
  tx: Transaction<Schema>,
  { actor, idempotency }: MutationRequest,
  response: { readonly result: unknown; readonly revision: number },
  nowSeconds: number,
): Promise<void> {
  if (idempotency === undefined || idempotency === null) return
  await tx
    .insertInto('idempotency_records')
    .values({
      workspace_id: actor.workspaceId,
      actor_id: actor.id,
      key_hash: textHash(idempotency.key),
      request_hash: textHash(idempotency.request),
      response: JSON.stringify(response),
      created_at: nowSeconds,
    })
    .execute()
}

/** How long a repeated request is recognised, in seconds: one day. */
export const IDEMPOTENCY_SECONDS: number = 24 * 3600

/** Forgets the requests that are too old to be repeated. */
export async function forgetIdempotencyRecords(
  database: WritableDatabase,
  nowSeconds: number,
): Promise<void> {
  await database.transact((tx) =>
    tx
      .deleteFrom('idempotency_records')
      .where('created_at', '<', nowSeconds - IDEMPOTENCY_SECONDS)
      .execute(),
  )
}
