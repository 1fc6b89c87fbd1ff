import { randomBytes } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseCatalog, type Catalog, type Operation } from '@bitting/core'
import { LogKeys } from './audit/log-key.js'
import type { Config } from './config.js'
import type { ServiceContext } from './services/context.js'
import { createScanLimiter } from './services/limiter.js'
import { createMutate } from './services/mutate.js'
import { openDatabase, sqliteExists, type WritableDatabase } from './storage/database.js'
import { loadRootKey } from './storage/root-key.js'
import { Sealer } from './storage/sealing.js'
import { Receivers } from './webhooks/receivers.js'
import { SigningKeys } from './webhooks/signing-keys.js'

/** What is opened once, whether to serve or for one command: the database, the sealer and the catalogs. */
export interface Installation {
  readonly database: WritableDatabase
  readonly sealer: Sealer
  /** What signs the workspaces' audit logs. */
  readonly logKeys: LogKeys
  /** What signs webhooks. */
  readonly signingKeys: SigningKeys
  readonly catalogs: ServiceContext['catalogs']
}

/** A catalog file that cannot be used. The message names each line. */
export class CatalogError extends Error {
  constructor(path: string, errors: readonly { readonly line: number; readonly message: string }[]) {
    super(errors.map(({ line, message }) => `${path}:${String(line)}: ${message}`).join('\n'))
    this.name = 'CatalogError'
  }
}

const SHIPPED = new URL('../../catalogs/', import.meta.url)

/** The present, in whole seconds since 1970 UTC. */
export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

/** Opens what the configuration names, making the data directory, the root key and the database where they are new. */
export async function openInstallation(config: Config): Promise<Installation> {
  const catalogs = await loadCatalogs(config.catalogFile)
  await mkdir(config.dataDirectory, { recursive: true, mode: 0o700 })
  const rootKey = await loadRootKey({
    dataDirectory: config.dataDirectory,
    isLater: config.databaseUrl === null && sqliteExists(config.dataDirectory),
    ...(config.rootKey !== null && { value: config.rootKey }),
  })
  const database = await openDatabase({ url: config.databaseUrl, dataDirectory: config.dataDirectory })
  const sealer = new Sealer(rootKey)
  const signingKeys = new SigningKeys(rootKey, sealer)
  return { database, sealer, logKeys: new LogKeys(rootKey), signingKeys, catalogs }
}

/** What the services need of the node that they run in. */
export interface Outward {
  /** Where callers reach the gateway. */
  readonly gatewayUrl: () => string
  readonly receivers: Receivers
  /** Told after each write that there may be something to deliver. */
  readonly onEvents: () => void
}

/** The receivers of webhooks that the configuration allows. */
export function createReceivers(config: Config): Receivers {
  return new Receivers({
    allowedAddresses: config.webhookAllowedAddresses,
    origin: new URL(config.publicUrl).host,
  })
}

/**
 * The services of an installation. `catchUp` makes the node's own verifier learn of a write before it is answered.
 */
export function serviceContext(
  { database, sealer, logKeys, signingKeys, catalogs }: Installation,
  config: Config,
  catchUp: () => Promise<void>,
  {
    receivers = createReceivers(config),
    onEvents = () => undefined,
    gatewayUrl = () => config.gatewayPublicUrl,
  }: Partial<Outward> = {},
): ServiceContext {
  const operations = new Map<string, Operation>(catalogs.management.operations.map((it) => [it.name, it]))
  return {
    database,
    mutate: createMutate({
      database,
      operations,
      apiCatalog: catalogs.api,
      logKeys,
      nowMilliseconds: Date.now,
      catchUp,
      randomBytes,
      onEvents,
    }),
    scans: createScanLimiter(),
    sealer,
    signingKeys,
    receivers,
    catalogs,
    now: nowSeconds,
    nowMilliseconds: Date.now,
    randomBytes,
    tokenBrand: config.tokenBrand,
    gatewayUrl,
    upstreamOrigins: [
      ...new Set([...config.upstreamOrigins, ...(config.upstream === null ? [] : [config.upstream])]),
    ],
  }
}

/**
 * Reads a catalog file.
 *
 * @throws {CatalogError} with every error and its line
 */
export async function loadCatalog(path: string): Promise<Catalog> {
  const parsed = parseCatalog(await readFile(path, 'utf8'))
  if (!parsed.ok) throw new CatalogError(path, parsed.errors)
  return parsed.catalog
}

/** The path of a catalog that ships inside. */
export function shippedCatalog(id: 'retell' | 'bitting'): string {
  return fileURLToPath(new URL(`${id}.catalog`, SHIPPED))
}

/** The protected API's catalog and our own. Their permissions must have different names: a management key lists both. */
async function loadCatalogs(file: string | null): Promise<ServiceContext['catalogs']> {
  const path = file ?? shippedCatalog('retell')
  const api = await loadCatalog(path)
  const management = await loadCatalog(shippedCatalog('bitting'))
  const own = new Set(management.permissions.map(({ id }) => id))
  const taken = api.permissions.filter(({ id }) => own.has(id))
  if (taken.length > 0) {
    throw new CatalogError(
      path,
      taken.map(({ id }) => ({
        line: 0,
        message: `the permission id "${id}" is Bitting's own; choose another`,
      })),
    )
  }
  return { api, management }
}
