import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { GOOD_PASSWORD, setupCode, signedInOwner, TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'

const HOUR = 3_600_000
const KEY = { name: 'A key', environment: 'production', access: { history: 'read' } }

describe('a session', () => {
  let server: TestServer
  let owner: TestBrowser

  beforeAll(async () => {
    server = await startServer()
    owner = await signedInOwner(server)
  })
  afterEach(() => vi.useRealTimers())
  afterAll(() => server.close())

  async function signIn(browser = new TestBrowser(server.controlUrl)): Promise<TestBrowser> {
    const { status } = await browser.call('POST', '/v1/auth/password', {
      email: 'owner@example.com',
      password: GOOD_PASSWORD,
    })
    expect(status).toBe(200)
    return browser
  }

  /** Moves the clock of the node, which runs in this process; timers go on as they were. */
  function later(milliseconds: number): void {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + milliseconds })
  }

  it('is a cookie out of reach of scripts and other sites, and its token is kept nowhere', async () => {
    const browser = new TestBrowser(server.controlUrl)
    const { headers, body } = await browser.call('POST', '/v1/auth/password', {
      email: 'owner@example.com',
      password: GOOD_PASSWORD,
    })
    const [cookie = ''] = headers.getSetCookie().filter((it) => it.startsWith('bitting_session='))
    expect(cookie).toMatch(/^bitting_session=[0-9A-Za-z]{43}; /)
    expect(cookie).toMatch(/; HttpOnly/)
    expect(cookie).toMatch(/; SameSite=Strict/)
    expect(cookie).toMatch(/; Path=\//)
    expect(headers.get('cache-control')).toBe('no-store')
    const token = browser.cookie('bitting_session') ?? ''
    const log = await server.call('GET', '/v1/audit?limit=100')
    expect(JSON.stringify([body, log.body])).not.toContain(token)
  })

  it('has a name that no other host can set where the dashboard is on https', async () => {
    const secure = await startServer({ BITTING_PUBLIC_URL: 'https://keys.example.com' })
    try {
      const browser = new TestBrowser(secure.controlUrl)
      const { headers } = await browser.call('POST', '/v1/setup', {
        code: await setupCode(secure),
        email: 'owner@example.com',
        name: 'Olga',
        password: GOOD_PASSWORD,
      })
      const [cookie = ''] = headers.getSetCookie().filter((it) => it.includes('bitting_session'))
      expect(cookie).toMatch(/^__Host-bitting_session=.*; Secure/)
      browser.setCookie('bitting_session', browser.cookie('__Host-bitting_session') ?? '')
      expect((await browser.call('GET', '/v1/auth/session')).status).toBe(200)
      const forged = new TestBrowser(secure.controlUrl)
      forged.setCookie('bitting_session', browser.cookie('__Host-bitting_session') ?? '')
      expect((await forged.call('GET', '/v1/auth/session')).status).toBe(401)
    } finally {
      await secure.close()
    }
  })

  it('cannot be fixed beforehand: signing in always gives a new one, and ends the one before', async () => {
    const browser = new TestBrowser(server.controlUrl)
    const planted = 'A'.repeat(43)
    browser.setCookie('bitting_session', planted)
    await signIn(browser)
    const first = browser.cookie('bitting_session') ?? ''
    expect(first).not.toBe(planted)
    await signIn(browser)
    const second = browser.cookie('bitting_session') ?? ''
    expect(second).not.toBe(first)
    const thief = new TestBrowser(server.controlUrl)
    thief.setCookie('bitting_session', first)
    expect((await thief.call('GET', '/v1/auth/session')).status).toBe(401)
  })

  it.each(['', 'x', 'A'.repeat(43), 'A'.repeat(5000), '../../etc', '%00', '"', 'é'])(
    'is not had with a made-up cookie (%#)',
    async (value) => {
      const browser = new TestBrowser(server.controlUrl)
      browser.setCookie('bitting_session', encodeURIComponent(value))
      const { status, body } = await browser.call('GET', '/v1/auth/session')
      expect([status, body.code]).toEqual([401, 'session_ended'])
    },
  )

  it('ends with a sign-out, on the server too', async () => {
    const browser = await signIn()
    const token = browser.cookie('bitting_session') ?? ''
    expect((await browser.call('POST', '/v1/auth/sign-out', {})).status).toBe(200)
    expect(browser.cookie('bitting_session')).toBeUndefined()
    browser.setCookie('bitting_session', token)
    expect((await browser.call('GET', '/v1/keys')).body.code).toBe('session_ended')
  })

  it('ends when it was not used for two hours, and lives while it is', async () => {
    const [used, idle] = [await signIn(), await signIn()]
    for (let hour = 0; hour < 4; hour++) {
      later(HOUR)
      expect((await used.call('GET', '/v1/auth/session')).status).toBe(200)
    }
    expect((await idle.call('GET', '/v1/auth/session')).body.code).toBe('session_ended')
  })

  it('ends after twelve hours however much it is used', async () => {
    const browser = await signIn()
    const statuses: number[] = []
    for (let hour = 1; hour <= 12; hour++) {
      later(HOUR)
      statuses.push((await browser.call('GET', '/v1/auth/session')).status)
    }
    expect(statuses).toEqual([...Array<number>(11).fill(200), 401])
  })

  it('asks for a recent sign-in before grave acts, and a proof lets them through', async () => {
    const browser = await signIn()
    later(11 * 60_000)
    const refused = await browser.call('POST', '/v1/keys', { ...KEY, access: 'full' })
    expect([refused.status, refused.body.code, refused.body.max_age_seconds]).toEqual([
      403,
      'step_up_required',
      600,
    ])
    expect((await browser.call('POST', '/v1/keys', KEY)).status).toBe(201)
    const wrong = await browser.call('POST', '/v1/auth/step-up', { password: 'not the right one' })
    expect([wrong.status, wrong.body.code]).toEqual([401, 'sign_in_failed'])
    expect((await browser.call('POST', '/v1/keys', { ...KEY, access: 'full' })).status).toBe(403)
    expect((await browser.call('POST', '/v1/auth/step-up', { password: GOOD_PASSWORD })).status).toBe(200)
    expect((await browser.call('POST', '/v1/keys', { ...KEY, access: 'full' })).status).toBe(201)
  })

  describe('and other sites', () => {
    const REFUSED: Readonly<Record<string, Record<string, string | null>>> = {
      'another site': { 'sec-fetch-site': 'cross-site' },
      'another host of the same site': { 'sec-fetch-site': 'same-site' },
      'an address that was typed in': { 'sec-fetch-site': 'none' },
      'another origin, from a browser that says no more': {
        'sec-fetch-site': null,
        origin: 'https://evil.example',
      },
      'an opaque origin': { 'sec-fetch-site': null, origin: 'null' },
      'another port': { 'sec-fetch-site': null, origin: 'http://127.0.0.1:1' },
      nowhere: { 'sec-fetch-site': null },
    }

    it.each(Object.entries(REFUSED))('writes nothing for %s', async (_name, headers) => {
      const before = (await server.call('GET', '/v1/keys?limit=100')).body.data.length
      for (const [method, path, body] of [
        ['POST', '/v1/keys', KEY],
        ['POST', '/v1/auth/sign-out', {}],
        ['POST', '/v1/auth/password', { email: 'owner@example.com', password: GOOD_PASSWORD }],
        ['POST', '/v1/auth/step-up', { password: GOOD_PASSWORD }],
      ] as const) {
        const { status, body: problem } = await owner.call(method, path, body, headers)
        expect([path, status, problem.code]).toEqual([path, 403, 'cross_origin'])
      }
      expect((await server.call('GET', '/v1/keys?limit=100')).body.data).toHaveLength(before)
      expect((await owner.call('GET', '/v1/auth/session')).status).toBe(200)
    })

    it('takes a plain form of no site, whatever it says it is', async () => {
      const { status } = await owner.call('POST', '/v1/keys', KEY, { 'content-type': 'text/plain' })
      expect(status).toBe(415)
    })

    it('is believed from our own origin where the browser names that alone', async () => {
      const headers = { 'sec-fetch-site': null, origin: server.controlUrl }
      expect((await owner.call('POST', '/v1/keys', KEY, headers)).status).toBe(201)
    })

    it.each(['/', '/keys', '/sign-in', '/setup', '/settings/members'])(
      'cannot frame %s, nor run a script in it',
      async (path) => {
        const { status, headers } = await owner.call('GET', path)
        const policy = headers.get('content-security-policy') ?? ''
        expect(status).toBe(200)
        expect(headers.get('x-frame-options')).toBe('DENY')
        expect(policy).toContain("frame-ancestors 'none'")
        expect(policy).toContain("default-src 'none'")
        expect(policy).toContain("script-src 'self'")
        expect(policy).not.toContain('unsafe')
        expect(headers.get('referrer-policy')).toBe('no-referrer')
      },
    )
  })

  it('never goes before a management key: whoever sends one means it', async () => {
    const { status, body } = await owner.call('GET', '/v1/whoami', undefined, {
      authorization: `Bearer ${server.managementKey}`,
    })
    expect([status, body.member, body.key.kind]).toEqual([200, null, 'management'])
    const wrong = await owner.call('GET', '/v1/whoami', undefined, { authorization: 'Bearer btgm_wrong' })
    expect(wrong.body.code).toBe('invalid_token')
  })
})
