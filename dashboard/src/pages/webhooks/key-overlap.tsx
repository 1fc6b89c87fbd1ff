import type { WebhookEndpointView, WebhookKeyView } from '@bitting/client'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { path, send } from '../../api/transport.js'
import { formatCount } from '../../format.js'
import { ActorName } from '../../people/actor-name.js'
import { useCan } from '../../session/session.js'
import { Button } from '../../ui/button.js'
import { Time } from '../../ui/time.js'
import { useAtOnce } from './use-at-once.js'

/** That two secrets sign for a while, and which receivers are not known to have the newer one. */
export function KeyOverlap({
  now: { previous_key_id: previous, overlap_until: until },
  endpoints,
}: {
  readonly now: WebhookKeyView
  readonly endpoints: readonly WebhookEndpointView[]
}): ReactElement | null {
  const behind = endpoints.filter((endpoint) => endpoint.uses_newest_key === false)
  if (until === null && behind.length === 0) return null
  return (
    <section className="webhooks-overlap" aria-labelledby="webhooks-overlap">
      <h3 id="webhooks-overlap">Overlap</h3>
      {until === null ? (
        <p>The key was rotated: its secret before the newest signs too for a while.</p>
      ) : (
        <p>
          The key before, <ActorName id={previous} />, signs too until <Time value={until} look="local" />.
        </p>
      )}
      <p className="quiet-text">
        {behind.length === 0
          ? 'No endpoint is known to verify with an older key alone.'
          : `${formatCount(behind.length, 'endpoint')} not on the newest key yet. Switch one when its receiver verifies with the new key.`}
      </p>
      {behind.length > 0 && (
        <ul className="webhooks-rows">
          {behind.map((endpoint) => (
            <Behind key={endpoint.id} endpoint={endpoint} />
          ))}
        </ul>
      )}
    </section>
  )
}

function Behind({ endpoint: { id, url } }: { readonly endpoint: WebhookEndpointView }): ReactElement {
  const atOnce = useAtOnce()
  const can = useCan()
  return (
    <li>
      <Link to="/webhooks/$endpointId" params={{ endpointId: id }}>
        {url}
      </Link>
      {can('webhooks:edit') && (
        <Button
          small
          aria-label={`Switch ${url} to the newest key`}
          pending={atOnce.running !== null}
          onClick={() => atOnce.run('switch', () => switchKey(id))}
        >
          Switch
        </Button>
      )}
    </li>
  )
}

/** Tells that the receiver verifies with the newest secret of the webhook key. */
export async function switchKey(id: string): Promise<string> {
  const { url } = await send<WebhookEndpointView>({
    method: 'POST',
    path: path`/v1/webhook-endpoints/${id}/switch`,
  })
  return `${url} is on the newest key.`
}
