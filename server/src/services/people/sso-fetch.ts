import type { CustomFetch } from 'openid-client'
import { parseAddressRange } from '@bitting/core'
import { Agent, request } from 'undici'
import { AddressGuard } from '../../webhooks/address-guard.js'
import { closedError, SafeConnector } from '../../webhooks/safe-connect.js'

/** How long an identity provider may take for one answer, from the call to the end of the body, in milliseconds. */
const LIMIT_MILLISECONDS = 10_000
/** The largest body that is read, in bytes: a key set of many keys has some ten thousand. */
const BODY_BYTES_MAX = 1024 * 1024
const HEADER_BYTES_MAX = 16 * 1024
const KEEP_ALIVE_MILLISECONDS_MAX = 60_000
/** Statuses whose answers have no body (Fetch Standard Section 2.2.3). */
const WITHOUT_BODY = new Set([204, 205, 304])

/**
 * Fetches from identity providers, whose addresses tenants name: over HTTPS to the public internet, and to where the
 * operator allows beyond it; each connection is judged as those of webhooks are. A redirect is an answer like any
 * other and is not followed.
 */
export class ProviderFetch {
  readonly #connector: SafeConnector
  readonly #agent: Agent
  readonly #limit: number

  /**
   * @param allowedAddresses CIDR ranges beyond the public internet that may be reached
   * @param limitMilliseconds how long an answer may take, from the call to the end of its body
   */
  constructor(allowedAddresses: readonly string[], limitMilliseconds: number = LIMIT_MILLISECONDS) {
    this.#limit = limitMilliseconds
    const guard = new AddressGuard(allowedAddresses.map(parseAddressRange).filter((it) => it !== null))
    this.#connector = new SafeConnector({ guard, limitMilliseconds })
    this.#agent = new Agent({
      connect: this.#connector.connect,
      maxHeaderSize: HEADER_BYTES_MAX,
      maxResponseSize: BODY_BYTES_MAX,
      keepAliveMaxTimeout: KEEP_ALIVE_MILLISECONDS_MAX,
      pipelining: 1,
    })
  }

  /**
   * One request and its whole answer.
   *
   * @throws {SendError} where no connection may or can be made; undici's errors, or the signal's reason, where the
   * answer is too large, too late or broken off
   */
  readonly fetch: CustomFetch = async (url, { method, headers, body, signal }) => {
    const limit = AbortSignal.timeout(this.#limit)
    const answer = await request(url, {
      dispatcher: this.#agent,
      method: method === 'POST' ? 'POST' : 'GET',
      headers,
      body: textOf(body),
      signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
    })
    const bytes = await answer.body.arrayBuffer()
    const type = answer.headers['content-type']
    return new Response(WITHOUT_BODY.has(answer.statusCode) ? null : bytes, {
      status: answer.statusCode,
      // The rest of the head says nothing that is needed.
      headers: typeof type === 'string' ? { 'content-type': type } : {},
    })
  }

  /** Closes every connection. What is under way fails. */
  async close(): Promise<void> {
    this.#connector.close()
    await this.#agent.destroy(closedError())
  }
}

/** OpenID Connect sends forms and nothing else. */
function textOf(body: Parameters<CustomFetch>[1]['body']): string | null {
  return typeof body === 'string' || body instanceof URLSearchParams ? body.toString() : null
}
