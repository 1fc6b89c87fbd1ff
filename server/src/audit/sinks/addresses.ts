import { createHash } from 'node:crypto'
import { isAbsolute, resolve } from 'node:path'

interface Parameter {
  readonly name: string
  readonly value: string
  /** As it was written. */
  readonly raw: string
}

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|\[::1\]|localhost)$/
const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/
/** What the requests themselves decide. */
const OWN_HEADERS = [
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'te',
  'transfer-encoding',
]

/**
 * An address of a setting, `scheme:rest?name=value&…`, while it is read. It collects flaws and says in each what to
 * write. Of the address itself a flaw repeats nothing but its place and its scheme, because any other part may be a
 * secret, or a secret in the wrong place.
 */
export class Address {
  readonly scheme: string
  /** Between the scheme's colon and the question mark. */
  readonly rest: string
  readonly #place: string
  readonly #flaws: string[]
  readonly #parameters: readonly Parameter[]
  readonly #known = new Set<string>()
  readonly #read = new Set<Parameter>()

  constructor(place: string, scheme: string, text: string, flaws: string[]) {
    this.scheme = scheme
    this.#place = place
    this.#flaws = flaws
    const query = text.indexOf('?')
    this.rest = query < 0 ? text : text.slice(0, query)
    this.#parameters = query < 0 ? [] : this.#split(text.slice(query + 1))
    if (text.includes('#')) this.flaw('write # as %23')
  }

  /** Notes what is wrong with the address. */
  flaw(text: string): void {
    this.#flaws.push(`${this.#place}: ${text}`)
  }

  /** The decoded value of a parameter, or null where it is not given. */
  text(name: string): string | null {
    this.#known.add(name)
    const found = this.#parameters.filter((parameter) => parameter.name === name)
    for (const parameter of found) this.#read.add(parameter)
    if (found.length > 1) this.flaw(`give ${name} once`)
    return found[0]?.value ?? null
  }

  /** The value of a parameter that has to match, or the fallback. */
  matching(name: string, fallback: string | null, pattern: RegExp, advice: string): string | null {
    const value = this.text(name)
    if (value === null) return fallback
    if (!pattern.test(value)) this.flaw(`${name}: ${advice}`)
    return value
  }

  /** The value of a parameter that is a whole number between two bounds, or the fallback. */
  integer(name: string, fallback: number, min: number, max: number): number {
    const value = this.text(name)
    if (value === null) return fallback
    const number = /^\d{1,15}$/.test(value) ? Number(value) : NaN
    if (number >= min && number <= max) return number
    this.flaw(`${name}: write a whole number from ${String(min)} to ${String(max)}`)
    return fallback
  }

  /** The value of a parameter that is `true` or `false`. */
  flag(name: string): boolean {
    return this.matching(name, 'false', /^(?:true|false)$/, 'write true or false') === 'true'
  }

  /** The absolute path in a parameter, or null. */
  path(name: string): string | null {
    const value = this.text(name)
    if (value !== null && !isPath(value)) this.flaw(`${name}: write an absolute path`)
    return value
  }

  /** The absolute path that follows the scheme, as `file:/path` or `file:///path`. */
  ownPath(advice: string): string {
    const text = decode(this.rest.replace(/^\/\/(?=\/)/, ''))
    if (text !== null && isPath(text) && !text.startsWith('//') && text !== '/') return resolve(text)
    this.flaw(advice)
    return ''
  }

  /** The fields to send, from the parameters that begin with `header.`. */
  headers(): Readonly<Record<string, string>> {
    this.#known.add('header.NAME')
    const headers: Record<string, string> = {}
    for (const [at, parameter] of this.#parameters.entries()) {
      if (!parameter.name.toLowerCase().startsWith('header.')) continue
      this.#read.add(parameter)
      const name = parameter.name.slice('header.'.length).toLowerCase()
      const place = `parameter ${String(at + 1)}`
      if (!HEADER_NAME.test(name)) {
        this.flaw(`${place}: write header. and the name of a field, header.authorization=… for example`)
      } else if (OWN_HEADERS.includes(name)) {
        this.flaw(`${place}: leave this field away; the request sets it itself`)
      } else if (!/^[\x20-\x7e]+$/.test(parameter.value)) {
        this.flaw(`${place}: the value of a field is ASCII without line ends; percent-encode what is not`)
      } else if (Object.hasOwn(headers, name)) this.flaw(`${place}: give each field once`)
      else headers[name] = parameter.value
    }
    return headers
  }

  /** The HTTP address that follows the scheme, or null with a flaw. Its query is not part of it. */
  httpUrl(options: { readonly example: string; readonly isCredentialPart?: boolean }): URL | null {
    const protocol = this.scheme.endsWith('https') ? 'https:' : 'http:'
    const text = `${protocol}${this.rest}`
    if (!/^\/\/[^/]/.test(this.rest) || !URL.canParse(text)) {
      this.flaw(`write a host after the scheme, ${options.example} for example`)
      return null
    }
    const url = new URL(text)
    if (options.isCredentialPart !== true && this.rest.split('/')[2]?.includes('@') === true) {
      this.flaw('write credentials as header.authorization=… and not before the host')
    }
    return url
  }

  /** Notes a flaw where the address is plain HTTP to another machine. */
  requireSecure(url: URL): void {
    if (url.protocol === 'https:' || LOOPBACK.test(url.hostname)) return
    this.flaw(`write ${this.scheme.replace(/http$/, 'https')}; plain HTTP goes to this machine only`)
  }

  /** The parameters that nobody asked for, as they were written. */
  otherParameters(): string {
    const others = this.#parameters.filter((parameter) => !this.#read.has(parameter))
    for (const parameter of others) this.#read.add(parameter)
    return others.map((parameter) => parameter.raw).join('&')
  }

  /** The name of what the address leads to: the one it asks for, or the given one. Goes before `finish`. */
  name(fallback: string): string {
    const advice = 'write up to 63 lower-case letters, digits, dots, hyphens and underscores'
    return this.matching('name', null, /^[a-z0-9][a-z0-9._-]{0,62}$/, advice) ?? fallback
  }

  /** Notes a flaw for each parameter that nobody asked for. */
  finish(): void {
    const known = [...this.#known].sort().join(', ')
    for (const [at, parameter] of this.#parameters.entries()) {
      if (this.#read.has(parameter)) continue
      this.flaw(`parameter ${String(at + 1)}: there is no such parameter; there are ${known}`)
    }
  }

  #split(query: string): Parameter[] {
    return query.split('&').flatMap((raw, at): Parameter[] => {
      const equals = raw.indexOf('=')
      const name = decode(equals < 0 ? raw : raw.slice(0, equals))
      const value = decode(equals < 0 ? '' : raw.slice(equals + 1))
      if (name !== null && value !== null) return [{ name, value, raw }]
      this.flaw(`parameter ${String(at + 1)}: write % as %25`)
      return []
    })
  }
}

/**
 * The addresses of a setting, which are separated by white space, each when the one before has been read.
 *
 * @param schemes what an address may begin with, up to its colon
 */
export function* readAddresses(
  setting: string,
  text: string,
  schemes: readonly string[],
  flaws: string[],
): Generator<Address> {
  const parts = text.split(/\s+/).filter((part) => part !== '')
  for (const [at, part] of parts.entries()) {
    const place = `${setting}: address ${String(at + 1)}`
    const scheme = schemes.find((one) => part.startsWith(`${one}:`))
    if (scheme === undefined) {
      flaws.push(`${place}: begin it with one of ${schemes.map((one) => `${one}:`).join(', ')}`)
    } else yield new Address(`${place} (${scheme})`, scheme, part.slice(scheme.length + 1), flaws)
  }
}

/**
 * A name for an HTTP address without its path and query, which for many receivers are a secret. A digest stands for
 * them where they are not the usual ones.
 */
export function nameOfUrl(scheme: string, url: URL, usualPath: string): string {
  const own = `${url.pathname}${url.search}`
  const digest = createHash('sha256').update(own).digest('hex').slice(0, 12)
  return `${scheme}://${url.host}${own === usualPath ? '' : `#${digest}`}`
}

/** Percent-decodes; `+` stays what it is, unlike in forms, because credentials have it. */
export function decode(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

function isPath(text: string): boolean {
  return isAbsolute(text) && !text.includes('\0')
}
