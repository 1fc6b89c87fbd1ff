import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openDatabase, type WritableDatabase } from '../../server/src/storage/database.js'
import {
  comeBack,
  sentBack,
  signInThere,
  startIdentityProvider,
  type IdentityProvider,
} from '../support/identity-provider.js'
import { OPEN_POLICY, signedInOwner, TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'

describe('the beginning of a single sign-on', () => {
  let server: TestServer
  let owner: TestBrowser
  let provider: IdentityProvider
  let database: WritableDatabase

  beforeAll(async () => {
    server = await startServer()
    database = await openDatabase({ url: null, dataDirectory: server.dataDirectory })
    owner = await signedInOwner(server)
    provider = await startIdentityProvider(['example.com'])
    const policy = { ...OPEN_POLICY, single_sign_on: provider.policy }
    expect((await owner.call('PUT', '/v1/sign-in-policy', policy)).status).toBe(200)
  })
  beforeEach(async () => {
    provider.misdeed = null
    // What one test fails at must not have another one wait.
    await database.transact((tx) => tx.deleteFrom('sign_in_attempts').execute())
  })
  afterAll(async () => {
    await database.close()
    await provider.close()
    await server.close()
  })

  const newBrowser = (): TestBrowser => new TestBrowser(server.controlUrl)
  const newest = async (action: string): Promise<unknown> =>
    (await server.call('GET', `/v1/audit?action=${action}&limit=1`)).body.data[0]
  const person = (sub: string, more: object = {}) => ({
    sub,
    email: `${sub}@example.com`,
    email_verified: true,
    name: `Name of ${sub}`,
    ...more,
  })

  it.each(['cross-site', 'same-site'])('is asked about where another site wants it (%s)', async (site) => {
    const places: [string, string][] = [
      ['', `/sign-in?sso=${server.id}`],
      ['/keys', `/sign-in?sso=${server.id}&return_to=%2Fkeys`],
      ['//evil.example', `/sign-in?sso=${server.id}`],
    ]
    for (const [wanted, place] of places) {
      const browser = newBrowser()
      const { status, headers } = await browser.call(
        'GET',
        `/v1/auth/sso/${server.id}?return_to=${wanted}`,
        undefined,
        { 'sec-fetch-site': site },
      )
      expect([status, headers.get('location')]).toEqual([302, place])
      expect(browser.cookie('bitting_ceremony')).toBeUndefined()
    }
  })

  it.each(['same-origin', 'none', null])(
    'is at once for our own page and a typed address (%s)',
    async (site) => {
      const browser = newBrowser()
      const { headers } = await browser.call('GET', `/v1/auth/sso/${server.id}`, undefined, {
        'sec-fetch-site': site,
      })
      expect(headers.get('location')).toMatch(`${provider.issuer}/authorize`)
      expect(browser.cookie('bitting_ceremony')).toBeDefined()
    },
  )

  describe('proving a session anew', () => {
    const signedIn = async (sub: string): Promise<TestBrowser> => {
      provider.person = person(sub)
      const browser = newBrowser()
      expect(await signInThere(browser, server.id)).toBe('/')
      // As if it were an hour ago.
      await database.transact((tx) =>
        tx
          .updateTable('sessions')
          .set((row) => ({ authenticated_at: row('authenticated_at', '-', 3600) }))
          .execute(),
      )
      return browser
    }
    const isRecent = async (browser: TestBrowser): Promise<boolean> =>
      Date.parse((await browser.call('GET', '/v1/auth/session')).body.recent_until) > Date.now()

    it('asks the provider for a new sign-in, and takes the same person alone', async () => {
      const browser = await signedIn('petra')
      expect(await isRecent(browser)).toBe(false)
      const query = '?step_up=1&return_to=/settings/members'
      expect(await signInThere(browser, server.id, query)).toBe('/settings/members')
      expect(provider.lastAuthorization.get('prompt')).toBe('login')
      expect(provider.lastAuthorization.get('max_age')).toBe('0')
      expect(await isRecent(browser)).toBe(true)
      expect(await newest('session.step_up')).toMatchObject({ details: { method: 'sso' } })
    })

    it.each([
      ['somebody else', 'carla', {}, 'sso_other_subject'],
      ['somebody unknown', 'xenia', {}, 'sso_other_subject'],
      [
        'a sign-in of an hour ago',
        'petra',
        { auth_time: Math.floor(Date.now() / 1000) - 3600 },
        'sso_not_recent',
      ],
    ])('refuses %s', async (_, sub, claims, reason) => {
      const browser = await signedIn('petra')
      provider.person = person(sub, claims)
      expect(await signInThere(browser, server.id, '?step_up=1')).toBe('/sign-in?problem=sign_in_failed')
      expect(await isRecent(browser)).toBe(false)
      expect(await newest('session.fail')).toMatchObject({ reason })
    })

    it('takes no sign-in of before: with the address changed on the way, and no word of when', async () => {
      const browser = await signedIn('petra')
      for (const [claims, misdeed, reason] of [
        [{ auth_time: Math.floor(Date.now() / 1000) - 3600 }, null, 'sso_not_recent'],
        [{}, null, 'sso_no_auth_time'],
        [{}, 'no time of the sign-in', 'sso_no_auth_time'],
      ] as const) {
        provider.person = person('petra', claims)
        provider.misdeed = misdeed
        const begun = await browser.call('GET', `/v1/auth/sso/${server.id}?step_up=1`)
        const changed = new URL(begun.headers.get('location') ?? '')
        if (misdeed === null) for (const name of ['prompt', 'max_age']) changed.searchParams.delete(name)
        const back = await sentBack(changed.href)
        const answer = await comeBack(browser, `${back.pathname}${back.search}`)
        expect(answer.headers.get('location')).toBe('/sign-in?problem=sign_in_failed')
        expect(await isRecent(browser)).toBe(false)
        expect(await newest('session.fail')).toMatchObject({ reason })
      }
    })

    it('needs a session, and one that came by this provider', async () => {
      const nobody = await newBrowser().call('GET', `/v1/auth/sso/${server.id}?step_up=1`)
      expect(nobody.headers.get('location')).toBe('/sign-in?problem=session_ended')
      const byPassword = await owner.call('GET', `/v1/auth/sso/${server.id}?step_up=1`)
      expect(byPassword.headers.get('location')).toBe('/sign-in?problem=insufficient_scope')
    })
  })
})
