import type { KeyView } from '@bitting/client'
import type { ReactElement } from 'react'
import {
  DeleteKeyDialog,
  RevokeKeyDialog,
  RotateKeyDialog,
  SetWebhookKeyDialog,
  SuspendKeyDialog,
  type KeyAction,
} from '../key-actions/index.js'
import { CreateKeyDialog, EditKeyDialog } from '../key-editor/index.js'

/** The dialogs of a key's page, of which the one for the action is open. */
export function KeyDialogs(props: {
  readonly apiKey: KeyView
  readonly action: KeyAction | null
  readonly onDone: (changed: KeyView | null) => void
}): ReactElement {
  const { apiKey, action, onDone } = props
  const keyIf = (wanted: KeyAction): KeyView | null => (action === wanted ? apiKey : null)
  const close = (open: boolean): void => {
    if (!open) onDone(null)
  }
  return (
    <>
      <EditKeyDialog keyId={apiKey.id} open={action === 'edit'} onOpenChange={close} />
      <CreateKeyDialog copyFrom={apiKey} open={action === 'duplicate'} onOpenChange={close} />
      <RotateKeyDialog apiKey={keyIf('rotate')} onDone={onDone} />
      <SuspendKeyDialog apiKey={keyIf('suspend')} onDone={onDone} />
      <RevokeKeyDialog apiKey={keyIf('revoke')} onDone={onDone} />
      <DeleteKeyDialog apiKey={keyIf('delete')} onDone={onDone} />
      <SetWebhookKeyDialog apiKey={keyIf('set-webhook-key')} onDone={onDone} />
    </>
  )
}
