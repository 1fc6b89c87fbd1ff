import { useQuery } from '@tanstack/react-query'
import { useState, type ReactElement } from 'react'
import { formatCount } from '../../format.js'
import { membersQuery } from '../../people/members-query.js'
import { useCan, useSession } from '../../session/session.js'
import { Card } from '../../ui/card.js'
import { ErrorState } from '../../ui/error-state.js'
import { Table } from '../../ui/table.js'
import { memberColumns, type Asking } from './members-columns.js'
import { MemberRemoveDialog } from './members-remove-dialog.js'
import { MemberRoleDialog } from './members-role-dialog.js'
import { membersRights } from './members-rights.js'

/** Everybody in the workspace. */
export function MembersList(): ReactElement {
  const members = useQuery(membersQuery)
  const session = useSession()
  const can = useCan()
  const [asking, setAsking] = useState<Asking | null>(null)
  const rights = membersRights(session, can('members:edit'), members.data ?? [])
  const asked = members.data?.find(({ id }) => id === asking?.id)
  const close = (): void => setAsking(null)
  return (
    <Card
      title="Members"
      description={
        members.data === undefined
          ? 'Everybody who is in.'
          : formatCount(members.data.length, 'person', 'people')
      }
      flush
    >
      {members.data === undefined && members.isError ? (
        <ErrorState
          error={members.error}
          title="The members could not be loaded"
          onRetry={() => void members.refetch()}
        />
      ) : (
        <Table
          caption="Members"
          columns={memberColumns(rights, can('keys:read'), setAsking)}
          rows={members.data}
          rowKey={({ id }) => id}
          bones={3}
        />
      )}
      {asked !== undefined && asking?.change === 'removal' && (
        <MemberRemoveDialog member={asked} onClose={close} />
      )}
      {asked !== undefined && asking?.change === 'role' && (
        <MemberRoleDialog member={asked} roles={rights.roles} onClose={close} />
      )}
    </Card>
  )
}
