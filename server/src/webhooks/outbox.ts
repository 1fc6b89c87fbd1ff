import { sql, type Transaction } from 'kysely'
import { selectJson } from '../storage/json-rows.js'
import type { Schema } from '../storage/schema.js'
import { wantsEvent, type NewEvent } from './event.js'

/** An event as it was taken: with how many endpoints want it. */
export interface TakenEvent {
  readonly id: string
  readonly sequence: number
  readonly endpoints: number
}

interface Listener {
  readonly id: string
  readonly events: readonly string[]
  readonly isEnabled: boolean
}

/**
 * Takes events in the transaction of what they tell of: each with a delivery to every endpoint that wants it. What is
 * committed will be delivered, at least once. An event whose dedupe key is known already is not taken again.
 */
export async function takeEvents(
  tx: Transaction<Schema>,
  workspaceId: string,
  events: readonly NewEvent[],
): Promise<readonly TakenEvent[]> {
  return takeFor(tx, workspaceId, events, await listeners(tx, workspaceId))
}

/**
 * The same for what nobody misses who does not listen: what no endpoint wants is not kept. For one that is disabled it
 * is, to be sent when somebody enables it and asks for what it missed.
 */
export async function tellEvents(
  tx: Transaction<Schema>,
  workspaceId: string,
  events: readonly NewEvent[],
): Promise<void> {
  if (events.length === 0) return
  const endpoints = await listeners(tx, workspaceId)
  const wanted = events.filter(({ type }) => endpoints.some((it) => wantsEvent(it.events, type)))
  if (wanted.length > 0) await takeFor(tx, workspaceId, wanted, endpoints)
}

/** The same for one endpoint alone, whatever it listens to. */
export async function takeForEndpoint(
  tx: Transaction<Schema>,
  workspaceId: string,
  event: NewEvent,
  endpointId: string,
): Promise<void> {
  await takeFor(tx, workspaceId, [event], [{ id: endpointId, events: [event.type], isEnabled: true }])
}

/** The row of a workspace's webhooks, made where it is missing, and locked until the transaction ends. */
export async function lockWebhooks(tx: Transaction<Schema>, workspaceId: string): Promise<void> {
  await advance(tx, workspaceId, 0)
}

/** The same, and takes the next numbers for events; gives the last of them. */
async function advance(tx: Transaction<Schema>, workspaceId: string, events: number): Promise<number> {
  const { last_sequence: last } = await tx
    .insertInto('webhook_workspaces')
    .values({ workspace_id: workspaceId, version: 0, last_sequence: events })
    .onConflict((conflict) =>
      conflict.column('workspace_id').doUpdateSet({
        last_sequence: sql`webhook_workspaces.last_sequence + excluded.last_sequence`,
      }),
    )
    .returning('last_sequence')
    .executeTakeFirstOrThrow()
  return last
}

async function takeFor(
  tx: Transaction<Schema>,
  workspaceId: string,
  events: readonly NewEvent[],
  endpoints: readonly Listener[],
): Promise<readonly TakenEvent[]> {
  const fresh = await withoutKnown(tx, workspaceId, events)
  if (fresh.length === 0) return []
  const last = await advance(tx, workspaceId, fresh.length)
  const rows = fresh.map((event, at) => ({
    event,
    sequence: last - fresh.length + 1 + at,
    endpoints: endpoints.filter((it) => it.isEnabled && wantsEvent(it.events, event.type)),
  }))
  await insertEvents(tx, workspaceId, rows)
  await insertDeliveries(tx, workspaceId, rows)
  return rows.map((row) => ({ id: row.event.id, sequence: row.sequence, endpoints: row.endpoints.length }))
}

interface EventRow {
  readonly event: NewEvent
  readonly sequence: number
  readonly endpoints: readonly Listener[]
}

async function listeners(tx: Transaction<Schema>, workspaceId: string): Promise<readonly Listener[]> {
  const rows = await tx
    .selectFrom('webhook_endpoints')
    .select(['id', 'events', 'disabled_at'])
    .where('workspace_id', '=', workspaceId)
    .where('deleted_at', 'is', null)
    .execute()
  return rows.map(({ id, events, disabled_at: disabledAt }) => ({
    id,
    events: JSON.parse(events) as string[],
    isEnabled: disabledAt === null,
  }))
}

async function withoutKnown(
  tx: Transaction<Schema>,
  workspaceId: string,
  events: readonly NewEvent[],
): Promise<readonly NewEvent[]> {
  const keys = events.flatMap(({ dedupeKey }) => dedupeKey ?? [])
  if (keys.length === 0) return events
  // Two that come at once with one key: the second waits here and then sees what the first has taken.
  await lockWebhooks(tx, workspaceId)
  const rows = await tx
    .selectFrom('webhook_events')
    .select('dedupe_key')
    .where('workspace_id', '=', workspaceId)
    .where('dedupe_key', 'in', keys)
    .execute()
  const known = new Set(rows.map(({ dedupe_key: key }) => key))
  return events.filter(({ dedupeKey }) => {
    if (dedupeKey === null) return true
    const isNew = !known.has(dedupeKey)
    known.add(dedupeKey)
    return isNew
  })
}

async function insertEvents(
  tx: Transaction<Schema>,
  workspaceId: string,
  rows: readonly EventRow[],
): Promise<void> {
  const values = rows.map(({ event: it, sequence }) => [
    workspaceId,
    sequence,
    it.id,
    it.type,
    it.subject,
    it.source,
    it.contentType,
    it.body,
    it.dedupeKey,
    it.atMilliseconds,
  ])
  await sql`insert into webhook_events
    (workspace_id, sequence, id, type, subject, source, content_type, body, dedupe_key, created_at_ms)
    ${selectJson(tx, values, 'tittttttti')}`.execute(tx)
}

async function insertDeliveries(
  tx: Transaction<Schema>,
  workspaceId: string,
  rows: readonly EventRow[],
): Promise<void> {
  const values = rows.flatMap(({ event, sequence, endpoints }) =>
    endpoints.map(({ id }) => [id, sequence, workspaceId, event.subject, event.atMilliseconds]),
  )
  if (values.length === 0) return
  await sql`insert into webhook_deliveries
    (endpoint_id, sequence, workspace_id, subject, next_at_ms, created_at_ms, state, attempts, failures)
    select c0, c1, c2, c3, c4, c4, 'pending', 0, 0
    from (${selectJson(tx, values, 'titti')}) as given`.execute(tx)
}
