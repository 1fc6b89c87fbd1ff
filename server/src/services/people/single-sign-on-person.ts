import { roleAccess, type Role } from '@bitting/core'
import type { Transaction } from 'kysely'
import { anonymousOf, type Actor, type Origin } from '../../audit/actor.js'
import type { AuditEvent } from '../../audit/append.js'
import type { Reader } from '../../storage/database.js'
import type { InvitationRow, UserRow } from '../../storage/people-schema.js'
import type { Schema } from '../../storage/schema.js'
import type { PeopleContext } from './context.js'
import { invitationState } from './invitations.js'
import { findMember } from './members.js'
import type { Provider } from './policy.js'
import { SingleSignOnError } from './single-sign-on-provider.js'
import { findUserByEmail, getUser, insertUser } from './users.js'

/** What a workspace's provider says of a person, once it is known to come from there. */
export interface ProvenPerson {
  readonly issuer: string
  /** What the provider calls the person, for ever (OpenID Connect Core 1.0 Section 2, `sub`). */
  readonly subject: string
  /** The address, as it is kept, where the provider says that it is the person's; null where it does not. */
  readonly email: string | null
  readonly name: string
}

/** A workspace, and the provider that speaks for it. */
interface Place {
  readonly workspaceId: string
  readonly provider: Provider
}

/**
 * Who comes in to a workspace as what its provider says. Somebody known by their subject is known. Anybody else needs an
 * address that the provider vouches for: a member with it is that person from now on; an open invitation is accepted;
 * and where the address is of one of the policy's domains, its default role is given. Whoever was removed needs a new
 * invitation.
 *
 * @returns the person's id
 * @throws {SingleSignOnError} sign_in_failed, insufficient_scope
 */
export async function admitPerson(
  context: PeopleContext,
  place: Place,
  person: ProvenPerson,
  origin: Origin,
): Promise<string> {
  const { workspaceId } = place
  const { read } = context.database
  const known = await subjectUser(read, workspaceId, person)
  if (known !== null && (await findMember(read, workspaceId, known)) !== undefined) return known
  if (person.email === null) throw new SingleSignOnError('sign_in_failed', 'sso_email_unverified')
  const verified = { ...person, email: person.email }
  const actor = await actorFor(context, place, await userOf(read, workspaceId, verified), origin)
  const { result } = await context.mutate({ actor, operation: null }, (tx) =>
    admit(tx, context, place, verified),
  )
  return result
}

type Subject = Pick<ProvenPerson, 'issuer' | 'subject'>

/** The person that a subject stands for in a workspace; null for a subject that was never here. */
export async function knownUser(
  context: PeopleContext,
  workspaceId: string,
  subject: Subject,
): Promise<string | null> {
  return subjectUser(context.database.read, workspaceId, subject)
}

async function subjectUser(
  reader: Reader,
  workspaceId: string,
  { issuer, subject }: Subject,
): Promise<string | null> {
  const row = await reader
    .selectFrom('identities')
    .select('user_id')
    .where('workspace_id', '=', workspaceId)
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .executeTakeFirst()
  return row?.user_id ?? null
}

type VerifiedPerson = ProvenPerson & { readonly email: string }

/** The account of a person: the one that their subject stands for, or the one with their address. */
async function userOf(
  reader: Reader,
  workspaceId: string,
  person: VerifiedPerson,
): Promise<UserRow | undefined> {
  const known = await subjectUser(reader, workspaceId, person)
  return known === null ? findUserByEmail(reader, person.email) : getUser(reader, known)
}

interface Admission {
  readonly result: string
  readonly audit: readonly AuditEvent[]
  readonly changed: readonly []
}

/**
 * Everything is asked again here, in the transaction that holds the workspace's lock: whoever comes for the first time in
 * two tabs is somebody known in the second.
 */
async function admit(
  tx: Transaction<Schema>,
  context: PeopleContext,
  { workspaceId, provider }: Place,
  person: VerifiedPerson,
): Promise<Admission> {
  const user = await userOf(tx, workspaceId, person)
  const member = user === undefined ? undefined : await findMember(tx, workspaceId, user.id)
  const personal = { metadata: { email: person.email } }
  if (user !== undefined && member !== undefined) {
    await requireNoOtherSubject(tx, workspaceId, person, user.id)
    await writeIdentity(tx, context, workspaceId, person, user.id)
    const details = { single_sign_on: person.issuer }
    const resource = { type: 'user', id: user.id } as const
    return {
      result: user.id,
      audit: [{ action: 'account.update', resource, details, personal }],
      changed: [],
    }
  }
  const invitation = await openInvitation(tx, context, workspaceId, person.email)
  const role = invitation?.role ?? (await defaultRole(tx, { workspaceId, provider }, person, user))
  if (role === null) throw new SingleSignOnError('insufficient_scope', 'sso_not_invited')
  const { email, name } = person
  const id = user?.id ?? (await insertUser(tx, context, { email, name, passwordHash: null }))
  const invitedBy = invitation?.created_by ?? 'single_sign_on'
  await writeMember(tx, context, { workspaceId, userId: id, role, invitedBy })
  if (invitation !== undefined) await acceptInvitation(tx, context, invitation.id, id)
  await writeIdentity(tx, context, workspaceId, person, id)
  const resource = { type: 'user', id } as const
  const joined: AuditEvent = {
    action: 'member.join',
    resource,
    details: {
      role,
      single_sign_on: person.issuer,
      ...(invitation !== undefined && { invitation: invitation.id, invited_by: invitedBy }),
    },
    personal,
  }
  const made: AuditEvent[] =
    user === undefined ? [{ action: 'account.create', resource, details: {}, personal }] : []
  return { result: id, audit: [...made, joined], changed: [] }
}

/** A provider may give an address to somebody else one day; who had it first here stays who they are. */
async function requireNoOtherSubject(
  tx: Transaction<Schema>,
  workspaceId: string,
  { issuer, subject }: ProvenPerson,
  userId: string,
): Promise<void> {
  const other = await tx
    .selectFrom('identities')
    .select('subject')
    .where('workspace_id', '=', workspaceId)
    .where('issuer', '=', issuer)
    .where('user_id', '=', userId)
    .where('subject', '!=', subject)
    .executeTakeFirst()
  if (other !== undefined) throw new SingleSignOnError('insufficient_scope', 'sso_other_subject')
}

async function openInvitation(
  tx: Transaction<Schema>,
  context: PeopleContext,
  workspaceId: string,
  email: string,
): Promise<InvitationRow | undefined> {
  const rows = await tx
    .selectFrom('invitations')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('email', '=', email)
    .where('accepted_at', 'is', null)
    .where('revoked_at', 'is', null)
    .orderBy('created_at', 'desc')
    .execute()
  return rows.find((row) => invitationState(row, context.now()) === 'open')
}

/** The role of those who come without an invitation; null for who may not, and for who was removed. */
async function defaultRole(
  tx: Transaction<Schema>,
  { workspaceId, provider }: Place,
  { email }: VerifiedPerson,
  user: UserRow | undefined,
): Promise<Role | null> {
  const domain = email.slice(email.lastIndexOf('@') + 1)
  if (provider.defaultRole === null || !provider.domains.includes(domain)) return null
  if (user === undefined) return provider.defaultRole
  const former = await tx
    .selectFrom('members')
    .select('user_id')
    .where('workspace_id', '=', workspaceId)
    .where('user_id', '=', user.id)
    .executeTakeFirst()
  return former === undefined ? provider.defaultRole : null
}

interface NewMember {
  readonly workspaceId: string
  readonly userId: string
  readonly role: Role
  readonly invitedBy: string
}

/** Whoever was removed comes back in the same row. */
async function writeMember(
  tx: Transaction<Schema>,
  context: PeopleContext,
  { workspaceId, userId, role, invitedBy }: NewMember,
): Promise<void> {
  const joined = {
    role,
    sso_only: 1 as const,
    created_at: context.now(),
    created_by: invitedBy,
    removed_at: null,
    removed_by: null,
  }
  await tx
    .insertInto('members')
    .values({ workspace_id: workspaceId, user_id: userId, version: 1, last_seen_at: null, ...joined })
    .onConflict((conflict) =>
      conflict
        .columns(['workspace_id', 'user_id'])
        .doUpdateSet((row) => ({ ...joined, version: row('members.version', '+', 1) })),
    )
    .execute()
}

async function acceptInvitation(
  tx: Transaction<Schema>,
  context: PeopleContext,
  id: string,
  userId: string,
): Promise<void> {
  await tx
    .updateTable('invitations')
    .set({ accepted_at: context.now(), accepted_by: userId })
    .where('id', '=', id)
    .execute()
}

/** One subject a person: whoever is invited anew is who they are now, whatever the provider called them before. */
async function writeIdentity(
  tx: Transaction<Schema>,
  context: PeopleContext,
  workspaceId: string,
  { issuer, subject }: ProvenPerson,
  userId: string,
): Promise<void> {
  await tx
    .deleteFrom('identities')
    .where('workspace_id', '=', workspaceId)
    .where('issuer', '=', issuer)
    .where((row) => row.or([row('user_id', '=', userId), row('subject', '=', subject)]))
    .execute()
  await tx
    .insertInto('identities')
    .values({
      workspace_id: workspaceId,
      issuer,
      subject,
      user_id: userId,
      created_at: context.now(),
    })
    .execute()
}

/** The person themselves where there is an account to name; a new one is not there yet when the act begins. */
async function actorFor(
  context: PeopleContext,
  { workspaceId }: Place,
  user: UserRow | undefined,
  origin: Origin,
): Promise<Actor> {
  if (user === undefined) return anonymousOf(workspaceId, origin)
  const member = await findMember(context.database.read, workspaceId, user.id)
  const role = member?.role ?? 'auditor'
  return {
    type: 'member',
    id: user.id,
    workspaceId,
    role,
    access: roleAccess(role, context.catalogs.api),
    sessionId: '',
    authenticatedAt: context.now(),
    origin,
  }
}
