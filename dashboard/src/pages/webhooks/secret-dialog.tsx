import type { WebhookEndpointWithSecret } from '@bitting/client'
import { useState, type ReactElement } from 'react'
import { AlertDialog } from '../../ui/alert-dialog.js'
import { Button } from '../../ui/button.js'
import { Dialog } from '../../ui/dialog.js'
import { Notice } from '../../ui/notice.js'
import { SecretBox } from '../../ui/secret-box.js'

/** Shows the secret of an endpoint, this once. Closing it before the secret was copied asks first. */
export function SecretDialog({
  created,
  onDone,
}: {
  /** The answer to a creation or rotation. Keep it in state, and in no cache. */
  readonly created: WebhookEndpointWithSecret
  /** Called when the person is done: forget the answer then. */
  readonly onDone: () => void
}): ReactElement {
  const { secret, secret_note: note, endpoint } = created
  const [copied, setCopied] = useState(secret === null)
  const [asking, setAsking] = useState(false)
  const close = (): void => (copied ? onDone() : setAsking(true))
  return (
    <Dialog
      open
      onClose={close}
      keepOnPressOutside
      title="The endpoint’s secret"
      actions={
        <Button variant={copied ? 'primary' : 'secondary'} onClick={close}>
          Done
        </Button>
      }
    >
      {secret === null ? (
        <Notice tone="warn" title="The secret was lost on the way">
          <p>{note ?? 'It was in an answer that was lost. Rotate the secret to get a new one.'}</p>
        </Notice>
      ) : (
        <>
          <SecretBox label={endpoint.url} secret={secret} onCopied={() => setCopied(true)} />
          <p className="hint">
            The receiver verifies Standard Webhooks signatures with it, or with the token of the webhook key.
          </p>
        </>
      )}
      <AlertDialog
        open={asking}
        onClose={() => setAsking(false)}
        title="Close without copying?"
        description="The secret cannot be shown again. Whoever needs it then has to rotate it."
        confirm="Close without copying"
        onConfirm={onDone}
      />
    </Dialog>
  )
}
