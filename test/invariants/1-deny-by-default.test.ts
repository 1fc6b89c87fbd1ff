import { readFile } from 'node:fs/promises'
import { parseCatalog, type Catalog } from '@bitting/core'
import { beforeAll, describe, expect, test } from 'vitest'
import { shippedCatalog } from '../../server/src/installation.js'
import { useServer } from '../http/support.js'
import { signedInMember, signedInOwner } from '../support/people.js'

describe('invariant 1: deny by default', () => {
  const suite = useServer()
  let catalog: Catalog

  beforeAll(async () => {
    const parsed = parseCatalog(await readFile(shippedCatalog('retell'), 'utf8'))
    if (!parsed.ok) throw new Error('the catalog does not parse')
    catalog = parsed.catalog
  })

  /** A path of each operation, with something in the place of its parameters. */
  const concrete = (template: string): string => template.replaceAll(/\{\w+\}/g, 'x_1')
  const ask = async (token: string, method: string, path: string): Promise<number> => {
    const response = await suite.server.fetch(path, token, { method })
    await response.arrayBuffer()
    return response.status
  }
  const everything = (): Record<string, string> =>
    Object.fromEntries(catalog.permissions.map(({ id }) => [id, 'edit']))

  test('a key with an empty list is refused every operation of the catalog', async () => {
    const { token } = await suite.tenant.createKey({ access: {} })
    const open = catalog.operations.filter(({ requirement }) => requirement.kind === 'any')
    const answers = await Promise.all(
      catalog.operations.map(async ({ name, method, template }) => [
        name,
        await ask(token, method, concrete(template)),
      ]),
    )
    const passed = answers.filter(([, status]) => status !== 403).map(([name]) => name)
    expect(passed).toEqual(open.map(({ name }) => name))
  })

  test('each permission alone opens its own operations and no other', async () => {
    for (const { id, levels } of catalog.permissions) {
      for (const level of levels.filter((candidate) => candidate !== 'none')) {
        const { token } = await suite.tenant.createKey({ access: { [id]: level } })
        const expected = catalog.operations.filter(
          ({ requirement }) =>
            requirement.kind === 'any' ||
            (requirement.kind === 'level' &&
              requirement.permission === id &&
              (requirement.level === 'read' || level === 'edit')),
        )
        const answers = await Promise.all(
          catalog.operations.map(async ({ name, method, template }) => {
            const body = { token, method, path: concrete(template) }
            return [
              name,
              (await suite.tenant.call('POST', '/v1/verify', body)).body.allowed as boolean,
            ] as const
          }),
        )
        const passed = answers.filter(([, allowed]) => allowed).map(([name]) => name)
        expect([id, level, passed]).toEqual([id, level, expected.map(({ name }) => name)])
      }
    }
  })

  test('what no catalog maps is open to full keys only, also for a key with every permission', async () => {
    const { token: restricted } = await suite.tenant.createKey({ access: everything() })
    const { token: full } = await suite.tenant.createKey({ access: 'full' })
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/new-endpoint'],
      ['PUT', '/list-voices'],
      ['GET', '/list-voices/extra'],
      ['GET', '/LIST-VOICES'],
      ['GET', '/list-voices.json'],
      ['POST', '/v99/list-calls'],
      ['OPTIONS', '/list-voices'],
    ] as const) {
      expect([method, path, await ask(restricted, method, path)]).toEqual([method, path, 403])
      expect([method, path, await ask(full, method, path)]).not.toEqual([method, path, 403])
    }
  })

  test('a restricted key stays so, whoever made it', async () => {
    const owner = await suite.tenant.issueManagementKey('full')
    const body = { name: 'Of the owner', environment: 'production', access: { history: 'read' } }
    const { body: made } = await suite.tenant.call('POST', '/v1/keys', body, { key: owner })
    expect(await ask(made.token as string, 'GET', '/list-voices')).toBe(403)
    expect(made.key.access).toEqual({ history: 'read' })
  })

  test('a restricted key stays so, whatever becomes of the role of the person who made it', async () => {
    const owner = await signedInOwner(suite.server)
    const maker = await signedInMember(suite.server, owner, 'developer')
    const body = { name: 'Of a person', environment: 'production', access: { history: 'read' } }
    const key = async () => (await maker.call('POST', '/v1/keys', body)).body
    const { token, key: made } = await key()
    const { id } = (await maker.call('GET', '/v1/auth/session')).body.user as { id: string }
    for (const role of ['owner', 'admin', 'auditor']) {
      expect((await owner.call('PATCH', `/v1/members/${id}`, { role })).body.role).toBe(role)
      expect(await ask(token as string, 'GET', '/list-voices')).toBe(403)
      expect((await suite.tenant.call('GET', `/v1/keys/${String(made.id)}`)).body.access).toEqual(body.access)
    }
    // An owner's own key has no more than its list either, and a person's role is not the key's.
    const ofOwner = (await owner.call('POST', '/v1/keys', body)).body
    expect(await ask(ofOwner.token as string, 'GET', '/list-voices')).toBe(403)
    expect((await owner.call('DELETE', `/v1/members/${id}`)).status).toBe(200)
    expect(await ask(token as string, 'GET', '/list-voices')).toBe(403)
  })

  test('a management key never opens the protected API, nor an API key the management', async () => {
    const { token } = await suite.tenant.createKey({ access: 'full' })
    expect(await ask(suite.tenant.managementKey, 'GET', '/list-voices')).toBe(401)
    expect((await suite.tenant.call('GET', '/v1/keys', undefined, { key: token })).status).toBe(401)
  })

  test('a key grants at most what it has, and nothing by what it may manage', async () => {
    const manager = await suite.tenant.issueManagementKey({ keys: 'edit', workspace: 'edit', verify: 'edit' })
    for (const access of ['full', { history: 'read' }, { call: 'edit' }]) {
      const { body } = await suite.tenant.call(
        'POST',
        '/v1/keys',
        { name: 'x', environment: 'production', access },
        { key: manager },
      )
      expect(body.code).toBe('grant_exceeds_own')
    }
  })
})
