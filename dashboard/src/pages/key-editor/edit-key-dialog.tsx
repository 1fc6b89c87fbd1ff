import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { Button } from '../../ui/button.js'
import { Dialog } from '../../ui/dialog.js'
import { ErrorState } from '../../ui/error-state.js'
import { Skeleton } from '../../ui/skeleton.js'
import { keyQuery } from '../key-actions/queries.js'
import { useCatalog } from './catalogs.js'
import { EditKeyForm } from './edit-key-form.js'
import type { KeyPart } from './key-part.js'
import { useOpenings } from './use-openings.js'

/** What the dialog for changing a key takes. */
export interface EditKeyDialogProps {
  readonly keyId: string
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
  /** What it was opened for: it is in sight and has the focus. The name unless it is told. */
  readonly part?: KeyPart | undefined
}

/** Changes a key, shows what that changes before it is saved, and offers to take it back after. */
export function EditKeyDialog(props: EditKeyDialogProps): ReactElement {
  return <EditKey key={useOpenings(props.open)} {...props} />
}

/** The form begins with the key as it is now, and not with what a list was told minutes ago. */
function EditKey({ keyId, open, onOpenChange, part = 'name' }: EditKeyDialogProps): ReactElement {
  const key = useQuery({ ...keyQuery(keyId), enabled: open, staleTime: 0, refetchOnMount: 'always' })
  const catalog = useCatalog(key.data?.kind)
  const close = (): void => onOpenChange(false)
  // The permissions come with the catalog, and would move what stands below them.
  const whole = part === 'name' || !catalog.isPending
  if (key.data !== undefined && key.isFetchedAfterMount && !key.isError && whole) {
    return <EditKeyForm first={key.data} open={open} onClose={close} part={part} />
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
