import { request, type IncomingMessage } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GOOD_PASSWORD, signedInMember, signedInOwner, TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'

const NEW_PASSWORD = 'another seven words for the door'

/** A request of which the last byte is held back: it was let in long before it is done. */
class HeldRequest {
  readonly #finish: () => void
  readonly #answer: Promise<{ status: number; code: unknown }>

  private constructor(finish: () => void, answer: Promise<{ status: number; code: unknown }>) {
    this.#finish = finish
    this.#answer = answer
  }

  /** Sends all but the last byte, and waits until the server has answered another request meanwhile. */
  static async begin(
    server: TestServer,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: object,
  ): Promise<HeldRequest> {
    const text = JSON.stringify(body)
    const sent = request(`${server.controlUrl}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': text.length, ...headers },
    })
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      sent.on('error', reject)
      sent.on('response', resolve)
    }).then(async (response) => {
      const parts: string[] = []
      for await (const part of response) parts.push(String(part))
      const { code } = JSON.parse(parts.join('')) as { code?: unknown }
      return { status: response.statusCode ?? 0, code }
    })
    answer.catch(() => undefined)
    await new Promise<void>((resolve) => sent.write(text.slice(0, -1), () => resolve()))
    for (let turn = 0; turn < 10; turn++) await server.call('GET', '/v1/whoami')
    return new HeldRequest(() => sent.end(text.slice(-1)), answer)
  }

  finish(): Promise<{ status: number; code: unknown }> {
    this.#finish()
    return this.#answer
  }
}

function asBrowser(browser: TestBrowser): Record<string, string> {
  return {
    cookie: `bitting_session=${browser.cookie('bitting_session') ?? ''}`,
    'sec-fetch-site': 'same-origin',
  }
}

describe('a request that was let in and is not done yet', () => {
  let server: TestServer
  let owner: TestBrowser

  beforeAll(async () => {
    server = await startServer()
    owner = await signedInOwner(server)
  })
  afterAll(() => server.close())

  async function signIn(email: string, password: string): Promise<{ browser: TestBrowser; status: number }> {
    const browser = new TestBrowser(server.controlUrl)
    const { status } = await browser.call('POST', '/v1/auth/password', { email, password })
    return { browser, status }
  }

  it('sets no password once the session was ended by another one', async () => {
    const email = 'vic.tim@example.com'
    const victim = await signedInMember(server, owner, 'developer', 'Vic Tim')
    const { browser: thief } = await signIn(email, GOOD_PASSWORD)
    const held = await HeldRequest.begin(server, '/v1/account/password', asBrowser(thief), {
      password: 'the words of somebody else entirely',
    })
    expect((await victim.call('POST', '/v1/account/password', { password: NEW_PASSWORD })).status).toBe(200)
    expect(await held.finish()).toEqual({ status: 401, code: 'session_ended' })
    expect((await signIn(email, NEW_PASSWORD)).status).toBe(200)
    expect((await signIn(email, 'the words of somebody else entirely')).status).toBe(401)
    expect((await victim.call('GET', '/v1/auth/session')).status).toBe(200)
  })

  it('does nothing for a member who was removed', async () => {
    const member = await signedInMember(server, owner, 'developer', 'Gone Soon')
    const { id } = (await member.call('GET', '/v1/auth/session')).body.user
    const key = await server.createKey({ history: 'read' })
    const held = await Promise.all([
      HeldRequest.begin(server, '/v1/webhook-endpoints', asBrowser(member), {
        url: 'http://127.0.0.1:9/',
        events: ['order.*'],
      }),
      HeldRequest.begin(server, `/v1/keys/${key.id}/revoke`, asBrowser(member), { reason: 'late' }),
    ])
    expect((await owner.call('DELETE', `/v1/members/${String(id)}`)).status).toBe(200)
    for (const it of held) expect(await it.finish()).toEqual({ status: 401, code: 'session_ended' })
    expect((await server.call('GET', `/v1/keys/${key.id}`)).body.state).toBe('active')
    expect((await server.call('GET', '/v1/webhook-endpoints')).body.data).toEqual([])
  })

  it('does nothing more for a member whose role was lowered', async () => {
    const member = await signedInMember(server, owner, 'developer', 'Lower Soon')
    const { id } = (await member.call('GET', '/v1/auth/session')).body.user
    const key = await server.createKey({ history: 'read' })
    const held = await HeldRequest.begin(server, `/v1/keys/${key.id}/suspend`, asBrowser(member), {})
    const lowered = await owner.call('PATCH', `/v1/members/${String(id)}`, { role: 'auditor' })
    expect(lowered.status).toBe(200)
    expect(await held.finish()).toEqual({ status: 403, code: 'insufficient_scope' })
    expect((await server.call('GET', `/v1/keys/${key.id}`)).body.state).toBe('active')
  })

  it('does nothing for a management key that was revoked', async () => {
    const made = await server.call('POST', '/v1/keys', {
      name: 'Narrow',
      kind: 'management',
      environment: 'production',
      access: { keys: 'edit' },
    })
    const key = await server.createKey('full')
    const bearer = { authorization: `Bearer ${String(made.body.token)}` }
    const held = await HeldRequest.begin(server, `/v1/keys/${key.id}/revoke`, bearer, {})
    expect((await server.call('POST', `/v1/keys/${String(made.body.key.id)}/revoke`, {})).status).toBe(200)
    expect(await held.finish()).toEqual({ status: 403, code: 'insufficient_scope' })
    expect((await server.call('GET', `/v1/keys/${key.id}`)).body.state).toBe('active')
  })

  it('signs nobody in with a password that was changed meanwhile', async () => {
    const victim = await signedInMember(server, owner, 'developer', 'Rae Race')
    const attempts = Array.from({ length: 4 }, () => signIn('rae.race@example.com', GOOD_PASSWORD))
    const changed = await victim.call('POST', '/v1/account/password', { password: NEW_PASSWORD })
    expect(changed.status).toBe(200)
    for (const { browser } of await Promise.all(attempts)) {
      expect((await browser.call('GET', '/v1/auth/session')).status).toBe(401)
    }
  })
})
