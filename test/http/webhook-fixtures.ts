import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Prepared } from './operations.js'
import type { Tenant } from './support.js'

/** An event to post. */
export const NEW_EVENT = { type: 'order.paid', subject: 'order_1', data: { total: 12 } } as const

/** A relay. */
export const NEW_RELAY = { name: 'From Retell', scheme: 'retell', key: 'the-key-of-an-upstream' } as const

/** An endpoint but for its address. */
export const NEW_ENDPOINT = {
  events: ['order.*'],
  description: 'Orders',
  signatures: ['standard', 'retell'],
  headers: { 'X-Own': 'a value' },
  rate_limit: 5,
  concurrency: 2,
  ordered: true,
  require_handshake: false,
} as const

let receiver: Promise<string> | null = null

/** Where something takes whatever is sent to it, and grants 120 requests a minute to whoever asks. */
export function receiverUrl(): Promise<string> {
  receiver ??= new Promise((resolve) => {
    const server = createServer((request, answer) => {
      request.resume()
      answer.writeHead(204, { 'webhook-allowed-origin': '*', 'webhook-allowed-rate': '120' }).end()
    })
    server.listen(0, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/hook`)
    })
    // It lives as long as the tests that send to it.
    server.unref()
  })
  return receiver
}

/** The key that signs a workspace's webhooks, set first where there is none. */
export async function signingKeyOf(tenant: Tenant): Promise<string> {
  const { body } = await tenant.call('GET', '/v1/webhook-key')
  if (body.key_id !== null && body.previous_key_id === null) return body.key_id as string
  const { id } = await tenant.createKey()
  const set = { key_id: id, overlap_seconds: 0 }
  await tenant.call('PUT', '/v1/webhook-key', set, { headers: { 'if-match': '*' } })
  return id
}

/** Adds an endpoint and returns its id. */
export async function addEndpoint(tenant: Tenant, more: object = {}): Promise<string> {
  const settings = { ...NEW_ENDPOINT, url: await receiverUrl(), ...more }
  const { status, body, text } = await tenant.call('POST', '/v1/webhook-endpoints', settings)
  if (status !== 201) throw new Error(`the endpoint was not created: ${text}`)
  return body.endpoint.id as string
}

/** The same for one that is the only one of its workspace. */
async function onlyEndpoint(tenant: Tenant): Promise<string> {
  await clearEndpoints(tenant)
  return addEndpoint(tenant)
}

/** Leaves a workspace without endpoints: there can be only so many. */
export async function clearEndpoints(tenant: Tenant): Promise<void> {
  const { body } = await tenant.call('GET', '/v1/webhook-endpoints?limit=100')
  for (const { id } of body.data) await tenant.call('DELETE', `/v1/webhook-endpoints/${String(id)}`)
}

/** The same for its relays. */
export async function clearRelays(tenant: Tenant): Promise<void> {
  const { body } = await tenant.call('GET', '/v1/webhook-relays')
  for (const { id } of body.data) await tenant.call('DELETE', `/v1/webhook-relays/${String(id)}`)
}

/** A request on an endpoint that was just added. */
export function onEndpoint(rest: Partial<Prepared> = {}): (tenant: Tenant) => Promise<Prepared> {
  return async (tenant) => {
    const id = await onlyEndpoint(tenant)
    return { ...rest, params: { id }, resource: id }
  }
}

/** The same in a workspace that has a webhook key. */
export function onSigningEndpoint(): (tenant: Tenant) => Promise<Prepared> {
  return async (tenant) => {
    await signingKeyOf(tenant)
    return onEndpoint()(tenant)
  }
}

/** A request on the one delivery to an endpoint that was just added. */
export function onDelivery(): (tenant: Tenant) => Promise<Prepared> {
  return async (tenant) => {
    const id = await onlyEndpoint(tenant)
    const { body } = await tenant.call('POST', '/v1/events', NEW_EVENT)
    return { params: { id, event: body.id as string }, resource: id }
  }
}

/** A request on an event that nobody wanted. */
export function onEvent(rest: Partial<Prepared> = {}): (tenant: Tenant) => Promise<Prepared> {
  return async (tenant) => {
    await clearEndpoints(tenant)
    const { body } = await tenant.call('POST', '/v1/events', NEW_EVENT)
    return { ...rest, params: { id: body.id as string }, resource: body.id as string }
  }
}

/** A request on a relay, the only one of its workspace. */
export function onRelay(): (tenant: Tenant) => Promise<Prepared> {
  return async (tenant) => {
    await clearRelays(tenant)
    const { body } = await tenant.call('POST', '/v1/webhook-relays', NEW_RELAY)
    return { params: { id: body.id as string }, resource: body.id as string }
  }
}
