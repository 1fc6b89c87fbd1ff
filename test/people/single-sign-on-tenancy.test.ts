import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openDatabase, type WritableDatabase } from '../../server/src/storage/database.js'
import {
  comeBack,
  goToProvider,
  signInThere,
  startIdentityProvider,
  type IdentityProvider,
} from '../support/identity-provider.js'
import { OPEN_POLICY, signedInOwner, TestBrowser } from '../support/people.js'
import { startServer, type TestServer, type TestWorkspace } from '../support/server.js'

describe('the providers of two workspaces', () => {
  let server: TestServer
  let other: TestWorkspace
  let here: IdentityProvider
  let there: IdentityProvider
  let database: WritableDatabase
  /** The owner of both, in the other workspace. */
  let owner: TestBrowser
  let ownerId: string

  beforeAll(async () => {
    server = await startServer()
    database = await openDatabase({ url: null, dataDirectory: server.dataDirectory })
    // Before there is another workspace: a set-up link leads to the oldest, by the second.
    owner = await signedInOwner(server)
    other = await server.newWorkspace('Other')
    here = await startIdentityProvider(['here.example'])
    there = await startIdentityProvider(['here.example'])
    ownerId = (await owner.call('GET', '/v1/auth/session')).body.user.id
    await database.transact((tx) =>
      tx
        .insertInto('members')
        .values({
          workspace_id: other.id,
          user_id: ownerId,
          role: 'owner',
          sso_only: 0,
          version: 1,
          created_at: 1,
          created_by: 'operator',
        })
        .execute(),
    )
    await setPolicy(here)
    expect((await owner.call('POST', '/v1/auth/workspace', { workspace_id: other.id })).status).toBe(200)
    await setPolicy(there)
  })
  beforeEach(() => database.transact((tx) => tx.deleteFrom('sign_in_attempts').execute()))
  afterAll(async () => {
    await database.close()
    await Promise.all([here.close(), there.close(), server.close()])
  })

  async function setPolicy(provider: IdentityProvider, more: object = {}): Promise<void> {
    const policy = { ...OPEN_POLICY, single_sign_on: { ...provider.policy, ...more } }
    const { status, body } = await owner.call('PUT', '/v1/sign-in-policy', policy)
    expect([status, body.code]).toEqual([200, undefined])
  }
  const newBrowser = (): TestBrowser => new TestBrowser(server.controlUrl)
  /** The newest entry of the first workspace's log that is no reading of it. */
  const newestAct = async (): Promise<object | undefined> =>
    (await server.call('GET', '/v1/audit?limit=10')).body.data.find(
      ({ action }: { action: string }) => action !== 'audit.read',
    )
  const ownersClaims = { sub: 'owner', email: 'owner@example.com', email_verified: true }

  it('the sign-in page does not tell which workspaces there are', async () => {
    expect((await newBrowser().call('GET', '/v1/auth/options')).body.single_sign_on).toBeNull()
  })

  it('a person of both gets into the one whose provider vouched, and no further', async () => {
    here.person = ownersClaims
    const browser = newBrowser()
    expect(await signInThere(browser, server.id)).toBe('/')
    const { body } = await browser.call('GET', '/v1/auth/session')
    expect([body.user.id, body.workspace.id]).toEqual([ownerId, server.id])
    expect(body.workspaces.map((it: { workspace_id: string }) => it.workspace_id)).toEqual([server.id])
    expect((await browser.call('POST', '/v1/auth/workspace', { workspace_id: other.id })).status).toBe(404)
    const stepUp = await browser.call('GET', `/v1/auth/sso/${other.id}?step_up=1`)
    expect(stepUp.headers.get('location')).toBe('/sign-in?problem=insufficient_scope')
  })

  it('the code of one is worth nothing in the flow of the other', async () => {
    here.person = ownersClaims
    there.person = ownersClaims
    const codeOfHere = new URLSearchParams((await goToProvider(newBrowser(), server.id)).split('?')[1]).get(
      'code',
    )
    const browser = newBrowser()
    const back = new URL(await goToProvider(browser, other.id), server.controlUrl)
    back.searchParams.set('code', codeOfHere ?? '')
    const answer = await comeBack(browser, `${back.pathname}${back.search}`)
    expect(answer.headers.get('location')).toBe('/sign-in?problem=upstream_failed')
    expect(browser.cookie('bitting_session')).toBeUndefined()
  })

  it('a state and a cookie of one flow do not finish another', async () => {
    here.person = ownersClaims
    there.person = ownersClaims
    const browser = newBrowser()
    const backHere = await goToProvider(browser, server.id)
    // The cookie is that of the flow that began last.
    await goToProvider(browser, other.id)
    expect((await comeBack(browser, backHere)).headers.get('location')).toBe(
      '/sign-in?problem=sign_in_failed',
    )
    expect(browser.cookie('bitting_session')).toBeUndefined()
  })

  describe('a provider that sends people on to the other one', () => {
    let attacker: TestBrowser
    /** Where its owner's own browser was sent, to the provider of the first workspace. */
    let target: URL
    beforeEach(async () => {
      here.person = { sub: 'vera', email: 'vera@here.example', email_verified: true }
      there.asked.length = 0
      attacker = newBrowser()
      const { headers } = await attacker.call('GET', `/v1/auth/sso/${server.id}`)
      target = new URL(headers.get('location') ?? '')
      return () => {
        there.sendsOnTo = null
      }
    })

    it('gets no code: the browser comes back to where its trip did not begin', async () => {
      there.sendsOnTo = target.href
      const victim = newBrowser()
      const back = await goToProvider(victim, other.id)
      expect(back).toMatch(`/v1/auth/sso/${server.id}/callback?`)
      const answer = await comeBack(victim, back)
      expect(answer.headers.get('location')).toBe('/sign-in?problem=sign_in_failed')
      expect(there.asked).not.toContain('/token')
      const log = await owner.call('GET', '/v1/audit?action=session.fail&limit=1')
      expect(log.body.data[0]).toMatchObject({ reason: 'sso_other_workspace' })
    })

    it('gets a code of no worth with its own redirect address', async () => {
      const state = target.searchParams.get('state') ?? ''
      const { redirect_uri: own } = (await owner.call('GET', '/v1/sign-in-policy')).body
      target.searchParams.set('redirect_uri', own as string)
      there.sendsOnTo = target.href
      const victim = newBrowser()
      const back = await goToProvider(victim, other.id)
      expect((await comeBack(victim, back)).headers.get('location')).toBe('/sign-in?problem=upstream_failed')
      expect(there.asked).toContain('/token')
      const code = new URL(back, server.controlUrl).searchParams.get('code') ?? ''
      const stolen = new URLSearchParams({ state, code }).toString()
      const answer = await comeBack(attacker, `/v1/auth/sso/${server.id}/callback?${stolen}`)
      expect(answer.headers.get('location')).toBe('/sign-in?problem=upstream_failed')
      expect(attacker.cookie('bitting_session')).toBeUndefined()
    })
  })

  it('an account of elsewhere becomes a member by the rules of this workspace, and stays out of reach', async () => {
    here.person = { sub: 'hugo', email: 'hugo@here.example', email_verified: true }
    const atHome = newBrowser()
    expect(await signInThere(atHome, server.id)).toBe('/')
    const { user } = (await atHome.call('GET', '/v1/auth/session')).body
    const before = await newestAct()
    // The provider of the other workspace names whom it likes.
    there.person = { sub: 'anything', email: 'hugo@here.example', email_verified: true, name: 'Mallory' }
    const browser = newBrowser()
    expect(await signInThere(browser, other.id)).toBe('/')
    const { body } = await browser.call('GET', '/v1/auth/session')
    expect(body).toMatchObject({
      user: { id: user.id, name: user.name },
      workspace: { id: other.id },
      role: 'developer',
      confined: true,
    })
    expect((await browser.call('POST', '/v1/auth/workspace', { workspace_id: server.id })).status).toBe(404)
    const password = await browser.call('POST', '/v1/account/password', { password: 'a long new password' })
    expect(password.status).toBe(403)
    const sessions = await browser.call('GET', '/v1/account/sessions')
    expect(sessions.status).toBe(403)
    expect(await newestAct()).toEqual(before)
  })

  it('a subject of one is not known in the other, also where both have the same provider', async () => {
    here.person = { sub: 'sofia', email: 'sofia@here.example', email_verified: true }
    expect(await signInThere(newBrowser(), server.id)).toBe('/')
    await setPolicy(here, { default_role: null, domains: [] })
    const browser = newBrowser()
    expect(await signInThere(browser, other.id)).toBe('/sign-in?problem=insufficient_scope')
    expect(browser.cookie('bitting_session')).toBeUndefined()
  })
})
