import { Pool } from 'undici'

/** How long an upstream may take, in milliseconds. */
export interface UpstreamTimeouts {
  readonly connect: number
  /** From the end of the request to the head of the response. */
  readonly headers: number
  /** Between two parts of a response's body. */
  readonly body: number
}

/** The API's own clients wait up to five minutes for some calls, so the gateway must be more patient than they are. */
export const UPSTREAM_TIMEOUTS: UpstreamTimeouts = { connect: 10_000, headers: 600_000, body: 600_000 }

/** The most origins with open connections; the one that was not used for longest gives way. */
const POOLS_MAX = 256
const RESPONSE_HEADER_BYTES_MAX = 64 * 1024

/**
 * The connections to upstreams: one pool an origin, shared by the workspaces that use it. A pool opens a connection
 * for each request that finds none idle, so requests never queue behind a slow one; what bounds their number is that
 * every caller's connection has one request at a time.
 */
export class UpstreamPools {
  readonly #timeouts: UpstreamTimeouts
  readonly #poolsMax: number
  /** In the order of their last use. */
  readonly #pools = new Map<string, Pool>()
  #latest: { readonly origin: string; readonly pool: Pool } | null = null

  constructor(timeouts: UpstreamTimeouts, poolsMax: number = POOLS_MAX) {
    this.#timeouts = timeouts
    this.#poolsMax = poolsMax
  }

  /** How many pools are open. */
  get size(): number {
    return this.#pools.size
  }

  /**
   * The pool of an origin.
   *
   * @throws {Error} when the text is not an http or https origin
   */
  get(origin: string): Pool {
    if (this.#latest?.origin === origin) return this.#latest.pool
    const pool = this.#pools.get(origin) ?? this.#open(origin)
    this.#pools.delete(origin)
    this.#pools.set(origin, pool)
    this.#latest = { origin, pool }
    return pool
  }

  /** Closes every connection, also those with a request under way. */
  async destroy(): Promise<void> {
    const pools = [...this.#pools.values()]
    this.#pools.clear()
    this.#latest = null
    await Promise.all(pools.map((pool) => pool.destroy()))
  }

  #open(origin: string): Pool {
    const pool = new Pool(origin, {
      connect: { timeout: this.#timeouts.connect, rejectUnauthorized: true },
      headersTimeout: this.#timeouts.headers,
      bodyTimeout: this.#timeouts.body,
      maxHeaderSize: RESPONSE_HEADER_BYTES_MAX,
      allowH2: false,
      pipelining: 1,
    })
    if (this.#pools.size >= this.#poolsMax) this.#closeOldest()
    return pool
  }

  /** Lets the requests under way end; the map no longer knows the pool, so it gets no new ones. */
  #closeOldest(): void {
    for (const [origin, pool] of this.#pools) {
      this.#pools.delete(origin)
      void pool.close()
      return
    }
  }
}
