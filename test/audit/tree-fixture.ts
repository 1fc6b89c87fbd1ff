import { createSecretKey } from 'node:crypto'
import { CompactTree, openCheckpoint } from '@bitting/core'
import { appendTexts } from '../../server/src/audit/append.js'
import { Checkpointer, type SignedCheckpoint } from '../../server/src/audit/checkpointer.js'
import { entryTexts, type EntryDraft } from '../../server/src/audit/entry.js'
import { LogKeys, NOTE_CRYPTO, sha256 } from '../../server/src/audit/log-key.js'
import { hashOfLeaf } from '../../server/src/audit/proofs.js'
import { readAuditRange } from '../../server/src/audit/search.js'
import type { WritableDatabase } from '../../server/src/storage/database.js'

export const KEYS = new LogKeys(createSecretKey(Buffer.alloc(32, 7)))

export function draft(workspaceId: string, marker: number): EntryDraft {
  return {
    workspaceId,
    atMilliseconds: 1_700_000_000_000 + marker,
    actor: { type: 'key', id: 'key_0000000000000' },
    action: 'key.update',
    operation: 'updateKey',
    resource: { type: 'key', id: 'key_0000000000001' },
    failure: null,
    requestId: String(marker),
    details: { name: `Ein Schlüssel ${String(marker)}` },
    personal: { address: '203.0.113.7', user_agent: 'curl/8' },
  }
}

export async function append(database: WritableDatabase, workspaceId: string, count: number): Promise<void> {
  const texts = Array.from({ length: count }, (_, at) => entryTexts(draft(workspaceId, at)))
  await database.transact((tx) => appendTexts(tx, KEYS, texts))
}

export interface Signing {
  readonly checkpointer: Checkpointer
  readonly signed: SignedCheckpoint[]
  readonly errors: unknown[]
}

export function newSigning(database: WritableDatabase): Signing {
  const signed: SignedCheckpoint[] = []
  const errors: unknown[] = []
  const checkpointer = new Checkpointer({
    database,
    keys: KEYS,
    now: Date.now,
    onCheckpoint: (checkpoint) => signed.push(checkpoint),
    onError: (error) => errors.push(error),
  })
  return { checkpointer, signed, errors }
}

/** What the log is by the plain definition: its leaves' hashes, and the root at every size. */
export async function naive(
  database: WritableDatabase,
  workspaceId: string,
): Promise<{ leaves: Uint8Array[]; roots: Uint8Array[] }> {
  const leaves = (await readAuditRange(database, workspaceId, 0, 100_000)).map(({ leaf }) => hashOfLeaf(leaf))
  const tree = new CompactTree(sha256)
  const roots = [tree.root()]
  for (const leaf of leaves) {
    tree.append(leaf)
    roots.push(tree.root())
  }
  return { leaves, roots }
}

export function opened(
  note: string,
  workspaceId: string,
): { size: number; root: Uint8Array; origin: string } {
  const found = openCheckpoint(note, [KEYS.signer(workspaceId)], NOTE_CRYPTO)
  if (found === null) throw new Error('the checkpoint does not open')
  return found.checkpoint
}
