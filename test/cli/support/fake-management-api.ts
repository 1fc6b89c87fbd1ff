import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CatalogView, KeyView } from '@bitting/client'
import { problem, type Answer, type Body } from './fake-answer.js'
import { answerWebhooks } from './fake-webhook-api.js'
import { newFakeWebhooks, type FakeWebhooks } from './fake-webhooks.js'

/** One request as it came in. */
export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

/** A stand-in for the management API: enough of it to see what the command line sends and says. */
export interface FakeManagementApi {
  readonly url: string
  readonly seen: readonly SeenRequest[]
  readonly keys: KeyView[]
  readonly webhooks: FakeWebhooks
  /** Breaks the connection in place of the next so many answers. */
  breakConnections(count: number): void
  close(): Promise<void>
}

/** The one management key that the stand-in takes. */
export const MANAGEMENT_KEY = `btgm_live_${'m'.repeat(65)}`
/** The present, in every transcript. */
export const NOW = Date.parse('2026-11-22T12:00:00Z')

const CATALOG: CatalogView = {
  id: 'retell',
  title: 'Retell AI',
  sections: [
    {
      title: 'Monitor',
      permissions: [
        {
          id: 'history',
          title: 'History',
          levels: ['none', 'read', 'edit'],
          description: 'Call and chat history',
        },
        { id: 'export', title: 'Export', levels: ['none', 'edit'], description: 'Export requests' },
      ],
    },
    {
      title: 'Deploy',
      permissions: [
        { id: 'call', title: 'Call', levels: ['none', 'edit'], description: 'Calls and chat sessions' },
      ],
    },
  ],
  operations: [
    { name: 'call.list', method: 'POST', path: '/v3/list-calls', permission: 'history', level: 'read' },
    {
      name: 'call.createPhoneCall',
      method: 'POST',
      path: '/v2/create-phone-call',
      permission: 'call',
      level: 'edit',
    },
    { name: 'GET /get-concurrency', method: 'GET', path: '/get-concurrency', permission: 'any', level: null },
  ],
  overlay: [],
}

/** A key with everything at its plainest. */
export function plainKey(id: string, name: string, extras: Partial<KeyView> = {}): KeyView {
  return {
    id,
    kind: 'api',
    name,
    environment: 'production',
    access: { history: 'read' },
    state: 'active',
    conditions: { allowed_addresses: null, not_before: null },
    expires_at: null,
    note: '',
    webhook_key: false,
    secrets: [
      {
        id: `${id.slice(4)}000`,
        hint: `btg_live_${id.slice(4)}000…`,
        state: 'current',
        created_at: '2026-11-01T08:00:00Z',
        retires_at: null,
      },
    ],
    version: 1,
    created_at: '2026-11-01T08:00:00Z',
    created_by: 'key_Owner00000001',
    updated_at: '2026-11-01T08:00:00Z',
    last_used_at: null,
    last_used_address: null,
    requests_allowed: 0,
    requests_denied: 0,
    suspended: null,
    revoked: null,
    deleted: null,
    ...extras,
  }
}

/** Starts a stand-in on a free port. */
export async function startFakeManagementApi(keys: readonly KeyView[] = []): Promise<FakeManagementApi> {
  const webhooks = newFakeWebhooks()
  const state = { keys: [...keys], webhooks, seen: [] as SeenRequest[], breaks: 0, made: 0 }
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      state.seen.push({
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body,
      })
      const answered = answer(state, request, body)
      if (state.breaks > 0) {
        state.breaks--
        request.socket.destroy()
      } else {
        send(response, answered)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${String(port)}`,
    seen: state.seen,
    keys: state.keys,
    webhooks,
    breakConnections: (count) => {
      state.breaks = count
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface State {
  readonly keys: KeyView[]
  readonly webhooks: FakeWebhooks
  made: number
}

function answer(state: State, request: IncomingMessage, body: Body): Answer {
  if (request.headers.authorization !== `Bearer ${MANAGEMENT_KEY}`) {
    return problem(401, 'invalid_token', 'API key is missing or invalid.')
  }
  const url = new URL(request.url ?? '', 'http://fake')
  const [, , noun, id, verb] = url.pathname.split('/')
  if (noun === 'catalog') return { status: 200, body: CATALOG }
  if (noun === 'verify') return { status: 200, body: decide(body) }
  if (noun === 'whoami')
    return { status: 200, body: { key: plainKey('key_Owner00000001', 'Owner'), scopes: 'full' } }
  const version = request.headers['if-match'] ?? null
  const webhookCall = { method: request.method ?? '', url, version, body, at: new Date(NOW).toISOString() }
  const answered = answerWebhooks(state.webhooks, state.keys, webhookCall)
  if (answered !== null) return answered
  if (noun !== 'keys') return problem(404, 'not_found', 'There is nothing at this path.')
  if (id === undefined) {
    return request.method === 'POST' ? create(state, body) : list(state, url.searchParams)
  }
  const index = state.keys.findIndex((key) => key.id === id)
  const key = state.keys[index]
  if (key === undefined) {
    return problem(
      404,
      'not_found',
      'There is no such key in this workspace. Check the id, and whose key you call with.',
    )
  }
  const [changed, result] = change(key, `${request.method ?? ''} ${verb ?? ''}`.trim(), request, url, body)
  state.keys[index] = changed
  return result
}

function list({ keys }: State, query: URLSearchParams): Answer {
  const states = query.get('state')?.split(',')
  const found = keys.filter(
    (key) =>
      (states === undefined || states.includes(key.state)) &&
      key.name.toLowerCase().includes((query.get('name') ?? '').toLowerCase()),
  )
  const start = Number(query.get('cursor') ?? 0)
  const limit = Math.min(Number(query.get('limit') ?? 50), 2)
  const end = start + limit
  return {
    status: 200,
    body: { data: found.slice(start, end), next_cursor: end < found.length ? String(end) : null },
  }
}

function create(state: State, body: Body): Answer {
  const access = body['access'] as KeyView['access']
  if (access !== 'full' && 'foo' in access) {
    return problem(400, 'invalid_access', 'The access names what the catalog does not have.', [
      { field: 'access.foo', message: 'There is no permission "foo"; write history, export or call.' },
    ])
  }
  state.made++
  const id = `key_New${String(state.made).padStart(10, '0')}`
  const now = new Date(NOW).toISOString()
  const conditions = { allowed_addresses: null, not_before: null, ...(body['conditions'] as object) }
  const key = plainKey(id, String(body['name']), {
    ...(body as Partial<KeyView>),
    conditions,
    expires_at: (body['expires_at'] as string | undefined) ?? null,
    created_at: now,
  })
  state.keys.unshift(key)
  return { status: 201, body: { key, token: tokenOf(key, 0) } }
}

function change(
  key: KeyView,
  deed: string,
  request: IncomingMessage,
  url: URL,
  body: Body,
): [KeyView, Answer] {
  const at = new Date(NOW).toISOString()
  const mark = { at, by: 'key_Owner00000001', reason: (body['reason'] as string | undefined) ?? null }
  const done = (changes: Partial<KeyView>): [KeyView, Answer] => {
    const changed = { ...key, ...changes, version: key.version + 1 }
    return [changed, { status: 200, body: changed }]
  }
  switch (deed) {
    case 'PATCH':
      if (request.headers['if-match'] !== `"${String(key.version)}"`) {
        return [
          key,
          problem(412, 'version_conflict', 'The key was changed since you read it. Read it again.'),
        ]
      }
      return done({ access: body['access'] as KeyView['access'] })
    case 'POST rotate':
      return rotate(key, Number(body['overlap_seconds']))
    case 'POST suspend':
      return done({ state: 'suspended', suspended: mark })
    case 'POST resume':
      if (key.state === 'suspended') return done({ state: 'active', suspended: null })
      return [
        key,
        problem(
          409,
          'state_conflict',
          `The key "${key.name}" is ${key.state}; it is not possible to resume it.`,
        ),
      ]
    case 'POST revoke':
      return done({ state: body['compromised'] === true ? 'compromised' : 'deactivated', revoked: mark })
    case 'DELETE':
      if (request.headers['if-match'] === undefined && url.searchParams.get('confirm') !== key.name) {
        return [
          key,
          problem(
            428,
            'confirmation_required',
            'Deleting cannot be undone. Repeat the request with the name.',
          ),
        ]
      }
      return done({ state: 'destroyed', deleted: mark })
    default:
      return [key, { status: 200, body: key }]
  }
}

function rotate(key: KeyView, overlapSeconds: number): [KeyView, Answer] {
  const retires = new Date(NOW + overlapSeconds * 1000).toISOString()
  const [current, ...rest] = key.secrets
  if (current === undefined) throw new Error('a key has a secret')
  const generation = key.secrets.length
  const fresh = {
    ...current,
    id: `${key.id.slice(4)}00${String(generation)}`,
    created_at: new Date(NOW).toISOString(),
  }
  const old = {
    ...current,
    state: overlapSeconds > 0 ? ('retiring' as const) : ('retired' as const),
    retires_at: retires,
  }
  const ended = rest.map((secret) => ({ ...secret, state: 'destroyed' as const }))
  const changed = { ...key, secrets: [{ ...fresh, hint: `btg_live_${fresh.id}…` }, old, ...ended] }
  return [changed, { status: 200, body: { key: changed, token: tokenOf(key, generation) } }]
}

function decide(body: Body): unknown {
  const good = typeof body['token'] === 'string' && body['token'].startsWith('btg_live_New')
  const decision = { operation: null, required: null, granted: null }
  if (!good) {
    const message = 'API key is missing or invalid.'
    return { ...decision, allowed: false, status: 401, code: 'invalid_token', message, key_id: null }
  }
  const key = { ...decision, key_id: 'key_New0000000001' }
  if (body['path'] === '/v3/list-calls') {
    const message = 'The key may make this request.'
    return { ...key, allowed: true, status: 200, code: 'allowed', message, operation: 'call.list' }
  }
  return {
    ...key,
    allowed: false,
    status: 403,
    code: 'insufficient_scope',
    message: 'This API key lacks Call: Edit (it has No Access), which call.createPhoneCall needs.',
    operation: 'call.createPhoneCall',
    required: 'call:edit',
    granted: 'call:none',
  }
}

/** A token that looks like one and is none: its checksum is wrong. */
function tokenOf(key: KeyView, generation: number): string {
  return `btg_live_${key.id.slice(4)}00${String(generation)}${'s'.repeat(43)}000000`
}

function send(response: ServerResponse, { status, body }: Answer): void {
  const type = status < 400 ? 'application/json' : 'application/problem+json'
  response.writeHead(status, { 'Content-Type': type, 'Request-Id': 'request-1' })
  response.end(JSON.stringify(body))
}

async function readBody(request: IncomingMessage): Promise<Body> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text === '' ? {} : (JSON.parse(text) as Body)
}
