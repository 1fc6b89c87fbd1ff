import { expect, test } from 'vitest'
import { describeEachServer, eventually } from './support.js'

describeEachServer('POST /v1/verify', (suite) => {
  const verify = async (body: Record<string, unknown>) => {
    const answer = await suite.tenant.call('POST', '/v1/verify', {
      method: 'GET',
      path: '/list-voices',
      ...body,
    })
    expect(answer.status, answer.text).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    return answer
  }

  test('says allowed, and for which key and operation', async () => {
    const { id, token } = await suite.tenant.createKey({ access: { agent: 'read' } })
    expect((await verify({ token })).body).toEqual({
      allowed: true,
      status: 200,
      code: 'allowed',
      message: expect.any(String),
      key_id: id,
      operation: 'voice.list',
      required: null,
      granted: null,
    })
  })

  test('says denied, and what was missing', async () => {
    const { id, token } = await suite.tenant.createKey({ access: { agent: 'read' } })
    expect((await verify({ token, method: 'POST', path: '/create-agent' })).body).toMatchObject({
      allowed: false,
      status: 403,
      code: 'insufficient_scope',
      key_id: id,
      operation: 'agent.create',
      required: 'agent:edit',
      granted: 'agent:read',
      message: expect.stringContaining('Agent: Edit'),
    })
  })

  test('an operation that no catalog maps is for full keys alone', async () => {
    const { token } = await suite.tenant.createKey({
      access: { agent: 'edit', call: 'edit', history: 'edit' },
    })
    const { token: full } = await suite.tenant.createKey({ access: 'full' })
    const request = { method: 'GET', path: '/nothing/of/that/kind' }
    expect((await verify({ token, ...request })).body).toMatchObject({
      allowed: false,
      status: 403,
      code: 'operation_unmapped',
    })
    expect((await verify({ token: full, ...request })).body).toMatchObject({ allowed: true, operation: null })
  })

  test('answers four kinds of guesses, a foreign key and a management key with the same bytes', async () => {
    const other = await suite.newTenant('Other')
    const { token } = await suite.tenant.createKey({ access: 'full' })
    const foreign = await other.createKey({ access: 'full' })
    const revoked = await other.createKey({ access: 'full' })
    await other.call('POST', `/v1/keys/${revoked.id}/revoke`)
    const deleted = await suite.tenant.createKey({ access: 'full' })
    await suite.tenant.call('DELETE', `/v1/keys/${deleted.id}?confirm=A%20key`)
    const last = token.at(-1) === '0' ? '1' : '0'
    const guesses = {
      empty: '',
      malformed: 'no token at all',
      'wrong checksum': `${token.slice(0, -1)}${last}`,
      'wrong secret': `${token.slice(0, 40)}${token[40] === 'a' ? 'b' : 'a'}${token.slice(41)}`,
      'unknown id': `btg_live_${'0'.repeat(16)}${token.slice(25)}`,
      'far too long': 'x'.repeat(4096),
      'beyond ASCII': 'clé🔑',
      NUL: 'a\0b',
      'a foreign key': foreign.token,
      'a foreign key that was revoked': revoked.token,
      'a deleted key': deleted.token,
      'a management key': suite.tenant.managementKey,
      'a foreign management key': other.managementKey,
    }
    const answers = await Promise.all(
      Object.entries(guesses).map(
        async ([kind, guess]) => [kind, (await verify({ token: guess })).text] as const,
      ),
    )
    for (const [kind, text] of answers) expect([kind, text]).toEqual([kind, answers[0]?.[1]])
    expect(JSON.parse(answers[0]?.[1] ?? '')).toEqual({
      allowed: false,
      status: 401,
      code: 'invalid_token',
      message: 'API key is missing or invalid.',
      key_id: null,
      operation: null,
      required: null,
      granted: null,
    })
    // It is good at home.
    const request = { token: foreign.token, method: 'GET', path: '/list-voices' }
    expect((await other.call('POST', '/v1/verify', request)).body.allowed).toBe(true)
  })

  test('tells why a key of this workspace is not accepted', async () => {
    const suspended = await suite.tenant.createKey({ access: 'full' })
    await suite.tenant.call('POST', `/v1/keys/${suspended.id}/suspend`)
    const waiting = await suite.tenant.createKey({
      access: 'full',
      conditions: { not_before: '2090-01-01T00:00:00Z' },
    })
    expect((await verify({ token: suspended.token })).body).toMatchObject({
      status: 401,
      code: 'key_suspended',
      key_id: suspended.id,
    })
    expect((await verify({ token: waiting.token })).body).toMatchObject({
      status: 401,
      code: 'key_not_yet_active',
    })
  })

  test.each([
    ['192.0.2.7', true],
    ['192.0.2.0', true],
    ['192.0.3.1', false],
    ['::ffff:192.0.2.7', true],
    ['::ffff:c000:0207', true],
    ['2001:db8:1::1', true],
    ['2001:DB8:1::1', true],
    ['2001:db8:2::1', false],
    ['::1', false],
  ])('judges the address %s by the key’s list: %s', async (ip, allowed) => {
    const { token } = await suite.tenant.createKey({
      access: 'full',
      conditions: { allowed_addresses: ['192.0.2.0/24', '2001:db8:1::/48'] },
    })
    expect((await verify({ token, ip })).body).toMatchObject(
      allowed ? { allowed, status: 200 } : { allowed, status: 403, code: 'address_not_allowed' },
    )
  })

  test('refuses a key with an address list where no address is told', async () => {
    const { token } = await suite.tenant.createKey({
      access: 'full',
      conditions: { allowed_addresses: ['0.0.0.0/0', '::/0'] },
    })
    expect((await verify({ token })).body).toMatchObject({ allowed: false, code: 'address_not_allowed' })
    expect((await verify({ token, ip: '198.51.100.1' })).body.allowed).toBe(true)
  })

  test('decides as the gateway does, request by request', async () => {
    const { token } = await suite.tenant.createKey({ access: { agent: 'read', history: 'edit' } })
    for (const [method, path] of [
      ['GET', '/list-voices'],
      ['POST', '/create-agent'],
      ['DELETE', '/delete-agent/agent_1'],
      ['GET', '/v2/get-call/call_1'],
      ['GET', '/unmapped'],
      ['get', '/list-voices'],
      ['HEAD', '/list-voices'],
      ['GET', '/LIST-VOICES'],
      ['GET', '/list-voices?x=/../y'],
    ] as const) {
      const { body } = await verify({ token, method, path })
      if (method === 'get') continue // No client of ours can send such a method; it is judged as it stands.
      const { status } = await suite.server.fetch(path, token, { method })
      expect([method, path, body.allowed]).toEqual([method, path, status !== 403])
    }
  })

  test('counts as a use of the key', async () => {
    const { id, token } = await suite.tenant.createKey({ access: { agent: 'read' } })
    await verify({ token, ip: '198.51.100.7' })
    await verify({ token, method: 'POST', path: '/create-agent' })
    await eventually('the flush of the counts', async () => {
      const { body } = await suite.tenant.call('GET', `/v1/keys/${id}`)
      return (
        body.requests_allowed === 1 && body.requests_denied === 1 && body.last_used_address === '198.51.100.7'
      )
    })
  })
})
