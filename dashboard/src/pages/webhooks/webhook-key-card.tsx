import type { KeyView, WebhookEndpointView, WebhookKeyView } from '@bitting/client'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState, type ReactElement } from 'react'
import { formatCount } from '../../format.js'
import { ActorName } from '../../people/actor-name.js'
import { useCan } from '../../session/session.js'
import { Badge } from '../../ui/badge.js'
import { Button } from '../../ui/button.js'
import { Card } from '../../ui/card.js'
import { DescriptionList } from '../../ui/description-list.js'
import { Notice } from '../../ui/notice.js'
import { QueryView } from '../../ui/query-view.js'
import { Skeleton } from '../../ui/skeleton.js'
import { Time } from '../../ui/time.js'
import { SetWebhookKeyDialog, webhookKeyQuery } from '../key-actions/index.js'
import { ChooseKeyDialog } from './choose-key-dialog.js'
import { KeyOverlap } from './key-overlap.js'
import { webhooksChanged } from './queries.js'
import { TurnOffDialog } from './turn-off-dialog.js'

const REFRESH_MILLISECONDS = 15_000

/** Which key signs, since when and by whom, what is unwise about it, and who has not moved to it yet. */
export function WebhookKeyCard({
  endpoints,
}: {
  readonly endpoints: readonly WebhookEndpointView[]
}): ReactElement {
  const key = useQuery({ ...webhookKeyQuery, refetchInterval: REFRESH_MILLISECONDS })
  const can = useCan()
  return (
    <Card
      title="Webhook key"
      actions={key.data !== undefined && can('webhooks:edit') && <KeyChoice now={key.data} />}
    >
      <QueryView
        query={key}
        title="The webhook key could not be loaded"
        pending={<Skeleton height="10rem" />}
      >
        {(now) => (
          <div className="webhooks-part">
            {now.name === null ? <DeliveryOff now={now} endpoints={endpoints} /> : <Signing now={now} />}
            {now.warnings.map((warning) => (
              <Notice key={warning} tone="warn">
                <p>{warning}</p>
              </Notice>
            ))}
            <KeyOverlap now={now} endpoints={endpoints} />
          </div>
        )}
      </QueryView>
    </Card>
  )
}

/** The buttons that set, move and unset the key, with their dialogs. */
function KeyChoice({ now }: { readonly now: WebhookKeyView }): ReactElement {
  const [open, setOpen] = useState<'choose' | 'off' | null>(null)
  const [chosen, setChosen] = useState<KeyView | null>(null)
  const isOn = now.name !== null
  return (
    <>
      <Button variant={isOn ? 'secondary' : 'primary'} onClick={() => setOpen('choose')}>
        {isOn ? 'Choose another key' : 'Choose a key'}
      </Button>
      {isOn && (
        <Button variant="danger-quiet" onClick={() => setOpen('off')}>
          Turn delivery off
        </Button>
      )}
      {open === 'choose' && (
        <ChooseKeyDialog
          onClose={(key) => {
            setOpen(null)
            setChosen(key)
          }}
        />
      )}
      {open === 'off' && <TurnOffDialog now={now} onClose={() => setOpen(null)} />}
      <SetWebhookKeyDialog
        apiKey={chosen}
        onDone={(changed) => {
          setChosen(null)
          if (changed !== null) void webhooksChanged()
        }}
      />
    </>
  )
}

function Signing({ now }: { readonly now: WebhookKeyView }): ReactElement {
  const { key_id: id, name, set_at: at, set_by: by } = now
  return (
    <>
      <p className="webhooks-key">
        <Link to="/keys/$keyId" params={{ keyId: id ?? '' }}>
          {name}
        </Link>
        <Badge tone="good">Signs webhooks</Badge>
      </p>
      <DescriptionList
        items={[
          { term: 'Id', detail: <code>{id}</code> },
          { term: 'Signs since', detail: <Time value={at} look="local" /> },
          { term: 'Set by', detail: <ActorName id={by} /> },
        ]}
      />
    </>
  )
}

function DeliveryOff({
  now: { set_at: at, set_by: by },
  endpoints,
}: {
  readonly now: WebhookKeyView
  readonly endpoints: readonly WebhookEndpointView[]
}): ReactElement {
  const waiting = endpoints.reduce((sum, { deliveries }) => sum + deliveries.pending, 0)
  return (
    <>
      <Notice title={at === null ? 'No key signs yet, so nothing is delivered' : 'Delivery is off'}>
        <p>
          {at === null
            ? 'Choose an API key: receivers verify with it.'
            : 'What happens meanwhile waits, and is sent when a key signs again.'}
          {waiting > 0 && ` ${formatCount(waiting, 'delivery', 'deliveries')} waiting.`}
        </p>
      </Notice>
      {at !== null && (
        <DescriptionList
          items={[
            { term: 'Off since', detail: <Time value={at} look="local" /> },
            { term: 'Turned off by', detail: <ActorName id={by} /> },
          ]}
        />
      )}
    </>
  )
}
