import type { Catalog } from '@bitting/core'
import type { ReactElement } from 'react'
import { AlertDialog } from '../../ui/alert-dialog.js'
import { callableByAny } from './access-summary.js'

/** Asks before a key is added that was given no permission: what signs webhooks needs none, most others do. */
export function NoPermissionDialog(props: {
  readonly open: boolean
  readonly name: string
  readonly catalog: Catalog
  readonly onAnswer: (add: boolean) => void
}): ReactElement {
  const { open, name, catalog, onAnswer } = props
  return (
    <AlertDialog
      open={open}
      onClose={() => onAnswer(false)}
      title={`Add “${name}” without permissions?`}
      description={`It opens ${callableByAny(catalog)}. A key that signs webhooks needs no more.`}
      confirm="Add without permissions"
      danger={false}
      onConfirm={() => onAnswer(true)}
    />
  )
}
