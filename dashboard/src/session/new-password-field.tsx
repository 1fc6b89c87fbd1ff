import type { ReactElement } from 'react'
import { formatNumber } from '../format.js'
import { Field } from '../ui/field.js'
import { PasswordInput } from '../ui/text-input.js'

/** The least length of a password, in characters: what the server asks for. */
const PASSWORD_LENGTH_MIN = 12
const PASSWORD_LENGTH_MAX = 256

/** Asks for a new password, and says while it is typed what is missing. */
export function NewPasswordField(props: {
  /** `Password` unless it is told. */
  readonly label?: string | undefined
  readonly name?: string | undefined
  readonly value: string
  readonly onValueChange: (value: string) => void
  readonly error?: string | undefined
}): ReactElement {
  const { error, label = 'Password', ...rest } = props
  return (
    <Field label={label} hint={<PasswordHint length={Array.from(rest.value).length} />} error={error}>
      {(control) => (
        <PasswordInput
          name="new-password"
          {...control}
          {...rest}
          autoComplete="new-password"
          required
          minLength={PASSWORD_LENGTH_MIN}
          maxLength={PASSWORD_LENGTH_MAX}
        />
      )}
    </Field>
  )
}

/** What a password has to have, and what of it the one that is being typed has. */
function PasswordHint({ length }: { readonly length: number }): ReactElement {
  const missing = PASSWORD_LENGTH_MIN - length
  return (
    <>
      At least {PASSWORD_LENGTH_MIN} characters
      {length === 0
        ? '. A few words are easy to keep and hard to guess.'
        : missing > 0
          ? `: ${formatNumber(missing)} more.`
          : ': long enough.'}
    </>
  )
}
