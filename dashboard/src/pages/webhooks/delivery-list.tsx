import type { WebhookDeliveryView, WebhookEndpointView } from '@bitting/client'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState, type ReactElement } from 'react'
import { formatCount } from '../../format.js'
import { useCan } from '../../session/session.js'
import { Button } from '../../ui/button.js'
import { Card } from '../../ui/card.js'
import { EmptyState } from '../../ui/empty-state.js'
import { ErrorState } from '../../ui/error-state.js'
import { LoadMore } from '../../ui/load-more.js'
import { Segmented } from '../../ui/segmented.js'
import { Table, type Column } from '../../ui/table.js'
import { Time } from '../../ui/time.js'
import { useDeliveries } from './queries.js'
import { ResendDialog } from './resend-dialog.js'
import { endpointSearch } from './search.js'
import { DeliveryStatus } from './states.js'
import { Subject } from './subject.js'

const COLUMNS: readonly Column<WebhookDeliveryView>[] = [
  { id: 'type', header: 'Event', role: 'title', cell: (delivery) => <EventOf delivery={delivery} /> },
  {
    id: 'subject',
    header: 'Subject',
    cell: ({ subject }) => (subject === null ? '–' : <Subject subject={subject} />),
  },
  { id: 'state', header: 'State', cell: ({ state }) => <DeliveryStatus state={state} /> },
  { id: 'attempts', header: 'Attempts', cell: (delivery) => <Attempts delivery={delivery} /> },
  {
    id: 'created',
    header: 'Created',
    cell: ({ created_at: at }) => <Time value={at} focusable={false} />,
  },
]

/** The deliveries of an endpoint, newest first. They move by themselves. */
export function DeliveryList({ endpoint }: { readonly endpoint: WebhookEndpointView }): ReactElement {
  const { state = 'all' } = useSearch({ from: '/app/webhooks/$endpointId' })
  const navigate = useNavigate({ from: '/webhooks/$endpointId' })
  const [resending, setResending] = useState(false)
  const can = useCan()
  return (
    <Card
      title="Deliveries"
      flush
      actions={
        <>
          <Segmented
            legend="Show deliveries"
            value={state}
            onValueChange={(next) =>
              void navigate({ search: endpointSearch({ state: next }), replace: true })
            }
            choices={[
              { value: 'all', label: 'All' },
              { value: 'pending', label: 'Pending' },
              { value: 'delivered', label: 'Delivered' },
              { value: 'failed', label: 'Failed' },
            ]}
          />
          {can('webhooks:edit') && endpoint.state !== 'deleted' && (
            <Button onClick={() => setResending(true)}>Resend…</Button>
          )}
        </>
      }
    >
      <Deliveries id={endpoint.id} state={state} />
      {resending && <ResendDialog endpoint={endpoint} onClose={() => setResending(false)} />}
    </Card>
  )
}

function Deliveries({
  id,
  state,
}: {
  readonly id: string
  readonly state: WebhookDeliveryView['state'] | 'all'
}): ReactElement {
  const deliveries = useDeliveries(id, state === 'all' ? undefined : state)
  const rows = deliveries.data?.pages.flatMap(({ data }) => data)
  if (rows === undefined && deliveries.isError) {
    return (
      <ErrorState
        error={deliveries.error}
        title="The deliveries could not be loaded"
        onRetry={() => void deliveries.refetch()}
      />
    )
  }
  if (rows?.length === 0) {
    return state === 'all' ? (
      <EmptyState icon="webhook" title="Nothing was sent yet">
        A test event shows whether deliveries arrive.
      </EmptyState>
    ) : (
      <EmptyState icon="search" title={`No delivery is ${state}`} />
    )
  }
  return (
    <>
      <Table
        caption="Deliveries"
        columns={COLUMNS}
        rows={rows}
        rowKey={({ event_id: event }) => event}
        stale={deliveries.isPlaceholderData}
      />
      {rows !== undefined && (
        <div className="webhooks-list-end">
          <LoadMore
            shown={rows.length}
            noun="delivery"
            nouns="deliveries"
            hasMore={deliveries.hasNextPage}
            pending={deliveries.isFetchingNextPage}
            onMore={() => void deliveries.fetchNextPage()}
          />
        </div>
      )}
    </>
  )
}

function EventOf({
  delivery: { endpoint_id: endpointId, event_id: eventId, type },
}: {
  readonly delivery: WebhookDeliveryView
}): ReactElement {
  return (
    <span className="webhooks-stack">
      <Link to="/webhooks/$endpointId/deliveries/$eventId" params={{ endpointId, eventId }}>
        {type}
      </Link>
      <code className="quiet-text">{eventId}</code>
    </span>
  )
}

function Attempts({
  delivery: { attempts, next_attempt_at: next },
}: {
  readonly delivery: WebhookDeliveryView
}): ReactElement {
  return (
    <span className="webhooks-stack">
      {formatCount(attempts, 'attempt')}
      {next !== null && attempts > 0 && (
        <span className="quiet-text">
          next <Time value={next} focusable={false} />
        </span>
      )}
    </span>
  )
}
