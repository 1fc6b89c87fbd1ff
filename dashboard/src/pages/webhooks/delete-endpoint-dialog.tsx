import type { WebhookEndpointView } from '@bitting/client'
import { useNavigate } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { path, send } from '../../api/transport.js'
import { formatCount } from '../../format.js'
import { AlertDialog } from '../../ui/alert-dialog.js'
import { toast } from '../../ui/toast.js'
import { ActionProblem } from '../key-actions/action-problem.js'
import { useAct } from '../key-actions/use-act.js'
import { webhooksChanged } from './queries.js'

/** Asks whether an endpoint is to be deleted. */
export function DeleteEndpointDialog({
  endpoint,
  onClose,
}: {
  readonly endpoint: WebhookEndpointView
  readonly onClose: () => void
}): ReactElement {
  const { id, url, version, deliveries } = endpoint
  const act = useAct()
  const navigate = useNavigate()

  async function remove(): Promise<void> {
    await send<WebhookEndpointView>({ method: 'DELETE', path: path`/v1/webhook-endpoints/${id}`, version })
    onClose()
    await navigate({ to: '/webhooks' })
    toast('The endpoint is deleted.')
    await webhooksChanged()
  }

  return (
    <AlertDialog
      open
      onClose={onClose}
      title="Delete this endpoint?"
      description={
        <>
          <p className="webhooks-address">{url}</p>
          <p>
            Nothing is sent to it any more, and its secret is destroyed. This cannot be taken back.
            {deliveries.pending > 0 &&
              ` ${formatCount(deliveries.pending, 'delivery', 'deliveries')} on the way will be given up.`}
          </p>
        </>
      }
      confirm="Delete endpoint"
      onConfirm={() => act.run(remove)}
      pending={act.pending}
    >
      <ActionProblem act={act} apiKey={endpoint} onReload={webhooksChanged} />
    </AlertDialog>
  )
}
