import type { KeyView } from '@bitting/client'
import { canChange } from '@bitting/core'
import { useState, type ReactElement } from 'react'
import { path, send } from '../../api/transport.js'
import { AlertDialog } from '../../ui/alert-dialog.js'
import { Checkbox } from '../../ui/checkbox.js'
import { toast } from '../../ui/toast.js'
import { ActionProblem } from './action-problem.js'
import { KeyDialogHost, type KeyDialogContentProps, type KeyDialogProps } from './key-dialog.js'
import { LastUse } from './last-use.js'
import { keyChanged } from './queries.js'
import { ReasonField, reasonOf } from './reason-field.js'
import { useAct } from './use-act.js'
import { WebhookKeyInUse } from './webhook-key-in-use.js'

/** Ends a key for good, or tells of one that has ended that its secret leaked. */
export function RevokeKeyDialog(props: KeyDialogProps): ReactElement {
  return <KeyDialogHost {...props} content={RevokeKey} />
}

function RevokeKey({ apiKey, open, onDone, onReload }: KeyDialogContentProps): ReactElement {
  const [reason, setReason] = useState('')
  const [leaked, setLeaked] = useState(false)
  const act = useAct()
  const { name, webhook_key: signs } = apiKey
  const works = canChange(apiKey.state, 'revoke')

  async function revoke(): Promise<void> {
    const changed = await send<KeyView>({
      method: 'POST',
      path: path`/v1/keys/${apiKey.id}/revoke`,
      body: { ...reasonOf(reason), compromised: leaked || !works },
      creates: true,
    })
    keyChanged(changed)
    toast(works ? `“${name}” is revoked.` : `“${name}” is marked as compromised.`)
    onDone(changed)
  }

  return (
    <AlertDialog
      open={open}
      onClose={() => onDone(null)}
      title={works ? `Revoke “${name}”?` : `Mark “${name}” as compromised?`}
      description={
        <p>
          {works
            ? 'Calls with it are refused within a moment, for good. Whoever needs it will need another key. '
            : 'It opens nothing any more. The mark says that its secret leaked. '}
          <LastUse apiKey={apiKey} />
        </p>
      }
      confirm={works ? 'Revoke key' : 'Mark as compromised'}
      onConfirm={() => act.run(revoke)}
      pending={act.pending}
      disabled={signs}
    >
      {signs && <WebhookKeyInUse />}
      <form
        className="key-act"
        onSubmit={(event) => {
          event.preventDefault()
          if (!signs) act.run(revoke)
        }}
      >
        <ReasonField value={reason} onValueChange={setReason} act={act} />
        {works && (
          <Checkbox
            label="Its secret leaked"
            hint="Marks the key as compromised, so that it is looked at first."
            checked={leaked}
            onCheckedChange={setLeaked}
          />
        )}
      </form>
      <ActionProblem act={act} apiKey={apiKey} onReload={onReload} />
    </AlertDialog>
  )
}
