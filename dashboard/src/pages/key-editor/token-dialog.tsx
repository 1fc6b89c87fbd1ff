import type { KeyWithToken } from '@bitting/client'
import { useState, type ReactElement } from 'react'
import { AlertDialog } from '../../ui/alert-dialog.js'
import { Button } from '../../ui/button.js'
import { Dialog } from '../../ui/dialog.js'
import { Notice } from '../../ui/notice.js'
import { SecretBox } from '../../ui/secret-box.js'
import { TryCommands } from './try-commands.js'

/** What the dialog for a new token takes. */
export interface TokenDialogProps {
  /** The answer to a creation or rotation; null where there is none to show. Keep it in state, and in no cache. */
  readonly created: KeyWithToken | null
  /** Called when the person is done: forget the answer then. */
  readonly onDone: () => void
  /** `Your new key` unless it is told. */
  readonly title?: string | undefined
}

/** Shows a token, this once. Closing it before the token was copied asks first. */
export function TokenDialog({ created, onDone, title = 'Your new key' }: TokenDialogProps): ReactElement {
  const [copied, setCopied] = useState(false)
  const [asking, setAsking] = useState(false)
  const token = created?.token ?? null

  function finish(): void {
    setCopied(false)
    setAsking(false)
    onDone()
  }

  return (
    <Dialog
      open={created !== null}
      onClose={() => (token === null || copied ? finish() : setAsking(true))}
      keepOnPressOutside
      title={created !== null && token === null ? 'The key is there, its token is not' : title}
      actions={
        <Button
          variant={token === null || copied ? 'primary' : 'secondary'}
          onClick={() => (token === null || copied ? finish() : setAsking(true))}
        >
          Done
        </Button>
      }
    >
      {created !== null && token !== null && (
        <>
          <SecretBox label={created.key.name} secret={token} onCopied={() => setCopied(true)} />
          <TryCommands apiKey={created.key} token={token} />
        </>
      )}
      {created !== null && token === null && <LostToken name={created.key.name} />}
      <AlertDialog
        open={asking}
        onClose={() => setAsking(false)}
        title="Close without copying?"
        description="The token cannot be shown again. Whoever needs it then has to rotate the key."
        confirm="Close without copying"
        onConfirm={finish}
      />
    </Dialog>
  )
}

/** The connection broke after the server had done it: the repeated request found it done, and no token is stored. */
function LostToken({ name }: { readonly name: string }): ReactElement {
  return (
    <Notice tone="warn" title={`“${name}” was made, but its token was lost on the way`}>
      <p>
        The connection broke before the answer with the token arrived, and the server does not store tokens.
        Nobody has it. Open the key and rotate it to get a new one, or delete it.
      </p>
    </Notice>
  )
}
