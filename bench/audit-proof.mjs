// What a proof of the audit log weighs and what verifying it costs, at 10 million entries, against as many bare SHA-256
// node hashes in the same process.
import { hash } from 'node:crypto'
import { pathToFileURL } from 'node:url'
import {
  consistencyProof,
  formatTlogProof,
  inclusionProof,
  nodeHash,
  NOTE_ED25519,
  noteKeyId,
  signCheckpoint,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
} from '@bitting/core'
import { median, print, ratioText, runCase } from './lib.mjs'

const PROCESSES = 5
const SIZE = 10_000_000
const HASHES = 24
const MARKED = 1_234_567
const TURNS = 15
const CALLS = 5000

const sha256 = (data) => hash('sha256', data, 'buffer')

/**
 * The nodes of a tree whose leaves are all alike but one, so that no leaf is stored: below each node either nothing is
 * marked, and it is that of its level, or the way to the mark is hashed.
 */
function syntheticReader() {
  const plain = [sha256('plain')]
  for (let level = 0; level < HASHES; level++) plain.push(nodeHash(sha256, plain[level], plain[level]))
  const node = (level, index) => {
    if (Math.floor(MARKED / 2 ** level) !== index) return plain[level]
    if (level === 0) return sha256('marked')
    return nodeHash(sha256, node(level - 1, index * 2), node(level - 1, index * 2 + 1))
  }
  return { read: async (nodes) => nodes.map(({ level, index }) => node(level, index)) }
}

/** Microseconds of processor time a call. */
function time(side) {
  const before = process.cpuUsage()
  for (let call = 0; call < CALLS; call++) if (!side()) throw new Error('a good proof was refused')
  const { user, system } = process.cpuUsage(before)
  return (user + system) / CALLS
}

async function measure() {
  const reader = syntheticReader()
  const root = await treeRoot(sha256, SIZE, reader)
  const proof = await inclusionProof(sha256, MARKED, SIZE, reader)
  const claim = { index: MARKED, size: SIZE, leafHash: sha256('marked'), proof, root }
  const signer = { name: 'log.example/audit', keyId: 0, sign: () => new Uint8Array(64) }
  signer.keyId = noteKeyId(sha256, signer.name, NOTE_ED25519, new Uint8Array(32))
  const checkpoint = signCheckpoint({ origin: signer.name, size: SIZE, root, extensions: [] }, signer)

  const from = SIZE / 2 + 1
  const fromRoot = await treeRoot(sha256, from, reader)
  const consistency = { from, to: SIZE, fromRoot, toRoot: root }
  consistency.proof = await consistencyProof(sha256, from, SIZE, reader)

  const data = new Uint8Array(65).fill(1)
  const sides = {
    bare: () => {
      let length = 0
      for (let at = 0; at < HASHES; at++) length += sha256(data).length
      return length === HASHES * 32
    },
    inclusion: () => verifyInclusion(sha256, claim),
    consistency: () => verifyConsistency(sha256, consistency),
  }
  const best = { bare: Infinity, inclusion: Infinity, consistency: Infinity }
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [name, side] of Object.entries(sides)) best[name] = Math.min(best[name], time(side))
  }
  return {
    ...best,
    inclusionBytes: proof.length * 32,
    consistencyBytes: consistency.proof.length * 32,
    fileBytes: Buffer.byteLength(formatTlogProof({ index: MARKED, hashes: proof, checkpoint })),
  }
}

/** The part `audit-proof` of the benchmarks. */
export async function auditProof() {
  console.log(
    '\nProofs of the audit log at 10,000,000 entries, against 24 bare SHA-256 node hashes (processor time)',
  )
  const results = []
  for (let process = 0; process < PROCESSES; process++) {
    results.push(await runCase('../audit-proof.mjs', 'measure'))
  }
  const [{ inclusionBytes, consistencyBytes, fileBytes }] = results
  print('bytes of an inclusion proof', `${inclusionBytes}`)
  print('bytes of a consistency proof from half the size', `${consistencyBytes}`)
  print('bytes of a .tlog-proof file with one signature', `${fileBytes}`)
  print('verify inclusion / 24 bare hashes', ratioText(results.map((it) => it.inclusion / it.bare)))
  print('verify consistency / 24 bare hashes', ratioText(results.map((it) => it.consistency / it.bare)))
  const isQuick = median(results.map((it) => it.inclusion)) < 100
  print('one inclusion verified in under 100 microseconds', isQuick ? 'yes' : 'no', 'yes')
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (process.argv[2] === 'measure') console.log(JSON.stringify(await measure()))
  else await auditProof()
}
