import type { KeyView } from '@bitting/client'
import type { AuditEntry } from '@bitting/core'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { Card } from '../../ui/card.js'
import { EmptyState } from '../../ui/empty-state.js'
import type { Column } from '../../ui/table.js'
import { Time } from '../../ui/time.js'
import { ActorName } from '../../people/actor-name.js'
import { EntryList, useEntries } from './entry-list.js'

const WORDS: Readonly<Record<string, string>> = {
  'key.create': 'Created',
  'key.update': 'Changed',
  'key.rotate': 'Rotated',
  'key.suspend': 'Suspended',
  'key.resume': 'Resumed',
  'key.revoke': 'Revoked',
  'key.delete': 'Deleted',
  'webhook_key.set': 'Set as webhook key',
  'webhook_key.unset': 'Unset as webhook key',
}

const COLUMNS: readonly Column<AuditEntry>[] = [
  {
    id: 'action',
    header: 'What',
    role: 'title',
    cell: ({ index, action, outcome }) => (
      <>
        <Link to="/audit/$index" params={{ index: String(index) }}>
          {WORDS[action] ?? action}
        </Link>
        {outcome === 'failure' && ' (refused)'}
      </>
    ),
  },
  { id: 'actor', header: 'By', cell: ({ actor }) => <ActorName id={actor.id} /> },
  {
    id: 'reason',
    header: 'Reason',
    cell: ({ details: { reason } }) => (typeof reason === 'string' && reason !== '' ? reason : '–'),
  },
  { id: 'at', header: 'When', cell: ({ at }) => <Time value={at} focusable={false} /> },
]

/** What was done to a key, by whom and when, as the audit log has it. */
export function TrailSection({ apiKey }: { readonly apiKey: KeyView }): ReactElement {
  const entries = useEntries({ resource: apiKey.id })
  return (
    <Card
      title="Trail"
      description="Everything that was done to this key. Each entry leads to its proof."
      flush
    >
      <EntryList
        query={entries}
        caption="Entries about this key"
        columns={COLUMNS}
        noun="entry"
        nouns="entries"
        empty={
          <EmptyState icon="audit" title="Nothing is recorded">
            Entries older than the audit policy keeps are gone.
          </EmptyState>
        }
      />
    </Card>
  )
}
