import type { SessionView } from '@bitting/client'
import { formatTime } from '../keys/record.js'
import type { PeopleContext } from './context.js'
import { membershipsOf } from './members.js'
import { RECENT_SECONDS } from './recent.js'
import { needsSecondFactor, type LiveSession } from './sessions.js'

/** A session as the person in it sees it. */
export async function viewSession(context: PeopleContext, live: LiveSession): Promise<SessionView> {
  const { row, user, actor } = live
  const { read } = context.database
  const memberships = await membershipsOf(read, user.id)
  const here = memberships.find((it) => it.workspaceId === row.workspace_id)
  const { passkeys } = await read
    .selectFrom('passkeys')
    .select(({ fn }) => fn.countAll<number>().as('passkeys'))
    .where('user_id', '=', user.id)
    .executeTakeFirstOrThrow()
  return {
    id: row.id,
    user: {
      id: user.id,
      email: user.email,
      name: user.name,
      has_password: user.password_hash !== null,
      has_totp: user.sealed_totp !== null,
      passkeys,
      recovery_codes: (JSON.parse(user.recovery_hashes) as string[]).length,
    },
    workspace: { id: row.workspace_id, name: here?.workspaceName ?? row.workspace_id },
    role: actor.role,
    access: actor.access,
    workspaces: memberships
      .filter((it) => (row.confined === 1 ? it === here : !it.ssoOnly))
      .map((it) => ({ workspace_id: it.workspaceId, name: it.workspaceName, role: it.role }))
      .sort((left, right) => left.name.localeCompare(right.name)),
    method: row.method,
    confined: row.confined === 1,
    needs_second_factor: needsSecondFactor(live),
    recent_until: formatTime(row.authenticated_at + RECENT_SECONDS),
    expires_at: formatTime(live.expiresAt),
  }
}
