import { sql } from 'kysely'
import type { WritableDatabase } from '../storage/database.js'
import type { LogKeys } from './log-key.js'
import { extendTree, LogTamperedError } from './tree.js'

/** A checkpoint that was signed. */
export interface SignedCheckpoint {
  readonly workspaceId: string
  readonly size: number
  /** The signed note (C2SP tlog-checkpoint). */
  readonly note: string
}

/** What a checkpointer works with. */
export interface CheckpointerOptions {
  readonly database: WritableDatabase
  readonly keys: LogKeys
  /** The present in milliseconds since 1970 UTC. */
  readonly now: () => number
  /** Told of every checkpoint that this node signed. */
  readonly onCheckpoint?: (checkpoint: SignedCheckpoint) => void
  readonly onError: (error: unknown, message: string) => void
}

/** Takes what is new in the workspaces' logs into their trees and signs it. Any node may, several at once too. */
export class Checkpointer {
  readonly #options: CheckpointerOptions
  /** Logs that are not what was signed. Told once, not every second. */
  readonly #tampered = new Set<string>()

  constructor(options: CheckpointerOptions) {
    this.#options = options
  }

  /** Workspaces whose logs are not what was signed; their checkpoints stand still. */
  get tampered(): number {
    return this.#tampered.size
  }

  /** Signs a checkpoint of every log with news. One that fails does not keep the others from theirs. */
  async run(): Promise<void> {
    const { database } = this.#options
    const rows = await database.read
      .selectFrom('workspaces')
      .leftJoin('audit_trees', 'audit_trees.workspace_id', 'workspaces.id')
      .select('workspaces.id')
      .where(sql<boolean>`workspaces.audit_size > coalesce(audit_trees.size, 0)`)
      .orderBy('workspaces.id')
      .execute()
    for (const { id } of rows) await this.#catchUp(id)
  }

  async #catchUp(workspaceId: string): Promise<void> {
    const { database, keys, now, onCheckpoint, onError } = this.#options
    const signer = keys.signer(workspaceId)
    try {
      for (;;) {
        const extension = await database.transact((tx) => extendTree(tx, workspaceId, signer, now()))
        if (extension === null) return
        this.#tampered.delete(workspaceId)
        if (extension.isBehind) continue
        onCheckpoint?.({ workspaceId, size: extension.size, note: extension.checkpoint })
        return
      }
    } catch (error) {
      if (error instanceof LogTamperedError) {
        if (this.#tampered.has(workspaceId)) return
        this.#tampered.add(workspaceId)
      }
      onError(error, 'no checkpoint could be signed')
    }
  }
}
