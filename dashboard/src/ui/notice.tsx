import type { ReactElement, ReactNode } from 'react'
import type { Tone } from './badge.js'
import { Icon } from './icon.js'

/** What a notice takes. */
export interface NoticeProps {
  readonly tone?: Extract<Tone, 'quiet' | 'warn' | 'bad' | 'good'> | undefined
  readonly title?: string | undefined
  readonly children?: ReactNode | undefined
  /** True for what comes up after an action: screen readers say it at once. */
  readonly alert?: boolean | undefined
}

/** Sentences that must not be overlooked, in the page and staying there. */
export function Notice({ tone = 'quiet', title, children, alert = false }: NoticeProps): ReactElement {
  return (
    <div className="notice" data-tone={tone} role={alert ? 'alert' : undefined}>
      <Icon name={tone === 'bad' || tone === 'warn' ? 'warning' : tone === 'good' ? 'check' : 'info'} />
      <div>
        {title !== undefined && <p className="notice-title">{title}</p>}
        {children}
      </div>
    </div>
  )
}
