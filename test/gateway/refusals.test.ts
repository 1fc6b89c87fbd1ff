import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { secretIdIn, shippedCatalog, startGateway, World } from './support.js'
import { ask, bearer, RawCaller, RawUpstream, requestBytes, type RawResponse } from './raw-http.js'
import { Cleanup } from './waiting.js'
import { OperationMatcher } from '@bitting/core'

const cleanup = new Cleanup()
let world: World
let upstream: RawUpstream
let port: number

beforeEach(async () => {
  world = new World()
  upstream = await RawUpstream.start(cleanup)
  port = (await startGateway(cleanup, world, upstream.origin)).port
})
afterEach(() => cleanup.run())

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The bytes of an answer without those that change with the clock. */
function stable(response: RawResponse): string {
  return `${response.head.replace(/^Date: .*$/m, 'Date: -')}\r\n\r\n${response.body.toString('latin1')}`
}

/** The same token with the last character of its secret changed and a right checksum no longer. */
function mutate(token: string, index: number): string {
  const other = token[index] === 'A' ? 'B' : 'A'
  return token.slice(0, index) + other + token.slice(index + 1)
}

describe('guessers', () => {
  it('answers every kind of wrong credential with the same bytes, on every path', async () => {
    const token = world.addKey()
    const management = world.addKey({ kind: 'management' })
    const unknown = new World().addKey()
    const credentials: readonly (readonly string[])[] = [
      [],
      ['Authorization:'],
      ['Authorization: Bearer'],
      ['Authorization: Bearer '],
      ['Authorization: Bearer null'],
      ['Authorization: Bearer undefined'],
      ['Authorization: Basic dXNlcjpwYXNz'],
      ['Authorization: btg_live_x'],
      ['Authorization: Bearer\tx'],
      [`Authorization: Bearer\t${token}`],
      [`Authorization: Bearer ${token},${token}`],
      [`Authorization: Bearer ${token} ${token}`],
      [`Authorization: Token ${token}`],
      [bearer(unknown)],
      [bearer(mutate(token, token.length - 1))],
      [bearer(mutate(token, token.length - 10))],
      [bearer(token.slice(0, -1))],
      [bearer(`${token}A`)],
      [bearer(token.toUpperCase())],
      [bearer(management)],
      [bearer('A'.repeat(255))],
      [bearer('A'.repeat(4000))],
    ]
    for (const target of ['/get-agent/x', '/no-such-path', '/health', '/get-api-key-info?a=1']) {
      const answers = new Set<string>()
      for (const lines of credentials) {
        answers.add(stable(await ask(cleanup, port, requestBytes('GET', target, lines))))
      }
      expect([...answers]).toHaveLength(1)
      const [answer = ''] = answers
      expect(answer).toMatch(/^HTTP\/1\.1 401 /)
      expect(answer).toContain('WWW-Authenticate: Bearer error="invalid_token"\r\n')
      expect(answer).toContain(
        '{"status":"error","message":"API key is missing or invalid.","code":"invalid_token"}',
      )
      // An id of its own would make every answer another one, and would say that something was recorded.
      expect(answer).not.toMatch(/request-id/i)
    }
    expect(upstream.requests).toEqual([])
  })

  it('gives the same answer to a wrong secret whatever state its key is in', async () => {
    const answers = new Set<string>()
    for (const spec of [
      {},
      { state: 'revoked' },
      { state: 'suspended' },
      { expiresAt: 1 },
      { allowedAddresses: [] },
    ] as const) {
      const token = world.addKey(spec)
      answers.add(
        stable(await ask(cleanup, port, requestBytes('GET', '/get-agent/x', [bearer(mutate(token, 40))]))),
      )
    }
    expect(answers.size).toBe(1)
  })

  it('refuses a management key exactly like a stranger, also for what its own catalog would allow', async () => {
    const management = world.addKey({ kind: 'management' })
    const stranger = await ask(cleanup, port, requestBytes('GET', '/v1/keys'))
    const manager = await ask(cleanup, port, requestBytes('GET', '/v1/keys', [bearer(management)]))
    expect(stable(manager)).toBe(stable(stranger))
  })

  it('accepts the scheme in any case and any number of spaces', async () => {
    const token = world.addKey()
    for (const scheme of ['bearer', 'BEARER', 'BeArEr']) {
      const line = `authorization: ${scheme}   ${token}`
      expect((await ask(cleanup, port, requestBytes('GET', '/get-agent/x', [line]))).status).toBe(200)
    }
  })
})

describe('holders', () => {
  it.each([
    ['key_revoked', 401, { state: 'revoked' }],
    ['key_suspended', 401, { state: 'suspended' }],
    ['key_expired', 401, { expiresAt: 1_700_000_000 }],
    ['secret_retired', 401, { expiresAt: 1_700_000_000, retiring: true }],
    ['key_not_yet_active', 401, { notBefore: 1_900_000_000 }],
    ['address_not_allowed', 403, { allowedAddresses: ['192.0.2.0/24'] }],
  ] as const)('are told %s', async (code, status, spec) => {
    const token = world.addKey(spec)
    const response = await ask(cleanup, port, requestBytes('GET', '/get-agent/x', [bearer(token)]))
    expect(response.status).toBe(status)
    expect(response.json()).toEqual({ status: 'error', message: expect.any(String) as string, code })
    expect(response.header('cache-control')).toEqual(['no-store'])
    expect(response.header('x-should-retry')).toEqual(['false'])
    expect(response.header('www-authenticate')[0]).toContain(`error_description="${code}"`)
    expect(response.header('bitting-request-id')).toEqual([expect.stringMatching(UUID)])
    expect(upstream.requests).toEqual([])
  })

  it('are told the permission and level they lack, and where to change it', async () => {
    const token = world.addKey({ access: { history: 'read' } })
    const response = await ask(cleanup, port, requestBytes('POST', '/v2/create-phone-call', [bearer(token)]))
    expect(response.status).toBe(403)
    expect(response.json()).toEqual({
      status: 'error',
      message: expect.stringMatching(
        /lacks Call: Edit \(it has No Access\).*call\.createPhoneCall.*API Keys/,
      ) as string,
      code: 'insufficient_scope',
      required: 'call:edit',
      granted: 'call:none',
    })
    expect(response.header('www-authenticate')).toEqual([
      'Bearer error="insufficient_scope", scope="call:edit"',
    ])
  })

  it('get an id with each refusal, another every time, and none with what the upstream answers', async () => {
    const refused = requestBytes('POST', '/v2/create-phone-call', [bearer(world.addKey({ access: {} }))])
    const answers = [await ask(cleanup, port, refused), await ask(cleanup, port, refused)]
    const ids = answers.flatMap((answer) => answer.header('bitting-request-id'))
    expect(new Set(ids).size).toBe(2)
    const allowed = await ask(cleanup, port, requestBytes('GET', '/get-agent/x', [bearer(world.addKey())]))
    expect(allowed.status).toBe(200)
    expect(allowed.header('bitting-request-id')).toEqual([])
  })

  it('are refused what nobody mapped unless their key is full', async () => {
    const restricted = world.addKey({ access: { agent: 'edit', call: 'edit' } })
    const refused = await ask(cleanup, port, requestBytes('GET', '/new-thing', [bearer(restricted)]))
    expect(refused.json()).toMatchObject({ status: 'error', code: 'operation_unmapped' })
    const allowed = await ask(cleanup, port, requestBytes('GET', '/new-thing', [bearer(world.addKey())]))
    expect(allowed.status).toBe(200)
  })

  it('get problem documents where their catalog says so', async () => {
    const catalog = { ...shippedCatalog('retell'), errors: 'problem' as const }
    world.addWorkspace('ws_problem', null, { catalog, matcher: new OperationMatcher(catalog.operations) })
    const token = world.addKey({ workspaceId: 'ws_problem', access: {} })
    const response = await ask(cleanup, port, requestBytes('GET', '/get-agent/x', [bearer(token)]))
    expect(response.header('content-type')).toEqual(['application/problem+json'])
    expect(response.json()).toMatchObject({
      type: '/docs/problems#insufficient_scope',
      status: 403,
      code: 'insufficient_scope',
      reason: 'insufficient_scope',
      required: 'agent:read',
      granted: 'agent:none',
    })
  })

  it('see the change of a key on the same connection at once', async () => {
    const token = world.addKey({ access: { agent: 'read' } })
    const caller = await RawCaller.open(cleanup, port)
    const bytes = requestBytes('GET', '/get-agent/x', [bearer(token)])
    caller.send(bytes)
    expect((await caller.response()).status).toBe(200)
    world.changeKey(token, { access: { agent: 'read' }, state: 'revoked' })
    caller.send(bytes)
    expect((await caller.response()).status).toBe(401)
    world.table.remove(secretIdIn(token))
    caller.send(bytes)
    expect((await caller.response()).json()).toMatchObject({ code: 'invalid_token' })
  })
})

describe('GET /health', () => {
  it('answers for the key that is presented, without asking the upstream', async () => {
    const token = world.addKey({ access: {} })
    const response = await ask(cleanup, port, requestBytes('GET', '/health', [bearer(token)]))
    expect(response.status).toBe(200)
    expect(response.json()).toEqual({
      status: 'ok',
      key_id: `key_${secretIdIn(token).slice(0, 13)}`,
      workspace: 'ws_one',
    })
    const head = await ask(cleanup, port, requestBytes('HEAD', '/health', [bearer(token)]), 'HEAD')
    expect(head.status).toBe(200)
    expect(head.body).toHaveLength(0)
    expect(upstream.requests).toEqual([])
    expect(world.usage.take()).toEqual([])
  })

  it('tells a holder why the key is not live', async () => {
    const token = world.addKey({ state: 'revoked' })
    const response = await ask(cleanup, port, requestBytes('GET', '/health', [bearer(token)]))
    expect(response.status).toBe(401)
    expect(response.json()).toMatchObject({ status: 'error', code: 'key_revoked' })
  })

  it('is this path and this method alone', async () => {
    const token = world.addKey()
    for (const [method, target] of [
      ['POST', '/health'],
      ['GET', '/health/'],
      ['GET', '/Health'],
      ['GET', '/%68ealth'],
    ] as const) {
      await ask(cleanup, port, requestBytes(method, target, [bearer(token)]))
    }
    expect(upstream.requests.map(({ requestLine }) => requestLine)).toEqual([
      'POST /health HTTP/1.1',
      'GET /health/ HTTP/1.1',
      'GET /Health HTTP/1.1',
      'GET /%68ealth HTTP/1.1',
    ])
  })
})

describe('a verifier that is not current', () => {
  it('lets nobody in, and says that it will pass', async () => {
    const token = world.addKey()
    world.lease.isCurrent = false
    for (const target of ['/get-agent/x', '/health']) {
      const response = await ask(cleanup, port, requestBytes('GET', target, [bearer(token)]))
      expect(response.status).toBe(503)
      expect(response.json()).toMatchObject({ status: 'error', code: 'verifier_stale' })
      expect(response.header('retry-after')).toEqual(['1'])
      expect(response.header('x-should-retry')).toEqual([])
    }
    world.lease.isCurrent = true
    expect((await ask(cleanup, port, requestBytes('GET', '/get-agent/x', [bearer(token)]))).status).toBe(200)
  })
})

describe('a refusal of a request with a body', () => {
  const unknown = requestBytes('POST', '/v2/create-phone-call', ['Content-Length: 5'], 'hello')

  it('leaves the connection usable after a small body', async () => {
    const caller = await RawCaller.open(cleanup, port)
    caller.send(unknown)
    expect((await caller.response()).status).toBe(401)
    caller.send(requestBytes('GET', '/get-agent/x', [bearer(world.addKey())]))
    expect((await caller.response()).status).toBe(200)
  })

  it('leaves the connection usable after a chunked body', async () => {
    const caller = await RawCaller.open(cleanup, port)
    caller.send(requestBytes('POST', '/create-agent', ['Transfer-Encoding: chunked'], '5\r\nhello\r\n'))
    expect((await caller.response()).status).toBe(401)
    caller.send('0\r\n\r\n', requestBytes('GET', '/get-agent/x', [bearer(world.addKey())]))
    expect((await caller.response()).status).toBe(200)
  })

  it('can be read by a caller that sends its whole body first', async () => {
    const size = 8 * 1024 * 1024
    const caller = await RawCaller.open(cleanup, port)
    caller.socket.pause()
    caller.send(requestBytes('POST', '/create-asset', [`Content-Length: ${String(size)}`]))
    for (let sent = 0; sent < size; sent += 65_536) await caller.write(Buffer.alloc(65_536, 97))
    caller.socket.resume()
    expect((await caller.response()).status).toBe(401)
    caller.send(requestBytes('GET', '/get-agent/x', [bearer(world.addKey())]))
    expect((await caller.response()).status).toBe(200)
    expect(upstream.requests).toHaveLength(1)
  })

  it('ends the connection of a caller that goes on for ever, after the answer', async () => {
    const caller = await RawCaller.open(cleanup, port)
    caller.send(requestBytes('POST', '/create-asset', ['Transfer-Encoding: chunked']))
    expect((await caller.response()).status).toBe(401)
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536, 97), Buffer.from('\r\n')])
    let sent = 0
    while (sent < 100 * 1024 * 1024 && (await caller.write(chunk))) sent += chunk.length
    expect(caller.isClosed).toBe(true)
    expect(sent).toBeLessThan(64 * 1024 * 1024)
  })
})
