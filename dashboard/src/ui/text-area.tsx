import type { ComponentProps, ReactElement } from 'react'
import { classes } from './classes.js'

/** What a text area takes, besides what every `<textarea>` takes. */
export interface TextAreaProps extends Omit<ComponentProps<'textarea'>, 'onChange' | 'value'> {
  readonly value: string
  readonly onValueChange: (value: string) => void
  readonly mono?: boolean | undefined
}

/** Lines of text. It grows with them where the browser can. */
export function TextArea({
  value,
  onValueChange,
  mono = false,
  className,
  ...rest
}: TextAreaProps): ReactElement {
  return (
    <textarea
      rows={3}
      spellCheck={mono ? false : undefined}
      {...rest}
      className={classes('input', mono && 'mono', className)}
      value={value}
      onChange={(event) => onValueChange(event.currentTarget.value)}
    />
  )
}
