import { inspect } from 'node:util'
import { ApiError, ConnectionError, ManagementClient, presetAccess, PRESETS } from '@bitting/client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  MANAGEMENT_KEY,
  plainKey,
  startFakeManagementApi,
  type FakeManagementApi,
} from '../cli/support/fake-management-api.js'

const ID = 'key_Sync000000001'
const CREATE = { name: 'x', environment: 'staging', access: { call: 'edit' } } as const

let api: FakeManagementApi
let client: ManagementClient

beforeEach(async () => {
  api = await startFakeManagementApi(
    ['1', '2', '3', '4', '5'].map((n) => plainKey(`key_Sync00000000${n}`, `key ${n}`)),
  )
  client = new ManagementClient({ url: `${api.url}/`, managementKey: MANAGEMENT_KEY, userAgent: 'test' })
})

afterEach(() => api.close())

describe('requests', () => {
  it('carry the key, the version and the name of the program', async () => {
    await client.keys.update(ID, { access: 'full' }, 1)
    expect(api.seen[0]).toMatchObject({
      method: 'PATCH',
      path: `/v1/keys/${ID}`,
      body: { access: 'full' },
      headers: { authorization: `Bearer ${MANAGEMENT_KEY}`, 'if-match': '"1"', 'user-agent': 'test' },
    })
  })

  it('go through a list page after page', async () => {
    const names: string[] = []
    for await (const key of client.keys.list({ states: ['active', 'suspended'] })) names.push(key.name)
    expect(names).toEqual(['key 1', 'key 2', 'key 3', 'key 4', 'key 5'])
    expect(api.seen.map(({ path }) => path)).toEqual([
      '/v1/keys?state=active%2Csuspended&limit=100',
      '/v1/keys?state=active%2Csuspended&limit=100&cursor=2',
      '/v1/keys?state=active%2Csuspended&limit=100&cursor=4',
    ])
  })

  it('ask for one page where that is wanted', async () => {
    const page = await client.keys.listPage({ name: 'KEY' }, { limit: 1 })
    expect(page.data).toHaveLength(1)
    expect(page.next_cursor).toBe('1')
  })

  it.each(['', '..', '.', 'a/b', 'key_1?x', '%2e%2e'])('never go to another operation by the id %j', (id) => {
    expect(() => client.keys.get(id)).toThrow(TypeError)
    expect(api.seen).toHaveLength(0)
  })
})

describe('a broken connection', () => {
  it('is tried again once, with the same Idempotency-Key, where something is created', async () => {
    api.breakConnections(1)
    const { key } = await client.keys.create(CREATE)
    expect(key.name).toBe('x')
    const [first, second] = api.seen.map(({ headers }) => headers['idempotency-key'])
    expect(first).toMatch(/^[0-9a-f-]{36}$/)
    expect(second).toBe(first)
    await client.keys.rotate(key.id, 60)
    expect(api.seen[2]?.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/)
    expect(api.seen[2]?.headers['idempotency-key']).not.toBe(first)
  })

  it('is tried again once only', async () => {
    api.breakConnections(2)
    await expect(client.keys.create(CREATE)).rejects.toThrow(ConnectionError)
    expect(api.seen).toHaveLength(2)
  })

  it('is not tried again where a repetition could do harm', async () => {
    api.breakConnections(1)
    await expect(client.keys.suspend(ID)).rejects.toThrow(ConnectionError)
    expect(api.seen).toHaveLength(1)
    expect(api.seen[0]?.headers).not.toHaveProperty('idempotency-key')
  })
})

describe('errors', () => {
  it('carry the problem', async () => {
    const error = await errorOf(client.keys.create({ ...CREATE, access: { foo: 'edit' } }))
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({
      status: 400,
      code: 'invalid_access',
      detail: 'The access names what the catalog does not have.',
      errors: [{ field: 'access.foo' }],
      requestId: 'request-1',
    })
  })

  it('say that nothing answers', async () => {
    await api.close()
    const error = await errorOf(client.whoami())
    expect(error).toBeInstanceOf(ConnectionError)
    expect((error as Error).message).toBe(`${api.url} cannot be reached: the connection was refused`)
    api = await startFakeManagementApi()
  })

  it('say that an answer took too long, and do not ask again', async () => {
    let calls = 0
    const slow: typeof fetch = (_, init) => {
      calls++
      return new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => {
          reject(init.signal?.reason as Error)
        })
      })
    }
    const waiting = new ManagementClient({
      url: 'http://api',
      managementKey: MANAGEMENT_KEY,
      fetch: slow,
      timeoutMilliseconds: 20,
    })
    const error = await errorOf(waiting.whoami())
    expect(error).toMatchObject({ timedOut: true, reason: 'no answer came within 0.02 seconds' })
    expect(calls).toBe(1)
  })

  it.each([
    [new Response('<html>Sign in</html>'), 200],
    [new Response('Bad gateway', { status: 502 }), 502],
    [new Response('[]', { status: 500 }), 500],
    [new Response(null, { status: 302, headers: { location: 'https://elsewhere.example' } }), 302],
  ])('tell a stranger from the management API', async (response, status) => {
    const stranger = clientOf(() => Promise.resolve(response))
    expect(await errorOf(stranger.whoami())).toMatchObject({ code: 'unexpected_answer', status })
  })
})

describe('the management key', () => {
  const TOKEN = 'btg_live_shown-to-verify'

  it('is in no error, though a proxy echo it', async () => {
    const echo = clientOf((_, init) => {
      const { Authorization: header } = init?.headers as Record<string, string>
      const detail = `refused ${header ?? ''} ${init?.body as string}`
      return Promise.resolve(
        new Response(JSON.stringify({ code: 'x', detail, echo: detail }), { status: 400 }),
      )
    })
    const error = await errorOf(echo.verify({ token: TOKEN, method: 'GET', path: '/' }))
    expect(error).toBeInstanceOf(ApiError)
    const shown = `${inspect(error, { depth: 9 })} ${(error as Error).stack ?? ''}`
    expect(shown).toContain('[redacted]')
    expect(shown).not.toContain(MANAGEMENT_KEY)
    expect(shown).not.toContain(TOKEN)
  })

  it('is in no inspection of the client', () => {
    expect(inspect(client, { depth: 9, showHidden: true })).not.toContain(MANAGEMENT_KEY)
    expect(JSON.stringify(client)).not.toContain(MANAGEMENT_KEY)
  })

  it.each(['', 'a b', 'a\nb', 'schlüssel'])(
    'is refused as %j before a runtime can quote it',
    (managementKey) => {
      expect(() => new ManagementClient({ url: api.url, managementKey })).toThrow(
        /characters that no key has/,
      )
    },
  )

  it.each(['', 'ftp://x', 'http://user:pass@x', 'localhost:4700'])('does not go to %j', (url) => {
    expect(() => new ManagementClient({ url, managementKey: MANAGEMENT_KEY })).toThrow(TypeError)
  })
})

describe('presets', () => {
  const permissions = [
    { id: 'history', levels: ['none', 'read', 'edit'] },
    { id: 'export', levels: ['none', 'edit'] },
    { id: 'call', levels: ['none', 'edit'] },
  ] as const

  it('are cut from the catalog', () => {
    expect(presetAccess('read-only', permissions)).toEqual({ history: 'read' })
    expect(presetAccess('outbound-caller', permissions)).toEqual({ call: 'edit' })
    expect(presetAccess('ci-testing', permissions)).toBeNull()
    expect(PRESETS.map(({ id }) => id)).toContain('history-reader')
  })
})

function clientOf(answer: typeof fetch): ManagementClient {
  return new ManagementClient({ url: 'http://api', managementKey: MANAGEMENT_KEY, fetch: answer })
}

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
