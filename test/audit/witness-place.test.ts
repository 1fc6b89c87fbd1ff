import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { openNote, parseNote, parseVerifierKey, signCheckpoint } from '@bitting/core'
import { expect, it } from 'vitest'
import type { SignedCheckpoint } from '../../server/src/audit/checkpointer.js'
import { openPlace } from '../../server/src/audit/evidence/places.js'
import type { EvidencePlace } from '../../server/src/audit/evidence/publisher.js'
import { NOTE_CRYPTO, sha256 } from '../../server/src/audit/log-key.js'
import { newestCheckpoint } from '../../server/src/audit/proofs.js'
import type { WritableDatabase } from '../../server/src/storage/database.js'
import { newWorkspace } from '../storage/support.js'
import { describeEachDatabase } from '../support/databases.js'
import { CALM, failureOf, later } from './sink-fixtures.js'
import { append, KEYS, newSigning, opened } from './tree-fixture.js'
import { newWitness, type TestWitness } from './witness-fixture.js'

describeEachDatabase('a witness of two nodes', (open) => {
  interface Scene {
    readonly database: WritableDatabase
    readonly workspaceId: string
    readonly witness: TestWitness
    /** What each node sends by. */
    readonly ours: EvidencePlace
    readonly theirs: EvidencePlace
    /** Takes more entries into the log and signs it. */
    readonly grow: (count: number) => Promise<SignedCheckpoint>
  }

  async function newScene(): Promise<Scene> {
    const database = await open()
    const workspaceId = await newWorkspace(database)
    const witness = newWitness()
    witness.server.listen(0, '127.0.0.1')
    await once(witness.server, 'listening')
    later(() => {
      witness.server.closeAllConnections()
      witness.server.close()
    })
    const settings = {
      kind: 'witness',
      name: 'witness',
      url: `http://127.0.0.1:${String((witness.server.address() as AddressInfo).port)}/w`,
      verifierKey: witness.verifierKey,
      caFile: null,
    } as const
    const { checkpointer, signed } = newSigning(database)
    const grow = async (count: number): Promise<SignedCheckpoint> => {
      await append(database, workspaceId, count)
      await checkpointer.run()
      return signed.at(-1)!
    }
    const [ours, theirs] = [openPlace(settings, database), openPlace(settings, database)]
    return { database, workspaceId, witness, ours, theirs, grow }
  }

  /** A checkpoint that the log's key signed and the log never had. */
  function forged(workspaceId: string, size: number): SignedCheckpoint {
    const signer = KEYS.signer(workspaceId)
    const root = Buffer.alloc(32, size)
    return {
      workspaceId,
      size,
      note: signCheckpoint({ origin: signer.name, size, root, extensions: [] }, signer),
    }
  }

  it('gets the newest checkpoint where it has seen a newer one than a node has to send', async () => {
    const { database, workspaceId, witness, ours, theirs, grow } = await newScene()
    const stale = await grow(10)
    const other = await grow(2)
    await theirs.send(other, CALM)
    await ours.send(stale, CALM)
    await grow(300)
    await ours.send(stale, CALM)
    await theirs.send(other, CALM)
    await ours.send(await grow(1), CALM)
    expect(witness.seen).toEqual([12, 12, 312, 312, 313])
    expect(witness.refused).toEqual([])
    expect(
      openNote(await newestCheckpoint(database, workspaceId), [keyOf(witness)], NOTE_CRYPTO),
    ).not.toBeNull()
  })

  it('has its signature on a checkpoint once, however many nodes send it', async () => {
    const { database, workspaceId, witness, ours, theirs, grow } = await newScene()
    const stale = await grow(10)
    await theirs.send(await grow(2), CALM)
    witness.seconds++
    await ours.send(stale, CALM)
    expect(witness.seen).toEqual([12, 12])
    const note = await newestCheckpoint(database, workspaceId)
    expect(parseNote(note)?.signatures.map(({ name }) => name)).toEqual([
      `bitting/${workspaceId}`,
      'witness.example/w1',
    ])
  })

  it('is asked again where another node was faster between two questions', async () => {
    const { workspaceId, witness, ours, theirs, grow } = await newScene()
    await theirs.send(await grow(5), CALM)
    const stale = await grow(5)
    const newest = await grow(2)
    witness.onConflict = () => {
      witness.onConflict = () => undefined
      const { size, root } = opened(newest.note, workspaceId)
      witness.state = { size, root }
    }
    await ours.send(stale, CALM)
    // It answered with 5 after it had taken 12.
    expect([witness.conflicts, witness.seen]).toEqual([2, [5, 12]])
  })

  it('is not asked for ever where it says another size each time', async () => {
    const { witness, ours, grow } = await newScene()
    const checkpoint = await grow(9)
    witness.state = { ...witness.state, size: 2 }
    witness.onConflict = () => {
      witness.state = { ...witness.state, size: witness.state.size === 2 ? 3 : 2 }
    }
    expect((await failureOf(ours.send(checkpoint, CALM))).code).toBe('conflict')
    expect(witness.conflicts).toBe(3)
  })

  it('that has seen more than the log ever had has seen a fork', async () => {
    const { database, workspaceId, witness, ours, theirs, grow } = await newScene()
    const first = await grow(10)
    await theirs.send(await grow(2), CALM)
    await database.transact((tx) =>
      tx
        .updateTable('audit_trees')
        .set({ size: first.size, checkpoint: first.note })
        .where('workspace_id', '=', workspaceId)
        .execute(),
    )
    for (let time = 0; time < 2; time++) {
      expect((await failureOf(ours.send(first, CALM))).code).toBe('fork')
    }
    expect(witness.seen).toEqual([12])
  })

  it('that has seen another tree has seen a fork, were a node behind or not', async () => {
    const { workspaceId, ours, theirs, grow } = await newScene()
    const stale = await grow(10)
    await theirs.send(forged(workspaceId, 12), CALM)
    const newest = await grow(2)
    for (const checkpoint of [stale, newest]) {
      expect((await failureOf(ours.send(checkpoint, CALM))).code).toBe('fork')
    }
    await grow(1)
    expect((await failureOf(ours.send(stale, CALM))).code).toBe('inconsistent')
  })

  it('is no way to lose a checkpoint that the log does not continue', async () => {
    const { workspaceId, witness, ours, theirs, grow } = await newScene()
    await theirs.send(await grow(12), CALM)
    expect((await failureOf(ours.send(forged(workspaceId, 10), CALM))).code).toBe('fork')
    expect(witness.seen).toEqual([12])
  })
})

function keyOf(witness: TestWitness) {
  return parseVerifierKey(sha256, witness.verifierKey)!
}
