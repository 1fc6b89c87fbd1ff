import {
  CompactTree,
  HASH_LENGTH,
  leafHash,
  nodeFromTile,
  openCheckpoint,
  signCheckpoint,
  TILE_WIDTH,
  tileOfNode,
  type NodeReader,
} from '@bitting/core'
import type { Transaction } from 'kysely'
import type { Reader } from '../storage/database.js'
import type { AuditTreeRow, Schema } from '../storage/schema.js'
import { NOTE_CRYPTO, sha256, type LogSigner } from './log-key.js'

/** How many entries one transaction takes into the tree, which bounds how long the event loop is held. */
const ENTRIES_MAX = 1024

/** The log in the database is not the one that was signed. Its checkpoints stop until somebody has looked. */
export class LogTamperedError extends Error {
  constructor(workspaceId: string, what: string) {
    super(`the audit log of ${workspaceId} is not what was signed: ${what}`)
    this.name = 'LogTamperedError'
  }
}

/** What a turn of {@link extendTree} came to. */
export interface TreeExtension {
  readonly size: number
  /** The signed checkpoint of that size. */
  readonly checkpoint: string
  /** Whether the log may hold more entries than the turn took. */
  readonly isBehind: boolean
  /** Entries that were signed though nothing shows that the program wrote them: those from before there were marks. */
  readonly unmarked: number
}

/**
 * Takes the next entries of a workspace's log into its Merkle tree and signs a checkpoint of it, all in one
 * transaction. Before it signs it looks whether the tree still is the one that was signed last.
 *
 * @throws {LogTamperedError} where it is not, or where the log has a hole
 */
export async function extendTree(
  tx: Transaction<Schema>,
  workspaceId: string,
  signer: LogSigner,
  nowMilliseconds: number,
): Promise<TreeExtension | null> {
  const tree = await lockTree(tx, workspaceId)
  const { leaves, unmarked } = await nextLeaves(tx, tree, signer)
  if (leaves.length === 0) return null
  const edge = await TreeEdge.load(tx, workspaceId, tree.size)
  checkSigned(tree, edge, signer)
  for (const leaf of leaves) edge.append(leafHash(sha256, leaf))
  await edge.save(tx)
  const checkpoint = signCheckpoint(
    { origin: signer.name, size: edge.size, root: edge.root(), extensions: [] },
    signer,
  )
  await tx
    .updateTable('audit_trees')
    .set({ size: edge.size, checkpoint, signed_at_ms: nowMilliseconds })
    .where('workspace_id', '=', workspaceId)
    .execute()
  return { size: edge.size, checkpoint, isBehind: leaves.length === ENTRIES_MAX, unmarked }
}

/** The tree of a workspace as far as it was signed; null before the first checkpoint. */
export async function readTree(read: Reader, workspaceId: string): Promise<AuditTreeRow | null> {
  const row = await read
    .selectFrom('audit_trees')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirst()
  return row ?? null
}

/** Reads the nodes of a workspace's tree from its tiles, all that a proof needs in one query. */
export function tileReader(read: Reader, workspaceId: string): NodeReader {
  return {
    read: async (nodes) => {
      const places = nodes.map(({ level, index }) => tileOfNode(level, index))
      const tiles = await readTiles(
        read,
        workspaceId,
        places.map(({ tileLevel, tileIndex }) => ({ level: tileLevel, idx: tileIndex })),
      )
      return places.map((place) => {
        const tile = tiles.get(`${String(place.tileLevel)}/${String(place.tileIndex)}`)
        if (tile === undefined) throw new LogTamperedError(workspaceId, 'a tile of its tree is missing')
        return nodeFromTile(sha256, tile, place)
      })
    },
  }
}

/** The tiles at some places, by `level/index`. */
export async function readTiles(
  read: Reader,
  workspaceId: string,
  places: readonly { readonly level: number; readonly idx: number }[],
): Promise<ReadonlyMap<string, Uint8Array>> {
  if (places.length === 0) return new Map()
  const rows = await read
    .selectFrom('audit_tiles')
    .select(['level', 'idx', 'hashes'])
    .where('workspace_id', '=', workspaceId)
    .where((column) =>
      column.or(
        places.map(({ level, idx }) => column.and([column('level', '=', level), column('idx', '=', idx)])),
      ),
    )
    .execute()
  return new Map(rows.map(({ level, idx, hashes }) => [`${String(level)}/${String(idx)}`, hashes]))
}

async function lockTree(tx: Transaction<Schema>, workspaceId: string): Promise<AuditTreeRow> {
  await tx
    .insertInto('audit_trees')
    .values({ workspace_id: workspaceId, size: 0, checkpoint: null, signed_at_ms: 0, first_index: 0 })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  return tx
    .updateTable('audit_trees')
    .set((row) => ({ size: row.ref('size') }))
    .where('workspace_id', '=', workspaceId)
    .returningAll()
    .executeTakeFirstOrThrow()
}

interface NextLeaves {
  readonly leaves: readonly Uint8Array[]
  /** How many have no mark of the program, because they are from before there were marks. */
  readonly unmarked: number
}

/**
 * The leaves that the tree does not have yet. Each must have been written by this program: else whoever can write to the
 * table could have entries signed that never were. Only a log from before there were such marks may begin without them,
 * and all of those go into its first tree.
 */
async function nextLeaves(
  tx: Transaction<Schema>,
  { workspace_id: workspaceId, size: from, checkpoint }: AuditTreeRow,
  { mac }: LogSigner,
): Promise<NextLeaves> {
  const query = tx
    .selectFrom('audit_log')
    .select(['idx', 'leaf', 'mac'])
    .where('workspace_id', '=', workspaceId)
    .where('idx', '>=', from)
    .orderBy('idx')
  let rows = await query.limit(ENTRIES_MAX).execute()
  if (checkpoint === null && rows.at(-1)?.mac === null) rows = await query.execute()
  let unmarked = 0
  const leaves = rows.map(({ idx, leaf, mac: mark }, at) => {
    if (idx !== from + at) throw new LogTamperedError(workspaceId, `entry ${String(from + at)} is missing`)
    const isOld = mark === null && checkpoint === null
    if (!isOld && mark !== mac(leaf)) {
      throw new LogTamperedError(workspaceId, `entry ${String(idx)} was not written by this program`)
    }
    if (isOld) unmarked++
    return Buffer.from(leaf)
  })
  return { leaves, unmarked }
}

function checkSigned(tree: AuditTreeRow, edge: TreeEdge, signer: LogSigner): void {
  if (tree.checkpoint === null) {
    if (tree.size > 0) throw new LogTamperedError(tree.workspace_id, 'its checkpoint is missing')
    return
  }
  const opened = openCheckpoint(tree.checkpoint, [signer], NOTE_CRYPTO)
  if (opened === null)
    throw new LogTamperedError(tree.workspace_id, 'its checkpoint is not signed by its key')
  const { size, root } = opened.checkpoint
  if (size !== tree.size || Buffer.compare(root, edge.root()) !== 0) {
    throw new LogTamperedError(tree.workspace_id, 'its tree does not lead to the signed root')
  }
}

interface OpenTile {
  idx: number
  hashes: Uint8Array[]
}

/**
 * The right edge of a tree: of each level the tile that still grows. A full tile's root is one hash of the level above
 * it, 256 times as coarse.
 */
class TreeEdge {
  readonly #workspaceId: string
  readonly #tiles: OpenTile[]
  readonly #full: { readonly level: number; readonly idx: number; readonly hashes: Uint8Array[] }[] = []
  #size: number

  private constructor(workspaceId: string, size: number, tiles: OpenTile[]) {
    this.#workspaceId = workspaceId
    this.#size = size
    this.#tiles = tiles
  }

  /** Loads the edge of a tree of a size. */
  static async load(read: Reader, workspaceId: string, size: number): Promise<TreeEdge> {
    const places: { level: number; idx: number; width: number }[] = []
    for (let rest = size, level = 0; rest > 0; rest = Math.floor(rest / TILE_WIDTH), level++) {
      places.push({ level, idx: Math.floor(rest / TILE_WIDTH), width: rest % TILE_WIDTH })
    }
    const stored = await readTiles(
      read,
      workspaceId,
      places.filter(({ width }) => width > 0),
    )
    const tiles = places.map(({ level, idx, width }): OpenTile => {
      const bytes = width === 0 ? new Uint8Array() : stored.get(`${String(level)}/${String(idx)}`)
      if (bytes?.length !== width * HASH_LENGTH) {
        throw new LogTamperedError(workspaceId, `tile ${String(idx)} of level ${String(level)} is damaged`)
      }
      return { idx, hashes: splitHashes(bytes) }
    })
    return new TreeEdge(workspaceId, size, tiles)
  }

  get size(): number {
    return this.#size
  }

  /** Appends a leaf's hash. */
  append(hash: Uint8Array): void {
    this.#size++
    this.#push(0, hash)
  }

  /** The root of the tree (RFC 6962 Section 2.1). */
  root(): Uint8Array {
    let below: Uint8Array | null = null
    for (const { hashes } of this.#tiles) {
      const row: readonly Uint8Array[] = below === null ? hashes : [...hashes, below]
      below = row.length === 0 ? null : rootOf(row)
    }
    return below ?? new CompactTree(sha256).root()
  }

  /** Writes the tiles that changed. */
  async save(tx: Transaction<Schema>): Promise<void> {
    const open = this.#tiles.map(({ idx, hashes }, level) => ({ level, idx, hashes }))
    const values = [...this.#full, ...open.filter(({ hashes }) => hashes.length > 0)].map(
      ({ level, idx, hashes }) => ({
        workspace_id: this.#workspaceId,
        level,
        idx,
        hashes: Buffer.concat(hashes),
      }),
    )
    await tx
      .insertInto('audit_tiles')
      .values(values)
      .onConflict((conflict) =>
        conflict
          .columns(['workspace_id', 'level', 'idx'])
          .doUpdateSet((row) => ({ hashes: row.ref('excluded.hashes') })),
      )
      .execute()
  }

  #push(level: number, hash: Uint8Array): void {
    const tile = (this.#tiles[level] ??= { idx: 0, hashes: [] })
    tile.hashes.push(hash)
    if (tile.hashes.length < TILE_WIDTH) return
    this.#full.push({ level, idx: tile.idx, hashes: tile.hashes })
    this.#tiles[level] = { idx: tile.idx + 1, hashes: [] }
    this.#push(level + 1, rootOf(tile.hashes))
  }
}

function rootOf(hashes: readonly Uint8Array[]): Uint8Array {
  const tree = new CompactTree(sha256)
  for (const hash of hashes) tree.append(hash)
  return tree.root()
}

function splitHashes(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length / HASH_LENGTH }, (_, at) =>
    bytes.subarray(at * HASH_LENGTH, (at + 1) * HASH_LENGTH),
  )
}
