import type { AuditEntry } from '@bitting/core'
import { useInfiniteQuery, useQuery, useQueryClient, keepPreviousData } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { formatCount } from '../../format.js'
import { useSession } from '../../session/session.js'
import { Status } from '../../ui/badge.js'
import { Button } from '../../ui/button.js'
import { Card } from '../../ui/card.js'
import { EmptyState } from '../../ui/empty-state.js'
import { ErrorState } from '../../ui/error-state.js'
import { LoadMore } from '../../ui/load-more.js'
import { Table, type Column } from '../../ui/table.js'
import { Time } from '../../ui/time.js'
import { useNames, type Names } from './names.js'
import { entriesQuery, ENTRIES_A_PAGE, newestQuery } from './queries.js'
import { isFiltered, type AuditSearch } from './search.js'
import { isAsked, whatText, whoKind, whoText } from './words.js'

/** The entries that a search finds, newest first. */
export function AuditList({ search }: { readonly search: AuditSearch }): ReactElement {
  const entries = useInfiniteQuery({ ...entriesQuery(search), placeholderData: keepPreviousData })
  const rows = entries.data?.pages.flatMap(({ data }) => data)
  const names = useNames(rows)
  if (entries.isError && rows === undefined) {
    return (
      <Card flush>
        <ErrorState
          error={entries.error}
          title="The log could not be searched"
          onRetry={() => void entries.refetch()}
        />
      </Card>
    )
  }
  if (rows?.length === 0) return <NothingFound search={search} />
  return (
    <>
      <Card flush>
        {!entries.isPlaceholderData && <NewerEntries search={search} top={rows?.[0]?.index} />}
        <div className="audit-list">
          <Table
            caption="Audit entries, newest first"
            columns={columnsOf(names)}
            rows={rows}
            rowKey={({ index }) => String(index)}
            stale={entries.isPlaceholderData}
            bones={8}
          />
        </div>
      </Card>
      {rows !== undefined && (
        <LoadMore
          shown={rows.length}
          noun="entry"
          nouns="entries"
          hasMore={entries.hasNextPage}
          pending={entries.isFetchingNextPage}
          onMore={() => void entries.fetchNextPage()}
        />
      )}
    </>
  )
}

/** Says that there is more than is shown, and shows it when asked: rows do not move by themselves. */
function NewerEntries(props: {
  readonly search: AuditSearch
  /** The newest entry that is shown. */
  readonly top: number | undefined
}): ReactElement | null {
  const { search, top } = props
  const client = useQueryClient()
  const { user } = useSession()
  const newest = useQuery({ ...newestQuery(search), enabled: top !== undefined })
  const newer = (newest.data?.data ?? []).filter(
    // One's own looking would be news every minute.
    ({ index, action, actor }) =>
      index > (top ?? Infinity) && !(action === 'audit.read' && actor.id === user.id),
  )
  const show = async (): Promise<void> => {
    const { queryKey } = entriesQuery(search)
    client.setQueryData(queryKey, (shown) =>
      shown === undefined
        ? shown
        : { pages: shown.pages.slice(0, 1), pageParams: shown.pageParams.slice(0, 1) },
    )
    await client.refetchQueries({ queryKey, exact: true })
  }
  return (
    <div className="newer-entries" role="status">
      {newer.length > 0 && (
        <Button small variant="quiet" icon="arrowUp" onClick={() => void show()}>
          {newer.length === ENTRIES_A_PAGE
            ? `${String(ENTRIES_A_PAGE)} or more newer entries`
            : formatCount(newer.length, 'newer entry', 'newer entries')}
        </Button>
      )}
    </div>
  )
}

function NothingFound({ search }: { readonly search: AuditSearch }): ReactElement {
  return (
    <Card flush>
      {isFiltered(search) ? (
        <EmptyState
          icon="search"
          title="No entries match"
          action={
            <Link to="/audit" className="button secondary">
              <span>Show all entries</span>
            </Link>
          }
        >
          Words are found whole, in any order. Take one away, or widen the filters.
        </EmptyState>
      ) : (
        <EmptyState icon="audit" title="Nothing is in the log yet">
          The first change, call or refusal appears here a moment after it happened.
        </EmptyState>
      )}
    </Card>
  )
}

function columnsOf(names: Names): Column<AuditEntry>[] {
  return [
    {
      id: 'what',
      header: 'What',
      role: 'title',
      cell: (entry) => (
        <Link to="/audit/$index" params={{ index: String(entry.index) }} className="audit-what">
          {whatText(entry, names)}
        </Link>
      ),
    },
    {
      id: 'who',
      header: 'Who',
      cell: (entry) => (
        <span className="audit-who">
          <span title={entry.actor.id ?? undefined}>{whoText(entry, names)}</span>
          {whoKind(entry) !== null && <span className="hint">{whoKind(entry)}</span>}
        </span>
      ),
    },
    { id: 'outcome', header: 'Outcome', cell: (entry) => <Outcome entry={entry} /> },
    { id: 'time', header: 'When', cell: ({ at }) => <Time value={at} focusable={false} /> },
  ]
}

/** How it ended. */
export function Outcome({ entry }: { readonly entry: AuditEntry }): ReactElement {
  const { outcome, action } = entry
  if (isAsked(entry)) return <Status tone="wait">Asked</Status>
  if (outcome === 'success') return <Status tone="good">Done</Status>
  return <Status tone="bad">{action.endsWith('.denied') ? 'Refused' : 'Failed'}</Status>
}
