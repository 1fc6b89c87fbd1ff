import type { AuditEntry } from '@bitting/core'
import type { ProvableEntry } from './search.js'
import { toOcsf } from './ocsf.js'

/** The forms that entries are exported in. */
export type ExportFormat = 'jsonl' | 'csv' | 'ocsf'

/** The media type of each form. */
export const EXPORT_TYPES: Readonly<Record<ExportFormat, string>> = {
  jsonl: 'application/jsonl; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  ocsf: 'application/jsonl; charset=utf-8',
}

const COLUMNS = [
  'index',
  'at',
  'actor_type',
  'actor_id',
  'address',
  'user_agent',
  'action',
  'operation',
  'resource_type',
  'resource_id',
  'outcome',
  'reason',
  'request_id',
  'details',
] as const

/**
 * Entries as a file. A line of JSONL is the entry with the texts that prove it, `leaf` and `personal`, and is what
 * `bitting audit verify` checks; the other forms are for reading.
 *
 * @param isFirst whether this is the beginning of the file: a CSV file then begins with the names of its columns
 */
export function exportEntries(
  entries: readonly Omit<ProvableEntry, 'place'>[],
  format: ExportFormat,
  isFirst: boolean,
): string {
  if (format === 'jsonl') {
    return lines(entries.map(({ entry, leaf, personal }) => JSON.stringify({ ...entry, leaf, personal })))
  }
  if (format === 'ocsf') return lines(entries.map(({ entry }) => JSON.stringify(toOcsf(entry))))
  const rows = entries.map(({ entry }) => csvRow(entry))
  return lines(isFirst ? [COLUMNS.join(','), ...rows] : rows, '\r\n')
}

function lines(texts: readonly string[], end = '\n'): string {
  return texts.map((text) => text + end).join('')
}

function csvRow({ actor, resource, details, ...entry }: AuditEntry): string {
  const values: Readonly<Record<(typeof COLUMNS)[number], string | number | null>> = {
    index: entry.index,
    at: entry.at,
    actor_type: actor.type,
    actor_id: actor.id,
    address: actor.address,
    user_agent: actor.user_agent,
    action: entry.action,
    operation: entry.operation,
    resource_type: resource.type,
    resource_id: resource.id,
    outcome: entry.outcome,
    reason: entry.reason,
    request_id: entry.request_id,
    details: JSON.stringify(details),
  }
  return COLUMNS.map((column) => csvField(values[column])).join(',')
}

/** A field of RFC 4180. What a spreadsheet would run as a formula is kept from that by an apostrophe. */
function csvField(value: string | number | null): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const inert = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
}
