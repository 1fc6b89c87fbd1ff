import {
  consistencyProof,
  formatNote,
  openNote,
  parseNote,
  parseVerifierKey,
  peekCheckpoint,
  treeRoot,
  type VerifierKey,
} from '@bitting/core'
import { readFileSync } from 'node:fs'
import type { WritableDatabase } from '../../storage/database.js'
import type { SignedCheckpoint } from '../checkpointer.js'
import { sameBytes } from '../kept-checkpoints.js'
import { NOTE_CRYPTO, sha256 } from '../log-key.js'
import { SinkError } from '../sinks/sink.js'
import { LogTamperedError, readTree, tileReader } from '../tree.js'
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

/** The size that the witness saw is not known, then it is, and then another node may have been faster. */
const ATTEMPTS = 3

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
    let sent = checkpoint
    let oldSize = this.#sizes.get(checkpoint.workspaceId) ?? 0
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (oldSize > sent.size) sent = await this.#newest(sent, oldSize)
      const answer = await this.#ask(sent, oldSize, signal)
      if ('cosignatures' in answer) return this.#accept(sent, answer.cosignatures)
      oldSize = answer.conflict
    }
    const message = 'the witness changes its mind about the size it saw'
    throw new SinkError('conflict', message, { status: 409 })
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  /**
   * The newest checkpoint of the log, in place of one that the witness is ahead of because another node was faster. It
   * is sent even where the witness has seen its size, because only the witness can compare the roots.
   *
   * @throws {SinkError} `fork` where the log never had as many entries, or does not continue the one that is replaced
   */
  async #newest({ workspaceId, size, note }: SignedCheckpoint, oldSize: number): Promise<SignedCheckpoint> {
    const { read } = this.#database
    const tree = await readTree(read, workspaceId)
    if (tree === null || tree.size < oldSize) {
      throw fork(`the witness has seen a log of ${String(oldSize)} entries; this one has fewer`)
    }
    const root = peekCheckpoint(note)?.root
    const present = await treeRoot(sha256, size, tileReader(read, workspaceId))
    if (root === undefined || !sameBytes(root, present)) {
      throw fork(`the log does not continue the checkpoint of its first ${String(size)} entries`)
    }
    const stored = parseNote(tree.checkpoint ?? '')
    if (stored === null) throw new LogTamperedError(workspaceId, 'its checkpoint is missing')
    // The log's own signature comes first. With cosignatures an older one could pass for the witness's answer.
    const own = formatNote(stored.body, stored.signatures.slice(0, 1))
    return { workspaceId, size: tree.size, note: own }
  }

  async #ask(
    { workspaceId, size, note }: SignedCheckpoint,
    oldSize: number,
    signal: AbortSignal,
  ): Promise<WitnessAnswer> {
    const nodes = tileReader(this.#database.read, workspaceId)
    const proof = oldSize === 0 ? [] : await consistencyProof(sha256, oldSize, size, nodes)
    const ca = this.#ca === null ? {} : { ca: this.#ca }
    return addCheckpoint(
      { url: this.#url, oldSize, consistencyProof: proof, checkpoint: note, ...ca },
      signal,
    )
  }

  async #accept({ workspaceId, size, note }: SignedCheckpoint, cosignatures: string): Promise<void> {
    if (openNote(note + cosignatures, [this.#key], NOTE_CRYPTO) === null) {
      throw new SinkError(
        'bad_signature',
        'the witness answered with a signature that its key does not verify',
        { status: 200 },
      )
    }
    this.#sizes.set(workspaceId, size)
    await this.#keep(workspaceId, size, cosignatures)
  }

  /** Puts the cosignature on the stored checkpoint, where that is the one that was cosigned and has none yet. */
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
      // Each node may have it cosigned, and each time of signing is another line.
      if (openNote(tree.checkpoint, [this.#key], NOTE_CRYPTO) !== null) return
      await tx
        .updateTable('audit_trees')
        .set({ checkpoint: tree.checkpoint + cosignatures })
        .where('workspace_id', '=', workspaceId)
        .execute()
    })
  }
}

function fork(message: string): SinkError {
  return new SinkError('fork', message, { status: 409 })
}
