import type { KeyView, KeyWithToken } from '@bitting/client'
import { useId, useRef, useState, type ReactElement } from 'react'
import { useCatalog } from './catalogs.js'
import { copyOf, EMPTY_DRAFT } from './key-draft.js'
import { KeyFormDialog } from './key-form-dialog.js'
import { KeyForm } from './key-form.js'
import { KeyKindField } from './key-kind-field.js'
import { KeySummary } from './key-summary.js'
import { NoPermissionDialog } from './no-permission-dialog.js'
import { ProblemNotice } from './problem-notice.js'
import { TokenDialog } from './token-dialog.js'
import { serverFlaws } from './use-key-draft.js'
import { useNewKey } from './use-new-key.js'
import { useOpenings } from './use-openings.js'

/** What the dialog for a new key takes. */
export interface CreateKeyDialogProps {
  readonly open: boolean
  /** Called with false when the form was given up, or when the new key's token was put away. */
  readonly onOpenChange: (open: boolean) => void
  /** Told of the new key when its token was put away. It never gets the token. */
  readonly onCreated?: ((key: KeyView) => void) | undefined
  /** A key whose settings the new one begins with. */
  readonly copyFrom?: KeyView | undefined
}

/** Adds a key, and then shows its token. */
export function CreateKeyDialog(props: CreateKeyDialogProps): ReactElement {
  return <CreateKey key={useOpenings(props.open)} {...props} />
}

/** The token is in the state here and in the dialog that shows it, until that is closed. */
function CreateKey({ open, onOpenChange, onCreated, copyFrom }: CreateKeyDialogProps): ReactElement {
  const [created, setCreated] = useState<KeyWithToken | null>(null)
  return (
    <>
      <CreateKeyForm
        open={open && created === null}
        onClose={() => onOpenChange(false)}
        onCreated={setCreated}
        copyFrom={copyFrom}
      />
      <TokenDialog
        created={created}
        onDone={() => {
          setCreated(null)
          onOpenChange(false)
          if (created !== null) onCreated?.(created.key)
        }}
      />
    </>
  )
}

function CreateKeyForm(props: {
  readonly open: boolean
  readonly onClose: () => void
  readonly onCreated: (created: KeyWithToken) => void
  readonly copyFrom: KeyView | undefined
}): ReactElement {
  const { open, onClose, onCreated, copyFrom } = props
  const id = useId()
  const nameRef = useRef<HTMLInputElement>(null)
  const [first] = useState(() => (copyFrom === undefined ? EMPTY_DRAFT : copyOf(copyFrom, Date.now())))
  const { draft, change, flaws, settings, error, ...key } = useNewKey(id, first, onCreated)
  const catalog = useCatalog(draft.kind)
  const refused = serverFlaws(error)
  return (
    <KeyFormDialog
      open={open}
      onClose={onClose}
      title={copyFrom === undefined ? 'Add an API key' : `Duplicate “${copyFrom.name}”`}
      dirty={draft !== first}
      formId={id}
      submit="Add key"
      pending={key.pending}
      disabled={catalog.data === undefined}
      initialFocus={nameRef}
    >
      <KeyForm
        id={id}
        draft={draft}
        onChange={change}
        onLeave={key.leave}
        flaws={{ ...flaws, ...refused }}
        limits={key.limits}
        catalog={catalog}
        isNew
        nameRef={nameRef}
        onSubmit={key.submit}
        problem={<ProblemNotice error={Object.keys(refused).length > 0 ? null : error} />}
        advanced={<KeyKindField draft={draft} onChange={change} />}
        review={(data) => <KeySummary draft={draft} settings={settings} catalog={data} />}
      />
      {catalog.data !== undefined && (
        <NoPermissionDialog
          open={key.asking}
          name={settings.name}
          catalog={catalog.data}
          onAnswer={key.answer}
        />
      )}
    </KeyFormDialog>
  )
}
