import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { addPasskey, SoftAuthenticator, usePasskey, type Tweaks } from '../support/authenticator.js'
import { signedInOwner, TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'

const ORIGIN = 'http://localhost:4700'
const STEP_UP = '/v1/auth/step-up/passkey'
/** In base64url, as long as a challenge. */
const OTHER_CHALLENGE = Buffer.alloc(32, 7).toString('base64url')

const FLAWS: readonly (readonly [string, Tweaks])[] = [
  ['of another site', { origin: 'https://keys.example.net' }],
  ['of this host at another port', { origin: 'http://localhost:4701' }],
  ['of the address instead of the name', { origin: 'http://127.0.0.1:4700' }],
  ['for another relying party', { rpId: 'keys.example.net' }],
  ['to another challenge', { challenge: OTHER_CHALLENGE }],
  ['of another type', { type: 'payment.get' }],
  ['without verification of the person', { userVerified: false }],
  ['without anybody there', { userPresent: false, userVerified: false }],
]

describe('an answer of a passkey is refused', () => {
  let server: TestServer
  let owner: TestBrowser
  let browser: TestBrowser
  let authenticator: SoftAuthenticator
  let people = 0

  beforeAll(async () => {
    server = await startServer({ BITTING_PUBLIC_URL: ORIGIN })
  })
  beforeEach(async () => {
    owner = await signedInOwner(server, `person-${String(++people)}@example.com`)
    authenticator = new SoftAuthenticator(ORIGIN)
    expect((await addPasskey(owner, authenticator)).status).toBe(201)
    browser = new TestBrowser(server.controlUrl)
  })
  afterEach(async () => {
    vi.useRealTimers()
    // Whatever was refused, it left the passkey as it was.
    expect((await usePasskey(new TestBrowser(server.controlUrl), authenticator)).status).toBe(200)
  })
  afterAll(() => server.close())

  async function failures(): Promise<string[]> {
    const { user } = (await owner.call('GET', '/v1/auth/session')).body
    const { body } = await server.call('GET', `/v1/audit?action=session.fail&resource=${user.id}`)
    return body.data.map(({ reason }: { reason: string }) => reason)
  }

  it.each([
    ...FLAWS,
    ['with a wrong signature', { spoilt: true }],
    ['for another person', { userHandle: Buffer.from('usr_0000000000000000').toString('base64url') }],
    ['for nobody', { userHandle: null }],
  ] as const)('at sign-in: %s', async (_, tweaks) => {
    const { status, body } = await usePasskey(browser, authenticator, tweaks)
    expect([status, body.code]).toEqual([401, 'sign_in_failed'])
    expect(browser.cookie('bitting_session')).toBeUndefined()
  })

  it.each([...FLAWS, ['with a wrong signature', { spoilt: true }]] as const)(
    'at a step-up: %s',
    async (_, tweaks) => {
      const { status, body } = await usePasskey(owner, authenticator, tweaks, STEP_UP)
      expect([status, body.code]).toEqual([401, 'sign_in_failed'])
      expect(await failures()).toEqual(['passkey_wrong'])
    },
  )

  it.each([...FLAWS, ['attested by somebody', { spoilt: true }]] as const)(
    'at its making: %s',
    async (_, tweaks) => {
      const { status, body } = await addPasskey(owner, new SoftAuthenticator(ORIGIN), 'Bad', tweaks)
      expect([status, body.code]).toEqual([400, 'invalid_body'])
      expect((await owner.call('GET', '/v1/account/passkeys')).body.data).toHaveLength(1)
    },
  )

  it('when its counter goes back or stays, as that of a copy does, and the log tells of it', async () => {
    expect((await usePasskey(browser, authenticator)).status).toBe(200)
    for (const counter of [authenticator.counter, 1, 0]) {
      const { status, body } = await usePasskey(browser, authenticator, { counter })
      expect([status, body.code]).toEqual([401, 'sign_in_failed'])
    }
    expect(await failures()).toEqual(['passkey_cloned', 'passkey_cloned', 'passkey_cloned'])
  })

  it('when the counter goes back in an answer that nobody signed: that is no sign of a copy', async () => {
    await usePasskey(browser, authenticator, { counter: 0, spoilt: true })
    expect(await failures()).toEqual(['passkey_wrong'])
  })

  it('the second time, in the same browser and in another one', async () => {
    const { body } = await browser.call('POST', '/v1/auth/passkey/options', {})
    const ceremony = browser.cookie('bitting_ceremony') ?? ''
    const response = authenticator.get(body.options)
    expect((await browser.call('POST', '/v1/auth/passkey', { response })).status).toBe(200)
    for (const again of [browser, new TestBrowser(server.controlUrl)]) {
      again.setCookie('bitting_ceremony', ceremony)
      const { status, body: problem } = await again.call('POST', '/v1/auth/passkey', { response })
      expect([status, problem.code]).toEqual([401, 'session_ended'])
    }
  })

  it('to a challenge that was answered wrongly before', async () => {
    const { body } = await browser.call('POST', '/v1/auth/passkey/options', {})
    const wrong = authenticator.get(body.options, { spoilt: true })
    expect((await browser.call('POST', '/v1/auth/passkey', { response: wrong })).status).toBe(401)
    const right = authenticator.get(body.options)
    expect((await browser.call('POST', '/v1/auth/passkey', { response: right })).body.code).toBe(
      'session_ended',
    )
  })

  it('to a challenge of another browser, or one too old', async () => {
    const { body } = await browser.call('POST', '/v1/auth/passkey/options', {})
    const response = authenticator.get(body.options)
    const elsewhere = await new TestBrowser(server.controlUrl).call('POST', '/v1/auth/passkey', { response })
    expect([elsewhere.status, elsewhere.body.code]).toEqual([401, 'session_ended'])
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 600_000 })
    const late = await browser.call('POST', '/v1/auth/passkey', { response })
    expect([late.status, late.body.code]).toEqual([401, 'session_ended'])
  })

  it('to a challenge that was for something else', async () => {
    const { body } = await owner.call('POST', `${STEP_UP}/options`, {})
    const response = authenticator.get(body.options)
    expect((await owner.call('POST', '/v1/auth/passkey', { response })).body.code).toBe('session_ended')
    const { body: offered } = await owner.call('POST', '/v1/auth/passkey/options', {})
    const other = await owner.call('POST', STEP_UP, { response: authenticator.get(offered.options) })
    expect([other.status, other.body.code]).toEqual([401, 'sign_in_failed'])
  })

  it('as a step-up of another person, whose session it is not', async () => {
    const other = await signedInOwner(server, `other-${String(people)}@example.com`)
    const own = new SoftAuthenticator(ORIGIN)
    await addPasskey(other, own)
    for (const tweaks of [{}, { userHandle: null }]) {
      const { status, body } = await usePasskey(other, authenticator, tweaks, STEP_UP)
      expect([status, body.code]).toEqual([401, 'sign_in_failed'])
    }
    expect((await usePasskey(other, own, {}, STEP_UP)).status).toBe(200)
  })

  it('to a challenge of another session in the same browser', async () => {
    const { body } = await owner.call('POST', '/v1/account/passkeys/options', {})
    const ceremony = owner.cookie('bitting_ceremony') ?? ''
    const other = await signedInOwner(server, `next-${String(people)}@example.com`)
    other.setCookie('bitting_ceremony', ceremony)
    const response = new SoftAuthenticator(ORIGIN).create(body.options)
    const made = await other.call('POST', '/v1/account/passkeys', { name: 'Not mine', response })
    expect([made.status, made.body.code]).toEqual([409, 'state_conflict'])
  })
})

it('answers of passkeys from one address are slowed down after fifty, whoever they are of', async () => {
  const server = await startServer({ BITTING_PUBLIC_URL: ORIGIN })
  try {
    const browser = new TestBrowser(server.controlUrl)
    const statuses = new Set<number>()
    for (let guess = 0; guess < 50; guess++) {
      statuses.add((await usePasskey(browser, new SoftAuthenticator(ORIGIN))).status)
    }
    expect([...statuses]).toEqual([401])
    const { status, headers } = await usePasskey(browser, new SoftAuthenticator(ORIGIN))
    expect([status, Number(headers.get('retry-after')) > 0]).toEqual([429, true])
  } finally {
    await server.close()
  }
})
