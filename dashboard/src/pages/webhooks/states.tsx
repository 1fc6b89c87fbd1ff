import type {
  WebhookDeliveryState,
  WebhookEndpointState,
  WebhookEndpointView,
  WebhookProbeView,
} from '@bitting/client'
import type { ReactElement } from 'react'
import { Status, type Tone } from '../../ui/badge.js'

type Look = readonly [Tone, string]

const ENDPOINTS: Readonly<Record<WebhookEndpointState, Look>> = {
  active: ['good', 'Active'],
  disabled: ['quiet', 'Disabled'],
  awaiting_handshake: ['wait', 'Awaiting handshake'],
  awaiting_webhook_key: ['wait', 'Awaiting webhook key'],
  deleted: ['quiet', 'Deleted'],
}

const FAILING: Look = ['bad', 'Failing']

const DELIVERIES: Readonly<Record<WebhookDeliveryState, Look>> = {
  pending: ['wait', 'Pending'],
  delivered: ['good', 'Delivered'],
  failed: ['bad', 'Failed'],
}

const VERDICTS: Readonly<Record<string, Look>> = {
  verifies: ['good', 'Verifies'],
  accepts_unsigned: ['bad', 'Accepts unsigned'],
  accepts_forged: ['bad', 'Accepts forgeries'],
  accepts_tampered: ['bad', 'Accepts tampered'],
  accepts_old: ['bad', 'Accepts replays'],
  refuses_all: ['warn', 'Refuses all'],
  unreachable: ['warn', 'Unreachable'],
}

function Word({ look: [tone, word] }: { readonly look: Look }): ReactElement {
  return <Status tone={tone}>{word}</Status>
}

/** The state of an endpoint in a word. One that is active and takes nothing is failing. */
export function EndpointStatus({
  endpoint: { state, failing_since: failing },
}: {
  readonly endpoint: Pick<WebhookEndpointView, 'state' | 'failing_since'>
}): ReactElement {
  return <Word look={state === 'active' && failing !== null ? FAILING : ENDPOINTS[state]} />
}

/** The state of a delivery in a word. */
export function DeliveryStatus({ state }: { readonly state: WebhookDeliveryState }): ReactElement {
  return <Word look={DELIVERIES[state]} />
}

/** What the last probe found; a verdict that is newer than this page is shown by its name. */
export function Verdict({ probe }: { readonly probe: WebhookProbeView | null }): ReactElement {
  if (probe === null) return <Word look={['quiet', 'Not probed']} />
  return <Word look={VERDICTS[probe.verdict] ?? ['warn', probe.verdict]} />
}

/** Whether a probe found that the receiver takes what is not ours. */
export function isGrave({ verdict }: WebhookProbeView): boolean {
  return VERDICTS[verdict]?.[0] === 'bad'
}
