import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { openDatabase, type WritableDatabase } from '../../server/src/storage/database.js'
import { GOOD_PASSWORD, OPEN_POLICY, signedInOwner, TestBrowser } from '../support/people.js'
import { startServer, type ApiAnswer, type TestServer } from '../support/server.js'

const MINUTE = 60_000
const POLICY = {
  ...OPEN_POLICY,
  single_sign_on: null,
}
const PROVIDER = {
  issuer: 'https://login.example.com',
  client_id: 'bitting',
  client_secret: 'not-to-be-shown',
  label: 'Example',
  default_role: null,
  domains: [],
}

describe('how people get into a workspace', () => {
  let server: TestServer
  let owner: TestBrowser
  let database: WritableDatabase

  beforeAll(async () => {
    server = await startServer()
    database = await openDatabase({ url: null, dataDirectory: server.dataDirectory })
    owner = await signedInOwner(server)
  })
  beforeEach(async () => {
    await database.transact((tx) => tx.deleteFrom('sign_in_policies').execute())
    await database.transact((tx) => tx.deleteFrom('passkeys').execute())
    owner = await signIn()
  })
  afterEach(() => vi.useRealTimers())
  afterAll(async () => {
    await database.close()
    await server.close()
  })

  async function signIn(): Promise<TestBrowser> {
    const browser = new TestBrowser(server.controlUrl)
    const { status } = await browser.call('POST', '/v1/auth/password', {
      email: 'owner@example.com',
      password: GOOD_PASSWORD,
    })
    expect(status).toBe(200)
    return browser
  }
  const set = (more: object, browser = owner): Promise<ApiAnswer> =>
    browser.call('PUT', '/v1/sign-in-policy', { ...POLICY, ...more })
  /** By a key, which has no session to lose. */
  const setByKey = async (more: object): Promise<void> => {
    expect((await server.call('PUT', '/v1/sign-in-policy', { ...POLICY, ...more })).status).toBe(200)
  }
  /** Gives the owner a passkey that nobody uses. */
  const givePasskey = (): Promise<unknown> =>
    database.transact(async (tx) => {
      const { id } = await tx.selectFrom('users').select('id').executeTakeFirstOrThrow()
      const passkey = { id: 'passkey', user_id: id, public_key: new Uint8Array(1), counter: 0, name: 'Key' }
      await tx
        .insertInto('passkeys')
        .values({ ...passkey, transports: '[]', backed_up: 0, created_at: 1, last_used_at: null })
        .execute()
    })
  const isSignedIn = async (browser: TestBrowser): Promise<boolean> =>
    (await browser.call('GET', '/v1/auth/session')).status === 200
  function later(milliseconds: number): void {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + milliseconds })
  }

  it('has defaults, a version for If-Match, and is replaced as a whole', async () => {
    const first = await owner.call('GET', '/v1/sign-in-policy')
    const addresses = {
      redirect_uri: expect.stringMatching(
        new RegExp(`^http://localhost:\\d+/v1/auth/sso/${server.id}/callback$`),
      ),
      sign_in_url: expect.stringMatching(new RegExp(`/v1/auth/sso/${server.id}$`)),
    }
    expect([first.body, first.headers.get('etag')]).toEqual([{ ...POLICY, ...addresses, version: 0 }, '"0"'])
    const changed = await owner.call(
      'PUT',
      '/v1/sign-in-policy',
      { ...POLICY, idle_minutes: 60 },
      { 'if-match': '"0"' },
    )
    expect([changed.status, changed.body, changed.headers.get('etag')]).toEqual([
      200,
      { ...POLICY, ...addresses, idle_minutes: 60, version: 1 },
      '"1"',
    ])
    const late = await owner.call('PUT', '/v1/sign-in-policy', POLICY, { 'if-match': '"0"' })
    expect([late.status, late.body.code]).toEqual([412, 'version_conflict'])
    expect((await owner.call('GET', '/v1/sign-in-policy')).body).toEqual(changed.body)
  })

  it.each<[string, object]>([
    ['session_hours', { session_hours: 0 }],
    ['session_hours', { session_hours: 721 }],
    ['idle_minutes', { idle_minutes: 4 }],
    ['idle_minutes', { idle_minutes: 43_201 }],
    ['password', { password: undefined }],
    ...[
      'http://login.example.com',
      'https://login.example.com?tenant=1',
      'https://login.example.com#a',
      'https://user@login.example.com',
      'https://login.example.com/.well-known/openid-configuration',
      'https:login.example.com',
      'https://login.example.com\\evil',
      'ftp://login.example.com',
      'login.example.com',
      '',
    ].map((issuer): [string, object] => [
      'single_sign_on.issuer',
      { single_sign_on: { ...PROVIDER, issuer } },
    ]),
    ...['Example.com', 'localhost', '*.example.com', '.example.com', 'exa mple.com', '@example.com', ''].map(
      (domain): [string, object] => [
        'single_sign_on.domains.0',
        { single_sign_on: { ...PROVIDER, domains: [domain] } },
      ],
    ),
    ['single_sign_on.default_role', { single_sign_on: { ...PROVIDER, default_role: 'owner' } }],
    ['single_sign_on.client_secret', { single_sign_on: { ...PROVIDER, client_secret: undefined } }],
    ['single_sign_on.client_id', { single_sign_on: { ...PROVIDER, client_id: '' } }],
    [
      'single_sign_on.redirect_uri',
      { single_sign_on: { ...PROVIDER, redirect_uri: 'https://evil.example' } },
    ],
  ])('refuses what does not fit, by the field %s: %j', async (field, more) => {
    const { status, body } = await set(more)
    expect([status, body.code, body.errors?.[0]?.field]).toEqual([400, 'invalid_body', field])
    expect((await owner.call('GET', '/v1/sign-in-policy')).body.version).toBe(0)
  })

  it.each([
    'http://127.0.0.1:8080',
    'http://localhost:8080/realm',
    'http://[::1]',
    'https://login.example.com/a/',
  ])('takes the issuer %s', async (issuer) => {
    const { status, body } = await set({ single_sign_on: { ...PROVIDER, issuer } })
    expect([status, body.single_sign_on?.issuer]).toEqual([200, issuer])
  })

  it('never shows the client secret, and keeps it for the same client of the same issuer alone', async () => {
    const made = await set({ single_sign_on: PROVIDER })
    const { client_secret, ...shown } = PROVIDER
    expect(made.body.single_sign_on).toMatchObject(shown)
    const kept = await set({ single_sign_on: { ...shown, label: 'Renamed' } })
    expect([kept.status, kept.body.single_sign_on.label]).toEqual([200, 'Renamed'])
    for (const other of [{ issuer: 'https://other.example.com' }, { client_id: 'other' }]) {
      const { status, body } = await set({ single_sign_on: { ...shown, ...other } })
      expect([status, body.errors?.[0]?.field]).toEqual([400, 'single_sign_on.client_secret'])
    }
    const read = await owner.call('GET', '/v1/sign-in-policy')
    const log = await server.call('GET', '/v1/audit?action=sign_in_policy.set')
    expect(log.body.data[0].details).toMatchObject({
      before: { single_sign_on: { label: 'Example' } },
      after: { single_sign_on: { label: 'Renamed' } },
      client_secret_changed: false,
    })
    expect(log.body.data[1].details).toMatchObject({
      before: { single_sign_on: null },
      client_secret_changed: true,
    })
    expect(JSON.stringify([made.body, kept.body, read.body, log.body])).not.toContain(client_secret)
    const row = await database.read.selectFrom('sign_in_policies').selectAll().executeTakeFirstOrThrow()
    expect(Buffer.from(row.sealed_client_secret ?? []).includes(client_secret)).toBe(false)
  })

  it('refuses what would end the own way in, or every way', async () => {
    const cases = [{ password: false }, { password: false, passkey: false }, { require_second_factor: true }]
    for (const more of cases) {
      const { status, body } = await set(more)
      expect([status, body.code]).toEqual([409, 'state_conflict'])
    }
    const nothing = await server.call('PUT', '/v1/sign-in-policy', {
      ...POLICY,
      password: false,
      passkey: false,
    })
    expect([nothing.status, nothing.body.code]).toEqual([409, 'state_conflict'])
    expect((await set({ passkey: false })).status).toBe(200)
  })

  it('refuses what would leave no owner a way in, also where a key sets it', async () => {
    const change = { ...POLICY, password: false }
    const told = expect.stringContaining('No owner of this workspace could sign in')
    const { status, body } = await server.call('PUT', '/v1/sign-in-policy', change)
    expect([status, body.code, body.detail]).toEqual([409, 'state_conflict', told])
    // Nobody has come in by the provider yet.
    expect((await set({ single_sign_on: PROVIDER })).status).toBe(200)
    const kept = { ...PROVIDER, client_secret: undefined }
    const alone = await server.call('PUT', '/v1/sign-in-policy', { ...change, single_sign_on: kept })
    expect([alone.status, alone.body.detail]).toEqual([409, told])
    await givePasskey()
    await setByKey(change)
  })

  it('does not take the password of an owner who comes by the provider alone for a way in', async () => {
    await givePasskey()
    const ssoOnly = (sso_only: 0 | 1): Promise<unknown> =>
      database.transact((tx) => tx.updateTable('members').set({ sso_only }).execute())
    await ssoOnly(1)
    const refused = await server.call('PUT', '/v1/sign-in-policy', POLICY)
    await ssoOnly(0)
    expect([refused.status, refused.body.code]).toEqual([409, 'state_conflict'])
    await setByKey({})
  })

  it('asks for a recent sign-in, for everything, and for an owner where a provider is named', async () => {
    later(11 * MINUTE)
    const old = await set({})
    expect([old.status, old.body.code]).toEqual([403, 'step_up_required'])
    vi.useRealTimers()
    const restricted = await server.call('POST', '/v1/keys', {
      kind: 'management',
      name: 'Members alone',
      environment: 'production',
      access: { members: 'edit' },
    })
    const less = await server.call('PUT', '/v1/sign-in-policy', POLICY, { key: restricted.body.token })
    expect([less.status, less.body.code]).toEqual([403, 'grant_exceeds_own'])
    // Whoever chooses the provider chooses who the owners are.
    const byKey = await server.call('PUT', '/v1/sign-in-policy', { ...POLICY, single_sign_on: PROVIDER })
    expect([byKey.status, byKey.body.code]).toEqual([403, 'insufficient_scope'])
    await set({ single_sign_on: PROVIDER })
    const same = { ...PROVIDER, client_secret: undefined }
    await setByKey({ session_hours: 1, single_sign_on: same })
  })

  it('without the password: those signed in by it are out, and it opens the workspace no more', async () => {
    await givePasskey()
    await setByKey({ password: false })
    expect(await isSignedIn(owner)).toBe(false)
    const { status, body } = await new TestBrowser(server.controlUrl).call('POST', '/v1/auth/password', {
      email: 'owner@example.com',
      password: GOOD_PASSWORD,
    })
    expect([status, body.code]).toEqual([403, 'insufficient_scope'])
  })

  it('a session ends after its hours and its minutes without use, also one that was there before', async () => {
    await setByKey({ session_hours: 1, idle_minutes: 120 })
    later(59 * MINUTE)
    expect(await isSignedIn(owner)).toBe(true)
    later(2 * MINUTE)
    expect(await isSignedIn(owner)).toBe(false)
    vi.useRealTimers()
    await setByKey({ session_hours: 720, idle_minutes: 5 })
    const browser = await signIn()
    for (const minutes of [4, 4, 4]) {
      later(minutes * MINUTE)
      expect(await isSignedIn(browser)).toBe(true)
    }
    later(5 * MINUTE)
    expect(await isSignedIn(browser)).toBe(false)
  })

  it('with a second factor asked for, nothing but signing in and the own account is open without one', async () => {
    await setByKey({ require_second_factor: true })
    const { paths } = (await server.call('GET', '/openapi.json')).body as {
      paths: Record<string, Record<string, { security: object[] }>>
    }
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, { security }]) => security.some((it) => 'management_key' in it))
        .map(([method]) => [method.toUpperCase(), path.replaceAll(/\{\w+\}/g, 'x')] as const),
    )
    expect(operations.length).toBeGreaterThan(40)
    for (const [method, path] of operations) {
      const hasBody = method !== 'GET' && method !== 'DELETE'
      const { status, body } = await owner.call(method, path, hasBody ? {} : undefined)
      expect([method, path, status, body.code]).toEqual([method, path, 403, 'second_factor_required'])
    }
    expect((await owner.call('GET', '/v1/auth/session')).body.needs_second_factor).toBe(true)
    expect((await owner.call('GET', '/v1/account/sessions')).status).toBe(200)
    expect((await owner.call('POST', '/v1/account/totp', {})).status).toBe(200)
  })
})
