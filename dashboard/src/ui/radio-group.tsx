import { useId, type ReactElement, type ReactNode } from 'react'
import { classes } from './classes.js'

/** One choice of a group. */
export interface Choice<T extends string> {
  readonly value: T
  readonly label: ReactNode
  readonly hint?: ReactNode | undefined
  readonly disabled?: boolean | undefined
}

/** What a group of choices takes. */
export interface RadioGroupProps<T extends string> {
  /** What is chosen: the group's name. */
  readonly legend: string
  readonly value: T
  readonly onValueChange: (value: T) => void
  readonly choices: readonly Choice<T>[]
  /** `list` one below the other; `cards` as boxes side by side; `segmented` as one bar, for two to four short words. */
  readonly look?: 'list' | 'cards' | 'segmented' | undefined
  /** True where the row or heading around it shows the name. */
  readonly legendHidden?: boolean | undefined
  readonly disabled?: boolean | undefined
}

/** One of several, all in sight. Arrow keys go from one to the next. */
export function RadioGroup<T extends string>(props: RadioGroupProps<T>): ReactElement {
  const { legend, value, onValueChange, choices, look = 'list', legendHidden = false, disabled } = props
  const id = useId()
  return (
    <fieldset className={classes('choices', look)} disabled={disabled}>
      <legend className={legendHidden ? 'visually-hidden' : undefined}>{legend}</legend>
      <div className="choices-list">
        {choices.map((choice) => (
          <div className="choice" key={choice.value}>
            <input
              id={`${id}-${choice.value}`}
              type="radio"
              name={id}
              checked={choice.value === value}
              disabled={choice.disabled}
              aria-describedby={choice.hint === undefined ? undefined : `${id}-${choice.value}-hint`}
              onChange={() => onValueChange(choice.value)}
            />
            <label htmlFor={`${id}-${choice.value}`}>{choice.label}</label>
            {choice.hint !== undefined && (
              <div className="hint" id={`${id}-${choice.value}-hint`}>
                {choice.hint}
              </div>
            )}
          </div>
        ))}
      </div>
    </fieldset>
  )
}
