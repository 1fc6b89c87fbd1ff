import { useId, type ReactElement, type ReactNode } from 'react'

/** What a control needs of its field. Spread it onto the control. */
export interface FieldControl {
  readonly id: string
  readonly 'aria-describedby': string | undefined
  readonly 'aria-invalid': true | undefined
}

/** What a field takes. */
export interface FieldProps {
  readonly label: string
  /** What the label leaves open, before the control. */
  readonly hint?: ReactNode | undefined
  /** What is wrong with the value, and how to put it right. */
  readonly error?: string | undefined
  /** True for what can be left empty: it says so. */
  readonly optional?: boolean | undefined
  /** Makes the control: `{(control) => <TextInput {...control} … />}`. */
  readonly children: (control: FieldControl) => ReactNode
}

/** A control with its label, hint and error, joined for screen readers. */
export function Field({ label, hint, error, optional = false, children }: FieldProps): ReactElement {
  const id = useId()
  const hintId = hint === undefined ? undefined : `${id}-hint`
  const errorId = error === undefined ? undefined : `${id}-error`
  const describedBy = [hintId, errorId].filter(Boolean).join(' ')
  return (
    <div className="field">
      <label htmlFor={id}>
        {label}
        {optional && <span className="optional"> optional</span>}
      </label>
      {hint !== undefined && (
        <div className="hint" id={hintId}>
          {hint}
        </div>
      )}
      {children({
        id,
        'aria-describedby': describedBy === '' ? undefined : describedBy,
        'aria-invalid': error === undefined ? undefined : true,
      })}
      <div className="field-error" id={`${id}-error`} aria-live="polite">
        {error}
      </div>
    </div>
  )
}
