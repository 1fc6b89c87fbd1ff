import { useState, type ReactElement } from 'react'
import { useCan } from '../../session/session.js'
import { Button } from '../../ui/button.js'
import { PageHeader } from '../../ui/page-header.js'
import { AddEndpointDialog } from './add-endpoint-dialog.js'
import { EndpointList } from './endpoint-list.js'
import { useEndpoints } from './queries.js'
import { WebhookKeyCard } from './webhook-key-card.js'
import './webhooks.css'

/** Which key signs the webhooks, and where they go. */
export function WebhooksPage(): ReactElement {
  const endpoints = useEndpoints()
  const can = useCan()
  const [adding, setAdding] = useState(false)
  const add = can('webhooks:edit') ? (
    <Button variant="primary" icon="plus" onClick={() => setAdding(true)}>
      Add endpoint
    </Button>
  ) : undefined
  return (
    <div className="page">
      <PageHeader
        title="Webhooks"
        description="One key signs every delivery. Each endpoint says which events it wants."
        actions={add}
      />
      <WebhookKeyCard endpoints={endpoints.data ?? []} />
      <EndpointList endpoints={endpoints} add={add} />
      {adding && <AddEndpointDialog onClose={() => setAdding(false)} />}
    </div>
  )
}
