import type { WebhookDeliveryDetail, WebhookProbeView } from '@bitting/client'
import { plainEndpoint, type FakeWebhooks } from './fake-webhooks.js'

/** What a probe finds of a receiver that takes everything. */
export const TAKES_ALL: WebhookProbeView = {
  verdict: 'accepts_unsigned',
  findings: [
    'The endpoint answered 200 to 299 to everything it was sent. It does not verify: until it does, treat what it has taken as unproven.',
    'The endpoint takes deliveries without any signature, so anybody who knows its address can send it events. Verify the signature before anything else and answer 401 where it is missing.',
  ],
  checks: ['missing', 'wrong', 'old', 'tampered', 'right'].map((signature) => ({
    signature,
    status: 200,
    error: null,
    accepted: true,
  })),
  at: '2026-11-22T12:00:00Z',
}

/** What a probe finds of a receiver that verifies, though it leaves one request without an answer. */
export const VERIFIES: WebhookProbeView = {
  verdict: 'verifies',
  findings: [],
  checks: TAKES_ALL.checks.map(({ signature }) => {
    const accepted = signature === 'right'
    const isSilent = signature === 'wrong'
    return {
      signature,
      status: accepted ? 204 : isSilent ? null : 401,
      error: isSilent ? 'timeout' : null,
      accepted,
    }
  }),
  at: '2026-11-22T11:00:00Z',
}

const FAILED: WebhookDeliveryDetail = {
  endpoint_id: 'whe_Shop000000001',
  event_id: 'evt_Paid000000000000000001',
  type: 'invoice.paid',
  subject: 'inv_1',
  state: 'failed',
  attempts: 2,
  created_at: '2026-11-21T12:00:00Z',
  next_attempt_at: null,
  finished_at: '2026-11-22T09:00:00Z',
  content_type: 'application/json',
  body: '{"type":"invoice.paid",\n"data":{"evil":"\u001b[2J"}}',
  log: [
    {
      number: 2,
      at: '2026-11-22T09:00:00Z',
      duration_ms: 10_000,
      status: null,
      error: 'timeout',
      response: '',
      signed_with: 'Sync000000001000',
    },
    {
      number: 1,
      at: '2026-11-21T12:00:00Z',
      duration_ms: 41,
      status: 500,
      error: null,
      response: '<h1>Internal Server Error</h1>\n\u001b[2J',
      signed_with: 'Sync000000001000',
    },
  ],
}

/** Fills a workspace with endpoints in several states, events and deliveries. */
export function fillWebhooks(webhooks: FakeWebhooks): void {
  webhooks.endpoints.push(
    plainEndpoint('whe_Shop000000001', 'https://shop.example.com/api/hooks/bitting', {
      description: 'the shop',
      events: ['key.*', 'invoice.paid'],
      header_names: ['x-tenant'],
      rate_limit: 5,
      ordered: true,
      failing_since: '2026-11-21T12:00:00Z',
      deliveries: { pending: 3, failed: 1 },
      probe: VERIFIES,
    }),
    plainEndpoint('whe_Crm0000000001', 'https://crm.example.com/', {
      state: 'disabled',
      disabled: { at: '2026-11-20T12:00:00Z', by: 'bitting', reason: 'gone' },
    }),
    plainEndpoint('whe_Shy0000000001', 'http://127.0.0.1:9000/hooks', {
      state: 'awaiting_handshake',
      require_handshake: true,
      probe: TAKES_ALL,
    }),
    plainEndpoint('whe_Gone000000001', 'https://gone.example.com/', {
      state: 'deleted',
      deleted: { at: '2026-11-20T12:00:00Z', by: 'key_Owner00000001' },
    }),
  )
  webhooks.deliveries.push(
    {
      ...FAILED,
      event_id: 'evt_Next000000000000000001',
      type: 'key.revoked',
      state: 'pending',
      attempts: 1,
      next_attempt_at: '2026-11-22T12:05:00Z',
      finished_at: null,
    },
    FAILED,
    {
      ...FAILED,
      event_id: 'evt_Done000000000000000001',
      state: 'delivered',
      finished_at: '2026-11-22T11:57:00Z',
    },
  )
  webhooks.events.push(
    {
      id: FAILED.event_id,
      type: FAILED.type,
      subject: FAILED.subject,
      source: 'posted',
      created_at: FAILED.created_at,
      content_type: FAILED.content_type,
      body: FAILED.body,
      deliveries: [{ endpoint_id: FAILED.endpoint_id, state: 'failed', attempts: 2 }],
    },
    {
      id: 'evt_Alone00000000000000001',
      type: 'call_ended',
      subject: null,
      source: 'whr_Retell0000000000000001',
      created_at: '2026-11-21T11:00:00Z',
      content_type: 'application/json',
      body: '{"event":"call_ended"}',
      deliveries: [],
    },
  )
  webhooks.probe = TAKES_ALL
}
