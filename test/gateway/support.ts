import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import {
  KeyTable,
  newKeyId,
  newToken,
  OperationMatcher,
  packAccess,
  parseCatalog,
  secretIdOf,
  tokenPrefix,
  type Access,
  type ActiveCatalog,
  type Catalog,
  type KeyEntry,
  type KeyKind,
  type ProblemError,
} from '@bitting/core'
import { Gatekeeper } from '../../server/src/feed/gatekeeper.js'
import type { Workspace } from '../../server/src/feed/workspace.js'
import { UsageCounter } from '../../server/src/feed/usage.js'
import { createGateway, type Gateway, type GatewayOptions } from '../../server/src/gateway/server.js'
import { Cleanup } from './waiting.js'

/** The credential of the upstream in these tests: long enough to be looked for in answers. */
export const UPSTREAM_KEY = 'key_0123456789abcdef0123456789ab'

/** A shipped catalog. */
export function shippedCatalog(id: string): Catalog {
  const text = readFileSync(new URL(`../../catalogs/${id}.catalog`, import.meta.url), 'utf8')
  const parsed = parseCatalog(text)
  if (!parsed.ok) throw new Error(`catalog ${id} does not parse: ${JSON.stringify(parsed.errors)}`)
  return parsed.catalog
}

const active = (catalog: Catalog): ActiveCatalog => ({
  catalog,
  matcher: new OperationMatcher(catalog.operations),
})

const EVERY_CALL = { calls: 'all', sampleRate: 1 } as const

const CATALOGS = { api: active(shippedCatalog('retell')), management: active(shippedCatalog('bitting')) }

/** A key to put into the table; what is left out is as harmless as it gets. */
export interface KeySpec extends Partial<Omit<KeyEntry, 'secretId' | 'digest' | 'full' | 'mask'>> {
  readonly access?: Access
}

/** A key table made by hand, with a clock and a lease that a test can turn. */
export class World {
  readonly table = new KeyTable<Workspace>(16)
  readonly usage = new UsageCounter()
  readonly lease = { isCurrent: true }
  now = 1_800_000_000
  readonly gatekeeper = new Gatekeeper(this.table, this.lease, () => this.now, this.usage)
  readonly logged: { readonly error: ProblemError; readonly message: string }[] = []

  constructor() {
    this.addWorkspace('ws_one')
  }

  addWorkspace(
    id: string,
    upstream: Workspace['upstream'] = null,
    api: ActiveCatalog = CATALOGS.api,
    callPolicy: Workspace['callPolicy'] = EVERY_CALL,
  ): void {
    const catalogs = { api, management: CATALOGS.management }
    this.table.setWorkspace({ id, name: `Workspace ${id}`, upstream, catalogs, callPolicy })
  }

  /** Puts a key into the table and gives its token. */
  addKey(spec: KeySpec = {}): string {
    const { access = 'full', kind = 'api' } = spec
    const secretId = secretIdOf(
      newKeyId((length) => randomBytes(length)),
      0,
    )
    const token = newToken(tokenPrefix('btg', kind, 'production'), secretId, (length) => randomBytes(length))
    this.putKey(token, secretId, kind, access, spec)
    return token
  }

  /** Replaces what the table says of a token's key. */
  changeKey(token: string, spec: KeySpec): void {
    const { access = 'full', kind = 'api' } = spec
    this.putKey(token, secretIdIn(token), kind, access, spec)
  }

  private putKey(token: string, secretId: string, kind: KeyKind, access: Access, spec: KeySpec): void {
    this.table.put({
      workspaceId: 'ws_one',
      state: 'active',
      retiring: false,
      expiresAt: null,
      notBefore: null,
      allowedAddresses: null,
      ...spec,
      kind,
      secretId,
      digest: createHash('sha256').update(token).digest(),
      full: access === 'full',
      mask: packAccess(CATALOGS[kind].catalog, access),
    })
  }
}

/** The secret id that stands in a token. */
export function secretIdIn(token: string): string {
  return token.slice(token.lastIndexOf('_') + 1).slice(0, 16)
}

/** A gateway that listens on loopback. */
export async function startGateway(
  cleanup: Cleanup,
  world: World,
  origin: string,
  options: Partial<GatewayOptions> = {},
): Promise<{ port: number; gateway: Gateway }> {
  const gateway = createGateway({
    gatekeeper: world.gatekeeper,
    defaultUpstream: { origin, key: UPSTREAM_KEY },
    trustedProxies: [],
    log: (error, message) => world.logged.push({ error, message }),
    ...options,
    timeouts: { close: 500, ...options.timeouts },
  })
  const { port } = await gateway.listen('127.0.0.1', 0)
  cleanup.add(() => gateway.close())
  return { port, gateway }
}
