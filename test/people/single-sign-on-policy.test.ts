import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signInThere, startIdentityProvider, type IdentityProvider } from '../support/identity-provider.js'
import { OPEN_POLICY, signedInOwner, TestBrowser } from '../support/people.js'
import { startServer, type ApiAnswer, type TestServer } from '../support/server.js'

const POLICY = {
  ...OPEN_POLICY,
  single_sign_on: null,
}

describe('the policy of a workspace with single sign-on', () => {
  let server: TestServer
  let owner: TestBrowser
  let provider: IdentityProvider

  beforeAll(async () => {
    server = await startServer()
    owner = await signedInOwner(server)
    provider = await startIdentityProvider(['example.com'])
  })
  afterAll(async () => {
    await provider.close()
    await server.close()
  })

  it('ends the sessions of a provider that is another now, and not of one whose secret is', async () => {
    const set = (more: object, browser = owner): Promise<ApiAnswer> =>
      browser.call('PUT', '/v1/sign-in-policy', {
        ...POLICY,
        single_sign_on: { ...provider.policy, ...more },
      })
    const isSignedIn = async (browser: TestBrowser): Promise<boolean> =>
      (await browser.call('GET', '/v1/auth/session')).status === 200
    expect((await set({})).status).toBe(200)
    provider.person = { sub: 'owner', email: 'owner@example.com', email_verified: true }
    const there = new TestBrowser(server.controlUrl)
    expect(await signInThere(there, server.id)).toBe('/')
    expect((await set({ client_secret: 'another' })).status).toBe(200)
    expect(await isSignedIn(there)).toBe(true)
    // Not by whoever came by it, who would be out.
    for (const single_sign_on of [null, { ...provider.policy, client_id: 'another' }]) {
      const { status, body } = await there.call('PUT', '/v1/sign-in-policy', { ...POLICY, single_sign_on })
      expect([status, body.code]).toEqual([409, 'state_conflict'])
    }
    // A session by single sign-on needs no second factor of ours: the provider sees to it.
    const strict = { ...POLICY, require_second_factor: true, single_sign_on: provider.policy }
    expect((await there.call('PUT', '/v1/sign-in-policy', strict)).status).toBe(200)
    expect((await there.call('GET', '/v1/keys')).status).toBe(200)
    const moved = { ...POLICY, single_sign_on: { ...provider.policy, client_id: 'another' } }
    expect((await owner.call('PUT', '/v1/sign-in-policy', moved)).body.code).toBe('second_factor_required')
    expect((await server.call('PUT', '/v1/sign-in-policy', { ...POLICY, single_sign_on: null })).status).toBe(
      200,
    )
    expect(await isSignedIn(there)).toBe(false)
    const log = await server.call('GET', '/v1/audit?action=sign_in_policy.set&limit=1')
    expect(log.body.data[0].details.sessions_ended).toBe(1)
  })
})

describe('a policy that an admin sets', () => {
  let server: TestServer
  let owner: TestBrowser
  let provider: IdentityProvider

  beforeAll(async () => {
    server = await startServer()
    owner = await signedInOwner(server)
    provider = await startIdentityProvider(['example.com'])
  })
  afterAll(async () => {
    await provider.close()
    await server.close()
  })

  it('cannot leave the workspace to whom the provider has brought in, while no owner has come by it', async () => {
    const named = { ...provider.policy, default_role: 'admin' }
    const first = await owner.call('PUT', '/v1/sign-in-policy', { ...POLICY, single_sign_on: named })
    expect(first.status).toBe(200)
    provider.person = { sub: 'ada', email: 'ada@example.com', email_verified: true }
    const admin = new TestBrowser(server.controlUrl)
    expect(await signInThere(admin, server.id)).toBe('/')
    const alone = {
      ...POLICY,
      password: false,
      passkey: false,
      single_sign_on: { ...named, client_secret: undefined },
    }
    const { status, body } = await admin.call('PUT', '/v1/sign-in-policy', alone)
    expect([status, body.code]).toEqual([409, 'state_conflict'])
    expect((await owner.call('GET', '/v1/auth/session')).status).toBe(200)
    // The same policy, once the owner has a way in under it.
    provider.person = { sub: 'olga', email: 'owner@example.com', email_verified: true }
    const ownerThere = new TestBrowser(server.controlUrl)
    expect(await signInThere(ownerThere, server.id)).toBe('/')
    expect((await admin.call('PUT', '/v1/sign-in-policy', alone)).status).toBe(200)
    expect((await ownerThere.call('GET', '/v1/auth/session')).body.role).toBe('owner')
  })
})
