import type { Catalog, RandomBytes } from '@bitting/core'
import type { ClockSeconds } from '../feed/gatekeeper.js'
import type { Database } from '../storage/database.js'
import type { Sealer } from '../storage/sealing.js'
import type { Receivers } from '../webhooks/receivers.js'
import type { SigningKeys } from '../webhooks/signing-keys.js'
import type { Limiter } from './limiter.js'
import type { Mutate } from './mutate.js'

/**
 * What the services work with. The database in it can only be read: the one way to write is `mutate`, which
 * authorises and audits.
 */
export interface ServiceContext {
  readonly database: Database
  readonly mutate: Mutate
  /** What reads that pass over all keys of a workspace are let through by, under its id. */
  readonly scans: Limiter
  readonly sealer: Sealer
  /** What signs webhooks. */
  readonly signingKeys: SigningKeys
  readonly receivers: Receivers
  /** The catalogs that ship: the protected API's, before a workspace's overlay, and our own. */
  readonly catalogs: { readonly api: Catalog; readonly management: Catalog }
  readonly now: ClockSeconds
  /** The present in milliseconds since 1970 UTC. */
  readonly nowMilliseconds: () => number
  readonly randomBytes: RandomBytes
  readonly tokenBrand: string
  /** Where callers reach the gateway, without a slash at the end. */
  readonly gatewayUrl: () => string
  /** Origins that a workspace may choose as its upstream. */
  readonly upstreamOrigins: readonly string[]
}
