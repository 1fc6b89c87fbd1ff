import { readFileSync, statSync } from 'node:fs'
import { promises as dns } from 'node:dns'
import { isIP } from 'node:net'
import { errorCode } from '../audit/sinks/sink.js'
import { hostOf } from './endpoint-url.js'
import type { Lookup } from './safe-connect.js'

/** Where names are looked up. */
export interface LookupOptions {
  /** The DNS servers, each as an address or `address:port`. Those of `/etc/resolv.conf` by default. */
  readonly servers?: readonly string[] | undefined
  /** The file of names that come before those of the DNS, hosts(5). `/etc/hosts` by default; it may be missing. */
  readonly hostsPath?: string | undefined
  /** How long the DNS may take for a name, in milliseconds. 4.5 s by default. */
  readonly limitMilliseconds?: number | undefined
  /** A clock in milliseconds that never goes back, for how long failures are remembered. */
  readonly now?: (() => number) | undefined
}

/** How long a name that did not resolve is not asked for again, in milliseconds. */
export const FAILURE_MILLISECONDS = 5000

/** Less than the 5 s that a connection gets while somebody waits for it: what went wrong was the name then. */
const LIMIT_MILLISECONDS = 4500
/** How long one kind of address is waited for once there are some of the other. */
const PATIENCE_MILLISECONDS = 2000
/** One server gets two tries, the second with twice the time. */
const TRY_MILLISECONDS = 1500
const TRIES = 2
const FAILURES_MAX = 1000
const LOOPBACK: readonly string[] = ['127.0.0.1', '::1']

/**
 * Makes a resolver of names that no name can hold up. `getaddrinfo` keeps one of a few threads busy until the DNS
 * answers, so a handful of names whose servers never answer would stop everyone else's; here a name that waits takes a
 * socket and no thread.
 *
 * `localhost` and the names below it are this machine (RFC 6761, section 6.3), other names are what the hosts file says
 * and, where it says nothing, what the DNS says: A and AAAA records together. One of the two may fail as long as the
 * other gives an address (RFC 4074). Search domains are not applied and other sources of nsswitch.conf are not asked,
 * so names are to be written in full. Lookups of one name at one time are one; an answer is not kept for later ones. A
 * failure is, for {@link FAILURE_MILLISECONDS}.
 *
 * The lookup rejects with the reason of a signal that fires, and what nobody waits for any more is cancelled. Its other
 * errors name no address, but what went wrong inside, so they are not for whoever chose the name.
 */
export function createLookup(options: LookupOptions = {}): Lookup {
  const resolver = new HostResolver(options)
  return (hostname, signal) => resolver.lookup(hostname, signal)
}

/** What the work comes to, or the reason of the signal if that fires first. The work itself goes on. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', onAbort, { once: true })
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

class HostResolver {
  readonly #servers: readonly string[] | undefined
  readonly #limit: number
  readonly #now: () => number
  readonly #hosts: HostsFile
  /** What is being asked, by name. */
  readonly #questions = new Map<string, Question>()
  /** What failed of late, by name, the oldest first. */
  readonly #failures = new Map<string, { readonly error: unknown; readonly until: number }>()

  constructor(options: LookupOptions) {
    this.#servers = options.servers
    this.#limit = options.limitMilliseconds ?? LIMIT_MILLISECONDS
    this.#now = options.now ?? (() => performance.now())
    this.#hosts = new HostsFile(options.hostsPath ?? '/etc/hosts')
  }

  async lookup(hostname: string, signal?: AbortSignal): Promise<readonly string[]> {
    signal?.throwIfAborted()
    const name = hostOf(hostname).toLowerCase()
    if (name === 'localhost' || name.endsWith('.localhost')) return LOOPBACK
    // To the DNS this would be its root.
    if (name === '') throw new Error('a host has no name')
    const local = this.#hosts.addressesOf(name)
    if (local !== undefined) return local
    const failure = this.#failures.get(name)
    if (failure !== undefined && this.#now() < failure.until) throw failure.error
    const question = this.#questions.get(name) ?? this.#ask(name)
    return question.wait(signal)
  }

  #ask(name: string): Question {
    const question = new Question(name, this.#servers, this.#limit)
    this.#questions.set(name, question)
    const forget = (): void => {
      if (this.#questions.get(name) === question) this.#questions.delete(name)
    }
    question.onAbandoned = forget
    question.answer.then(forget, (error: unknown) => {
      forget()
      if (!question.isAbandoned) this.#remember(name, error)
    })
    return question
  }

  #remember(name: string, error: unknown): void {
    this.#failures.delete(name)
    this.#failures.set(name, { error, until: this.#now() + FAILURE_MILLISECONDS })
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size <= FAILURES_MAX) return
      this.#failures.delete(oldest)
    }
  }
}

/** One name that the DNS is asked for, and those who wait for it. */
class Question {
  readonly answer: Promise<readonly string[]>
  /** Whether all who waited have left. The answer is of no meaning then. */
  isAbandoned = false
  onAbandoned: () => void = () => undefined
  #waiting = 0
  readonly #timers: NodeJS.Timeout[] = []
  /** Its own, so that it can be cancelled alone, has its own source port, and sees what resolv.conf says by now. */
  readonly #resolver = new dns.Resolver({ timeout: TRY_MILLISECONDS, tries: TRIES })

  constructor(name: string, servers: readonly string[] | undefined, limit: number) {
    if (servers !== undefined) this.#resolver.setServers(servers)
    this.#cancelIn(limit)
    this.answer = this.#resolve(name).finally(() => this.#timers.forEach((timer) => clearTimeout(timer)))
  }

  async wait(signal: AbortSignal | undefined): Promise<readonly string[]> {
    this.#waiting += 1
    try {
      return await (signal === undefined ? this.answer : orAborted(this.answer, signal))
    } finally {
      this.#waiting -= 1
      if (this.#waiting === 0 && signal?.aborted === true) this.#abandon()
    }
  }

  #abandon(): void {
    this.isAbandoned = true
    this.onAbandoned()
    this.#resolver.cancel()
  }

  async #resolve(name: string): Promise<readonly string[]> {
    const kinds = [this.#resolver.resolve4(name), this.#resolver.resolve6(name)] as const
    for (const kind of kinds) {
      kind.then(
        () => this.#cancelIn(PATIENCE_MILLISECONDS),
        () => undefined,
      )
    }
    const [ipv4, ipv6] = await Promise.allSettled(kinds)
    const addresses = alternating(valueOf(ipv4), valueOf(ipv6))
    if (addresses.length > 0) return addresses
    throw new Error(`the DNS has no address (A: ${failureOf(ipv4)}, AAAA: ${failureOf(ipv6)})`)
  }

  #cancelIn(milliseconds: number): void {
    this.#timers.push(setTimeout(() => this.#resolver.cancel(), milliseconds))
  }
}

/** Both kinds by turns (RFC 8305, section 4): a network may lack either, and only the first few addresses are tried. */
function alternating(ipv4: readonly string[], ipv6: readonly string[]): readonly string[] {
  const addresses = new Set<string>()
  for (let at = 0; at < Math.max(ipv4.length, ipv6.length); at++) {
    for (const address of [ipv4[at], ipv6[at]]) if (address !== undefined) addresses.add(address)
  }
  return [...addresses]
}

function valueOf(result: PromiseSettledResult<string[]>): readonly string[] {
  return result.status === 'fulfilled' ? result.value : []
}

function failureOf(result: PromiseSettledResult<string[]>): string {
  return result.status === 'fulfilled' ? 'none' : errorCode(result.reason)
}

/** The names of a hosts file as it is now. It is read in place, as reading it aside would need one of the threads. */
class HostsFile {
  readonly #path: string
  #version = ''
  #names: ReadonlyMap<string, readonly string[]> = new Map()

  constructor(path: string) {
    this.#path = path
  }

  /** In the order of the file; undefined where it does not have the name. A file that cannot be read has none. */
  addressesOf(name: string): readonly string[] | undefined {
    try {
      const { mtimeMs, size, ino } = statSync(this.#path)
      const version = [mtimeMs, size, ino].join(' ')
      if (version !== this.#version) {
        this.#names = parseHosts(readFileSync(this.#path, 'utf8'))
        this.#version = version
      }
    } catch {
      this.#names = new Map()
      this.#version = ''
    }
    return this.#names.get(name)
  }
}

function parseHosts(text: string): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const [address = '', ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/)
    if (isIP(address) === 0) continue
    for (const alias of aliases) {
      const name = hostOf(alias).toLowerCase()
      const addresses = names.get(name)
      if (addresses === undefined) names.set(name, [address])
      else if (!addresses.includes(address)) addresses.push(address)
    }
  }
  return names
}
