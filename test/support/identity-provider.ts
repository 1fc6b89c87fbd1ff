import { createHash, createHmac, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestBrowser } from './people.js'
import type { ApiAnswer } from './server.js'

/** What a provider can do wrong. */
export type Misdeed =
  | 'wrong nonce'
  | 'no nonce'
  | 'wrong audience'
  | 'wrong issuer'
  | 'no signature'
  | 'signed with the public key'
  | 'signed with another key'
  | 'expired'
  | 'no ID token'
  | 'an error in place of a code'
  | 'an answer in the name of another issuer'
  | 'no time of the sign-in'
  | 'a code that it does not take'
  | 'a redirecting token endpoint'
  | 'is away once the browser comes back'
  | 'a broken discovery document'
  | 'the discovery document of another issuer'

/** Whom a provider says the next person is. */
export interface ProviderPerson {
  sub: string
  email?: string
  email_verified?: unknown
  name?: string
  auth_time?: number
}

/** An OpenID Connect provider of a test, on loopback. It signs in whoever comes as the person that it is told. */
export interface IdentityProvider {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** What a policy says of it. */
  readonly policy: Record<string, unknown>
  person: ProviderPerson
  misdeed: Misdeed | null
  /** Where its token endpoint is, and where a redirecting one leads; null for its own. */
  tokenEndpoint: string | null
  /** Where it sends browsers in place of signing in, with the state that they brought; null to sign in. */
  sendsOnTo: string | null
  /** The paths that it was asked for, in order. */
  readonly asked: string[]
  /** What the last browser was sent with. */
  readonly lastAuthorization: URLSearchParams
  close(): Promise<void>
}

interface Code {
  readonly challenge: string
  readonly nonce: string
  readonly redirectUri: string
  /** Where the client asked when the person signed in (OpenID Connect Core 1.0 Section 3.1.2.1). */
  readonly wantsTime: boolean
}

const KEY_ID = 'test-key'
/** Made once: it takes longer than most tests. */
const KEYS = generateKeyPairSync('rsa', { modulusLength: 2048 })
const OTHERS = generateKeyPairSync('rsa', { modulusLength: 2048 })

/** Starts one. */
export async function startIdentityProvider(domains: readonly string[] = []): Promise<IdentityProvider> {
  const provider = new TestProvider(domains)
  await provider.listen()
  return provider
}

class TestProvider implements IdentityProvider {
  readonly clientId = 'bitting-test'
  // With characters that HTTP Basic has to carry in their encoded form.
  readonly clientSecret = 'a+secret/of:the%client'
  person: ProviderPerson = {
    sub: 'subject-1',
    email: 'person@example.com',
    email_verified: true,
    name: 'Petra',
  }
  misdeed: Misdeed | null = null
  tokenEndpoint: string | null = null
  sendsOnTo: string | null = null
  readonly asked: string[] = []
  lastAuthorization = new URLSearchParams()
  issuer = ''
  readonly #domains: readonly string[]
  readonly #codes = new Map<string, Code>()
  readonly #server = createServer((request, response) => {
    void this.#answer(request, response)
  })

  constructor(domains: readonly string[]) {
    this.#domains = domains
  }

  get policy(): Record<string, unknown> {
    return {
      issuer: this.issuer,
      client_id: this.clientId,
      client_secret: this.clientSecret,
      label: 'Example',
      default_role: this.#domains.length > 0 ? 'developer' : null,
      domains: this.#domains,
    }
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    this.issuer = `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.issuer)
    this.asked.push(url.pathname)
    if (url.pathname === '/.well-known/openid-configuration') this.#discover(response)
    else if (url.pathname === '/authorize') this.#authorize(url.searchParams, response)
    else if (this.misdeed === 'is away once the browser comes back') response.destroy()
    else if (url.pathname === '/jwks') {
      const jwk = KEYS.publicKey.export({ format: 'jwk' })
      json(response, 200, { keys: [{ ...jwk, kid: KEY_ID, use: 'sig', alg: 'RS256' }] })
    } else if (url.pathname === '/token') await this.#token(request, response)
    else json(response, 404, {})
  }

  #discover(response: ServerResponse): void {
    if (this.misdeed === 'a broken discovery document') {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"issuer": ')
      return
    }
    const isOther = this.misdeed === 'the discovery document of another issuer'
    json(response, 200, {
      issuer: isOther ? 'http://127.0.0.1:1' : this.issuer,
      authorization_endpoint: `${this.issuer}/authorize`,
      token_endpoint:
        this.misdeed === null ? (this.tokenEndpoint ?? `${this.issuer}/token`) : `${this.issuer}/token`,
      jwks_uri: `${this.issuer}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
    })
  }

  #authorize(query: URLSearchParams, response: ServerResponse): void {
    this.lastAuthorization = query
    const back = new URL(this.sendsOnTo ?? query.get('redirect_uri') ?? '')
    back.searchParams.set('state', query.get('state') ?? '')
    if (this.misdeed === 'an answer in the name of another issuer') {
      back.searchParams.set('iss', 'https://login.example.org')
    }
    if (this.sendsOnTo !== null) {
      response.writeHead(302, { location: back.href }).end()
      return
    }
    if (this.misdeed === 'an error in place of a code') back.searchParams.set('error', 'access_denied')
    else {
      const code = randomBytes(16).toString('hex')
      this.#codes.set(code, {
        challenge: query.get('code_challenge') ?? '',
        nonce: query.get('nonce') ?? '',
        redirectUri: query.get('redirect_uri') ?? '',
        wantsTime: query.has('max_age'),
      })
      back.searchParams.set('code', this.misdeed === 'a code that it does not take' ? 'nonsense' : code)
    }
    response.writeHead(302, { location: back.href }).end()
  }

  async #token(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.misdeed === 'a redirecting token endpoint') {
      response.writeHead(307, { location: this.tokenEndpoint ?? '' }).end()
      return
    }
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const form = new URLSearchParams(Buffer.concat(parts).toString())
    const code = this.#codes.get(form.get('code') ?? '')
    this.#codes.delete(form.get('code') ?? '')
    const client = basicCredentials(request.headers.authorization ?? '')
    const isClient = client[0] === this.clientId && client[1] === this.clientSecret
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    if (!isClient) {
      json(response, 401, { error: 'invalid_client' })
    } else if (code?.challenge !== challenge || code.redirectUri !== form.get('redirect_uri')) {
      json(response, 400, { error: 'invalid_grant' })
    } else {
      const idToken = this.misdeed === 'no ID token' ? {} : { id_token: this.#idToken(code) }
      json(response, 200, { access_token: 'opaque', token_type: 'Bearer', expires_in: 60, ...idToken })
    }
  }

  #idToken({ nonce, wantsTime }: Code): string {
    const now = Math.floor(Date.now() / 1000)
    const isExpired = this.misdeed === 'expired'
    const claims = {
      iss: this.misdeed === 'wrong issuer' ? 'https://login.example.org' : this.issuer,
      aud: this.misdeed === 'wrong audience' ? 'another-client' : this.clientId,
      iat: isExpired ? now - 7200 : now,
      exp: isExpired ? now - 3600 : now + 60,
      ...(this.misdeed !== 'no nonce' && { nonce: this.misdeed === 'wrong nonce' ? 'another' : nonce }),
      ...(wantsTime && this.misdeed !== 'no time of the sign-in' && { auth_time: now }),
      ...this.person,
    }
    const algorithm =
      this.misdeed === 'no signature'
        ? 'none'
        : this.misdeed === 'signed with the public key'
          ? 'HS256'
          : 'RS256'
    const head = { alg: algorithm, kid: KEY_ID, typ: 'JWT' }
    const signed = [head, claims].map((it) => Buffer.from(JSON.stringify(it)).toString('base64url')).join('.')
    return `${signed}.${this.#signature(algorithm, signed)}`
  }

  #signature(algorithm: string, text: string): string {
    if (algorithm === 'none') return ''
    const { publicKey, privateKey } = KEYS
    if (algorithm === 'HS256') {
      const pem = publicKey.export({ format: 'pem', type: 'spki' })
      return createHmac('sha256', pem).update(text).digest('base64url')
    }
    const key: KeyObject = this.misdeed === 'signed with another key' ? OTHERS.privateKey : privateKey
    return sign('sha256', Buffer.from(text), key).toString('base64url')
  }
}

/** HTTP Basic, whose two parts are form-encoded in OAuth (RFC 6749 Section 2.3.1). */
function basicCredentials(header: string): string[] {
  const plain = Buffer.from(header.replace(/^Basic /, ''), 'base64').toString()
  return plain.split(':').map((part) => decodeURIComponent(part.replaceAll('+', ' ')))
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** Sends a browser to the provider of a workspace; what it was sent back with, as path and query. */
export async function goToProvider(browser: TestBrowser, workspaceId: string, query = ''): Promise<string> {
  const { status, headers } = await browser.call('GET', `/v1/auth/sso/${workspaceId}${query}`)
  const location = headers.get('location') ?? ''
  if (status !== 302 || !location.startsWith('http')) throw new Error(`not sent to a provider: ${location}`)
  const back = await sentBack(location)
  return `${back.pathname}${back.search}`
}

/** Where a provider sends whoever comes to an address, over another provider where it does so. */
export async function sentBack(location: string): Promise<URL> {
  const answer = await fetch(location, { redirect: 'manual' })
  const next = new URL(answer.headers.get('location') ?? '')
  return next.pathname === '/authorize' ? sentBack(next.href) : next
}

/** Comes back from a provider as browsers do: from another site, so without the strict cookie of the session. */
export async function comeBack(browser: TestBrowser, target: string): Promise<ApiAnswer> {
  const ceremony = browser.cookie('bitting_ceremony')
  return browser.call('GET', target, undefined, {
    'sec-fetch-site': 'cross-site',
    cookie: ceremony === undefined ? null : `bitting_ceremony=${ceremony}`,
  })
}

/** The whole way there and back; where the browser is sent in the end. */
export async function signInThere(
  browser: TestBrowser,
  workspaceId: string,
  query = '',
): Promise<string | null> {
  const answer = await comeBack(browser, await goToProvider(browser, workspaceId, query))
  if (answer.status !== 302) throw new Error(`the callback answered ${String(answer.status)}`)
  return answer.headers.get('location')
}
