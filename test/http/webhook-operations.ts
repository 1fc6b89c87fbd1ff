import { expect } from 'vitest'
import type { OperationCase } from './operations.js'
import {
  clearEndpoints,
  clearRelays,
  NEW_ENDPOINT,
  NEW_EVENT,
  NEW_RELAY,
  onDelivery,
  onEndpoint,
  onEvent,
  onRelay,
  onSigningEndpoint,
  receiverUrl,
  signingKeyOf,
} from './webhook-fixtures.js'

const EVENT_ID = /^evt_[0-9A-Za-z]{22}$/

/** The operations on webhooks and events by their ids. */
export const WEBHOOK_OPERATIONS: Readonly<Record<string, OperationCase>> = {
  getWebhookKey: {
    needs: 'webhooks:read',
    status: 200,
    writes: null,
    prepare: async (tenant) => ({ resource: await signingKeyOf(tenant) }),
    check: ({ body, headers }, { resource }) => {
      expect(body).toMatchObject({ key_id: resource, previous_key_id: null, warnings: [] })
      expect(headers.get('etag')).toBe(`"${String(body.version)}"`)
    },
  },
  setWebhookKey: {
    needs: 'webhooks:edit',
    status: 200,
    writes: { action: 'webhook_key.set', type: 'key', changes: false },
    prepare: async (tenant) => {
      const { id } = await tenant.createKey()
      return { body: { key_id: id, overlap_seconds: 60 }, headers: { 'if-match': '*' }, resource: id }
    },
    check: ({ body, headers }, { resource }) => {
      expect(body).toMatchObject({ key_id: resource, name: 'A key', warnings: [] })
      expect(headers.get('etag')).toBe(`"${String(body.version)}"`)
    },
  },
  unsetWebhookKey: {
    needs: 'webhooks:edit',
    status: 200,
    writes: { action: 'webhook_key.unset', type: 'key', changes: false },
    prepare: async (tenant) => ({
      headers: { 'if-match': '*' },
      resource: await signingKeyOf(tenant),
    }),
    check: ({ body }) => {
      expect(body).toMatchObject({ key_id: null, previous_key_id: null, overlap_until: null })
    },
  },
  listWebhookEndpoints: {
    needs: 'webhooks:read',
    status: 200,
    writes: null,
    prepare: onEndpoint(),
    check: ({ body }, { resource }) => {
      expect(body.data.map(({ id }: { id: string }) => id)).toEqual([resource])
    },
  },
  getWebhookEndpoint: {
    needs: 'webhooks:read',
    status: 200,
    writes: null,
    prepare: onEndpoint(),
    check: ({ body, headers }, { resource }) => {
      expect(body).toMatchObject({ id: resource, header_names: ['x-own'], deleted: null })
      expect(headers.get('etag')).toBe('"1"')
    },
  },
  createWebhookEndpoint: {
    needs: 'webhooks:edit',
    status: 201,
    writes: { action: 'webhook_endpoint.create', type: 'webhook_endpoint', changes: false },
    prepare: async (tenant) => {
      await clearEndpoints(tenant)
      return { body: { ...NEW_ENDPOINT, url: await receiverUrl() } }
    },
    check: ({ body, headers }) => {
      expect(body.secret).toMatch(/^whsec_[0-9A-Za-z+/]{43}=$/)
      expect(body.endpoint).toMatchObject({ version: 1, rate_limit: 5, ordered: true })
      expect(body.endpoint.public_key).toMatch(/^whpk_[0-9A-Za-z+/]{43}=$/)
      expect(headers.get('location')).toBe(`/v1/webhook-endpoints/${String(body.endpoint.id)}`)
    },
  },
  updateWebhookEndpoint: {
    needs: 'webhooks:edit',
    status: 200,
    writes: { action: 'webhook_endpoint.update', type: 'webhook_endpoint', changes: false },
    prepare: onEndpoint({ body: { description: 'Another one' } }),
    check: ({ body, headers }) => {
      expect(body).toMatchObject({ description: 'Another one', version: 2 })
      expect(headers.get('etag')).toBe('"2"')
    },
  },
  deleteWebhookEndpoint: {
    needs: 'webhooks:edit',
    status: 200,
    writes: { action: 'webhook_endpoint.delete', type: 'webhook_endpoint', changes: false },
    prepare: onEndpoint(),
    check: ({ body }) => {
      expect(body).toMatchObject({ state: 'deleted', header_names: [] })
    },
  },
  rotateWebhookSecret: {
    needs: 'webhooks:edit',
    status: 200,
    writes: { action: 'webhook_endpoint.rotate', type: 'webhook_endpoint', changes: false },
    prepare: onEndpoint({ body: { overlap_seconds: 60 } }),
    check: ({ body }) => {
      expect(body.secret).toMatch(/^whsec_[0-9A-Za-z+/]{43}=$/)
      expect(body.endpoint.secret_retires_at).toMatch(/Z$/)
    },
  },
  switchWebhookKey: {
    needs: 'webhooks:edit',
    status: 200,
    writes: {
      action: 'webhook_endpoint.switch',
      type: 'webhook_endpoint',
      changes: false,
      isRepeatable: false,
    },
    prepare: onSigningEndpoint(),
    check: ({ body }) => {
      expect(body).toMatchObject({ version: 2 })
    },
  },
  performWebhookHandshake: {
    needs: 'webhooks:edit',
    status: 200,
    writes: {
      action: 'webhook_endpoint.handshake',
      type: 'webhook_endpoint',
      changes: false,
      isRepeatable: false,
    },
    prepare: onEndpoint(),
    check: ({ body }) => {
      expect(body).toMatchObject({ ok: true, reason: null, endpoint: { rate_limit: 2 } })
      expect(body.endpoint.handshake_at).toMatch(/Z$/)
    },
  },
  sendTestEvent: {
    needs: 'webhooks:edit',
    status: 200,
    writes: { action: 'webhook_endpoint.test', type: 'webhook_endpoint', changes: false },
    prepare: onEndpoint(),
    check: ({ body }) => {
      expect(body).toEqual({ id: expect.stringMatching(EVENT_ID) })
    },
  },
  probeWebhookEndpoint: {
    needs: 'webhooks:edit',
    status: 200,
    writes: {
      action: 'webhook_endpoint.probe',
      type: 'webhook_endpoint',
      changes: false,
      isRepeatable: false,
    },
    prepare: onSigningEndpoint(),
    check: ({ body }) => {
      // The receiver of these tests takes everything.
      expect(body.probe).toMatchObject({ verdict: 'accepts_unsigned', at: expect.stringMatching(/Z$/) })
      expect(body.probe.checks).toHaveLength(5)
    },
  },
  resendWebhookDeliveries: {
    needs: 'webhooks:edit',
    status: 200,
    writes: {
      action: 'webhook_endpoint.resend',
      type: 'webhook_endpoint',
      changes: false,
      isRepeatable: false,
    },
    prepare: onEndpoint({ body: { failed: true } }),
    check: ({ body }) => {
      expect(body).toEqual({ resent: 0 })
    },
  },
  listWebhookDeliveries: {
    needs: 'webhooks:read',
    status: 200,
    writes: null,
    prepare: onDelivery(),
    check: ({ body }, { params }) => {
      expect(body.data).toMatchObject([
        { event_id: params?.['event'], type: 'order.paid', subject: 'order_1' },
      ])
    },
  },
  getWebhookDelivery: {
    needs: 'webhooks:read',
    status: 200,
    writes: null,
    prepare: onDelivery(),
    check: ({ body }, { params }) => {
      expect(body).toMatchObject({ event_id: params?.['event'], content_type: 'application/json' })
      expect(JSON.parse(body.body as string)).toMatchObject({ type: 'order.paid', data: { total: 12 } })
    },
  },
  resendWebhookDelivery: {
    needs: 'webhooks:edit',
    status: 200,
    writes: {
      action: 'webhook_endpoint.resend',
      type: 'webhook_endpoint',
      changes: false,
      isRepeatable: false,
    },
    prepare: onDelivery(),
    check: ({ body }) => {
      expect(body).toMatchObject({ state: 'pending', finished_at: null })
    },
  },
  listWebhookRelays: {
    needs: 'webhooks:read',
    status: 200,
    writes: null,
    prepare: onRelay(),
    check: ({ body }, { resource }) => {
      expect(body.data).toMatchObject([{ id: resource, path: `/bitting/webhooks/${String(resource)}` }])
    },
  },
  createWebhookRelay: {
    needs: 'webhooks:edit',
    status: 201,
    writes: { action: 'webhook_relay.create', type: 'webhook_relay', changes: false },
    prepare: async (tenant) => {
      await clearRelays(tenant)
      return { body: NEW_RELAY }
    },
    check: ({ body }) => {
      expect(body).toMatchObject({ name: 'From Retell', scheme: 'retell', deleted: null })
      expect(body.id).toMatch(/^whr_[0-9A-Za-z]{22}$/)
    },
  },
  deleteWebhookRelay: {
    needs: 'webhooks:edit',
    status: 200,
    writes: { action: 'webhook_relay.delete', type: 'webhook_relay', changes: false },
    prepare: onRelay(),
    check: ({ body }) => {
      expect(body.deleted.at).toMatch(/Z$/)
    },
  },
  publishEvents: {
    needs: 'events:edit',
    status: 202,
    writes: { action: 'event.publish', type: 'event', changes: false },
    prepare: () => Promise.resolve({ body: NEW_EVENT }),
    check: ({ body }) => {
      expect(body).toEqual({ id: expect.stringMatching(EVENT_ID) })
    },
  },
  listEvents: {
    needs: 'webhooks:read',
    status: 200,
    writes: null,
    prepare: onEvent({ query: '?type=order.paid' }),
    check: ({ body }, { resource }) => {
      expect(body.data[0]).toMatchObject({ id: resource, type: 'order.paid', source: 'posted' })
    },
  },
  getEvent: {
    needs: 'webhooks:read',
    status: 200,
    writes: null,
    prepare: onEvent(),
    check: ({ body }, { resource }) => {
      expect(body).toMatchObject({ id: resource, subject: 'order_1', deliveries: [] })
    },
  },
}
