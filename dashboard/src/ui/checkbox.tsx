import { useEffect, useId, useRef, type ReactElement, type ReactNode } from 'react'

/** What a checkbox takes. */
export interface CheckboxProps {
  readonly label: ReactNode
  readonly checked: boolean
  readonly onCheckedChange: (checked: boolean) => void
  readonly hint?: ReactNode | undefined
  readonly disabled?: boolean | undefined
  /** Some of what it stands for is chosen, and some not. */
  readonly indeterminate?: boolean | undefined
  /** True where the table around it says what it is about: the label is for screen readers alone. */
  readonly labelHidden?: boolean | undefined
}

/** A tick with its label. */
export function Checkbox(props: CheckboxProps): ReactElement {
  const {
    label,
    checked,
    onCheckedChange,
    hint,
    disabled,
    indeterminate = false,
    labelHidden = false,
  } = props
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (input.current !== null) input.current.indeterminate = indeterminate
  }, [indeterminate])
  return (
    <div className="choice">
      <input
        ref={input}
        id={id}
        type="checkbox"
        checked={checked}
        disabled={disabled}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={(event) => onCheckedChange(event.currentTarget.checked)}
      />
      <label htmlFor={id}>{labelHidden ? <span className="visually-hidden">{label}</span> : label}</label>
      {hint !== undefined && (
        <div className="hint" id={`${id}-hint`}>
          {hint}
        </div>
      )}
    </div>
  )
}
