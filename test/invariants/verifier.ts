import { readConfig } from '../../server/src/config.js'
import { EntryMaker } from '../../server/src/feed/entries.js'
import { Gatekeeper } from '../../server/src/feed/gatekeeper.js'
import { KeyFeed } from '../../server/src/feed/key-feed.js'
import { UsageCounter } from '../../server/src/feed/usage.js'
import { nowSeconds, openInstallation, type Installation } from '../../server/src/installation.js'
import type { Suite } from '../http/support.js'
import { intercepted, type Interception } from './intercept.js'

/** The lease of a test's verifier, in milliseconds of its own clock. */
export const LEASE = 10_000

/** What a suite's node runs on, opened once more. */
export function openSuiteInstallation({ server, location }: Suite): Promise<Installation> {
  return openInstallation(
    readConfig({
      BITTING_DATA_DIR: server.dataDirectory,
      ...(location.url !== null && { BITTING_DATABASE_URL: location.url }),
    }),
  )
}

/** A verifier whose feed reads only when a test says so. */
export interface TestVerifier {
  readonly feed: KeyFeed
  readonly gatekeeper: Gatekeeper
  /** What becomes of a request with an API key: `allowed`, or why not. */
  readonly accepts: (token: string) => string
}

/** Starts a verifier of its own on an installation, with a clock and a database that the test has in its hand. */
export async function startVerifier(
  { database, sealer, catalogs }: Installation,
  { intercept = () => undefined, now = () => 0 }: { intercept?: Interception; now?: () => number } = {},
): Promise<TestVerifier> {
  const feed = await KeyFeed.start({
    database: intercepted(database, intercept),
    entries: new EntryMaker(sealer, catalogs),
    monotonicMilliseconds: now,
    leaseMilliseconds: LEASE,
    pollMilliseconds: 2 ** 30,
    onError: () => undefined,
  })
  const gatekeeper = new Gatekeeper(feed.table, feed, nowSeconds, new UsageCounter())
  return {
    feed,
    gatekeeper,
    accepts: (token) => {
      try {
        const decision = gatekeeper.decide({ token, address: null, method: 'GET', path: '/list-voices' })
        return decision.outcome === 'allowed' ? 'allowed' : decision.reason
      } catch (error) {
        return (error as { code: string }).code
      }
    },
  }
}
