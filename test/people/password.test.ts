import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GOOD_PASSWORD, signedInOwner, TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'

describe('signing in with a password', () => {
  let server: TestServer
  let owner: TestBrowser

  beforeAll(async () => {
    server = await startServer()
    owner = await signedInOwner(server)
  })
  afterAll(() => server.close())

  it('the set-up link makes an owner who is signed in and can do everything', async () => {
    const { status, body } = await owner.call('GET', '/v1/auth/session')
    expect([status, body.role, body.access, body.method]).toEqual([200, 'owner', 'full', 'setup'])
    expect(body.workspace.id).toBe(server.id)
    const key = await owner.call('POST', '/v1/keys', {
      name: 'By a person',
      environment: 'production',
      access: 'full',
    })
    expect([key.status, key.body.key.created_by]).toEqual([201, body.user.id])
    expect((await owner.call('GET', '/v1/whoami')).body.member.role).toBe('owner')
  })

  it('a password signs in, with another session each time, and the log tells of it', async () => {
    const browser = new TestBrowser(server.controlUrl)
    const credentials = { email: ' Owner@Example.com', password: GOOD_PASSWORD }
    const { status, body } = await browser.call('POST', '/v1/auth/password', credentials)
    expect([status, body.status, body.session.method]).toEqual([200, 'signed_in', 'password'])
    const { body: log } = await server.call(
      'GET',
      `/v1/audit?action=session.start&resource=${body.session.id}`,
    )
    expect(log.data).toMatchObject([
      { actor: { type: 'member', id: body.session.user.id }, outcome: 'success' },
    ])
  })

  it.each([
    'short',
    'passwordpassword',
    'Password123456!',
    'abababababab',
    'owner@example.com1',
    'aaaaaaaaaaaaaaaa',
  ])('refuses a password that is guessed first: %s', async (password) => {
    const { status, body } = await owner.call('POST', '/v1/account/password', { password })
    expect([status, body.code, body.errors?.[0]?.field]).toEqual([400, 'invalid_body', 'password'])
  })

  it('an unknown address and a wrong password are answered alike', async () => {
    const browser = new TestBrowser(server.controlUrl)
    const wrong = await browser.call('POST', '/v1/auth/password', {
      email: 'owner@example.com',
      password: 'not this one at all',
    })
    const unknown = await browser.call('POST', '/v1/auth/password', {
      email: 'nobody@example.com',
      password: 'not this one at all',
    })
    expect([wrong.status, wrong.body]).toEqual([401, unknown.body])
    expect(wrong.body.code).toBe('sign_in_failed')
  })
})
