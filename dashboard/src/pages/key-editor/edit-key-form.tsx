import type { KeyView } from '@bitting/client'
import type { Catalog } from '@bitting/core'
import { useId, useRef, type ReactElement } from 'react'
import { useCatalog } from './catalogs.js'
import { ConflictNotice } from './conflict-notice.js'
import { KeyChanges } from './key-changes.js'
import { KeyFormDialog } from './key-form-dialog.js'
import { KeyForm } from './key-form.js'
import { controlOf, type KeyPart } from './key-part.js'
import { settingsOf } from './key-settings.js'
import { useLimits } from './limits.js'
import { ProblemNotice } from './problem-notice.js'
import { useEdit, type Edit } from './use-edit.js'
import { serverFlaws } from './use-key-draft.js'

/** What the form of a key that there is takes. */
export interface EditKeyFormProps {
  /** The key as the form begins with it; what it becomes later does not move what is being typed. */
  readonly first: KeyView
  readonly open: boolean
  readonly onClose: () => void
  /** What the form was opened for. */
  readonly part: KeyPart
}

/** The form of a key that there is, with what changes beside it. */
export function EditKeyForm({ first, open, onClose, part }: EditKeyFormProps): ReactElement {
  const id = useId()
  const nameRef = useRef<HTMLInputElement>(null)
  const partRef = useRef<HTMLElement>(null)
  const edit = useEdit(id, first, onClose)
  const { base, settings, changed, conflict, act } = edit
  const catalog = useCatalog(base.kind)
  const limits = useLimits(base.kind, base.environment)
  const refused = serverFlaws(act.error)
  return (
    <KeyFormDialog
      open={open}
      onClose={onClose}
      title={`Edit “${base.name}”`}
      dirty={changed.length > 0}
      formId={id}
      submit="Save changes"
      pending={act.pending}
      disabled={changed.length === 0 || conflict !== null}
      initialFocus={partRef}
    >
      <KeyForm
        id={id}
        formRef={(form) => {
          partRef.current = controlOf(form, part)
        }}
        draft={edit.draft}
        onChange={edit.change}
        onLeave={edit.leave}
        flaws={{ ...edit.flaws, ...refused }}
        limits={limits}
        catalog={catalog}
        isNew={false}
        nameRef={nameRef}
        onSubmit={() => {
          const isCut = changed.includes('access') && limits.excess(settings.access).length > 0
          if (!isCut) edit.save()
        }}
        problem={
          <>
            {catalog.data !== undefined && (
              <ConflictNotice edit={edit} catalog={catalog.data} onSettled={() => nameRef.current?.focus()} />
            )}
            <ProblemNotice error={Object.keys(refused).length > 0 ? null : act.error} />
          </>
        }
        review={(data) => <EditReview edit={edit} catalog={data} />}
      />
    </KeyFormDialog>
  )
}

function EditReview({ edit, catalog }: { readonly edit: Edit; readonly catalog: Catalog }): ReactElement {
  return (
    <aside className="key-review" aria-label="Changes">
      <h3>Changes</h3>
      {edit.changed.length === 0 ? (
        <p className="hint">Nothing is changed yet. What will change shows here before it is saved.</p>
      ) : (
        <KeyChanges before={settingsOf(edit.base)} after={edit.settings} catalog={catalog} />
      )}
    </aside>
  )
}
