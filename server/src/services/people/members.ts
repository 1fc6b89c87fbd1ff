import { roleAccess, type Access, type Role } from '@bitting/core'
import type { Actor } from '../../audit/actor.js'
import type { Reader } from '../../storage/database.js'
import type { MemberRow } from '../../storage/people-schema.js'
import type { ServiceContext } from '../context.js'

/** A workspace that a person is in. */
export interface Membership {
  readonly workspaceId: string
  readonly workspaceName: string
  readonly role: Role
  readonly lastSeenAt: number | null
  /** Whether the workspace's identity provider alone lets the person in. */
  readonly ssoOnly: boolean
}

/** The person as a member of a workspace; undefined for whoever is none, or none any more. */
export async function findMember(
  reader: Reader,
  workspaceId: string,
  userId: string,
): Promise<MemberRow | undefined> {
  return reader
    .selectFrom('members')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('user_id', '=', userId)
    .where('removed_at', 'is', null)
    .executeTakeFirst()
}

/** The workspaces that a person is in, the one last used first. */
export async function membershipsOf(reader: Reader, userId: string): Promise<Membership[]> {
  const rows = await reader
    .selectFrom('members')
    .innerJoin('workspaces', 'workspaces.id', 'members.workspace_id')
    .select(['workspaces.id', 'workspaces.name', 'members.role', 'members.last_seen_at', 'members.sso_only'])
    .where('members.user_id', '=', userId)
    .where('members.removed_at', 'is', null)
    .orderBy('workspaces.created_at')
    .orderBy('workspaces.id')
    .execute()
  return rows
    .map((row) => ({
      workspaceId: row.id,
      workspaceName: row.name,
      role: row.role,
      lastSeenAt: row.last_seen_at,
      ssoOnly: row.sso_only === 1,
    }))
    .sort((left, right) => (right.lastSeenAt ?? 0) - (left.lastSeenAt ?? 0))
}

/**
 * What a person may do in a workspace at this moment, read in the transaction that asks; null for whoever is no member
 * any more.
 */
export async function currentAccess(
  reader: Reader,
  context: Pick<ServiceContext, 'catalogs'>,
  actor: Actor,
): Promise<Access | null> {
  if (actor.type !== 'member') return null
  const member = await findMember(reader, actor.workspaceId, actor.id)
  return member === undefined ? null : roleAccess(member.role, context.catalogs.api)
}
