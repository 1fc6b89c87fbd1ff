import type { InvitationView } from '@bitting/client'
import type { ReactElement } from 'react'
import { path, send } from '../../api/transport.js'
import { AlertDialog } from '../../ui/alert-dialog.js'
import { toast } from '../../ui/toast.js'
import { ActProblem } from '../account/act-problem.js'
import { useAct } from '../key-actions/use-act.js'

/** Asks before an invitation is revoked. */
export function MembersRevokeDialog(props: {
  readonly invitation: InvitationView
  readonly onDone: () => Promise<void>
  readonly onClose: () => void
}): ReactElement {
  const { invitation, onDone, onClose } = props
  const act = useAct()
  function revoke(): void {
    act.run(async () => {
      try {
        await send({ method: 'DELETE', path: path`/v1/invitations/${invitation.id}` })
        onClose()
        toast('The invitation was revoked.')
      } finally {
        await onDone()
      }
    })
  }
  return (
    <AlertDialog
      open
      title={`Revoke the invitation of ${invitation.email}?`}
      description="Its link stops working at once. You can invite them anew."
      confirm="Revoke it"
      pending={act.pending}
      onClose={onClose}
      onConfirm={revoke}
    >
      <ActProblem error={act.error} />
    </AlertDialog>
  )
}
