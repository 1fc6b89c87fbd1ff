import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { returnPath } from '../../server/src/control/routes/auth/single-sign-on.js'
import { openDatabase, type WritableDatabase } from '../../server/src/storage/database.js'
import {
  comeBack,
  goToProvider,
  signInThere,
  startIdentityProvider,
  type IdentityProvider,
} from '../support/identity-provider.js'
import { OPEN_POLICY, signedInOwner, TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'

describe('single sign-on', () => {
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
    const { status, body } = await owner.call('PUT', '/v1/sign-in-policy', policy)
    const callback = new RegExp(`/v1/auth/sso/${server.id}/callback$`)
    expect([status, body.redirect_uri]).toEqual([200, expect.stringMatching(callback)])
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
  const invite = async (email: string, role: string): Promise<void> => {
    expect((await owner.call('POST', '/v1/invitations', { email, role })).status).toBe(201)
  }

  it('the options name the one workspace that has it', async () => {
    const { body } = await newBrowser().call('GET', '/v1/auth/options')
    expect(body.single_sign_on).toEqual({ workspace_id: server.id, label: 'Example' })
  })

  it('sends the browser there with PKCE, state and nonce, and lets the person in who comes back', async () => {
    provider.person = person('petra')
    const browser = newBrowser()
    expect(await signInThere(browser, server.id, '?return_to=/keys%3Fsort%3Dname')).toBe('/keys?sort=name')
    const sent = provider.lastAuthorization
    expect(sent.get('code_challenge_method')).toBe('S256')
    expect(sent.get('scope')).toBe('openid email profile')
    for (const name of ['state', 'nonce', 'code_challenge']) expect(sent.get(name)).toMatch(/^[\w-]{43}$/)
    const { body } = await browser.call('GET', '/v1/auth/session')
    expect(body).toMatchObject({
      method: 'sso',
      confined: true,
      role: 'developer',
      user: { email: 'petra@example.com', name: 'petra@example.com', has_password: false },
      workspace: { id: server.id },
    })
    expect(browser.cookie('bitting_ceremony')).toBeUndefined()
    expect(await newest('member.join')).toMatchObject({
      resource: { id: body.user.id },
      details: { role: 'developer', single_sign_on: provider.issuer },
    })
    expect(await newest('account.create')).toMatchObject({ resource: { id: body.user.id } })
    // Once more: the same person, whatever their address is now.
    provider.person = person('petra', { email: 'other@example.org', email_verified: false })
    const again = newBrowser()
    expect(await signInThere(again, server.id)).toBe('/')
    expect((await again.call('GET', '/v1/auth/session')).body.user.id).toBe(body.user.id)
  })

  it('lets somebody in for the first time in four tabs at once, as one person', async () => {
    provider.person = person('tabea')
    const tabs = Array.from({ length: 4 }, newBrowser)
    const backs = await Promise.all(tabs.map((tab) => goToProvider(tab, server.id)))
    const answers = await Promise.all(tabs.map((tab, at) => comeBack(tab, backs[at] ?? '')))
    expect(answers.map(({ headers }) => headers.get('location'))).toEqual(['/', '/', '/', '/'])
    const sessions = await Promise.all(tabs.map((tab) => tab.call('GET', '/v1/auth/session')))
    expect(new Set(sessions.map(({ body }) => body.user.id)).size).toBe(1)
    const { body: log } = await server.call(
      'GET',
      `/v1/audit?action=member.join&resource=${String(sessions[0]?.body.user.id)}`,
    )
    expect(log.data).toHaveLength(1)
  })

  it('the cookies: one that survives the way back and one that no other site can use', async () => {
    const browser = newBrowser()
    const there = await browser.call('GET', `/v1/auth/sso/${server.id}`)
    expect(there.headers.getSetCookie()[0]).toMatch(/^bitting_ceremony=\w{43}; .*HttpOnly; SameSite=Lax/)
    provider.person = person('carla')
    const back = await comeBack(browser, await goToProvider(browser, server.id))
    const session = back.headers.getSetCookie().find((it) => it.startsWith('bitting_session='))
    expect(session).toMatch(/HttpOnly; SameSite=Strict/)
    expect(back.headers.get('cache-control')).toBe('no-store')
    expect(back.headers.get('referrer-policy')).toBe('no-referrer')
  })

  it('a session by it is confined: no other workspace, and nothing of the account', async () => {
    provider.person = person('conny')
    const browser = newBrowser()
    await signInThere(browser, server.id)
    const other = await server.newWorkspace('Another')
    const moved = await browser.call('POST', '/v1/auth/workspace', { workspace_id: other.id })
    expect(moved.status).toBe(404)
    const renamed = await browser.call('PATCH', '/v1/account', { name: 'Somebody' })
    expect([renamed.status, renamed.body.code]).toEqual([403, 'insufficient_scope'])
    const password = await browser.call('POST', '/v1/account/password', { password: 'a long new password' })
    expect([password.status, password.body.code]).toEqual([403, 'insufficient_scope'])
  })

  it('a member with the address is that person, and stays it when the address moves on', async () => {
    provider.person = person('owner-there', { email: 'Owner@Example.com' })
    const browser = newBrowser()
    expect(await signInThere(browser, server.id)).toBe('/')
    const { body } = await browser.call('GET', '/v1/auth/session')
    expect([body.role, body.user.email, body.confined]).toEqual(['owner', 'owner@example.com', true])
    provider.person = person('successor', { email: 'owner@example.com' })
    expect(await signInThere(newBrowser(), server.id)).toBe('/sign-in?problem=insufficient_scope')
    expect(await newest('session.fail')).toMatchObject({ reason: 'sso_other_subject' })
  })

  it('an invitation is accepted, with its role and for its address alone', async () => {
    provider.person = person('ivo', { email: 'ivo@elsewhere.example' })
    expect(await signInThere(newBrowser(), server.id)).toBe('/sign-in?problem=insufficient_scope')
    expect(await newest('session.fail')).toMatchObject({
      reason: 'sso_not_invited',
      outcome: 'failure',
      actor: { type: 'anonymous' },
    })
    await invite('ivo@elsewhere.example', 'auditor')
    const browser = newBrowser()
    expect(await signInThere(browser, server.id)).toBe('/')
    expect((await browser.call('GET', '/v1/auth/session')).body.role).toBe('auditor')
    const { body } = await owner.call('GET', '/v1/invitations')
    expect(body.data.find((it: { email: string }) => it.email === 'ivo@elsewhere.example').state).toBe(
      'accepted',
    )
  })

  it.each([
    ['not verified', { email_verified: false }],
    ['not said to be verified', { email_verified: undefined }],
    ['verified in words', { email_verified: 'true' }],
    ['no address', { email: 'somebody' }],
    ['missing', { email: undefined }],
  ])('an address that is %s lets nobody in', async (_, claims) => {
    provider.person = person('una', claims)
    const browser = newBrowser()
    expect(await signInThere(browser, server.id)).toBe('/sign-in?problem=sign_in_failed')
    expect(browser.cookie('bitting_session')).toBeUndefined()
    expect(await newest('session.fail')).toMatchObject({ reason: 'sso_email_unverified' })
  })

  it('who was removed comes back by a new invitation and not by the domain', async () => {
    provider.person = person('rita')
    const browser = newBrowser()
    await signInThere(browser, server.id)
    const { id } = (await browser.call('GET', '/v1/auth/session')).body.user
    expect((await owner.call('DELETE', `/v1/members/${String(id)}`)).status).toBe(200)
    expect((await browser.call('GET', '/v1/auth/session')).status).toBe(401)
    expect(await signInThere(newBrowser(), server.id)).toBe('/sign-in?problem=insufficient_scope')
    await invite('rita@example.com', 'auditor')
    const again = newBrowser()
    expect(await signInThere(again, server.id)).toBe('/')
    expect((await again.call('GET', '/v1/auth/session')).body).toMatchObject({
      role: 'auditor',
      user: { id },
    })
  })

  it('nobody gets in by the end of what another browser began, nor twice by one', async () => {
    provider.person = person('petra')
    const attacker = newBrowser()
    const target = await goToProvider(attacker, server.id)
    const nothingBegun = newBrowser()
    const began = newBrowser()
    await goToProvider(began, server.id)
    for (const victim of [nothingBegun, began]) {
      const answer = await comeBack(victim, target)
      expect(answer.headers.get('location')).toBe('/sign-in?problem=sign_in_failed')
      expect(victim.cookie('bitting_session')).toBeUndefined()
    }
    expect(await newest('session.fail')).toMatchObject({ reason: 'sso_state' })
    const ceremony = attacker.cookie('bitting_ceremony') ?? ''
    expect((await comeBack(attacker, target)).headers.get('location')).toBe('/')
    const replaying = newBrowser()
    replaying.setCookie('bitting_ceremony', ceremony)
    const replayed = await comeBack(replaying, target)
    expect(replayed.headers.get('location')).toBe('/sign-in?problem=sign_in_failed')
    expect(replaying.cookie('bitting_session')).toBeUndefined()
  })

  it('codes that a browser makes up are counted, and then wait', async () => {
    provider.misdeed = 'a code that it does not take'
    const places: (string | null)[] = []
    for (let attempt = 0; attempt < 6; attempt++) places.push(await signInThere(newBrowser(), server.id))
    expect(places).toEqual([
      ...Array<string>(5).fill('/sign-in?problem=upstream_failed'),
      '/sign-in?problem=too_many_attempts',
    ])
  })

  it('a provider that is away holds nobody up once it is back', async () => {
    provider.person = person('patient')
    for (let attempt = 0; attempt < 7; attempt++) {
      provider.misdeed = 'is away once the browser comes back'
      expect(await signInThere(newBrowser(), server.id)).toBe('/sign-in?problem=upstream_failed')
    }
    provider.misdeed = null
    expect(await signInThere(newBrowser(), server.id)).toBe('/')
  })

  it('what has none, and what is none, has one answer', async () => {
    const other = await server.newWorkspace('Without')
    for (const id of [other.id, 'ws_nothing']) {
      const { status, headers } = await newBrowser().call('GET', `/v1/auth/sso/${id}`)
      expect([status, headers.get('location')]).toEqual([302, '/sign-in?problem=not_found'])
    }
  })
})

describe('where a browser is sent after a sign-in', () => {
  it.each([
    '/',
    '/keys',
    '/keys/key_1',
    '/settings/sign-in',
    '/audit/12',
    '/keys?sort=name&query=a%20b',
    '/webhooks/',
  ])('%s is a page of ours', (path) => expect(returnPath(path)).toBe(path))

  it.each([
    undefined,
    '',
    'keys',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/keys\\evil',
    'https:evil.example',
    'https://evil.example',
    'javascript:alert(1)',
    '/%2f%2fevil.example',
    '/%5cevil.example',
    '/@evil.example',
    '/.evil',
    '/./keys',
    '/../keys',
    '/keys/../../v1',
    '/keys//evil.example',
    '/keys?next=//evil.example',
    '/keys\r\nset-cookie: a=b',
    '/keys\n',
    '/\t/evil.example',
    '/keys#fragment',
    '/v1',
    '/v1/keys',
    '/V1/keys',
    '/v1?x=1',
    '/%76%31/keys',
    '/ümlaut',
    `/${'a'.repeat(500)}`,
  ])('%j is none', (text) => expect(returnPath(text)).toBe('/'))

  it('takes no time over a long one that almost is', () => {
    expect(returnPath(`/${'a/'.repeat(248)}!`)).toBe('/')
  })
})
