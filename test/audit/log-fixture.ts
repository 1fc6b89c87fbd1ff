import { createSecretKey } from 'node:crypto'
import {
  CompactTree,
  leafHash,
  parseVerifierKey,
  signCheckpoint,
  type AuditAction,
  type VerifierKey,
} from '@bitting/core'
import { entryTexts, leafText, readEntry, type EntryDraft } from '../../server/src/audit/entry.js'
import { exportEntries } from '../../server/src/audit/export.js'
import { LogKeys, sha256, type LogSigner } from '../../server/src/audit/log-key.js'
import { checkpointLine, prunedLine } from '../../server/src/audit/log-line.js'

export const WORKSPACE = 'ws_000000000001'
export const SIGNER = new LogKeys(createSecretKey(Buffer.alloc(32, 1))).signer(WORKSPACE)
export const OTHER_SIGNER = new LogKeys(createSecretKey(Buffer.alloc(32, 2))).signer(WORKSPACE)
export const KEY: VerifierKey = parseVerifierKey(sha256, SIGNER.verifierKey)!

/** An entry of a log that was made for a test. */
export interface MadeEntry {
  readonly leaf: string
  readonly personal: string | null
}

/** Entries with everything that a log holds. */
export function makeEntries(
  count: number,
  change: (index: number) => Partial<EntryDraft> = () => ({}),
): MadeEntry[] {
  return Array.from({ length: count }, (_, index) => makeEntry(index, change(index)))
}

export function makeEntry(index: number, changes: Partial<EntryDraft> = {}): MadeEntry {
  const { body, personal } = entryTexts({
    workspaceId: WORKSPACE,
    atMilliseconds: Date.parse('2026-11-22T10:00:00Z') + index * 1000,
    actor: { type: 'key', id: `key_Owner0000000${String(index % 3)}` },
    action: ACTIONS[index % ACTIONS.length]!,
    operation: 'createKey',
    resource: { type: 'key', id: `key_${String(index).padStart(13, '0')}` },
    failure: index % 4 === 3 ? 'insufficient_scope' : null,
    requestId: `req_${String(index)}`,
    details: { name: `Schlüssel ${String(index)}` },
    personal: { address: `203.0.113.${String(index % 250)}`, user_agent: 'curl/8 "x"' },
    ...changes,
  })
  return { leaf: leafText(index, body), personal }
}

const ACTIONS: readonly AuditAction[] = ['key.create', 'key.update', 'call.allowed', 'call.denied']

/** The tree of the first entries. */
export function treeOf(entries: readonly MadeEntry[], size = entries.length): CompactTree {
  const tree = new CompactTree(sha256)
  for (const { leaf } of entries.slice(0, size)) tree.append(leafHash(sha256, Buffer.from(leaf)))
  return tree
}

/** The signed note of the first entries. */
export function noteOf(
  entries: readonly MadeEntry[],
  size = entries.length,
  signer: LogSigner = SIGNER,
): string {
  const root = treeOf(entries, size).root()
  return signCheckpoint({ origin: signer.name, size, root, extensions: [] }, signer)
}

export function lineOf({ leaf, personal }: MadeEntry): string {
  const entry = readEntry(leaf, personal)
  return exportEntries([{ entry, leaf, personal }], 'jsonl', false).slice(0, -1)
}

/** The lines of an export, with its own checkpoint at its end and what retention deleted at its beginning. */
export function exportOf(
  entries: readonly MadeEntry[],
  prunedSize = 0,
  signer: LogSigner = SIGNER,
): string[] {
  const beginning = prunedSize === 0 ? [] : [prunedLine(prunedSize, treeOf(entries, prunedSize).hashes)]
  const shown = entries.slice(prunedSize).map(lineOf)
  return [...beginning, ...shown, checkpointLine(noteOf(entries, entries.length, signer))]
}

/** The same entry without its personal data. */
export function erased({ leaf }: MadeEntry): MadeEntry {
  return { leaf, personal: null }
}
