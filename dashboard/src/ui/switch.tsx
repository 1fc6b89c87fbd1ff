import { useId, type ReactElement, type ReactNode } from 'react'

/** What a switch takes. */
export interface SwitchProps {
  readonly label: ReactNode
  readonly checked: boolean
  readonly onCheckedChange: (checked: boolean) => void
  readonly hint?: ReactNode | undefined
  readonly disabled?: boolean | undefined
}

/** On or off, beside its label. */
export function Switch({ label, checked, onCheckedChange, hint, disabled }: SwitchProps): ReactElement {
  const id = useId()
  return (
    <div className="switch-row">
      <label htmlFor={id}>{label}</label>
      {hint !== undefined && (
        <div className="hint" id={`${id}-hint`}>
          {hint}
        </div>
      )}
      <input
        id={id}
        className="switch"
        type="checkbox"
        role="switch"
        checked={checked}
        disabled={disabled}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={(event) => onCheckedChange(event.currentTarget.checked)}
      />
    </div>
  )
}
