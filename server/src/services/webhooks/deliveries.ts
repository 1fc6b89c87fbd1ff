import type { Page, WebhookAttemptView, WebhookDeliveryDetail, WebhookDeliveryView } from '@bitting/client'
import { ProblemError } from '@bitting/core'
import type { Selectable } from 'kysely'
import type { Reader } from '../../storage/database.js'
import { CURSOR_NUMBER, cutPage, decodeCursor, type PageRequest } from '../../storage/page.js'
import type { WebhookDeliveryRow, WebhookEventRow } from '../../storage/webhook-schema.js'
import type { ServiceContext } from '../context.js'
import { findEndpointRow } from './find-endpoint.js'

/** The most attempts of one delivery that are shown: the newest. */
const ATTEMPTS_SHOWN = 100

/**
 * A page of the deliveries to an endpoint, newest first.
 *
 * @throws {ProblemError} not_found also for endpoints of other workspaces
 */
export async function listDeliveries(
  context: ServiceContext,
  workspaceId: string,
  endpointId: string,
  { state }: { readonly state?: WebhookDeliveryRow['state'] | undefined },
  page: PageRequest,
): Promise<Page<WebhookDeliveryView>> {
  const { read } = context.database
  await findEndpointRow(read, workspaceId, endpointId)
  let query = deliveriesOf(read, workspaceId, endpointId)
    .orderBy('webhook_deliveries.sequence', 'desc')
    .limit(page.limit + 1)
  if (state !== undefined) query = query.where('state', '=', state)
  const after = decodeCursor(page.cursor, [CURSOR_NUMBER])
  if (after !== null) query = query.where('webhook_deliveries.sequence', '<', Number(after[0]))
  const rows = await query.execute()
  const { shown, next_cursor } = cutPage(rows, page, ({ sequence }) => [String(sequence)])
  return { data: shown.map(viewDelivery), next_cursor }
}

/**
 * The delivery of an event to an endpoint, with what is sent and its attempts.
 *
 * @throws {ProblemError} not_found
 */
export async function getDelivery(
  context: ServiceContext,
  workspaceId: string,
  endpointId: string,
  eventId: string,
): Promise<WebhookDeliveryDetail> {
  const { read } = context.database
  const row = await findDelivery(read, workspaceId, endpointId, eventId)
  const { content_type, body } = await read
    .selectFrom('webhook_events')
    .select(['content_type', 'body'])
    .where('workspace_id', '=', workspaceId)
    .where('sequence', '=', row.sequence)
    .executeTakeFirstOrThrow()
  return { ...viewDelivery(row), content_type, body, log: await readLog(read, endpointId, row.sequence) }
}

/** A delivery and what the list of deliveries shows of its event. */
export type DeliveryRow = Selectable<WebhookDeliveryRow> & Pick<WebhookEventRow, 'id' | 'type'>

/**
 * The delivery of an event to an endpoint of a workspace.
 *
 * @throws {ProblemError} not_found also for those of other workspaces
 */
export async function findDelivery(
  read: Reader,
  workspaceId: string,
  endpointId: string,
  eventId: string,
): Promise<DeliveryRow> {
  await findEndpointRow(read, workspaceId, endpointId)
  const row = await deliveriesOf(read, workspaceId, endpointId)
    .where('webhook_events.id', '=', eventId)
    .executeTakeFirst()
  if (row !== undefined) return row
  throw new ProblemError('not_found', 'There is no delivery of such an event to this endpoint.')
}

/** A delivery as the API shows it. */
export function viewDelivery(row: DeliveryRow): WebhookDeliveryView {
  return {
    endpoint_id: row.endpoint_id,
    event_id: row.id,
    type: row.type,
    subject: row.subject,
    state: row.state,
    attempts: row.attempts,
    created_at: momentText(row.created_at_ms),
    next_attempt_at: row.state === 'pending' ? momentText(row.next_at_ms) : null,
    finished_at: row.finished_at_ms === null ? null : momentText(row.finished_at_ms),
  }
}

/** A time in milliseconds as RFC 3339 in UTC. */
export function momentText(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

function deliveriesOf(read: Reader, workspaceId: string, endpointId: string) {
  return read
    .selectFrom('webhook_deliveries')
    .innerJoin('webhook_events', (join) =>
      join
        .onRef('webhook_events.workspace_id', '=', 'webhook_deliveries.workspace_id')
        .onRef('webhook_events.sequence', '=', 'webhook_deliveries.sequence'),
    )
    .selectAll('webhook_deliveries')
    .select(['webhook_events.id', 'webhook_events.type'])
    .where('webhook_deliveries.workspace_id', '=', workspaceId)
    .where('webhook_deliveries.endpoint_id', '=', endpointId)
}

async function readLog(read: Reader, endpointId: string, sequence: number): Promise<WebhookAttemptView[]> {
  const rows = await read
    .selectFrom('webhook_attempts')
    .selectAll()
    .where('endpoint_id', '=', endpointId)
    .where('sequence', '=', sequence)
    .orderBy('number', 'desc')
    .limit(ATTEMPTS_SHOWN)
    .execute()
  return rows.map(({ number, at_ms: at, duration_ms, status, error, response, signed_with }) => ({
    number,
    at: momentText(at),
    duration_ms,
    status,
    error,
    response,
    signed_with,
  }))
}
