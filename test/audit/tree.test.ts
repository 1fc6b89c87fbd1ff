import { createSecretKey, randomInt } from 'node:crypto'
import {
  CompactTree,
  parseTlogProof,
  signCheckpoint,
  TILE_WIDTH,
  verifyConsistency,
  verifyInclusion,
} from '@bitting/core'
import { describe, expect, it } from 'vitest'
import { appendAudit, appendTexts } from '../../server/src/audit/append.js'
import { entryTexts } from '../../server/src/audit/entry.js'
import { LogKeys, sha256 } from '../../server/src/audit/log-key.js'
import {
  bundleProof,
  hashOfLeaf,
  newestCheckpoint,
  proveConsistency,
  proveInclusion,
  readEntryBundle,
  readTile,
} from '../../server/src/audit/proofs.js'
import { readAuditRange } from '../../server/src/audit/search.js'
import type { WritableDatabase } from '../../server/src/storage/database.js'
import { newWorkspace } from '../storage/support.js'
import { describeEachDatabase } from '../support/databases.js'
import { KEYS, draft, append, newSigning, naive, opened } from './tree-fixture.js'

describeEachDatabase('the tree over an audit log', (open) => {
  it('signs what RFC 6962 says, however the entries come in', async () => {
    const database = await open()
    const workspaceId = await newWorkspace(database)
    const { checkpointer, signed, errors } = newSigning(database)
    for (const count of [1, 1, 2, 251, 1, 1, 255, 256, 700, 1030, 3]) {
      await append(database, workspaceId, count)
      await checkpointer.run()
    }
    await checkpointer.run()
    expect(errors).toEqual([])
    const { roots } = await naive(database, workspaceId)
    expect(signed.at(-1)?.size).toBe(roots.length - 1)
    expect(signed.map(({ size }) => size)).toEqual([1, 2, 4, 255, 256, 257, 512, 768, 1468, 2498, 2501])
    for (const { note } of signed) {
      const { size, root, origin } = opened(note, workspaceId)
      expect(origin).toBe(`bitting/${workspaceId}`)
      expect(Buffer.from(root)).toEqual(Buffer.from(roots[size]!))
    }
    expect(await newestCheckpoint(database, workspaceId)).toBe(signed.at(-1)?.note)
  })

  it('proves every entry in every tree, and every tree in every later one', async () => {
    const database = await open()
    const workspaceId = await newWorkspace(database)
    const { checkpointer } = newSigning(database)
    await append(database, workspaceId, 520)
    await checkpointer.run()
    const { leaves, roots } = await naive(database, workspaceId)
    const sizes = [1, 2, 3, 255, 256, 257, 300, 511, 512, 513, 520]
    for (const size of sizes) {
      const indexes = new Set([0, size - 1, Math.floor(size / 2), randomInt(size)])
      for (const index of indexes) {
        const { hashes: proof } = await proveInclusion(database, workspaceId, index, size)
        const claim = { index, size, leafHash: leaves[index]!, proof, root: roots[size]! }
        expect(verifyInclusion(sha256, claim)).toBe(true)
        expect(verifyInclusion(sha256, { ...claim, leafHash: sha256(claim.leafHash) })).toBe(false)
      }
      for (const from of sizes.filter((it) => it <= size)) {
        const { hashes: proof } = await proveConsistency(database, workspaceId, from, size)
        const claim = { from, to: size, fromRoot: roots[from]!, toRoot: roots[size]!, proof }
        expect(verifyConsistency(sha256, claim)).toBe(true)
        if (from < size)
          expect(verifyConsistency(sha256, { ...claim, fromRoot: roots[from - 1]! })).toBe(false)
      }
    }
    const bundle = parseTlogProof(await bundleProof(database, workspaceId, 300))
    const { size, root } = opened(bundle!.checkpoint, workspaceId)
    expect(
      verifyInclusion(sha256, { index: 300, size, leafHash: leaves[300]!, proof: bundle!.hashes, root }),
    ).toBe(true)
  })

  it('serves the tiles and the entries under them as C2SP tlog-tiles lays them out', async () => {
    const database = await open()
    const workspaceId = await newWorkspace(database)
    const { checkpointer } = newSigning(database)
    await append(database, workspaceId, 600)
    await checkpointer.run()
    const { leaves } = await naive(database, workspaceId)
    const concat = (hashes: readonly Uint8Array[]): Buffer => Buffer.concat(hashes)
    const tile = async (level: number, index: number, width = TILE_WIDTH): Promise<Buffer> =>
      Buffer.from(await readTile(database, workspaceId, level, index, width))
    expect(await tile(0, 0)).toEqual(concat(leaves.slice(0, 256)))
    expect(await tile(0, 1)).toEqual(concat(leaves.slice(256, 512)))
    expect(await tile(0, 2, 88)).toEqual(concat(leaves.slice(512)))
    expect(await tile(0, 2, 5)).toEqual(concat(leaves.slice(512, 517)))
    const roots = [0, 1].map((at) => {
      const tree = new CompactTree(sha256)
      for (const leaf of leaves.slice(at * 256, at * 256 + 256)) tree.append(leaf)
      return tree.root()
    })
    expect(await tile(1, 0, 2)).toEqual(concat(roots))
    for (const [level, index, width] of [
      [0, 2, 89],
      [0, 3, 1],
      [1, 0, 3],
      [2, 0, 1],
      [0, 2, 256],
    ] as const) {
      await expect(tile(level, index, width)).rejects.toMatchObject({ code: 'not_found' })
    }
    const entries = await readAuditRange(database, workspaceId, 512, 88)
    const bundle = Buffer.from(await readEntryBundle(database, workspaceId, 2, 88))
    let at = 0
    for (const { leaf } of entries) {
      const length = bundle.readUInt16BE(at)
      expect(bundle.toString('utf8', at + 2, at + 2 + length)).toBe(leaf)
      at += 2 + length
    }
    expect(at).toBe(bundle.length)
    await expect(readEntryBundle(database, workspaceId, 2, 89)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('grows a third level of tiles', async () => {
    const database = await open()
    const workspaceId = await newWorkspace(database)
    const before = TILE_WIDTH ** 2 - 3
    const hashes = Array.from({ length: before }, (_, at) => sha256(Buffer.from(`leaf ${String(at)}`)))
    await pretend(database, workspaceId, hashes)
    const { checkpointer, signed, errors } = newSigning(database)
    const texts = Array.from({ length: 10 }, (_, at) => entryTexts(draft(workspaceId, at)))
    await database.transact((tx) => appendTexts(tx, KEYS, texts))
    await checkpointer.run()
    expect(errors).toEqual([])
    const added = await readAuditRange(database, workspaceId, before, 20)
    const tree = new CompactTree(sha256)
    for (const hash of [...hashes, ...added.map(({ leaf }) => hashOfLeaf(leaf))]) tree.append(hash)
    const { size, root } = opened(signed[0]!.note, workspaceId)
    expect(size).toBe(TILE_WIDTH ** 2 + 7)
    expect(Buffer.from(root)).toEqual(Buffer.from(tree.root()))
    const first = new CompactTree(sha256)
    for (const hash of [...hashes, ...added.slice(0, 3).map(({ leaf }) => hashOfLeaf(leaf))])
      first.append(hash)
    expect(Buffer.from(await readTile(database, workspaceId, 2, 0, 1))).toEqual(Buffer.from(first.root()))
    const { hashes: proof } = await proveInclusion(database, workspaceId, before + 4, null)
    const claim = { index: before + 4, size, leafHash: hashOfLeaf(added[4]!.leaf), proof, root }
    expect(verifyInclusion(sha256, claim)).toBe(true)
  })

  it('is one tree though several sign it at once while others append', async () => {
    const database = await open()
    const workspaceId = await newWorkspace(database)
    const signings = Array.from({ length: 4 }, () => newSigning(database))
    await Promise.all([
      ...signings.map(async ({ checkpointer }) => {
        for (let round = 0; round < 15; round++) await checkpointer.run()
      }),
      ...Array.from({ length: 60 }, (_, at) =>
        database.transact((tx) => appendAudit(tx, KEYS, draft(workspaceId, at))),
      ),
    ])
    await signings[0]!.checkpointer.run()
    const { roots } = await naive(database, workspaceId)
    const notes = signings.flatMap(({ signed }) => signed)
    expect(signings.flatMap(({ errors }) => errors)).toEqual([])
    expect(Math.max(...notes.map(({ size }) => size))).toBe(60)
    for (const { note } of notes) {
      const { size, root } = opened(note, workspaceId)
      expect(Buffer.from(root)).toEqual(Buffer.from(roots[size]!))
    }
  })
})

/** Makes a tree of given leaves' hashes without their entries, as if retention had deleted them. */
async function pretend(
  database: WritableDatabase,
  workspaceId: string,
  leaves: readonly Uint8Array[],
): Promise<void> {
  const signer = KEYS.signer(workspaceId)
  const tree = new CompactTree(sha256)
  for (const leaf of leaves) tree.append(leaf)
  const checkpoint = signCheckpoint(
    { origin: signer.name, size: leaves.length, root: tree.root(), extensions: [] },
    signer,
  )
  const tiles: { level: number; idx: number; hashes: Buffer }[] = []
  for (let level = 0, row = leaves; row.length > 0; level++) {
    const above: Uint8Array[] = []
    for (let idx = 0; idx * TILE_WIDTH < row.length; idx++) {
      const hashes = row.slice(idx * TILE_WIDTH, (idx + 1) * TILE_WIDTH)
      tiles.push({ level, idx, hashes: Buffer.concat(hashes) })
      if (hashes.length < TILE_WIDTH) continue
      const full = new CompactTree(sha256)
      for (const hash of hashes) full.append(hash)
      above.push(full.root())
    }
    row = above
  }
  await database.transact(async (tx) => {
    await tx
      .updateTable('workspaces')
      .set({ audit_size: leaves.length })
      .where('id', '=', workspaceId)
      .execute()
    await tx
      .insertInto('audit_trees')
      .values({
        workspace_id: workspaceId,
        size: leaves.length,
        checkpoint,
        signed_at_ms: 0,
        first_index: leaves.length,
      })
      .execute()
    for (const tile of tiles) {
      await tx
        .insertInto('audit_tiles')
        .values({ workspace_id: workspaceId, ...tile })
        .execute()
    }
  })
}

describe('the key of a log', () => {
  it('is one for each workspace and root key, and always the same', () => {
    const of = (byte: number, workspaceId: string): string =>
      new LogKeys(createSecretKey(Buffer.alloc(32, byte))).signer(workspaceId).verifierKey
    expect(of(1, 'ws_a')).toBe(of(1, 'ws_a'))
    expect(new Set([of(1, 'ws_a'), of(1, 'ws_b'), of(2, 'ws_a'), of(2, 'ws_b')]).size).toBe(4)
    expect(of(1, 'ws_a')).toMatch(/^bitting\/ws_a\+[0-9a-f]{8}\+[A-Za-z0-9+/]{43,44}=?$/)
  })
})
