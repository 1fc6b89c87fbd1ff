import type { WebhookEndpointView, WebhookHandshakeView } from '@bitting/client'
import { useState, type ReactElement } from 'react'
import { path, send } from '../../api/transport.js'
import { useCan } from '../../session/session.js'
import { Button } from '../../ui/button.js'
import { IconButton } from '../../ui/icon-button.js'
import { Menu } from '../../ui/menu.js'
import { DeleteEndpointDialog } from './delete-endpoint-dialog.js'
import { EditEndpointDialog } from './edit-endpoint-dialog.js'
import { switchKey } from './key-overlap.js'
import { RotateSecretDialog } from './rotate-secret-dialog.js'
import { useAtOnce } from './use-at-once.js'

const DIALOGS = {
  edit: EditEndpointDialog,
  rotate: RotateSecretDialog,
  delete: DeleteEndpointDialog,
} as const

/** What can be done with an endpoint as a whole, for who may. */
export function EndpointActions({
  endpoint,
}: {
  readonly endpoint: WebhookEndpointView
}): ReactElement | null {
  const [open, setOpen] = useState<keyof typeof DIALOGS | null>(null)
  const { running, run } = useAtOnce()
  const can = useCan()
  if (!can('webhooks:edit')) return null
  const { id, state, version, uses_newest_key: usesNewest } = endpoint
  const isDisabled = state === 'disabled'
  const OpenDialog = open === null ? null : DIALOGS[open]
  return (
    <>
      <Button variant="primary" pending={running === 'test'} onClick={() => run('test', () => sendTest(id))}>
        Send a test event
      </Button>
      <Button icon="pencil" onClick={() => setOpen('edit')}>
        Edit
      </Button>
      <Menu
        trigger={<IconButton icon="more" label="More actions for the endpoint" />}
        groups={[
          {
            items: [
              { label: 'Handshake', icon: 'check', onSelect: () => run('handshake', () => handshake(id)) },
              { label: 'Rotate the secret', icon: 'rotation', onSelect: () => setOpen('rotate') },
              ...(usesNewest === false
                ? [
                    {
                      label: 'Switch to the newest key',
                      icon: 'key' as const,
                      onSelect: () => run('switch', () => switchKey(id)),
                    },
                  ]
                : []),
            ],
          },
          {
            items: [
              {
                label: isDisabled ? 'Enable' : 'Disable',
                icon: isDisabled ? 'play' : 'pause',
                onSelect: () =>
                  run(
                    'able',
                    () => setEnabled(id, isDisabled, version),
                    () => setEnabled(id, !isDisabled),
                  ),
              },
              { label: 'Delete', icon: 'trash', danger: true, onSelect: () => setOpen('delete') },
            ],
          },
        ]}
      />
      {OpenDialog !== null && <OpenDialog endpoint={endpoint} onClose={() => setOpen(null)} />}
    </>
  )
}

async function sendTest(id: string): Promise<string> {
  const to = path`/v1/webhook-endpoints/${id}/test`
  const sent = await send<{ readonly id: string }>({ method: 'POST', path: to, creates: true })
  return `The test event ${sent.id} is on its way.`
}

async function handshake(id: string): Promise<string> {
  const to = path`/v1/webhook-endpoints/${id}/handshake`
  const { ok, reason } = await send<WebhookHandshakeView>({ method: 'POST', path: to })
  if (ok) return 'The receiver wants our requests.'
  return `The handshake failed: ${reason ?? 'no reason was given'}`
}

async function setEnabled(id: string, enabled: boolean, version?: number): Promise<string> {
  const to = path`/v1/webhook-endpoints/${id}`
  await send<WebhookEndpointView>({ method: 'PATCH', path: to, body: { enabled }, version })
  return enabled ? 'The endpoint is enabled.' : 'The endpoint is disabled.'
}
