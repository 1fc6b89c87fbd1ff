import type { MemberView } from '@bitting/client'
import { ROLES, type Role } from '@bitting/core'
import type { ReactElement } from 'react'
import { Select } from '../../ui/select.js'
import type { MembersRights } from './members-rights.js'
import { ROLE_WORDS } from './members-roles.js'

/** The role of a member, and the others to choose from where it can be changed. */
export function MemberRoleSelect(props: {
  readonly member: MemberView
  readonly rights: MembersRights
  readonly onChoose: (role: Role) => void
}): ReactElement {
  const { member, rights, onChoose } = props
  const why = rights.whyFixed(member)
  if (!rights.mayEdit || why !== null) {
    return (
      <div className="members-fixed">
        <span>{ROLE_WORDS[member.role].label}</span>
        {rights.mayEdit && <span className="hint">{why}</span>}
      </div>
    )
  }
  return (
    <Select
      className="members-role"
      aria-label={`Role of ${member.name}`}
      value={member.role}
      options={ROLES.map((role) => ({
        value: role,
        label: ROLE_WORDS[role].label,
        disabled: !rights.roles.includes(role),
      }))}
      onValueChange={onChoose}
    />
  )
}
