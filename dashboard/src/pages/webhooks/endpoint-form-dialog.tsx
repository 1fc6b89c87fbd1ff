import { useEffect, useId, useState, type ReactElement, type ReactNode } from 'react'
import { fieldErrors } from '../../api/problem.js'
import { openPrompts } from '../../api/prompts.js'
import { FormProblem } from '../../session/form-problem.js'
import { Button } from '../../ui/button.js'
import { Dialog } from '../../ui/dialog.js'
import type { Act } from '../key-actions/use-act.js'
import { DiscardDialog } from '../key-editor/discard-dialog.js'
import { draftFlaws, FIELD_LABELS, type EndpointDraft, type EndpointFlaws } from './endpoint-draft.js'
import { EndpointFields } from './endpoint-fields.js'

/** What the dialog with the form of an endpoint takes. */
export interface EndpointFormDialogProps {
  readonly title: string
  /** What the button does. */
  readonly submit: string
  readonly draft: EndpointDraft
  readonly onChange: (part: Partial<EndpointDraft>) => void
  readonly headerNames: readonly string[]
  /** Whether something would be lost. */
  readonly dirty: boolean
  readonly act: Act
  /** Called with a form that has no flaw that can be seen here. */
  readonly onSubmit: () => void
  readonly onClose: () => void
  /** What has to be settled first. */
  readonly conflict?: ReactNode | undefined
}

/** The form of an endpoint. What is wrong stands at its fields once it was tried to send it. */
export function EndpointFormDialog(props: EndpointFormDialogProps): ReactElement {
  const { title, submit, draft, onChange, headerNames, dirty, act, onSubmit, onClose, conflict } = props
  const id = useId()
  const [attempts, setAttempts] = useState(0)
  const [discarding, setDiscarding] = useState(false)
  const flaws = draftFlaws(draft)
  const refused = serverFlaws(act.error)
  useEffect(() => {
    if (attempts === 0) return
    document.getElementById(id)?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus()
  }, [attempts, act.error, id])

  function close(): void {
    if (Object.keys(openPrompts.get()).length > 0) return
    if (dirty) setDiscarding(true)
    else onClose()
  }

  return (
    <Dialog
      open
      onClose={close}
      keepOnPressOutside
      title={title}
      actions={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button
            variant="primary"
            type="submit"
            form={id}
            pending={act.pending}
            disabled={conflict !== undefined}
          >
            {submit}
          </Button>
        </>
      }
    >
      {conflict}
      <form
        id={id}
        className="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          setAttempts(attempts + 1)
          if (Object.keys(flaws).length === 0) onSubmit()
        }}
      >
        <EndpointFields
          draft={draft}
          onChange={onChange}
          flaws={attempts === 0 ? {} : { ...flaws, ...refused }}
          headerNames={headerNames}
        />
        {conflict === undefined && <FormProblem error={act.error} />}
      </form>
      <DiscardDialog open={discarding} onKeep={() => setDiscarding(false)} onDiscard={onClose} />
    </Dialog>
  )
}

/** The flaws that the server found, at the fields that have them: `events.0` is one of `events`. */
function serverFlaws(error: unknown): EndpointFlaws {
  return Object.fromEntries(
    Object.entries(fieldErrors(error))
      .map(([field, message]) => [field.split('.')[0] ?? '', message] as const)
      .filter(([field]) => field in FIELD_LABELS),
  )
}
