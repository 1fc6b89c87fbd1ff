import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ProviderFetch } from '../../server/src/services/people/sso-fetch.js'
import { openDatabase, type WritableDatabase } from '../../server/src/storage/database.js'
import {
  comeBack,
  goToProvider,
  signInThere,
  startIdentityProvider,
  type IdentityProvider,
  type Misdeed,
} from '../support/identity-provider.js'
import { OPEN_POLICY, signedInOwner, TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'

/** A server that nobody should come to; it counts who does. */
class Canary {
  hits = 0
  readonly #server: Server = createServer((_, response) => {
    this.hits++
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })

  async listen(host: string): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, host, resolve))
    return `http://${host}:${String((this.#server.address() as AddressInfo).port)}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

describe('a provider that is not what it should be', () => {
  let server: TestServer
  let owner: TestBrowser
  let provider: IdentityProvider
  let database: WritableDatabase
  const canary = new Canary()
  let trap: string

  beforeAll(async () => {
    server = await startServer({ BITTING_WEBHOOK_ALLOWED_ADDRESSES: '127.0.0.1/32' })
    database = await openDatabase({ url: null, dataDirectory: server.dataDirectory })
    owner = await signedInOwner(server)
    trap = await canary.listen('127.0.0.2')
  })
  beforeEach(async () => {
    await database.transact((tx) => tx.deleteFrom('sign_in_attempts').execute())
    provider = await startIdentityProvider(['example.com'])
    return () => provider.close()
  })
  afterAll(async () => {
    await canary.close()
    await database.close()
    await server.close()
  })

  const setProvider = async (): Promise<void> => {
    const policy = { ...OPEN_POLICY, single_sign_on: provider.policy }
    expect((await owner.call('PUT', '/v1/sign-in-policy', policy)).status).toBe(200)
  }
  const reason = async (): Promise<unknown> =>
    (await server.call('GET', '/v1/audit?action=session.fail&limit=1')).body.data[0]?.reason

  it.each<[Misdeed, string, string]>([
    ['wrong nonce', 'sign_in_failed', 'sso_token_invalid'],
    ['no nonce', 'sign_in_failed', 'sso_token_invalid'],
    ['wrong audience', 'sign_in_failed', 'sso_token_invalid'],
    ['wrong issuer', 'sign_in_failed', 'sso_token_invalid'],
    ['no signature', 'sign_in_failed', 'sso_token_invalid'],
    ['signed with the public key', 'sign_in_failed', 'sso_token_invalid'],
    ['signed with another key', 'sign_in_failed', 'sso_token_invalid'],
    ['expired', 'sign_in_failed', 'sso_token_invalid'],
    ['no ID token', 'sign_in_failed', 'sso_token_invalid'],
    ['an answer in the name of another issuer', 'sign_in_failed', 'sso_token_invalid'],
    ['an error in place of a code', 'sign_in_failed', 'sso_refused'],
    ['a code that it does not take', 'upstream_failed', 'sso_code_refused'],
  ])('%s: nobody gets in', async (misdeed, code, told) => {
    await setProvider()
    // The same provider lets the same person in when it does nothing wrong.
    expect(await signInThere(new TestBrowser(server.controlUrl), server.id)).toBe('/')
    provider.misdeed = misdeed
    const victim = new TestBrowser(server.controlUrl)
    expect(await signInThere(victim, server.id)).toBe(`/sign-in?problem=${code}`)
    expect(victim.cookie('bitting_session')).toBeUndefined()
    expect(await reason()).toBe(told)
  })

  it.each<Misdeed>(['a broken discovery document', 'the discovery document of another issuer'])(
    '%s: nobody is sent there, and it is left alone for some seconds',
    async (misdeed) => {
      provider.misdeed = misdeed
      await setProvider()
      for (let attempt = 0; attempt < 3; attempt++) {
        const { headers } = await new TestBrowser(server.controlUrl).call('GET', `/v1/auth/sso/${server.id}`)
        expect(headers.get('location')).toBe('/sign-in?problem=upstream_failed')
      }
      expect(provider.asked).toEqual(['/.well-known/openid-configuration'])
      expect(await reason()).toBe('sso_provider_failed')
    },
  )

  it('what it says of itself is asked for once for many sign-ins', async () => {
    await setProvider()
    await Promise.all([1, 2, 3].map(() => goToProvider(new TestBrowser(server.controlUrl), server.id)))
    expect(provider.asked.filter((path) => path.startsWith('/.well-known'))).toHaveLength(1)
  })

  it('a redirect of its token endpoint is not followed', async () => {
    await setProvider()
    provider.misdeed = 'a redirecting token endpoint'
    provider.tokenEndpoint = `${provider.issuer}/elsewhere`
    const browser = new TestBrowser(server.controlUrl)
    expect(await signInThere(browser, server.id)).toBe('/sign-in?problem=upstream_failed')
    expect(provider.asked).not.toContain('/elsewhere')
    expect(await reason()).toBe('sso_provider_failed')
  })

  it('a token endpoint where the operator does not allow it is not reached', async () => {
    provider.tokenEndpoint = `${trap}/token`
    await setProvider()
    const browser = new TestBrowser(server.controlUrl)
    expect(await signInThere(browser, server.id)).toBe('/sign-in?problem=upstream_failed')
    expect(canary.hits).toBe(0)
    // The trap is there: whoever may reach it does.
    expect((await fetch(trap)).status).toBe(200)
    canary.hits = 0
  })

  it('an issuer where the operator does not allow it is not reached, and the log says nothing of the network', async () => {
    const policy = { ...OPEN_POLICY, single_sign_on: { ...provider.policy, issuer: trap } }
    expect((await owner.call('PUT', '/v1/sign-in-policy', policy)).status).toBe(200)
    const { headers } = await new TestBrowser(server.controlUrl).call('GET', `/v1/auth/sso/${server.id}`)
    expect(headers.get('location')).toBe('/sign-in?problem=upstream_failed')
    expect(canary.hits).toBe(0)
    expect(await reason()).toBe('sso_provider_failed')
  })

  it('a policy that changes while somebody is away lets nobody in by the former provider', async () => {
    await setProvider()
    const browser = new TestBrowser(server.controlUrl)
    const target = await goToProvider(browser, server.id)
    const changed = { ...provider.policy, client_id: 'another-client' }
    expect(
      (await owner.call('PUT', '/v1/sign-in-policy', { ...OPEN_POLICY, single_sign_on: changed })).status,
    ).toBe(200)
    const { headers } = await comeBack(browser, target)
    expect(headers.get('location')).toBe('/sign-in?problem=sign_in_failed')
    expect(await reason()).toBe('sso_provider_changed')
    expect(provider.asked).not.toContain('/token')
  })
})

describe('what is fetched from providers', () => {
  let server: Server
  let url: string
  let answer: { status: number; headers?: Record<string, string>; body: string | null }

  beforeAll(async () => {
    server = createServer((_, response) => {
      if (answer.body === null) return
      response.writeHead(answer.status, answer.headers).end(answer.body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`
  })
  afterAll(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  async function get(allowed = ['127.0.0.1/32'], limit?: number): Promise<Response> {
    const providers = new ProviderFetch(allowed, limit)
    try {
      return await providers.fetch(url, { method: 'GET', headers: {}, body: undefined, redirect: 'manual' })
    } finally {
      await providers.close()
    }
  }

  it('is what they answer, redirects too', async () => {
    answer = { status: 200, headers: { 'content-type': 'application/json' }, body: '{"a":1}' }
    expect(await (await get()).json()).toEqual({ a: 1 })
    answer = { status: 302, headers: { location: 'http://169.254.169.254/' }, body: '' }
    expect((await get()).status).toBe(302)
  })

  it('is never more than a mebibyte', async () => {
    answer = { status: 200, body: 'x'.repeat(1024 * 1024) }
    expect((await (await get()).text()).length).toBe(1024 * 1024)
    answer = { status: 200, body: 'x'.repeat(1024 * 1024 + 1) }
    await expect(get()).rejects.toThrow(/size/i)
  })

  it('is not waited for without end', async () => {
    answer = { status: 200, body: null }
    await expect(get(undefined, 50)).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  it('never comes from where the operator does not allow', async () => {
    answer = { status: 200, body: '{}' }
    await expect(get([])).rejects.toMatchObject({ code: 'address_not_public' })
  })
})
