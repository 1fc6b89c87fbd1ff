import type { Transaction } from 'kysely'
import type { Reader } from './database.js'
import type { ChangeLogRow, ChangeSubject, Schema } from './schema.js'
import { notifyChange } from './wake-ups.js'

export type { ChangeSubject }

/** A change that verifiers must learn of. */
export interface NewChange {
  readonly workspaceId: string
  readonly subject: ChangeSubject
  readonly subjectId: string
  /** When it happened, in milliseconds since 1970 UTC. */
  readonly atMilliseconds: number
}

/**
 * Appends a change under the next revision, and returns that. The revision comes from a row that stays locked until
 * the transaction ends, and not from a sequence: so revisions become visible in their order and without gaps, and
 * whoever reads up to one has missed none before it. Append late in a transaction: all other writers wait.
 */
export async function appendChange(tx: Transaction<Schema>, change: NewChange): Promise<number> {
  const { revision } = await tx
    .updateTable('installation')
    .set((row) => ({ revision: row('revision', '+', 1) }))
    .where('id', '=', 1)
    .returning('revision')
    .executeTakeFirstOrThrow()
  await tx
    .insertInto('change_log')
    .values({
      revision,
      workspace_id: change.workspaceId,
      subject: change.subject,
      subject_id: change.subjectId,
      at_ms: change.atMilliseconds,
    })
    .execute()
  await notifyChange(tx)
  return revision
}

/** The changes after a revision, oldest first, at most so many. */
export async function readChanges(read: Reader, after: number, limit: number): Promise<ChangeLogRow[]> {
  return read
    .selectFrom('change_log')
    .selectAll()
    .where('revision', '>', after)
    .orderBy('revision')
    .limit(limit)
    .execute()
}

/** The revision of the newest change, 0 before the first. */
export async function currentRevision(read: Reader): Promise<number> {
  const { revision } = await read
    .selectFrom('installation')
    .select('revision')
    .where('id', '=', 1)
    .executeTakeFirstOrThrow()
  return revision
}
