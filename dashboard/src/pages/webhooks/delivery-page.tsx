import type { WebhookAttemptView, WebhookDeliveryDetail, WebhookDeliveryView } from '@bitting/client'
import { Link, useParams } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { path, send } from '../../api/transport.js'
import { useCan } from '../../session/session.js'
import { Status } from '../../ui/badge.js'
import { Button } from '../../ui/button.js'
import { Card } from '../../ui/card.js'
import { CodeBlock } from '../../ui/code-block.js'
import { DescriptionList } from '../../ui/description-list.js'
import { PageHeader } from '../../ui/page-header.js'
import { QueryView } from '../../ui/query-view.js'
import { Skeleton } from '../../ui/skeleton.js'
import { Time } from '../../ui/time.js'
import { prettyJson } from './pretty-json.js'
import { useDelivery } from './queries.js'
import { DeliveryStatus } from './states.js'
import { Subject } from './subject.js'
import { useAtOnce } from './use-at-once.js'
import './webhooks.css'

/** One delivery: what is sent, and every attempt with what the receiver said. */
export function DeliveryPage(): ReactElement {
  const { endpointId, eventId } = useParams({ from: '/app/webhooks/$endpointId/deliveries/$eventId' })
  const delivery = useDelivery(endpointId, eventId)
  const { running, run } = useAtOnce()
  const can = useCan()
  return (
    <div className="page">
      <PageHeader
        title={delivery.data?.type ?? 'Delivery'}
        breadcrumb={
          <Link to="/webhooks/$endpointId" params={{ endpointId }}>
            Endpoint
          </Link>
        }
        status={delivery.data && <DeliveryStatus state={delivery.data.state} />}
        actions={
          delivery.data &&
          can('webhooks:edit') && (
            <Button
              variant="primary"
              pending={running !== null}
              onClick={() => run('resend', () => resend(endpointId, eventId))}
            >
              Resend
            </Button>
          )
        }
      />
      <QueryView
        query={delivery}
        title="The delivery could not be loaded"
        pending={<Skeleton height="30rem" />}
      >
        {(data) => (
          <>
            <Facts delivery={data} />
            <div className="columns">
              <Attempts log={data.log} />
              <Body delivery={data} />
            </div>
          </>
        )}
      </QueryView>
    </div>
  )
}

async function resend(id: string, eventId: string): Promise<string> {
  const to = path`/v1/webhook-endpoints/${id}/deliveries/${eventId}/resend`
  await send<WebhookDeliveryView>({ method: 'POST', path: to })
  return 'The delivery is on its way again.'
}

function Facts({ delivery }: { readonly delivery: WebhookDeliveryDetail }): ReactElement {
  const { subject, next_attempt_at: next, finished_at: finished } = delivery
  return (
    <Card>
      <DescriptionList
        items={[
          ...(subject === null ? [] : [{ term: 'Subject', detail: <Subject subject={subject} /> }]),
          { term: 'Event', detail: <code>{delivery.event_id}</code> },
          { term: 'Created', detail: <Time value={delivery.created_at} look="local" /> },
          ...(next === null ? [] : [{ term: 'Next attempt', detail: <Time value={next} look="local" /> }]),
          ...(finished === null
            ? []
            : [{ term: 'Finished', detail: <Time value={finished} look="local" /> }]),
        ]}
      />
    </Card>
  )
}

function Body({
  delivery: { body, content_type: type },
}: {
  readonly delivery: WebhookDeliveryDetail
}): ReactElement {
  const pretty = prettyJson(body)
  return (
    <Card title="Body" description={pretty === null ? type : `${type}, on lines of its own`}>
      <CodeBlock label="What is sent" code={pretty ?? body} />
    </Card>
  )
}

function Attempts({ log }: Pick<WebhookDeliveryDetail, 'log'>): ReactElement {
  return (
    <Card title="Attempts">
      {log.length === 0 ? (
        <p className="quiet-text">None yet.</p>
      ) : (
        <ol className="webhooks-attempts">
          {log.map((attempt) => (
            <Attempt key={attempt.number} attempt={attempt} />
          ))}
        </ol>
      )}
    </Card>
  )
}

function Attempt({
  attempt: { number, at, duration_ms: took, status, error, response },
}: {
  readonly attempt: WebhookAttemptView
}): ReactElement {
  const isGood = status !== null && status >= 200 && status <= 299
  return (
    <li>
      <p className="webhooks-attempt">
        <span className="quiet-text">#{number}</span>
        <Status tone={isGood ? 'good' : 'bad'}>{status ?? 'No answer'}</Status>
        <Time value={at} look="local" />
        <span className="quiet-text">{duration(took)}</span>
      </p>
      {error !== null && <p className="webhooks-problem">{error}</p>}
      {response !== '' && <CodeBlock wrap label={`Answer to attempt ${String(number)}`} code={response} />}
      {response === '' && status !== null && <p className="quiet-text">The answer was empty.</p>}
    </li>
  )
}

/** `84 ms`, `1.2 s`. */
function duration(milliseconds: number): string {
  return milliseconds < 1000 ? `${String(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`
}
