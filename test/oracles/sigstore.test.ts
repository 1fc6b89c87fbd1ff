import { createHash } from 'node:crypto'
import { CompactTree, inclusionProof, leafHash, nodeHash, verifyInclusion } from '@bitting/core'
import { verifyMerkleInclusion } from '@sigstore/verify/dist/tlog/merkle.js'
import { describe, expect, it } from 'vitest'

const sha256 = (data: Uint8Array): Uint8Array => createHash('sha256').update(data).digest()
const SIZE_MAX = 70
const entries = Array.from({ length: SIZE_MAX }, (_, index) => Buffer.from(`entry ${index}`))
const levels = [entries.map((entry) => leafHash(sha256, entry))]
for (let below = levels[0]!; below.length > 1; below = levels.at(-1)!) {
  const pairs = Math.floor(below.length / 2)
  levels.push(Array.from({ length: pairs }, (_, at) => nodeHash(sha256, below[2 * at]!, below[2 * at + 1]!)))
}
const reader = {
  read: (nodes: readonly { level: number; index: number }[]) =>
    Promise.resolve(nodes.map(({ level, index }) => levels[level]![index]!)),
}

interface Claim {
  index: number
  size: number
  entry: Buffer
  proof: Uint8Array[]
  root: Uint8Array
}

function sigstoreAccepts({ index, size, entry, proof, root }: Claim): boolean {
  try {
    const inclusionProof = { logIndex: String(index), hashes: proof.map((hash) => Buffer.from(hash)) }
    const checkpoint = { logSize: BigInt(size), logHash: Buffer.from(root) }
    // It reads these members alone of an entry and of a checkpoint.
    verifyMerkleInclusion({ canonicalizedBody: entry, inclusionProof } as never, checkpoint as never)
    return true
  } catch (error) {
    expect(error).toMatchObject({ code: 'TLOG_INCLUSION_PROOF_ERROR' })
    return false
  }
}

const weAccept = ({ entry, ...claim }: Claim): boolean =>
  verifyInclusion(sha256, { ...claim, leafHash: leafHash(sha256, entry) })

const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, at) => (at === 31 ? byte ^ 1 : byte))

describe('@sigstore/verify', () => {
  it('accepts our inclusion proofs, and rejects them tampered with as we do', async () => {
    const tree = new CompactTree(sha256)
    for (let size = 1; size <= SIZE_MAX; size++) {
      tree.append(levels[0]![size - 1]!)
      const root = tree.root()
      for (let index = size % 3; index < size; index += 3) {
        const proof = await inclusionProof(sha256, index, size, reader)
        const claim = { index, size, entry: entries[index]!, proof, root }
        expect([weAccept(claim), sigstoreAccepts(claim)]).toEqual([true, true])
        const tampered: Claim[] = [
          { ...claim, entry: Buffer.from('forged') },
          { ...claim, root: flipped(root) },
          { ...claim, index: index ^ 1 },
          { ...claim, proof: [...proof, root] },
          ...proof.map((_, at) => ({
            ...claim,
            proof: proof.map((hash, other) => (other === at ? flipped(hash) : hash)),
          })),
          ...proof.map((_, at) => ({ ...claim, proof: proof.toSpliced(at, 1) })),
        ]
        for (const wrong of tampered)
          expect([weAccept(wrong), sigstoreAccepts(wrong)]).toEqual([false, false])
        // Another size may be computed in the same way; then both say so.
        for (const other of [size - 1, size + 1, size * 2]) {
          const claimed = { ...claim, size: other }
          expect(sigstoreAccepts(claimed)).toBe(weAccept(claimed))
        }
      }
    }
  })
})
