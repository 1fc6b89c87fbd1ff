import { useState, type ReactElement } from 'react'
import { describeError, fieldErrors } from '../../api/problem.js'
import { send } from '../../api/transport.js'
import { formatCount } from '../../format.js'
import { AlertDialog } from '../../ui/alert-dialog.js'
import { Button } from '../../ui/button.js'
import { Card } from '../../ui/card.js'
import { Field } from '../../ui/field.js'
import { Notice } from '../../ui/notice.js'
import { Select } from '../../ui/select.js'
import { TextInput } from '../../ui/text-input.js'
import { toast } from '../../ui/toast.js'

type By = 'actor' | 'resource' | 'address'

const BY: readonly { readonly value: By; readonly label: string }[] = [
  { value: 'actor', label: 'What somebody did (id)' },
  { value: 'resource', label: 'What was done to something (id)' },
  { value: 'address', label: 'What came from an address (IP)' },
]

const TYPED = 'erase'

/** Erases personal data from entries. The entries and their proofs stay. */
export function AuditErasure({ hold }: { readonly hold: boolean }): ReactElement {
  const [by, setBy] = useState<By>('actor')
  const [value, setValue] = useState('')
  const [asking, setAsking] = useState(false)
  const [flaw, setFlaw] = useState<string>()
  return (
    <Card
      title="Erase personal data"
      description="Addresses, programs, users and things that an application named, and its metadata. The entries stay, and so do their proofs."
      tone="danger"
    >
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (value.trim() === '') setFlaw('Say whose data is to be erased.')
          else setAsking(true)
        }}
      >
        {hold && (
          <Notice tone="warn">
            <p>The log is under a legal hold: nothing can be erased until it is lifted.</p>
          </Notice>
        )}
        <div className="form-row">
          <Field label="Of which entries">
            {(control) => <Select {...control} value={by} options={BY} onValueChange={setBy} />}
          </Field>
          <Field label={by === 'address' ? 'Address' : 'Id'} error={flaw}>
            {(control) => (
              <TextInput
                {...control}
                mono
                value={value}
                onValueChange={(typed) => {
                  setValue(typed)
                  setFlaw(undefined)
                }}
              />
            )}
          </Field>
        </div>
        <div className="actions">
          <Button type="submit" variant="danger-quiet" disabled={hold}>
            Erase personal data…
          </Button>
        </div>
      </form>
      {asking && (
        <ConfirmErasure
          by={by}
          value={value.trim()}
          onClose={() => setAsking(false)}
          onErased={() => setValue('')}
          onFlaw={setFlaw}
        />
      )}
    </Card>
  )
}

function ConfirmErasure(props: {
  readonly by: By
  readonly value: string
  readonly onClose: () => void
  readonly onErased: () => void
  readonly onFlaw: (flaw: string) => void
}): ReactElement {
  const { by, value, onClose } = props
  const [typed, setTyped] = useState('')
  const [pending, setPending] = useState(false)
  const [error, setError] = useState<string | null>(null)

  async function erase(): Promise<void> {
    setPending(true)
    try {
      const body = { [by]: value }
      const { erased } = await send<{ erased: number }>({ method: 'POST', path: '/v1/audit/erase', body })
      toast(`The personal data of ${formatCount(erased, 'entry', 'entries')} was erased.`)
      props.onErased()
      onClose()
    } catch (failure) {
      const flaw = fieldErrors(failure)[by]
      if (flaw === undefined) {
        setError(describeError(failure))
      } else {
        props.onFlaw(flaw)
        onClose()
      }
    } finally {
      setPending(false)
    }
  }

  return (
    <AlertDialog
      open
      onClose={onClose}
      title="Erase this personal data?"
      description={
        <p>
          It is erased from all entries with <code>{value}</code>, for ever. A new entry says how many there
          were, and not whose.
        </p>
      }
      confirm="Erase"
      pending={pending}
      disabled={typed.trim().toLowerCase() !== TYPED}
      onConfirm={() => void erase()}
    >
      <Field label={`Type “${TYPED}” to confirm`} error={error ?? undefined}>
        {(control) => <TextInput {...control} value={typed} onValueChange={setTyped} />}
      </Field>
    </AlertDialog>
  )
}
