import type { Page } from '@bitting/client'
import type { AuditEntry } from '@bitting/core'
import { useInfiniteQuery, type InfiniteData, type UseInfiniteQueryResult } from '@tanstack/react-query'
import type { ReactElement, ReactNode } from 'react'
import { get } from '../../api/transport.js'
import { ErrorState } from '../../ui/error-state.js'
import { LoadMore } from '../../ui/load-more.js'
import { Table, type Column } from '../../ui/table.js'

/** Entries of the audit log, page after page. */
export type EntryQuery = UseInfiniteQueryResult<InfiniteData<Page<AuditEntry>>>

/** Reads entries of the audit log. Each reading is itself recorded there, so it happens when somebody looks and not by a clock. */
export function useEntries(
  filter: Readonly<Partial<Record<'actor' | 'resource' | 'outcome', string>>>,
): EntryQuery {
  return useInfiniteQuery({
    queryKey: ['audit', filter],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor, signal }) =>
      get<Page<AuditEntry>>('/v1/audit', { ...filter, cursor, limit: 25 }, signal),
    getNextPageParam: ({ next_cursor: next }) => next ?? undefined,
    refetchOnWindowFocus: false,
  })
}

/** What a list of entries takes. */
export interface EntryListProps {
  readonly query: EntryQuery
  readonly caption: string
  readonly columns: readonly Column<AuditEntry>[]
  /** What stands there as long as there are none. */
  readonly empty: ReactNode
  readonly noun: string
  readonly nouns?: string | undefined
}

/** Entries of the audit log as a table, newest first. */
export function EntryList({ query, caption, columns, empty, noun, nouns }: EntryListProps): ReactElement {
  const rows = query.data?.pages.flatMap(({ data }) => data)
  if (query.isError && rows === undefined) {
    return (
      <ErrorState
        error={query.error}
        title="The entries could not be loaded"
        onRetry={() => void query.refetch()}
      />
    )
  }
  if (rows?.length === 0) return <>{empty}</>
  return (
    <>
      <Table caption={caption} columns={columns} rows={rows} rowKey={({ index }) => String(index)} />
      {rows !== undefined && (
        <div className="entry-list-end">
          <LoadMore
            shown={rows.length}
            noun={noun}
            nouns={nouns}
            hasMore={query.hasNextPage}
            pending={query.isFetchingNextPage}
            onMore={() => void query.fetchNextPage()}
          />
        </div>
      )}
    </>
  )
}
