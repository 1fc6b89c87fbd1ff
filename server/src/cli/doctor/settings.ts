import { parseAddressRange } from '@bitting/core'
import type { Config, Listen } from '../../config.js'
import { readCatalog } from '../catalog/source.js'
import { isLoopbackHost, type CommandContext } from '../context.js'
import { describeError } from '../report.js'
import { count } from '../text.js'
import { checkerOf, type Check } from './check.js'

/** Brands that scanners take for another company's. */
const TAKEN_BRANDS: readonly string[] = ['sk', 'rk']
const PREFIX_LENGTH_SUSPICIOUS = 96 + 8

/** What the settings and the catalog that they name tell. */
export async function checkSettings(context: CommandContext, config: Config): Promise<Check[]> {
  return [checkBrand(config), ...checkListeners(config), ...checkProxies(config), await checkCatalog(context)]
}

async function checkCatalog(context: CommandContext): Promise<Check> {
  const checker = checkerOf('catalog')
  try {
    const { title, operations } = await readCatalog(context, undefined)
    return checker.ok(`${title}: ${count(operations.length, 'operation')}`)
  } catch (error) {
    const { message, details } = describeError(error)
    return checker.fail([message, ...details].join('; '), 'correct the file that BITTING_CATALOG names')
  }
}

function checkBrand({ tokenBrand }: Config): Check {
  const brand = checkerOf('token brand')
  if (!TAKEN_BRANDS.includes(tokenBrand)) return brand.ok(`tokens begin with ${tokenBrand}_`)
  return brand.warn(
    `tokens that begin with ${tokenBrand}_live_ look like Stripe's: public scanners report them and block pushes`,
    'unset BITTING_TOKEN_BRAND for btg, or set letters of your own; keys that exist keep working',
  )
}

function checkListeners({ listen, gatewayListen, publicUrl }: Config): Check[] {
  const management = checkerOf('listening')
  const gateway = checkerOf('gateway listening')
  if (listen.port !== 0 && listen.port === gatewayListen.port && listen.host === gatewayListen.host) {
    return [
      management.fail(
        'the management API and the gateway have one address',
        'give BITTING_GATEWAY_LISTEN another port',
      ),
    ]
  }
  const hint = 'listen on 127.0.0.1 behind a proxy that speaks TLS, or see that only that proxy can connect'
  return [
    isLoopback(listen) || publicUrl.startsWith('https:')
      ? management.ok(`management API on ${nameOf(listen)}, known as ${publicUrl}`)
      : management.warn(
          `the management API on ${nameOf(listen)} can be reached from outside, unencrypted`,
          hint,
        ),
    isLoopback(gatewayListen)
      ? gateway.ok(`gateway on ${nameOf(gatewayListen)}`)
      : gateway.warn(
          `the gateway on ${nameOf(gatewayListen)} can be reached from outside, unencrypted`,
          hint,
        ),
  ]
}

function checkProxies({ trustedProxies }: Config): Check[] {
  const proxies = checkerOf('trusted proxies')
  const wide = trustedProxies.find((text) => {
    const range = parseAddressRange(text)
    return range !== null && range.prefixLength < PREFIX_LENGTH_SUSPICIOUS
  })
  if (wide === undefined) return []
  return [
    proxies.warn(
      `${wide} believes X-Forwarded-For of so many that any of them can pose as an allowed address`,
      'name the addresses of your proxies alone in BITTING_TRUSTED_PROXIES',
    ),
  ]
}

function isLoopback({ host }: Listen): boolean {
  return isLoopbackHost(host.includes(':') ? `[${host}]` : host)
}

function nameOf({ host, port }: Listen): string {
  return `${host.includes(':') ? `[${host}]` : host}:${String(port)}`
}
