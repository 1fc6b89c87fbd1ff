import { sql } from 'kysely'
import type { Reader } from '../storage/database.js'
import { selectJson } from '../storage/json-rows.js'
import type { SentEvent } from './attempt.js'
import type { DueDelivery } from './lane.js'

/** Where a delivery stands among those due to its endpoint: when it was due, in milliseconds since 1970 UTC, and its number. */
export interface DuePlace {
  readonly nextAt: number
  readonly sequence: number
}

/** Which due deliveries to read. */
export interface DueQuery {
  readonly endpointId: string
  readonly workspaceId: string
  /** Whether only the first of each subject is due. */
  readonly isOrdered: boolean
  /** Where to go on; null to begin with the longest due. */
  readonly after: DuePlace | null
  readonly limit: number
}

/** What was found for one endpoint. */
export interface DueFound {
  readonly deliveries: DueDelivery[]
  /** Where the reading stopped with more behind it; null where it came to the end. */
  readonly stoppedAt: DuePlace | null
}

/** How many endpoints one statement asks for; SQLite unites at most 500. */
const ENDPOINTS_A_STATEMENT = 100

/** The endpoints that have something due and may get it, whichever node it is for. */
export async function endpointsWithDue(read: Reader, nowMilliseconds: number): Promise<string[]> {
  const rows = await read
    .selectFrom('webhook_endpoints')
    .innerJoin('webhook_workspaces', 'webhook_workspaces.workspace_id', 'webhook_endpoints.workspace_id')
    .select('webhook_endpoints.id')
    .where('webhook_workspaces.key_id', 'is not', null)
    .where('disabled_at', 'is', null)
    .where('deleted_at', 'is', null)
    .where((row) => row.or([row('handshake_required', '=', 0), row('handshake_at', 'is not', null)]))
    .where(
      sql<boolean>`exists (select 1 from webhook_deliveries where endpoint_id = webhook_endpoints.id
        and state = 'pending' and next_at_ms <= ${nowMilliseconds})`,
    )
    .execute()
  return rows.map(({ id }) => id)
}

interface DueRow {
  readonly endpoint_id: string
  readonly workspace_id: string
  readonly sequence: number
  readonly attempts: number
  readonly failures: number
  readonly next_at_ms: number
}

/**
 * Reads what is due for several endpoints, of each the longest due, in one go. Events are read once however many
 * endpoints they are for.
 *
 * @param isTaken what is in hand already and need not be read again
 */
export async function readDue(
  read: Reader,
  queries: readonly DueQuery[],
  nowMilliseconds: number,
  isTaken: (endpointId: string, sequence: number) => boolean,
): Promise<ReadonlyMap<string, DueFound>> {
  const found = new Map<string, DueFound>()
  for (let at = 0; at < queries.length; at += ENDPOINTS_A_STATEMENT) {
    const part = queries.slice(at, at + ENDPOINTS_A_STATEMENT)
    const rows = await readRows(read, part, nowMilliseconds)
    const fresh = rows.filter((row) => !isTaken(row.endpoint_id, row.sequence))
    const events = await readEvents(read, fresh)
    for (const { endpointId, limit } of part) {
      const own = rows.filter((row) => row.endpoint_id === endpointId)
      const last = own.length < limit ? undefined : own.at(-1)
      const stoppedAt = last === undefined ? null : { nextAt: last.next_at_ms, sequence: last.sequence }
      found.set(endpointId, { deliveries: [], stoppedAt })
    }
    for (const row of fresh) {
      const event = events.get(`${row.workspace_id}:${String(row.sequence)}`)
      if (event === undefined) continue
      const { endpoint_id: endpointId, workspace_id: workspaceId, sequence, attempts, failures } = row
      found.get(endpointId)?.deliveries.push({ endpointId, workspaceId, sequence, attempts, failures, event })
    }
  }
  return found
}

async function readRows(read: Reader, queries: readonly DueQuery[], now: number): Promise<DueRow[]> {
  const selects = queries.map(({ endpointId, isOrdered, after, limit }) => {
    const inOrder = isOrdered
      ? sql`and (subject is null or not exists (select 1 from webhook_deliveries as earlier
          where earlier.endpoint_id = due.endpoint_id and earlier.subject = due.subject
          and earlier.state = 'pending' and earlier.sequence < due.sequence))`
      : sql``
    const further =
      after === null ? sql`` : sql`and (next_at_ms, sequence) > (${after.nextAt}, ${after.sequence})`
    return sql`select * from (select endpoint_id, workspace_id, sequence, attempts, failures, next_at_ms
      from webhook_deliveries as due
      where endpoint_id = ${endpointId} and state = 'pending' and next_at_ms <= ${now} ${further} ${inOrder}
      order by next_at_ms, sequence limit ${limit}) as due_of_one`
  })
  if (selects.length === 0) return []
  const united = sql<DueRow>`(${sql.join(selects, sql` union all `)})`.as('due')
  return read.selectFrom(united).selectAll().execute()
}

async function readEvents(read: Reader, rows: readonly DueRow[]): Promise<Map<string, SentEvent>> {
  const wanted = new Map<string, [string, number]>()
  for (const { workspace_id: id, sequence } of rows) wanted.set(`${id}:${String(sequence)}`, [id, sequence])
  if (wanted.size === 0) return new Map()
  const places = sql<{ c0: string; c1: number }>`(${selectJson(read, [...wanted.values()], 'ti')})`.as(
    'wanted',
  )
  const found = await read
    .selectFrom(places)
    .innerJoin('webhook_events', (join) =>
      join.onRef('workspace_id', '=', 'wanted.c0').onRef('sequence', '=', 'wanted.c1'),
    )
    .select(['workspace_id', 'sequence', 'id', 'content_type', 'body'])
    .execute()
  return new Map(
    found.map(({ workspace_id: workspaceId, sequence, id, content_type: contentType, body }) => [
      `${workspaceId}:${String(sequence)}`,
      { id, contentType, body },
    ]),
  )
}
