import type { Role } from '@bitting/core'
import type { ReactElement } from 'react'
import { Field } from '../../ui/field.js'
import { Select, type Option } from '../../ui/select.js'
import { TextArea } from '../../ui/text-area.js'
import { ROLE_WORDS } from './members-roles.js'
import type { SignInProviderProps } from './sign-in-provider.js'

/** An owner is made by an owner, never by a provider. */
const NEWCOMER_ROLES: readonly Option<Role | 'none'>[] = [
  { value: 'none', label: 'None: only members and invited people come in' },
  ...(['auditor', 'developer', 'admin'] as const).map((role) => ({
    value: role,
    label: ROLE_WORDS[role].label,
  })),
]

/** Who may come in without an invitation, and as what. */
export function SignInNewcomers({ form: { draft, edit, fields } }: SignInProviderProps): ReactElement {
  const flaw = Object.entries(fields).find(([name]) => name.startsWith('single_sign_on.domains'))?.[1]
  return (
    <>
      <Field
        label="Role of newcomers"
        hint="For people of the domains below who come without an invitation."
        error={fields['single_sign_on.default_role']}
      >
        {(control) => (
          <Select
            {...control}
            value={draft.newcomers}
            options={NEWCOMER_ROLES}
            onValueChange={(newcomers) => edit({ newcomers })}
          />
        )}
      </Field>
      <Field
        label="Domains of newcomers"
        optional
        hint="Of their e-mail addresses, one a line: example.com."
        error={flaw}
      >
        {(control) => (
          <TextArea
            {...control}
            mono
            disabled={draft.newcomers === 'none'}
            value={draft.domains}
            onValueChange={(domains) => edit({ domains })}
          />
        )}
      </Field>
    </>
  )
}
