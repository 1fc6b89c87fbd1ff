import type { ComponentProps, ReactElement } from 'react'
import { classes } from './classes.js'
import { Icon } from './icon.js'

/** One choice. */
export interface Option<T extends string> {
  readonly value: T
  readonly label: string
  readonly disabled?: boolean | undefined
}

/** What a select takes, besides what every `<select>` takes. */
export interface SelectProps<T extends string> extends Omit<ComponentProps<'select'>, 'onChange' | 'value'> {
  readonly value: T
  readonly onValueChange: (value: T) => void
  readonly options: readonly Option<T>[]
}

/** One of several, the platform's own list: it is what works best on phones and with screen readers. */
export function Select<T extends string>(props: SelectProps<T>): ReactElement {
  const { value, onValueChange, options, className, ...rest } = props
  return (
    <span className={classes('select', className)}>
      <select
        {...rest}
        className="input"
        value={value}
        onChange={(event) => {
          const chosen = options.find((option) => option.value === event.currentTarget.value)
          if (chosen !== undefined) onValueChange(chosen.value)
        }}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value} disabled={option.disabled}>
            {option.label}
          </option>
        ))}
      </select>
      <Icon name="chevronDown" size={16} />
    </span>
  )
}
