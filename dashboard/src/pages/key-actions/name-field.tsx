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
  /** True where the field is all that is asked: a dialog begins at it. */
  readonly first?: boolean | undefined
}): ReactElement {
  const { name, label, value, onValueChange, error, onSubmit, first = false } = props
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        onSubmit()
      }}
    >
      <Field label={label} hint={<code>{name}</code>} error={error}>
        {(control) => (
          <TextInput {...control} autoFocus={first} mono value={value} onValueChange={onValueChange} />
        )}
      </Field>
    </form>
  )
}
