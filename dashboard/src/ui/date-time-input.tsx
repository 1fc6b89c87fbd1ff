import type { ComponentProps, ReactElement } from 'react'
import { classes } from './classes.js'

/** What a field for a moment takes, besides what every `<input>` takes. */
export interface DateTimeInputProps extends Omit<
  ComponentProps<'input'>,
  'onChange' | 'value' | 'min' | 'max'
> {
  /** RFC 3339, null for none. */
  readonly value: string | null
  readonly onValueChange: (value: string | null) => void
  /** RFC 3339. */
  readonly min?: string | undefined
  readonly max?: string | undefined
}

/** A moment, to the minute, in the time zone of the person. What goes in and out is RFC 3339 in UTC. */
export function DateTimeInput({
  value,
  onValueChange,
  min,
  max,
  className,
  ...rest
}: DateTimeInputProps): ReactElement {
  return (
    <input
      {...rest}
      type="datetime-local"
      className={classes('input', className)}
      value={toLocal(value)}
      min={min && toLocal(min)}
      max={max && toLocal(max)}
      onChange={(event) => {
        const local = event.currentTarget.value
        onValueChange(local === '' ? null : new Date(local).toISOString())
      }}
    />
  )
}

/** `2026-03-01T14:30` as the control wants it, in local time. */
function toLocal(value: string | null): string {
  if (value === null) return ''
  const date = new Date(value)
  const shifted = new Date(date.getTime() - date.getTimezoneOffset() * 60_000)
  return Number.isNaN(shifted.getTime()) ? '' : shifted.toISOString().slice(0, 16)
}
