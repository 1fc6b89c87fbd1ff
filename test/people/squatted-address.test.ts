import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GOOD_PASSWORD, OPEN_POLICY, signedInOwner, TestBrowser } from '../support/people.js'
import { signInThere, startIdentityProvider, type IdentityProvider } from '../support/identity-provider.js'
import { startServer, type TestServer } from '../support/server.js'

/**
 * Whoever may invite sees the link, so an account with somebody else's address can be made: it says nothing about who
 * has that address.
 */
describe('an account that somebody made with another person’s address', () => {
  const EMAIL = 'vera@corp.example'
  let server: TestServer
  let provider: IdentityProvider
  let owner: TestBrowser
  let mallory: TestBrowser

  beforeAll(async () => {
    server = await startServer()
    provider = await startIdentityProvider(['corp.example'])
    owner = await signedInOwner(server)
    const { status: set } = await owner.call('PUT', '/v1/sign-in-policy', {
      ...OPEN_POLICY,
      single_sign_on: provider.policy,
    })
    expect(set).toBe(200)
    const theirs = await server.newWorkspace('Mallory’s')
    const { body } = await server.call(
      'POST',
      '/v1/invitations',
      { email: EMAIL, role: 'developer' },
      { key: theirs.managementKey },
    )
    mallory = new TestBrowser(server.controlUrl)
    const accepted = await mallory.call('POST', '/v1/auth/invitation', {
      code: new URL(body.url as string).hash.slice(1),
      name: 'Mallory',
      password: GOOD_PASSWORD,
    })
    expect([accepted.status, accepted.body.session.workspace.name]).toEqual([200, 'Mallory’s'])
  })
  afterAll(() => Promise.all([provider.close(), server.close()]))

  it('does not open a workspace whose provider knows that person', async () => {
    provider.person = { sub: 'vera', email: EMAIL, email_verified: true, name: 'Vera' }
    const vera = new TestBrowser(server.controlUrl)
    expect(await signInThere(vera, server.id)).toBe('/')
    expect((await vera.call('GET', '/v1/keys')).status).toBe(200)

    expect((await mallory.call('POST', '/v1/auth/workspace', { workspace_id: server.id })).status).toBe(403)
    const again = new TestBrowser(server.controlUrl)
    const { body } = await again.call('POST', '/v1/auth/password', { email: EMAIL, password: GOOD_PASSWORD })
    expect(body.session.workspace.name).toBe('Mallory’s')
    expect((await again.call('POST', '/v1/auth/workspace', { workspace_id: server.id })).status).toBe(403)
  })

  it('does so neither by an invitation that the provider’s word accepts', async () => {
    const invited = await owner.call('POST', '/v1/invitations', { email: EMAIL, role: 'admin' })
    // Vera is a member by now; what counts is that the account alone opens nothing.
    expect(invited.status).toBe(409)
    expect((await mallory.call('POST', '/v1/auth/workspace', { workspace_id: server.id })).status).toBe(403)
  })
})
