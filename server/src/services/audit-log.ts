import { ProblemError } from '@bitting/core'
import { sql, type Transaction } from 'kysely'
import type { Actor } from '../audit/actor.js'
import { draftOf, type AuditEvent } from '../audit/append.js'
import { readEntry, wordsOfEntry } from '../audit/entry.js'
import { wordsIn } from '../audit/words.js'
import { policyOf } from '../audit/policy.js'
import { auditQuery, erasePersonal, purgeWords } from '../storage/audit-rows.js'
import type { AuditLogRow, Schema } from '../storage/schema.js'
import type { ServiceContext } from './context.js'
import type { IdempotentRequest, Mutated } from './mutate.js'

/** An entry that an application records: the `AuditEntry` of the security guide. */
export interface ApplicationEntry {
  /** When it happened, as RFC 3339; null for now. */
  readonly timestamp: string | null
  readonly action: string
  readonly userId: string
  readonly resource: string
  readonly result: 'success' | 'failure'
  readonly metadata: Readonly<Record<string, unknown>> | null
}

/** Where entries came to stand: that many from an index on. */
export interface RecordedEntries {
  readonly index: number
  readonly count: number
}

/** Records what an application tells, all of it or nothing, in the order given. */
export async function recordApplicationEntries(
  context: ServiceContext,
  actor: Actor,
  entries: readonly ApplicationEntry[],
  idempotency: IdempotentRequest | null,
): Promise<Mutated<RecordedEntries>> {
  return context.mutate({ actor, operation: 'recordAuditEntries', idempotency }, async (tx) => {
    const { audit_size: index } = await tx
      .selectFrom('workspaces')
      .select('audit_size')
      .where('id', '=', actor.workspaceId)
      .executeTakeFirstOrThrow()
    return {
      result: { index, count: entries.length },
      audit: entries.map((entry) => eventOf(entry, actor)),
      changed: [],
    }
  })
}

/** Whose personal data to erase: exactly one of these. */
export interface ErasureRequest {
  /** Entries of this actor: a key, or a user whom an application named. */
  readonly actor?: string | undefined
  /** Entries about this resource. */
  readonly resource?: string | undefined
  /** Entries from this address. */
  readonly address?: string | undefined
}

const ERASED_A_TRANSACTION = 500
const ROUNDS_MAX = 2000

/**
 * Erases the personal data of entries: addresses, user agents, users and resources that callers named, and metadata.
 * The entries stay, and so do their proofs. A new entry says how many were erased, and not whose.
 *
 * @throws {ProblemError} legal_hold
 */
export async function erasePersonalData(
  context: ServiceContext,
  actor: Actor,
  request: ErasureRequest,
): Promise<{ readonly erased: number }> {
  let erased = 0
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const { result } = await context.mutate({ actor, operation: 'eraseAuditData' }, async (tx) => {
      await refuseUnderHold(tx, actor.workspaceId)
      const rows = await findPersonal(tx, actor.workspaceId, request)
      for (const row of rows) await eraseRow(tx, actor.workspaceId, row)
      if (rows.length < ERASED_A_TRANSACTION) await purgeWords(tx)
      const by =
        request.actor !== undefined ? 'actor' : request.resource !== undefined ? 'resource' : 'address'
      return {
        result: { erased: rows.length },
        audit: {
          action: 'audit.erase',
          resource: { type: 'audit', id: null },
          details: { entries: rows.length, by, indexes: rows.map(({ idx }) => idx).reverse() },
        },
        changed: [],
      }
    })
    erased += result.erased
    if (result.erased < ERASED_A_TRANSACTION) break
  }
  return { erased }
}

function eventOf(entry: ApplicationEntry, actor: Actor): AuditEvent {
  const { timestamp, action, userId, resource, result, metadata } = entry
  return {
    action: `app.${action}`,
    actorType: 'user',
    resource: { type: 'application', id: null },
    failure: result === 'failure' ? 'reported' : null,
    details: { recorded_by: actor.id, ...(timestamp !== null && { occurred_at: timestamp }) },
    personal: { actor_id: userId, resource_id: resource, ...(metadata !== null && { metadata }) },
  }
}

async function refuseUnderHold(tx: Transaction<Schema>, workspaceId: string): Promise<void> {
  const policy = await tx
    .selectFrom('audit_policies')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirst()
  if (!policyOf(policy).legalHold) return
  throw new ProblemError(
    'legal_hold',
    'The audit log is under a legal hold. Lift it before you erase anything.',
  )
}

async function findPersonal(
  tx: Transaction<Schema>,
  workspaceId: string,
  { actor, resource, address }: ErasureRequest,
): Promise<Pick<AuditLogRow, 'idx' | 'leaf'>[]> {
  let query = auditQuery(tx, address === undefined ? [] : wordsIn(address))
    .where('workspace_id', '=', workspaceId)
    .where('personal', 'is not', null)
    .limit(ERASED_A_TRANSACTION)
  if (actor !== undefined) query = query.where('actor_id', '=', actor)
  if (resource !== undefined) query = query.where('resource_id', '=', resource)
  // The words of an address may stand in an entry in another order, or as another of its texts.
  if (address !== undefined) {
    const member = `"address":${JSON.stringify(address)}`.replaceAll(/[\\%_]/g, '\\$&')
    query = query.where(sql<boolean>`personal like ${`%${member}%`} escape '\\'`)
  }
  return query.execute()
}

async function eraseRow(
  tx: Transaction<Schema>,
  workspaceId: string,
  { idx, leaf }: Pick<AuditLogRow, 'idx' | 'leaf'>,
): Promise<void> {
  const entry = readEntry(leaf, null)
  await erasePersonal(tx, workspaceId, idx, {
    actorId: entry.actor.id,
    resourceId: entry.resource.id,
    words: wordsOfEntry(entry),
  })
}

const FOLD_MILLISECONDS = 60_000
const FOLDED_MAX = 10_000

/**
 * Records who reads the log. The same reader asking for the same again, as whoever turns pages or follows the log does,
 * is one reading a minute: an entry for each would be news to the one who follows it.
 */
export class AuditReads {
  readonly #append: (draft: ReturnType<typeof draftOf>) => Promise<unknown>
  readonly #now: () => number
  readonly #recent = new Map<string, number>()

  /** @param nowMilliseconds the present in milliseconds since 1970 UTC */
  constructor(
    append: (draft: ReturnType<typeof draftOf>) => Promise<unknown>,
    nowMilliseconds: () => number,
  ) {
    this.#append = append
    this.#now = nowMilliseconds
  }

  /** Resolves once the reading is in the log; it is not answered before. */
  async record(actor: Actor, operation: string, details: Readonly<Record<string, unknown>>): Promise<void> {
    const now = this.#now()
    const what = JSON.stringify([actor.workspaceId, actor.id, actor.origin.address, operation, details])
    const last = this.#recent.get(what)
    if (last !== undefined && now - last < FOLD_MILLISECONDS) return
    if (this.#recent.size >= FOLDED_MAX) this.#recent.clear()
    const event: AuditEvent = { action: 'audit.read', resource: { type: 'audit', id: null }, details }
    await this.#append(draftOf(actor, operation, event, now))
    this.#recent.set(what, now)
  }
}
