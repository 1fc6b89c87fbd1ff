import type { EventDetail, EventView, Page } from '@bitting/client'
import { ProblemError } from '@bitting/core'
import type { Actor } from '../../audit/actor.js'
import { CURSOR_NUMBER, cutPage, decodeCursor, type PageRequest } from '../../storage/page.js'
import type { WebhookEventRow } from '../../storage/webhook-schema.js'
import { envelope, EVENT_BYTES_MAX, type NewEvent } from '../../webhooks/event.js'
import { takeEvents } from '../../webhooks/outbox.js'
import type { ServiceContext } from '../context.js'
import type { IdempotentRequest, Mutated } from '../mutate.js'
import { momentText } from './deliveries.js'

/** An event that somebody posts. */
export interface PostedEvent {
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
  /** What it is about; null where nothing else can be about the same. */
  readonly subject: string | null
}

/**
 * Takes events that an application posts, all or none, for every endpoint that wants them. Their ids come in the same
 * order.
 *
 * @throws {ProblemError} invalid_body where one is too large
 */
export async function publishEvents(
  context: ServiceContext,
  actor: Actor,
  posted: readonly PostedEvent[],
  idempotency: IdempotentRequest | null = null,
): Promise<Mutated<{ readonly ids: string[] }>> {
  return context.mutate({ actor, operation: 'publishEvents', idempotency }, async (tx) => {
    const atMilliseconds = context.nowMilliseconds()
    const events = posted.map(({ type, data, subject }) =>
      envelope({ type, subject, source: 'posted', data, atMilliseconds }, context.randomBytes),
    )
    checkSizes(events)
    await takeEvents(tx, actor.workspaceId, events)
    return {
      result: { ids: events.map(({ id }) => id) },
      audit: events.map(({ id, type, subject }) => ({
        action: 'event.publish',
        resource: { type: 'event', id },
        details: { type, subject },
      })),
      changed: [],
    }
  })
}

/** A page of the events of a workspace that are kept, newest first. */
export async function listEvents(
  context: ServiceContext,
  workspaceId: string,
  { type }: { readonly type?: string | undefined },
  page: PageRequest,
): Promise<Page<EventView>> {
  let query = context.database.read
    .selectFrom('webhook_events')
    .select(['sequence', 'id', 'type', 'subject', 'source', 'created_at_ms'])
    .where('workspace_id', '=', workspaceId)
    .orderBy('sequence', 'desc')
    .limit(page.limit + 1)
  if (type !== undefined) query = query.where('type', '=', type)
  const after = decodeCursor(page.cursor, [CURSOR_NUMBER])
  if (after !== null) query = query.where('sequence', '<', Number(after[0]))
  const rows = await query.execute()
  const { shown, next_cursor } = cutPage(rows, page, ({ sequence }) => [String(sequence)])
  return { data: shown.map(viewEvent), next_cursor }
}

/**
 * One event of a workspace, with what is sent and where it goes.
 *
 * @throws {ProblemError} not_found also for events of other workspaces
 */
export async function getEvent(
  context: ServiceContext,
  workspaceId: string,
  id: string,
): Promise<EventDetail> {
  const { read } = context.database
  const row = await read
    .selectFrom('webhook_events')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .executeTakeFirst()
  if (row === undefined) {
    throw new ProblemError(
      'not_found',
      'There is no such event in this workspace. Check the id, and whose key you call with; old events are not kept.',
    )
  }
  const deliveries = await read
    .selectFrom('webhook_deliveries')
    .select(['endpoint_id', 'state', 'attempts'])
    .where('workspace_id', '=', workspaceId)
    .where('sequence', '=', row.sequence)
    .orderBy('endpoint_id')
    .execute()
  return { ...viewEvent(row), content_type: row.content_type, body: row.body, deliveries }
}

type ViewedRow = Pick<WebhookEventRow, 'id' | 'type' | 'subject' | 'source' | 'created_at_ms'>

function viewEvent({ id, type, subject, source, created_at_ms: createdAt }: ViewedRow): EventView {
  return { id, type, subject, source, created_at: momentText(createdAt) }
}

/** Numbers may be written out longer than they came, so that a body that was small enough need not be an event. */
function checkSizes(events: readonly NewEvent[]): void {
  const large = events.findIndex(({ body }) => Buffer.byteLength(body) > EVENT_BYTES_MAX)
  if (large === -1) return
  const field = events.length === 1 ? 'data' : `events.${String(large)}.data`
  throw new ProblemError('invalid_body', 'The event is too large.', {
    errors: [{ field, message: `must make an event of at most ${String(EVENT_BYTES_MAX)} bytes` }],
  })
}
