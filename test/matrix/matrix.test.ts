import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type ApiAnswer, type TestServer } from '../support/server.js'
import {
  expectedRefusal,
  LEVELS_OF_PERMISSION,
  operationOf,
  OPERATIONS,
  PERMISSIONS,
  UNRESTRICTED_ONLY,
  type Access,
  type ExpectedRefusal,
  type Operation,
} from './expectation.js'
import { sendRaw, type RawAnswer, type RawRequest } from './raw-http.js'
import { headerOf, Recorder, wireForm, type RecordedRequest } from './recorder.js'
import { METHODS, SdkProcess, type Outcome, type SdkError } from './sdk.js'
import type { SdkMethod } from './sdk-methods.js'

/** The credential of the upstream: of the form of Retell's own keys. */
const UPSTREAM_KEY = 'key_3f9c0a1b2d4e5f60718293a4b5c6'

/** The digest of retell-sdk 5.66.1 in the registry. */
const SDK_INTEGRITY =
  'sha512-UyY8rACt/M/WdKGr514jI9QTkUWveiehPT6mk4cN3af7AmmgzAsGXTTdcbdcs8WEFLWkQRvGVgKMegFLinVNCw=='

/** The accesses of the matrix by what they are called. */
const ACCESSES: readonly (readonly [title: string, access: Access])[] = [
  ['full access', 'full'],
  ['nothing', {}],
  ...PERMISSIONS.flatMap((title) =>
    LEVELS_OF_PERMISSION[title].map(
      (level) => [`${title}: ${level}`, { [title.toLowerCase()]: level }] as const,
    ),
  ),
  ['Agent: read and Call: edit', { agent: 'read', call: 'edit' }],
  ['History: edit and Export: edit', { history: 'edit', export: 'edit', agent: 'none' }],
  ['Testing: edit and Phone: read', { testing: 'edit', phone: 'read' }],
  ['read wherever there is Read', { agent: 'read', testing: 'read', history: 'read', phone: 'read' }],
  ['edit everywhere', Object.fromEntries(PERMISSIONS.map((title) => [title.toLowerCase(), 'edit']))],
  ['No Access everywhere', Object.fromEntries(PERMISSIONS.map((title) => [title.toLowerCase(), 'none']))],
]

/** What the older versions of the SDK call; today's does not. */
const OLDER_PATHS = OPERATIONS.filter(({ sdk }) => sdk === undefined)

/** What is no operation at all: a new endpoint, a known path with another method, a segment too few or too many. */
const UNMAPPED: readonly RawRequest[] = [
  { method: 'GET', target: '/v4/list-agents' },
  { method: 'POST', target: '/create-agent-folder', body: '{"name":"Sales"}' },
  { method: 'DELETE', target: '/list-voices' },
  { method: 'PUT', target: '/update-agent/agent_1', body: '{}' },
  { method: 'GET', target: '/get-agent' },
  { method: 'GET', target: '/get-agent/agent_1/versions' },
]

const raw = (operation: Operation, index: number): RawRequest => {
  const target = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => `${name}_${String(index)}`)
  return operation.method === 'GET'
    ? { method: 'GET', target: `${target}?limit=${String(index + 1)}&pagination_key=a%2Bb+c%3D` }
    : { method: operation.method, target, body: JSON.stringify({ older: index, name: 'Zoë' }) }
}

/** A call without the SDK, and whether a key may make it. */
interface RawCase {
  readonly name: string
  readonly request: RawRequest
  readonly refusalFor: (access: Access) => ExpectedRefusal | null
}

const RAW_CASES: readonly RawCase[] = [
  ...OLDER_PATHS.map((operation, index) => ({
    name: `${operation.method} ${operation.path}`,
    request: raw(operation, index),
    refusalFor: (access: Access) => expectedRefusal(access, operation),
  })),
  ...UNMAPPED.map((request) => ({
    name: `${request.method} ${request.target}`,
    request,
    refusalFor: (access: Access) => (access === 'full' ? null : UNRESTRICTED_ONLY),
  })),
]

const closers: (() => Promise<void>)[] = []
let recorder: Recorder
let server: TestServer
/** What the SDK sends for each method, and is given, where no gateway is in between. */
const direct = new Map<SdkMethod, { request: RecordedRequest; outcome: Outcome }>()
const directRaw = new Map<string, { request: RecordedRequest; answer: RawAnswer }>()
/** Which call a request is, by its form on the wire. */
const nameOfWireForm = new Map<string, string>()
const tokens: string[] = []
const tally = { allowed: 0, refused: 0 }

beforeAll(async () => {
  recorder = await Recorder.start()
  closers.push(() => recorder.close())
  await recordDirectCalls()
  server = await startServer({ BITTING_UPSTREAM: recorder.origin, BITTING_UPSTREAM_KEY: UPSTREAM_KEY })
  closers.push(() => server.close())
})

afterAll(async () => {
  for (const close of closers.reverse()) await close()
})

async function recordDirectCalls(): Promise<void> {
  const sdk = await SdkProcess.start(recorder.origin, UPSTREAM_KEY)
  for (const method of METHODS) {
    const outcome = await sdk.call(method)
    const [request, ...more] = recorder.take()
    if (outcome.error !== null || request === undefined || more.length > 0) {
      throw new Error(`${method} did not make one request: ${JSON.stringify(outcome.error)}`)
    }
    direct.set(method, { request, outcome })
    nameOfWireForm.set(wireForm(request), method)
  }
  await sdk.close()
  for (const { name, request } of RAW_CASES) {
    const answer = await sendRaw(recorder.origin, request, `Bearer ${UPSTREAM_KEY}`)
    const [recorded] = recorder.take()
    directRaw.set(name, { request: recorded!, answer })
    nameOfWireForm.set(wireForm(recorded!), name)
  }
}

/** Which calls arrived upstream, sorted; a request that is not byte for byte one of the direct calls is shown whole. */
function arrived(): string[] {
  const requests = recorder.take()
  for (const request of requests) expect(headerOf(request, 'authorization')).toBe(`Bearer ${UPSTREAM_KEY}`)
  return requests.map((request) => nameOfWireForm.get(wireForm(request)) ?? wireForm(request)).sort()
}

function refusalOf(method: SdkMethod, access: Access): ExpectedRefusal | null {
  const operation = operationOf(direct.get(method)!.request.requestLine)
  if (operation === null) throw new Error(`the vectors do not have what ${method} calls`)
  return expectedRefusal(access, operation)
}

function expectPermissionDenied(error: SdkError | null, refusal: ExpectedRefusal, method: SdkMethod): void {
  expect(error, method).not.toBeNull()
  expect(error!.instanceOf, method).toContain('PermissionDeniedError')
  expect(error!.status, method).toBe(403)
  expect(error!.message, method).toBe(`403 ${String(error!.body?.['message'])}`)
  expectRefusalDocument(error!.body!, refusal, method)
  expect(error!.headers, method).toMatchObject({
    'www-authenticate': refusal.challenge,
    'x-should-retry': 'false',
    'cache-control': 'no-store',
  })
}

function expectRefusalDocument(
  body: Readonly<Record<string, unknown>>,
  refusal: ExpectedRefusal,
  call: string,
): void {
  for (const words of refusal.words) expect(body['message'], call).toContain(words)
  const { code, required, granted } = refusal
  expect({ ...body, message: '' }, call).toEqual({
    status: 'error',
    message: '',
    code,
    ...(required !== undefined && { required }),
    ...(granted !== undefined && { granted }),
  })
}

/** Calls everything with a key and checks that what it may call arrives upstream, as it was sent, and nothing else. */
async function expectExactly(access: Access, token: string, sdk: SdkProcess): Promise<void> {
  await expectExactlyBySdk(access, sdk)
  await expectExactlyByHand(access, token)
}

async function expectExactlyBySdk(access: Access, sdk: SdkProcess): Promise<void> {
  recorder.take()
  const outcomes = await sdk.callAll()
  const allowed = METHODS.filter((method) => refusalOf(method, access) === null)
  expect(arrived()).toEqual([...allowed].sort())
  expect(outcomes.filter(({ error }) => error === null).map(({ method }) => method)).toEqual(allowed)
  for (const { method, requests, value, error } of outcomes) {
    const { outcome } = direct.get(method)!
    const sent = outcome.requests.map((request) => ({ ...request, origin: server.gatewayUrl }))
    expect(requests, `${method} is sent once, and to the gateway`).toEqual(sent)
    const refusal = refusalOf(method, access)
    if (refusal === null) expect(value, method).toEqual(outcome.value)
    else expectPermissionDenied(error, refusal, method)
  }
  tally.allowed += allowed.length
  tally.refused += METHODS.length - allowed.length
}

async function expectExactlyByHand(access: Access, token: string): Promise<void> {
  const answers = await Promise.all(
    RAW_CASES.map(async ({ request }) => sendRaw(server.gatewayUrl, request, `Bearer ${token}`)),
  )
  const allowed = RAW_CASES.filter(({ refusalFor }) => refusalFor(access) === null)
  expect(arrived()).toEqual(allowed.map(({ name }) => name).sort())
  RAW_CASES.forEach(({ name, refusalFor }, index) => {
    const { status, body, headers } = answers[index]!
    const refusal = refusalFor(access)
    if (refusal === null) {
      expect({ status, body }, name).toMatchObject({
        status: directRaw.get(name)!.answer.status,
        body: directRaw.get(name)!.answer.body,
      })
      return
    }
    expect(status, name).toBe(403)
    expect(headers, name).toMatchObject({ 'www-authenticate': refusal.challenge, 'x-should-retry': 'false' })
    expectRefusalDocument(JSON.parse(body) as Record<string, unknown>, refusal, name)
  })
  tally.allowed += allowed.length
  tally.refused += RAW_CASES.length - allowed.length
}

describe('the stock SDK', () => {
  it('is the package of the registry, and says its version in each request', () => {
    const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as {
      packages: Record<string, { version: string; integrity: string }>
    }
    expect(lock.packages['node_modules/retell-sdk']).toMatchObject({
      version: '5.66.1',
      integrity: SDK_INTEGRITY,
    })
    const agents = METHODS.map((method) => headerOf(direct.get(method)!.request, 'user-agent'))
    expect(new Set(agents)).toEqual(new Set(['Retell/JS 5.66.1']))
  })

  it('is told the address and the key by its environment, and nothing else by anything', async () => {
    const { token } = await createKey({})
    const sdk = await SdkProcess.start(server.gatewayUrl, token)
    await sdk.close()
    expect(sdk.greeting).toMatchObject({ baseUrl: server.gatewayUrl, maxRetries: 2 })
    expect([...sdk.greeting.environment].sort()).toEqual(['RETELL_API_KEY', 'RETELL_BASE_URL'])
  })

  it('has a case here for every one of its 114 methods', async () => {
    const sdk = await SdkProcess.start(recorder.origin, UPSTREAM_KEY)
    await sdk.close()
    expect([...sdk.greeting.methods].sort()).toEqual([...METHODS].sort())
    expect(METHODS).toHaveLength(114)
  })

  it('calls the 110 operations of the vectors, each by the method they name, and four by a second one', () => {
    const called = METHODS.map((method) => operationOf(direct.get(method)!.request.requestLine))
    expect(called).not.toContain(null)
    expect(new Set(called)).toEqual(new Set(OPERATIONS.filter(({ sdk }) => sdk !== undefined)))
    expect(new Set(called).size).toBe(110)
    const second = METHODS.filter((method, index) => called[index]?.sdk !== `client.${method}`)
    expect(new Set(second)).toEqual(
      new Set(['chatAgent.createVersion', 'chatAgent.deleteVersion', 'chatAgent.list', 'chatAgent.publish']),
    )
  })

  it('sends requests that are told apart by their bytes alone', () => {
    expect(nameOfWireForm.size).toBe(METHODS.length + RAW_CASES.length)
    expect(OLDER_PATHS).toHaveLength(18)
  })

  it('sends forms for the five uploads, and no body and no content type where there is nothing to say', () => {
    const withType = (type: string): SdkMethod[] =>
      METHODS.filter((method) => headerOf(direct.get(method)!.request, 'content-type')?.startsWith(type))
    expect(withType('multipart/form-data')).toEqual([
      'knowledgeBase.create',
      'knowledgeBase.addSources',
      'voice.clone',
      'asset.create',
      'contact.uploadImportFile',
    ])
    const empty = METHODS.filter((method) => {
      const { requestLine, body } = direct.get(method)!.request
      return /^(?:POST|PUT|PATCH) /.test(requestLine) && body.length === 0
    })
    expect(empty).toEqual([
      'agent.repair',
      'call.rerunAnalysis',
      'chat.rerunAnalysis',
      'call.listenLive',
      'call.stop',
      'chat.end',
      'app.testAuth',
      'crm.runSyncJob',
    ])
    for (const method of empty) expect(headerOf(direct.get(method)!.request, 'content-type')).toBeNull()
  })

  it('keeps the plus of a phone number in the path', () => {
    const lines = METHODS.map((method) => direct.get(method)!.request.requestLine)
    expect(lines).toContain('GET /get-phone-number/+14157774444 HTTP/1.1')
    expect(lines).toContain('GET /get-contact-by-phone/+442071838750 HTTP/1.1')
  })
})

describe('a key created with', () => {
  let sdk: SdkProcess

  beforeAll(async () => {
    sdk = await SdkProcess.start(server.gatewayUrl, 'none-yet')
  })

  afterAll(() => sdk.close())

  it.each(ACCESSES)('%s reaches exactly what that opens', async (_title, access) => {
    const { token } = await createKey(access)
    await sdk.startOver(token)
    await expectExactly(access, token, sdk)
  })
})

describe('one key, edited again and again while its client lives', () => {
  let key: { id: string; token: string }
  let sdk: SdkProcess

  beforeAll(async () => {
    key = await createKey({})
    sdk = await SdkProcess.start(server.gatewayUrl, key.token)
  })

  afterAll(() => sdk.close())

  // Backwards, so that no step is from an access to the same one with a little more.
  it.each([...ACCESSES].reverse())('to %s: reaches exactly what that opens', async (_title, access) => {
    expect((await edit(access)).status).toBe(200)
    await expectExactly(access, key.token, sdk)
  })

  it('to a level that the permission does not have: is refused, and stays what it was', async () => {
    expect((await edit({ history: 'read' })).status).toBe(200)
    for (const permission of ['export', 'call']) {
      expect(await edit({ [permission]: 'read' })).toMatchObject({
        status: 400,
        body: { code: 'invalid_access', errors: [{ field: `access.${permission}` }] },
      })
    }
    expect(await server.call('GET', `/v1/keys/${key.id}`)).toMatchObject({
      body: { access: { history: 'read' } },
    })
  })

  const edit = (access: Access): Promise<ApiAnswer> => server.call('PATCH', `/v1/keys/${key.id}`, { access })
})

describe('when all of it is over', () => {
  it('the keys have counted every call once, as allowed or refused', async () => {
    const counted = async (): Promise<typeof tally> => {
      const answer = await server.call('GET', '/v1/keys?kind=api&limit=100')
      const { data } = answer.body as { data: { requests_allowed: number; requests_denied: number }[] }
      return {
        allowed: data.reduce((total, key) => total + key.requests_allowed, 0),
        refused: data.reduce((total, key) => total + key.requests_denied, 0),
      }
    }
    await expect.poll(counted, { timeout: 30_000, interval: 200 }).toEqual(tally)
  })

  it('nothing has arrived upstream that no call accounts for', () => {
    expect(recorder.take()).toEqual([])
    expect(recorder.requests).toHaveLength(METHODS.length + RAW_CASES.length + tally.allowed)
  })

  it('no token, and no secret of one, has reached the upstream in any byte', () => {
    const everything = Buffer.concat(recorder.requests.map((request) => request.raw))
    expect(everything.includes(UPSTREAM_KEY)).toBe(true)
    for (const token of tokens) {
      expect(everything.includes(token.slice(-65, -49))).toBe(false)
      expect(everything.includes(token.slice(-49, -6))).toBe(false)
    }
  })
})

async function createKey(access: Access): Promise<{ id: string; token: string }> {
  const key = await server.createKey(access)
  tokens.push(key.token)
  return key
}
