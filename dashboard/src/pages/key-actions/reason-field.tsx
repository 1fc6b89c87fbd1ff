import type { ReactElement } from 'react'
import { fieldErrors } from '../../api/problem.js'
import { Field } from '../../ui/field.js'
import { TextInput } from '../../ui/text-input.js'
import type { Act } from './use-act.js'

/** Why something is done to a key, in the person's words. */
export function ReasonField(props: {
  readonly value: string
  readonly onValueChange: (value: string) => void
  readonly act: Act
}): ReactElement {
  const { value, onValueChange, act } = props
  return (
    <Field
      label="Reason"
      hint="Shown with the key and in the audit log."
      error={fieldErrors(act.error)['reason']}
      optional
    >
      {(control) => <TextInput {...control} value={value} maxLength={512} onValueChange={onValueChange} />}
    </Field>
  )
}

/** A reason as requests take it: absent where nobody gave one. */
export function reasonOf(text: string): { readonly reason?: string } {
  return text.trim() === '' ? {} : { reason: text.trim() }
}
