import type { AuditEntry } from '@bitting/core'
import { commitmentTo, readEntry } from './entry.js'
import { exportEntries } from './export.js'

/** An entry of an export with the texts that prove it. */
export interface EntryLine {
  readonly kind: 'entry'
  readonly entry: AuditEntry
  readonly leaf: string
  /** What is wrong with this line by itself; null where nothing is. */
  readonly flaw: LineFlaw | null
}

/** What is wrong with a line, as the end of a sentence that begins with the entry. */
export interface LineFlaw {
  readonly kind: 'malformed' | 'changed'
  readonly message: string
}

/** A line of a JSONL export. */
export type LogLine =
  | EntryLine
  | { readonly kind: 'checkpoint'; readonly note: string }
  /** The beginning that retention has deleted: the roots of the perfect subtrees of so many entries, in base64. */
  | { readonly kind: 'pruned'; readonly size: number; readonly hashes: readonly string[] }
  | { readonly kind: 'malformed'; readonly message: string }

/** The line of an export that holds a checkpoint. */
export function checkpointLine(note: string): string {
  return JSON.stringify({ checkpoint: note })
}

/** The first line of an export whose beginning retention has deleted. */
export function prunedLine(size: number, hashes: readonly Uint8Array[]): string {
  return JSON.stringify({
    pruned: { size, hashes: hashes.map((hash) => Buffer.from(hash).toString('base64')) },
  })
}

/**
 * Reads a line of a JSONL export, and checks what can be checked of it alone. It has to be written exactly as an export
 * writes it: then nothing in it, shown members and spelling included, can be other than its leaf and personal data say.
 */
export function readLogLine(text: string): LogLine {
  const value = parseObject(text)
  if (value === null) return { kind: 'malformed', message: 'is no JSON object' }
  if ('checkpoint' in value) return readCheckpointLine(text, value)
  if ('pruned' in value) return readPrunedLine(text, value)
  return readEntryLine(text, value)
}

function readCheckpointLine(text: string, { checkpoint }: Members): LogLine {
  if (typeof checkpoint === 'string' && checkpointLine(checkpoint) === text)
    return { kind: 'checkpoint', note: checkpoint }
  return { kind: 'malformed', message: 'has a `checkpoint` and is not as an export writes it' }
}

function readPrunedLine(text: string, { pruned }: Members): LogLine {
  const { size, hashes } = isObject(pruned) ? pruned : {}
  if (typeof size === 'number' && Number.isSafeInteger(size) && size > 0 && isTexts(hashes)) {
    const bytes = hashes.map((hash) => Buffer.from(hash, 'base64'))
    if (prunedLine(size, bytes) === text) return { kind: 'pruned', size, hashes }
  }
  return { kind: 'malformed', message: 'has `pruned` and is not as an export writes it' }
}

function readEntryLine(text: string, value: Members): LogLine {
  const { leaf, personal } = value
  if (typeof leaf !== 'string' || (personal !== null && typeof personal !== 'string')) {
    return { kind: 'malformed', message: 'has no `leaf` and `personal`, which prove an entry' }
  }
  const entry = entryOf(leaf, personal)
  if (entry === null) return { kind: 'malformed', message: 'has a `leaf` or `personal` that is no entry' }
  return { kind: 'entry', entry, leaf, flaw: flawOf(text, value, entry, leaf, personal) }
}

function flawOf(
  text: string,
  value: Members,
  entry: AuditEntry,
  leaf: string,
  personal: string | null,
): LineFlaw | null {
  const commitment = (JSON.parse(leaf) as { readonly personal?: unknown }).personal
  if (!leaf.startsWith(`{"index":${String(entry.index)},`)) {
    return { kind: 'malformed', message: 'has a leaf that does not begin with its index' }
  }
  if (personal !== null && commitment !== commitmentTo(personal)) {
    return { kind: 'changed', message: 'has personal data that is not what its leaf is committed to' }
  }
  const written = exportEntries([{ entry, leaf, personal }], 'jsonl', false)
  if (written === `${text}\n`) return null
  const shown = parseObject(written) ?? {}
  const names = [...new Set([...Object.keys(shown), ...Object.keys(value)])]
  const differing = names.filter((name) => JSON.stringify(shown[name]) !== JSON.stringify(value[name]))
  if (differing.length === 0)
    return { kind: 'malformed', message: 'is spelt otherwise than an export spells it' }
  const list = differing.map((name) => `\`${name}\``).join(', ')
  return { kind: 'changed', message: `shows ${list} other than its leaf says` }
}

type Members = Readonly<Record<string, unknown>>

function entryOf(leaf: string, personal: string | null): AuditEntry | null {
  if (parseObject(leaf) === null || (personal !== null && parseObject(personal) === null)) return null
  try {
    const entry = readEntry(leaf, personal)
    const isEntry = Number.isSafeInteger(entry.index) && entry.index >= 0 && isObject(entry.details)
    return isEntry ? entry : null
  } catch {
    return null
  }
}

function parseObject(text: string): Members | null {
  try {
    const value = JSON.parse(text) as unknown
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
