import { readFile } from 'node:fs/promises'
import { parseCatalog, type Catalog } from '@bitting/core'
import { beforeAll, describe, expect, test } from 'vitest'
import { createControlApp } from '../../server/src/control/app.js'
import type { ControlOptions } from '../../server/src/control/environment.js'
import { shippedCatalog } from '../../server/src/installation.js'
import { OPERATIONS, readPersonalRoutes, readRoutes, type Route } from './operations.js'
import { sendTarget, useServer } from './support.js'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** What machines ask a node, beside the operations. */
const MACHINE_ROUTES = ['GET /healthz', 'GET /metrics', 'GET /openapi.json', 'GET /readyz']

describe('the contract of the management API', () => {
  const suite = useServer()
  let routes: ReadonlyMap<string, Route>
  let catalog: Catalog

  beforeAll(async () => {
    routes = await readRoutes(suite)
    const parsed = parseCatalog(await readFile(shippedCatalog('bitting'), 'utf8'))
    if (!parsed.ok) throw new Error('the catalog does not parse')
    catalog = parsed.catalog
  })

  test('the OpenAPI document and the catalog have the same operations at the same methods and paths', () => {
    const documented = [...routes.values()].map(
      ({ operationId, method, path }) => `${operationId} ${method} ${path}`,
    )
    const mapped = catalog.operations.map(({ name, method, template }) => `${name} ${method} ${template}`)
    expect(documented.sort()).toEqual(mapped.sort())
  })

  test('each operation needs what its case says that it needs', () => {
    const needed = Object.fromEntries(
      catalog.operations.map(({ name, requirement }) => [
        name,
        requirement.kind === 'level' ? `${requirement.permission}:${requirement.level}` : requirement.kind,
      ]),
    )
    const expected = Object.entries(OPERATIONS).map(([name, { needs }]) => [name, needs ?? 'any'])
    expect(needed).toEqual(Object.fromEntries(expected))
  })

  test('nothing is routed that is not documented, and nothing is documented that is not routed', async () => {
    // Only the routes are looked at: nothing of what they work with is touched before a request comes.
    const app = createControlApp({ context: {} } as ControlOptions)
    const routed = app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
    const all = [...routes.values(), ...(await readPersonalRoutes(suite)).values()]
    const documented = all.map(({ method, path }) => `${method} ${path}`)
    const [api, rest] = [
      routed.filter((route) => route.includes(' /v1')),
      routed.filter((route) => !route.includes(' /v1')),
    ]
    expect([...new Set(api)].sort()).toEqual(documented.sort())
    // Beside the API there are pages and what machines ask, which can only be read.
    expect(rest.filter((route) => !route.startsWith('GET '))).toEqual([])
    expect(rest).toEqual(expect.arrayContaining(MACHINE_ROUTES))
  })

  test('every operation asks for a management key and describes its refusals', () => {
    for (const { operationId, description } of routes.values()) {
      expect([operationId, description.security]).toEqual([
        operationId,
        [{ management_key: [] }, { session: [] }],
      ])
      expect(Object.keys(description.responses), operationId).toEqual(
        expect.arrayContaining(['400', '401', '403']),
      )
    }
  })

  test('every operation is reached without a key, and answers 401 whatever is sent along', async () => {
    for (const { operationId, method, path } of routes.values()) {
      const concrete = path.replaceAll(/\{\w+\}/g, 'x')
      const body = method === 'GET' || method === 'DELETE' ? undefined : { nonsense: true }
      const { status } = await suite.tenant.call(method, concrete, body, { key: null })
      expect([operationId, status]).toEqual([operationId, 401])
    }
  })

  test('no other method does anything at the paths of operations, even for a full key', async () => {
    const paths = new Set([...routes.values()].map(({ path }) => path))
    for (const path of paths) {
      // A path may be an example of another's parameter: /v1/audit/erase is also what reads entry `erase`.
      const isOf = (template: string): boolean =>
        new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path)
      const documented = [...routes.values()].filter((route) => isOf(route.path)).map(({ method }) => method)
      const known = documented.includes('GET') ? [...documented, 'HEAD'] : documented
      for (const method of METHODS.filter((candidate) => !known.includes(candidate))) {
        const answer = await suite.tenant.call(method, path.replaceAll(/\{\w+\}/g, 'x'))
        expect([method, path, answer.status]).toEqual([method, path, 404])
      }
    }
  })

  test('HEAD asks for what GET asks for, and answers without a body', async () => {
    const reader = await suite.tenant.issueManagementKey({ verify: 'edit', audit: 'edit', workspace: 'edit' })
    const statuses = [suite.tenant.managementKey, reader, null].map(async (key) => {
      const { status, text } = await suite.tenant.call('HEAD', '/v1/keys', undefined, { key })
      expect(text).toBe('')
      return status
    })
    expect(await Promise.all(statuses)).toEqual([200, 403, 401])
  })

  test.each([
    '/v1/keys/',
    '/v1//keys',
    '//v1/keys',
    '/v1/./keys',
    '/v1/x/../keys',
    '/v1/%6Beys',
    '/v1/keys%2F',
    '/v1%2Fkeys',
    '/V1/keys',
    '/v1/Keys',
    '/v1/keys;a=b',
    '/v1/keys.json',
    '/v1\\keys',
    '/v1/keys/%2e%2e/workspace',
    '/v1/keys/..%2fworkspace',
    '/v1/keys/%00',
    '/v1/keys/%FF',
    '/v1/keys/%zz',
    '/v1/keys/a%2Frotate',
    '/v1/keys#x',
    'v1/keys',
    '*',
  ])('a path has one spelling: %s opens nothing to a full key', async (target) => {
    const authorization = `Bearer ${suite.tenant.managementKey}`
    for (const method of ['GET', 'POST']) {
      const { status, text } = await sendTarget(suite.server.controlUrl, method, target, { authorization })
      expect([method, target, status >= 400 && status < 500, text]).toEqual([method, target, true, text])
      expect(text).not.toContain('"data"')
    }
  })

  test('two Authorization headers are refused, whichever of them is good', async () => {
    const good = `Bearer ${suite.tenant.managementKey}`
    for (const authorization of [
      [good, 'Bearer x'],
      ['Bearer x', good],
      [good, good],
    ]) {
      const headers = { authorization } as unknown as Record<string, string>
      const { status, text } = await sendTarget(suite.server.controlUrl, 'GET', '/v1/keys', headers)
      expect(status).toBe(400)
      expect(JSON.parse(text)).toMatchObject({ code: 'invalid_request' })
    }
  })

  test('what machines ask tells nothing of any workspace and needs no key', async () => {
    for (const route of MACHINE_ROUTES) {
      const { status, text } = await suite.tenant.call('GET', route.slice(4), undefined, { key: null })
      expect([route, status]).toEqual([route, 200])
      expect(text).not.toContain(suite.tenant.id)
    }
  })
})
