import type { RandomBytes } from '@bitting/core'
import { sql, type Transaction } from 'kysely'
import { appendAudit } from '../audit/append.js'
import { systemEntry } from '../audit/entry.js'
import type { LogKeys } from '../audit/log-key.js'
import type { WritableDatabase } from '../storage/database.js'
import { selectJson } from '../storage/json-rows.js'
import { lockWorkspace } from '../storage/lock-workspace.js'
import type { Schema } from '../storage/schema.js'
import type { WebhookDeliveryRow } from '../storage/webhook-schema.js'
import type { Attempt } from './attempt.js'
import type { DueDelivery } from './lane.js'
import { lifecycleEvents } from './lifecycle.js'
import { tellEvents } from './outbox.js'
import type { Target } from './targets.js'

/** What an attempt did to its delivery, and to what is known of the endpoint. */
export interface Outcome {
  readonly delivery: DueDelivery
  readonly attempt: Attempt
  readonly state: WebhookDeliveryRow['state']
  readonly failures: number
  readonly nextAt: number
  /** Since when the endpoint has failed, in milliseconds since 1970 UTC; null for not at all, undefined for no change. */
  readonly failingSince?: number | null
  /** The secret that the endpoint turned out to verify with. */
  readonly switchedTo?: string
  /** Where the attempt went: of another address it says nothing. */
  readonly url: string
}

/** Writes down in one transaction what came of many attempts. */
export async function recordOutcomes(
  database: WritableDatabase,
  outcomes: readonly Outcome[],
): Promise<void> {
  await database.transact(async (tx) => {
    await updateDeliveries(tx, outcomes)
    await insertAttempts(tx, outcomes)
    for (const { id, url, ...changes } of endpointChanges(outcomes)) {
      await tx
        .updateTable('webhook_endpoints')
        .set(changes)
        .where('id', '=', id)
        .where('url', '=', url)
        .execute()
    }
  })
}

async function updateDeliveries(tx: Transaction<Schema>, outcomes: readonly Outcome[]): Promise<void> {
  const rows = outcomes.map(({ delivery: it, attempt, state, failures, nextAt }) => [
    it.endpointId,
    it.sequence,
    state,
    it.attempts + 1,
    failures,
    nextAt,
    state === 'pending' ? null : attempt.atMilliseconds + attempt.durationMilliseconds,
  ])
  // Not `state = 'pending'`: it is an index's own condition, and PostgreSQL would read all that are pending for it.
  await sql`update webhook_deliveries
    set state = c2, attempts = c3, failures = c4, next_at_ms = c5, finished_at_ms = c6
    from (${selectJson(tx, rows, 'titiiii')}) as done
    where endpoint_id = c0 and sequence = c1 and state not in ('delivered', 'failed')`.execute(tx)
}

async function insertAttempts(tx: Transaction<Schema>, outcomes: readonly Outcome[]): Promise<void> {
  const rows = outcomes.map(({ delivery: it, attempt }) => [
    it.endpointId,
    it.sequence,
    it.attempts + 1,
    it.workspaceId,
    attempt.atMilliseconds,
    attempt.durationMilliseconds,
    attempt.status,
    attempt.error,
    attempt.response,
    attempt.signedWith?.id ?? null,
  ])
  await sql`insert into webhook_attempts
    (endpoint_id, sequence, number, workspace_id, at_ms, duration_ms, status, error, response, signed_with)
    ${selectJson(tx, rows, 'tiitiiittt')} where true
    on conflict (endpoint_id, sequence, number) do nothing`.execute(tx)
}

interface EndpointChange {
  readonly id: string
  readonly url: string
  failing_since_ms?: number | null
  switched_to?: string
}

function endpointChanges(outcomes: readonly Outcome[]): Iterable<EndpointChange> {
  const changes = new Map<string, EndpointChange>()
  for (const { delivery, url, failingSince, switchedTo } of outcomes) {
    if (failingSince === undefined && switchedTo === undefined) continue
    const name = `${delivery.endpointId} ${url}`
    const change = changes.get(name) ?? { id: delivery.endpointId, url }
    if (failingSince !== undefined) change.failing_since_ms = failingSince
    if (switchedTo !== undefined) change.switched_to = switchedTo
    changes.set(name, change)
  }
  return changes.values()
}

/** Why the program stops delivering to an endpoint: it answered 410, or has failed for days. */
export type DisableReason = 'gone' | 'failing'

/**
 * Stops delivering to an endpoint, records it, and tells the others. What was not delivered stays and waits. Nothing
 * happens where the endpoint has another address by now.
 */
export async function disableEndpoint(
  database: WritableDatabase,
  logKeys: LogKeys,
  { id, workspaceId, url }: Pick<Target, 'id' | 'workspaceId' | 'url'>,
  reason: DisableReason,
  atMilliseconds: number,
  randomBytes: RandomBytes,
): Promise<void> {
  const resource = { type: 'webhook_endpoint', id } as const
  const act = { action: 'webhook_endpoint.disable', resource, details: { reason } } as const
  await database.transact(async (tx) => {
    await lockWorkspace(tx, workspaceId)
    const done = await tx
      .updateTable('webhook_endpoints')
      .set((row) => ({
        disabled_at: Math.floor(atMilliseconds / 1000),
        disabled_by: 'system',
        disable_reason: reason,
        version: row('version', '+', 1),
      }))
      .where('id', '=', id)
      .where('url', '=', url.href)
      .where('disabled_at', 'is', null)
      .where('deleted_at', 'is', null)
      .executeTakeFirst()
    if (done.numUpdatedRows === 0n) return
    await appendAudit(tx, logKeys, systemEntry(workspaceId, atMilliseconds, { ...act, failure: null }))
    await tellEvents(tx, workspaceId, lifecycleEvents([act], 'system', atMilliseconds, randomBytes))
  })
}
