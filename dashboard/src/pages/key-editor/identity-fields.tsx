import { ENVIRONMENTS, type Catalog, type Environment } from '@bitting/core'
import type { ReactElement, RefObject } from 'react'
import { Field } from '../../ui/field.js'
import { RadioGroup } from '../../ui/radio-group.js'
import { TextInput } from '../../ui/text-input.js'
import { summariseAccess } from './access-summary.js'
import type { DraftFlaws, KeyDraft } from './key-draft.js'
import type { Limits } from './limits.js'

/** The environments in the words of the page. */
export const ENVIRONMENT_TITLES: Readonly<Record<Environment, string>> = {
  development: 'Development',
  staging: 'Staging',
  production: 'Production',
}

/** What the part of the form about name and environment takes. */
export interface IdentityFieldsProps {
  readonly draft: KeyDraft
  readonly onChange: (part: Partial<KeyDraft>) => void
  readonly flaws: DraftFlaws
  readonly limits: Limits
  readonly catalog: Catalog | undefined
  /** False for a key that there is: its environment is part of its token. */
  readonly isNew: boolean
  readonly nameRef: RefObject<HTMLInputElement | null>
}

/** What the key is called and where it is used. */
export function IdentityFields(props: IdentityFieldsProps): ReactElement {
  const { draft, onChange, flaws, limits, catalog, isNew, nameRef } = props
  return (
    <div className="key-part" data-part="name">
      <Field
        label="Name"
        hint="What uses it, and for what: whoever finds this key in a year should know whether it is still needed."
        error={flaws.name}
      >
        {(control) => (
          <TextInput
            {...control}
            ref={nameRef}
            required
            aria-required
            maxLength={100}
            placeholder="CRM sync, nightly export"
            value={draft.name}
            onValueChange={(name) => onChange({ name })}
          />
        )}
      </Field>
      {isNew ? (
        <RadioGroup
          legend="Environment"
          look="cards"
          value={draft.environment}
          onValueChange={(environment) => onChange({ environment })}
          choices={ENVIRONMENTS.map((value) => ({
            value,
            label: ENVIRONMENT_TITLES[value],
            hint: ceilingHint(limits, value, catalog),
          }))}
        />
      ) : (
        <p className="hint">
          Environment: <b>{ENVIRONMENT_TITLES[draft.environment]}</b>. It is part of the token and cannot be
          changed.
        </p>
      )}
    </div>
  )
}

function ceilingHint({ ceilings }: Limits, environment: Environment, catalog: Catalog | undefined): string {
  const ceiling = ceilings?.[environment]
  if (ceiling === undefined) return 'Up to its ceiling'
  if (ceiling === 'full') return 'No ceiling'
  return `At most: ${summariseAccess(ceiling, catalog?.permissions ?? [])}`
}
