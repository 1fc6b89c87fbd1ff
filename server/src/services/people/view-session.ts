import type { SessionView } from '@bitting/client'
import { formatTime } from '../keys/record.js'
import type { PeopleContext } from './context.js'
import { membershipsOf } from './members.js'
import { RECENT_SECONDS } from './recent.js'
import { needsSecondFactor, type LiveSession } from './sessions.js'

/** What a session of a provider shows of the account: nothing, because the provider makes sessions for any address. */
const UNSEEN = { has_password: false, has_totp: false, passkeys: 0, recovery_codes: 0 }

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
  const isConfined = row.confined === 1
  const account = {
    has_password: user.password_hash !== null,
    has_totp: user.sealed_totp !== null,
    passkeys,
    recovery_codes: (JSON.parse(user.recovery_hashes) as string[]).length,
  }
  return {
    id: row.id,
    user: {
      id: user.id,
      email: user.email,
      // What the account calls itself is not the word of the provider.
      name: isConfined ? user.email : user.name,
      ...(isConfined ? UNSEEN : account),
    },
    workspace: { id: row.workspace_id, name: here?.workspaceName ?? row.workspace_id },
    role: actor.role,
    access: actor.access,
    workspaces: memberships
      .filter((it) => (isConfined ? it === here : !it.ssoOnly))
      .map((it) => ({ workspace_id: it.workspaceId, name: it.workspaceName, role: it.role }))
      .sort((left, right) => left.name.localeCompare(right.name)),
    method: row.method,
    confined: isConfined,
    needs_second_factor: needsSecondFactor(live),
    recent_until: formatTime(row.authenticated_at + RECENT_SECONDS),
    expires_at: formatTime(live.expiresAt),
  }
}
