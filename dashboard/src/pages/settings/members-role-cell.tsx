import type { MemberView } from '@bitting/client'
import type { ReactElement } from 'react'
import { Button } from '../../ui/button.js'
import type { MembersRights } from './members-rights.js'
import { ROLE_WORDS } from './members-roles.js'

/** The role of a member, and the way to another one where it can be changed. */
export function MemberRoleCell(props: {
  readonly member: MemberView
  readonly rights: MembersRights
  readonly onChange: () => void
}): ReactElement {
  const { member, rights, onChange } = props
  const why = rights.whyFixed(member)
  const label = ROLE_WORDS[member.role].label
  if (!rights.mayEdit || why !== null) {
    return (
      <div className="members-fixed">
        <span>{label}</span>
        {rights.mayEdit && <span className="hint">{why}</span>}
      </div>
    )
  }
  return (
    <div className="members-role">
      <span>{label}</span>
      <Button small variant="quiet" onClick={onChange}>
        Change role…<span className="visually-hidden"> of {member.name}</span>
      </Button>
    </div>
  )
}
