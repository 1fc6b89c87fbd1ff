import type { SignInResult } from '@bitting/client'
import { useMutation } from '@tanstack/react-query'
import { useState, type ReactElement } from 'react'
import { fieldErrors } from '../../api/problem.js'
import { send } from '../../api/transport.js'
import { NewPasswordField } from '../../session/new-password-field.js'
import { Button } from '../../ui/button.js'
import { Field } from '../../ui/field.js'
import { TextInput } from '../../ui/text-input.js'
import { ActProblem } from '../account/act-problem.js'

/** Accepts an invitation with a new account. */
export function AcceptAsNewcomer({
  code,
  email,
}: {
  readonly code: string
  readonly email: string
}): ReactElement {
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const accept = useMutation({
    mutationFn: () => {
      const body = { code, name, password }
      return send<SignInResult>({ method: 'POST', path: '/v1/auth/invitation', body, unattended: true })
    },
    // The whole page anew: whoever was signed in before is not any more.
    onSuccess: () => location.assign('/'),
  })
  const errors = fieldErrors(accept.error)
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        if (!accept.isPending) accept.mutate()
      }}
    >
      <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
      <Field label="Your name" error={errors['name']}>
        {(control) => (
          <TextInput
            {...control}
            autoComplete="name"
            required
            maxLength={100}
            value={name}
            onValueChange={setName}
          />
        )}
      </Field>
      <NewPasswordField value={password} onValueChange={setPassword} error={errors['password']} />
      <ActProblem error={accept.error} fields={['name', 'password']} />
      <Button type="submit" variant="primary" pending={accept.isPending}>
        Create the account and join
      </Button>
    </form>
  )
}
