import type { MemberView, Page } from '@bitting/client'
import { accessIncludes, NO_CONDITIONS, ProblemError, roleAccess, type Role } from '@bitting/core'
import { sql, type SqlBool, type Transaction } from 'kysely'
import type { Actor } from '../../audit/actor.js'
import type { Reader } from '../../storage/database.js'
import { CURSOR_NUMBER, cutPage, decodeCursor, type PageRequest } from '../../storage/page.js'
import type { MemberRow, UserRow } from '../../storage/people-schema.js'
import type { Schema } from '../../storage/schema.js'
import type { ServiceContext } from '../context.js'
import { checkOwn } from '../keys/grant.js'
import { formatTime, formatTimeOrNull } from '../keys/record.js'
import type { Mutated } from '../mutate.js'
import { findMember } from './members.js'
import { requireRecent } from './recent.js'
import { revokeInvitationsOf } from './revoke-invitations.js'

const USER_ID = /^usr_[0-9A-Za-z]{1,32}$/

/** A page of the people of a workspace, whoever joined last first. Who was removed is not among them. */
export async function listMembers(
  context: Pick<ServiceContext, 'database'>,
  workspaceId: string,
  page: PageRequest,
): Promise<Page<MemberView>> {
  const { read } = context.database
  const after = decodeCursor(page.cursor, [CURSOR_NUMBER, USER_ID])
  const isAfter =
    after === null
      ? sql<SqlBool>`1 = 1`
      : sql<SqlBool>`(created_at, user_id) < (${Number(after[0])}, ${after[1]})`
  const rows = await read
    .selectFrom('members')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('removed_at', 'is', null)
    .where(isAfter)
    .orderBy('created_at', 'desc')
    .orderBy('user_id', 'desc')
    .limit(page.limit + 1)
    .execute()
  const { shown, next_cursor } = cutPage(rows, page, (row) => [String(row.created_at), row.user_id])
  return { data: await viewMembers(read, shown), next_cursor }
}

/**
 * Gives a member another role, which is in force from their next request on.
 *
 * @param version the version that the caller saw, null to change whatever is there
 * @throws {ProblemError} not_found, version_conflict, state_conflict for the last owner, grant_exceeds_own,
 * insufficient_scope where an owner is concerned and the actor is none, step_up_required
 */
export async function updateMember(
  context: ServiceContext,
  actor: Actor,
  id: string,
  role: Role,
  version: number | null,
): Promise<Mutated<MemberView>> {
  return context.mutate({ actor, operation: 'updateMember' }, async (tx) => {
    const row = await findMemberRow(tx, actor.workspaceId, id)
    checkMemberVersion(row, version)
    await checkMayGive(tx, context, actor, role)
    if (row.role === 'owner') await requireOwner(tx, actor)
    if (isStrong(row.role)) requireRecent(context, actor)
    if (role !== 'owner') await requireOtherOwner(tx, row)
    await writeMember(tx, row, { role, version: row.version + 1 })
    const { api } = context.catalogs
    const isWeaker = !accessIncludes(roleAccess(role, api), roleAccess(row.role, api))
    const takeback = { workspaceId: actor.workspaceId, createdBy: id, by: actor.id }
    const revoked = isWeaker ? await revokeInvitationsOf(tx, context, takeback) : []
    const result = await viewMember(tx, { ...row, role, version: row.version + 1 })
    return {
      result,
      audit: {
        action: 'member.update',
        resource: { type: 'user', id },
        details: { before: { role: row.role }, after: { role }, invitations_revoked: revoked },
        personal: { metadata: { email: result.email } },
      },
      changed: [],
    }
  })
}

/**
 * Takes a person out of a workspace: their sessions there end at once, and invitations of theirs that nobody accepted.
 * Keys that they made are identities of their own and stay.
 *
 * @param version the version that the caller saw, null to remove whatever is there
 * @throws {ProblemError} not_found, version_conflict, state_conflict for the last owner, insufficient_scope where an owner
 * is to be removed and the actor is none, step_up_required
 */
export async function removeMember(
  context: ServiceContext,
  actor: Actor,
  id: string,
  version: number | null,
): Promise<Mutated<MemberView>> {
  const { workspaceId } = actor
  return context.mutate({ actor, operation: 'removeMember' }, async (tx) => {
    const row = await findMemberRow(tx, workspaceId, id)
    checkMemberVersion(row, version)
    if (row.role === 'owner') await requireOwner(tx, actor)
    requireRecent(context, actor)
    await requireOtherOwner(tx, row)
    const removal = { removed_at: context.now(), removed_by: actor.id, version: row.version + 1 }
    await writeMember(tx, row, removal)
    await tx
      .deleteFrom('sessions')
      .where('workspace_id', '=', workspaceId)
      .where('user_id', '=', id)
      .execute()
    const revoked = await revokeInvitationsOf(tx, context, { workspaceId, createdBy: id, by: actor.id })
    const result = await viewMember(tx, { ...row, ...removal })
    return {
      result,
      audit: {
        action: 'member.remove',
        resource: { type: 'user', id },
        details: { role: row.role, invitations_revoked: revoked },
        personal: { metadata: { email: result.email } },
      },
      changed: [],
    }
  })
}

/**
 * Refuses to give a role to whoever has less than it, and owners' to whoever is none. A role is as strong as a management
 * key without conditions, so a key that ends or is bound to addresses gives none.
 *
 * @throws {ProblemError} grant_exceeds_own, insufficient_scope, step_up_required
 */
export async function checkMayGive(
  tx: Transaction<Schema>,
  context: ServiceContext,
  actor: Actor,
  role: Role,
): Promise<void> {
  if (role === 'owner') await requireOwner(tx, actor)
  await checkOwn(tx, context, actor, {
    kind: 'management',
    environment: 'production',
    access: roleAccess(role, context.catalogs.api),
    conditions: NO_CONDITIONS,
  })
  if (isStrong(role)) requireRecent(context, actor)
}

/** Roles that have everything. */
function isStrong(role: Role): boolean {
  return role === 'owner' || role === 'admin'
}

/** Read afresh, so that whoever was an owner a moment ago is none. */
async function requireOwner(tx: Transaction<Schema>, actor: Actor): Promise<void> {
  if (actor.type === 'operator') return
  const own = actor.type === 'member' ? await findMember(tx, actor.workspaceId, actor.id) : undefined
  if (own?.role === 'owner') return
  throw new ProblemError(
    'insufficient_scope',
    'Only an owner makes, changes or removes owners; a management key never does. Ask an owner.',
    { members: own === undefined ? {} : { role: own.role } },
  )
}

/** Everybody who changes owners holds the workspace's lock, so of two who go at once the second is the last. */
async function requireOtherOwner(tx: Transaction<Schema>, row: MemberRow): Promise<void> {
  if (row.role !== 'owner') return
  const other = await tx
    .selectFrom('members')
    .select('user_id')
    .where('workspace_id', '=', row.workspace_id)
    .where('role', '=', 'owner')
    .where('removed_at', 'is', null)
    .where('user_id', '!=', row.user_id)
    .limit(1)
    .executeTakeFirst()
  if (other !== undefined) return
  throw new ProblemError(
    'state_conflict',
    'This is the last owner, and a workspace has at least one. Make somebody else an owner first.',
  )
}

async function findMemberRow(tx: Transaction<Schema>, workspaceId: string, id: string): Promise<MemberRow> {
  const row = await findMember(tx, workspaceId, id)
  if (row !== undefined) return row
  throw new ProblemError('not_found', 'There is no such member in this workspace. Check the id.')
}

function checkMemberVersion(row: MemberRow, version: number | null): void {
  if (version === null || version === row.version) return
  throw new ProblemError(
    'version_conflict',
    'The member was changed since you read it. Read it again, then repeat the change.',
  )
}

async function writeMember(
  tx: Transaction<Schema>,
  row: MemberRow,
  changes: Partial<MemberRow>,
): Promise<void> {
  await tx
    .updateTable('members')
    .set(changes)
    .where('workspace_id', '=', row.workspace_id)
    .where('user_id', '=', row.user_id)
    .execute()
}

async function viewMember(reader: Reader, row: MemberRow): Promise<MemberView> {
  const [view] = await viewMembers(reader, [row])
  if (view === undefined) throw new ProblemError('internal', 'A member has no account.')
  return view
}

async function viewMembers(reader: Reader, rows: readonly MemberRow[]): Promise<MemberView[]> {
  if (rows.length === 0) return []
  const ids = rows.map((row) => row.user_id)
  const users = await reader.selectFrom('users').selectAll().where('id', 'in', ids).execute()
  const passkeys = await reader
    .selectFrom('passkeys')
    .select('user_id')
    .distinct()
    .where('user_id', 'in', ids)
    .execute()
  const withPasskey = new Set(passkeys.map((it) => it.user_id))
  const userById = new Map(users.map((user) => [user.id, user]))
  return rows.flatMap((row) => {
    const user = userById.get(row.user_id)
    return user === undefined ? [] : [memberView(row, user, withPasskey.has(user.id))]
  })
}

function memberView(row: MemberRow, user: UserRow, hasPasskey: boolean): MemberView {
  return {
    id: user.id,
    email: user.email,
    // What the account calls itself is not the word of the provider that brought the person in.
    name: row.sso_only === 1 ? user.email : user.name,
    role: row.role,
    second_factor: hasPasskey || user.sealed_totp !== null,
    created_at: formatTime(row.created_at),
    created_by: row.created_by,
    last_seen_at: formatTimeOrNull(row.last_seen_at),
    version: row.version,
  }
}
