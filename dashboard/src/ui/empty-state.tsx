import type { ReactElement, ReactNode } from 'react'
import { Icon, type IconName } from './icon.js'

/** What an empty state takes. */
export interface EmptyStateProps {
  readonly icon?: IconName | undefined
  readonly title: string
  /** One sentence: what would be here, and how it comes here. */
  readonly children?: ReactNode | undefined
  readonly action?: ReactNode | undefined
}

/** What stands where a list would be, as long as it is empty. */
export function EmptyState({ icon = 'key', title, children, action }: EmptyStateProps): ReactElement {
  return (
    <div className="empty">
      <span className="empty-icon">
        <Icon name={icon} size={28} />
      </span>
      <p className="empty-title">{title}</p>
      {children !== undefined && <div className="hint">{children}</div>}
      {action}
    </div>
  )
}
