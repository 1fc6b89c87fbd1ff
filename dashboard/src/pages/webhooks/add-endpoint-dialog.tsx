import type { WebhookEndpointWithSecret } from '@bitting/client'
import { useState, type ReactElement } from 'react'
import { send } from '../../api/transport.js'
import { toast } from '../../ui/toast.js'
import { useAct } from '../key-actions/use-act.js'
import { changedFields, NEW_ENDPOINT, requestOf } from './endpoint-draft.js'
import { EndpointFormDialog } from './endpoint-form-dialog.js'
import { webhooksChanged } from './queries.js'
import { SecretDialog } from './secret-dialog.js'

/** Adds an endpoint, and then shows its secret. */
export function AddEndpointDialog({ onClose }: { readonly onClose: () => void }): ReactElement {
  const [draft, setDraft] = useState(NEW_ENDPOINT)
  const [created, setCreated] = useState<WebhookEndpointWithSecret | null>(null)
  const act = useAct()
  if (created !== null) return <SecretDialog created={created} onDone={onClose} />

  async function add(): Promise<void> {
    const body = requestOf(draft)
    const answer = await send<WebhookEndpointWithSecret>({
      method: 'POST',
      path: '/v1/webhook-endpoints',
      body,
      creates: true,
    })
    void webhooksChanged()
    toast(`${answer.endpoint.url} was added.`)
    setCreated(answer)
  }

  return (
    <EndpointFormDialog
      title="Add an endpoint"
      submit="Add endpoint"
      draft={draft}
      onChange={(part) => {
        setDraft({ ...draft, ...part })
        act.reset()
      }}
      headerNames={[]}
      dirty={changedFields(NEW_ENDPOINT, draft).length > 0}
      act={act}
      onSubmit={() => act.run(add)}
      onClose={onClose}
    />
  )
}
