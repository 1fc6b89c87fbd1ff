import type { KeyView } from '@bitting/client'
import { useId, useState, type ReactElement } from 'react'
import { path, send } from '../../api/transport.js'
import { Button } from '../../ui/button.js'
import { Dialog } from '../../ui/dialog.js'
import { toast } from '../../ui/toast.js'
import { ActionProblem } from './action-problem.js'
import { KeyDialogHost, type KeyDialogContentProps, type KeyDialogProps } from './key-dialog.js'
import { LastUse } from './last-use.js'
import { keyChanged } from './queries.js'
import { ReasonField, reasonOf } from './reason-field.js'
import { useAct } from './use-act.js'
import { resumeKey, useKeyActions } from './use-key-actions.js'

/** Asks for a reason and stops a key until it is resumed. */
export function SuspendKeyDialog(props: KeyDialogProps): ReactElement {
  return <KeyDialogHost {...props} content={SuspendKey} />
}

function SuspendKey({ apiKey, open, onDone, onReload }: KeyDialogContentProps): ReactElement {
  const [reason, setReason] = useState('')
  const act = useAct()
  const form = useId()
  const actions = useKeyActions()

  async function suspend(): Promise<void> {
    const changed = await send<KeyView>({
      method: 'POST',
      path: path`/v1/keys/${apiKey.id}/suspend`,
      body: reasonOf(reason),
      creates: true,
    })
    keyChanged(changed)
    const undo = actions(changed).has('resume') ? { undo: () => void resumeKey(changed) } : {}
    toast(`“${changed.name}” is suspended.`, undo)
    onDone(changed)
  }

  return (
    <Dialog
      open={open}
      onClose={() => onDone(null)}
      title={`Suspend “${apiKey.name}”?`}
      description={
        <p>
          Calls with it are refused within a moment, until somebody resumes it. <LastUse apiKey={apiKey} />
          {apiKey.webhook_key && ' It goes on signing webhooks.'}
        </p>
      }
      actions={
        <>
          <Button onClick={() => onDone(null)}>Cancel</Button>
          <Button variant="primary" type="submit" form={form} pending={act.pending}>
            Suspend key
          </Button>
        </>
      }
    >
      <form
        id={form}
        onSubmit={(event) => {
          event.preventDefault()
          act.run(suspend)
        }}
      >
        <ReasonField value={reason} onValueChange={setReason} act={act} />
      </form>
      <ActionProblem act={act} apiKey={apiKey} onReload={onReload} />
    </Dialog>
  )
}
