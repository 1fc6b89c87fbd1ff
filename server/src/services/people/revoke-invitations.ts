import type { Transaction } from 'kysely'
import type { Schema } from '../../storage/schema.js'
import type { ServiceContext } from '../context.js'

/** Whose invitations are taken back, and by whom. */
export interface Takeback {
  readonly workspaceId: string
  /** The member or the key that offered them. */
  readonly createdBy: string
  readonly by: string
}

/**
 * Takes back the open invitations of a member who may offer them no longer, or of a key that has ended, so that nobody
 * comes in by an invitation of their own making. Returns their ids.
 */
export async function revokeInvitationsOf(
  tx: Transaction<Schema>,
  context: Pick<ServiceContext, 'now'>,
  { workspaceId, createdBy, by }: Takeback,
): Promise<string[]> {
  const rows = await tx
    .updateTable('invitations')
    .set({ revoked_at: context.now(), revoked_by: by })
    .where('workspace_id', '=', workspaceId)
    .where('created_by', '=', createdBy)
    .where('accepted_at', 'is', null)
    .where('revoked_at', 'is', null)
    .returning('id')
    .execute()
  return rows.map(({ id }) => id)
}
