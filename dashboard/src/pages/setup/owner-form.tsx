import type { SessionView } from '@bitting/client'
import { useMutation } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useState, type ReactElement } from 'react'
import { fieldErrors, isRefusal } from '../../api/problem.js'
import { send } from '../../api/transport.js'
import { NewPasswordField } from '../../session/new-password-field.js'
import { oneTimeCode } from '../../session/one-time-code.js'
import { adoptSession } from '../../session/session.js'
import { Button } from '../../ui/button.js'
import { Field } from '../../ui/field.js'
import { TextInput, type TextInputProps } from '../../ui/text-input.js'
import { ActProblem } from '../account/act-problem.js'

interface Owner {
  readonly name: string
  readonly email: string
  readonly password: string
  readonly workspace_name: string
}

const FIELDS: readonly (keyof Owner)[] = ['name', 'email', 'password', 'workspace_name']

/** Asks for the owner's account and makes it. */
export function OwnerForm(props: {
  readonly code: string
  /** The code is good no longer. */
  readonly onSpent: () => void
}): ReactElement {
  const { code, onSpent } = props
  const router = useRouter()
  const [owner, setOwner] = useState<Owner>({ name: '', email: '', password: '', workspace_name: '' })
  const setUp = useMutation({
    gcTime: 0,
    mutationFn: () => {
      const { workspace_name: workspace, ...account } = owner
      const body = { code, ...account, ...(workspace.trim() !== '' && { workspace_name: workspace.trim() }) }
      return send<SessionView>({ method: 'POST', path: '/v1/setup', body, unattended: true })
    },
    onSuccess: (session) => {
      adoptSession(session)
      router.history.replace('/')
      oneTimeCode.set('')
    },
    onError: (error) => {
      if (isRefusal(error, 'invalid_token')) onSpent()
    },
  })
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        if (!setUp.isPending) setUp.mutate()
      }}
    >
      <OwnerFields owner={owner} errors={fieldErrors(setUp.error)} onChange={setOwner} />
      <ActProblem error={setUp.error} fields={FIELDS} />
      <Button type="submit" variant="primary" pending={setUp.isPending}>
        Create the account
      </Button>
    </form>
  )
}

function OwnerFields(props: {
  readonly owner: Owner
  readonly errors: Readonly<Record<string, string>>
  readonly onChange: (owner: Owner) => void
}): ReactElement {
  const { owner, errors, onChange } = props
  /** What a control needs to show a member of the account and to change it. */
  const member = (name: keyof Owner): Pick<TextInputProps, 'name' | 'value' | 'onValueChange'> => ({
    name,
    value: owner[name],
    onValueChange: (value) => onChange({ ...owner, [name]: value }),
  })
  return (
    <>
      <Field label="Your name" error={errors['name']}>
        {(control) => (
          <TextInput {...control} {...member('name')} autoComplete="name" required maxLength={100} />
        )}
      </Field>
      <Field label="E-mail" hint="What you sign in with." error={errors['email']}>
        {(control) => (
          <TextInput {...control} {...member('email')} type="email" autoComplete="username" required />
        )}
      </Field>
      <NewPasswordField {...member('password')} error={errors['password']} />
      <Field
        label="Workspace"
        optional
        hint="What its members will see, your company’s name for example."
        error={errors['workspace_name']}
      >
        {(control) => (
          <TextInput {...control} {...member('workspace_name')} autoComplete="organization" maxLength={100} />
        )}
      </Field>
    </>
  )
}
