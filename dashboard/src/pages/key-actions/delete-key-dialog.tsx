import type { KeyView } from '@bitting/client'
import { useState, type ReactElement } from 'react'
import { fieldErrors } from '../../api/problem.js'
import { path, send } from '../../api/transport.js'
import { AlertDialog } from '../../ui/alert-dialog.js'
import { toast } from '../../ui/toast.js'
import { ActionProblem } from './action-problem.js'
import { KeyDialogHost, type KeyDialogContentProps, type KeyDialogProps } from './key-dialog.js'
import { LastUse, onlyDenied, usedWithinADay } from './last-use.js'
import { NameField } from './name-field.js'
import { keyChanged } from './queries.js'
import { useAct } from './use-act.js'
import { WebhookKeyInUse } from './webhook-key-in-use.js'

/** Deletes a key. Where somebody called with it within a day, its name has to be typed. */
export function DeleteKeyDialog(props: KeyDialogProps): ReactElement {
  return <KeyDialogHost {...props} content={DeleteKey} />
}

function DeleteKey({ apiKey, open, onDone, onReload }: KeyDialogContentProps): ReactElement {
  const [typed, setTyped] = useState('')
  const act = useAct()
  const { name, version, webhook_key: signs } = apiKey
  const inUse = usedWithinADay(apiKey)
  const ready = !signs && (!inUse || typed === name)

  async function remove(): Promise<void> {
    const changed = await send<KeyView>({
      method: 'DELETE',
      path: path`/v1/keys/${apiKey.id}`,
      query: { confirm: inUse ? typed : undefined },
      version,
    })
    keyChanged(changed)
    toast(`“${name}” is deleted.`)
    onDone(changed)
  }

  return (
    <AlertDialog
      open={open}
      onClose={() => onDone(null)}
      title={`Delete “${name}”?`}
      description={
        <>
          <p>
            Its secret is destroyed, and calls with it are refused within a moment. This cannot be taken back.
            What it did stays in the audit log.
          </p>
          <p className={inUse || onlyDenied(apiKey) ? 'key-act-in-use' : undefined}>
            <LastUse apiKey={apiKey} />
          </p>
        </>
      }
      confirm="Delete key"
      onConfirm={() => act.run(remove)}
      pending={act.pending}
      disabled={!ready}
    >
      {signs && <WebhookKeyInUse />}
      {inUse && !signs && (
        <NameField
          first
          name={name}
          label="Type the name of the key to delete it"
          value={typed}
          onValueChange={setTyped}
          error={fieldErrors(act.error)['confirm']}
          onSubmit={() => {
            if (ready) act.run(remove)
          }}
        />
      )}
      <ActionProblem act={act} apiKey={apiKey} onReload={onReload} />
    </AlertDialog>
  )
}
