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
      .select(['workspaces.id', 'workspaces.audit_size', 'audit_trees.size'])
      .where(sql<boolean>`workspaces.audit_size <> coalesce(audit_trees.size, 0)`)
      .orderBy('workspaces.id')
      .execute()
    for (const { id, audit_size: size, size: signed } of rows) {
      if (size >= (signed ?? 0)) await this.#catchUp(id)
      else this.#tell(new LogTamperedError(id, 'it is shorter than what was signed'), id)
    }
  }

  async #catchUp(workspaceId: string): Promise<void> {
    const { database, keys, now, onCheckpoint } = this.#options
    const signer = keys.signer(workspaceId)
    try {
      for (;;) {
        const extension = await database.transact((tx) => extendTree(tx, workspaceId, signer, now()))
        if (extension === null) return
        this.#tampered.delete(workspaceId)
        if (extension.unmarked > 0) this.#tellUnmarked(workspaceId, extension.unmarked)
        if (extension.isBehind) continue
        onCheckpoint?.({ workspaceId, size: extension.size, note: extension.checkpoint })
        return
      }
    } catch (error) {
      this.#tell(error, workspaceId)
    }
  }

  /** Right after an upgrade this is as it should be; at any other time somebody has taken the log's tree away. */
  #tellUnmarked(workspaceId: string, count: number): void {
    const message = `signed ${String(count)} entries of ${workspaceId} from before entries were marked, as its first`
    this.#options.onError(null, message)
  }

  #tell(error: unknown, workspaceId: string): void {
    if (error instanceof LogTamperedError) {
      if (this.#tampered.has(workspaceId)) return
      this.#tampered.add(workspaceId)
    }
    this.#options.onError(error, 'no checkpoint could be signed')
  }
}
