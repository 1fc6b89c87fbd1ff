import type { MemberView, SessionView } from '@bitting/client'
import { ROLES, type Role } from '@bitting/core'

/** What who is signed in may do with members. The server decides; this is for what is not to be offered. */
export interface MembersRights {
  readonly ownId: string
  readonly mayEdit: boolean
  /** The roles that they may give. */
  readonly roles: readonly Role[]
  /** Why the role of a member cannot be changed; null where it can. */
  readonly whyFixed: (member: MemberView) => string | null
  readonly mayRemove: (member: MemberView) => boolean
}

/** Works it out: only owners make, change and remove owners, and the last owner stays. */
export function membersRights(
  { user, role }: Pick<SessionView, 'user' | 'role'>,
  mayEdit: boolean,
  members: readonly MemberView[],
): MembersRights {
  const isOwner = role === 'owner'
  const owners = members.filter((member) => member.role === 'owner').length
  const whyFixed = (member: MemberView): string | null => {
    if (member.role !== 'owner') return null
    if (!isOwner) return 'Only an owner can change owners.'
    return owners < 2 ? 'The last owner. Make somebody else an owner first.' : null
  }
  return {
    ownId: user.id,
    mayEdit,
    roles: ROLES.filter((it) => it !== 'owner' || isOwner),
    whyFixed,
    mayRemove: (member) => mayEdit && whyFixed(member) === null,
  }
}
