import type { ComponentProps, ReactElement } from 'react'
import { classes } from './classes.js'
import { Icon, type IconName } from './icon.js'
import { Tooltip } from './tooltip.js'

/** What an icon button takes, besides what every `<button>` takes. */
export interface IconButtonProps extends ComponentProps<'button'> {
  readonly icon: IconName
  /** What it does: its name to screen readers, and its tooltip. */
  readonly label: string
}

/** A button that is only a picture. */
export function IconButton({ icon, label, className, ...rest }: IconButtonProps): ReactElement {
  return (
    <Tooltip text={label}>
      <button type="button" {...rest} className={classes('icon-button', className)} aria-label={label}>
        <Icon name={icon} />
      </button>
    </Tooltip>
  )
}
