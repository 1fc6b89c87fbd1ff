import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { TOTP, Secret } from 'otpauth'
import { signInThere, startIdentityProvider, type IdentityProvider } from '../support/identity-provider.js'
import { GOOD_PASSWORD, OPEN_POLICY, signedInMember, signedInOwner, TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'

const EMAIL = 'sam@corp.example'
const OTHER_PASSWORD = 'quite another sentence than before'

describe('what somebody with another person’s address can reach', () => {
  let server: TestServer
  let provider: IdentityProvider
  let squatter: TestBrowser
  let sam: TestBrowser

  beforeAll(async () => {
    server = await startServer()
    provider = await startIdentityProvider(['corp.example'])
    const owner = await signedInOwner(server)
    const policy = {
      ...OPEN_POLICY,
      single_sign_on: provider.policy,
    }
    expect((await owner.call('PUT', '/v1/sign-in-policy', policy)).status).toBe(200)
    const other = await server.newWorkspace('Another tenant')
    const body = { email: EMAIL, role: 'developer' }
    const invited = await server.call('POST', '/v1/invitations', body, { key: other.managementKey })
    squatter = new TestBrowser(server.controlUrl)
    const code = new URL(invited.body.url as string).hash.slice(1)
    const account = { code, name: 'Olga Owner (CEO)', password: GOOD_PASSWORD }
    expect((await squatter.call('POST', '/v1/auth/invitation', account)).status).toBe(200)
    provider.person = { sub: 'sam', email: EMAIL, email_verified: true, name: 'Sam' }
    sam = new TestBrowser(server.controlUrl)
    expect(await signInThere(sam, server.id)).toBe('/')
  })
  afterAll(() => Promise.all([provider.close(), server.close()]))

  it('is neither the workspace nor the sessions that a provider opened', async () => {
    const session = (await squatter.call('GET', '/v1/auth/session')).body
    expect(session.workspaces.map((it: { name: string }) => it.name)).toEqual(['Another tenant'])
    const listed = (await squatter.call('GET', '/v1/account/sessions')).body.data
    expect(listed).toHaveLength(1)
    const theirs = (await sam.call('GET', '/v1/auth/session')).body.id
    expect((await squatter.call('DELETE', `/v1/account/sessions/${String(theirs)}`)).status).toBe(404)
    const password = { password: OTHER_PASSWORD }
    expect((await squatter.call('POST', '/v1/account/password', password)).status).toBe(200)
    expect((await sam.call('GET', '/v1/auth/session')).status).toBe(200)
  })

  it('is neither their name there nor the log of the workspace', async () => {
    const before = (await server.call('GET', '/v1/audit?action=account.update')).body.data.length
    expect((await squatter.call('PATCH', '/v1/account', { name: 'The real owner' })).status).toBe(200)
    const members = (await server.call('GET', '/v1/members')).body.data
    expect(members.find((it: { email: string }) => it.email === EMAIL).name).toBe(EMAIL)
    expect((await server.call('GET', '/v1/audit?action=account.update')).body.data).toHaveLength(before)
  })

  it('is for its provider nothing of what the account is opened with, and no guess at it', async () => {
    const { user } = (await sam.call('GET', '/v1/auth/session')).body
    expect(user).toEqual({
      id: user.id,
      email: EMAIL,
      name: EMAIL,
      has_password: false,
      has_totp: false,
      passkeys: 0,
      recovery_codes: 0,
    })
    for (const password of ['a guess at the password', GOOD_PASSWORD, OTHER_PASSWORD]) {
      const { status, body } = await sam.call('POST', '/v1/auth/step-up', { password })
      expect([status, body.code]).toEqual([403, 'insufficient_scope'])
    }
    expect((await sam.call('POST', '/v1/auth/step-up/passkey/options', {})).status).toBe(403)
  })

  it('is not the log of a workspace that a provider opened, when they mistype', async () => {
    const failures = async (): Promise<unknown[]> =>
      (await server.call('GET', '/v1/audit?action=session.fail')).body.data as unknown[]
    const before = await failures()
    const mistyped = { email: EMAIL, password: 'not what it is' }
    const { status } = await new TestBrowser(server.controlUrl).call('POST', '/v1/auth/password', mistyped)
    expect(status).toBe(401)
    expect(await failures()).toEqual(before)
  })
})

describe('what is counted against whom', () => {
  let server: TestServer
  let owner: TestBrowser

  beforeAll(async () => {
    server = await startServer({ BITTING_TRUSTED_PROXIES: '127.0.0.0/8' })
    owner = await signedInOwner(server)
  })
  afterEach(() => vi.useRealTimers())
  afterAll(() => server.close())

  it('a stranger who guesses does not hold up who is in', async () => {
    for (let guess = 0; guess < 7; guess++) {
      await new TestBrowser(server.controlUrl).call(
        'POST',
        '/v1/auth/password',
        { email: 'owner@example.com', password: 'a guess' },
        { 'x-forwarded-for': '203.0.113.9' },
      )
    }
    expect((await owner.call('POST', '/v1/auth/step-up', { password: GOOD_PASSWORD })).status).toBe(200)
  })

  it('guessing at a step-up is slowed down all the same', async () => {
    const person = await signedInMember(server, owner, 'developer', 'Open Browser')
    const statuses: number[] = []
    for (let guess = 0; guess < 6; guess++) {
      statuses.push((await person.call('POST', '/v1/auth/step-up', { password: 'a guess' })).status)
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429])
  })

  it('signing in with a code is not held against one’s network', async () => {
    const person = await signedInMember(server, owner, 'developer', 'Cody Coder')
    const { secret } = (await person.call('POST', '/v1/account/totp', {})).body
    const totp = new TOTP({ secret: Secret.fromBase32(secret as string) })
    const confirmed = await person.call('POST', '/v1/account/totp/confirm', { code: totp.generate() })
    expect(confirmed.status).toBe(200)
    let now = Date.now()
    for (let time = 0; time < 52; time++) {
      now += 31_000
      vi.useFakeTimers({ toFake: ['Date'], now })
      const browser = new TestBrowser(server.controlUrl)
      const headers = { 'x-forwarded-for': '198.51.100.7' }
      const credentials = { email: 'cody.coder@example.com', password: GOOD_PASSWORD }
      await browser.call('POST', '/v1/auth/password', credentials, headers)
      const code = totp.generate({ timestamp: now })
      const { status } = await browser.call('POST', '/v1/auth/second-factor', { code }, headers)
      expect([time, status]).toEqual([time, 200])
    }
  })

  it('all addresses of one IPv6 network are one', async () => {
    const statuses: number[] = []
    for (let guess = 0; guess < 51; guess++) {
      const { status } = await new TestBrowser(server.controlUrl).call(
        'POST',
        '/v1/auth/password',
        { email: `person${String(guess)}@example.com`, password: 'a guess' },
        { 'x-forwarded-for': `2001:db8:1:2::${guess.toString(16)}` },
      )
      statuses.push(status)
    }
    expect(statuses).toEqual([...Array<number>(50).fill(401), 429])
  })

  it('a wrong set-up code costs no hash, and is counted', async () => {
    const statuses: number[] = []
    for (let guess = 0; guess < 51; guess++) {
      const body = { code: 'x'.repeat(43), email: 'a@example.com', name: 'A', password: GOOD_PASSWORD }
      const headers = { 'x-forwarded-for': '192.0.2.77' }
      statuses.push(
        (await new TestBrowser(server.controlUrl).call('POST', '/v1/setup', body, headers)).status,
      )
    }
    expect(statuses).toEqual([...Array<number>(50).fill(401), 429])
  })

  it.each(['a\u0000b@example.com', 'a\u200bb@example.com', 'a@exa\u202emple.com', 'a@<img/src=x>', 'a@b"c'])(
    'an address with what nobody can see is refused (%#)',
    async (email) => {
      const signIn = await owner.call('POST', '/v1/auth/password', { email, password: 'x' })
      expect(signIn.status).toBe(400)
      expect((await owner.call('POST', '/v1/invitations', { email, role: 'auditor' })).status).toBe(400)
    },
  )

  it('who was removed does not come back by their own invitation', async () => {
    const admin = await signedInMember(server, owner, 'admin', 'Ann Admin')
    const { id } = (await admin.call('GET', '/v1/auth/session')).body.user
    const invited = await admin.call('POST', '/v1/invitations', { email: 'ann@home.example', role: 'admin' })
    expect(invited.status).toBe(201)
    expect((await owner.call('DELETE', `/v1/members/${String(id)}`)).status).toBe(200)
    const code = new URL(invited.body.url as string).hash.slice(1)
    const body = { code, name: 'Ann again', password: GOOD_PASSWORD }
    const { status } = await new TestBrowser(server.controlUrl).call('POST', '/v1/auth/invitation', body)
    expect(status).toBe(401)
  })

  it.each([
    ['was revoked', 'POST', '/revoke', { compromised: true }],
    ['was deleted', 'DELETE', '?confirm=Leaked', undefined],
  ])('the invitations of a management key that %s open nothing', async (_, method, path, body) => {
    const key = { kind: 'management', name: 'Leaked', environment: 'production', access: 'full' }
    const made = await owner.call('POST', '/v1/keys', key)
    const offered = { email: 'thief@home.example', role: 'admin' }
    const invited = await server.call('POST', '/v1/invitations', offered, { key: made.body.token as string })
    expect([made.status, invited.status]).toEqual([201, 201])
    expect((await owner.call(method, `/v1/keys/${String(made.body.key.id)}${path}`, body)).status).toBe(200)
    const code = new URL(invited.body.url as string).hash.slice(1)
    const account = { code, name: 'Thief', password: GOOD_PASSWORD }
    const { status } = await new TestBrowser(server.controlUrl).call('POST', '/v1/auth/invitation', account)
    expect(status).toBe(401)
    const { data } = (await server.call('GET', `/v1/audit?resource=${String(made.body.key.id)}&limit=1`)).body
    expect(data[0].details.invitations_revoked).toEqual([invited.body.invitation.id])
  })

  it.each<[string, string, object]>([
    ['PUT', '/v1/catalog/overlay', { operations: [] }],
    ['PATCH', '/v1/workspace', { audit: { calls: 'writes' } }],
    ['PATCH', '/v1/workspace', { upstream_key: 'another' }],
  ])('what acts on every key asks for a recent sign-in: %s %s %j', async (method, path, body) => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11 * 60_000 })
    const { status, body: problem } = await owner.call(method, path, body)
    expect([status, problem.code]).toEqual([403, 'step_up_required'])
  })
})
