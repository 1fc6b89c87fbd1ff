import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { signedInMember, signedInOwner, type TestBrowser } from '../support/people.js'
import { startServer, type ApiAnswer, type TestServer } from '../support/server.js'

describe('what members can do', () => {
  let server: TestServer
  let owner: TestBrowser
  let developer: TestBrowser

  beforeAll(async () => {
    server = await startServer()
    owner = await signedInOwner(server)
    developer = await signedInMember(server, owner, 'developer')
  })
  afterAll(() => server.close())

  const NEW = { name: 'A key', environment: 'production' } as const
  const create = (by: TestBrowser, more: object): Promise<ApiAnswer> =>
    by.call('POST', '/v1/keys', { ...NEW, ...more })
  const keyId = async (more: object): Promise<string> => {
    const { status, body } = await server.call('POST', '/v1/keys', { ...NEW, ...more })
    expect(status, JSON.stringify(body)).toBe(201)
    return body.key.id as string
  }
  const outcome = ({ status, body }: ApiAnswer): unknown[] => [status, body.code]

  it('a developer makes keys with any list, and none with everything, whatever they call it', async () => {
    expect((await create(developer, { access: { history: 'read', call: 'edit' } })).status).toBe(201)
    const management = { kind: 'management', access: { keys: 'edit', history: 'read' } }
    expect((await create(developer, management)).status).toBe(201)
    const restricted = await keyId({ access: {} })
    const full = await keyId({ access: 'full' })
    for (const answer of [
      await create(developer, { access: 'full' }),
      await create(developer, { kind: 'management', access: 'full' }),
      await create(developer, { kind: 'management', access: { members: 'edit' } }),
      await create(developer, { kind: 'management', access: { workspace: 'edit' } }),
      await create(developer, { kind: 'management', access: { audit: 'edit' } }),
      await developer.call('PATCH', `/v1/keys/${restricted}`, { access: 'full' }),
      await developer.call('PATCH', `/v1/keys/${full}`, { access: {} }),
      await developer.call('POST', `/v1/keys/${full}/rotate`, { overlap_seconds: 0 }),
    ]) {
      expect(outcome(answer)).toEqual([403, 'grant_exceeds_own'])
    }
    for (const role of ['admin', 'owner', 'auditor']) {
      const invitation = { email: 'friend@example.com', role }
      const answer = await developer.call('POST', '/v1/invitations', invitation)
      expect(outcome(answer)).toEqual([403, 'insufficient_scope'])
    }
  })

  it('a recent sign-in is asked for exactly what is powerful', async () => {
    const [plain, full, manager, halted] = await Promise.all([
      keyId({ access: { call: 'edit' } }),
      keyId({ access: 'full' }),
      keyId({ kind: 'management', access: { keys: 'read' } }),
      keyId({ access: 'full' }),
    ])
    expect((await owner.call('POST', `/v1/keys/${halted}/suspend`, {})).status).toBe(200)
    const used = await server.createKey({ agent: 'read' })
    await (await server.fetch('/get-agent/agent_1', used.token)).arrayBuffer()
    await vi.waitFor(
      async () => {
        expect((await server.call('GET', `/v1/keys/${used.id}`)).body.last_used_at).not.toBeNull()
      },
      { timeout: 15_000, interval: 100 },
    )
    const rotation = { overlap_seconds: 0 }
    const any = { 'if-match': '*' }
    const powerful: [string, string, unknown?][] = [
      ['POST', '/v1/keys', { ...NEW, access: 'full' }],
      ['POST', '/v1/keys', { ...NEW, kind: 'management', access: { keys: 'read' } }],
      ['PATCH', `/v1/keys/${plain}`, { access: 'full' }],
      ['POST', `/v1/keys/${full}/rotate`, rotation],
      ['POST', `/v1/keys/${manager}/rotate`, rotation],
      ['DELETE', `/v1/keys/${used.id}`],
      ['PUT', '/v1/webhook-key', { key_id: plain }],
      ['DELETE', '/v1/webhook-key'],
      ['POST', `/v1/keys/${halted}/resume`, {}],
      ['PUT', '/v1/catalog/overlay', { operations: [] }],
      ['PATCH', '/v1/workspace', { audit: { legal_hold: false } }],
      ['PATCH', '/v1/workspace', { upstream_key: 'another' }],
    ]
    const ordinary: [string, string, unknown?][] = [
      ['GET', `/v1/keys/${full}`],
      ['POST', '/v1/keys', { ...NEW, access: { history: 'read' } }],
      ['PATCH', `/v1/keys/${plain}`, { name: 'Another name', access: { call: 'none' } }],
      ['POST', `/v1/keys/${plain}/rotate`, rotation],
      ['POST', `/v1/keys/${full}/suspend`, {}],
      ['POST', `/v1/keys/${plain}/suspend`, {}],
      ['POST', `/v1/keys/${plain}/resume`, {}],
      ['POST', `/v1/keys/${full}/revoke`, {}],
      ['DELETE', `/v1/keys/${full}`],
      ['PATCH', '/v1/workspace', { name: 'Another' }],
    ]
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 601_000 })
    try {
      for (const [method, path, body] of powerful) {
        const answer = await owner.call(method, path, body, any)
        expect([method, path, ...outcome(answer)]).toEqual([method, path, 403, 'step_up_required'])
      }
      for (const [method, path, body] of ordinary) {
        const answer = await owner.call(method, path, body, any)
        expect([method, path, answer.status < 300]).toEqual([method, path, true])
      }
    } finally {
      vi.useRealTimers()
    }
    const { body: log } = await server.call(
      'GET',
      '/v1/audit?action=access.denied&outcome=failure&text=step_up_required',
    )
    expect(log.data).toHaveLength(powerful.length)
  })
})
