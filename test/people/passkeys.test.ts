import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { passkeysPossible, relyingPartyOf } from '../../server/src/services/people/passkeys.js'
import { addPasskey, SoftAuthenticator, usePasskey } from '../support/authenticator.js'
import { freshPostgresUrl } from '../support/databases.js'
import { GOOD_PASSWORD, signedInOwner, TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'

const ORIGIN = 'http://localhost:4700'
const SETTINGS = { BITTING_PUBLIC_URL: ORIGIN }

describe.each(['sqlite', 'postgres'])('a passkey on %s', (engine) => {
  let server: TestServer
  let settings: Record<string, string>

  beforeAll(async () => {
    settings = {
      ...SETTINGS,
      ...(engine === 'postgres' && { BITTING_DATABASE_URL: await freshPostgresUrl() }),
    }
    server = await startServer(settings)
  })
  afterEach(() => vi.useRealTimers())
  afterAll(() => server.close())

  it('is made, signs in with nobody named, and proves once more who somebody is', async () => {
    const owner = await signedInOwner(server, 'ann@example.com', settings)
    const authenticator = new SoftAuthenticator(ORIGIN)
    const made = await addPasskey(owner, authenticator, 'My key')
    expect([made.status, made.body]).toEqual([
      201,
      {
        id: authenticator.id,
        name: 'My key',
        created_at: expect.any(String),
        last_used_at: null,
        backed_up: false,
      },
    ])
    const browser = new TestBrowser(server.controlUrl)
    const signedIn = await usePasskey(browser, authenticator)
    expect([signedIn.status, signedIn.body.session.method]).toEqual([200, 'passkey'])
    expect(signedIn.body.session.user.email).toBe('ann@example.com')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 660_000 })
    expect((await addPasskey(browser, authenticator)).body.code).toBe('step_up_required')
    const proven = await usePasskey(browser, authenticator, {}, '/v1/auth/step-up/passkey')
    expect(proven.status).toBe(200)
    expect(Date.parse(proven.body.recent_until)).toBeGreaterThan(Date.now())
    const { body: list } = await browser.call('GET', '/v1/account/passkeys')
    expect(list.data).toMatchObject([{ name: 'My key', last_used_at: expect.any(String) }])
  })

  it('is asked for as one that names its person by itself, and verifies them', async () => {
    const owner = await signedInOwner(server, 'bob@example.com', settings)
    const known = new SoftAuthenticator(ORIGIN)
    await addPasskey(owner, known)
    const { body: creation } = await owner.call('POST', '/v1/account/passkeys/options', {})
    expect(creation.options).toMatchObject({
      rp: { id: 'localhost' },
      user: { name: 'bob@example.com', displayName: 'Olga Owner' },
      attestation: 'none',
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      excludeCredentials: [{ id: known.id }],
    })
    const { body: request } = await new TestBrowser(server.controlUrl).call(
      'POST',
      '/v1/auth/passkey/options',
      {},
    )
    expect(request.options).toMatchObject({ rpId: 'localhost', userVerification: 'required' })
    expect(request.options.allowCredentials).toBeUndefined()
    const { body: proof } = await owner.call('POST', '/v1/auth/step-up/passkey/options', {})
    expect(proof.options.allowCredentials).toMatchObject([{ id: known.id }])
  })
})

describe('the passkeys of a person', () => {
  let server: TestServer

  beforeAll(async () => {
    server = await startServer(SETTINGS)
  })
  afterAll(() => server.close())

  it('one without a counter, kept in many places, signs in again and again', async () => {
    const owner = await signedInOwner(server, 'cloud@example.com')
    const authenticator = new SoftAuthenticator(ORIGIN, { counter: 0 })
    expect((await addPasskey(owner, authenticator)).body.backed_up).toBe(true)
    for (let round = 0; round < 3; round++) {
      expect((await usePasskey(new TestBrowser(server.controlUrl), authenticator)).status).toBe(200)
    }
  })

  it("nobody can add one that is known already, their own or another person's", async () => {
    const owner = await signedInOwner(server, 'first@example.com')
    const authenticator = new SoftAuthenticator(ORIGIN)
    await addPasskey(owner, authenticator)
    expect((await addPasskey(owner, authenticator)).body.code).toBe('state_conflict')
    const other = await signedInOwner(server, 'second@example.com')
    expect((await addPasskey(other, authenticator)).body.code).toBe('state_conflict')
    expect((await other.call('GET', '/v1/account/passkeys')).body.data).toEqual([])
  })

  it('a person has twenty at most', async () => {
    const owner = await signedInOwner(server, 'many@example.com')
    for (let made = 0; made < 19; made++) {
      expect((await addPasskey(owner, new SoftAuthenticator(ORIGIN))).status).toBe(201)
    }
    const begun = await owner.call('POST', '/v1/account/passkeys/options', {})
    const late = new SoftAuthenticator(ORIGIN).create(begun.body.options)
    const ceremony = owner.cookie('bitting_ceremony') ?? ''
    expect((await addPasskey(owner, new SoftAuthenticator(ORIGIN))).status).toBe(201)
    expect((await addPasskey(owner, new SoftAuthenticator(ORIGIN))).body.code).toBe('limit_reached')
    owner.setCookie('bitting_ceremony', ceremony)
    const one = await owner.call('POST', '/v1/account/passkeys', { name: 'Late', response: late })
    expect([one.status, one.body.code]).toEqual([409, 'limit_reached'])
  })

  it('one is removed by its person alone, and then opens nothing', async () => {
    const owner = await signedInOwner(server, 'leaver@example.com')
    const authenticator = new SoftAuthenticator(ORIGIN)
    await addPasskey(owner, authenticator)
    const other = await signedInOwner(server, 'stranger@example.com')
    const path = `/v1/account/passkeys/${authenticator.id}`
    expect((await other.call('DELETE', path)).status).toBe(404)
    expect((await owner.call('DELETE', path)).status).toBe(200)
    expect((await owner.call('DELETE', path)).status).toBe(404)
    expect((await usePasskey(new TestBrowser(server.controlUrl), authenticator)).body.code).toBe(
      'sign_in_failed',
    )
    expect((await owner.call('GET', '/v1/auth/session')).body.user.passkeys).toBe(0)
  })

  it('making and removing one is in the log, with its id and without its key', async () => {
    const owner = await signedInOwner(server, 'logged@example.com')
    const authenticator = new SoftAuthenticator(ORIGIN)
    const begun = await owner.call('POST', '/v1/account/passkeys/options', {})
    const response = authenticator.create(begun.body.options)
    await owner.call('POST', '/v1/account/passkeys', { name: 'Ring', response })
    await owner.call('DELETE', `/v1/account/passkeys/${authenticator.id}`)
    const { user } = (await owner.call('GET', '/v1/auth/session')).body
    const { body: log } = await server.call('GET', `/v1/audit?resource=${user.id}&limit=100`)
    const [removed, added] = log.data
    const metadata = { name: 'Ring' }
    expect([removed.action, removed.details]).toEqual([
      'account.passkey_remove',
      { passkey: authenticator.id, metadata },
    ])
    expect([added.action, added.details]).toEqual([
      'account.passkey_add',
      { passkey: authenticator.id, backed_up: false, metadata },
    ])
    const { attestationObject } = response['response'] as { attestationObject: string }
    const text = JSON.stringify(log)
    expect(text).not.toContain(begun.body.options.challenge)
    expect(text).not.toContain(attestationObject.slice(-40))
    expect(text).not.toContain(GOOD_PASSWORD)
  })

  it('at an IP address the answer says where to go', async () => {
    const headers = { origin: 'http://127.0.0.1:4700' }
    const browser = new TestBrowser(server.controlUrl)
    const { status, body } = await browser.call('POST', '/v1/auth/passkey/options', {}, headers)
    expect([status, body.code]).toEqual([409, 'state_conflict'])
    expect(body.detail).toContain('Open http://localhost:4700')
    expect((await browser.call('GET', '/v1/auth/options')).body.passkeys).toBe(false)
  })
})

describe('where there can be passkeys', () => {
  it.each([
    ['https://keys.example.com', { id: 'keys.example.com', origin: 'https://keys.example.com' }],
    ['https://keys.example.com:8443', { id: 'keys.example.com', origin: 'https://keys.example.com:8443' }],
    ['http://127.0.0.1:4700', { id: 'localhost', origin: 'http://localhost:4700' }],
    ['http://[::1]:4700', { id: 'localhost', origin: 'http://localhost:4700' }],
    ['http://localhost', { id: 'localhost', origin: 'http://localhost' }],
    ['http://keys.example.com', null],
    ['https://192.0.2.7', null],
    ['https://[2001:db8::7]', null],
    ['http://192.0.2.7:4700', null],
  ])('%s is %j', (publicUrl, party) => {
    expect(relyingPartyOf(publicUrl)).toEqual(party)
    expect(passkeysPossible(publicUrl, null)).toBe(party !== null)
  })

  it('on loopback the page must be at localhost; in front of others a proxy may have its own host', () => {
    expect(passkeysPossible('http://127.0.0.1:4700', 'localhost:4700')).toBe(true)
    expect(passkeysPossible('http://127.0.0.1:4700', '127.0.0.1:4700')).toBe(false)
    expect(passkeysPossible('https://keys.example.com', '10.0.0.5:4700')).toBe(true)
  })
})
