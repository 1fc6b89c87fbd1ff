import type { SignInResult } from '@bitting/client'
import { useMutation } from '@tanstack/react-query'
import { useState, type ReactElement } from 'react'
import { send } from '../api/transport.js'
import { Button } from '../ui/button.js'
import { Field } from '../ui/field.js'
import { TextInput } from '../ui/text-input.js'
import { FormProblem } from './form-problem.js'

/** Asks for the second factor: a code of the generator, or a recovery code in its place. */
export function CodeForm({
  onSignedIn,
  onBack,
}: {
  readonly onSignedIn: (result: SignInResult) => void
  readonly onBack: () => void
}): ReactElement {
  const [code, setCode] = useState('')
  const prove = useMutation({
    mutationFn: () =>
      send<SignInResult>({
        method: 'POST',
        path: '/v1/auth/second-factor',
        body: { code: code.trim() },
        unattended: true,
      }),
    onSuccess: onSignedIn,
  })
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        if (!prove.isPending) prove.mutate()
      }}
    >
      <CodeField value={code} onValueChange={setCode} autoFocus />
      <FormProblem error={prove.error} />
      <Button type="submit" variant="primary" pending={prove.isPending}>
        Continue
      </Button>
      <Button variant="quiet" onClick={onBack}>
        Use another account
      </Button>
    </form>
  )
}

/** The field for a code. */
export function CodeField(props: {
  readonly value: string
  readonly onValueChange: (value: string) => void
  readonly autoFocus?: boolean
}): ReactElement {
  const { autoFocus = false, ...rest } = props
  return (
    <Field label="Code" hint="The six digits that your app shows, or one of your recovery codes.">
      {(control) => (
        <TextInput
          {...control}
          {...rest}
          name="code"
          mono
          autoComplete="one-time-code"
          autoFocus={autoFocus}
          required
        />
      )}
    </Field>
  )
}
