import type { InvitationView, Page } from '@bitting/client'
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactElement } from 'react'
import { get } from '../../api/transport.js'
import { ActorName } from '../../people/actor-name.js'
import { useCan, useSession } from '../../session/session.js'
import { Status, type Tone } from '../../ui/badge.js'
import { Button } from '../../ui/button.js'
import { Card } from '../../ui/card.js'
import { Checkbox } from '../../ui/checkbox.js'
import { EmptyState } from '../../ui/empty-state.js'
import { ErrorState } from '../../ui/error-state.js'
import { Table, type Column } from '../../ui/table.js'
import { Time } from '../../ui/time.js'
import { MembersInviteDialog } from './members-invite-dialog.js'
import { MembersRevokeDialog } from './members-revoke-dialog.js'
import { ROLE_WORDS, withArticle } from './members-roles.js'

const invitationsQuery = queryOptions({
  queryKey: ['invitations'],
  queryFn: ({ signal }) => get<Page<InvitationView>>('/v1/invitations', { limit: 100 }, signal),
})

const STATES: Readonly<Record<InvitationView['state'], { readonly tone: Tone; readonly label: string }>> = {
  open: { tone: 'wait', label: 'Open' },
  accepted: { tone: 'good', label: 'Accepted' },
  revoked: { tone: 'quiet', label: 'Revoked' },
  expired: { tone: 'quiet', label: 'Expired' },
}

/** Who is invited, and inviting. */
export function MembersInvitations(): ReactElement {
  const can = useCan()
  const { role } = useSession()
  const client = useQueryClient()
  const invitations = useQuery(invitationsQuery)
  const [inviting, setInviting] = useState(false)
  const [revoking, setRevoking] = useState<InvitationView | null>(null)
  const mayEdit = can('members:edit')
  const reload = (): Promise<void> => client.invalidateQueries(invitationsQuery)
  return (
    <Card
      title="Invitations"
      description={
        mayEdit
          ? 'A link makes somebody a member. You send it: it is good for seven days, and once.'
          : `Only owners and admins invite. You are ${withArticle(role)}.`
      }
      actions={
        mayEdit && (
          <Button icon="plus" variant="primary" onClick={() => setInviting(true)}>
            Invite somebody
          </Button>
        )
      }
      flush
    >
      {invitations.data === undefined && invitations.isError ? (
        <ErrorState
          error={invitations.error}
          title="The invitations could not be loaded"
          onRetry={() => void invitations.refetch()}
        />
      ) : (
        <InvitationTable all={invitations.data?.data} mayEdit={mayEdit} onRevoke={setRevoking} />
      )}
      {inviting && <MembersInviteDialog onInvited={reload} onClose={() => setInviting(false)} />}
      {revoking !== null && (
        <MembersRevokeDialog invitation={revoking} onDone={reload} onClose={() => setRevoking(null)} />
      )}
    </Card>
  )
}

function InvitationTable(props: {
  readonly all: readonly InvitationView[] | undefined
  readonly mayEdit: boolean
  readonly onRevoke: (invitation: InvitationView) => void
}): ReactElement {
  const { all, mayEdit, onRevoke } = props
  const [ended, setEnded] = useState(false)
  const shown = all?.filter(({ state }) => ended || state === 'open')
  const hasEnded = all?.some(({ state }) => state !== 'open') === true
  return (
    <>
      {shown?.length === 0 ? (
        <EmptyState icon="people" title="No open invitations">
          Who is invited and has not come yet stands here.
        </EmptyState>
      ) : (
        <Table
          caption="Invitations"
          columns={columnsFor(mayEdit, onRevoke)}
          rows={shown}
          rowKey={({ id }) => id}
          bones={1}
        />
      )}
      {hasEnded && (
        <div className="members-ended">
          <Checkbox
            label="Show accepted, revoked and expired ones"
            checked={ended}
            onCheckedChange={setEnded}
          />
        </div>
      )}
    </>
  )
}

function columnsFor(
  mayEdit: boolean,
  onRevoke: (invitation: InvitationView) => void,
): Column<InvitationView>[] {
  const actions: Column<InvitationView> = {
    id: 'actions',
    header: 'Actions',
    role: 'actions',
    cell: (invitation) =>
      invitation.state === 'open' && (
        <Button
          small
          variant="danger-quiet"
          aria-label={`Revoke the invitation of ${invitation.email}`}
          onClick={() => onRevoke(invitation)}
        >
          Revoke
        </Button>
      ),
  }
  return [
    {
      id: 'email',
      header: 'E-mail',
      role: 'title',
      cell: ({ email }) => <span className="members-person">{email}</span>,
    },
    { id: 'role', header: 'Role', cell: ({ role }) => ROLE_WORDS[role].label },
    {
      id: 'state',
      header: 'State',
      cell: ({ state }) => <Status tone={STATES[state].tone}>{STATES[state].label}</Status>,
    },
    { id: 'by', header: 'Invited by', cell: ({ created_by: by }) => <ActorName id={by} /> },
    {
      id: 'ends',
      header: 'Ends',
      cell: ({ state, expires_at: at }) =>
        state === 'open' ? <Time value={at} focusable={false} /> : <span className="quiet-text">–</span>,
    },
    ...(mayEdit ? [actions] : []),
  ]
}
