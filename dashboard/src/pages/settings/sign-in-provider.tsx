import type { SignInPolicyView } from '@bitting/client'
import type { ReactElement } from 'react'
import { useSession } from '../../session/session.js'
import { Card } from '../../ui/card.js'
import { CodeBlock } from '../../ui/code-block.js'
import { Field } from '../../ui/field.js'
import { Notice } from '../../ui/notice.js'
import { Switch } from '../../ui/switch.js'
import { TextInput } from '../../ui/text-input.js'
import { SignInNewcomers } from './sign-in-newcomers.js'
import type { SignInPartProps } from './sign-in-ways.js'

/** What the parts about the identity provider take. */
export interface SignInProviderProps extends SignInPartProps {
  readonly policy: SignInPolicyView
}

/** The identity provider of the workspace. */
export function SignInProvider({ form, policy }: SignInProviderProps): ReactElement {
  const { draft, edit } = form
  return (
    <Card
      title="Single sign-on"
      description="People come in by your own identity provider, with OpenID Connect. It speaks for this workspace and for nothing else."
    >
      <div className="form">
        <div className="sign-in-switches">
          <Switch label="Single sign-on" checked={draft.sso} onCheckedChange={(sso) => edit({ sso })} />
        </div>
        {draft.sso && (
          <>
            <OwnerNotice />
            <Addresses policy={policy} />
            <ClientFields form={form} policy={policy} />
            <ButtonField form={form} />
            <SignInNewcomers form={form} policy={policy} />
          </>
        )}
      </div>
    </Card>
  )
}

/** A provider can say that anybody is an owner. */
function OwnerNotice(): ReactElement | null {
  const { role } = useSession()
  if (role === 'owner') return null
  return (
    <Notice>
      <p>Only an owner can name another provider or client: it vouches for the owners too.</p>
    </Notice>
  )
}

function Addresses({ policy }: Pick<SignInProviderProps, 'policy'>): ReactElement {
  return (
    <>
      <CodeBlock label="Redirect address, to register at the provider" code={policy.redirect_uri} wrap />
      {policy.single_sign_on !== null && (
        <CodeBlock label="Address that begins a sign-in here" code={policy.sign_in_url} wrap />
      )}
    </>
  )
}

function ClientFields({ form: { draft, edit, fields }, policy }: SignInProviderProps): ReactElement {
  const kept = policy.single_sign_on
  const isKept =
    kept !== null && kept.issuer === draft.issuer.trim() && kept.client_id === draft.clientId.trim()
  return (
    <>
      <Field
        label="Issuer"
        hint="As the provider writes it: https://login.example.com."
        error={fields['single_sign_on.issuer']}
      >
        {(control) => (
          <TextInput
            {...control}
            mono
            inputMode="url"
            required
            value={draft.issuer}
            onValueChange={(issuer) => edit({ issuer })}
          />
        )}
      </Field>
      <div className="form-row">
        <Field
          label="Client id"
          hint="What the provider calls this."
          error={fields['single_sign_on.client_id']}
        >
          {(control) => (
            <TextInput
              {...control}
              mono
              required
              value={draft.clientId}
              onValueChange={(clientId) => edit({ clientId })}
            />
          )}
        </Field>
        <Field
          label="Client secret"
          optional={isKept}
          hint={isKept ? 'Kept, and never shown. Empty leaves it as it is.' : 'Kept sealed, and never shown.'}
          error={fields['single_sign_on.client_secret']}
        >
          {(control) => (
            <TextInput
              {...control}
              mono
              type="password"
              required={!isKept}
              value={draft.clientSecret}
              onValueChange={(clientSecret) => edit({ clientSecret })}
            />
          )}
        </Field>
      </div>
    </>
  )
}

function ButtonField({ form: { draft, edit, fields } }: SignInPartProps): ReactElement {
  return (
    <Field
      label="Name of the button"
      hint={`People see “Continue with ${draft.label.trim() === '' ? 'Example' : draft.label.trim()}”.`}
      error={fields['single_sign_on.label']}
    >
      {(control) => (
        <TextInput
          {...control}
          required
          maxLength={100}
          value={draft.label}
          onValueChange={(label) => edit({ label })}
        />
      )}
    </Field>
  )
}
