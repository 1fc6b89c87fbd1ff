import type { KeyView, WorkspaceView } from '@bitting/client'
import type { AuditEntry } from '@bitting/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState, type ReactElement } from 'react'
import { Status } from '../../ui/badge.js'
import { Button } from '../../ui/button.js'
import { Card } from '../../ui/card.js'
import { EmptyState } from '../../ui/empty-state.js'
import { Notice } from '../../ui/notice.js'
import { Segmented } from '../../ui/segmented.js'
import type { Column } from '../../ui/table.js'
import { Time } from '../../ui/time.js'
import { workspaceQuery } from '../settings/workspace-query.js'
import { denialWords } from './denial-words.js'
import { EntryList, useEntries } from './entry-list.js'

const COLUMNS: readonly Column<AuditEntry>[] = [
  {
    id: 'operation',
    header: 'Operation',
    role: 'title',
    cell: (entry) => (
      <Link to="/audit/$index" params={{ index: String(entry.index) }}>
        {entry.operation ?? 'Unknown operation'}
      </Link>
    ),
  },
  { id: 'decision', header: 'Decision', cell: (entry) => <Decision entry={entry} /> },
  {
    id: 'address',
    header: 'Address',
    cell: ({ actor: { address } }) => (address === null ? '–' : <code>{address}</code>),
  },
  { id: 'at', header: 'When', cell: ({ at }) => <Time value={at} focusable={false} /> },
]

/** The calls that were made with a key, with what was decided and why. */
export function DecisionsSection({ apiKey }: { readonly apiKey: KeyView }): ReactElement {
  const [shown, setShown] = useState<'all' | 'denied'>('all')
  // What a key did itself is its calls; of a management key, what it did to the workspace too.
  const filter = { actor: apiKey.id, ...(shown === 'denied' && { outcome: 'failure' }) }
  const entries = useEntries(filter)
  const { data: workspace } = useQuery(workspaceQuery)
  return (
    <>
      {shown === 'all' && workspace !== undefined && <PolicyNote audit={workspace.audit} />}
      <Card
        title="Recent calls"
        flush
        actions={
          <>
            <Segmented
              legend="Which calls"
              value={shown}
              onValueChange={setShown}
              choices={[
                { value: 'all', label: 'All' },
                { value: 'denied', label: 'Denied' },
              ]}
            />
            <Button icon="rotation" pending={entries.isRefetching} onClick={() => void entries.refetch()}>
              Refresh
            </Button>
          </>
        }
      >
        <EntryList
          query={entries}
          caption="Recent calls"
          columns={COLUMNS}
          noun="call"
          empty={
            <EmptyState
              icon="shield"
              title={shown === 'denied' ? 'No call was denied' : 'No call is recorded'}
            >
              {shown === 'denied'
                ? 'Calls that the key may not make appear here, with the reason.'
                : 'Calls with this key appear here some seconds after they were made.'}
            </EmptyState>
          }
        />
      </Card>
    </>
  )
}

function Decision({ entry: { outcome, reason } }: { readonly entry: AuditEntry }): ReactElement {
  if (outcome === 'success') return <Status tone="good">Allowed</Status>
  return (
    <span className="key-decision">
      <Status tone="bad">Denied</Status>
      {reason !== null && <span className="quiet-text">{denialWords(reason)}</span>}
    </span>
  )
}

function PolicyNote({ audit }: Pick<WorkspaceView, 'audit'>): ReactElement | null {
  if (audit.calls === 'all') return null
  const percent = String(Math.round(audit.sample_rate * 10_000) / 100)
  return (
    <Notice title="Not every allowed call is here">
      <p>
        {audit.calls === 'writes'
          ? 'The audit policy of the workspace records allowed calls only where they change something.'
          : `The audit policy of the workspace records a sample of allowed calls: ${percent} %.`}{' '}
        Denied calls always are, and the numbers under Usage count every call.
      </p>
    </Notice>
  )
}
