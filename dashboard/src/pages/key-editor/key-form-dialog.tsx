import { useState, type ReactElement, type ReactNode, type RefObject } from 'react'
import { openPrompts } from '../../api/prompts.js'
import { Button } from '../../ui/button.js'
import { Dialog } from '../../ui/dialog.js'
import { DiscardDialog } from './discard-dialog.js'

/** What the dialog around the form of a key takes. */
export interface KeyFormDialogProps {
  readonly open: boolean
  /** Called when it is to close; what was entered is given up then. */
  readonly onClose: () => void
  readonly title: string
  /** Whether something was entered that would be lost. */
  readonly dirty: boolean
  readonly formId: string
  /** What the button does: `Add key`. */
  readonly submit: string
  readonly pending: boolean
  readonly disabled: boolean
  readonly initialFocus: RefObject<HTMLElement | null>
  readonly children: ReactNode
}

/** The dialog around the form of a key. It asks before what was entered is lost. */
export function KeyFormDialog(props: KeyFormDialogProps): ReactElement {
  const [discarding, setDiscarding] = useState(false)
  function close(): void {
    // Escape in a dialog that asks for a sign-in is meant for that one.
    if (Object.keys(openPrompts.get()).length > 0) return
    if (props.dirty) setDiscarding(true)
    else props.onClose()
  }
  return (
    <Dialog
      open={props.open}
      onClose={close}
      keepOnPressOutside
      size="large"
      title={props.title}
      initialFocus={props.initialFocus}
      actions={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button
            variant="primary"
            type="submit"
            form={props.formId}
            pending={props.pending}
            disabled={props.disabled}
          >
            {props.submit}
          </Button>
        </>
      }
    >
      {props.children}
      <DiscardDialog
        open={discarding}
        onKeep={() => setDiscarding(false)}
        onDiscard={() => {
          setDiscarding(false)
          props.onClose()
        }}
      />
    </Dialog>
  )
}
