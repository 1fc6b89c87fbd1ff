import { createHash } from 'node:crypto'
import {
  CompactTree,
  consistencyProof,
  inclusionProof,
  leafHash,
  nodeFromTile,
  nodeHash,
  tileOfNode,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
  type NodeReader,
} from '@bitting/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const sha256 = (data: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(data).digest())
const SIZE_MAX = 2000
const LEAVES = Array.from({ length: SIZE_MAX }, (_, index) => leafHash(sha256, Buffer.from(`entry ${index}`)))

/** The tree, by the words of RFC 6962, section 2.1, alone. Remembers, because the words alone are slow. */
const known = new Map<string, Uint8Array>()
function mth(from: number, to: number): Uint8Array {
  if (to - from === 1) return LEAVES[from]!
  const name = `${from} ${to}`
  let hash = known.get(name)
  if (hash === undefined) {
    const k = split(to - from)
    hash = sha256(Buffer.concat([Buffer.of(1), mth(from, from + k), mth(from + k, to)]))
    known.set(name, hash)
  }
  return hash
}

function split(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

/** PATH of section 2.1.1. */
function path(m: number, from: number, to: number): Uint8Array[] {
  if (to - from === 1) return []
  const middle = from + split(to - from)
  return m < middle
    ? [...path(m, from, middle), mth(middle, to)]
    : [...path(m, middle, to), mth(from, middle)]
}

/** SUBPROOF of section 2.1.2, where `m` counts from the beginning of the whole tree. */
function subproof(m: number, from: number, to: number, whole: boolean): Uint8Array[] {
  if (m === to) return whole ? [] : [mth(from, to)]
  const middle = from + split(to - from)
  return m <= middle
    ? [...subproof(m, from, middle, whole), mth(middle, to)]
    : [...subproof(m, middle, to, false), mth(from, middle)]
}

/** On which side each hash of a proof stands. Claims of one shape are computed alike, so one proof serves them all. */
function pathShape(m: number, from: number, to: number): string {
  if (to - from === 1) return ''
  const middle = from + split(to - from)
  return m < middle ? `${pathShape(m, from, middle)}R` : `${pathShape(m, middle, to)}L`
}

function subproofShape(m: number, from: number, to: number, whole: boolean): string {
  if (m === to) return whole ? 'root ' : 'node '
  const middle = from + split(to - from)
  return m <= middle ? `${subproofShape(m, from, middle, whole)}R` : `${subproofShape(m, middle, to, false)}L`
}

const reader: NodeReader = {
  read: (nodes) =>
    Promise.resolve(nodes.map(({ level, index }) => mth(index * 2 ** level, (index + 1) * 2 ** level))),
}

/** The same nodes, from tiles as a log serves them. */
const tileReader = (size: number): NodeReader => ({
  read: (nodes) =>
    Promise.resolve(
      nodes.map((node) => {
        const place = tileOfNode(node.level, node.index)
        const span = 256 ** place.tileLevel
        const width = Math.min(256, Math.floor(size / span) - place.tileIndex * 256)
        const hashes = Array.from({ length: width }, (_, at) => {
          const start = (place.tileIndex * 256 + at) * span
          return mth(start, start + span)
        })
        return nodeFromTile(sha256, Buffer.concat(hashes), place)
      }),
    ),
})

const place = fc.nat(SIZE_MAX * 1000)
const size = fc.integer({ min: 1, max: SIZE_MAX })
const flipped = (bytes: Uint8Array, bit: number): Uint8Array => {
  const copy = Uint8Array.from(bytes)
  copy[bit >> 3]! ^= 1 << (bit & 7)
  return copy
}

describe('an inclusion proof', () => {
  it('is that of RFC 6962, from nodes and from tiles, and verifies', async () => {
    await fc.assert(
      fc.asyncProperty(size, place, async (size, place) => {
        const index = place % size
        const proof = await inclusionProof(sha256, index, size, reader)
        expect(proof).toEqual(path(index, 0, size))
        expect(await inclusionProof(sha256, index, size, tileReader(size))).toEqual(proof)
        expect(await treeRoot(sha256, size, tileReader(size))).toEqual(mth(0, size))
        const claim = { index, size, leafHash: LEAVES[index]!, proof, root: mth(0, size) }
        expect(verifyInclusion(sha256, claim)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('fails with any one bit of it, the leaf, the root or the index flipped', () => {
    fc.assert(
      fc.property(size, place, (size, place) => {
        const index = place % size
        const claim = {
          index,
          size,
          leafHash: LEAVES[index]!,
          proof: path(index, 0, size),
          root: mth(0, size),
        }
        for (let bit = 0; bit < 256; bit++) {
          expect(verifyInclusion(sha256, { ...claim, leafHash: flipped(claim.leafHash, bit) })).toBe(false)
          expect(verifyInclusion(sha256, { ...claim, root: flipped(claim.root, bit) })).toBe(false)
          const at = bit % Math.max(1, claim.proof.length)
          const proof = claim.proof.map((hash, number) => (number === at ? flipped(hash, bit) : hash))
          if (proof.length > 0) expect(verifyInclusion(sha256, { ...claim, proof })).toBe(false)
        }
        for (let bit = 0; bit < 53; bit++) {
          const other = Number(BigInt(index) ^ (1n << BigInt(bit)))
          expect(verifyInclusion(sha256, { ...claim, index: other })).toBe(false)
        }
      }),
      { numRuns: 30 },
    )
  })

  it('holds for another size just where RFC 6962 computes that claim in the same way', () => {
    fc.assert(
      fc.property(size, place, size, (size, place, other) => {
        const index = place % size
        const claim = { index, size: other, leafHash: LEAVES[index]!, proof: path(index, 0, size) }
        const same = index < other && pathShape(index, 0, other) === pathShape(index, 0, size)
        expect(verifyInclusion(sha256, { ...claim, root: mth(0, size) })).toBe(same)
      }),
      { numRuns: 1000 },
    )
  })

  it('fails with a hash left out, put in, doubled or moved', () => {
    fc.assert(
      fc.property(size, place, fc.nat(20), (size, place, at) => {
        const index = place % size
        const proof = path(index, 0, size)
        const claim = { index, size, leafHash: LEAVES[index]!, root: mth(0, size) }
        const here = at % (proof.length + 1)
        const edits = [[...proof.slice(0, here), LEAVES[0]!, ...proof.slice(here)]]
        if (here < proof.length) {
          edits.push(proof.toSpliced(here, 1), proof.toSpliced(here, 0, proof[here]!))
          if (proof.length > 1) edits.push([...proof.slice(1), proof[0]!])
        }
        for (const edit of edits) expect(verifyInclusion(sha256, { ...claim, proof: edit })).toBe(false)
      }),
      { numRuns: 500 },
    )
  })
})

describe('a consistency proof', () => {
  const pair = fc
    .tuple(size, size)
    .map(([one, other]) => [Math.min(one, other), Math.max(one, other)] as const)

  it('is that of RFC 6962, from nodes and from tiles, and verifies', async () => {
    await fc.assert(
      fc.asyncProperty(pair, async ([from, to]) => {
        const proof = await consistencyProof(sha256, from, to, reader)
        expect(proof).toEqual(subproof(from, 0, to, true))
        expect(await consistencyProof(sha256, from, to, tileReader(to))).toEqual(proof)
        const claim = { from, to, fromRoot: mth(0, from), toRoot: mth(0, to), proof }
        expect(verifyConsistency(sha256, claim)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('fails with any one bit of it or of a root flipped', () => {
    fc.assert(
      fc.property(pair, ([from, to]) => {
        const proof = subproof(from, 0, to, true)
        const claim = { from, to, fromRoot: mth(0, from), toRoot: mth(0, to), proof }
        for (let bit = 0; bit < 256; bit++) {
          expect(verifyConsistency(sha256, { ...claim, fromRoot: flipped(claim.fromRoot, bit) })).toBe(false)
          expect(verifyConsistency(sha256, { ...claim, toRoot: flipped(claim.toRoot, bit) })).toBe(false)
          for (const at of [bit % Math.max(1, proof.length)]) {
            const wrong = proof.map((hash, number) => (number === at ? flipped(hash, bit) : hash))
            if (proof.length > 0) expect(verifyConsistency(sha256, { ...claim, proof: wrong })).toBe(false)
          }
        }
      }),
      { numRuns: 30 },
    )
  })

  it('holds for other sizes just where RFC 6962 computes that claim in the same way', () => {
    fc.assert(
      fc.property(pair, pair, fc.nat(10), ([from, to], [otherFrom, otherTo], bit) => {
        const claim = { fromRoot: mth(0, from), toRoot: mth(0, to), proof: subproof(from, 0, to, true) }
        const shape = from === to ? 'same' : subproofShape(from, 0, to, true)
        for (const [from2, to2] of [
          [otherFrom, to],
          [from, otherTo],
          [otherFrom, otherTo],
          [from ^ (1 << bit), to],
          [from, to ^ (1 << bit)],
        ] as const) {
          const shape2 =
            from2 === to2 ? 'same' : from2 === 0 || from2 > to2 ? '' : subproofShape(from2, 0, to2, true)
          const same = from2 > 0 && shape2 === shape
          expect(verifyConsistency(sha256, { ...claim, from: from2, to: to2 })).toBe(same)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('fails between trees that differ in one old leaf', () => {
    fc.assert(
      fc.property(pair, place, ([from, to], place) => {
        fc.pre(from < to)
        const tree = new CompactTree(sha256)
        const changed = place % from
        for (let index = 0; index < from; index++) {
          tree.append(index === changed ? leafHash(sha256, Buffer.from('forged')) : LEAVES[index]!)
        }
        const proof = subproof(from, 0, to, true)
        const claim = { from, to, fromRoot: tree.root(), toRoot: mth(0, to), proof }
        expect(verifyConsistency(sha256, claim)).toBe(false)
      }),
      { numRuns: 50 },
    )
  })
})

describe('CompactTree', () => {
  it('has the root of RFC 6962 wherever it was interrupted', () => {
    fc.assert(
      fc.property(size, place, (size, place) => {
        let tree = new CompactTree(sha256)
        for (let index = 0; index < size; index++) {
          if (index === place % size) tree = new CompactTree(sha256, tree.size, tree.hashes)
          tree.append(LEAVES[index]!)
        }
        expect(tree.root()).toEqual(mth(0, size))
      }),
      { numRuns: 50 },
    )
  })
})

/**
 * A tree of any size in which all leaves are alike but a few, so that its nodes can be computed without it. Indices
 * are bigints: the arithmetic shares nothing with what it tests.
 */
class SparseTree {
  readonly #plain = [sha256(Buffer.from('plain'))]

  readonly marked: readonly bigint[]

  constructor(marked: readonly bigint[]) {
    this.marked = marked
    for (let level = 0; level < 54; level++) {
      this.#plain.push(nodeHash(sha256, this.#plain[level]!, this.#plain[level]!))
    }
  }

  hash(from: bigint, to: bigint): Uint8Array {
    const level = (to - from).toString(2).length - 1
    const perfect = to - from === 1n << BigInt(level)
    if (perfect && !this.marked.some((leaf) => leaf >= from && leaf < to)) return this.#plain[level]!
    if (to - from === 1n) return sha256(Buffer.from(`marked ${from}`))
    const middle = from + (1n << BigInt((to - from - 1n).toString(2).length - 1))
    return nodeHash(sha256, this.hash(from, middle), this.hash(middle, to))
  }

  readonly reader: NodeReader = {
    read: (nodes) =>
      Promise.resolve(
        nodes.map(({ level, index }) =>
          this.hash(BigInt(index) << BigInt(level), (BigInt(index) + 1n) << BigInt(level)),
        ),
      ),
  }
}

describe('sizes beyond 32 bits', () => {
  const near = fc
    .tuple(fc.constantFrom(31, 32, 33, 40, 52), fc.integer({ min: -3, max: 3 }), fc.nat(3))
    .map(([bits, by, low]) => 2 ** bits + by + low * 2 ** 20)
  const large = fc.oneof(
    near,
    fc.maxSafeNat().map((size) => size + (size === 0 ? 1 : 0)),
    fc.constant(2 ** 53 - 1),
  )

  it('have proofs of inclusion that verify at their index alone', async () => {
    await fc.assert(
      fc.asyncProperty(large, fc.maxSafeNat(), fc.nat(52), async (size, at, bit) => {
        const index = at % size
        const tree = new SparseTree([0n, BigInt(index), BigInt(size - 1)])
        const root = tree.hash(0n, BigInt(size))
        expect(await treeRoot(sha256, size, tree.reader)).toEqual(root)
        const leaf = tree.hash(BigInt(index), BigInt(index) + 1n)
        const proof = await inclusionProof(sha256, index, size, tree.reader)
        const claim = { index, size, leafHash: leaf, proof, root }
        expect(verifyInclusion(sha256, claim)).toBe(true)
        const other = Number(BigInt(index) ^ (1n << BigInt(bit)))
        expect(verifyInclusion(sha256, { ...claim, index: other })).toBe(false)
        expect(verifyInclusion(sha256, { ...claim, index: index % 2 ** 32, size: size % 2 ** 32 })).toBe(
          size < 2 ** 32,
        )
      }),
      { numRuns: 300 },
    )
  })

  it('have proofs of consistency that verify', async () => {
    await fc.assert(
      fc.asyncProperty(large, large, async (one, other) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)]
        const tree = new SparseTree([0n, BigInt(from - 1), BigInt(to - 1)])
        const proof = await consistencyProof(sha256, from, to, tree.reader)
        const fromRoot = tree.hash(0n, BigInt(from))
        const claim = { from, to, fromRoot, toRoot: tree.hash(0n, BigInt(to)), proof }
        expect(verifyConsistency(sha256, claim)).toBe(true)
        const forged = new SparseTree([BigInt(from - 1)]).hash(0n, BigInt(from))
        if (from > 1) expect(verifyConsistency(sha256, { ...claim, fromRoot: forged })).toBe(false)
      }),
      { numRuns: 300 },
    )
  })

  it('grow from their hashes', () => {
    fc.assert(
      fc.property(near, (size) => {
        const tree = new SparseTree([0n, BigInt(size - 1), BigInt(size), BigInt(size + 1)])
        const hashes: Uint8Array[] = []
        for (let at = 0n, level = 53n; level >= 0n; level--) {
          if (((BigInt(size) >> level) & 1n) === 0n) continue
          hashes.push(tree.hash(at, at + (1n << level)))
          at += 1n << level
        }
        const compact = new CompactTree(sha256, size, hashes)
        for (let more = 0; more < 5; more++) {
          expect(compact.root()).toEqual(tree.hash(0n, BigInt(size + more)))
          compact.append(tree.hash(BigInt(size + more), BigInt(size + more + 1)))
        }
      }),
    )
  })
})
