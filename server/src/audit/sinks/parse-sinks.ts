import type { SplunkCollector } from './splunk-sink.js'
import type { SyslogReceiver } from './syslog-sink.js'
import { decode, nameOfUrl, readAddresses, type Address } from './addresses.js'

/** A sink as the setting describes it. Only `name` may be shown: the rest may hold secrets. */
export type SinkSettings =
  | { readonly kind: 'stdout'; readonly name: string }
  | {
      readonly kind: 'file'
      readonly name: string
      readonly path: string
      readonly maxBytes: number
      readonly keep: number
    }
  | (SyslogReceiver & { readonly kind: 'syslog'; readonly name: string })
  | (Pick<WebhookSettings, 'name' | 'url' | 'headers' | 'caFile'> & { readonly kind: 'otlp' })
  | WebhookSettings
  | (SplunkCollector & { readonly kind: 'splunk'; readonly name: string })

/** A webhook as the setting describes it. */
export interface WebhookSettings {
  readonly kind: 'webhook'
  readonly name: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly caFile: string | null
}

const PARSERS = {
  stdout: parseStdout,
  file: parseFile,
  'syslog+tcp': parseSyslog,
  'syslog+tls': parseSyslog,
  'otlp+https': parseOtlp,
  'otlp+http': parseOtlp,
  'splunk+https': parseSplunk,
  'splunk+http': parseSplunk,
  'webhook+https': parseWebhook,
  'webhook+http': parseWebhook,
} satisfies Record<string, (address: Address) => SinkSettings | null>

const SETTING = 'BITTING_AUDIT_SINKS'
const MAX_BYTES = 100_000_000
const KEEP = 10
/** The facility "log audit" of RFC 5424 section 6.2.1. */
const FACILITY = 13
/** The number that RFC 5612 keeps for examples; it clashes with nobody's own. */
const ENTERPRISE = 32_473
/** Registered for syslog over TCP, and for syslog over TLS by RFC 5425 section 4.1. */
const PORTS = { 'syslog+tcp': 601, 'syslog+tls': 6514 }

/**
 * Reads `BITTING_AUDIT_SINKS`: addresses separated by spaces or line ends. Gives the sinks, or every flaw at once, each
 * with what to write instead. No flaw and no name repeats a secret.
 */
export function parseSinks(
  text: string,
): { readonly sinks: readonly SinkSettings[] } | { readonly flaws: readonly string[] } {
  const flaws: string[] = []
  const schemes = Object.keys(PARSERS) as (keyof typeof PARSERS)[]
  const sinks: SinkSettings[] = []
  for (const address of readAddresses(SETTING, text, schemes, flaws)) {
    const settings = PARSERS[address.scheme as keyof typeof PARSERS](address)
    address.finish()
    if (settings === null) continue
    if (sinks.some((sink) => sink.name === settings.name)) {
      address.flaw('another address leads to the same place; leave one away, or tell them apart with name=…')
    }
    sinks.push(settings)
  }
  return flaws.length > 0 ? { flaws } : { sinks }
}

function parseStdout(address: Address): SinkSettings {
  if (address.rest !== '') address.flaw('write stdout: and nothing after it')
  return { kind: 'stdout', name: address.name('stdout') }
}

function parseFile(address: Address): SinkSettings {
  const path = address.ownPath('write an absolute path, file:/var/log/bitting/audit.jsonl for example')
  if (path !== '' && address.rest.endsWith('/')) address.flaw('write the path of a file, not of a directory')
  return {
    kind: 'file',
    path,
    maxBytes: address.integer('max_bytes', MAX_BYTES, 4096, 1_000_000_000_000),
    keep: address.integer('keep', KEEP, 1, 10_000),
    name: address.name(`file:${path}`),
  }
}

function parseSyslog(address: Address): SinkSettings | null {
  const isTls = address.scheme === 'syslog+tls'
  const match = /^\/\/(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_.-]+))(?::(\d{1,5}))?\/?$/.exec(address.rest)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3] ?? (isTls ? PORTS['syslog+tls'] : PORTS['syslog+tcp']))
  const settings = {
    facility: address.integer('facility', FACILITY, 0, 23),
    enterprise: address.integer('enterprise', ENTERPRISE, 1, 4_294_967_295),
    tls: isTls ? { ca: address.path('ca'), cert: address.path('cert'), key: address.path('key') } : null,
  }
  if (settings.tls !== null && (settings.tls.cert === null) !== (settings.tls.key === null)) {
    address.flaw('give cert and key together, or neither')
  }
  if (host === undefined || port < 1 || port > 65_535) {
    const example = `${address.scheme}://logs.example.com:${isTls ? '6514' : '601'}`
    address.flaw(`write a host and a port, ${example} for example`)
    address.name('')
    return null
  }
  const shown = host.includes(':') ? `[${host}]` : host
  const name = address.name(`${address.scheme}://${shown.toLowerCase()}:${String(port)}`)
  return { kind: 'syslog', name, host, port, ...settings }
}

function parseOtlp(address: Address): SinkSettings | null {
  const url = address.httpUrl({ example: 'otlp+https://otel.example.com/v1/logs' })
  if (url?.pathname === '/') address.flaw('write the path too, which is mostly /v1/logs')
  const headers = address.headers()
  const caFile = parseCa(address)
  const name = address.name(url === null ? '' : nameOfUrl(address.scheme, url, '/v1/logs'))
  return url === null ? null : { kind: 'otlp', name, url: bareUrl(url), headers, caFile }
}

function parseSplunk(address: Address): SinkSettings | null {
  const example = 'splunk+https://:TOKEN@splunk.example.com:8088'
  const url = address.httpUrl({ example, isCredentialPart: true })
  const printable = /^[\x21-\x7e]{1,200}$/
  const settings = {
    index: address.matching('index', null, printable, 'write the name of an index'),
    sourcetype: address.matching('sourcetype', null, printable, 'write a name') ?? 'bitting:audit',
    ack: address.flag('ack'),
    caFile: parseCa(address),
  }
  if (url === null) {
    address.name('')
    return null
  }
  const token = decode(url.password) ?? ''
  if (url.username !== '' || !/^[\x21-\x7e]+$/.test(token)) {
    address.flaw('write the token between a colon and an at sign before the host, as in ' + example)
  }
  address.requireSecure(url)
  if (!url.pathname.endsWith('/services/collector/event')) {
    url.pathname = `${url.pathname.replace(/\/$/, '')}/services/collector/event`
  }
  const name = address.name(nameOfUrl(address.scheme, url, '/services/collector/event'))
  return { kind: 'splunk', name, url: bareUrl(url), token, ...settings }
}

/** A webhook, whose other parameters are part of the receiver's own address. */
export function parseWebhook(address: Address): WebhookSettings | null {
  const url = address.httpUrl({ example: 'webhook+https://example.com/audit' })
  const headers = address.headers()
  const caFile = parseCa(address)
  const ownName = address.name('')
  if (url === null) {
    address.otherParameters()
    return null
  }
  address.requireSecure(url)
  url.search = address.otherParameters()
  const name = ownName === '' ? nameOfUrl(address.scheme, url, '/') : ownName
  return { kind: 'webhook', name, url: bareUrl(url), headers, caFile }
}

function parseCa(address: Address): string | null {
  return address.scheme.endsWith('https') ? address.path('ca') : null
}

function bareUrl(url: URL): string {
  url.username = ''
  url.password = ''
  return url.href
}
