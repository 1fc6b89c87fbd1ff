import type { ReactElement } from 'react'
import { Field } from '../../ui/field.js'
import { TextInput } from '../../ui/text-input.js'

/** A field into which the name of a key is typed, so that nobody ends what they did not mean. */
export function NameField(props: {
  readonly name: string
  readonly label: string
  readonly value: string
  readonly onValueChange: (value: string) => void
  readonly error?: string | undefined
  readonly onSubmit: () => void
}): ReactElement {
  const { name, label, value, onValueChange, error, onSubmit } = props
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        onSubmit()
      }}
    >
      <Field label={label} hint={<code>{name}</code>} error={error}>
        {(control) => <TextInput {...control} mono value={value} onValueChange={onValueChange} />}
      </Field>
    </form>
  )
}
