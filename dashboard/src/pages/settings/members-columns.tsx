import type { MemberView } from '@bitting/client'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { Badge, Status } from '../../ui/badge.js'
import { Button } from '../../ui/button.js'
import type { Column } from '../../ui/table.js'
import { Time } from '../../ui/time.js'
import type { MembersRights } from './members-rights.js'
import { MemberRoleCell } from './members-role-cell.js'

/** A change of a member that is asked about. */
export interface Asking {
  readonly id: string
  readonly change: 'role' | 'removal'
}

/** What the list of members shows of each. */
export function memberColumns(
  rights: MembersRights,
  canReadKeys: boolean,
  onAsk: (asking: Asking) => void,
): Column<MemberView>[] {
  return [
    {
      id: 'name',
      header: 'Name',
      role: 'title',
      cell: (member) => <Person member={member} rights={rights} />,
    },
    {
      id: 'role',
      header: 'Role',
      cell: (member) => (
        <MemberRoleCell
          member={member}
          rights={rights}
          onChange={() => onAsk({ id: member.id, change: 'role' })}
        />
      ),
    },
    {
      id: 'factor',
      header: 'Second factor',
      cell: ({ second_factor: has }) => <Status tone={has ? 'good' : 'quiet'}>{has ? 'Yes' : 'No'}</Status>,
    },
    {
      id: 'seen',
      header: 'Last seen',
      cell: ({ last_seen_at: at }) => <Time value={at} focusable={false} />,
    },
    ...(canReadKeys ? [KEYS] : []),
    ...(rights.mayEdit ? [removal(rights, onAsk)] : []),
  ]
}

const KEYS: Column<MemberView> = {
  id: 'keys',
  header: 'Made',
  cell: ({ id, name }) => (
    <Link to="/keys" search={{ by: id }}>
      Keys<span className="visually-hidden"> that {name} made</span>
    </Link>
  ),
}

function removal(rights: MembersRights, onAsk: (asking: Asking) => void): Column<MemberView> {
  return {
    id: 'actions',
    header: 'Actions',
    role: 'actions',
    cell: (member) =>
      rights.mayRemove(member) && (
        <Button
          small
          variant="danger-quiet"
          aria-label={`Remove ${member.name}`}
          onClick={() => onAsk({ id: member.id, change: 'removal' })}
        >
          Remove
        </Button>
      ),
  }
}

function Person(props: { readonly member: MemberView; readonly rights: MembersRights }): ReactElement {
  const { member, rights } = props
  return (
    <div className="members-person">
      <span>
        {member.name} {member.id === rights.ownId && <Badge>You</Badge>}
      </span>
      <span className="hint">{member.email}</span>
    </div>
  )
}
