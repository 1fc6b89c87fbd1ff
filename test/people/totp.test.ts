import { createHmac } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { GOOD_PASSWORD, signedInOwner, TestBrowser } from '../support/people.js'
import { startServer, type ApiAnswer, type TestServer } from '../support/server.js'

const STEP = 30_000

describe('a code generator', () => {
  let server: TestServer
  let owner: TestBrowser
  let email: string
  let people = 0

  beforeAll(async () => {
    server = await startServer()
  })
  beforeEach(async () => {
    // The clock stands still in the middle of a step, so that no test falls between two.
    at(Math.ceil(Date.now() / STEP) * STEP + STEP / 2)
    email = `person-${String(++people)}@example.com`
    owner = await signedInOwner(server, email)
  })
  afterEach(() => vi.useRealTimers())
  afterAll(() => server.close())

  function at(milliseconds: number): void {
    vi.useFakeTimers({ toFake: ['Date'], now: milliseconds })
  }

  /** The code that a generator shows, so many steps from now (RFC 4226 Section 5.3, RFC 6238). */
  function codeOf(secret: string, steps = 0): string {
    const counter = Buffer.alloc(8)
    counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / STEP) + steps))
    const mac = createHmac('sha1', fromBase32(secret)).update(counter).digest()
    const number = mac.readUInt32BE(mac.readUInt8(19) & 15) & 0x7fffffff
    return String(number % 1_000_000).padStart(6, '0')
  }

  /** A code that is none of those that are good around now. */
  function wrongCode(secret: string): string {
    const good = [-1, 0, 1].map((steps) => codeOf(secret, steps))
    return ['111111', '222222', '333333', '444444'].find((code) => !good.includes(code)) ?? ''
  }

  async function addGenerator(): Promise<{ secret: string; recoveryCodes: string[] }> {
    const { body: offered } = await owner.call('POST', '/v1/account/totp', {})
    const confirmed = await owner.call('POST', '/v1/account/totp/confirm', { code: codeOf(offered.secret) })
    expect(confirmed.status).toBe(200)
    // The code that confirmed counts as taken.
    at(Date.now() + STEP)
    return { secret: offered.secret, recoveryCodes: confirmed.body.recovery_codes }
  }

  /** A browser that has shown the password, and waits for the code. */
  async function halfSignedIn(): Promise<TestBrowser> {
    const browser = new TestBrowser(server.controlUrl)
    const answer = await browser.call('POST', '/v1/auth/password', { email, password: GOOD_PASSWORD })
    expect([answer.status, answer.body]).toEqual([200, { status: 'second_factor' }])
    return browser
  }

  async function signIn(code: string): Promise<ApiAnswer> {
    return (await halfSignedIn()).call('POST', '/v1/auth/second-factor', { code })
  }

  it('is offered as secret and as address, and counts from its first code on', async () => {
    const { status, body } = await owner.call('POST', '/v1/account/totp', {})
    expect(status).toBe(200)
    expect(fromBase32(body.secret)).toHaveLength(20)
    const uri = new URL(body.uri)
    expect([uri.protocol, uri.searchParams.get('secret')]).toEqual(['otpauth:', body.secret])
    expect((await owner.call('GET', '/v1/auth/session')).body.user.has_totp).toBe(false)
    const wrong = await owner.call('POST', '/v1/account/totp/confirm', { code: wrongCode(body.secret) })
    expect([wrong.status, wrong.body.code]).toEqual([401, 'sign_in_failed'])
    const { body: made } = await owner.call('POST', '/v1/account/totp/confirm', { code: codeOf(body.secret) })
    expect(new Set(made.recovery_codes).size).toBe(10)
    for (const code of made.recovery_codes)
      expect(code).toMatch(/^[0-9a-hjkmnp-tv-z]{4}(?:-[0-9a-hjkmnp-tv-z]{4}){3}$/)
    expect((await owner.call('GET', '/v1/auth/session')).body.user).toMatchObject({
      has_totp: true,
      recovery_codes: 10,
    })
    expect((await owner.call('POST', '/v1/account/totp', {})).body.code).toBe('state_conflict')
  })

  it('is confirmed in the browser and session that it was offered to, within ten minutes', async () => {
    const { body } = await owner.call('POST', '/v1/account/totp', {})
    const ceremony = owner.cookie('bitting_ceremony') ?? ''
    const other = await signedInOwner(server, `other-${email}`)
    const without = await other.call('POST', '/v1/account/totp/confirm', { code: codeOf(body.secret) })
    expect([without.status, without.body.code]).toEqual([409, 'state_conflict'])
    other.setCookie('bitting_ceremony', ceremony)
    const stolen = await other.call('POST', '/v1/account/totp/confirm', { code: codeOf(body.secret) })
    expect([stolen.status, stolen.body.code]).toEqual([409, 'state_conflict'])
    at(Date.now() + 600_000)
    await owner.call('POST', '/v1/auth/step-up', { password: GOOD_PASSWORD })
    const late = await owner.call('POST', '/v1/account/totp/confirm', { code: codeOf(body.secret) })
    expect([late.status, late.body.code]).toEqual([409, 'state_conflict'])
  })

  it('a password alone gives no session, and a code without the password neither', async () => {
    const { secret } = await addGenerator()
    const half = await halfSignedIn()
    expect(half.cookie('bitting_session')).toBeUndefined()
    expect((await half.call('GET', '/v1/auth/session')).body.code).toBe('session_ended')
    half.setCookie('bitting_session', half.cookie('bitting_ceremony') ?? '')
    expect((await half.call('GET', '/v1/keys')).body.code).toBe('session_ended')
    const code = codeOf(secret)
    const without = await new TestBrowser(server.controlUrl).call('POST', '/v1/auth/second-factor', { code })
    expect([without.status, without.body.code]).toEqual([401, 'session_ended'])
    expect((await half.call('POST', '/v1/auth/second-factor', { code })).body.status).toBe('signed_in')
    expect((await half.call('GET', '/v1/auth/session')).body.method).toBe('password')
  })

  it('the code that confirmed it opens nothing any more', async () => {
    const { body: offered } = await owner.call('POST', '/v1/account/totp', {})
    const code = codeOf(offered.secret)
    await owner.call('POST', '/v1/account/totp/confirm', { code })
    expect((await signIn(code)).body.code).toBe('sign_in_failed')
  })

  it('a code is good once, and none before one that was taken', async () => {
    const { secret } = await addGenerator()
    at(Date.now() + STEP)
    const code = codeOf(secret)
    expect((await signIn(code)).status).toBe(200)
    expect((await signIn(code)).body.code).toBe('sign_in_failed')
    expect((await signIn(codeOf(secret, -1))).body.code).toBe('sign_in_failed')
  })

  it('a code of the step before and of the next one is good, of two steps away not', async () => {
    const { secret } = await addGenerator()
    at(Date.now() + 5 * STEP)
    const half = await halfSignedIn()
    for (const steps of [-2, 2]) {
      const answer = await half.call('POST', '/v1/auth/second-factor', { code: codeOf(secret, steps) })
      expect([answer.status, answer.body.code]).toEqual([401, 'sign_in_failed'])
    }
    const before = await half.call('POST', '/v1/auth/second-factor', { code: codeOf(secret, -1) })
    expect(before.status).toBe(200)
    expect((await signIn(codeOf(secret, 1))).status).toBe(200)
  })

  it('guessing codes is slowed down, for the right one too, and the password does not help', async () => {
    const { secret } = await addGenerator()
    const half = await halfSignedIn()
    const answers: ApiAnswer[] = []
    for (let guess = 0; guess < 5; guess++) {
      answers.push(await half.call('POST', '/v1/auth/second-factor', { code: wrongCode(secret) }))
    }
    // The password was the first of five attempts.
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 429])
    const wait = Number(answers[4]?.headers.get('retry-after'))
    expect(wait).toBeGreaterThan(0)
    const right = await half.call('POST', '/v1/auth/second-factor', { code: codeOf(secret) })
    expect([right.status, right.body.code]).toEqual([429, 'too_many_attempts'])
    const again = new TestBrowser(server.controlUrl)
    const password = await again.call('POST', '/v1/auth/password', { email, password: GOOD_PASSWORD })
    expect(password.status).toBe(429)
    at(Date.now() + wait * 1000)
    expect((await half.call('POST', '/v1/auth/second-factor', { code: codeOf(secret) })).status).toBe(200)
  })

  it('a recovery code works once, however it is typed', async () => {
    const { recoveryCodes } = await addGenerator()
    const [first = '', second = ''] = recoveryCodes
    expect((await signIn(first)).status).toBe(200)
    expect((await signIn(first)).body.code).toBe('sign_in_failed')
    const answer = await signIn(` ${second.toUpperCase().replace('-', ' ')} `)
    expect([answer.status, answer.body.session.user.recovery_codes]).toEqual([200, 8])
    const { data } = (await server.call('GET', '/v1/audit?action=session.start&limit=1')).body
    expect(data[0].details).toEqual({ method: 'password', second_factor: true, recovery_code: true })
  })

  it.each(['a code', 'a recovery code'])(
    'of two who bring %s at the same moment, one gets in',
    async (kind) => {
      const { secret, recoveryCodes } = await addGenerator()
      const code = kind === 'a code' ? codeOf(secret) : (recoveryCodes[0] ?? '')
      const halves = [await halfSignedIn(), await halfSignedIn()]
      const answers = await Promise.all(
        halves.map((half) => half.call('POST', '/v1/auth/second-factor', { code })),
      )
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 401])
    },
  )

  it('new recovery codes end the old ones', async () => {
    const { recoveryCodes } = await addGenerator()
    const { body } = await owner.call('POST', '/v1/account/recovery-codes', {})
    expect(body.recovery_codes).toHaveLength(10)
    expect((await signIn(recoveryCodes[0] ?? '')).body.code).toBe('sign_in_failed')
    expect((await signIn(body.recovery_codes[0])).status).toBe(200)
  })

  it('is asked for at a step-up, and a right password alone tells nothing', async () => {
    const { secret } = await addGenerator()
    const step = (body: object): Promise<ApiAnswer> => owner.call('POST', '/v1/auth/step-up', body)
    const without = await step({ password: GOOD_PASSWORD })
    const wrong = await step({ password: 'not this one at all', code: codeOf(secret) })
    expect([without.status, without.body]).toEqual([401, wrong.body])
    expect((await step({ password: GOOD_PASSWORD, code: codeOf(secret) })).status).toBe(200)
  })

  it('is removed, and then the password signs in by itself', async () => {
    const { recoveryCodes } = await addGenerator()
    const half = await halfSignedIn()
    expect((await owner.call('DELETE', '/v1/account/totp')).body.user).toMatchObject({
      has_totp: false,
      recovery_codes: 0,
    })
    expect((await owner.call('DELETE', '/v1/account/totp')).body.code).toBe('state_conflict')
    expect((await owner.call('POST', '/v1/account/recovery-codes', {})).body.code).toBe('state_conflict')
    const code = recoveryCodes[0] ?? ''
    expect((await half.call('POST', '/v1/auth/second-factor', { code })).body.code).toBe('sign_in_failed')
    const password = { email, password: GOOD_PASSWORD }
    const { body } = await new TestBrowser(server.controlUrl).call('POST', '/v1/auth/password', password)
    expect(body.status).toBe('signed_in')
  })

  it('a new password ends what was half signed in with the old one', async () => {
    const { secret } = await addGenerator()
    const half = await halfSignedIn()
    await owner.call('POST', '/v1/account/password', { password: 'nine iron bolts on a door' })
    const late = await half.call('POST', '/v1/auth/second-factor', { code: codeOf(secret) })
    expect([late.status, late.body.code]).toEqual([401, 'session_ended'])
  })

  it('is asked for by an invitation that a password accepts, which counts as one attempt', async () => {
    const { secret } = await addGenerator()
    const { id } = (await owner.call('GET', '/v1/auth/session')).body.user as { id: string }
    const another = await signedInOwner(server, `another-${email}`)
    expect((await another.call('DELETE', `/v1/members/${id}`)).status).toBe(200)
    const { body } = await server.call('POST', '/v1/invitations', { email, role: 'developer' })
    const code = new URL(body.url as string).hash.slice(1)
    const browser = new TestBrowser(server.controlUrl)
    const accept = (password: string): Promise<ApiAnswer> =>
      browser.call('POST', '/v1/auth/invitation', { code, password })
    for (let guess = 0; guess < 3; guess++) expect((await accept(`wrong ${String(guess)}`)).status).toBe(401)
    expect((await accept(GOOD_PASSWORD)).body).toEqual({ status: 'second_factor' })
    const shown = await browser.call('POST', '/v1/auth/second-factor', { code: codeOf(secret) })
    expect([shown.status, shown.body.session?.workspace.id]).toEqual([200, server.id])
  })

  it('what is done with it is in the log, and none of its secrets', async () => {
    const { secret, recoveryCodes } = await addGenerator()
    const code = codeOf(secret)
    await signIn(wrongCode(secret))
    await signIn(code)
    const { body: renewed } = await owner.call('POST', '/v1/account/recovery-codes', {})
    await owner.call('DELETE', '/v1/account/totp')
    const { user } = (await owner.call('GET', '/v1/auth/session')).body
    const { body: log } = await server.call('GET', `/v1/audit?resource=${user.id}&limit=100`)
    const acts = log.data.map(({ action, reason }: { action: string; reason: string }) => [action, reason])
    expect(acts).toEqual([
      ['account.totp_remove', null],
      ['account.recovery_codes', null],
      ['session.fail', 'code_wrong'],
      ['account.totp_add', null],
      ['member.join', null],
    ])
    const { body: all } = await server.call('GET', '/v1/audit?limit=100')
    const text = JSON.stringify(all)
    for (const hidden of [secret, ...recoveryCodes, ...renewed.recovery_codes, GOOD_PASSWORD]) {
      expect(text).not.toContain(hidden)
      expect(text).not.toContain(hidden.replace('-', ''))
    }
  })
})

/** The bytes of a text in base 32 without padding (RFC 4648 Section 6). */
function fromBase32(text: string): Buffer {
  const bits = Array.from(text, (digit) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(digit).toString(2).padStart(5, '0'),
  )
  const octets = bits.join('').match(/[01]{8}/g) ?? []
  return Buffer.from(octets.map((octet) => Number.parseInt(octet, 2)))
}
