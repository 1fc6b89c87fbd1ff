import type { SessionView, SignInResult } from '@bitting/client'
import { useMutation } from '@tanstack/react-query'
import { useState, type ReactElement } from 'react'
import { send } from '../api/transport.js'
import { Button } from '../ui/button.js'
import { Field } from '../ui/field.js'
import { PasswordInput, TextInput } from '../ui/text-input.js'
import { CodeForm } from './code-form.js'
import { FormProblem } from './form-problem.js'
import { passkeysWork, provePasskey } from './passkey.js'
import { useSignInOptions } from './session.js'
import { SsoLink } from './sso-link.js'

/** What the form takes. */
export interface SignInFormProps {
  readonly onSignedIn: (session: SessionView) => void
  /** Whose account it has to be; absent where anybody's will do. */
  readonly email?: string | undefined
  /** Where the identity provider leads back to; absent where the form stands over a page that must stay as it is. */
  readonly returnTo?: string | undefined
  /** What a password is sent to in place of the plain sign-in. */
  readonly sendPassword?: ((password: string) => Promise<SignInResult>) | undefined
}

/** Asks who somebody is: with a password and a second factor, a passkey, or the workspace's identity provider. */
export function SignInForm({ onSignedIn, email, returnTo, sendPassword }: SignInFormProps): ReactElement {
  const [needsCode, setNeedsCode] = useState(false)
  const options = useSignInOptions()
  const finish = (result: SignInResult): void => {
    if (result.status === 'signed_in') onSignedIn(result.session)
    else setNeedsCode(true)
  }
  const passkey = useMutation({
    mutationFn: () => provePasskey<SignInResult>('/v1/auth/passkey'),
    onSuccess: finish,
  })
  if (needsCode) return <CodeForm onSignedIn={finish} onBack={() => setNeedsCode(false)} />
  const hasPasskeys = options.data?.passkeys === true && passkeysWork()
  const sso = options.data?.single_sign_on ?? null
  return (
    <div className="sign-in-form">
      <PasswordForm email={email} sendPassword={sendPassword} onDone={finish} />
      <div className="sign-in-others" data-pending={options.isPending || undefined}>
        {(hasPasskeys || sso !== null) && <p className="or">or</p>}
        {hasPasskeys && (
          <Button icon="fingerprint" pending={passkey.isPending} onClick={() => passkey.mutate()}>
            Sign in with a passkey
          </Button>
        )}
        {sso !== null && (
          <SsoLink workspaceId={sso.workspace_id} label={`Continue with ${sso.label}`} returnTo={returnTo} />
        )}
        <FormProblem error={passkey.error} />
      </div>
    </div>
  )
}

/** Signs in with a password. */
export function sendSignIn(email: string, password: string): Promise<SignInResult> {
  const body = { email, password }
  return send<SignInResult>({ method: 'POST', path: '/v1/auth/password', body, unattended: true })
}

function PasswordForm(props: {
  readonly email: string | undefined
  readonly sendPassword: SignInFormProps['sendPassword']
  readonly onDone: (result: SignInResult) => void
}): ReactElement {
  const [email, setEmail] = useState(props.email ?? '')
  const [password, setPassword] = useState('')
  const signIn = useMutation({
    mutationFn: () => (props.sendPassword ?? ((it) => sendSignIn(email.trim(), it)))(password),
    onSuccess: props.onDone,
  })
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        if (!signIn.isPending) signIn.mutate()
      }}
    >
      <Field label="E-mail">
        {(control) => (
          <TextInput
            {...control}
            name="email"
            type="email"
            autoComplete="username webauthn"
            required
            readOnly={props.email !== undefined}
            value={email}
            onValueChange={setEmail}
          />
        )}
      </Field>
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
      <FormProblem error={signIn.error} />
      <Button type="submit" variant="primary" pending={signIn.isPending}>
        Sign in
      </Button>
    </form>
  )
}
