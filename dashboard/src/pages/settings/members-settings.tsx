import type { ReactElement } from 'react'
import { useCan } from '../../session/session.js'
import { MembersInvitations } from './members-invitations.js'
import { MembersList } from './members-list.js'
import { MembersRoles } from './members-role-list.js'
import './members-settings.css'

/** Who is in the workspace and as what, and who is invited. */
export function MembersSettings(): ReactElement {
  const can = useCan()
  return (
    <div className="members">
      <MembersList />
      {can('members:read') && <MembersInvitations />}
      <MembersRoles />
    </div>
  )
}
