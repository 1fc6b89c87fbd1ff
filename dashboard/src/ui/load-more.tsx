import type { ReactElement } from 'react'
import { formatCount } from '../format.js'
import { Button } from './button.js'

/** What the end of a list takes: the members of an infinite query fit. */
export interface LoadMoreProps {
  readonly shown: number
  /** What the rows are called: `key`, and `entries` where an s does not make the plural. */
  readonly noun: string
  readonly nouns?: string | undefined
  readonly hasMore: boolean
  readonly pending: boolean
  readonly onMore: () => void
}

/** The end of a list whose length nobody counts: how many are shown, and a button for more. */
export function LoadMore({ shown, noun, nouns, hasMore, pending, onMore }: LoadMoreProps): ReactElement {
  return (
    <div className="load-more">
      <p role="status">
        {formatCount(shown, noun, nouns)}
        {hasMore ? ' so far' : ''}
      </p>
      {hasMore && (
        <Button pending={pending} onClick={onMore}>
          Show more
        </Button>
      )}
    </div>
  )
}
