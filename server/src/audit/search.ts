import type { Page } from '@bitting/client'
import { ProblemError, type AuditEntry } from '@bitting/core'
import { sql } from 'kysely'
import { auditQuery } from '../storage/audit-rows.js'
import type { Database } from '../storage/database.js'
import { CURSOR_NUMBER, decodeCursor, encodeCursor, type PageRequest } from '../storage/page.js'
import type { AuditLogRow } from '../storage/schema.js'
import { readEntry } from './entry.js'
import { wordsIn } from './words.js'

/** What to look for. Absent members match everything; all that are given must match. */
export interface AuditFilter {
  readonly action?: string | undefined
  readonly actor?: string | undefined
  readonly resource?: string | undefined
  /** A key that acted, or that was acted on. */
  readonly key?: string | undefined
  readonly outcome?: 'success' | 'failure' | undefined
  readonly requestId?: string | undefined
  /** The first moment, in milliseconds since 1970 UTC. */
  readonly sinceMilliseconds?: number | undefined
  /** The moment after the last, in milliseconds since 1970 UTC. */
  readonly untilMilliseconds?: number | undefined
  /** Words that must all be in the entry, whole, in any case and order. */
  readonly text?: string | undefined
}

/** An entry with the texts that prove it. */
export interface ProvableEntry {
  /** The place at which the database has it. The leaf says its index itself, and only the proof says which is true. */
  readonly place: number
  readonly entry: AuditEntry
  /** The bytes that the leaf hashes, as text. */
  readonly leaf: string
  /** What the leaf's `personal` is the SHA-256 of; null once it was erased. */
  readonly personal: string | null
}

type Texts = Pick<AuditLogRow, 'idx' | 'leaf' | 'personal'>

/** A page of a workspace's entries, newest first. */
export async function searchAudit(
  database: Database,
  workspaceId: string,
  filter: AuditFilter,
  page: PageRequest,
): Promise<Page<AuditEntry>> {
  const cursor = decodeCursor(page.cursor, [CURSOR_NUMBER])
  const before = cursor === null ? Number.MAX_SAFE_INTEGER : Number(cursor[0])
  const limit = page.limit + 1
  const rows = await findRows(database, workspaceId, filter, before, limit)
  const data = rows.slice(0, page.limit)
  const last = data.at(-1)
  return {
    data: data.map((row) => entryOf(row.idx, row.leaf, row.personal, workspaceId)),
    next_cursor: rows.length > page.limit && last !== undefined ? encodeCursor([String(last.idx)]) : null,
  }
}

/** Entries with their texts in the order of the log, from a place on. Fewer where retention or the end of the log cuts. */
export async function readAuditRange(
  database: Pick<Database, 'read'>,
  workspaceId: string,
  from: number,
  limit: number,
): Promise<ProvableEntry[]> {
  const rows = await database.read
    .selectFrom('audit_log')
    .select(['idx', 'leaf', 'personal'])
    .where('workspace_id', '=', workspaceId)
    .where('idx', '>=', from)
    .orderBy('idx')
    .limit(limit)
    .execute()
  return rows.map((row) => provable(row, workspaceId))
}

/**
 * One entry by its place in the workspace's log.
 *
 * @throws {ProblemError} not_found where the log is shorter, or retention has deleted the entry
 */
export async function getAuditEntry(
  database: Pick<Database, 'read'>,
  workspaceId: string,
  index: number,
): Promise<ProvableEntry> {
  const [found] = await readAuditRange(database, workspaceId, index, 1)
  if (found?.place === index) return found
  throw new ProblemError(
    'not_found',
    `The log of this workspace has no entry ${String(index)}, or its retention has deleted it.`,
  )
}

/** A key may have acted or been acted on. Each half is read in order by its own index, which one query would not do. */
async function findRows(
  database: Database,
  workspaceId: string,
  { key, ...filter }: AuditFilter,
  before: number,
  limit: number,
): Promise<Texts[]> {
  if (key === undefined) return queryRows(database, workspaceId, filter, before, limit)
  const halves = await Promise.all(
    (['actor_id', 'resource_id'] as const).map((column) =>
      queryRows(database, workspaceId, filter, before, limit, { column, key }),
    ),
  )
  const byIndex = new Map(halves.flat().map((row) => [row.idx, row]))
  return [...byIndex.values()].sort((a, b) => b.idx - a.idx).slice(0, limit)
}

async function queryRows(
  { read }: Pick<Database, 'read'>,
  workspaceId: string,
  filter: Omit<AuditFilter, 'key'>,
  before: number,
  limit: number,
  half?: { readonly column: 'actor_id' | 'resource_id'; readonly key: string },
): Promise<Texts[]> {
  const { action, actor, resource, outcome, requestId, sinceMilliseconds, untilMilliseconds, text } = filter
  const words = text === undefined ? [] : wordsIn(text)
  let query = auditQuery(read, words).where('workspace_id', '=', workspaceId).limit(limit)
  if (half !== undefined) query = query.where(half.column, '=', half.key)
  if (action !== undefined) query = query.where('action', '=', action)
  // The index of actions leaves the most common one out, and is used where a query says that it asks for another.
  if (action !== undefined && action !== 'call.allowed')
    query = query.where(sql<boolean>`action <> 'call.allowed'`)
  if (actor !== undefined) query = query.where('actor_id', '=', actor)
  if (resource !== undefined) query = query.where('resource_id', '=', resource)
  if (outcome !== undefined) query = query.where('outcome', '=', outcome)
  if (sinceMilliseconds !== undefined) query = query.where('at_ms', '>=', sinceMilliseconds)
  if (untilMilliseconds !== undefined) query = query.where('at_ms', '<', untilMilliseconds)
  if (requestId !== undefined) {
    // The plus keeps the planner from walking the log from its end to find the one or two entries of a request.
    return query
      .where('request_id', '=', requestId)
      .where(sql<boolean>`+idx < ${before}`)
      .clearOrderBy()
      .orderBy(sql`+idx`, 'desc')
      .execute()
  }
  const isByTimeAlone = [half, action, actor, resource, outcome, text].every((it) => it === undefined)
  const places = isByTimeAlone ? await placesWithin(read, workspaceId, filter, before, limit) : null
  if (places?.length === 0) return []
  return places === null
    ? query.where('idx', '<', before).execute()
    : query.where('idx', 'in', places).execute()
}

const SPAN_MAX = 100_000

/**
 * The newest places within a span of time, from the index of times alone; null where the span has so many entries that
 * walking the log from its end is the shorter way, and where there is no span.
 */
async function placesWithin(
  read: Database['read'],
  workspaceId: string,
  { sinceMilliseconds, untilMilliseconds }: AuditFilter,
  before: number,
  limit: number,
): Promise<number[] | null> {
  if (sinceMilliseconds === undefined && untilMilliseconds === undefined) return null
  const within = read
    .selectFrom('audit_log')
    .select('idx')
    .where('workspace_id', '=', workspaceId)
    .where('at_ms', '>=', sinceMilliseconds ?? 0)
    .where('at_ms', '<', untilMilliseconds ?? Number.MAX_SAFE_INTEGER)
  const { total } = await read
    .selectFrom(within.limit(SPAN_MAX).as('some'))
    .select((row) => row.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow()
  if (total >= SPAN_MAX) return null
  const rows = await within
    .where(sql<boolean>`+idx < ${before}`)
    .orderBy(sql`+idx`, 'desc')
    .limit(limit)
    .execute()
  return rows.map(({ idx }) => idx)
}

function provable({ idx, leaf, personal }: Texts, workspaceId: string): ProvableEntry {
  return { place: idx, entry: entryOf(idx, leaf, personal, workspaceId), leaf, personal }
}

/** A row that somebody has made unreadable is still shown, for it is the auditor's evidence. */
function entryOf(place: number, leaf: string, personal: string | null, workspaceId: string): AuditEntry {
  try {
    return readEntry(leaf, personal)
  } catch {
    return {
      index: place,
      workspace: workspaceId,
      at: new Date(0).toISOString(),
      actor: { type: 'unknown', id: null, address: null, user_agent: null },
      action: 'audit.unreadable',
      operation: null,
      resource: { type: 'audit', id: null },
      outcome: 'failure',
      reason: 'unreadable',
      request_id: null,
      details: {},
      erased: false,
    }
  }
}
