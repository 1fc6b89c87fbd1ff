import type { WebhookEndpointView } from '@bitting/client'
import { Link, useParams } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { isRefusal } from '../../api/problem.js'
import { ActorName } from '../../people/actor-name.js'
import { EmptyState } from '../../ui/empty-state.js'
import { ErrorState } from '../../ui/error-state.js'
import { Notice } from '../../ui/notice.js'
import { PageHeader } from '../../ui/page-header.js'
import { Skeleton } from '../../ui/skeleton.js'
import { Time } from '../../ui/time.js'
import { DeliveryList } from './delivery-list.js'
import { EndpointActions } from './endpoint-actions.js'
import { EndpointFacts } from './endpoint-facts.js'
import { ProbeCard } from './probe-card.js'
import { useEndpoint } from './queries.js'
import { EndpointStatus } from './states.js'
import './webhooks.css'

/** One endpoint: what it is told, what a probe found, and its deliveries. */
export function EndpointPage(): ReactElement {
  const { endpointId } = useParams({ from: '/app/webhooks/$endpointId' })
  const { data: endpoint, error, isPending, refetch } = useEndpoint(endpointId)
  const breadcrumb = <Link to="/webhooks">Webhooks</Link>
  if (endpoint === undefined) {
    return (
      <div className="page">
        <PageHeader title="Endpoint" breadcrumb={breadcrumb} />
        {isPending ? (
          <>
            <Skeleton height="20rem" />
            <Skeleton height="24rem" />
          </>
        ) : isRefusal(error, 'not_found') ? (
          <EmptyState icon="webhook" title="There is no such endpoint">
            It is in another workspace, or its id was not copied whole.
          </EmptyState>
        ) : (
          <ErrorState error={error} title="The endpoint could not be loaded" onRetry={() => void refetch()} />
        )}
      </div>
    )
  }
  return (
    <div className="page">
      <PageHeader
        title={endpoint.url}
        breadcrumb={breadcrumb}
        status={<EndpointStatus endpoint={endpoint} />}
        description={endpoint.description === '' ? undefined : endpoint.description}
        actions={endpoint.state === 'deleted' ? undefined : <EndpointActions endpoint={endpoint} />}
      />
      <StateNotice endpoint={endpoint} />
      <div className="columns">
        <EndpointFacts endpoint={endpoint} />
        <ProbeCard endpoint={endpoint} />
      </div>
      <DeliveryList endpoint={endpoint} />
    </div>
  )
}

const REASONS = {
  gone: ', because the receiver answered 410 Gone',
  failing: ', because it failed for days',
} as const

function StateNotice({
  endpoint: { disabled, failing_since: failing },
}: {
  readonly endpoint: WebhookEndpointView
}): ReactElement | null {
  if (disabled !== null) {
    const { at, by, reason } = disabled
    return (
      <Notice tone="warn">
        <p>
          Disabled <Time value={at} look="local" />
          {reason === 'manual' ? (
            <>
              {' '}
              by <ActorName id={by} />
            </>
          ) : (
            REASONS[reason]
          )}
          . What waits stays; after enabling it, resend what it missed.
        </p>
      </Notice>
    )
  }
  if (failing === null) return null
  return (
    <Notice tone="bad">
      <p>
        Every attempt failed since <Time value={failing} look="local" />.
      </p>
    </Notice>
  )
}
