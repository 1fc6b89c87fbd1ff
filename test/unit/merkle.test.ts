import { createHash } from 'node:crypto'
import {
  CompactTree,
  consistencyNodes,
  consistencyProof,
  emptyRoot,
  inclusionNodes,
  inclusionProof,
  leafHash,
  nodeHash,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
  type NodeReader,
  type TreeNode,
} from '@bitting/core'
import { describe, expect, it } from 'vitest'

const sha256 = (data: Uint8Array): Uint8Array => createHash('sha256').update(data).digest()
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** The eight entries that RFC 6962's reference implementation tests with, and the roots of their first 0 to 8. */
const ENTRIES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((entry) => Buffer.from(entry, 'hex'))
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]
const LEAVES = ENTRIES.map((entry) => leafHash(sha256, entry))

/** Every perfect subtree over some leaves, and how often it was asked. */
function readerOf(leaves: readonly Uint8Array[]): NodeReader & { asked: (readonly TreeNode[])[] } {
  const levels = [[...leaves]]
  for (let below = levels[0]!; below.length > 1; below = levels.at(-1)!) {
    const pairs = Math.floor(below.length / 2)
    levels.push(
      Array.from({ length: pairs }, (_, at) => nodeHash(sha256, below[2 * at]!, below[2 * at + 1]!)),
    )
  }
  const asked: (readonly TreeNode[])[] = []
  return {
    asked,
    read: (nodes) => {
      asked.push(nodes)
      return Promise.resolve(nodes.map(({ level, index }) => levels[level]![index]!))
    },
  }
}

describe('the hashes of RFC 6962, section 2.1', () => {
  it('tell leaves, nodes and nothing apart', () => {
    expect(hex(emptyRoot(sha256))).toBe(ROOTS[0])
    expect(hex(leafHash(sha256, new Uint8Array(0)))).toBe(hex(sha256(Uint8Array.of(0))))
    const [left, right] = [LEAVES[0]!, LEAVES[1]!]
    expect(hex(nodeHash(sha256, left, right))).toBe(hex(sha256(Buffer.concat([Buffer.of(1), left, right]))))
  })
})

describe('CompactTree', () => {
  it('has the known root at every size, also when it goes on from its hashes', () => {
    let tree = new CompactTree(sha256)
    expect(hex(tree.root())).toBe(ROOTS[0])
    LEAVES.forEach((leaf, index) => {
      tree.append(leaf)
      expect(tree.size).toBe(index + 1)
      expect(hex(tree.root())).toBe(ROOTS[index + 1])
      tree = new CompactTree(sha256, tree.size, tree.hashes)
    })
  })

  it('gives its hashes away and keeps its own', () => {
    const tree = new CompactTree(sha256, 1, [LEAVES[0]!])
    ;(tree.hashes as Uint8Array[]).push(LEAVES[1]!)
    expect(tree.hashes).toHaveLength(1)
  })

  it.each([
    [1, []],
    [0, [LEAVES[0]!]],
    [3, [LEAVES[0]!]],
    [1, [new Uint8Array(31)]],
    [-1, []],
    [0.5, []],
    [Number.NaN, []],
    [2 ** 53, [LEAVES[0]!]],
  ])('refuses %s leaves with hashes that do not fit', (size, hashes) => {
    expect(() => new CompactTree(sha256, size, hashes)).toThrow(RangeError)
  })

  it('refuses a leaf of another length, and the leaf after the last', () => {
    expect(() => new CompactTree(sha256).append(new Uint8Array(20))).toThrow(RangeError)
    const hashes = Array.from({ length: 53 }, () => LEAVES[0]!)
    const full = new CompactTree(sha256, Number.MAX_SAFE_INTEGER, hashes)
    expect(() => full.append(LEAVES[0]!)).toThrow(RangeError)
    expect(full.hashes).toHaveLength(53)
  })
})

describe('inclusionNodes and consistencyNodes', () => {
  it('name the nodes of the example tree of RFC 6962, section 2.1.3', () => {
    const node = (level: number, index: number): TreeNode => ({ level, index })
    expect(inclusionNodes(0, 7)).toEqual([node(0, 1), node(1, 1), node(1, 2), node(0, 6)])
    expect(inclusionNodes(3, 7)).toEqual([node(0, 2), node(1, 0), node(1, 2), node(0, 6)])
    expect(inclusionNodes(4, 7)).toEqual([node(0, 5), node(0, 6), node(2, 0)])
    expect(inclusionNodes(6, 7)).toEqual([node(1, 2), node(2, 0)])
    expect(consistencyNodes(3, 7)).toEqual([node(0, 2), node(0, 3), node(1, 0), node(1, 2), node(0, 6)])
    expect(consistencyNodes(4, 7)).toEqual([node(1, 2), node(0, 6)])
    expect(consistencyNodes(6, 7)).toEqual([node(1, 2), node(0, 6), node(2, 0)])
  })

  it('are none where there is nothing to prove', () => {
    expect(inclusionNodes(0, 1)).toEqual([])
    expect(consistencyNodes(7, 7)).toEqual([])
    expect(consistencyNodes(0, 7)).toEqual([])
  })

  it.each([
    [0, 0],
    [1, 1],
    [-1, 1],
    [0.5, 1],
    [0, 1.5],
    [Number.NaN, 3],
    [1, 2 ** 53],
  ])('refuse leaf %s of %s', (index, size) => expect(() => inclusionNodes(index, size)).toThrow(RangeError))

  it.each([
    [2, 1],
    [-1, 1],
    [0.5, 1],
    [1, Number.POSITIVE_INFINITY],
  ])('refuse sizes %s and %s', (from, to) => expect(() => consistencyNodes(from, to)).toThrow(RangeError))
})

describe('proofs', () => {
  it('ask the reader once, and not at all where they are empty', async () => {
    const reader = readerOf(LEAVES)
    await inclusionProof(sha256, 0, 7, reader)
    await consistencyProof(sha256, 3, 7, reader)
    await treeRoot(sha256, 7, reader)
    expect(reader.asked).toHaveLength(3)
    await inclusionProof(sha256, 0, 1, reader)
    await consistencyProof(sha256, 7, 7, reader)
    await treeRoot(sha256, 0, reader)
    expect(reader.asked).toHaveLength(3)
  })

  it('verify at every index and every pair of sizes of a small tree, with the known roots', async () => {
    const reader = readerOf(LEAVES)
    const roots = ROOTS.map((root) => Buffer.from(root, 'hex'))
    for (let size = 1; size <= 8; size++) {
      const root = roots[size]!
      expect(hex(await treeRoot(sha256, size, reader))).toBe(ROOTS[size])
      for (let index = 0; index < size; index++) {
        const proof = await inclusionProof(sha256, index, size, reader)
        const claim = { index, size, leafHash: LEAVES[index]!, proof, root }
        expect(verifyInclusion(sha256, claim)).toBe(true)
        const claims = LEAVES.map((_, other) => verifyInclusion(sha256, { ...claim, index: other }))
        expect(claims.filter(Boolean)).toHaveLength(1)
      }
      for (let from = 1; from <= size; from++) {
        const proof = await consistencyProof(sha256, from, size, reader)
        const claim = { from, to: size, fromRoot: roots[from]!, toRoot: root, proof }
        expect(verifyConsistency(sha256, claim)).toBe(true)
      }
    }
  })
})

const NOT_SIZES = [
  -1,
  -0.5,
  0.5,
  1.5,
  Number.NaN,
  Infinity,
  -Infinity,
  2 ** 53,
  2 ** 64,
  '1',
  1n,
  null,
  undefined,
]
const NOT_HASHES = [
  null,
  undefined,
  'x'.repeat(32),
  new Uint8Array(0),
  new Uint8Array(31),
  new Uint8Array(33),
  [],
  {},
]

describe('the verifiers', () => {
  const inclusion = { index: 0, size: 1, leafHash: LEAVES[0]!, proof: [] as Uint8Array[], root: LEAVES[0]! }
  const consistency = { from: 1, to: 1, fromRoot: LEAVES[0]!, toRoot: LEAVES[0]!, proof: [] as Uint8Array[] }

  it('accept the least tree', () => {
    expect(verifyInclusion(sha256, inclusion)).toBe(true)
    expect(verifyConsistency(sha256, consistency)).toBe(true)
  })

  it.each(NOT_SIZES)('say false to %s as a size or an index', (value) => {
    for (const member of ['index', 'size']) {
      expect(verifyInclusion(sha256, { ...inclusion, [member]: value })).toBe(false)
    }
    for (const member of ['from', 'to']) {
      expect(verifyConsistency(sha256, { ...consistency, [member]: value })).toBe(false)
    }
  })

  it.each(NOT_HASHES)('say false to %j as a hash', (value) => {
    for (const member of ['leafHash', 'root']) {
      expect(verifyInclusion(sha256, { ...inclusion, [member]: value })).toBe(false)
    }
    for (const member of ['fromRoot', 'toRoot']) {
      expect(verifyConsistency(sha256, { ...consistency, [member]: value })).toBe(false)
      expect(verifyConsistency(sha256, { ...consistency, to: 2, [member]: value })).toBe(false)
    }
    const proof = [value] as Uint8Array[]
    expect(verifyInclusion(sha256, { ...inclusion, size: 2, proof })).toBe(false)
    expect(verifyConsistency(sha256, { ...consistency, to: 2, proof })).toBe(false)
  })

  it('say false to what is no list, has holes or is longer than any proof', () => {
    const holes = new Array<Uint8Array>(1)
    const endless = Array.from({ length: 1_000_000 }, () => LEAVES[0]!)
    for (const proof of [null, undefined, 'ab', { length: 0 }, holes, endless] as Uint8Array[][]) {
      expect(verifyInclusion(sha256, { ...inclusion, size: 2, proof })).toBe(false)
      expect(verifyConsistency(sha256, { ...consistency, to: 2, proof })).toBe(false)
    }
  })

  it('hash no more than a proof has, whatever sizes are claimed', () => {
    let hashed = 0
    const counting = (data: Uint8Array): Uint8Array => (hashed++, sha256(data))
    const size = Number.MAX_SAFE_INTEGER
    const proof = Array.from({ length: 54 }, () => LEAVES[0]!)
    verifyInclusion(counting, { index: size - 1, size, leafHash: LEAVES[0]!, proof, root: LEAVES[0]! })
    verifyConsistency(counting, { ...consistency, from: size - 1, to: size, proof })
    expect(hashed).toBeLessThanOrEqual(54 * 3)
  })

  it('take no leaf for a node and no node for a leaf', () => {
    const [left, right] = [LEAVES[0]!, LEAVES[1]!]
    const root = nodeHash(sha256, left, right)
    const entry = Buffer.concat([left, right])
    const claim = { index: 0, size: 1, leafHash: leafHash(sha256, entry), proof: [], root }
    expect(verifyInclusion(sha256, claim)).toBe(false)
  })

  it('see no proof in a shorter or longer way to the root', () => {
    const claim = {
      index: 0,
      size: 8,
      leafHash: Buffer.from(ROOTS[8]!, 'hex'),
      root: Buffer.from(ROOTS[8]!, 'hex'),
    }
    expect(verifyInclusion(sha256, { ...claim, proof: [] })).toBe(false)
    expect(verifyInclusion(sha256, { ...claim, index: 7, proof: [] })).toBe(false)
  })

  it('say false to anything from the empty tree', () => {
    const empty = { from: 0, to: 0, fromRoot: emptyRoot(sha256), toRoot: emptyRoot(sha256), proof: [] }
    expect(verifyConsistency(sha256, empty)).toBe(false)
    expect(verifyConsistency(sha256, { ...empty, to: 1, toRoot: LEAVES[0]! })).toBe(false)
  })
})
