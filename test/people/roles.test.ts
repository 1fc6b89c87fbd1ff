import { accessAllows, ROLES, roleAccess, type Catalog, type Role } from '@bitting/core'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadCatalog, shippedCatalog } from '../../server/src/installation.js'
import {
  OPERATIONS,
  perform,
  readRoutes,
  type OperationCase,
  type Prepared,
  type Route,
} from '../http/operations.js'
import { useServer, type Tenant } from '../http/support.js'
import { signedInMember, signedInOwner, TestBrowser } from '../support/people.js'

/** Ids that no workspace has, by the parameter of the path. */
const NEVER = { id: 'key_0000000000000', index: '999999', event: 'evt_0000000000000000000000' } as const

describe('every management operation in a session, by role', () => {
  const suite = useServer()
  let tenant: Tenant
  let routes: ReadonlyMap<string, Route>
  let api: Catalog
  let management: Catalog
  const browsers = new Map<Role, TestBrowser>()
  const ids = new Map<Role, string>()

  beforeAll(async () => {
    tenant = suite.tenant
    routes = await readRoutes(suite)
    api = await loadCatalog(shippedCatalog('retell'))
    management = await loadCatalog(shippedCatalog('bitting'))
    const owner = await signedInOwner(suite.server)
    browsers.set('owner', owner)
    for (const role of ROLES.slice(1)) browsers.set(role, await signedInMember(suite.server, owner, role))
    for (const [role, browser] of browsers) {
      ids.set(role, (await browser.call('GET', '/v1/auth/session')).body.user.id as string)
    }
  })

  const routeOf = (operationId: string): Route => {
    const route = routes.get(operationId)
    if (route === undefined) throw new Error(`there is no ${operationId}`)
    return route
  }
  const browserOf = (role: Role): TestBrowser => {
    const browser = browsers.get(role)
    if (browser === undefined) throw new Error(`nobody is ${role}`)
    return browser
  }
  const send = (
    browser: TestBrowser,
    { method, path }: Route,
    { params = {}, query = '', headers = {}, body }: Prepared,
    more: Readonly<Record<string, string | null>> = {},
  ) => {
    const concrete = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? 'x')
    return browser.call(method, `${concrete}${query}`, body, { ...headers, ...more })
  }
  /** What the role has by the catalog. */
  const mayCall = (role: Role, operationId: string): boolean => {
    const operation = management.operations.find(({ name }) => name === operationId) ?? null
    return accessAllows(roleAccess(role, api), operation)
  }

  describe.each(Object.entries(OPERATIONS))('%s', (operationId, operation) => {
    test.each(ROLES)('as %s', async (role) => {
      const prepared = await operation.prepare(tenant)
      const answer = await send(browserOf(role), routeOf(operationId), prepared)
      if (mayCall(role, operationId)) {
        expect(answer.status, JSON.stringify(answer.body)).toBe(statusFor(role, operation))
        return
      }
      expect([answer.status, answer.body.code]).toEqual([403, 'insufficient_scope'])
      expect(answer.body).toMatchObject({ role, required: operation.needs })
      const entry = (await suite.entries(tenant, 5)).find(({ action }) => action === 'access.denied')
      expect(entry).toMatchObject({
        actor: { type: 'member', id: ids.get(role) },
        operation: operationId,
        resource: { type: 'operation', id: operationId },
        outcome: 'failure',
        reason: 'insufficient_scope',
      })
    })

    test('is not taken from another site, and not without the cookie', async () => {
      const route = routeOf(operationId)
      const prepared = await operation.prepare(tenant)
      const before = await suite.dump()
      if (route.method !== 'GET') {
        for (const site of ['cross-site', 'same-site', 'none']) {
          const strange = await send(browserOf('owner'), route, prepared, { 'sec-fetch-site': site })
          expect([site, strange.status, strange.body.code]).toEqual([site, 403, 'cross_origin'])
        }
      }
      const nobody = new TestBrowser(suite.server.controlUrl)
      expect((await send(nobody, route, prepared)).status).toBe(401)
      nobody.setCookie('bitting_session', 'x'.repeat(43))
      const guess = await send(nobody, route, prepared)
      expect([guess.status, guess.body.code]).toEqual([401, 'session_ended'])
      expect(await suite.dump()).toEqual(before)
    })
  })

  test('what another tenant has is answered as what never was, for an owner too', async () => {
    const theirs = await suite.newTenant('Theirs')
    const owner = browserOf('owner')
    for (const [operationId, operation] of Object.entries(OPERATIONS)) {
      const route = routeOf(operationId)
      // Entries and tiles of a log are found by their place, and our log has places of its own.
      if (!route.path.includes('{') || route.path.startsWith('/v1/audit')) continue
      const prepared = await operation.prepare(theirs)
      const asked = await send(owner, route, prepared)
      const never = await send(owner, route, { ...prepared, params: NEVER })
      expect([operationId, asked.status, asked.body]).toEqual([operationId, 404, never.body])
      expect((await perform(route, theirs, prepared)).status).toBe(operation.status)
    }
  })

  test('a key beside the cookie is what counts, and a bad one is not saved by it', async () => {
    const auditor = browserOf('auditor')
    const authorization = `Bearer ${tenant.managementKey}`
    const made = await auditor.call('GET', '/v1/whoami', undefined, { authorization })
    expect(made.body).toMatchObject({ member: null, scopes: 'full' })
    const wrong = await browserOf('owner').call('GET', '/v1/whoami', undefined, {
      authorization: 'Bearer garbage',
    })
    expect([wrong.status, wrong.body.code]).toEqual([401, 'invalid_token'])
  })
})

/** A developer has no full access, so what acts on every key is refused to them as to a restricted key. */
function statusFor(role: Role, operation: OperationCase): number {
  const hasEverything = role === 'owner' || role === 'admin'
  if (operation.asksForEverything === true && !hasEverything) return 403
  return operation.isOutOfReach === true ? 404 : operation.status
}
