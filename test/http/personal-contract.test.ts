import { beforeAll, describe, expect, test } from 'vitest'
import { signedInOwner, TestBrowser } from '../support/people.js'
import { readPersonalRoutes, type Route } from './operations.js'
import { useServer } from './support.js'

/** What can be called before anybody is signed in. */
const OPEN = [
  'GET /v1/auth/options',
  'GET /v1/auth/sso/{workspace}',
  'GET /v1/auth/sso/{workspace}/callback',
  'POST /v1/auth/invitation',
  'POST /v1/auth/invitation/view',
  'POST /v1/auth/passkey',
  'POST /v1/auth/passkey/options',
  'POST /v1/auth/password',
  'POST /v1/auth/second-factor',
  'POST /v1/setup',
  'POST /v1/setup/view',
]

/** What asks for a session. */
const WITH_SESSION = [
  'DELETE /v1/account/passkeys/{id}',
  'DELETE /v1/account/sessions/{id}',
  'DELETE /v1/account/totp',
  'GET /v1/account/passkeys',
  'GET /v1/account/sessions',
  'GET /v1/auth/session',
  'PATCH /v1/account',
  'POST /v1/account/passkeys',
  'POST /v1/account/passkeys/options',
  'POST /v1/account/password',
  'POST /v1/account/recovery-codes',
  'POST /v1/account/totp',
  'POST /v1/account/totp/confirm',
  'POST /v1/auth/sign-out',
  'POST /v1/auth/step-up',
  'POST /v1/auth/step-up/passkey',
  'POST /v1/auth/step-up/passkey/options',
  'POST /v1/auth/workspace',
]

describe('the contract of what people call for themselves', () => {
  const suite = useServer()
  let routes: readonly Route[]
  let withSession: readonly Route[]
  let owner: TestBrowser

  const concrete = ({ path }: Route): string => path.replaceAll(/\{\w+\}/g, 'x')
  const bodyOf = ({ method }: Route): unknown =>
    method === 'GET' || method === 'DELETE' ? undefined : { nonsense: true }

  beforeAll(async () => {
    routes = [...(await readPersonalRoutes(suite)).values()]
    withSession = routes.filter((route) => WITH_SESSION.includes(`${route.method} ${route.path}`))
    owner = await signedInOwner(suite.server)
  })

  test('the OpenAPI document has these operations and no other, and says which ask for a session', () => {
    const found = routes.map(({ method, path, description }) => [`${method} ${path}`, description.security])
    expect(Object.fromEntries(found)).toEqual({
      ...Object.fromEntries(OPEN.map((route) => [route, []])),
      ...Object.fromEntries(WITH_SESSION.map((route) => [route, [{ session: [] }]])),
    })
  })

  test('each describes its refusals, but for those that send a browser on', () => {
    for (const { operationId, description } of routes) {
      if ('302' in description.responses) continue
      expect(Object.keys(description.responses), operationId).toEqual(
        expect.arrayContaining(['400', '401', '403']),
      )
    }
  })

  test('an id that no database can hold is refused as a bad one', async () => {
    const { status } = await owner.call('DELETE', '/v1/account/sessions/%00')
    const moved = await owner.call('POST', '/v1/auth/workspace', { workspace_id: '\u0000' })
    const begun = await owner.call('GET', '/v1/auth/sso/%00')
    expect([status, moved.status, begun.status]).toEqual([400, 400, 400])
  })

  test('without a session, or with one that never was, those that ask for one are answered alike', async () => {
    const [nobody, guesser] = [
      new TestBrowser(suite.server.controlUrl),
      new TestBrowser(suite.server.controlUrl),
    ]
    guesser.setCookie('bitting_session', 'x'.repeat(43))
    for (const route of withSession) {
      const answers = await Promise.all(
        [nobody, guesser].map((browser) => browser.call(route.method, concrete(route), bodyOf(route))),
      )
      for (const { status, body } of answers) {
        expect([route.operationId, status, body.code]).toEqual([route.operationId, 401, 'session_ended'])
        expect(body).toEqual(answers[0]?.body)
      }
    }
  })

  test('no management key stands for a session', async () => {
    for (const route of withSession) {
      const headers = { 'sec-fetch-site': 'same-origin' }
      const { status, body } = await suite.tenant.call(route.method, concrete(route), bodyOf(route), {
        headers,
      })
      expect([route.operationId, status, body.code]).toEqual([route.operationId, 401, 'session_ended'])
    }
  })

  test.each<[string, Record<string, string | null>]>([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['another host of the same site', { 'sec-fetch-site': 'same-site' }],
    ['nowhere in particular', { 'sec-fetch-site': 'none' }],
    ['a browser that names another origin', { 'sec-fetch-site': null, origin: 'https://evil.example' }],
    ['a browser that hides its origin', { 'sec-fetch-site': null, origin: 'null' }],
    ['a program that says nothing', { 'sec-fetch-site': null }],
  ])('from %s nothing that could change anything is taken, whoever is signed in', async (_, headers) => {
    const unsafe = routes.filter(({ method }) => method !== 'GET')
    expect(unsafe.length).toBeGreaterThan(15)
    for (const route of unsafe) {
      const { status, body } = await owner.call(route.method, concrete(route), bodyOf(route), headers)
      expect([route.operationId, status, body.code]).toEqual([route.operationId, 403, 'cross_origin'])
    }
    expect((await owner.call('GET', '/v1/auth/session')).status).toBe(200)
  })

  test('a browser that names our own origin is taken for ours', async () => {
    const origin = suite.server.controlUrl
    const headers = { 'sec-fetch-site': null, origin }
    const { status, body } = await owner.call('PATCH', '/v1/account', { name: 'Olga' }, headers)
    expect([status, body.user?.name]).toEqual([200, 'Olga'])
  })
})
