import {
  consistencyProof,
  formatEntryBundle,
  formatTlogProof,
  HASH_LENGTH,
  inclusionProof,
  leafHash,
  ProblemError,
  TILE_WIDTH,
} from '@bitting/core'
import type { Database } from '../storage/database.js'
import type { AuditTreeRow } from '../storage/schema.js'
import { sha256 } from './log-key.js'
import { readAuditRange } from './search.js'
import { readTiles, readTree, tileReader } from './tree.js'

type ReadOnly = Pick<Database, 'read'>

/** That an entry is in the tree of a size (RFC 6962 Section 2.1.1). */
export interface Inclusion {
  readonly index: number
  readonly size: number
  readonly hashes: readonly Uint8Array[]
}

/**
 * The newest signed checkpoint of a workspace's log.
 *
 * @throws {ProblemError} not_found before the first, which comes within a second of the first entry
 */
export async function newestCheckpoint(database: ReadOnly, workspaceId: string): Promise<string> {
  return (await requireTree(database, workspaceId)).checkpoint
}

/**
 * Proves that an entry is in the tree.
 *
 * @param size the tree's size, a checkpoint's for example; null for that of the newest checkpoint
 * @throws {ProblemError} invalid_request where no tree of that size was signed yet or it ends before the entry
 */
export async function proveInclusion(
  database: ReadOnly,
  workspaceId: string,
  index: number,
  size: number | null,
): Promise<Inclusion> {
  const tree = await requireTree(database, workspaceId)
  const wanted = size ?? tree.size
  checkSize('size', wanted, tree)
  if (index >= wanted) {
    throw invalid('index', `is not in a tree of size ${String(wanted)}; the tree grows every second`)
  }
  const hashes = await inclusionProof(sha256, index, wanted, tileReader(database.read, workspaceId))
  return { index, size: wanted, hashes }
}

/**
 * Proves that the tree of one size is the beginning of the tree of another (RFC 6962 Section 2.1.2).
 *
 * @param to null for the size of the newest checkpoint
 * @throws {ProblemError} invalid_request where `to` was not signed yet, or `from` is larger
 */
export async function proveConsistency(
  database: ReadOnly,
  workspaceId: string,
  from: number,
  to: number | null,
): Promise<{ readonly from: number; readonly to: number; readonly hashes: readonly Uint8Array[] }> {
  const tree = await requireTree(database, workspaceId)
  const wanted = to ?? tree.size
  checkSize('to', wanted, tree)
  if (from > wanted) throw invalid('from', 'must not be larger than `to`')
  const hashes = await consistencyProof(sha256, from, wanted, tileReader(database.read, workspaceId))
  return { from, to: wanted, hashes }
}

/** One entry's proof and the newest checkpoint in one file (C2SP tlog-proof), to be kept beside the entry. */
export async function bundleProof(database: ReadOnly, workspaceId: string, index: number): Promise<string> {
  const { checkpoint, size } = await requireTree(database, workspaceId)
  const { hashes } = await proveInclusion(database, workspaceId, index, size)
  return formatTlogProof({ index, hashes, checkpoint })
}

/**
 * A tile of the tree as C2SP tlog-tiles serves it: its hashes one behind the other.
 *
 * @param width how many hashes of it, for a tile that is not full
 * @throws {ProblemError} not_found where the signed tree has no such tile
 */
export async function readTile(
  database: ReadOnly,
  workspaceId: string,
  level: number,
  index: number,
  width: number,
): Promise<Uint8Array> {
  const tree = await requireTree(database, workspaceId)
  // What of a tile the signed tree has. The width in the path must be one that the tree once had.
  const hashes = Math.floor(tree.size / TILE_WIDTH ** level) - index * TILE_WIDTH
  const tiles = width <= hashes ? await readTiles(database.read, workspaceId, [{ level, idx: index }]) : null
  const tile = tiles?.get(`${String(level)}/${String(index)}`)
  if (tile === undefined) throw new ProblemError('not_found', 'The tree has no such tile yet.')
  return tile.subarray(0, width * HASH_LENGTH)
}

/**
 * The entries under a tile of the lowest level, as C2SP tlog-tiles serves them.
 *
 * @throws {ProblemError} not_found where the signed tree has no such tile, or retention has deleted entries of it
 */
export async function readEntryBundle(
  database: ReadOnly,
  workspaceId: string,
  index: number,
  width: number,
): Promise<Uint8Array> {
  const tree = await requireTree(database, workspaceId)
  const from = index * TILE_WIDTH
  const entries = from + width <= tree.size ? await readAuditRange(database, workspaceId, from, width) : []
  if (entries.length !== width || entries[0]?.place !== from) {
    throw new ProblemError('not_found', 'The log does not have these entries, or not any more.')
  }
  return formatEntryBundle(entries.map(({ leaf }) => Buffer.from(leaf)))
}

/** The hash under which an entry stands in the tree. */
export function hashOfLeaf(leaf: string): Uint8Array {
  return leafHash(sha256, Buffer.from(leaf))
}

async function requireTree(
  { read }: ReadOnly,
  workspaceId: string,
): Promise<AuditTreeRow & { readonly checkpoint: string }> {
  const tree = await readTree(read, workspaceId)
  if (tree?.checkpoint === undefined || tree.checkpoint === null) {
    throw new ProblemError('not_found', 'This log has no checkpoint yet; the first comes within a second.')
  }
  return { ...tree, checkpoint: tree.checkpoint }
}

function checkSize(field: string, size: number, tree: AuditTreeRow): void {
  if (size >= 1 && size <= tree.size) return
  throw invalid(field, `must be from 1 to ${String(tree.size)}, the size of the newest checkpoint`)
}

function invalid(field: string, message: string): ProblemError {
  return new ProblemError('invalid_request', `Check ${field}: it ${message}.`, {
    errors: [{ field, message }],
  })
}
