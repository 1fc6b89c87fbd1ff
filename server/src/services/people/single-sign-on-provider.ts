import {
  allowInsecureRequests,
  authorizationCodeGrant,
  AuthorizationResponseError,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  None,
  ResponseBodyError,
  type IDToken,
  type ServerMetadata,
} from 'openid-client'
import { SendError } from '../../webhooks/safe-connect.js'
import type { ProviderFetch } from './sso-fetch.js'

/** A provider as it is spoken to. */
export interface ProviderSettings {
  /** What stands for these settings: another as soon as any of them is another. */
  readonly key: string
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
}

/** What must be the same when the browser comes back. */
export interface ProviderChecks {
  readonly state: string
  readonly nonce: string
  /** RFC 7636 Section 4.1. */
  readonly codeVerifier: string
}

/** Something that went wrong between us and a provider: what the browser is told, and what the log is. */
export class SingleSignOnError extends Error {
  /** What the sign-in page is told. */
  readonly code: 'sign_in_failed' | 'upstream_failed' | 'insufficient_scope'
  /** What the audit log tells. */
  readonly reason: string
  /** True where the provider was not asked, because it failed a moment ago. */
  readonly isRepeated: boolean

  constructor(code: SingleSignOnError['code'], reason: string, isRepeated = false) {
    super(reason)
    this.name = 'SingleSignOnError'
    this.code = code
    this.reason = reason
    this.isRepeated = isRepeated
  }
}

interface Found {
  readonly configuration: Promise<Configuration>
  readonly at: number
  failed: boolean
}

/** How long what a provider says of itself is believed, in seconds: ten minutes. */
const KEEP_SECONDS = 600
/** How long a provider that failed is left alone, in seconds. */
const PATIENCE_SECONDS = 5
const KEPT_MAX = 1000
const TIMEOUT_SECONDS = 10
const SCOPE = 'openid email profile'
/** For a provider of a trial on one machine: no policy names another address without TLS. */
// eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so that it stands out, and here it is wanted
const allowPlain: (configuration: Configuration) => void = allowInsecureRequests

/** What openid-client says where the provider answered with something that is no answer, or not at all. */
const PROVIDER_FAULTS: ReadonlySet<unknown> = new Set([
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_PARSE_ERROR',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
])

/** The identity providers of the workspaces: what they say of themselves, and the two steps of the code flow. */
export class IdentityProviders {
  readonly #fetch: ProviderFetch
  readonly #now: () => number
  readonly #found = new Map<string, Found>()

  /** @param now the present in whole seconds since 1970 UTC */
  constructor(fetch: ProviderFetch, now: () => number) {
    this.#fetch = fetch
    this.#now = now
  }

  /**
   * Where to send the browser: the provider's page, with PKCE (RFC 7636, S256), a state and a nonce.
   *
   * @param isStepUp ask the provider to have the person prove anew who they are (OpenID Connect Core 1.0 Section 3.1.2.1)
   * @throws {SingleSignOnError} upstream_failed
   */
  async begin(
    settings: ProviderSettings,
    { state, nonce, codeVerifier }: ProviderChecks,
    redirectUri: string,
    isStepUp: boolean,
  ): Promise<URL> {
    const configuration = await this.#configuration(settings)
    try {
      return buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: SCOPE,
        state,
        nonce,
        code_challenge: await calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
        ...(isStepUp && { prompt: 'login', max_age: '0' }),
      })
    } catch (error) {
      throw singleSignOnError(error)
    }
  }

  /**
   * Takes the code that the browser brought back to the provider, for what it says of the person. The ID token's
   * signature is checked although it comes over TLS, and its issuer, audience, times and nonce (OpenID Connect Core 1.0
   * Section 3.1.3.7).
   *
   * @param returned the redirect URI with what the provider put on it
   * @throws {SingleSignOnError} sign_in_failed, upstream_failed
   */
  async finish(
    settings: ProviderSettings,
    { state, nonce, codeVerifier }: ProviderChecks,
    returned: URL,
  ): Promise<IDToken> {
    const configuration = await this.#configuration(settings)
    try {
      const answer = await authorizationCodeGrant(configuration, returned, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: codeVerifier,
        idTokenExpected: true,
      })
      const claims = answer.claims()
      if (claims === undefined) throw new SingleSignOnError('sign_in_failed', 'sso_token_invalid')
      return claims
    } catch (error) {
      throw singleSignOnError(error)
    }
  }

  /** Closes every connection. */
  close(): Promise<void> {
    return this.#fetch.close()
  }

  /** Found once for whoever asks meanwhile and for some minutes; a provider that failed is not asked again at once. */
  async #configuration(settings: ProviderSettings): Promise<Configuration> {
    const kept = this.#found.get(settings.key)
    const age = kept === undefined ? Infinity : this.#now() - kept.at
    if (kept !== undefined && age < (kept.failed ? PATIENCE_SECONDS : KEEP_SECONDS)) {
      const { failed } = kept
      return kept.configuration.catch(() => {
        throw notFound(failed)
      })
    }
    const found: Found = { configuration: this.#discover(settings), at: this.#now(), failed: false }
    this.#found.delete(settings.key)
    this.#found.set(settings.key, found)
    for (const oldest of this.#found.keys()) {
      if (this.#found.size <= KEPT_MAX) break
      this.#found.delete(oldest)
    }
    try {
      return await found.configuration
    } catch {
      found.failed = true
      throw notFound(false)
    }
  }

  async #discover({ issuer, clientId, clientSecret }: ProviderSettings): Promise<Configuration> {
    const server = new URL(issuer)
    const execute = server.protocol === 'http:' ? [allowPlain] : []
    const found = await discovery(server, clientId, undefined, None(), {
      [customFetch]: this.#fetch.fetch,
      timeout: TIMEOUT_SECONDS,
      execute,
    })
    const metadata = found.serverMetadata()
    // One address that speaks for the tenants of many (Entra ID's `common`) would let each of them speak for this one.
    if (new URL(metadata.issuer).href !== server.href) {
      throw notFound(false)
    }
    const authentication = takesBasic(metadata)
      ? ClientSecretBasic(clientSecret)
      : ClientSecretPost(clientSecret)
    const configuration = new Configuration(metadata, clientId, undefined, authentication)
    configuration[customFetch] = this.#fetch.fetch
    configuration.timeout = TIMEOUT_SECONDS
    for (const extend of execute) extend(configuration)
    enableNonRepudiationChecks(configuration)
    return configuration
  }
}

/** No word of why: it could tell of the network here. */
function notFound(isRepeated: boolean): SingleSignOnError {
  return new SingleSignOnError('upstream_failed', 'sso_provider_failed', isRepeated)
}

/** A provider that names no ways takes HTTP Basic (OpenID Connect Discovery 1.0 Section 3). */
function takesBasic({ token_endpoint_auth_methods_supported: methods }: ServerMetadata): boolean {
  return methods === undefined || methods.includes('client_secret_basic')
}

/** What went wrong, in the few words that a page and a log may have: a provider's own texts stay here. */
function singleSignOnError(error: unknown): SingleSignOnError {
  if (error instanceof SingleSignOnError) return error
  if (error instanceof AuthorizationResponseError)
    return new SingleSignOnError('sign_in_failed', 'sso_refused')
  if (error instanceof ResponseBodyError) return new SingleSignOnError('upstream_failed', 'sso_code_refused')
  const code = error instanceof Error && 'code' in error ? error.code : null
  const isInvalid = !(error instanceof SendError) && String(code).startsWith('OAUTH_')
  return isInvalid && !PROVIDER_FAULTS.has(code)
    ? new SingleSignOnError('sign_in_failed', 'sso_token_invalid')
    : new SingleSignOnError('upstream_failed', 'sso_provider_failed')
}
