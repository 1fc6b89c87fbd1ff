import type { WebhookKeyView } from '@bitting/client'
import { useState, type ReactElement } from 'react'
import { fieldErrors } from '../../api/problem.js'
import { send } from '../../api/transport.js'
import { AlertDialog } from '../../ui/alert-dialog.js'
import { toast } from '../../ui/toast.js'
import { ActionProblem } from '../key-actions/action-problem.js'
import { NameField } from '../key-actions/name-field.js'
import { useAct } from '../key-actions/use-act.js'
import { webhooksChanged } from './queries.js'

/** Asks whether delivery is to end, and for the name of the key that signs. */
export function TurnOffDialog({
  now,
  onClose,
}: {
  readonly now: WebhookKeyView
  readonly onClose: () => void
}): ReactElement {
  const [typed, setTyped] = useState('')
  const act = useAct()
  const ready = typed === now.name

  async function turnOff(): Promise<void> {
    const request = { query: { confirm: typed }, version: now.version }
    await send<WebhookKeyView>({ method: 'DELETE', path: '/v1/webhook-key', ...request })
    await webhooksChanged()
    toast('Delivery is off.')
    onClose()
  }

  return (
    <AlertDialog
      open
      onClose={onClose}
      title="Turn delivery off?"
      description="Nothing is delivered to any endpoint any more. What happens meanwhile waits, and is sent when a key signs again."
      confirm="Turn delivery off"
      onConfirm={() => act.run(turnOff)}
      pending={act.pending}
      disabled={!ready}
    >
      <NameField
        name={now.name ?? ''}
        label="Type the name of the key that signs now"
        value={typed}
        onValueChange={setTyped}
        error={fieldErrors(act.error)['confirm']}
        onSubmit={() => {
          if (ready) act.run(turnOff)
        }}
      />
      <ActionProblem
        act={act}
        apiKey={{ version: now.version, updated_at: now.set_at ?? '' }}
        onReload={webhooksChanged}
      />
    </AlertDialog>
  )
}
