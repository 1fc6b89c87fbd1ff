import type { ReactElement } from 'react'
import { RadioGroup, type RadioGroupProps } from './radio-group.js'

/** One of two to four short words, as one bar. */
export function Segmented<T extends string>(props: Omit<RadioGroupProps<T>, 'look'>): ReactElement {
  return <RadioGroup legendHidden {...props} look="segmented" />
}
