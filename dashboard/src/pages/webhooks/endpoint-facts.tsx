import type { WebhookEndpointView } from '@bitting/client'
import type { ReactElement } from 'react'
import { formatCount } from '../../format.js'
import { ActorName } from '../../people/actor-name.js'
import { Card } from '../../ui/card.js'
import { CopyButton } from '../../ui/copy-button.js'
import { DescriptionList } from '../../ui/description-list.js'
import { Time } from '../../ui/time.js'
import { EventTypes } from './endpoint-list.js'

/** What an endpoint is told. */
export function EndpointFacts({ endpoint }: { readonly endpoint: WebhookEndpointView }): ReactElement {
  const { rate_limit: rate, header_names: headers, secret_retires_at: retires } = endpoint
  return (
    <Card title="Settings">
      <DescriptionList
        items={[
          { term: 'Events', detail: <EventTypes events={endpoint.events} /> },
          { term: 'Signatures', detail: endpoint.signatures.join(', ') },
          { term: 'Rate', detail: rate === null ? 'No limit' : `${formatCount(rate, 'request')} a second` },
          { term: 'At a time', detail: formatCount(endpoint.concurrency, 'request') },
          { term: 'In order', detail: endpoint.ordered ? 'Yes' : 'No' },
          {
            term: 'Handshake',
            detail: (
              <Time
                value={endpoint.handshake_at}
                look="local"
                fallback={endpoint.require_handshake ? 'Required' : 'Not needed'}
              />
            ),
          },
          ...(headers.length > 0 ? [{ term: 'Own headers', detail: <code>{headers.join(', ')}</code> }] : []),
          ...(retires === null
            ? []
            : [{ term: 'Old secret until', detail: <Time value={retires} look="local" /> }]),
          { term: 'Public key', detail: <Copied text={endpoint.public_key} label="Copy the public key" /> },
          { term: 'Id', detail: <Copied text={endpoint.id} label="Copy the endpoint id" /> },
          {
            term: 'Created',
            detail: (
              <>
                <Time value={endpoint.created_at} look="local" /> by <ActorName id={endpoint.created_by} />
              </>
            ),
          },
        ]}
      />
    </Card>
  )
}

function Copied({ text, label }: { readonly text: string; readonly label: string }): ReactElement {
  return (
    <span className="webhooks-copied">
      <code>{text}</code>
      <CopyButton iconOnly text={text} label={label} />
    </span>
  )
}
