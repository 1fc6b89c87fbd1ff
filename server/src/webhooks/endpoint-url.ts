import { parseAddress } from '@bitting/core'
import type { AddressGuard, AddressRefusal } from './address-guard.js'

/** The longest address of an endpoint, in characters, as it is given and as it is sent. */
export const ENDPOINT_URL_LENGTH_MAX = 2048

/** The address of an endpoint, or what is wrong with it in words for whoever gave it. */
export type ParsedEndpointUrl =
  { readonly ok: true; readonly url: URL } | { readonly ok: false; readonly message: string }

/**
 * Parses the address of an endpoint: an absolute http or https URL without user info and fragment. Hosts are read as
 * browsers read them (WHATWG URL), so `0x7f.1` is `127.0.0.1`. Where the host leads is not looked at.
 */
export function parseEndpointUrl(text: string): ParsedEndpointUrl {
  if (text.length > ENDPOINT_URL_LENGTH_MAX) return flaw(TOO_LONG)
  // The parser drops or turns these around without a word, and what is stored should be what was meant.
  if (/[\s\p{Cc}\\]/u.test(text)) return flaw('write the address without spaces, line ends and backslashes')
  if (!URL.canParse(text)) return flaw(NO_URL)
  const url = new URL(text)
  if (!/^https?:\/\/[^/]/i.test(text) || !/^https?:$/.test(url.protocol) || hostOf(url.hostname) === '')
    return flaw(NO_URL)
  if (url.username !== '' || url.password !== '' || /^[^/?#]*\/\/[^/?#]*@/.test(text)) {
    return flaw('write the address without a user name and password; deliveries are signed instead')
  }
  if (text.includes('#')) return flaw('write the address without a fragment (#); it would not be sent')
  return url.href.length > ENDPOINT_URL_LENGTH_MAX ? flaw(TOO_LONG) : { ok: true, url }
}

/**
 * Why an endpoint can never be reached, as far as its host alone tells it: a literal address that the guard refuses,
 * or a name of this machine itself. Null for every other name. This spares its owner a failing delivery and is no
 * protection: a name can lead anywhere, so the guard judges each connection.
 */
export function literalRefusal(url: URL, guard: AddressGuard): AddressRefusal | null {
  const secure = url.protocol === 'https:'
  const port = portOf(url)
  const host = hostOf(url.hostname)
  if (parseAddress(host) !== null) return guard.refusal(host, port, secure)
  if (host !== 'localhost' && !host.endsWith('.localhost')) return null
  return guard.refusal('127.0.0.1', port, secure) ?? guard.refusal('::1', port, secure)
}

/** The port that a URL or an origin leads to. */
export function portOf({ port, protocol }: { readonly port: string; readonly protocol: string }): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
}

/** The host of a URL as a bare name or address: without brackets and without the dots that end an absolute name. */
export function hostOf(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.+$/, '')
}

const NO_URL = 'write an absolute address, https://example.com/webhooks for example'
const TOO_LONG = `write an address of at most ${String(ENDPOINT_URL_LENGTH_MAX)} characters`

function flaw(message: string): ParsedEndpointUrl {
  return { ok: false, message }
}
