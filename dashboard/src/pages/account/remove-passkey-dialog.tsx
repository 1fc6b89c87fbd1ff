import type { PasskeyView } from '@bitting/client'
import { useQueryClient } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { path, send } from '../../api/transport.js'
import { AlertDialog } from '../../ui/alert-dialog.js'
import { toast } from '../../ui/toast.js'
import { useAct } from '../key-actions/use-act.js'
import { ActProblem } from './act-problem.js'
import { passkeysQuery } from './queries.js'
import { refreshSession } from './refresh-session.js'

/** Asks before a passkey is removed. */
export function RemovePasskeyDialog(props: {
  readonly passkey: PasskeyView
  readonly onClose: () => void
}): ReactElement {
  const { passkey, onClose } = props
  const client = useQueryClient()
  const act = useAct()
  function remove(): void {
    act.run(async () => {
      await send({ method: 'DELETE', path: path`/v1/account/passkeys/${passkey.id}` })
      onClose()
      toast(`“${passkey.name}” was removed.`)
      await Promise.all([client.invalidateQueries(passkeysQuery), refreshSession()])
    })
  }
  return (
    <AlertDialog
      open
      title={`Remove “${passkey.name}”?`}
      description="It opens your account no longer. Your device still offers it until you remove it there too."
      confirm="Remove it"
      pending={act.pending}
      onClose={onClose}
      onConfirm={remove}
    >
      <ActProblem error={act.error} />
    </AlertDialog>
  )
}
