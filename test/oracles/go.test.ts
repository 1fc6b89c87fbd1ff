import { spawnSync } from 'node:child_process'
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  CompactTree,
  consistencyProof,
  cosignatureMessage,
  formatNote,
  formatVerifierKey,
  inclusionProof,
  leafHash,
  nodeHash,
  NOTE_COSIGNATURE,
  NOTE_ED25519,
  noteKeyId,
  parseNote,
  signCheckpoint,
  tilePath,
} from '@bitting/core'
import { afterAll, describe, expect, it } from 'vitest'

/** Where Debian's golang-golang-x-mod-dev puts Go packages; without modules, Go finds them there and asks no network. */
const GOPATH = '/usr/share/gocode'
const isPresent =
  spawnSync('go', ['version']).status === 0 && existsSync(`${GOPATH}/src/golang.org/x/mod/sumdb/tlog`)

const cache = mkdtempSync(join(tmpdir(), 'bitting-go-'))
afterAll(() => rmSync(cache, { recursive: true, force: true }))

interface Answers {
  records: string[]
  trees: string[]
  notes: string[]
  tiles: string[]
}

function ask(questions: Record<string, unknown[]>): Answers {
  const { status, stdout, stderr } = spawnSync('go', ['run', 'main.go'], {
    cwd: fileURLToPath(new URL('go', import.meta.url)),
    env: {
      PATH: process.env['PATH'],
      HOME: cache,
      GOPATH,
      GO111MODULE: 'off',
      GOCACHE: cache,
      CGO_ENABLED: '0',
    },
    input: JSON.stringify(questions),
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`go run failed: ${stderr}`)
  return JSON.parse(stdout) as Answers
}

const sha256 = (data: Uint8Array): Uint8Array => createHash('sha256').update(data).digest()
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, at) => (at === 0 ? byte ^ 128 : byte))

const SIZE_MAX = 70
const levels = [
  Array.from({ length: SIZE_MAX }, (_, index) => leafHash(sha256, Buffer.from(`entry ${index}`))),
]
for (let below = levels[0]!; below.length > 1; below = levels.at(-1)!) {
  const pairs = Math.floor(below.length / 2)
  levels.push(Array.from({ length: pairs }, (_, at) => nodeHash(sha256, below[2 * at]!, below[2 * at + 1]!)))
}
const reader = {
  read: (nodes: readonly { level: number; index: number }[]) =>
    Promise.resolve(nodes.map(({ level, index }) => levels[level]![index]!)),
}
const tree = new CompactTree(sha256)
const roots = [tree.root(), ...levels[0]!.map((leaf) => (tree.append(leaf), tree.root()))]

async function record(index: number, size: number) {
  const proof = (await inclusionProof(sha256, index, size, reader)).map(base64)
  return { proof, size, index, root: base64(roots[size]!), leaf: base64(levels[0]![index]!) }
}

async function treePair(from: number, to: number) {
  const proof = (await consistencyProof(sha256, from, to, reader)).map(base64)
  return { proof, from, to, fromRoot: base64(roots[from]!), toRoot: base64(roots[to]!) }
}

const wrongFirst = (proof: string[]): string[] =>
  proof.map((hash, at) => (at === 0 ? base64(flipped(Buffer.from(hash, 'base64'))) : hash))

function notes() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url')
  const name = 'log.example/sälvatore'
  const keyId = noteKeyId(sha256, name, NOTE_ED25519, raw)
  const signer = { name, keyId, sign: (message: Uint8Array) => sign(null, message, privateKey) }
  const text = signCheckpoint(
    { origin: name, size: SIZE_MAX, root: roots[SIZE_MAX]!, extensions: [] },
    signer,
  )
  const { body, signatures } = parseNote(text)!
  const cosignature = {
    name: 'witness.example',
    keyId: noteKeyId(sha256, 'witness.example', NOTE_COSIGNATURE, raw),
    signature: Buffer.concat([
      Buffer.from([0, 0, 0, 0, 0, 0, 0, 9]),
      signer.sign(cosignatureMessage(9, body)),
    ]),
  }
  const keys = [formatVerifierKey(name, keyId, NOTE_ED25519, raw)]
  return {
    good: [text, formatNote(body, [cosignature, ...signatures])].map((text) => ({ text, keys })),
    bad: [text.replace(/^70$/m, '71'), formatNote(body, [cosignature])].map((text) => ({ text, keys })),
  }
}

describe.skipIf(!isPresent)('golang.org/x/mod/sumdb (skipped without Go and golang-golang-x-mod-dev)', () => {
  it('accepts our proofs, notes and paths, and none that were tampered with', async () => {
    const records = []
    const trees = []
    for (let size = 1; size <= SIZE_MAX; size++) {
      for (let index = 0; index < size; index++) records.push(await record(index, size))
      for (let from = 1; from <= size; from++) trees.push(await treePair(from, size))
    }
    const wrongRecords = records.flatMap((it) => [
      { ...it, leaf: base64(flipped(Buffer.from(it.leaf, 'base64'))) },
      { ...it, proof: [...it.proof, it.root] },
      ...(it.proof.length > 0 ? [{ ...it, proof: wrongFirst(it.proof) }] : []),
    ])
    const wrongTrees = trees.flatMap((it) => [
      { ...it, fromRoot: base64(flipped(Buffer.from(it.fromRoot, 'base64'))) },
      { ...it, toRoot: base64(flipped(Buffer.from(it.toRoot, 'base64'))) },
      ...(it.proof.length > 0 ? [{ ...it, proof: wrongFirst(it.proof) }] : []),
    ])
    const { good, bad } = notes()
    const tiles = [0, 7, 63].flatMap((level) =>
      [0, 999, 1000, 1_234_067, Number.MAX_SAFE_INTEGER].flatMap((index) =>
        [1, 255, 256].map((width) => ({ level, index, width })),
      ),
    )
    const answers = ask({
      records: [...records, ...wrongRecords],
      trees: [...trees, ...wrongTrees],
      notes: [...good, ...bad],
      tiles,
    })
    const accepted = (verdicts: string[]): boolean[] => verdicts.map((verdict) => verdict === '')
    const expected = (right: unknown[], wrong: unknown[]): boolean[] => [
      ...right.map(() => true),
      ...wrong.map(() => false),
    ]
    expect(accepted(answers.records)).toEqual(expected(records, wrongRecords))
    expect(accepted(answers.trees)).toEqual(expected(trees, wrongTrees))
    expect(accepted(answers.notes)).toEqual(expected(good, bad))
    // Go's paths name the height of a tile, which C2SP tlog-tiles fixes at 8 and leaves out.
    expect(answers.tiles.map((path) => path.replace('tile/8/', 'tile/'))).toEqual(
      tiles.map(({ level, index, width }) => tilePath(level, index, width)),
    )
  })
})
