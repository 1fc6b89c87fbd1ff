import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { Button } from '../../ui/button.js'
import { Dialog } from '../../ui/dialog.js'
import { ErrorState } from '../../ui/error-state.js'
import { Skeleton } from '../../ui/skeleton.js'
import { keyQuery } from '../key-actions/queries.js'
import { EditKeyForm } from './edit-key-form.js'
import { useOpenings } from './use-openings.js'

/** What the dialog for changing a key takes. */
export interface EditKeyDialogProps {
  readonly keyId: string
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
}

/** Changes a key, shows what that changes before it is saved, and offers to take it back after. */
export function EditKeyDialog(props: EditKeyDialogProps): ReactElement {
  return <EditKey key={useOpenings(props.open)} {...props} />
}

/** The form begins with the key as it is now, and not with what a list was told minutes ago. */
function EditKey({ keyId, open, onOpenChange }: EditKeyDialogProps): ReactElement {
  const key = useQuery({ ...keyQuery(keyId), enabled: open, staleTime: 0, refetchOnMount: 'always' })
  const close = (): void => onOpenChange(false)
  if (key.data !== undefined && key.isFetchedAfterMount && !key.isError) {
    return <EditKeyForm first={key.data} open={open} onClose={close} />
  }
  return <LoadingDialog query={key} open={open} onClose={close} />
}

function LoadingDialog(props: {
  readonly query: { readonly error: Error | null; readonly refetch: () => Promise<unknown> }
  readonly open: boolean
  readonly onClose: () => void
}): ReactElement {
  const { query, open, onClose } = props
  return (
    <Dialog
      open={open}
      onClose={onClose}
      size="large"
      title="Edit key"
      actions={<Button onClick={onClose}>Cancel</Button>}
    >
      {query.error === null ? (
        <Skeleton height="40rem" />
      ) : (
        <ErrorState
          error={query.error}
          title="The key could not be loaded"
          onRetry={() => void query.refetch()}
        />
      )}
    </Dialog>
  )
}
