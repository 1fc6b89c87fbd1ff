import type { ComponentProps, ReactElement } from 'react'
import { classes } from './classes.js'
import { Icon, type IconName } from './icon.js'

/** How much a button asks for: one `primary` a view; `danger` for what cannot be taken back. */
export type ButtonVariant = 'primary' | 'secondary' | 'quiet' | 'danger' | 'danger-quiet'

/** What a button takes, besides what every `<button>` takes. */
export interface ButtonProps extends ComponentProps<'button'> {
  /** `secondary` unless it is told. */
  readonly variant?: ButtonVariant | undefined
  readonly small?: boolean | undefined
  readonly icon?: IconName | undefined
  /** While its work goes on: it keeps its focus and width, says so, and does nothing more. */
  readonly pending?: boolean | undefined
}

/** A button. It submits no form unless `type="submit"` says so. */
export function Button(props: ButtonProps): ReactElement {
  const {
    variant = 'secondary',
    small = false,
    icon,
    pending = false,
    children,
    className,
    onClick,
    ...rest
  } = props
  return (
    <button
      type="button"
      {...rest}
      className={classes('button', variant, small && 'small', className)}
      aria-disabled={pending || rest['aria-disabled']}
      aria-busy={pending || undefined}
      onClick={(event) => {
        if (pending) event.preventDefault()
        else onClick?.(event)
      }}
    >
      {pending ? <span className="spinner" aria-hidden="true" /> : icon && <Icon name={icon} size={18} />}
      <span>{children}</span>
    </button>
  )
}
