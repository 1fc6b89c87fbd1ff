import { randomBytes } from 'node:crypto'

/** One agent, call, chat or phone number, with the field names of the real API. */
export type Entity = Readonly<Record<string, unknown>>

/** What the sandbox answers; null is no body. */
export interface SandboxAnswer {
  readonly status: number
  readonly body: unknown
}

/** One request as the sandbox sees it. */
export interface SandboxRequest {
  /** The parameters of the path in order, decoded; `+` stays `+`. */
  readonly parameters: readonly string[]
  readonly body: Entity
  readonly query: URLSearchParams
}

type Handler = (store: SandboxStore, request: SandboxRequest) => SandboxAnswer

/** The most entities the sandbox keeps, of all kinds together; the oldest give way. */
const ENTITIES_MAX = 1000
/** The most characters of one entity as JSON, so that updates cannot make it grow without end. */
const ENTITY_LENGTH_MAX = 256 * 1024
const PAGE_LENGTH_MAX = 1000

const NOT_FOUND = failure(422, 'Cannot find requested asset under given api key.')
const TOO_LARGE = failure(400, 'Invalid request format, please check API reference.')

/** An error as the real API words it. */
export function failure(status: number, message: string): SandboxAnswer {
  return { status, body: { status: 'error', message } }
}

type Kind = 'agent' | 'chat_agent' | 'call' | 'chat' | 'phone_number'

/** Everything the sandbox remembers, until it is restarted. */
export class SandboxStore {
  /** By kind and id, in the order of their creation. */
  readonly #entities = new Map<string, { readonly kind: Kind; readonly entity: Entity }>()

  /** How many entities are kept. */
  get size(): number {
    return this.#entities.size
  }

  get(kind: Kind, id: string): Entity | null {
    return this.#entities.get(`${kind} ${id}`)?.entity ?? null
  }

  /** Keeps an entity, and lets the oldest go where there are too many. False where it is too large. */
  put(kind: Kind, id: string, entity: Entity): boolean {
    if (JSON.stringify(entity).length > ENTITY_LENGTH_MAX) return false
    this.#entities.set(`${kind} ${id}`, { kind, entity })
    for (const oldest of this.#entities.keys()) {
      if (this.#entities.size <= ENTITIES_MAX) break
      this.#entities.delete(oldest)
    }
    return true
  }

  delete(kind: Kind, id: string): boolean {
    return this.#entities.delete(`${kind} ${id}`)
  }

  /** The entities of some kinds, newest first. */
  list(kinds: readonly Kind[]): Entity[] {
    const found = [...this.#entities.values()].filter(({ kind }) => kinds.includes(kind))
    return found.map(({ entity }) => entity).reverse()
  }
}

function create(kind: Kind, id: string, fields: Entity): Handler {
  return (store, { body }) => {
    const entity = { ...fields, ...body, [idField(kind)]: id }
    return store.put(kind, id, entity) ? { status: 201, body: entity } : TOO_LARGE
  }
}

function read(kind: Kind): Handler {
  return (store, { parameters: [id = ''] }) => {
    const entity = store.get(kind, id)
    return entity === null ? NOT_FOUND : { status: 200, body: entity }
  }
}

function update(kind: Kind, status = 200, changes: () => Entity = () => ({})): Handler {
  return (store, { parameters: [id = ''], body }) => {
    const entity = store.get(kind, id)
    if (entity === null) return NOT_FOUND
    const touched = 'last_modification_timestamp' in entity && { last_modification_timestamp: Date.now() }
    const changed = { ...entity, ...body, ...touched, ...changes(), [idField(kind)]: id }
    if (!store.put(kind, id, changed)) return TOO_LARGE
    return { status, body: status === 204 ? null : changed }
  }
}

function remove(kind: Kind): Handler {
  return (store, { parameters: [id = ''] }) =>
    store.delete(kind, id) ? { status: 204, body: null } : NOT_FOUND
}

/** A page as today's list operations answer it; older ones answer the bare array. */
function list(kinds: readonly Kind[], isBare = false): Handler {
  return (store, { body, query }) => {
    const entities = store.list(kinds)
    const limit = Number(body['limit'] ?? query.get('limit') ?? PAGE_LENGTH_MAX)
    const length = Number.isInteger(limit) && limit > 0 ? Math.min(limit, PAGE_LENGTH_MAX) : PAGE_LENGTH_MAX
    const items = entities.slice(0, length)
    return { status: 200, body: isBare ? items : { items, has_more: items.length < entities.length } }
  }
}

function idField(kind: Kind): string {
  return kind === 'chat_agent' ? 'agent_id' : kind === 'phone_number' ? kind : `${kind}_id`
}

function newId(prefix: string): string {
  return `${prefix}_${randomBytes(14).toString('hex')}`
}

function createAgent(kind: 'agent' | 'chat_agent'): Handler {
  return (store, request) => {
    const fields = { version: 0, is_published: false, last_modification_timestamp: Date.now() }
    return create(kind, newId('agent'), fields)(store, request)
  }
}

function createCall(type: 'phone_call' | 'web_call', status = 'registered'): Handler {
  return (store, request) => {
    const { override_agent_id: overriding, agent_id: agent } = request.body
    const common = { call_type: type, call_status: status, agent_version: 0, start_timestamp: Date.now() }
    const special = type === 'phone_call' ? { direction: 'outbound' } : { access_token: newId('sandbox') }
    const fields = { ...common, ...special, agent_id: agent ?? overriding ?? 'agent_sandbox' }
    return create('call', newId('call'), fields)(store, request)
  }
}

/** What a web call answers since its third version: what a browser needs to join, and not the call. */
const createWebCall: Handler = (store, request) => {
  const created = createCall('web_call')(store, request)
  const { call_id, access_token } = created.body as Entity
  if (call_id === undefined) return created
  const expires_at = Date.now() + 30_000
  return { status: 201, body: { call_id, access_token, expires_at, ice_servers: [], transport: 'gateway' } }
}

const createChat: Handler = (store, request) => {
  const fields = {
    chat_status: 'ongoing',
    chat_type: 'api_chat',
    start_timestamp: Date.now(),
    transcript: '',
    message_with_tool_calls: [],
  }
  return create('chat', newId('chat'), fields)(store, request)
}

function createPhoneNumber(type: 'retell-twilio' | 'custom'): Handler {
  return (store, request) => {
    const { phone_number: wanted, area_code: area } = request.body
    const generated = `+1${typeof area === 'number' ? String(area) : '415'}${String(randomBytes(4).readUInt32BE() % 1e7).padStart(7, '0')}`
    const number = typeof wanted === 'string' && wanted !== '' ? wanted : generated
    const fields = {
      phone_number_type: type,
      phone_number_pretty: number,
      last_modification_timestamp: Date.now(),
    }
    return create('phone_number', number, fields)(store, request)
  }
}

const concurrency: Handler = (store) => ({
  status: 200,
  body: {
    current_concurrency: store.list(['call']).filter((call) => call['call_status'] === 'ongoing').length,
    concurrency_limit: 20,
    base_concurrency: 20,
    purchased_concurrency: 0,
    concurrency_purchase_limit: 100,
    remaining_purchase_limit: 100,
    concurrency_burst_enabled: false,
    concurrency_burst_limit: 0,
    reserved_inbound_concurrency: 0,
  },
})

const ended = (): Entity => ({ chat_status: 'ended', end_timestamp: Date.now() })
const stopped = (): Entity => ({
  call_status: 'ended',
  disconnection_reason: 'manual_stopped',
  end_timestamp: Date.now(),
})

/** What the sandbox can do, by method and path template. */
export const SANDBOX_HANDLERS: ReadonlyMap<string, Handler> = new Map([
  [
    'GET /get-api-key-info',
    () => ({ status: 200, body: { api_key_name: 'Sandbox', org_name: 'Bitting sandbox' } }),
  ],
  ['GET /get-concurrency', concurrency],

  ['POST /create-agent', createAgent('agent')],
  ['GET /get-agent/{agent_id}', read('agent')],
  ['PATCH /update-agent/{agent_id}', update('agent')],
  ['DELETE /delete-agent/{agent_id}', remove('agent')],
  ['POST /create-chat-agent', createAgent('chat_agent')],
  ['GET /get-chat-agent/{agent_id}', read('chat_agent')],
  ['PATCH /update-chat-agent/{agent_id}', update('chat_agent')],
  ['DELETE /delete-chat-agent/{agent_id}', remove('chat_agent')],
  ['POST /v2/list-agents', list(['agent', 'chat_agent'])],
  ['GET /list-agents', list(['agent'], true)],
  ['GET /list-chat-agents', list(['chat_agent'], true)],

  ['POST /v2/create-phone-call', createCall('phone_call')],
  ['POST /create-phone-call', createCall('phone_call')],
  ['POST /v2/register-phone-call', createCall('phone_call')],
  ['POST /register-call', createCall('phone_call')],
  ['POST /v3/create-web-call', createWebCall],
  ['POST /v2/create-web-call', createCall('web_call')],
  ['GET /v2/get-call/{call_id}', read('call')],
  ['GET /get-call/{call_id}', read('call')],
  ['PATCH /v2/update-call/{call_id}', update('call')],
  ['POST /v2/stop-call/{call_id}', update('call', 204, stopped)],
  ['DELETE /v2/delete-call/{call_id}', remove('call')],
  ['POST /v3/list-calls', list(['call'])],
  ['POST /v2/list-calls', list(['call'], true)],
  ['GET /list-calls', list(['call'], true)],

  ['POST /create-chat', createChat],
  ['GET /get-chat/{chat_id}', read('chat')],
  ['PATCH /update-chat/{chat_id}', update('chat')],
  ['PATCH /end-chat/{chat_id}', update('chat', 204, ended)],
  ['DELETE /delete-chat/{chat_id}', remove('chat')],
  ['POST /v3/list-chats', list(['chat'])],
  ['GET /list-chat', list(['chat'], true)],

  ['POST /create-phone-number', createPhoneNumber('retell-twilio')],
  ['POST /import-phone-number', createPhoneNumber('custom')],
  ['GET /get-phone-number/{phone_number}', read('phone_number')],
  ['PATCH /update-phone-number/{phone_number}', update('phone_number')],
  ['DELETE /delete-phone-number/{phone_number}', remove('phone_number')],
  ['GET /v2/list-phone-numbers', list(['phone_number'])],
  ['GET /list-phone-numbers', list(['phone_number'], true)],
])
