import { consistencyProof, openNote, parseVerifierKey, type VerifierKey } from '@bitting/core'
import { readFileSync } from 'node:fs'
import type { WritableDatabase } from '../../storage/database.js'
import type { SignedCheckpoint } from '../checkpointer.js'
import { NOTE_CRYPTO, sha256 } from '../log-key.js'
import { SinkError } from '../sinks/sink.js'
import { tileReader } from '../tree.js'
import { createCheckpointSink } from './evidence.js'
import type { EvidenceSettings } from './parse-evidence.js'
import type { EvidencePlace } from './publisher.js'
import { addCheckpoint, type WitnessAnswer } from './witness.js'

/**
 * The place that a setting describes.
 *
 * @throws {Error} when a witness's key or a file of authorities cannot be read
 */
export function openPlace(settings: EvidenceSettings, database: WritableDatabase): EvidencePlace {
  const sink = createCheckpointSink(settings)
  if (sink !== null) {
    return {
      name: sink.name,
      send: ({ note, workspaceId }) => sink.publish(note, workspaceId, new Date().toISOString()),
      close: () => sink.close(),
    }
  }
  if (settings.kind !== 'witness') throw new Error(`there is no place for ${settings.name}`)
  return new Witness(settings, database)
}

type WitnessSettings = Extract<EvidenceSettings, { kind: 'witness' }>

/** A C2SP witness: it cosigns a checkpoint only if that continues the one it cosigned before. */
class Witness implements EvidencePlace {
  readonly name: string
  readonly #url: string
  readonly #key: VerifierKey
  readonly #ca: string | null
  readonly #database: WritableDatabase
  /** The sizes that the witness cosigned last, by workspace. */
  readonly #sizes = new Map<string, number>()

  constructor({ name, url, verifierKey, caFile }: WitnessSettings, database: WritableDatabase) {
    const key = parseVerifierKey(sha256, verifierKey)
    if (key === null) throw new Error(`the verifier key of the witness ${name} is not of its form`)
    this.name = name
    this.#url = url
    this.#key = key
    this.#ca = caFile === null ? null : readFileSync(caFile, 'utf8')
    this.#database = database
  }

  async send(checkpoint: SignedCheckpoint, signal: AbortSignal): Promise<void> {
    const { workspaceId, size, note } = checkpoint
    let answer = await this.#ask(checkpoint, this.#sizes.get(workspaceId) ?? 0, signal)
    if ('conflict' in answer) answer = await this.#ask(checkpoint, answer.conflict, signal)
    if ('conflict' in answer)
      throw new SinkError('conflict', 'the witness changes its mind about the size it saw', { status: 409 })
    const cosigned = note + answer.cosignatures
    if (openNote(cosigned, [this.#key], NOTE_CRYPTO) === null) {
      throw new SinkError(
        'bad_signature',
        'the witness answered with a signature that its key does not verify',
        { status: 200 },
      )
    }
    this.#sizes.set(workspaceId, size)
    await this.#keep(workspaceId, size, answer.cosignatures)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  async #ask(
    { workspaceId, size, note }: SignedCheckpoint,
    oldSize: number,
    signal: AbortSignal,
  ): Promise<WitnessAnswer> {
    if (oldSize > size) {
      throw new SinkError(
        'fork',
        `the witness has seen a log of ${String(oldSize)} entries; this one has fewer`,
        { status: 409 },
      )
    }
    const nodes = tileReader(this.#database.read, workspaceId)
    const proof = oldSize === 0 ? [] : await consistencyProof(sha256, oldSize, size, nodes)
    const ca = this.#ca === null ? {} : { ca: this.#ca }
    return addCheckpoint(
      { url: this.#url, oldSize, consistencyProof: proof, checkpoint: note, ...ca },
      signal,
    )
  }

  /** Puts the cosignature on the stored checkpoint, where that is still the one that was cosigned. */
  async #keep(workspaceId: string, size: number, cosignatures: string): Promise<void> {
    await this.#database.transact(async (tx) => {
      const tree = await tx
        .updateTable('audit_trees')
        .set((row) => ({ size: row.ref('size') }))
        .where('workspace_id', '=', workspaceId)
        .where('size', '=', size)
        .returning('checkpoint')
        .executeTakeFirst()
      if (tree?.checkpoint === undefined || tree.checkpoint === null) return
      if (tree.checkpoint.includes(cosignatures)) return
      await tx
        .updateTable('audit_trees')
        .set({ checkpoint: tree.checkpoint + cosignatures })
        .where('workspace_id', '=', workspaceId)
        .execute()
    })
  }
}
