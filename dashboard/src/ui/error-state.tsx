import { ApiError } from '@bitting/client'
import type { ReactElement } from 'react'
import { describeFully } from '../api/problem.js'
import { Button } from './button.js'
import { Icon } from './icon.js'

/** What an error state takes. */
export interface ErrorStateProps {
  readonly error: unknown
  /** What could not be shown: `The keys could not be loaded`. */
  readonly title?: string | undefined
  readonly onRetry?: (() => void) | undefined
}

/** What stands where something would be that could not be loaded: why, and what to do. */
export function ErrorState({
  error,
  title = 'This could not be loaded',
  onRetry,
}: ErrorStateProps): ReactElement {
  // What was typed wrong is put right by whoever typed it, and not by the same once more.
  const isFlaw = error instanceof ApiError && error.errors.length > 0
  const requestId = error instanceof ApiError && !isFlaw ? error.requestId : null
  return (
    <div className="error-state" role="alert">
      <span className="empty-icon" data-tone="bad">
        <Icon name="warning" size={28} />
      </span>
      <p className="empty-title">{title}</p>
      <p className="hint">{describeFully(error)}</p>
      {requestId !== null && (
        <p className="hint">
          Request <code>{requestId}</code>
        </p>
      )}
      {onRetry !== undefined && !isFlaw && <Button onClick={onRetry}>Try again</Button>}
    </div>
  )
}
