import { HASH_LENGTH, nodeHash, type Sha256 } from './merkle.js'

/** Levels of the tree that one tile spans. */
export const TILE_HEIGHT = 8
/** Hashes of a full tile, and entries of a full bundle. */
export const TILE_WIDTH = 256

const TILE_LEVEL_MAX = 63
const ENTRY_LENGTH_MAX = 65_535
const PATH = /^tile\/(entries|0|[1-9]\d?)\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/

/** What a path below a log's prefix names: a tile of hashes at a level, or a bundle of entries. */
export interface TilePath {
  readonly level: number | 'entries'
  readonly index: number
  /** How many hashes or entries: 256 where full. */
  readonly width: number
}

/** Where the hash of a perfect subtree is found. */
export interface NodePlace {
  readonly tileLevel: number
  readonly tileIndex: number
  /** The number of the tile's first hash below the node. */
  readonly offset: number
  /** Levels above the tile's own hashes, 0 to 7: the node is computed from 2^height of them. */
  readonly height: number
}

/**
 * The path of a tile of hashes, `tile/0/x001/x234/067` for example (C2SP tlog-tiles, "Merkle Tree").
 *
 * @param width how many hashes the tile has; below 256 it is partial and its path says so
 * @throws {RangeError} when a level is not from 0 to 63, an index no whole number or a width not from 1 to 256
 */
export function tilePath(level: number, index: number, width: number = TILE_WIDTH): string {
  if (!isWhole(level) || level > TILE_LEVEL_MAX) throw new RangeError('the level of a tile is from 0 to 63')
  return pathOf(String(level), index, width)
}

/**
 * The path of a bundle of entries, `tile/entries/067.p/12` for example (C2SP tlog-tiles, "Log entries"). Throws as
 * {@link tilePath}.
 */
export function entriesPath(index: number, width: number = TILE_WIDTH): string {
  return pathOf('entries', index, width)
}

/** What a path names, null where it is not exactly what {@link tilePath} or {@link entriesPath} gives. */
export function parseTilePath(path: string): TilePath | null {
  const match = PATH.exec(path)
  if (match?.[1] === undefined || match[2] === undefined) return null
  const level = match[1] === 'entries' ? 'entries' : Number(match[1])
  const index = Number(match[2].replaceAll(/[x/]/g, ''))
  const width = match[3] === undefined ? TILE_WIDTH : Number(match[3])
  if (level !== 'entries' && level > TILE_LEVEL_MAX) return null
  if (!isWhole(index) || (match[3] !== undefined && width >= TILE_WIDTH)) return null
  return pathOf(match[1], index, width) === path ? { level, index, width } : null
}

/**
 * The tile that holds the hashes under a perfect subtree, and which of them those are.
 *
 * @throws {RangeError} when level or index is no whole number
 */
export function tileOfNode(level: number, index: number): NodePlace {
  if (!isWhole(level) || !isWhole(index)) throw new RangeError('a node has a whole level and index')
  const height = level % TILE_HEIGHT
  const nodes = 2 ** (TILE_HEIGHT - height)
  return {
    tileLevel: (level - height) / TILE_HEIGHT,
    tileIndex: Math.floor(index / nodes),
    offset: (index % nodes) * 2 ** height,
    height,
  }
}

/**
 * The hash of a perfect subtree from the tile under it.
 *
 * @param tile the tile's hashes one behind the other, 32 bytes each, as it is served
 * @throws {RangeError} when the tile is too narrow to have all the hashes under the node
 */
export function nodeFromTile(
  sha256: Sha256,
  tile: Uint8Array,
  place: Pick<NodePlace, 'offset' | 'height'>,
): Uint8Array {
  const { offset, height } = place
  const count = 2 ** height
  if (tile.length < (offset + count) * HASH_LENGTH) {
    throw new RangeError('the tile is too narrow for this node')
  }
  return rootOf(sha256, tile, offset, count)
}

/**
 * A bundle of entries: each behind its length as a big-endian uint16 (C2SP tlog-tiles, "Log entries").
 *
 * @throws {RangeError} when an entry has more than 65,535 bytes
 */
export function formatEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  const bundle = new Uint8Array(entries.reduce((sum, entry) => sum + 2 + entry.length, 0))
  let at = 0
  for (const entry of entries) {
    if (entry.length > ENTRY_LENGTH_MAX) throw new RangeError('an entry has at most 65,535 bytes')
    bundle[at] = entry.length >>> 8
    bundle[at + 1] = entry.length & 255
    bundle.set(entry, at + 2)
    at += 2 + entry.length
  }
  return bundle
}

function pathOf(kind: string, index: number, width: number): string {
  if (!isWhole(index)) throw new RangeError('the index of a tile is a whole number up to 2^53 - 1')
  if (!isWhole(width) || width < 1 || width > TILE_WIDTH) {
    throw new RangeError('the width of a tile is from 1 to 256')
  }
  let path = String(index % 1000).padStart(3, '0')
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    path = `x${String(rest % 1000).padStart(3, '0')}/${path}`
  }
  const suffix = width === TILE_WIDTH ? '' : `.p/${String(width)}`
  return `tile/${kind}/${path}${suffix}`
}

/** The root over `count` hashes of a tile, a power of two. */
function rootOf(sha256: Sha256, tile: Uint8Array, offset: number, count: number): Uint8Array {
  // Copied by hand: the `slice` of Node's Buffer would hand out the caller's own memory.
  if (count === 1) return new Uint8Array(tile.subarray(offset * HASH_LENGTH, (offset + 1) * HASH_LENGTH))
  const half = count / 2
  return nodeHash(sha256, rootOf(sha256, tile, offset, half), rootOf(sha256, tile, offset + half, half))
}

function isWhole(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}
