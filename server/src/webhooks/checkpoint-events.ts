import type { RandomBytes } from '@bitting/core'
import type { SignedCheckpoint } from '../audit/checkpointer.js'
import type { WritableDatabase } from '../storage/database.js'
import { CHECKPOINT_EVENT, envelope } from './event.js'
import { tellEvents } from './outbox.js'

/** Tells those who asked for it of every checkpoint. One that is lost with the process is covered by the next. */
export class CheckpointEvents {
  readonly #database: WritableDatabase
  readonly #randomBytes: RandomBytes
  readonly #onError: (error: unknown, message: string) => void
  readonly #onEvents: () => void
  #telling: Promise<void> = Promise.resolve()

  constructor(
    database: WritableDatabase,
    randomBytes: RandomBytes,
    onEvents: () => void,
    onError: (error: unknown, message: string) => void,
  ) {
    this.#database = database
    this.#randomBytes = randomBytes
    this.#onEvents = onEvents
    this.#onError = onError
  }

  /** Tells of one checkpoint, after those before it. */
  offer({ workspaceId, size, note }: SignedCheckpoint): void {
    this.#telling = this.#telling
      .then(() => this.#tell(workspaceId, size, note))
      .catch((error: unknown) => {
        this.#onError(error, 'no webhook tells of a checkpoint')
      })
  }

  /** Waits for what is being told. */
  async close(): Promise<void> {
    await this.#telling
  }

  async #tell(workspaceId: string, size: number, note: string): Promise<void> {
    const listener = await this.#database.read
      .selectFrom('webhook_endpoints')
      .select('id')
      .where('workspace_id', '=', workspaceId)
      .where('events', 'like', `%"${CHECKPOINT_EVENT}"%`)
      .where('disabled_at', 'is', null)
      .where('deleted_at', 'is', null)
      .limit(1)
      .executeTakeFirst()
    if (listener === undefined) return
    const facts = {
      type: CHECKPOINT_EVENT,
      subject: workspaceId,
      source: 'bitting',
      data: { size, checkpoint: note },
      dedupeKey: `checkpoint:${String(size)}`,
      atMilliseconds: Date.now(),
    }
    await this.#database.transact((tx) => tellEvents(tx, workspaceId, [envelope(facts, this.#randomBytes)]))
    this.#onEvents()
  }
}
