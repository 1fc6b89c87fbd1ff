import type { SessionView } from '@bitting/client'
import { useMutation } from '@tanstack/react-query'
import { useState, type ReactElement } from 'react'
import { send } from '../api/transport.js'
import { Button } from '../ui/button.js'
import { Field } from '../ui/field.js'
import { PasswordInput } from '../ui/text-input.js'
import { CodeField } from './code-form.js'
import { FormProblem } from './form-problem.js'
import { passkeysWork, provePasskey } from './passkey.js'
import { SsoLink } from './sso-link.js'

/** Asks who is signed in to prove it once more, in one of the ways that they have. */
export function StepUpForm({
  session,
  onProved,
}: {
  readonly session: SessionView
  readonly onProved: (session: SessionView) => void
}): ReactElement {
  const { user, workspace, confined } = session
  const passkey = useMutation({
    mutationFn: () => provePasskey<SessionView>('/v1/auth/step-up/passkey'),
    onSuccess: onProved,
  })
  if (confined) {
    return (
      <div className="sign-in-form">
        <SsoLink workspaceId={workspace.id} label="Confirm with your identity provider" stepUp />
        <p className="hint">Come back to this page afterwards: it goes on by itself.</p>
      </div>
    )
  }
  const hasPasskeys = user.passkeys > 0 && passkeysWork()
  return (
    <div className="sign-in-form">
      {user.has_password && <PasswordForm session={session} onProved={onProved} />}
      {hasPasskeys && (
        <div className="sign-in-others">
          {user.has_password && <p className="or">or</p>}
          <Button icon="fingerprint" pending={passkey.isPending} onClick={() => passkey.mutate()}>
            Use a passkey
          </Button>
          <FormProblem error={passkey.error} />
        </div>
      )}
      {!user.has_password && !hasPasskeys && (
        <p>Sign out and in again to confirm who you are: your account has no other way here.</p>
      )}
    </div>
  )
}

function PasswordForm({
  session: { user },
  onProved,
}: {
  readonly session: SessionView
  readonly onProved: (session: SessionView) => void
}): ReactElement {
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const prove = useMutation({
    mutationFn: () =>
      send<SessionView>({
        method: 'POST',
        path: '/v1/auth/step-up',
        body: { password, ...(user.has_totp && { code: code.trim() }) },
        unattended: true,
      }),
    onSuccess: onProved,
  })
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        // The dialog can be drawn inside a form of the page, whose submission this is not.
        event.stopPropagation()
        if (!prove.isPending) prove.mutate()
      }}
    >
      <input type="text" name="username" autoComplete="username" value={user.email} readOnly hidden />
      <Field label="Password">
        {(control) => (
          <PasswordInput
            {...control}
            name="password"
            autoComplete="current-password"
            required
            value={password}
            onValueChange={setPassword}
          />
        )}
      </Field>
      {user.has_totp && <CodeField value={code} onValueChange={setCode} />}
      <FormProblem error={prove.error} />
      <Button type="submit" variant="primary" pending={prove.isPending}>
        Confirm
      </Button>
    </form>
  )
}
