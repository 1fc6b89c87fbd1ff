import { useState, type ComponentProps, type ReactElement } from 'react'
import { classes } from './classes.js'
import { IconButton } from './icon-button.js'

/** What a text input takes, besides what every `<input>` takes. */
export interface TextInputProps extends Omit<ComponentProps<'input'>, 'onChange' | 'value'> {
  readonly value: string
  readonly onValueChange: (value: string) => void
  /** True for tokens, addresses and codes: letters of one width, no corrections. */
  readonly mono?: boolean | undefined
}

/** One line of text. */
export function TextInput({
  value,
  onValueChange,
  mono = false,
  className,
  ...rest
}: TextInputProps): ReactElement {
  return (
    <input
      type="text"
      autoCapitalize={mono ? 'off' : undefined}
      spellCheck={mono ? false : undefined}
      autoComplete="off"
      {...rest}
      className={classes('input', mono && 'mono', className)}
      value={value}
      onChange={(event) => onValueChange(event.currentTarget.value)}
    />
  )
}

/** A password, which can be looked at while it is typed. Say with `autoComplete` whether it is a new one. */
export function PasswordInput(props: TextInputProps): ReactElement {
  const [shown, setShown] = useState(false)
  return (
    <div className="input-group">
      <TextInput {...props} type={shown ? 'text' : 'password'} spellCheck={false} autoCapitalize="off" />
      <IconButton
        icon={shown ? 'eyeOff' : 'eye'}
        label={shown ? 'Hide the password' : 'Show the password'}
        aria-pressed={shown}
        onClick={() => setShown(!shown)}
      />
    </div>
  )
}
