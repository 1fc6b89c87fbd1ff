import { randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { pino, type Logger } from 'pino'
import { dashboardUrl, urlOf, type Config, type Listen } from './config.js'
import { createControlApp } from './control/app.js'
import { startDelivering } from './delivering.js'
import { every, Opened, type LogError } from './duties.js'
import { EntryMaker } from './feed/entries.js'
import { Gatekeeper } from './feed/gatekeeper.js'
import { KeyFeed } from './feed/key-feed.js'
import { NodeReporter } from './feed/node.js'
import { UsageCounter } from './feed/usage.js'
import { flushUsage, forgetUsage } from './feed/usage-flush.js'
import { startSandbox } from './gateway/sandbox.js'
import { createGateway } from './gateway/server.js'
import { parseTrustedProxies } from './http/client-address.js'
import { nowSeconds, openInstallation, serviceContext, type Installation } from './installation.js'
import { metricsText } from './metrics.js'
import { startRecording } from './recording.js'
import { forgetIdempotencyRecords } from './services/mutate.js'
import type { PeopleContext } from './services/people/context.js'
import { forgetSignInRecords } from './services/people/forget.js'
import { IdentityProviders } from './services/people/single-sign-on-provider.js'
import { ProviderFetch } from './services/people/sso-fetch.js'
import { createSetupCode, isSetUp } from './services/setup.js'
import type { ServiceContext } from './services/context.js'
import type { WritableDatabase } from './storage/database.js'

/** A running node. */
export interface RunningServer {
  /** Where the management API listens, as a URL. */
  readonly controlUrl: string
  /** Where the gateway listens, as a URL. */
  readonly gatewayUrl: string
  /** Where the gateway forwards to, and whether that is the built-in sandbox. */
  readonly upstream: { readonly origin: string; readonly isSandbox: boolean }
  /** The one-time link of a first start; null where the installation is set up. */
  readonly setupUrl: string | null
  /** Ends requests under way, writes what was counted, and lets go of the database. */
  close(): Promise<void>
}

/** How often the node's own duties are done, in milliseconds. */
const FLUSH_MILLISECONDS = 5_000
const REPORT_MILLISECONDS = 250
const FORGET_MILLISECONDS = 3_600_000
/** How long a stopping node waits for the requests under way. */
const CLOSE_MILLISECONDS_MAX = 10_000

/** Starts a node: the verifier and its feed, the management API and the gateway. Wiring only. */
export async function serve(config: Config): Promise<RunningServer> {
  const opened = new Opened()
  try {
    return await start(config, opened)
  } catch (error) {
    await opened.close()
    throw error
  }
}

async function start(config: Config, opened: Opened): Promise<RunningServer> {
  const log = pino({ level: config.logLevel }, pino.destination({ fd: 2, sync: false }))
  const logError = (error: unknown, message: string): void => {
    log.error({ err: error }, message)
  }
  const installation = await openInstallation(config)
  const { database, catalogs } = installation
  opened.add(() => database.close())
  const { feed, usage, gatekeeper } = await startVerifier(installation, logError, opened)
  const delivering = startDelivering(installation, config, log, opened)
  const recording = await startRecording(installation, config, log, opened, delivering.onCheckpoint)
  // Which ports were taken is known once the node listens.
  const bound = { control: config.listen, gateway: config.gatewayListen }
  const dashboard = (): string => dashboardUrl(seenAs(config.publicUrl, config.listen, bound.control))
  const gatewayUrl = (): string => seenAs(config.gatewayPublicUrl, config.gatewayListen, bound.gateway)
  const context = serviceContext(installation, config, () => feed.catchUp(), { ...delivering, gatewayUrl })
  const providers = new IdentityProviders(new ProviderFetch(config.webhookAllowedAddresses), nowSeconds)
  opened.add(() => providers.close())
  const app = createControlApp({
    context,
    people: peopleContext(context, database, providers, dashboard),
    gatekeeper,
    database,
    auditReads: recording.reads,
    logKeys: installation.logKeys,
    calls: recording.calls,
    trustedProxies: parseTrustedProxies(config.trustedProxies),
    nowMilliseconds: Date.now,
    log: logError,
    isReady: () => feed.isCurrent,
    metrics: () => metricsText(feed, usage, recording, delivering.dispatcher),
  })
  const sandbox = config.upstream === null ? await startSandbox(catalogs.api) : null
  if (sandbox !== null) opened.add(() => sandbox.close())
  const origin = config.upstream ?? sandbox?.origin ?? ''
  const gateway = createGateway({
    gatekeeper,
    defaultUpstream: { origin, key: config.upstreamKey ?? 'sandbox' },
    trustedProxies: config.trustedProxies,
    errors: catalogs.api.errors,
    recorder: recording.calls,
    relay: delivering.relay,
    log: logError,
  })
  const control = createAdaptorServer({ fetch: app.fetch }) as Server
  bound.control = await listen(control, config.listen)
  opened.add(() => closeServer(control))
  bound.gateway = await gateway.listen(config.gatewayListen.host, config.gatewayListen.port)
  opened.add(() => gateway.close())
  startDuties(database, feed, usage, logError, opened)
  warnOfSettings(config, log)
  return {
    controlUrl: urlOf(bound.control),
    gatewayUrl: urlOf(bound.gateway),
    upstream: { origin, isSandbox: sandbox !== null },
    setupUrl: await setupUrl(context, dashboard(), () => createSetupCode(context, database)),
    close: () => opened.close(),
  }
}

function peopleContext(
  context: ServiceContext,
  records: WritableDatabase,
  providers: IdentityProviders,
  address: () => string,
): PeopleContext {
  return {
    ...context,
    records,
    providers,
    get publicUrl() {
      return address()
    },
  }
}

async function startVerifier(
  { database, sealer, catalogs }: Installation,
  logError: LogError,
  opened: Opened,
): Promise<{ feed: KeyFeed; usage: UsageCounter; gatekeeper: Gatekeeper }> {
  const feed = await KeyFeed.start({
    database,
    entries: new EntryMaker(sealer, catalogs),
    monotonicMilliseconds: () => performance.now(),
    onError: (error) => {
      logError(error, 'the change log could not be read; past the lease nobody is let in')
    },
  })
  opened.add(() => feed.close())
  const usage = new UsageCounter()
  opened.add(() => flushUsage(database, usage))
  return { feed, usage, gatekeeper: new Gatekeeper(feed.table, feed, nowSeconds, usage) }
}

/** What a node does besides answering: it writes counts, tells of itself, and forgets what is too old. */
function startDuties(
  database: WritableDatabase,
  feed: KeyFeed,
  usage: UsageCounter,
  logError: LogError,
  opened: Opened,
): void {
  const reporter = new NodeReporter(database, feed, randomUUID(), Date.now)
  opened.add(() => reporter.leave())
  opened.add(every(FLUSH_MILLISECONDS, () => flushUsage(database, usage), logError))
  opened.add(every(REPORT_MILLISECONDS, () => reporter.report(), logError))
  opened.add(every(FORGET_MILLISECONDS, () => forgetIdempotencyRecords(database, nowSeconds()), logError))
  opened.add(every(FORGET_MILLISECONDS, () => forgetSignInRecords(database, nowSeconds()), logError))
  opened.add(every(FORGET_MILLISECONDS, () => forgetUsage(database, nowSeconds()), logError))
}

async function setupUrl(
  context: ServiceContext,
  address: string,
  newCode: () => Promise<string>,
): Promise<string | null> {
  return (await isSetUp(context)) ? null : `${address}/setup#${await newCode()}`
}

/** An address as others see it: the configured one, or where that is only the listener's, with the port that it took. */
function seenAs(configured: string, wanted: Listen, bound: Listen): string {
  return configured === urlOf(wanted) ? urlOf(bound) : configured
}

async function listen(server: Server, { host, port }: Listen): Promise<Listen> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address()
  return { host, port: typeof address === 'object' && address !== null ? address.port : port }
}

/** Lets the requests under way end; whoever is not done within the limit is cut off. */
async function closeServer(server: Server): Promise<void> {
  const limit = setTimeout(() => server.closeAllConnections(), CLOSE_MILLISECONDS_MAX)
  const closed = new Promise<void>((resolve) =>
    server.close(() => {
      resolve()
    }),
  )
  server.closeIdleConnections()
  await closed
  clearTimeout(limit)
}

function warnOfSettings(config: Config, log: Logger): void {
  if (config.tokenBrand === 'sk' || config.tokenBrand === 'rk') {
    log.warn(
      `tokens beginning with ${config.tokenBrand}_live_ look like another vendor's: public scanners will report them and may block the push that holds one`,
    )
  }
}
