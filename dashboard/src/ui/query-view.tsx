import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactElement, ReactNode } from 'react'
import { ErrorState } from './error-state.js'
import { SkeletonText } from './skeleton.js'

/** What a view of a query takes. */
export interface QueryViewProps<T> {
  readonly query: UseQueryResult<T>
  /** What could not be loaded: `The key could not be loaded`. */
  readonly title: string
  /** Of the size of what comes; some lines unless it is told. */
  readonly pending?: ReactNode | undefined
  readonly children: (data: T) => ReactNode
}

/** What a query found; until then bones, and where it failed why, with a button to try again. */
export function QueryView<T>({ query, title, pending, children }: QueryViewProps<T>): ReactElement {
  if (query.data !== undefined) return <>{children(query.data)}</>
  if (query.isPending) return <>{pending ?? <SkeletonText lines={4} />}</>
  return <ErrorState error={query.error} title={title} onRetry={() => void query.refetch()} />
}
