import type { WebhookDeliveryView } from '@bitting/client'
import { sql, type Transaction } from 'kysely'
import type { Actor } from '../../audit/actor.js'
import { selectJson } from '../../storage/json-rows.js'
import type { Schema } from '../../storage/schema.js'
import type { WebhookEndpointRow } from '../../storage/webhook-schema.js'
import { wantsEvent } from '../../webhooks/event.js'
import type { ServiceContext } from '../context.js'
import type { Mutated } from '../mutate.js'
import { findDelivery, viewDelivery } from './deliveries.js'
import { findLiveEndpoint } from './find-endpoint.js'
import { TEST_EVENT } from './test-endpoint.js'

/** What to send again: the deliveries that failed, or what was missed or failed since a time in whole seconds. */
export type ResendInput = { readonly failed: true } | { readonly sinceSeconds: number }

const RESENT_A_TRANSACTION = 500
/** How often a transaction reads on without finding anything. */
const LOOKS_MAX = 20

/**
 * Sends one delivery again, now, whatever became of it. Its attempts stay; the retry schedule begins anew.
 *
 * @throws {ProblemError} not_found, state_conflict
 */
export async function resendDelivery(
  context: ServiceContext,
  actor: Actor,
  endpointId: string,
  eventId: string,
): Promise<Mutated<WebhookDeliveryView>> {
  return context.mutate({ actor, operation: 'resendWebhookDelivery' }, async (tx) => {
    const { workspaceId } = actor
    await findLiveEndpoint(tx, workspaceId, endpointId)
    const { sequence } = await findDelivery(tx, workspaceId, endpointId, eventId)
    await resetDeliveries(tx, endpointId, [sequence], context.nowMilliseconds())
    return {
      result: viewDelivery(await findDelivery(tx, workspaceId, endpointId, eventId)),
      audit: {
        action: 'webhook_endpoint.resend',
        resource: { type: 'webhook_endpoint', id: endpointId },
        details: { event_id: eventId },
      },
      changed: [],
    }
  })
}

/**
 * Sends to an endpoint again what failed, or since a time what failed and what it wants and never got, because it was
 * disabled or not there. Each transaction takes some hundred deliveries, so that others get their turn.
 *
 * @throws {ProblemError} not_found, state_conflict
 */
export async function resendDeliveries(
  context: ServiceContext,
  actor: Actor,
  endpointId: string,
  input: ResendInput,
): Promise<{ readonly resent: number }> {
  let resent = 0
  let after: number | null = 0
  while (after !== null) {
    const from: number = after
    const { result } = await context.mutate({ actor, operation: 'resendWebhookDeliveries' }, async (tx) => {
      const endpoint = await findLiveEndpoint(tx, actor.workspaceId, endpointId)
      const part = await resendPart(tx, endpoint, input, from, context.nowMilliseconds())
      return {
        result: part,
        audit: {
          action: 'webhook_endpoint.resend',
          resource: { type: 'webhook_endpoint', id: endpointId },
          details: { what: 'failed' in input ? 'failed' : 'since', deliveries: part.resent },
        },
        changed: [],
      }
    })
    resent += result.resent
    after = result.next
  }
  return { resent }
}

interface Part {
  readonly resent: number
  /** The sequence after which the next part begins; null at the end. */
  readonly next: number | null
}

async function resendPart(
  tx: Transaction<Schema>,
  endpoint: WebhookEndpointRow,
  input: ResendInput,
  after: number,
  atMilliseconds: number,
): Promise<Part> {
  const { failed, missed, last } =
    'failed' in input
      ? await findFailed(tx, endpoint, after)
      : await findSince(tx, endpoint, after, input.sinceSeconds * 1000)
  await resetDeliveries(tx, endpoint.id, failed, atMilliseconds)
  await addDeliveries(tx, endpoint, missed, atMilliseconds)
  return { resent: failed.length + missed.length, next: last }
}

interface Missed {
  readonly sequence: number
  readonly subject: string | null
}

interface Found {
  readonly failed: readonly number[]
  readonly missed: readonly Missed[]
  /** The last sequence that was looked at; null where that was all. */
  readonly last: number | null
}

async function findFailed(
  tx: Transaction<Schema>,
  { id }: WebhookEndpointRow,
  after: number,
): Promise<Found> {
  const rows = await tx
    .selectFrom('webhook_deliveries')
    .select('sequence')
    .where('endpoint_id', '=', id)
    .where('state', '=', 'failed')
    .where('sequence', '>', after)
    .orderBy('sequence')
    .limit(RESENT_A_TRANSACTION)
    .execute()
  return { failed: rows.map(({ sequence }) => sequence), missed: [], last: lastOf(rows) }
}

/** Looks on where there is nothing that the endpoint wants: a transaction without anything to do is one too many. */
async function findSince(
  tx: Transaction<Schema>,
  endpoint: WebhookEndpointRow,
  after: number,
  sinceMilliseconds: number,
): Promise<Found> {
  const filters = JSON.parse(endpoint.events) as string[]
  let found: Found = { failed: [], missed: [], last: after }
  for (let look = 0; look < LOOKS_MAX && found.last !== null; look++) {
    const rows = await readSince(tx, endpoint, found.last, sinceMilliseconds)
    found = {
      failed: rows.filter(({ state }) => state === 'failed').map(({ sequence }) => sequence),
      // A test event was meant for the endpoint that has it, and for no other.
      missed: rows.filter(
        (it) => it.state === null && it.type !== TEST_EVENT && wantsEvent(filters, it.type),
      ),
      last: lastOf(rows),
    }
    if (found.failed.length + found.missed.length > 0) break
  }
  return found
}

/** The next events since a time whose deliveries to an endpoint failed or are not there. */
async function readSince(
  tx: Transaction<Schema>,
  endpoint: WebhookEndpointRow,
  after: number,
  sinceMilliseconds: number,
): Promise<readonly (Missed & { readonly type: string; readonly state: string | null })[]> {
  return tx
    .selectFrom('webhook_events as event')
    .leftJoin('webhook_deliveries as delivery', (join) =>
      join.on('delivery.endpoint_id', '=', endpoint.id).onRef('delivery.sequence', '=', 'event.sequence'),
    )
    .select(['event.sequence', 'event.type', 'event.subject', 'delivery.state'])
    .where('event.workspace_id', '=', endpoint.workspace_id)
    .where('event.sequence', '>', after)
    .where('event.created_at_ms', '>=', sinceMilliseconds)
    .where((row) => row.or([row('delivery.state', 'is', null), row('delivery.state', '=', 'failed')]))
    .orderBy('event.sequence')
    .limit(RESENT_A_TRANSACTION)
    .execute()
}

function lastOf(rows: readonly { readonly sequence: number }[]): number | null {
  return rows.length < RESENT_A_TRANSACTION ? null : (rows.at(-1)?.sequence ?? null)
}

async function resetDeliveries(
  tx: Transaction<Schema>,
  endpointId: string,
  sequences: readonly number[],
  atMilliseconds: number,
): Promise<void> {
  if (sequences.length === 0) return
  await tx
    .updateTable('webhook_deliveries')
    .set({ state: 'pending', failures: 0, next_at_ms: atMilliseconds, finished_at_ms: null })
    .where('endpoint_id', '=', endpointId)
    .where('sequence', 'in', sequences)
    .execute()
}

async function addDeliveries(
  tx: Transaction<Schema>,
  { id, workspace_id: workspaceId }: WebhookEndpointRow,
  missed: readonly Missed[],
  atMilliseconds: number,
): Promise<void> {
  if (missed.length === 0) return
  const values = missed.map(({ sequence, subject }) => [id, sequence, workspaceId, subject, atMilliseconds])
  await sql`insert into webhook_deliveries
    (endpoint_id, sequence, workspace_id, subject, next_at_ms, created_at_ms, state, attempts, failures)
    select c0, c1, c2, c3, c4, c4, 'pending', 0, 0
    from (${selectJson(tx, values, 'titti')}) as given`.execute(tx)
}
