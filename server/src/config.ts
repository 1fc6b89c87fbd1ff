import { readFileSync } from 'node:fs'
import { DEFAULT_BRAND, isBrand, parseAddressRange } from '@bitting/core'
import { parseEvidence, type EvidenceSettings } from './audit/evidence/parse-evidence.js'
import { parseSinks, type SinkSettings } from './audit/sinks/parse-sinks.js'

/** A host and port to listen on. */
export interface Listen {
  readonly host: string
  readonly port: number
}

/** Everything the environment decides, read once and frozen. */
export interface Config {
  readonly dataDirectory: string
  /** `postgres://…`, or null for SQLite inside the data directory. */
  readonly databaseUrl: string | null
  readonly listen: Listen
  readonly gatewayListen: Listen
  /** Address of the management API as others see it, without a slash at the end. */
  readonly publicUrl: string
  /** Address of the gateway as callers see it, without a slash at the end. */
  readonly gatewayPublicUrl: string
  /** Origin of the protected API, or null for the built-in sandbox. */
  readonly upstream: string | null
  readonly upstreamKey: string | null
  /** Origins that a workspace may choose as its own upstream. */
  readonly upstreamOrigins: readonly string[]
  readonly rootKey: string | null
  /** File of the protected API's catalog, or null for the one of Retell that ships inside. */
  readonly catalogFile: string | null
  readonly tokenBrand: string
  readonly trustedProxies: readonly string[]
  /** Ranges beyond the public internet that webhooks may reach. */
  readonly webhookAllowedAddresses: readonly string[]
  /** The most bytes of recorded calls that wait for the database. */
  readonly auditSpoolBytesMax: number
  /** Where the entries of the audit logs go. */
  readonly auditSinks: readonly SinkSettings[]
  /** Where the checkpoints of the audit logs go. */
  readonly auditEvidence: readonly EvidenceSettings[]
  readonly logLevel: string
}

interface Setting {
  readonly default: string
  readonly help: string
  /** True for values that no message may repeat. */
  readonly secret?: boolean
}

/** Every setting with its default and meaning. `docs/settings.md` says the same at more length. */
export const SETTINGS = {
  BITTING_DATA_DIR: { default: './data', help: 'where the database file and the root key are kept' },
  BITTING_DATABASE_URL: {
    default: '',
    help: 'postgres:// address; empty for SQLite in the data directory',
    secret: true,
  },
  BITTING_LISTEN: { default: '127.0.0.1:4700', help: 'management API' },
  BITTING_GATEWAY_LISTEN: { default: '127.0.0.1:4701', help: 'gateway' },
  BITTING_PUBLIC_URL: { default: '', help: 'address of the management API as others see it' },
  BITTING_GATEWAY_PUBLIC_URL: { default: '', help: 'address of the gateway as callers see it' },
  BITTING_UPSTREAM: { default: '', help: 'origin of the protected API; empty for the built-in sandbox' },
  BITTING_UPSTREAM_KEY: { default: '', help: 'the credential that the upstream wants', secret: true },
  BITTING_UPSTREAM_ORIGINS: {
    default: 'https://api.retellai.com',
    help: 'origins that a workspace may choose as its own upstream, separated by commas',
  },
  BITTING_ROOT_KEY: {
    default: '',
    help: '32 bytes as base64 or hex; empty for a file in the data directory',
    secret: true,
  },
  BITTING_CATALOG: { default: '', help: 'catalog file of the protected API; empty for Retell' },
  BITTING_TOKEN_BRAND: { default: DEFAULT_BRAND, help: 'first letters of the tokens' },
  BITTING_TRUSTED_PROXIES: {
    default: '',
    help: 'CIDR ranges whose X-Forwarded-For is believed, separated by commas',
  },
  BITTING_WEBHOOK_ALLOWED_ADDRESSES: {
    default: '',
    help: 'CIDR ranges beyond the public internet that webhooks and single sign-on may reach, separated by commas',
  },
  BITTING_AUDIT_SPOOL_BYTES: {
    default: '1073741824',
    help: 'most bytes of recorded calls that wait for the database',
  },
  BITTING_AUDIT_SINKS: {
    default: '',
    help: 'where audit entries go: addresses separated by spaces; see docs/settings.md',
    secret: true,
  },
  BITTING_AUDIT_EVIDENCE: {
    default: '',
    help: 'where signed checkpoints go: addresses separated by spaces; see docs/settings.md',
    secret: true,
  },
  BITTING_LOG_LEVEL: { default: 'info', help: 'fatal, error, warn, info, debug or silent' },
} as const satisfies Record<string, Setting>

/** The name of a setting. */
export type SettingName = keyof typeof SETTINGS

/** Settings of the command line alone, which the server ignores. */
export const CLIENT_SETTINGS = {
  BITTING_URL: { default: 'http://127.0.0.1:4700', help: 'management API that the command line talks to' },
  BITTING_MANAGEMENT_KEY: { default: '', help: 'management key of the command line', secret: true },
} as const satisfies Record<string, Setting>

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'silent']

/** The configuration is wrong. Carries every flaw, because being told one a start is tiresome. */
export class ConfigError extends Error {
  readonly flaws: readonly string[]

  constructor(flaws: readonly string[]) {
    super(`The settings are not usable:\n${flaws.map((flaw) => `  ${flaw}`).join('\n')}`)
    this.name = 'ConfigError'
    this.flaws = flaws
  }
}

/** What the process was started with, `process.env` for example. */
export type EnvironmentVariables = Readonly<Record<string, string | undefined>>

/**
 * Reads the configuration. A setting `NAME` may also come as `NAME_FILE`, the path of a file that holds it.
 *
 * @throws {ConfigError} with every flaw at once: unknown names, values that do not fit, both forms given
 */
export function readConfig(variables: EnvironmentVariables): Config {
  const flaws = unknownNames(variables)
  const text = (name: SettingName): string => settingText(variables, name, SETTINGS[name].default, flaws)
  const listen = parseListen('BITTING_LISTEN', text('BITTING_LISTEN'), flaws)
  const gatewayListen = parseListen('BITTING_GATEWAY_LISTEN', text('BITTING_GATEWAY_LISTEN'), flaws)
  const config: Config = {
    dataDirectory: text('BITTING_DATA_DIR'),
    databaseUrl: parseDatabaseUrl(text('BITTING_DATABASE_URL'), flaws),
    listen,
    gatewayListen,
    publicUrl: parseOrigin('BITTING_PUBLIC_URL', text('BITTING_PUBLIC_URL'), flaws) ?? urlOf(listen),
    gatewayPublicUrl:
      parseOrigin('BITTING_GATEWAY_PUBLIC_URL', text('BITTING_GATEWAY_PUBLIC_URL'), flaws) ??
      urlOf(gatewayListen),
    upstream: parseOrigin('BITTING_UPSTREAM', text('BITTING_UPSTREAM'), flaws),
    upstreamKey: parseUpstreamKey(text('BITTING_UPSTREAM_KEY'), flaws),
    upstreamOrigins: parseList(text('BITTING_UPSTREAM_ORIGINS')).flatMap(
      (part) => parseOrigin('BITTING_UPSTREAM_ORIGINS', part, flaws) ?? [],
    ),
    rootKey: text('BITTING_ROOT_KEY') || null,
    catalogFile: text('BITTING_CATALOG') || null,
    tokenBrand: text('BITTING_TOKEN_BRAND'),
    trustedProxies: parseList(text('BITTING_TRUSTED_PROXIES')),
    webhookAllowedAddresses: parseList(text('BITTING_WEBHOOK_ALLOWED_ADDRESSES')),
    auditSpoolBytesMax: parseBytes('BITTING_AUDIT_SPOOL_BYTES', text('BITTING_AUDIT_SPOOL_BYTES'), flaws),
    auditSinks: parseSinkSetting(text('BITTING_AUDIT_SINKS'), flaws),
    auditEvidence: parseEvidenceSetting(text('BITTING_AUDIT_EVIDENCE'), flaws),
    logLevel: text('BITTING_LOG_LEVEL'),
  }
  checkValues(config, flaws)
  if (flaws.length > 0) throw new ConfigError(flaws)
  return Object.freeze(config)
}

/** The value of one setting of the command line: from the environment, a file it names, or its default. */
export function readClientSetting(
  variables: EnvironmentVariables,
  name: keyof typeof CLIENT_SETTINGS,
): string {
  const flaws: string[] = []
  const value = settingText(variables, name, CLIENT_SETTINGS[name].default, flaws)
  if (flaws.length > 0) throw new ConfigError(flaws)
  return value
}

/** The address of a listener as a URL, with a loopback host where it listens on every address. */
export function urlOf(listen: Listen): string {
  const host = listen.host === '0.0.0.0' || listen.host === '::' ? '127.0.0.1' : listen.host
  return `http://${host.includes(':') ? `[${host}]` : host}:${String(listen.port)}`
}

/**
 * The address that people are given: with the name `localhost` for a loopback address, because passkeys belong to names
 * and not to addresses.
 */
export function dashboardUrl(publicUrl: string): string {
  const url = new URL(publicUrl)
  if (url.hostname === '127.0.0.1' || url.hostname === '[::1]') url.hostname = 'localhost'
  return url.origin
}

function unknownNames(variables: EnvironmentVariables): string[] {
  const known = [...Object.keys(SETTINGS), ...Object.keys(CLIENT_SETTINGS)].flatMap((name) => [
    name,
    `${name}_FILE`,
  ])
  return Object.keys(variables)
    .filter((name) => name.startsWith('BITTING_') && !known.includes(name))
    .map((name) => `${name}: there is no such setting; docs/settings.md lists them all`)
}

function settingText(
  variables: EnvironmentVariables,
  name: string,
  fallback: string,
  flaws: string[],
): string {
  const direct = variables[name]
  const file = variables[`${name}_FILE`]
  if (file === undefined || file === '') return direct === undefined || direct === '' ? fallback : direct
  if (direct !== undefined && direct !== '') {
    flaws.push(`${name}: set either ${name} or ${name}_FILE, not both`)
    return fallback
  }
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch {
    flaws.push(`${name}_FILE: the file cannot be read; check its path and its owner`)
    return fallback
  }
}

function parseList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function parseListen(name: SettingName, text: string, flaws: string[]): Listen {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || port > 65_535) {
    flaws.push(`${name}: write a host and a port, 127.0.0.1:4700 or [::1]:4700 for example`)
    return { host: '127.0.0.1', port: 0 }
  }
  return { host, port }
}

function parseOrigin(name: SettingName, text: string, flaws: string[]): string | null {
  if (text === '') return null
  const origin = originOf(text)
  if (origin === null)
    flaws.push(`${name}: write an origin without path or credentials, https://api.example.com for example`)
  return origin
}

/** The origin that a text names, or null where it has a path, a query, credentials or another scheme than HTTP. */
export function originOf(text: string): string | null {
  if (!URL.canParse(text)) return null
  const url = new URL(text)
  const bare =
    url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '' && url.password === ''
  return bare && /^https?:$/.test(url.protocol) && !text.includes('@') ? url.origin : null
}

function parseDatabaseUrl(text: string, flaws: string[]): string | null {
  if (text === '') return null
  if (!/^postgres(?:ql)?:\/\//.test(text)) {
    flaws.push('BITTING_DATABASE_URL: write a postgres:// address, or leave it empty for SQLite')
  }
  return text
}

/** The spool must hold at least one file of itself. */
const SPOOL_BYTES_MIN = 1024 * 1024

function parseBytes(name: SettingName, text: string, flaws: string[]): number {
  const bytes = /^\d{1,15}$/.test(text) ? Number(text) : 0
  if (bytes < SPOOL_BYTES_MIN)
    flaws.push(`${name}: write a number of bytes, ${String(SPOOL_BYTES_MIN)} or more`)
  return bytes
}

function parseSinkSetting(text: string, flaws: string[]): readonly SinkSettings[] {
  const parsed = parseSinks(text)
  if ('sinks' in parsed) return parsed.sinks
  flaws.push(...parsed.flaws)
  return []
}

function parseEvidenceSetting(text: string, flaws: string[]): readonly EvidenceSettings[] {
  const parsed = parseEvidence(text)
  if ('evidence' in parsed) return parsed.evidence
  flaws.push(...parsed.flaws)
  return []
}

function parseUpstreamKey(text: string, flaws: string[]): string | null {
  if (text !== '' && !/^[\x21-\x7e]+$/.test(text)) {
    flaws.push('BITTING_UPSTREAM_KEY: a credential has no spaces, line ends or letters beyond ASCII')
  }
  return text === '' ? null : text
}

function checkValues(config: Config, flaws: string[]): void {
  if (!isBrand(config.tokenBrand)) {
    flaws.push('BITTING_TOKEN_BRAND: 2 to 9 lower-case letters and digits, beginning with a letter')
  }
  checkRanges('BITTING_TRUSTED_PROXIES', config.trustedProxies, flaws)
  checkRanges('BITTING_WEBHOOK_ALLOWED_ADDRESSES', config.webhookAllowedAddresses, flaws)
  if (!LOG_LEVELS.includes(config.logLevel)) {
    flaws.push(`BITTING_LOG_LEVEL: one of ${LOG_LEVELS.join(', ')}`)
  }
  if (config.upstream !== null && config.upstreamKey === null) {
    flaws.push(
      'BITTING_UPSTREAM_KEY: the upstream needs a credential; set it, or unset BITTING_UPSTREAM for the sandbox',
    )
  }
}

function checkRanges(name: SettingName, ranges: readonly string[], flaws: string[]): void {
  for (const range of ranges) {
    if (parseAddressRange(range) === null) flaws.push(`${name}: "${range}" is no address or CIDR range`)
  }
}
