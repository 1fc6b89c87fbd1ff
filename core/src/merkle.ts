import { assert } from './assert.js'

/** SHA-256 of some bytes: 32 bytes. Passed in because this package owns no globals. */
export type Sha256 = (data: Uint8Array) => Uint8Array

/** Bytes of every hash of the tree. */
export const HASH_LENGTH = 32

const POWERS: number[] = [1]
for (let exponent = 1; exponent <= 53; exponent++) POWERS.push((POWERS[exponent - 1] ?? 0) * 2)

/** A perfect subtree: its root stands `level` steps above the leaves, as number `index` from the left. */
export interface TreeNode {
  readonly level: number
  readonly index: number
}

/** Where the hashes of perfect subtrees come from. A proof or a root asks once, for all that it needs. */
export interface NodeReader {
  /** The hashes of these nodes, in their order. Every node asked for lies in the tree. */
  read(nodes: readonly TreeNode[]): Promise<readonly Uint8Array[]>
}

/** Some leaves in a row: from `start`, `length` of them, at least one. */
interface LeafRange {
  readonly start: number
  readonly length: number
}

/** The hash of a leaf: the entry behind a zero byte (RFC 6962, section 2.1). */
export function leafHash(sha256: Sha256, entry: Uint8Array): Uint8Array {
  const data = new Uint8Array(entry.length + 1)
  data.set(entry, 1)
  return sha256(data)
}

/** The hash of an inner node: its two children behind a one byte (RFC 6962, section 2.1). */
export function nodeHash(sha256: Sha256, left: Uint8Array, right: Uint8Array): Uint8Array {
  const data = new Uint8Array(1 + left.length + right.length)
  data[0] = 1
  data.set(left, 1)
  data.set(right, 1 + left.length)
  return sha256(data)
}

/** The root of the tree without leaves: the hash of nothing (RFC 6962, section 2.1). */
export function emptyRoot(sha256: Sha256): Uint8Array {
  return sha256(new Uint8Array(0))
}

/** The right edge of a growing tree: enough to append to it and to know its root, in at most 53 hashes. */
export class CompactTree {
  readonly #sha256: Sha256
  readonly #hashes: Uint8Array[]
  #size: number

  /**
   * @param hashes the roots of the perfect subtrees that `size` leaves fall into, largest first
   * @throws {RangeError} when the size is not a whole number up to 2^53 - 1, or the hashes do not fit it
   */
  constructor(sha256: Sha256, size = 0, hashes: readonly Uint8Array[] = []) {
    checkSize(size)
    if (hashes.length !== rangeNodes(0, size).length || !hashes.every(isHash)) {
      throw new RangeError('the hashes of a tree are one of 32 bytes for each perfect subtree of its size')
    }
    this.#sha256 = sha256
    this.#size = size
    this.#hashes = [...hashes]
  }

  /** How many leaves the tree has. */
  get size(): number {
    return this.#size
  }

  /** The roots of the perfect subtrees, largest first: what the constructor takes. */
  get hashes(): readonly Uint8Array[] {
    return [...this.#hashes]
  }

  /**
   * Adds a leaf by its hash.
   *
   * @throws {RangeError} when the hash has not 32 bytes or the tree is full, at 2^53 - 1 leaves
   */
  append(leafHash: Uint8Array): void {
    if (!isHash(leafHash)) throw new RangeError('a leaf hash has 32 bytes')
    checkSize(this.#size + 1)
    let hash = leafHash
    for (let rest = this.#size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      const left = this.#hashes.pop()
      assert(left !== undefined, 'a tree has a hash for each bit of its size')
      hash = nodeHash(this.#sha256, left, hash)
    }
    this.#hashes.push(hash)
    this.#size++
  }

  /** The root of the tree. */
  root(): Uint8Array {
    return this.#size === 0 ? emptyRoot(this.#sha256) : fold(this.#sha256, this.#hashes)
  }
}

/**
 * The perfect subtrees that an inclusion proof is made of, in the order of the proof; several of them may be folded
 * into one element of it (RFC 6962, section 2.1.1).
 *
 * @throws {RangeError} when there is no such leaf in a tree of this size
 */
export function inclusionNodes(index: number, size: number): TreeNode[] {
  return inclusionRanges(index, size).flatMap(({ start, length }) => rangeNodes(start, length))
}

/**
 * The perfect subtrees that a consistency proof is made of, in the order of the proof; several of them may be folded
 * into one element of it (RFC 6962, section 2.1.2). None where a size is 0 or both are the same.
 *
 * @throws {RangeError} when the sizes are not whole numbers up to 2^53 - 1, the smaller one first
 */
export function consistencyNodes(from: number, to: number): TreeNode[] {
  return consistencyRanges(from, to).flatMap(({ start, length }) => rangeNodes(start, length))
}

/** The inclusion proof of a leaf, its sibling first (RFC 6962, section 2.1.1). Throws as {@link inclusionNodes}. */
export async function inclusionProof(
  sha256: Sha256,
  index: number,
  size: number,
  nodes: NodeReader,
): Promise<Uint8Array[]> {
  return hashRanges(sha256, inclusionRanges(index, size), nodes)
}

/** The consistency proof between two sizes (RFC 6962, section 2.1.2). Throws as {@link consistencyNodes}. */
export async function consistencyProof(
  sha256: Sha256,
  from: number,
  to: number,
  nodes: NodeReader,
): Promise<Uint8Array[]> {
  return hashRanges(sha256, consistencyRanges(from, to), nodes)
}

/**
 * The root of the tree of the first `size` leaves (RFC 6962, section 2.1).
 *
 * @throws {RangeError} when the size is not a whole number up to 2^53 - 1
 */
export async function treeRoot(sha256: Sha256, size: number, nodes: NodeReader): Promise<Uint8Array> {
  checkSize(size)
  if (size === 0) return emptyRoot(sha256)
  const [root] = await hashRanges(sha256, [{ start: 0, length: size }], nodes)
  assert(root !== undefined, 'one range has one hash')
  return root
}

/** The largest power of two that is less than `size`: where a tree of two or more leaves splits. */
function splitOf(size: number): number {
  return largestPower(size - 1)
}

/** The largest power of two in a whole number from 1 to 2^53 - 1, beyond the 32 bits of the bit operators. */
function largestPower(value: number): number {
  const high = Math.floor(value / 2 ** 32)
  const exponent = high > 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(value)
  return POWERS[exponent] ?? 0
}

/** The perfect subtrees of a range, largest first. The range begins where its largest one may begin. */
function rangeNodes(start: number, length: number): TreeNode[] {
  const nodes: TreeNode[] = []
  for (let at = start, rest = length; rest > 0;) {
    const power = largestPower(rest)
    nodes.push({ level: POWERS.indexOf(power), index: at / power })
    at += power
    rest -= power
  }
  return nodes
}

function inclusionRanges(index: number, size: number): LeafRange[] {
  checkSize(size)
  if (!isSize(index) || index >= size)
    throw new RangeError('the index of a leaf is below the size of the tree')
  const ranges: LeafRange[] = []
  let start = 0
  let length = size
  while (length > 1) {
    const split = splitOf(length)
    if (index < start + split) {
      ranges.push({ start: start + split, length: length - split })
      length = split
    } else {
      ranges.push({ start, length: split })
      start += split
      length -= split
    }
  }
  return ranges.reverse()
}

function consistencyRanges(from: number, to: number): LeafRange[] {
  checkSize(from)
  checkSize(to)
  if (from > to) throw new RangeError('a tree is consistent with a larger one, not with a smaller one')
  if (from === 0) return []
  const ranges: LeafRange[] = []
  let start = 0
  let length = to
  while (start + length !== from) {
    const split = splitOf(length)
    if (from <= start + split) {
      ranges.push({ start: start + split, length: length - split })
      length = split
    } else {
      ranges.push({ start, length: split })
      start += split
      length -= split
    }
  }
  // The verifier knows the root of the old tree, and so its only subtree where it is a perfect one.
  if (start > 0) ranges.push({ start, length })
  return ranges.reverse()
}

async function hashRanges(
  sha256: Sha256,
  ranges: readonly LeafRange[],
  reader: NodeReader,
): Promise<Uint8Array[]> {
  const parts = ranges.map(({ start, length }) => rangeNodes(start, length))
  const nodes = parts.flat()
  if (nodes.length === 0) return []
  const hashes = await reader.read(nodes)
  assert(hashes.length === nodes.length, 'a node reader gives one hash for each node')
  let at = 0
  return parts.map((part) => fold(sha256, hashes.slice(at, (at += part.length))))
}

/** The hash of a range from those of its perfect subtrees, largest first. */
function fold(sha256: Sha256, hashes: readonly Uint8Array[]): Uint8Array {
  return hashes.reduceRight((right, left) => nodeHash(sha256, left, right))
}

function checkSize(size: number): void {
  if (!isSize(size)) throw new RangeError('the size of a tree is a whole number from 0 to 2^53 - 1')
}

/** Says whether a number can be the size of a tree, or the index of a leaf. */
export function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

/** Says whether a value is bytes. */
export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array
}

/** Says whether a value is a hash of 32 bytes. */
export function isHash(value: unknown): value is Uint8Array {
  return isBytes(value) && value.length === HASH_LENGTH
}
