import type { KeyView } from '@bitting/client'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactElement } from 'react'
import { useCan } from '../../session/session.js'
import { formatCount } from '../../format.js'
import { Button } from '../../ui/button.js'
import { Card } from '../../ui/card.js'
import { EmptyState } from '../../ui/empty-state.js'
import { ErrorState } from '../../ui/error-state.js'
import { LoadMore } from '../../ui/load-more.js'
import { Table } from '../../ui/table.js'
import { useKeyActions, type KeyAction } from '../key-actions/index.js'
import { BulkActions } from './bulk-actions.js'
import { keyColumns } from './key-columns.js'
import { KeyMenu } from './key-menu.js'
import { anyKeyQuery, useEndedCount, useKeys } from './keys-query.js'
import { isFiltered, type KeysSearch } from './search.js'

/** What the list takes. */
export interface KeyListProps {
  readonly search: KeysSearch
  readonly onSort: (by: string, order: 'asc' | 'desc') => void
  /** Shows the ended keys, too. */
  readonly onShowAll: () => void
  readonly onAct: (action: KeyAction, key: KeyView) => void
  /** The button that adds a key, for who may. */
  readonly add: ReactElement | undefined
}

/** The keys that a view asks for, and what is done with several of them. */
export function KeyList({ search, onSort, onShowAll, onAct, add }: KeyListProps): ReactElement {
  const keys = useKeys(search)
  const can = useCan()
  const actionsOf = useKeyActions()
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const rows = keys.data?.pages.flatMap(({ data }) => data)
  const { sort = 'created' } = search
  if (rows === undefined && keys.isError) {
    return (
      <ErrorState
        error={keys.error}
        title="The keys could not be loaded"
        onRetry={() => void keys.refetch()}
      />
    )
  }
  return (
    <>
      <BulkActions
        keys={rows?.filter(({ id }) => selected.has(id)) ?? []}
        onClear={() => setSelected(new Set())}
      />
      {rows?.length === 0 && <NoKeys search={search} add={add} />}
      {rows?.length !== 0 && (
        <div className="keys-list">
          <Card flush>
            <Table
              caption="API keys"
              columns={keyColumns((key) => (
                <KeyMenu apiKey={key} actions={actionsOf(key)} onAct={onAct} />
              ))}
              rows={rows}
              rowKey={({ id }) => id}
              stale={keys.isPlaceholderData}
              sorting={{ by: sort, order: search.order ?? (sort === 'name' ? 'asc' : 'desc') }}
              onSort={({ by, order }) => onSort(by, order)}
              selection={
                can('keys:edit') ? { selected, onChange: setSelected, label: ({ name }) => name } : undefined
              }
            />
          </Card>
        </div>
      )}
      {rows !== undefined && rows.length > 0 && (
        <div className="keys-end">
          <LoadMore
            shown={rows.length}
            noun="key"
            hasMore={keys.hasNextPage}
            pending={keys.isFetchingNextPage}
            onMore={() => void keys.fetchNextPage()}
          />
          <EndedKeys search={search} onShowAll={onShowAll} />
        </div>
      )}
    </>
  )
}

/** That the list leaves out keys which were ended. */
function EndedKeys({ search, onShowAll }: Pick<KeyListProps, 'search' | 'onShowAll'>): ReactElement | null {
  const ended = useEndedCount(search)
  if (ended === null) return null
  const { count, more } = ended
  return (
    <p className="keys-ended">
      {more ? 'More than ' : ''}
      {formatCount(count, 'ended key is', 'ended keys are')} not shown.
      <Button small variant="quiet" onClick={onShowAll}>
        Show all keys
      </Button>
    </p>
  )
}

/** What stands in place of a list without keys: none match, none are left, or there was never one. */
function NoKeys({ search, add }: Pick<KeyListProps, 'search' | 'add'>): ReactElement {
  const any = useQuery(anyKeyQuery)
  if (isFiltered(search)) {
    return (
      <EmptyState icon="search" title="No key matches">
        Change or clear the filters above. Deleted, revoked and expired keys are under “Ended”.
      </EmptyState>
    )
  }
  if (any.data === true) {
    return (
      <EmptyState title="No key is in use" action={add}>
        Those that were deleted, revoked or expired are still listed: choose “Ended” above.
      </EmptyState>
    )
  }
  return (
    <EmptyState title="No keys yet" action={add}>
      A key lets a program call the API. Give each program its own, with the narrowest access it needs.
    </EmptyState>
  )
}
