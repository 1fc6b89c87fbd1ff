import { ProblemError, randomBase62, roleAccess } from '@bitting/core'
import type { Transaction } from 'kysely'
import type { MemberActor, Origin } from '../../audit/actor.js'
import type { MemberRow, SessionRow, SignInMethod, UserRow } from '../../storage/people-schema.js'
import type { Schema } from '../../storage/schema.js'
import type { PeopleContext } from './context.js'
import { findMember, membershipsOf } from './members.js'
import { lets, policyAllows, readSignInPolicy, type SignInPolicy } from './policy.js'
import { textHash } from '../text-hash.js'

const TOKEN_LENGTH = 43
const SESSION_ID_LENGTH = 16
/** How often it is written down that a session is used, in seconds. */
const TOUCH_SECONDS = 60

/** A session that is good now, and everything that was read to know it. */
export interface LiveSession {
  readonly row: SessionRow
  readonly user: UserRow
  readonly member: MemberRow
  readonly policy: SignInPolicy
  readonly actor: MemberActor
  /** When it ends unless it ends sooner, in whole seconds since 1970 UTC. */
  readonly expiresAt: number
}

/** A session that was just made, and the one time that its token is known. */
export interface NewSession {
  readonly token: string
  readonly live: LiveSession
}

/** Who comes in, how, and to which workspace. */
export interface SessionRequest {
  readonly userId: string
  readonly method: SignInMethod
  /** Whether a second factor, or a passkey, was shown. */
  readonly secondFactor: boolean
  /** Whether it was one of the recovery codes, which are few. */
  readonly recoveryCode?: boolean
  /** Null for the one last used. */
  readonly workspaceId: string | null
  /**
   * The hash that the password was compared with; absent where none was. Whoever knew a password that is changed
   * meanwhile does not come in by it.
   */
  readonly passwordHash?: string | null
  readonly origin: Origin
}

/** How somebody proved who they are. */
type Proof = Pick<SessionRequest, 'method' | 'secondFactor' | 'recoveryCode'>

/**
 * The session that a token stands for; null where it is unknown, ended, too old by the policy of its workspace, or the
 * person is no member any more. To whoever asks all of these look alike.
 */
export async function findSession(
  context: PeopleContext,
  token: string,
  origin: Origin,
): Promise<LiveSession | null> {
  const { read } = context.database
  const row = await read
    .selectFrom('sessions')
    .selectAll()
    .where('token_hash', '=', textHash(token))
    .executeTakeFirst()
  if (row === undefined) return null
  const [user, member, policy] = await Promise.all([
    read.selectFrom('users').selectAll().where('id', '=', row.user_id).executeTakeFirst(),
    findMember(read, row.workspace_id, row.user_id),
    readSignInPolicy(read, row.workspace_id),
  ])
  const now = context.now()
  if (user === undefined || member === undefined || !isOpen(row, policy, now)) return null
  if (!lets(policy, { ssoOnly: member.sso_only === 1 }, row.method)) return null
  if (now - row.last_seen_at >= TOUCH_SECONDS) await touch(context, row, now)
  const expiresAt = sessionExpiry(row, policy)
  return { row, user, member, policy, expiresAt, actor: actorOf(context, row, member, origin) }
}

/** When a session ends unless it ends sooner, in whole seconds since 1970 UTC. */
export function sessionExpiry(row: SessionRow, policy: SignInPolicy): number {
  return Math.min(row.expires_at, row.created_at + policy.sessionHours * 3600)
}

/** Says whether the policy of its workspace keeps a session open: not too old, not unused for too long, by an allowed way. */
export function isOpen(row: SessionRow, policy: SignInPolicy, now: number): boolean {
  const isUsed = now - row.last_seen_at < policy.idleMinutes * 60
  return isUsed && now < sessionExpiry(row, policy) && policyAllows(policy, row.method)
}

/**
 * Signs a person in: a new session with a new token, whatever session the browser had before.
 *
 * @throws {ProblemError} insufficient_scope where no workspace lets the person in by this way
 */
export async function startSession(context: PeopleContext, request: SessionRequest): Promise<NewSession> {
  const { userId, method, origin } = request
  const workspaceId = await enterable(context, request)
  const token = randomBase62(TOKEN_LENGTH, context.randomBytes)
  const now = context.now()
  const policy = await readSignInPolicy(context.database.read, workspaceId)
  const row: SessionRow = {
    token_hash: textHash(token),
    id: `ses_${randomBase62(SESSION_ID_LENGTH, context.randomBytes)}`,
    user_id: userId,
    workspace_id: workspaceId,
    method,
    confined: method === 'sso' ? 1 : 0,
    second_factor: request.secondFactor ? 1 : 0,
    authenticated_at: now,
    created_at: now,
    last_seen_at: now,
    expires_at: now + policy.sessionHours * 3600,
    address: origin.address,
    user_agent: origin.userAgent,
  }
  const member = await findMember(context.database.read, workspaceId, userId)
  if (member === undefined) throw noWorkspace()
  const actor = actorOf(context, row, member, origin)
  await context.mutate({ actor, operation: null }, async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable('members')
      .set({ last_seen_at: now })
      .where('workspace_id', '=', workspaceId)
      .where('user_id', '=', userId)
      .where('removed_at', 'is', null)
      .executeTakeFirst()
    if (numUpdatedRows === 0n) throw noWorkspace()
    await requireSamePassword(tx, request)
    await tx.insertInto('sessions').values(row).execute()
    return {
      result: null,
      audit: {
        action: 'session.start',
        resource: { type: 'session', id: row.id },
        details: proofDetails(request),
      },
      changed: [],
    }
  })
  const live = await findSession(context, token, origin)
  if (live === null) throw noWorkspace()
  return { token, live }
}

/** Ends a session. */
export async function endSession(context: PeopleContext, live: LiveSession): Promise<void> {
  await context.mutate({ actor: live.actor, operation: null }, async (tx) => {
    await tx.deleteFrom('sessions').where('token_hash', '=', live.row.token_hash).execute()
    return {
      result: null,
      audit: { action: 'session.end', resource: { type: 'session', id: live.row.id }, details: {} },
      changed: [],
    }
  })
}

/**
 * Moves a session to another workspace of the person, under a new token.
 *
 * @throws {ProblemError} not_found for workspaces that the person is not in, insufficient_scope where the way that the
 * person came in does not open it
 */
export async function switchWorkspace(
  context: PeopleContext,
  live: LiveSession,
  workspaceId: string,
): Promise<NewSession> {
  const { row, actor } = live
  const member = await findMember(context.database.read, workspaceId, row.user_id)
  if (member === undefined || (row.confined === 1 && workspaceId !== row.workspace_id)) {
    throw new ProblemError('not_found', 'You are not in a workspace with this id.')
  }
  const policy = await readSignInPolicy(context.database.read, workspaceId)
  if (!lets(policy, { ssoOnly: member.sso_only === 1 }, row.method)) throw wrongWay()
  const token = randomBase62(TOKEN_LENGTH, context.randomBytes)
  const there = { ...actor, workspaceId }
  await context.mutate({ actor: there, operation: null }, async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable('sessions')
      .set({ workspace_id: workspaceId, token_hash: textHash(token) })
      .where('token_hash', '=', row.token_hash)
      .executeTakeFirst()
    if (numUpdatedRows === 0n)
      throw new ProblemError('session_ended', 'The session has ended. Sign in again.')
    await tx
      .updateTable('members')
      .set({ last_seen_at: context.now() })
      .where('workspace_id', '=', workspaceId)
      .where('user_id', '=', row.user_id)
      .execute()
    return {
      result: null,
      audit: {
        action: 'session.switch',
        resource: { type: 'session', id: row.id },
        details: { method: row.method },
      },
      changed: [],
    }
  })
  const moved = await findSession(context, token, actor.origin)
  if (moved === null) throw wrongWay()
  return { token, live: moved }
}

/** Writes down that the person of a session has just proved again who they are. */
export async function renewProof(
  context: PeopleContext,
  live: LiveSession,
  proof: Proof,
): Promise<LiveSession> {
  const { row, actor } = live
  const { secondFactor } = proof
  const now = context.now()
  await context.mutate({ actor, operation: null }, async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable('sessions')
      .set({ authenticated_at: now, ...(secondFactor && { second_factor: 1 as const }) })
      .where('token_hash', '=', row.token_hash)
      .executeTakeFirst()
    if (numUpdatedRows === 0n)
      throw new ProblemError('session_ended', 'The session has ended. Sign in again.')
    return {
      result: null,
      audit: {
        action: 'session.step_up',
        resource: { type: 'session', id: row.id },
        details: proofDetails(proof),
      },
      changed: [],
    }
  })
  return {
    ...live,
    row: { ...row, authenticated_at: now, second_factor: secondFactor ? 1 : row.second_factor },
    actor: { ...actor, authenticatedAt: now },
  }
}

function proofDetails({ method, secondFactor, recoveryCode = false }: Proof): Record<string, unknown> {
  return { method, second_factor: secondFactor, ...(recoveryCode && { recovery_code: true }) }
}

/** Holds the lock that a change of password takes, so that of the two the later sees the earlier. */
async function requireSamePassword(
  tx: Transaction<Schema>,
  { userId, passwordHash }: SessionRequest,
): Promise<void> {
  if (passwordHash === undefined) return
  const same = await tx
    .updateTable('users')
    .set((row) => ({ updated_at: row.ref('updated_at') }))
    .where('id', '=', userId)
    .where('password_hash', passwordHash === null ? 'is' : '=', passwordHash)
    .returning('id')
    .executeTakeFirst()
  if (same === undefined) {
    throw new ProblemError('sign_in_failed', 'The password was changed meanwhile. Sign in with the new one.')
  }
}

/** Says whether the policy of the session's workspace asks for a second factor that was not shown. */
export function needsSecondFactor({ row, policy }: LiveSession): boolean {
  return policy.requireSecondFactor && row.second_factor === 0 && row.method !== 'sso'
}

/** The workspace to enter: the one asked for, or of those that let the person in the one last used. */
async function enterable(
  context: PeopleContext,
  { userId, workspaceId, method }: SessionRequest,
): Promise<string> {
  const { read } = context.database
  const memberships = await membershipsOf(read, userId)
  const wanted = memberships.filter((it) => workspaceId === null || it.workspaceId === workspaceId)
  if (wanted.length === 0) throw noWorkspace()
  for (const it of wanted) {
    if (lets(await readSignInPolicy(read, it.workspaceId), it, method)) return it.workspaceId
  }
  throw wrongWay()
}

function actorOf(context: PeopleContext, row: SessionRow, member: MemberRow, origin: Origin): MemberActor {
  return {
    type: 'member',
    id: row.user_id,
    workspaceId: row.workspace_id,
    role: member.role,
    access: roleAccess(member.role, context.catalogs.api),
    sessionId: row.id,
    authenticatedAt: row.authenticated_at,
    origin,
  }
}

async function touch(context: PeopleContext, row: SessionRow, now: number): Promise<void> {
  await context.records.transact((tx) =>
    tx
      .updateTable('sessions')
      .set({ last_seen_at: now })
      .where('token_hash', '=', row.token_hash)
      .where('last_seen_at', '<', now)
      .execute(),
  )
}

function noWorkspace(): ProblemError {
  return new ProblemError(
    'insufficient_scope',
    'You are in no workspace here any more. Ask an owner or admin for an invitation.',
  )
}

function wrongWay(): ProblemError {
  return new ProblemError(
    'insufficient_scope',
    'This workspace does not let people in this way. Use its single sign-on, or another way that it allows.',
  )
}
