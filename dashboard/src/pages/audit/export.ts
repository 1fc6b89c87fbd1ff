import type { Page } from '@bitting/client'
import { peekCheckpoint, type AuditEntry } from '@bitting/core'
import { get, sendText } from '../../api/transport.js'
import { readHead } from './queries.js'
import type { AuditSearch } from './search.js'

const PART = 1000
const PAGE = 100

/** The forms of a file: the first three are of the whole log, the last two of what a search finds. */
export type ExportFormat = 'jsonl' | 'csv' | 'ocsf' | 'found-jsonl' | 'found-csv'

/** How far an export is. */
export interface ExportProgress {
  readonly done: number
  /** Null where nobody knows before the end. */
  readonly total: number | null
}

/** What an export is told. */
export interface ExportOptions {
  readonly signal: AbortSignal
  readonly onProgress: (progress: ExportProgress) => void
}

/**
 * The whole log as it was when this began, in parts. JSON lines end with the checkpoint that covers exactly the entries
 * before it, so that `bitting audit verify` can check the file.
 */
export async function exportLog(
  format: 'jsonl' | 'csv' | 'ocsf',
  { signal, onProgress }: ExportOptions,
): Promise<string[]> {
  const head = await readHead(signal)
  const size = head === null ? 0 : (peekCheckpoint(head.note)?.size ?? 0)
  const oldest = await exportPart({ format: 'jsonl', from: 0, limit: 1 }, signal)
  const first = size === 0 || oldest === '' ? 0 : (JSON.parse(oldest) as AuditEntry).index
  const parts: string[] = []
  for (let at = first; at < size; at += PART) {
    onProgress({ done: at - first, total: size - first })
    const limit = Math.min(PART, size - at)
    // The part from 0 has the names of a CSV file's columns, also where retention has deleted what was there.
    parts.push(await exportPart({ format, from: at === first ? 0 : at, limit }, signal))
  }
  onProgress({ done: size - first, total: size - first })
  if (format === 'jsonl' && head !== null) parts.push(`${JSON.stringify({ checkpoint: head.note })}\n`)
  return parts
}

/** What a search finds, newest first. It proves nothing: proofs are of the whole log. */
export async function exportFound(
  format: 'found-jsonl' | 'found-csv',
  search: AuditSearch,
  { signal, onProgress }: ExportOptions,
): Promise<string[]> {
  const parts = format === 'found-csv' ? [csvLine(COLUMNS.map(([name]) => name))] : []
  let done = 0
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page: Page<AuditEntry> = await get('/v1/audit', { ...search, cursor, limit: PAGE }, signal)
    for (const entry of page.data) {
      parts.push(
        format === 'found-csv'
          ? csvLine(COLUMNS.map(([, read]) => read(entry)))
          : `${JSON.stringify(entry)}\n`,
      )
    }
    done += page.data.length
    onProgress({ done, total: null })
    cursor = page.next_cursor
  }
  return parts
}

function exportPart(
  query: { readonly format: string; readonly from: number; readonly limit: number },
  signal: AbortSignal,
): Promise<string> {
  return sendText({ path: '/v1/audit/export', query, signal })
}

// The columns of the server's own CSV.
const COLUMNS: readonly (readonly [string, (entry: AuditEntry) => string | number | null])[] = [
  ['index', ({ index }) => index],
  ['at', ({ at }) => at],
  ['actor_type', ({ actor }) => actor.type],
  ['actor_id', ({ actor }) => actor.id],
  ['address', ({ actor }) => actor.address],
  ['user_agent', ({ actor }) => actor.user_agent],
  ['action', ({ action }) => action],
  ['operation', ({ operation }) => operation],
  ['resource_type', ({ resource }) => resource.type],
  ['resource_id', ({ resource }) => resource.id],
  ['outcome', ({ outcome }) => outcome],
  ['reason', ({ reason }) => reason],
  ['request_id', ({ request_id: id }) => id],
  ['details', ({ details }) => JSON.stringify(details)],
]

/** A line of RFC 4180. What a spreadsheet would run as a formula is kept from that by an apostrophe. */
function csvLine(values: readonly (string | number | null)[]): string {
  const fields = values.map((value) => {
    if (value === null) return ''
    if (typeof value === 'number') return String(value)
    const inert = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
    return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
  })
  return `${fields.join(',')}\r\n`
}
