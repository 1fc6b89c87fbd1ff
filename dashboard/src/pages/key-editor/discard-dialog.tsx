import type { ReactElement } from 'react'
import { AlertDialog } from '../../ui/alert-dialog.js'

/** Asks before what was entered is lost. */
export function DiscardDialog({
  open,
  onKeep,
  onDiscard,
}: {
  readonly open: boolean
  readonly onKeep: () => void
  readonly onDiscard: () => void
}): ReactElement {
  return (
    <AlertDialog
      open={open}
      onClose={onKeep}
      title="Discard what you entered?"
      description="Nothing of it was saved."
      confirm="Discard"
      onConfirm={onDiscard}
    />
  )
}
