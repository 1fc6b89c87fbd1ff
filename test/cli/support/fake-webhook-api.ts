import type { EventDetail, KeyView, WebhookEndpointView, WebhookRelayView } from '@bitting/client'
import { problem, type Answer, type Body } from './fake-answer.js'
import { plainEndpoint, type FakeWebhooks } from './fake-webhooks.js'

/** One request, and the present of the stand-in. */
export interface WebhookCall {
  readonly method: string
  readonly url: URL
  /** The value of If-Match; null where there is none. */
  readonly version: string | null
  readonly body: Body
  readonly at: string
}

/** The answer of the operations on webhooks; null for every other path. */
export function answerWebhooks(state: FakeWebhooks, keys: KeyView[], call: WebhookCall): Answer | null {
  const [, , noun, id, verb, event, deed] = call.url.pathname.split('/')
  if (noun === 'webhook-key') return answerKey(state, keys, call)
  if (noun === 'webhook-relays') return answerRelays(state, id, call)
  if (noun === 'events') return answerEvents(state, id, call)
  if (noun !== 'webhook-endpoints') return null
  if (id === undefined)
    return call.method === 'POST' ? createEndpoint(state, call) : list(state.endpoints, call)
  const index = state.endpoints.findIndex((endpoint) => endpoint.id === id)
  const endpoint = state.endpoints[index]
  if (endpoint === undefined) return notFound('webhook endpoint')
  if (verb === 'deliveries') return answerDeliveries(state, endpoint, event, deed, call)
  const [changed, answer] = changeEndpoint(state, endpoint, `${call.method} ${verb ?? ''}`.trim(), call)
  state.endpoints[index] = changed
  return answer
}

function answerKey(
  state: FakeWebhooks,
  keys: KeyView[],
  { method, url, version, body, at }: WebhookCall,
): Answer {
  const before = state.key
  if (method === 'GET') return ok(before)
  const isGuarded =
    version === `"${String(before.version)}"` || url.searchParams.get('confirm') === before.name
  if (method === 'DELETE' && before.key_id === null) {
    return problem(409, 'state_conflict', 'No webhook key is set, so delivery is off already.')
  }
  if (before.key_id !== null && !isGuarded) {
    const detail = 'Every receiver verifies with the key that signs now. Repeat the request with If-Match.'
    const errors = [{ field: 'confirm', message: 'must be the exact name of the key that signs now' }]
    return problem(428, 'confirmation_required', detail, errors)
  }
  const off = { key_id: null, name: null, previous_key_id: null, overlap_until: null, warnings: [] }
  const stamp = { set_at: at, set_by: 'key_Owner00000001', version: before.version + 1 }
  if (method === 'DELETE') return ok((state.key = { ...off, ...stamp }))
  const key = keys.find(({ id }) => id === body['key_id'])
  if (key === undefined) return notFound('key')
  if (key.state === 'deactivated') {
    const detail = `The key "${key.name}" is deactivated, so it cannot sign webhooks.`
    return problem(409, 'state_conflict', detail, [], { state: key.state })
  }
  const seconds = (body['overlap_seconds'] as number | undefined) ?? 86_400
  const overlaps = before.key_id !== null && seconds > 0
  for (const [index, each] of keys.entries()) keys[index] = { ...each, webhook_key: each.id === key.id }
  const opens =
    'Every receiver holds this key, and it opens the API. A key with no permissions is the safe choice.'
  state.key = {
    key_id: key.id,
    name: key.name,
    previous_key_id: overlaps ? before.key_id : null,
    overlap_until: overlaps ? new Date(Date.parse(at) + seconds * 1000).toISOString() : null,
    warnings: Object.keys(key.access).length > 0 ? [opens] : [],
    ...stamp,
  }
  state.endpoints = state.endpoints.map((each) => ({ ...each, uses_newest_key: overlaps ? false : null }))
  return ok(state.key)
}

function createEndpoint(state: FakeWebhooks, { body, at }: WebhookCall): Answer {
  if (String(body['url']).includes('//10.')) {
    const errors = [{ field: 'url', message: 'the endpoint is not on the public internet' }]
    return problem(400, 'invalid_body', 'The address cannot be one of an endpoint.', errors)
  }
  state.made++
  const id = `whe_New${String(state.made).padStart(10, '0')}`
  const { headers, ...rest } = body
  const endpoint = plainEndpoint(id, String(body['url']), {
    ...(rest as Partial<WebhookEndpointView>),
    header_names: Object.keys((headers as object | undefined) ?? {}),
    state: state.key.key_id === null ? 'awaiting_webhook_key' : 'active',
    created_at: at,
  })
  state.endpoints.unshift(endpoint)
  return { status: 201, body: { endpoint, secret: secretOf(state) } }
}

function changeEndpoint(
  state: FakeWebhooks,
  endpoint: WebhookEndpointView,
  deed: string,
  { body, version, at }: WebhookCall,
): [WebhookEndpointView, Answer] {
  const done = (changes: Partial<WebhookEndpointView>): [WebhookEndpointView, Answer] => {
    const changed = { ...endpoint, ...changes, version: endpoint.version + 1 }
    return [changed, ok(changed)]
  }
  if (deed === 'GET') return [endpoint, ok(endpoint)]
  if (endpoint.deleted !== null)
    return [endpoint, conflict(endpoint, 'The endpoint is deleted. Create a new one.')]
  if (version !== null && version !== `"${String(endpoint.version)}"`) {
    return [endpoint, problem(412, 'version_conflict', 'The endpoint was changed since you read it.')]
  }
  const by = 'key_Owner00000001'
  switch (deed) {
    case 'PATCH': {
      const { enabled, headers, ...rest } = body
      const turned =
        enabled === undefined
          ? {}
          : enabled === true
            ? { state: 'active' as const, disabled: null }
            : { state: 'disabled' as const, disabled: { at, by, reason: 'manual' as const } }
      const names = headers === undefined ? {} : { header_names: Object.keys(headers as object) }
      return done({ ...(rest as Partial<WebhookEndpointView>), ...names, ...turned })
    }
    case 'DELETE':
      return done({ state: 'deleted', deleted: { at, by } })
    case 'POST rotate': {
      const seconds = Number(body['overlap_seconds'])
      const retires = seconds > 0 ? new Date(Date.parse(at) + seconds * 1000).toISOString() : null
      const [changed] = done({ secret_retires_at: retires })
      state.made++
      return [changed, ok({ endpoint: changed, secret: secretOf(state) })]
    }
    case 'POST switch':
      return done({ uses_newest_key: true })
    case 'POST handshake': {
      if (state.refusal !== null) return [endpoint, ok({ ok: false, reason: state.refusal, endpoint })]
      const [changed] = done({ handshake_at: at, state: 'active' })
      return [changed, ok({ ok: true, reason: null, endpoint: changed })]
    }
    default:
      return tryEndpoint(state, endpoint, deed, body)
  }
}

/** What needs an endpoint that is sent to. */
function tryEndpoint(
  state: FakeWebhooks,
  endpoint: WebhookEndpointView,
  deed: string,
  body: Body,
): [WebhookEndpointView, Answer] {
  if (deed === 'POST resend') return [endpoint, ok({ resent: body['failed'] === true ? 1 : 1204 })]
  if (endpoint.state === 'disabled') {
    const detail =
      'The endpoint is disabled, so nothing is sent to it. Enable it first: PATCH {"enabled": true}.'
    return [endpoint, conflict(endpoint, detail)]
  }
  if (deed === 'POST test') return [endpoint, ok({ id: eventId(state) })]
  const probed = { ...endpoint, probe: state.probe }
  return [probed, ok(probed)]
}

function answerDeliveries(
  { deliveries }: FakeWebhooks,
  { id }: WebhookEndpointView,
  event: string | undefined,
  deed: string | undefined,
  call: WebhookCall,
): Answer {
  const mine = deliveries.filter(({ endpoint_id: endpoint }) => endpoint === id)
  if (event === undefined) {
    const state = call.url.searchParams.get('state')
    return list(
      mine.filter((delivery) => state === null || delivery.state === state),
      call,
    )
  }
  const delivery = mine.find(({ event_id: eventId }) => eventId === event)
  if (delivery === undefined) return notFound('delivery')
  return ok(deed === 'resend' ? { ...delivery, state: 'pending' } : delivery)
}

function answerRelays(
  state: FakeWebhooks,
  id: string | undefined,
  { method, url, body, at }: WebhookCall,
): Answer {
  if (method === 'POST') {
    state.made++
    const relayId = `whr_New${String(state.made).padStart(19, '0')}`
    const relay: WebhookRelayView = {
      id: relayId,
      name: String(body['name']),
      scheme: body['scheme'] as WebhookRelayView['scheme'],
      path: `/bitting/webhooks/${relayId}`,
      created_at: at,
      created_by: 'key_Owner00000001',
      deleted: null,
    }
    state.relays.unshift(relay)
    return { status: 201, body: relay }
  }
  const isWanted = (relay: WebhookRelayView): boolean =>
    relay.deleted === null || url.searchParams.get('deleted') === 'true'
  if (id === undefined) return ok({ data: state.relays.filter(isWanted), next_cursor: null })
  const index = state.relays.findIndex((relay) => relay.id === id)
  const relay = state.relays[index]
  if (relay === undefined) return notFound('webhook relay')
  if (relay.deleted !== null) {
    return problem(409, 'state_conflict', 'The relay is deleted already.', [], { state: 'deleted' })
  }
  return ok((state.relays[index] = { ...relay, deleted: { at, by: 'key_Owner00000001' } }))
}

function answerEvents(state: FakeWebhooks, id: string | undefined, call: WebhookCall): Answer {
  if (call.method === 'POST') {
    const { type, subject = null, data } = call.body
    const event: EventDetail = {
      id: eventId(state),
      type: String(type),
      subject: subject as string | null,
      source: 'posted',
      created_at: call.at,
      content_type: 'application/json',
      body: JSON.stringify({ type, data }),
      deliveries: [],
    }
    state.events.unshift(event)
    return { status: 202, body: { id: event.id } }
  }
  if (id !== undefined) {
    const event = state.events.find((candidate) => candidate.id === id)
    return event === undefined ? notFound('event') : ok(event)
  }
  const type = call.url.searchParams.get('type')
  return list(
    state.events.filter((event) => type === null || event.type === type),
    call,
  )
}

/** Two rows a page at most, so that there are pages. */
function list(rows: readonly object[], { url }: WebhookCall): Answer {
  const wantsDeleted = url.searchParams.get('deleted') === 'true'
  const found = rows.filter((row) => wantsDeleted || !('deleted' in row) || row.deleted === null)
  const start = Number(url.searchParams.get('cursor') ?? 0)
  const end = start + Math.min(Number(url.searchParams.get('limit') ?? 50), 2)
  return ok({ data: found.slice(start, end), next_cursor: end < found.length ? String(end) : null })
}

function ok(body: unknown): Answer {
  return { status: 200, body }
}

function conflict({ state }: WebhookEndpointView, detail: string): Answer {
  return problem(409, 'state_conflict', detail, [], { state })
}

function notFound(what: string): Answer {
  return problem(
    404,
    'not_found',
    `There is no such ${what} in this workspace. Check the id, and whose key you call with.`,
  )
}

function eventId(state: FakeWebhooks): string {
  state.made++
  return `evt_New${String(state.made).padStart(19, '0')}`
}

function secretOf({ made, losesSecrets }: FakeWebhooks): string | null {
  return losesSecrets ? null : `whsec_${String(made).padStart(43, 's')}=`
}
