import type { InvitationView, InvitationWithLink, Page } from '@bitting/client'
import { ProblemError, randomBase62, type Role } from '@bitting/core'
import type { Transaction } from 'kysely'
import type { Actor } from '../../audit/actor.js'
import type { AuditEvent } from '../../audit/append.js'
import { createdBefore, cutPage, placeByCreation, type PageRequest } from '../../storage/page.js'
import type { InvitationRow } from '../../storage/people-schema.js'
import type { Schema } from '../../storage/schema.js'
import type { ServiceContext } from '../context.js'
import { formatTime } from '../keys/record.js'
import type { Mutated } from '../mutate.js'
import { textHash } from '../text-hash.js'
import type { PeopleContext } from './context.js'
import { checkMayGive } from './manage-members.js'
import { findMember } from './members.js'
import { findUserByEmail, normaliseEmail } from './users.js'

/** How long an invitation can be accepted, in seconds: a week. */
export const INVITATION_SECONDS: number = 7 * 24 * 3600
/** How many invitations of a workspace may be open at a time. */
export const OPEN_INVITATIONS_MAX = 100

const CODE_LENGTH = 43
const ID_LENGTH = 16
const INVITATION_ID = /^inv_[0-9A-Za-z]{1,32}$/

/** What inviting works with: the link leads to where people reach the dashboard. */
export type InvitationContext = ServiceContext & Pick<PeopleContext, 'publicUrl'>

/** A page of a workspace's invitations, newest first; accepted, revoked and expired ones too. */
export async function listInvitations(
  context: Pick<ServiceContext, 'database' | 'now'>,
  workspaceId: string,
  page: PageRequest,
): Promise<Page<InvitationView>> {
  const rows = await context.database.read
    .selectFrom('invitations')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where(createdBefore(page, INVITATION_ID))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute()
  const { shown, next_cursor } = cutPage(rows, page, placeByCreation)
  return { data: shown.map((row) => viewInvitation(row, context.now())), next_cursor }
}

/**
 * Invites somebody to a workspace. An open invitation for the same address ends, so that the last link is the one that
 * works; of the link's code only the hash is kept.
 *
 * @throws {ProblemError} state_conflict for somebody who is a member, limit_reached, grant_exceeds_own, insufficient_scope
 * where the role is an owner's and the actor is none, step_up_required
 */
export async function createInvitation(
  context: InvitationContext,
  actor: Actor,
  { email: address, role }: { readonly email: string; readonly role: Role },
): Promise<Mutated<InvitationWithLink>> {
  const email = normaliseEmail(address)
  const code = randomBase62(CODE_LENGTH, context.randomBytes)
  return context.mutate({ actor, operation: 'createInvitation' }, async (tx) => {
    const { workspaceId } = actor
    const now = context.now()
    await checkMayGive(tx, context, actor, role)
    await refuseMember(tx, workspaceId, email)
    const replaced = await revokeOpen(tx, actor, email, now)
    await checkRoom(tx, workspaceId, now)
    const row: InvitationRow = {
      id: `inv_${randomBase62(ID_LENGTH, context.randomBytes)}`,
      workspace_id: workspaceId,
      code_hash: textHash(code),
      email,
      role,
      created_at: now,
      created_by: actor.id,
      expires_at: now + INVITATION_SECONDS,
      accepted_at: null,
      accepted_by: null,
      revoked_at: null,
      revoked_by: null,
    }
    await tx.insertInto('invitations').values(row).execute()
    return {
      result: { invitation: viewInvitation(row, now), url: `${context.publicUrl}/invitation#${code}` },
      audit: [...replaced.map((it) => eventOf('invitation.revoke', it)), eventOf('invitation.create', row)],
      changed: [],
    }
  })
}

/**
 * Ends an invitation that nobody has accepted.
 *
 * @throws {ProblemError} not_found, state_conflict where it is not open any more
 */
export async function revokeInvitation(
  context: ServiceContext,
  actor: Actor,
  id: string,
): Promise<Mutated<InvitationView>> {
  return context.mutate({ actor, operation: 'revokeInvitation' }, async (tx) => {
    const now = context.now()
    const row = await tx
      .selectFrom('invitations')
      .selectAll()
      .where('workspace_id', '=', actor.workspaceId)
      .where('id', '=', id)
      .executeTakeFirst()
    if (row === undefined) {
      throw new ProblemError('not_found', 'There is no such invitation in this workspace. Check the id.')
    }
    const state = invitationState(row, now)
    if (state !== 'open') {
      const detail = `The invitation is ${state} already, so there is nothing to revoke.`
      throw new ProblemError('state_conflict', detail, { members: { state } })
    }
    const mark = { revoked_at: now, revoked_by: actor.id }
    await tx.updateTable('invitations').set(mark).where('id', '=', id).execute()
    return {
      result: viewInvitation({ ...row, ...mark }, now),
      audit: eventOf('invitation.revoke', row),
      changed: [],
    }
  })
}

/** What has become of an invitation. */
export function invitationState(row: InvitationRow, nowSeconds: number): InvitationView['state'] {
  if (row.accepted_at !== null) return 'accepted'
  if (row.revoked_at !== null) return 'revoked'
  return nowSeconds < row.expires_at ? 'open' : 'expired'
}

async function refuseMember(tx: Transaction<Schema>, workspaceId: string, email: string): Promise<void> {
  const user = await findUserByEmail(tx, email)
  if (user === undefined || (await findMember(tx, workspaceId, user.id)) === undefined) return
  throw new ProblemError(
    'state_conflict',
    'Somebody with this address is a member already. Change their role instead.',
  )
}

async function revokeOpen(
  tx: Transaction<Schema>,
  actor: Actor,
  email: string,
  now: number,
): Promise<InvitationRow[]> {
  return tx
    .updateTable('invitations')
    .set({ revoked_at: now, revoked_by: actor.id })
    .where('workspace_id', '=', actor.workspaceId)
    .where('email', '=', email)
    .where('accepted_at', 'is', null)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .returningAll()
    .execute()
}

async function checkRoom(tx: Transaction<Schema>, workspaceId: string, now: number): Promise<void> {
  const open = await tx
    .selectFrom('invitations')
    .select('id')
    .where('workspace_id', '=', workspaceId)
    .where('accepted_at', 'is', null)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .limit(OPEN_INVITATIONS_MAX)
    .execute()
  if (open.length < OPEN_INVITATIONS_MAX) return
  throw new ProblemError(
    'limit_reached',
    `A workspace has at most ${String(OPEN_INVITATIONS_MAX)} open invitations. Revoke some, or wait until they are accepted.`,
  )
}

function eventOf(action: 'invitation.create' | 'invitation.revoke', row: InvitationRow): AuditEvent {
  return {
    action,
    resource: { type: 'invitation', id: row.id },
    details: { role: row.role },
    personal: { metadata: { email: row.email } },
  }
}

function viewInvitation(row: InvitationRow, nowSeconds: number): InvitationView {
  return {
    id: row.id,
    email: row.email,
    role: row.role,
    state: invitationState(row, nowSeconds),
    created_at: formatTime(row.created_at),
    created_by: row.created_by,
    expires_at: formatTime(row.expires_at),
  }
}
