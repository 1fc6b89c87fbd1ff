import type {
  CallerView,
  CreateWebhookEndpointRequest,
  KeyView,
  Page,
  ResendRequest,
  SetWebhookKeyRequest,
  UpdateWebhookEndpointRequest,
  WebhookDeliveryDetail,
  WebhookDeliveryState,
  WebhookDeliveryView,
  WebhookEndpointView,
  WebhookEndpointWithSecret,
  WebhookHandshakeView,
  WebhookKeyView,
} from '@bitting/client'
import { Transport } from './transport.js'

const ENDPOINTS = '/v1/webhook-endpoints'

/** What the page asks the management API for. Every method rejects with a Refusal or an Unreachable. */
export class Api {
  readonly #transport: Transport

  /**
   * @param managementKey kept in this object alone
   * @param onKeyRefused called when the server takes the key no more
   */
  constructor(managementKey: string, onKeyRefused: () => void) {
    this.#transport = new Transport(managementKey, onKeyRefused)
  }

  /** The management key that asks. */
  whoami(): Promise<CallerView> {
    return this.#transport.send('GET', '/v1/whoami')
  }

  /** A page of the API keys that can sign, newest first. */
  signingCandidates(cursor: string | null): Promise<Page<KeyView>> {
    const query = { kind: 'api', state: 'pre-activation,active,suspended', limit: 100, cursor }
    return this.#transport.send('GET', '/v1/keys', { query })
  }

  webhookKey(): Promise<WebhookKeyView> {
    return this.#transport.send('GET', '/v1/webhook-key')
  }

  /** Sets the key that signs; `confirm` is the name of the one that signs now, null where none does. */
  setWebhookKey(body: SetWebhookKeyRequest, confirm: string | null): Promise<WebhookKeyView> {
    return this.#transport.send('PUT', '/v1/webhook-key', { body, query: { confirm } })
  }

  unsetWebhookKey(confirm: string): Promise<WebhookKeyView> {
    return this.#transport.send('DELETE', '/v1/webhook-key', { query: { confirm } })
  }

  /** The endpoints, newest first: a page holds as many as a workspace can have. */
  endpoints(): Promise<Page<WebhookEndpointView>> {
    return this.#transport.send('GET', ENDPOINTS, { query: { limit: 100 } })
  }

  endpoint(id: string): Promise<WebhookEndpointView> {
    return this.#transport.send('GET', `${ENDPOINTS}/${id}`)
  }

  createEndpoint(body: CreateWebhookEndpointRequest): Promise<WebhookEndpointWithSecret> {
    return this.#transport.send('POST', ENDPOINTS, { body, creates: true })
  }

  updateEndpoint(
    id: string,
    body: UpdateWebhookEndpointRequest,
    version: number,
  ): Promise<WebhookEndpointView> {
    return this.#transport.send('PATCH', `${ENDPOINTS}/${id}`, { body, version })
  }

  deleteEndpoint(id: string): Promise<WebhookEndpointView> {
    return this.#transport.send('DELETE', `${ENDPOINTS}/${id}`)
  }

  rotate(id: string, overlapSeconds: number): Promise<WebhookEndpointWithSecret> {
    const body = { overlap_seconds: overlapSeconds }
    return this.#transport.send('POST', `${ENDPOINTS}/${id}/rotate`, { body, creates: true })
  }

  switch(id: string): Promise<WebhookEndpointView> {
    return this.#transport.send('POST', `${ENDPOINTS}/${id}/switch`)
  }

  handshake(id: string): Promise<WebhookHandshakeView> {
    return this.#transport.send('POST', `${ENDPOINTS}/${id}/handshake`)
  }

  test(id: string): Promise<{ readonly id: string }> {
    return this.#transport.send('POST', `${ENDPOINTS}/${id}/test`, { creates: true })
  }

  probe(id: string): Promise<WebhookEndpointView> {
    return this.#transport.send('POST', `${ENDPOINTS}/${id}/probe`)
  }

  resend(id: string, body: ResendRequest): Promise<{ readonly resent: number }> {
    return this.#transport.send('POST', `${ENDPOINTS}/${id}/resend`, { body })
  }

  /** A page of the deliveries to an endpoint, newest first. */
  deliveries(
    id: string,
    state: WebhookDeliveryState | null,
    cursor: string | null,
  ): Promise<Page<WebhookDeliveryView>> {
    return this.#transport.send('GET', `${ENDPOINTS}/${id}/deliveries`, {
      query: { state, cursor, limit: 25 },
    })
  }

  delivery(id: string, eventId: string): Promise<WebhookDeliveryDetail> {
    return this.#transport.send('GET', `${ENDPOINTS}/${id}/deliveries/${eventId}`)
  }

  resendDelivery(id: string, eventId: string): Promise<WebhookDeliveryView> {
    return this.#transport.send('POST', `${ENDPOINTS}/${id}/deliveries/${eventId}/resend`)
  }
}
