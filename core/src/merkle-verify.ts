import { isBytes, isHash, isSize, nodeHash, type Sha256 } from './merkle.js'

/** No tree of up to 2^53 leaves has a longer proof. */
const PROOF_LENGTH_MAX = 54

/** What {@link verifyInclusion} checks. Everything in it may come from an attacker except what the caller trusts. */
export interface InclusionClaim {
  readonly index: number
  readonly size: number
  readonly leafHash: Uint8Array
  readonly proof: readonly Uint8Array[]
  readonly root: Uint8Array
}

/** What {@link verifyConsistency} checks: that the tree of `to` leaves begins with the tree of `from` leaves. */
export interface ConsistencyClaim {
  readonly from: number
  readonly to: number
  readonly fromRoot: Uint8Array
  readonly toRoot: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/**
 * Says whether a leaf stands at an index of the tree with this size and root (RFC 9162, section 2.1.3.2). Never
 * throws: what is not a whole number or not a hash makes a false claim.
 */
export function verifyInclusion(sha256: Sha256, claim: InclusionClaim): boolean {
  const { index, size, leafHash, proof, root } = claim
  if (!isSize(index) || !isSize(size) || index >= size) return false
  if (!isHash(leafHash) || !isHash(root) || !isProof(proof)) return false
  let node = index
  let last = size - 1
  let hash = leafHash
  for (const sibling of proof) {
    if (last === 0) return false
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sha256, sibling, hash)
      // A last node without a sibling rises as it is until it is somebody's right child.
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2)
        last = Math.floor(last / 2)
      }
    } else {
      hash = nodeHash(sha256, hash, sibling)
    }
    node = Math.floor(node / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && equal(hash, root)
}

/**
 * Says whether the tree with `toRoot` begins with the leaves of the tree with `fromRoot` (RFC 9162, section 2.1.4.2).
 * A tree is consistent with itself by an empty proof. From size 0 nothing follows about any tree, so that is false.
 * Never throws: what is not a whole number or not a hash makes a false claim.
 */
export function verifyConsistency(sha256: Sha256, claim: ConsistencyClaim): boolean {
  const { from, to, fromRoot, toRoot, proof } = claim
  if (!isSize(from) || !isSize(to) || from === 0 || from > to || !isProof(proof)) return false
  if (!isBytes(fromRoot) || !isBytes(toRoot)) return false
  if (from === to) return proof.length === 0 && equal(fromRoot, toRoot)
  if (!isHash(fromRoot) || !isHash(toRoot)) return false
  let node = from - 1
  let last = to - 1
  while (node % 2 === 1) {
    node = Math.floor(node / 2)
    last = Math.floor(last / 2)
  }
  // Where `from` is a power of two its whole tree is the first node, and the proof leaves it out.
  const [first, ...rest] = node === 0 ? [fromRoot, ...proof] : proof
  if (first === undefined) return false
  let fromHash = first
  let toHash = first
  for (const sibling of rest) {
    if (last === 0) return false
    if (node % 2 === 1 || node === last) {
      fromHash = nodeHash(sha256, sibling, fromHash)
      toHash = nodeHash(sha256, sibling, toHash)
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2)
        last = Math.floor(last / 2)
      }
    } else {
      toHash = nodeHash(sha256, toHash, sibling)
    }
    node = Math.floor(node / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && equal(fromHash, fromRoot) && equal(toHash, toRoot)
}

function isProof(value: unknown): boolean {
  if (!Array.isArray(value) || value.length > PROOF_LENGTH_MAX) return false
  // `every` would pass over the holes of an array.
  for (const hash of value) if (!isHash(hash)) return false
  return true
}

function equal(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index])
}
