import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { GOOD_PASSWORD, signedInOwner, TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'

const EMAIL = 'owner@example.com'

describe('guessing a password', () => {
  let server: TestServer
  let browser: TestBrowser

  beforeEach(async () => {
    server = await startServer()
    await signedInOwner(server, EMAIL)
    browser = new TestBrowser(server.controlUrl)
  })
  afterEach(async () => {
    vi.useRealTimers()
    await server.close()
  })

  async function attempt(password: string, email = EMAIL): Promise<{ status: number; wait: number | null }> {
    const { status, headers } = await browser.call('POST', '/v1/auth/password', { email, password })
    const wait = headers.get('retry-after')
    return { status, wait: wait === null ? null : Number(wait) }
  }

  it('is slowed down after five attempts, for the right password too, and longer each time', async () => {
    for (let guess = 0; guess < 5; guess++) expect((await attempt(`wrong ${String(guess)}`)).status).toBe(401)
    const waits: number[] = []
    for (let round = 0; round < 9; round++) {
      const blocked = await attempt(GOOD_PASSWORD)
      expect(blocked.status).toBe(429)
      waits.push(blocked.wait ?? 0)
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + (blocked.wait ?? 0) * 1000 })
      expect((await attempt('wrong again')).status).toBe(401)
    }
    expect(waits).toEqual([15, 30, 60, 120, 240, 480, 900, 900, 900])
  })

  it('many at a time count as many', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 40 }, async (_, guess) => (await attempt(`wrong ${String(guess)}`)).status),
    )
    expect(statuses.filter((status) => status === 401)).toHaveLength(5)
    expect(statuses.filter((status) => status === 429)).toHaveLength(35)
  })

  it('waiting tells nothing of whether there is an account', async () => {
    // Nothing that passes between two attempts may show in the seconds to wait.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    const known: unknown[] = []
    const unknown: unknown[] = []
    for (let guess = 0; guess < 7; guess++) {
      known.push(await attempt('wrong'))
      unknown.push(await attempt('wrong', 'nobody@example.com'))
    }
    expect(known).toEqual(unknown)
  })

  it('a successful sign-in begins the count anew', async () => {
    for (let round = 0; round < 3; round++) {
      for (let guess = 0; guess < 4; guess++) expect((await attempt('wrong')).status).toBe(401)
      expect((await attempt(GOOD_PASSWORD)).status).toBe(200)
    }
  })

  it('one address cannot try many accounts', async () => {
    const statuses: number[] = []
    for (let guess = 0; guess < 52; guess++) {
      statuses.push((await attempt('wrong', `person${String(guess)}@example.com`)).status)
    }
    expect(statuses.slice(0, 50)).toEqual(Array<number>(50).fill(401))
    expect(statuses.slice(50)).toEqual([429, 429])
  })

  it('what a whole office mistypes in days does not add up, and a burst still does', async () => {
    let now = Date.now()
    const later = (minutes: number): void => {
      now += minutes * 60_000
      vi.useFakeTimers({ toFake: ['Date'], now })
    }
    for (let hour = 0; hour < 80; hour++) {
      later(60)
      const colleague = `person${String(hour)}@example.com`
      expect([hour, (await attempt('wrong', colleague)).status]).toEqual([hour, 401])
      expect([hour, (await attempt(GOOD_PASSWORD)).status]).toEqual([hour, 200])
    }
    const burst: number[] = []
    for (let guess = 0; guess < 52; guess++) {
      burst.push((await attempt('wrong', `stranger${String(guess)}@example.com`)).status)
    }
    expect(burst.filter((status) => status === 429).length).toBeGreaterThan(0)
  })

  it('one who comes back every quarter of an hour is let through ever more seldom all the same', async () => {
    let now = Date.now()
    const answers: number[] = []
    for (let quarter = 0; quarter < 40; quarter++) {
      vi.useFakeTimers({ toFake: ['Date'], now })
      answers.push((await attempt('wrong')).status)
      now += 895_000
    }
    expect(answers.slice(-20).filter((status) => status === 429)).toHaveLength(10)
  })

  it('is in the audit log of the workspace, without what was tried', async () => {
    await attempt('wrong and long enough')
    const { body } = await server.call('GET', '/v1/audit?action=session.fail')
    expect(body.data).toMatchObject([
      {
        actor: { type: 'anonymous' },
        outcome: 'failure',
        reason: 'password_wrong',
        resource: { type: 'user' },
      },
    ])
    expect(JSON.stringify(body)).not.toContain('wrong and long enough')
    expect(JSON.stringify(body)).not.toContain(EMAIL)
  })
})
