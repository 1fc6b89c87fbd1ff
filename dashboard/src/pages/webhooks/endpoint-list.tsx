import type { WebhookEndpointView } from '@bitting/client'
import type { UseQueryResult } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { formatCount, formatNumber } from '../../format.js'
import { Badge } from '../../ui/badge.js'
import { Card } from '../../ui/card.js'
import { EmptyState } from '../../ui/empty-state.js'
import { ErrorState } from '../../ui/error-state.js'
import { Table, type Column } from '../../ui/table.js'
import { Time } from '../../ui/time.js'
import { EndpointStatus, Verdict } from './states.js'

const EVENTS_SHOWN = 4

const COLUMNS: readonly Column<WebhookEndpointView>[] = [
  { id: 'url', header: 'Endpoint', role: 'title', cell: (endpoint) => <Address endpoint={endpoint} /> },
  { id: 'state', header: 'State', cell: (endpoint) => <EndpointStatus endpoint={endpoint} /> },
  { id: 'probe', header: 'Last probe', cell: ({ probe }) => <Verdict probe={probe} /> },
  {
    id: 'events',
    header: 'Events',
    cell: ({ events }) => <EventTypes events={events} most={EVENTS_SHOWN} />,
  },
  { id: 'deliveries', header: 'Deliveries', cell: (endpoint) => <Tally endpoint={endpoint} /> },
]

/** Where webhooks go, each with what should be known of it at a glance. */
export function EndpointList(props: {
  readonly endpoints: UseQueryResult<WebhookEndpointView[]>
  /** The button that adds one, for who may. */
  readonly add: ReactElement | undefined
}): ReactElement {
  const { endpoints, add } = props
  if (endpoints.data === undefined && endpoints.isError) {
    return (
      <ErrorState
        error={endpoints.error}
        title="The endpoints could not be loaded"
        onRetry={() => void endpoints.refetch()}
      />
    )
  }
  return (
    <Card title="Endpoints" flush>
      {endpoints.data?.length === 0 ? (
        <EmptyState icon="webhook" title="No endpoints yet" action={add}>
          An endpoint is an address of yours that takes events as signed requests. Add one, then send it a
          test event.
        </EmptyState>
      ) : (
        <Table
          caption="Endpoints"
          columns={COLUMNS}
          rows={endpoints.data}
          rowKey={({ id }) => id}
          bones={3}
        />
      )}
    </Card>
  )
}

/** The types of events that an endpoint wants. */
export function EventTypes({
  events,
  most = events.length,
}: {
  readonly events: readonly string[]
  readonly most?: number | undefined
}): ReactElement {
  return (
    <ul className="webhooks-events">
      {events.slice(0, most).map((event) => (
        <li key={event} title={event}>
          <Badge>{event === '*' ? 'all events' : event}</Badge>
        </li>
      ))}
      {events.length > most && (
        <li className="quiet-text">and {formatCount(events.length - most, 'other')}</li>
      )}
    </ul>
  )
}

function Address({
  endpoint: { id, url, description, failing_since: failing },
}: {
  readonly endpoint: WebhookEndpointView
}): ReactElement {
  return (
    <span className="webhooks-stack">
      <Link to="/webhooks/$endpointId" params={{ endpointId: id }}>
        {url}
      </Link>
      {description !== '' && <span className="quiet-text">{description}</span>}
      {failing !== null && (
        <span className="webhooks-problem">
          Every attempt failed since <Time value={failing} look="local" focusable={false} />
        </span>
      )}
    </span>
  )
}

function Tally({ endpoint: { deliveries } }: { readonly endpoint: WebhookEndpointView }): ReactElement {
  const { pending, failed } = deliveries
  if (pending + failed === 0) return <span className="quiet-text">Nothing waits</span>
  return (
    <span className="webhooks-events">
      {pending > 0 && <Badge tone="wait">{formatNumber(pending)} pending</Badge>}
      {failed > 0 && <Badge tone="bad">{formatNumber(failed)} failed</Badge>}
    </span>
  )
}
