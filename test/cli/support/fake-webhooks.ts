import type {
  EventDetail,
  WebhookDeliveryDetail,
  WebhookEndpointView,
  WebhookKeyView,
  WebhookProbeView,
  WebhookRelayView,
} from '@bitting/client'

/** What the stand-in knows of webhooks; a test may change it. */
export interface FakeWebhooks {
  key: WebhookKeyView
  endpoints: WebhookEndpointView[]
  relays: WebhookRelayView[]
  events: EventDetail[]
  deliveries: WebhookDeliveryDetail[]
  /** What the next probe finds. */
  probe: WebhookProbeView | null
  /** Why a receiver does not agree; null where it does. */
  refusal: string | null
  /** Whether secrets are lost on the way: what a repeated request is answered. */
  losesSecrets: boolean
  made: number
}

/** A workspace without webhooks. */
export function newFakeWebhooks(): FakeWebhooks {
  const key: WebhookKeyView = {
    key_id: null,
    name: null,
    previous_key_id: null,
    overlap_until: null,
    set_at: null,
    set_by: null,
    version: 0,
    warnings: [],
  }
  return {
    key,
    endpoints: [],
    relays: [],
    events: [],
    deliveries: [],
    probe: null,
    refusal: null,
    losesSecrets: false,
    made: 0,
  }
}

/** An endpoint with everything at its plainest. */
export function plainEndpoint(
  id: string,
  url: string,
  extras: Partial<WebhookEndpointView> = {},
): WebhookEndpointView {
  return {
    id,
    url,
    description: '',
    events: ['*'],
    signatures: ['standard', 'retell', 'body'],
    header_names: [],
    rate_limit: null,
    concurrency: 8,
    ordered: false,
    require_handshake: false,
    handshake_at: null,
    state: 'active',
    disabled: null,
    failing_since: null,
    public_key: `whpk_${'p'.repeat(43)}=`,
    secret_retires_at: null,
    uses_newest_key: null,
    probe: null,
    deliveries: { pending: 0, failed: 0 },
    version: 1,
    created_at: '2026-11-01T08:00:00Z',
    created_by: 'key_Owner00000001',
    updated_at: '2026-11-01T08:00:00Z',
    deleted: null,
    ...extras,
  }
}
