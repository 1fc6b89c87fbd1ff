import type { DeleteCondition } from './key-client.js'
import { segment, type ApiRequest, type Transport } from './transport.js'
import type { Page, PageRequest } from './views.js'
import type {
  CreateWebhookEndpointRequest,
  CreateWebhookRelayRequest,
  EventDetail,
  EventFilter,
  EventView,
  PublishEventRequest,
  ResendRequest,
  SetWebhookKeyRequest,
  UpdateWebhookEndpointRequest,
  WebhookDeliveryDetail,
  WebhookDeliveryFilter,
  WebhookDeliveryView,
  WebhookEndpointView,
  WebhookEndpointWithSecret,
  WebhookHandshakeView,
  WebhookKeyView,
  WebhookListFilter,
  WebhookRelayView,
} from './webhook-views.js'

const KEY = '/v1/webhook-key'
const ENDPOINTS = '/v1/webhook-endpoints'
const RELAYS = '/v1/webhook-relays'
const EVENTS = '/v1/events'

/** The operations on the key that signs webhooks. */
export class WebhookKeyClient {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Which key signs. */
  get(): Promise<WebhookKeyView> {
    return this.#transport.send({ method: 'GET', path: KEY })
  }

  /** Sets the key that signs. Moving from one key to another asks for the version seen, or the present key's name. */
  set(request: SetWebhookKeyRequest, condition?: DeleteCondition): Promise<WebhookKeyView> {
    return this.#transport.send({ method: 'PUT', path: KEY, body: request, ...guard(condition) })
  }

  /** Turns delivery off; what is to be delivered waits. */
  unset(condition: DeleteCondition): Promise<WebhookKeyView> {
    return this.#transport.send({ method: 'DELETE', path: KEY, ...guard(condition) })
  }
}

/** The operations on webhook endpoints and on what is delivered to them. */
export class WebhookEndpointClient {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Every endpoint, newest first, asking for page after page. */
  list(filter: WebhookListFilter = {}): AsyncGenerator<WebhookEndpointView, void, undefined> {
    return this.#transport.sendPages(listOf(ENDPOINTS, filter, { limit: 100 }))
  }

  /** One page of the endpoints, newest first. */
  listPage(filter: WebhookListFilter = {}, page: PageRequest = {}): Promise<Page<WebhookEndpointView>> {
    return this.#transport.send(listOf(ENDPOINTS, filter, page))
  }

  /** One endpoint, also a deleted one. */
  get(id: string): Promise<WebhookEndpointView> {
    return this.#transport.send({ method: 'GET', path: pathOf(id) })
  }

  /** Adds an endpoint. Its secret is in the answer, this once. */
  create(request: CreateWebhookEndpointRequest): Promise<WebhookEndpointWithSecret> {
    const secrets = Object.values(request.headers ?? {})
    return this.#transport.send({ method: 'POST', path: ENDPOINTS, body: request, creates: true, secrets })
  }

  /** Changes an endpoint; with a version, only if nobody else did since. */
  update(id: string, changes: UpdateWebhookEndpointRequest, version?: number): Promise<WebhookEndpointView> {
    const secrets = Object.values(changes.headers ?? {})
    return this.#transport.send({ method: 'PATCH', path: pathOf(id), body: changes, version, secrets })
  }

  /** Deletes an endpoint; what was on its way to it is given up. */
  delete(id: string, version?: number): Promise<WebhookEndpointView> {
    return this.#transport.send({ method: 'DELETE', path: pathOf(id), version })
  }

  /** Gives an endpoint a new secret; the old one signs too for the overlap, 0 to 2,592,000 seconds. */
  rotate(id: string, overlapSeconds: number): Promise<WebhookEndpointWithSecret> {
    const body = { overlap_seconds: overlapSeconds }
    return this.#transport.send({ method: 'POST', path: pathOf(id, 'rotate'), body, creates: true })
  }

  /** Tells that the receiver verifies with the newest secret of the webhook key now. */
  switch(id: string): Promise<WebhookEndpointView> {
    return this.#transport.send({ method: 'POST', path: pathOf(id, 'switch') })
  }

  /** Asks the receiver whether it wants our requests. */
  handshake(id: string): Promise<WebhookHandshakeView> {
    return this.#transport.send({ method: 'POST', path: pathOf(id, 'handshake') })
  }

  /** Sends an event of the type `webhook_endpoint.test` to this endpoint alone, and tells its id. */
  test(id: string): Promise<{ readonly id: string }> {
    return this.#transport.send({ method: 'POST', path: pathOf(id, 'test'), creates: true })
  }

  /** Finds out whether the receiver verifies what it is sent; `probe` of the answer tells. */
  probe(id: string): Promise<WebhookEndpointView> {
    return this.#transport.send({ method: 'POST', path: pathOf(id, 'probe') })
  }

  /** Sends again what failed, or what the endpoint missed since a time; tells how many deliveries that are. */
  resend(id: string, request: ResendRequest): Promise<{ readonly resent: number }> {
    return this.#transport.send({ method: 'POST', path: pathOf(id, 'resend'), body: request })
  }

  /** Every delivery to an endpoint, newest first, asking for page after page. */
  deliveries(
    id: string,
    filter: WebhookDeliveryFilter = {},
  ): AsyncGenerator<WebhookDeliveryView, void, undefined> {
    const query = { ...filter, limit: 100 }
    return this.#transport.sendPages({ method: 'GET', path: pathOf(id, 'deliveries'), query })
  }

  /** One page of the deliveries to an endpoint, newest first. */
  deliveriesPage(
    id: string,
    filter: WebhookDeliveryFilter = {},
    page: PageRequest = {},
  ): Promise<Page<WebhookDeliveryView>> {
    const query = { ...filter, ...page }
    return this.#transport.send({ method: 'GET', path: pathOf(id, 'deliveries'), query })
  }

  /** The delivery of an event to an endpoint, with every attempt. */
  delivery(id: string, eventId: string): Promise<WebhookDeliveryDetail> {
    return this.#transport.send({ method: 'GET', path: deliveryPath(id, eventId) })
  }

  /** Sends one delivery again, whatever became of it. */
  resendDelivery(id: string, eventId: string): Promise<WebhookDeliveryView> {
    return this.#transport.send({ method: 'POST', path: `${deliveryPath(id, eventId)}/resend` })
  }
}

/** The operations on the addresses that take an upstream's own webhooks. */
export class WebhookRelayClient {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Every relay, newest first. */
  list(filter: WebhookListFilter = {}): AsyncGenerator<WebhookRelayView, void, undefined> {
    return this.#transport.sendPages(listOf(RELAYS, filter, { limit: 100 }))
  }

  /** Adds a relay. */
  create(request: CreateWebhookRelayRequest): Promise<WebhookRelayView> {
    const secrets = [request.key]
    return this.#transport.send({ method: 'POST', path: RELAYS, body: request, creates: true, secrets })
  }

  /** Deletes a relay: what the upstream sends to it is refused from then on. */
  delete(id: string): Promise<WebhookRelayView> {
    return this.#transport.send({ method: 'DELETE', path: `${RELAYS}/${segment(id)}` })
  }
}

/** The operations on events. */
export class EventClient {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Every event that is kept, newest first, asking for page after page. */
  list(filter: EventFilter = {}): AsyncGenerator<EventView, void, undefined> {
    const query = { ...filter, limit: 100 }
    return this.#transport.sendPages({ method: 'GET', path: EVENTS, query })
  }

  /** One page of the events, newest first. */
  listPage(filter: EventFilter = {}, page: PageRequest = {}): Promise<Page<EventView>> {
    return this.#transport.send({ method: 'GET', path: EVENTS, query: { ...filter, ...page } })
  }

  /** One event, with what is sent and where it goes. */
  get(id: string): Promise<EventDetail> {
    return this.#transport.send({ method: 'GET', path: `${EVENTS}/${segment(id)}` })
  }

  /** Posts an event to every endpoint that wants it. */
  publish(event: PublishEventRequest): Promise<{ readonly id: string }> {
    return this.#transport.send({ method: 'POST', path: EVENTS, body: event, creates: true })
  }

  /** Posts 1 to 100 events, all or none; their ids come in the same order. */
  publishAll(events: readonly PublishEventRequest[]): Promise<{ readonly ids: readonly string[] }> {
    return this.#transport.send({ method: 'POST', path: EVENTS, body: { events }, creates: true })
  }
}

function pathOf(id: string, ...rest: string[]): string {
  return [ENDPOINTS, segment(id), ...rest].join('/')
}

function deliveryPath(id: string, eventId: string): string {
  return pathOf(id, 'deliveries', segment(eventId))
}

function listOf(path: string, { deleted }: WebhookListFilter, page: PageRequest): ApiRequest {
  return {
    method: 'GET',
    path,
    query: { deleted: deleted === undefined ? undefined : String(deleted), ...page },
  }
}

function guard(condition: DeleteCondition | undefined): Pick<ApiRequest, 'version' | 'query'> {
  if (condition === undefined) return {}
  return 'version' in condition ? { version: condition.version } : { query: condition }
}
