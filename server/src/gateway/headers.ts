import { tellsKey } from './redaction.js'

/** Fields of one connection (RFC 9110 Section 7.6.1) and older ones that are treated alike. */
const HOP_BY_HOP = [
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]

/** What the gateway says itself, or has dealt with: the upstream's key takes the place of the caller's. */
const OWN = ['authorization', 'expect', 'host', 'trailer']

/** With these some servers answer for another method or path than the one that was matched. */
const OVERRIDES = [
  '_method',
  'x-http-path-override',
  'x-method',
  'x-path-override',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-method',
  'x-original-uri',
  'x-original-url',
  'x-rewrite-url',
]

/** Who the caller is and which way it came is not told, neither as the truth nor as the caller would have it. */
const CALLER = [
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'fastly-client-ip',
  'forwarded',
  'true-client-ip',
  'via',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-envoy-external-address',
  'x-original-forwarded-for',
  'x-real-ip',
]
const CALLER_PREFIX = 'x-forwarded'

const KEPT_FROM_UPSTREAM: ReadonlySet<string> = new Set([...HOP_BY_HOP, ...OWN, ...OVERRIDES, ...CALLER])
const KEPT_FROM_CALLER: ReadonlySet<string> = new Set(HOP_BY_HOP)
/** Never taken from a trailer section (RFC 9110 Section 6.5.1): framing, routing and credentials. */
const KEPT_FROM_TRAILERS: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  ...OWN,
  'content-length',
  'content-encoding',
  'content-type',
  'set-cookie',
])

/** Fields for every recipient, which no Connection header can take away on the next hop. */
const NEVER_NOMINATED =
  /^(?:authorization|host|cookie|set-cookie|cache-control|date|location|www-authenticate|content-.*|close|keep-alive)$/

/** The most spellings of names that are remembered, so that made-up ones cannot fill the memory. */
const NAMES_MAX = 2000

/**
 * What a field's name means on its way, remembered by its spelling: lowering the case of every name of every message
 * would cost more than everything else here.
 */
class NameMemo<T> {
  readonly #known = new Map<string, T>()
  readonly #classify: (lowerCase: string) => T

  constructor(classify: (lowerCase: string) => T) {
    this.#classify = classify
  }

  classOf(name: string): T {
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const found = this.#classify(name.toLowerCase())
    if (this.#known.size < NAMES_MAX) this.#known.set(name, found)
    return found
  }
}

const requestNames = new NameMemo((lowerCase): 'passes' | 'stays' | 'connection' => {
  if (lowerCase === 'connection') return 'connection'
  // Servers in the manner of CGI read `X_Rewrite_Url` as `X-Rewrite-Url`, and so must the fence.
  const plain = lowerCase.replaceAll('_', '-')
  const isDisguisedLength = plain === 'content-length' && lowerCase !== plain
  const stays = KEPT_FROM_UPSTREAM.has(plain) || plain.startsWith(CALLER_PREFIX) || isDisguisedLength
  return stays ? 'stays' : 'passes'
})

/**
 * The header fields that go to the upstream: the caller's, with names, duplicates and order kept, but without those
 * of the connection, the caller's credential and Host, method and path overrides, and everything that tells or
 * pretends where the caller is (Forwarded, X-Forwarded-*, X-Real-IP, Via and their kin). Where the upstream needs the
 * caller's address, Bitting is the wrong place to get it from. The upstream's own credential is added.
 *
 * @param rawHeaders names and values in turn, as they came
 * @param upstreamKey null where the upstream wants no credential
 */
export function requestHeaders(rawHeaders: readonly string[], upstreamKey: string | null): string[] {
  const headers: string[] = []
  let connection = ''
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    const value = rawHeaders[index + 1] ?? ''
    const nameClass = requestNames.classOf(name)
    if (nameClass === 'passes') headers.push(name, value)
    else if (nameClass === 'connection') connection += `,${value}`
  }
  removeNominated(headers, connection)
  if (upstreamKey !== null) headers.push('Authorization', `Bearer ${upstreamKey}`)
  return headers
}

/** The head of an upstream's response as it goes to the caller. */
export interface ResponseHead {
  /** Names and values in turn. */
  readonly headers: string[]
  /** The length of the body, null where its end will show. */
  readonly length: number | null
  /** True where the body is compressed, so that nothing can be looked for in it. */
  readonly isEncoded: boolean
}

/** Fields of a response that bear on how it is passed on. */
const TELLING = [
  'connection',
  'content-disposition',
  'content-encoding',
  'content-length',
  'trailer',
  'transfer-encoding',
] as const

const responseNames = new NameMemo((lowerCase): 'passes' | 'stays' | (typeof TELLING)[number] => {
  const telling = TELLING.find((name) => name === lowerCase)
  return telling ?? (KEPT_FROM_CALLER.has(lowerCase) ? 'stays' : 'passes')
})

/**
 * The header fields that go back to the caller: the upstream's, with names, duplicates and order kept, but without
 * those of the connection and any that repeat the upstream's key.
 *
 * @param rawHeaders names and values in turn, as they came
 * @param upstreamKey what must not be told, null where there is none
 * @param mayHaveTrailers false where the answer cannot be chunked, so that a Trailer field would promise in vain
 */
export function responseHead(
  rawHeaders: readonly Buffer[],
  upstreamKey: string | null,
  mayHaveTrailers: boolean,
): ResponseHead {
  const headers: string[] = []
  let connection = ''
  let length: number | null = null
  let isChunked = false
  let promisesTrailers = false
  let isEncoded = false
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toString('latin1') ?? ''
    const value = rawHeaders[index + 1]?.toString('latin1') ?? ''
    if (tellsKey(value, upstreamKey)) continue
    switch (responseNames.classOf(name)) {
      case 'stays':
        continue
      case 'connection':
        connection += `,${value}`
        continue
      case 'transfer-encoding':
        isChunked = true
        continue
      case 'content-length':
        length = Number(value)
        break
      case 'trailer':
        promisesTrailers = true
        break
      case 'content-encoding':
        isEncoded = value.toLowerCase() !== 'identity'
        break
      case 'content-disposition':
        // Node re-encodes this field, and so alters it, where it comes after Content-Length.
        if (/[\u0080-\u00ff]/.test(value)) {
          headers.unshift(name, value)
          continue
        }
        break
      case 'passes':
        break
    }
    headers.push(name, value)
  }
  removeNominated(headers, connection)
  if (isChunked && length !== null) {
    // Chunks outrank a length (RFC 9112 Section 6.3): forwarding both would let the caller be shown two answers.
    removeFields(headers, (name) => name === 'content-length')
    length = null
  }
  if (promisesTrailers && (!mayHaveTrailers || length !== null)) {
    removeFields(headers, (name) => name === 'trailer')
  }
  return { headers, length, isEncoded }
}

/** The trailer fields that go back to the caller, as pairs, without those that have no place in a trailer section. */
export function responseTrailers(
  rawTrailers: readonly (Buffer | string)[],
  upstreamKey: string | null,
): [string, string][] {
  const trailers: [string, string][] = []
  for (let index = 0; index < rawTrailers.length; index += 2) {
    const name = rawTrailers[index]?.toString('latin1') ?? ''
    const value = rawTrailers[index + 1]?.toString('latin1') ?? ''
    if (!KEPT_FROM_TRAILERS.has(name.toLowerCase()) && !tellsKey(value, upstreamKey))
      trailers.push([name, value])
  }
  return trailers
}

/** Removes what Connection names, because it was meant for this hop; fields that are everybody's are not its to name. */
function removeNominated(headers: string[], connection: string): void {
  if (connection === '' || /^(?:,\s*(?:keep-alive|close|te|upgrade)\s*)+$/i.test(connection)) return
  const names = new Set(
    connection
      .toLowerCase()
      .split(',')
      .map((option) => option.trim())
      .filter((option) => !NEVER_NOMINATED.test(option)),
  )
  removeFields(headers, (name) => names.has(name))
}

function removeFields(headers: string[], isUnwanted: (lowerCase: string) => boolean): void {
  let kept = 0
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] ?? ''
    if (isUnwanted(name.toLowerCase())) continue
    headers[kept] = name
    headers[kept + 1] = headers[index + 1] ?? ''
    kept += 2
  }
  headers.length = kept
}
