import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type TestServer } from '../support/server.js'

let server: TestServer

beforeAll(async () => {
  server = await startServer()
})

afterAll(async () => {
  await server.close()
})

const OVERLAY = {
  operations: [{ method: 'POST', path: '/create-agent', permission: 'history', level: 'read' }],
}

/** Changes that act on every key of the workspace. */
const CHANGES = [
  ['PUT', '/v1/catalog/overlay', OVERLAY],
  ['PATCH', '/v1/workspace', { upstream: 'https://api.retellai.com' }],
  ['PATCH', '/v1/workspace', { upstream_key: 'another' }],
  ['PATCH', '/v1/workspace', { audit: { legal_hold: true } }],
  ['PATCH', '/v1/workspace', { ceilings: { production: 'full' } }],
] as const

async function managementKey(access: unknown, environment: string): Promise<string> {
  const more = { kind: 'management', environment }
  return (await server.createKey(access, more)).token
}

describe('what acts on every key of a workspace', () => {
  it.each(CHANGES)('is refused to a key that has not everything: %s %s %j', async (method, path, body) => {
    const before = await server.call('GET', '/v1/workspace')
    for (const key of [
      await managementKey({ workspace: 'edit', keys: 'edit', history: 'read' }, 'production'),
      await managementKey('full', 'development'),
    ]) {
      const answer = await server.call(method, path, body, { key })
      expect([answer.status, answer.body.code]).toEqual([403, 'grant_exceeds_own'])
    }
    expect((await server.call('GET', '/v1/workspace')).body).toEqual(before.body)
    const { token } = await server.createKey({ history: 'read' })
    expect((await server.fetch('/create-agent', token, { method: 'POST', body: '{}' })).status).toBe(403)
  })

  it('leaves the name to whoever has the permission', async () => {
    const key = await managementKey({ workspace: 'edit' }, 'development')
    expect((await server.call('PATCH', '/v1/workspace', { name: 'Renamed' }, { key })).status).toBe(200)
  })
})
