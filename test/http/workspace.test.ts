import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeEachServer, useServer, type Suite } from './support.js'

describeEachServer('the catalog’s overlay', (suite) => {
  const map = (operations: unknown) => suite.tenant.call('PUT', '/v1/catalog/overlay', { operations })
  const ask = async (token: string, path: string, method = 'GET') =>
    (await suite.server.fetch(path, token, { method })).status

  test('maps an unmapped operation, and the very next gateway request obeys', async () => {
    const { token } = await suite.tenant.createKey({ access: { history: 'read' } })
    const { token: full } = await suite.tenant.createKey({ access: 'full' })
    const { token: other } = await suite.tenant.createKey({ access: { agent: 'edit' } })
    expect(await ask(token, '/unmapped/thing')).toBe(403)
    await map([{ method: 'GET', path: '/unmapped/{id}', permission: 'history', level: 'read' }])
    // What the sandbox answers to a path that it does not know is its own business; it was let through.
    expect(await ask(token, '/unmapped/thing')).not.toBe(403)
    expect(await ask(full, '/unmapped/thing')).not.toBe(403)
    expect(await ask(other, '/unmapped/thing')).toBe(403)
    expect(await ask(token, '/unmapped/thing', 'POST')).toBe(403)
    expect(await ask(token, '/unmapped/thing/more')).toBe(403)
    await map([])
    expect(await ask(token, '/unmapped/thing')).toBe(403)
  })

  test('may ask for more than the catalog, for less, for any key or for full keys alone', async () => {
    const { token: reader } = await suite.tenant.createKey({ access: { agent: 'read' } })
    const { token: nobody } = await suite.tenant.createKey({ access: {} })
    const { token: full } = await suite.tenant.createKey({ access: 'full' })
    const mapTo = (permission: string, level?: string) =>
      map([{ method: 'GET', path: '/list-voices', permission, ...(level !== undefined && { level }) }])
    const all = async () => [
      await ask(nobody, '/list-voices'),
      await ask(reader, '/list-voices'),
      await ask(full, '/list-voices'),
    ]
    expect(await all()).toEqual([403, 200, 200])
    await mapTo('agent', 'edit')
    expect(await all()).toEqual([403, 403, 200])
    await mapTo('full')
    expect(await all()).toEqual([403, 403, 200])
    await mapTo('any')
    expect(await all()).toEqual([200, 200, 200])
    await map([])
    expect(await all()).toEqual([403, 200, 200])
  })

  test('is shown by the catalog, operations and mappings both, and replaces what was mapped before', async () => {
    const first = [{ method: 'GET', path: '/first', permission: 'history', level: 'read' }]
    const second = [{ method: 'DELETE', path: '/second/{id}', permission: 'full' }]
    await map(first)
    const { body } = await map(second)
    expect(body).toEqual({ operations: second })
    const catalog = (await suite.tenant.call('GET', '/v1/catalog')).body
    expect(catalog.overlay).toEqual(second)
    const added = {
      name: 'DELETE /second/{id}',
      method: 'DELETE',
      path: '/second/{id}',
      permission: 'full',
      level: null,
    }
    expect(catalog.operations).toContainEqual(added)
    expect(JSON.stringify(catalog)).not.toContain('/first')
  })

  test('is in the audit log, before and after', async () => {
    await map([])
    const after = [{ method: 'GET', path: '/audited', permission: 'any' }]
    await map(after)
    const { body } = await suite.tenant.call('GET', '/v1/audit?action=catalog.overlay&limit=1')
    expect(body.data[0].details).toEqual({ before: [], after })
  })

  test('that is wrong anywhere changes nothing at all', async () => {
    await map([{ method: 'GET', path: '/kept', permission: 'any' }])
    const before = await suite.dump()
    const good = { method: 'GET', path: '/good', permission: 'any' }
    const { status, body } = await map([good, { ...good, path: 'bad' }, { ...good, permission: 'unknown' }])
    expect([status, body.code]).toEqual([400, 'invalid_body'])
    expect((body.errors as { field: string }[]).map(({ field }) => field)).toEqual(
      expect.arrayContaining(['operations.1', 'operations.2']),
    )
    expect(await suite.dump()).toEqual(before)
  })
})

describe('a workspace’s own upstream', () => {
  const received: { url: string; headers: IncomingHttpHeaders }[] = []
  const upstream: Server = createServer((request, response) => {
    received.push({ url: request.url ?? '', headers: request.headers })
    response.setHeader('content-type', 'application/json')
    response.end('{"from":"our upstream"}')
  })
  let origin = ''

  beforeAll(async () => {
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${String((upstream.address() as AddressInfo).port)}`
    settings['BITTING_UPSTREAM_ORIGINS'] = `${origin},https://api.retellai.com`
  })
  afterAll(() => {
    upstream.closeAllConnections()
    upstream.close()
  })
  const settings: Record<string, string> = {}
  const suite = useServer('sqlite', settings)
  const edit = (body: unknown) => suite.tenant.call('PATCH', '/v1/workspace', body)

  test('is one that the operator allows, whatever its spelling', async () => {
    for (const upstreamText of [
      'https://api.retellai.com',
      'https://API.RETELLAI.COM/',
      'https://api.retellai.com:443',
    ]) {
      const { status, body } = await edit({ upstream: upstreamText })
      expect([status, body.upstream]).toEqual([200, 'https://api.retellai.com'])
    }
    const before = await suite.dump()
    for (const upstreamText of [
      'https://evil.example',
      'http://api.retellai.com',
      'https://api.retellai.com.evil.example',
      'https://api.retellai.com@evil.example',
      'https://evil.example#https://api.retellai.com',
      'https://evil.example?https://api.retellai.com',
      'https://api.retellai.com:8443',
      'https://api.retellai.com/v2',
      'http://127.0.0.1:1',
      'http://[::1]:80',
      'http://169.254.169.254',
      'file:///etc/passwd',
      'javascript:alert(1)',
      'null',
    ]) {
      const { status, body } = await edit({ upstream: upstreamText })
      expect([upstreamText, status, body.code]).toEqual([upstreamText, 400, 'invalid_body'])
      expect(body.errors[0].field).toBe('upstream')
    }
    expect(await suite.dump()).toEqual(before)
  })

  test('gets this workspace’s calls with its own key at once, and nobody else’s', async () => {
    const other = await suite.newTenant('Other')
    const { token } = await suite.tenant.createKey({ access: 'full' })
    const { token: others } = await other.createKey({ access: 'full' })
    await edit({ upstream: origin, upstream_key: 'upstream-key-canary-1' })
    received.length = 0
    expect(await (await suite.server.fetch('/list-voices', token)).json()).toEqual({ from: 'our upstream' })
    expect(received).toMatchObject([
      { url: '/list-voices', headers: { authorization: 'Bearer upstream-key-canary-1' } },
    ])
    expect(JSON.stringify(received)).not.toContain(token)
    await (await suite.server.fetch('/list-voices', others)).text()
    expect(received).toHaveLength(1)

    await edit({ upstream_key: 'upstream-key-canary-2' })
    await (await suite.server.fetch('/list-voices', token)).text()
    expect(received[1]?.headers.authorization).toBe('Bearer upstream-key-canary-2')
    // Without a key of its own nothing of the installation's goes to another origin.
    await edit({ upstream_key: null })
    await (await suite.server.fetch('/list-voices', token)).text()
    expect(received[2]?.headers.authorization).toBeUndefined()
    await edit({ upstream: null })
    await (await suite.server.fetch('/list-voices', token)).text()
    expect(received).toHaveLength(3)
  })

  test('has a key that is shown nowhere, neither now nor later', async () => {
    const canary = 'upstream-key-canary-3'
    const answers = [
      await edit({ upstream: origin, upstream_key: canary }),
      await edit({ upstream_key: canary, upstream: 'https://evil.example' }),
      await edit({ upstream_key: `${canary}\n` }),
      await edit({ upstream_key: canary, unknown: true }),
      await suite.tenant.call('GET', '/v1/workspace'),
      await suite.tenant.call('GET', '/v1/audit?limit=100'),
      await suite.tenant.call('GET', '/v1/catalog'),
      await suite.tenant.call('GET', '/metrics'),
    ]
    expect(answers[0]?.body).toMatchObject({ upstream: origin, upstream_key_set: true })
    for (const { text, headers } of answers) expect(text + JSON.stringify([...headers])).not.toContain(canary)
    const audit = (await suite.tenant.call('GET', '/v1/audit?action=workspace.update&limit=1')).body.data[0]
    expect(audit.details.after).toMatchObject({
      upstream: origin,
      upstream_key_set: true,
      upstream_key_changed: true,
    })
    expect(bytesOfData(suite)).not.toContain(canary)
    const { sealed_upstream_key: sealed } = await suite.database.read
      .selectFrom('workspaces')
      .select('sealed_upstream_key')
      .where('id', '=', suite.tenant.id)
      .executeTakeFirstOrThrow()
    expect(sealed?.length).toBeGreaterThan(canary.length)
  })
})

/** Everything in the files of a node's data directory, as text of one byte a character. */
function bytesOfData({ server }: Suite): string {
  return readdirSync(server.dataDirectory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1'))
    .join('\n')
}
