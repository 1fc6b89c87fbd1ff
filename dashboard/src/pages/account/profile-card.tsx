import type { SessionView } from '@bitting/client'
import { useState, type ReactElement } from 'react'
import { fieldErrors } from '../../api/problem.js'
import { send } from '../../api/transport.js'
import { adoptSession, useSession } from '../../session/session.js'
import { Button } from '../../ui/button.js'
import { Card } from '../../ui/card.js'
import { Field } from '../../ui/field.js'
import { TextInput } from '../../ui/text-input.js'
import { toast } from '../../ui/toast.js'
import { useAct } from '../key-actions/use-act.js'
import { ActProblem } from './act-problem.js'

/** What others know the person as. */
export function ProfileCard(): ReactElement {
  const { user } = useSession()
  const [draft, setDraft] = useState<string | null>(null)
  const act = useAct()
  const name = draft ?? user.name
  const dirty = name.trim() !== user.name
  function save(): void {
    act.run(async () => {
      const body = { name: name.trim() }
      adoptSession(await send<SessionView>({ method: 'PATCH', path: '/v1/account', body }))
      setDraft(null)
      toast('Your name was changed.')
    })
  }
  return (
    <Card title="Profile">
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (dirty) save()
        }}
      >
        <ProfileFields name={name} error={fieldErrors(act.error)['name']} onNameChange={setDraft} />
        <ActProblem error={act.error} fields={['name']} />
        {dirty && (
          <div className="actions">
            <Button type="submit" variant="primary" pending={act.pending}>
              Save
            </Button>
            <Button
              onClick={() => {
                setDraft(null)
                act.reset()
              }}
            >
              Discard
            </Button>
          </div>
        )}
      </form>
    </Card>
  )
}

function ProfileFields(props: {
  readonly name: string
  readonly error: string | undefined
  readonly onNameChange: (name: string) => void
}): ReactElement {
  const { name, error, onNameChange } = props
  const { user } = useSession()
  return (
    <div className="form-row">
      <Field label="Name" hint="What the others in your workspaces see." error={error}>
        {(control) => (
          <TextInput
            {...control}
            name="name"
            autoComplete="name"
            required
            maxLength={100}
            value={name}
            onValueChange={onNameChange}
          />
        )}
      </Field>
      <Field label="E-mail" hint="What you sign in with. It stays as it is.">
        {(control) => <TextInput {...control} value={user.email} onValueChange={() => undefined} readOnly />}
      </Field>
    </div>
  )
}
