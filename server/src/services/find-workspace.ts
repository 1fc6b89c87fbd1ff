import type { Transaction } from 'kysely'
import type { Schema, WorkspaceRow } from '../storage/schema.js'

type Reader = Pick<Transaction<Schema>, 'selectFrom'>

/** The row of a workspace that is known to exist, because somebody in it is acting. */
export async function findWorkspace(reader: Reader, id: string): Promise<WorkspaceRow> {
  return reader.selectFrom('workspaces').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
}
