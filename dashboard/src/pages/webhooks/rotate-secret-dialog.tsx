import type { WebhookEndpointView, WebhookEndpointWithSecret } from '@bitting/client'
import { useState, type ReactElement } from 'react'
import { path, send } from '../../api/transport.js'
import { Button } from '../../ui/button.js'
import { Dialog } from '../../ui/dialog.js'
import { RadioGroup } from '../../ui/radio-group.js'
import { toast } from '../../ui/toast.js'
import { ActionProblem } from '../key-actions/action-problem.js'
import { OVERLAPS, type Overlap } from '../key-actions/overlap.js'
import { useAct } from '../key-actions/use-act.js'
import { webhooksChanged } from './queries.js'
import { SecretDialog } from './secret-dialog.js'

const CHOICES = OVERLAPS.map(({ value, label }) => ({
  value,
  label: value === '0' ? 'Now, because it leaked' : `After ${label}`,
}))

/** Asks for how long the secret before signs too, makes a new one, and shows it this once. */
export function RotateSecretDialog({
  endpoint,
  onClose,
}: {
  readonly endpoint: WebhookEndpointView
  readonly onClose: () => void
}): ReactElement {
  const [overlap, setOverlap] = useState<Overlap>('86400')
  const [rotated, setRotated] = useState<WebhookEndpointWithSecret | null>(null)
  const act = useAct()
  if (rotated !== null) return <SecretDialog created={rotated} onDone={onClose} />

  async function rotate(): Promise<void> {
    const answer = await send<WebhookEndpointWithSecret>({
      method: 'POST',
      path: path`/v1/webhook-endpoints/${endpoint.id}/rotate`,
      body: { overlap_seconds: Number(overlap) },
      version: endpoint.version,
      creates: true,
    })
    void webhooksChanged()
    toast('The secret was rotated.')
    setRotated(answer)
  }

  return (
    <Dialog
      open
      onClose={onClose}
      title="Rotate the secret"
      description={<p>The endpoint gets a new secret of its own. You see it next, this once.</p>}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" pending={act.pending} onClick={() => act.run(rotate)}>
            Rotate secret
          </Button>
        </>
      }
    >
      <RadioGroup
        legend="The old secret stops signing"
        value={overlap}
        onValueChange={setOverlap}
        choices={CHOICES}
      />
      <ActionProblem act={act} apiKey={endpoint} onReload={webhooksChanged} />
    </Dialog>
  )
}
