import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { buildConnector } from 'undici'
import { errorCode } from '../audit/sinks/sink.js'
import type { AddressGuard, AddressRefusal } from './address-guard.js'
import { hostOf, portOf } from './endpoint-url.js'
import { createLookup, orAborted } from './resolve-host.js'

/** Why nothing came back from an endpoint. */
export type SendErrorCode =
  | AddressRefusal
  | 'dns'
  | 'connect'
  | 'tls'
  | 'timeout'
  | 'reset'
  | 'protocol'
  | 'invalid_request'
  | 'aborted'
  | 'closed'

const REFUSALS: Readonly<Record<AddressRefusal, string>> = {
  address_not_public: 'the endpoint is not on the public internet, and webhooks are sent nowhere else',
  not_https: 'webhooks are sent over https alone',
  port_not_allowed: 'webhooks are sent to the ports 443 and 8443 alone',
}

/**
 * No answer came from an endpoint. The message is for its owner: it tells nothing of the network here, neither what a
 * name resolved to nor whether anything listens at an address that is refused.
 */
export class SendError extends Error {
  readonly code: SendErrorCode

  constructor(code: SendErrorCode, message: string) {
    super(message)
    this.name = 'SendError'
    this.code = code
  }
}

/** All addresses of a name. Rejects where it has none. Once the signal fires, nobody waits for them any more. */
export type Lookup = (hostname: string, signal?: AbortSignal) => Promise<readonly string[]>

/** How endpoints are connected to. */
export interface SafeConnectorOptions {
  readonly guard: AddressGuard
  /** The hosts file and the DNS by default, see {@link createLookup}. */
  readonly lookup?: Lookup | undefined
  /** How long a connection may take with its name and its TLS handshake, in milliseconds. {@link CONNECT_MILLISECONDS} by default. */
  readonly limitMilliseconds?: number | undefined
  /** PEM certificates of the authorities to believe in place of the system's. */
  readonly ca?: string | undefined
}

/** How long a connection may take by default, in milliseconds. */
export const CONNECT_MILLISECONDS = 10_000
/** How long one address may take while there are others. */
const PATIENCE_MILLISECONDS = 2000
/** A name may have any number of addresses; they are all judged, and no more than these are tried. */
const ADDRESSES_TRIED_MAX = 4

/**
 * Makes connections for the HTTP client that lead where the guard allows and nowhere else. It resolves a name once,
 * refuses when any of its addresses is refused, connects to an address it has judged and not to the name, and judges
 * the other end once more before a byte is written. So a name that changes its mind meanwhile changes nothing.
 */
export class SafeConnector {
  readonly #guard: AddressGuard
  readonly #lookup: Lookup
  readonly #limit: number
  readonly #ca: string | undefined
  /** The connections under way. */
  readonly #opening = new Set<AbortController>()

  constructor(options: SafeConnectorOptions) {
    this.#guard = options.guard
    this.#lookup = options.lookup ?? createLookup()
    this.#limit = options.limitMilliseconds ?? CONNECT_MILLISECONDS
    this.#ca = options.ca
  }

  /** The connector for an undici dispatcher. Fails with a {@link SendError}. */
  readonly connect: buildConnector.connector = (options, callback) => {
    void this.#open(options).then(
      (socket) => callback(null, socket),
      (error: unknown) => callback(error as SendError, null),
    )
  }

  /** Gives up the connections under way; those that stand belong to the dispatcher. */
  close(): void {
    for (const controller of this.#opening) controller.abort(closedError())
  }

  async #open({ hostname, protocol, port }: buildConnector.Options): Promise<Socket> {
    const target = { hostname, port: portOf({ port, protocol }), secure: protocol === 'https:' }
    const controller = new AbortController()
    const timer = setTimeout(() => {
      controller.abort(
        new SendError('timeout', `the endpoint took no connection within ${String(this.#limit / 1000)} s`),
      )
    }, this.#limit)
    this.#opening.add(controller)
    try {
      const addresses = await this.#resolve(hostname, controller.signal)
      for (const address of addresses) this.#judge(address, target)
      const socket = await this.#dialOneOf(addresses.slice(0, ADDRESSES_TRIED_MAX), target, controller.signal)
      return target.secure ? await this.#encrypt(socket, hostname, controller.signal) : socket
    } finally {
      clearTimeout(timer)
      this.#opening.delete(controller)
    }
  }

  async #resolve(hostname: string, signal: AbortSignal): Promise<readonly string[]> {
    if (isIP(hostname) !== 0) return [hostname]
    let addresses: readonly string[]
    try {
      addresses = await orAborted(this.#lookup(hostname, signal), signal)
    } catch (error) {
      if (error instanceof SendError) throw error
      throw dnsError()
    }
    if (addresses.length === 0) throw dnsError()
    return addresses
  }

  #judge(address: string, { port, secure }: Target): void {
    const refusal = this.#guard.refusal(address, port, secure)
    if (refusal !== null) throw new SendError(refusal, REFUSALS[refusal])
  }

  async #dialOneOf(addresses: readonly string[], target: Target, signal: AbortSignal): Promise<Socket> {
    const patience = Math.min(PATIENCE_MILLISECONDS, this.#limit / addresses.length)
    for (const address of addresses.slice(0, -1)) {
      try {
        return await this.#dial(address, target, signal, patience)
      } catch (error) {
        if (signal.aborted || !(error instanceof SendError) || error.code !== 'connect') throw error
      }
    }
    return this.#dial(addresses.at(-1) ?? '', target, signal, null)
  }

  async #dial(
    address: string,
    target: Target,
    signal: AbortSignal,
    patience: number | null,
  ): Promise<Socket> {
    const socket = connectTcp({ host: address, port: target.port, noDelay: true, keepAlive: true })
    await established(socket, 'connect', signal, patience, connectError)
    try {
      // An address leads where it says, unless something between this program and the network has other plans.
      if (socket.remoteAddress === undefined) throw connectError()
      this.#judge(socket.remoteAddress, target)
    } catch (error) {
      socket.destroy()
      throw error
    }
    return socket
  }

  async #encrypt(socket: Socket, hostname: string, signal: AbortSignal): Promise<Socket> {
    const host = hostOf(hostname)
    const secured = connectTls({
      socket,
      // The certificate is checked against the host of the URL, which goes along unless it is an address.
      host,
      servername: isIP(host) === 0 ? host : '',
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: true,
      ...(this.#ca === undefined ? {} : { ca: this.#ca }),
    })
    await established(secured, 'secureConnect', signal, null, tlsError)
    return secured
  }
}

interface Target {
  readonly port: number
  readonly secure: boolean
}

/** Waits until a socket stands. Where that fails, or takes longer than the patience, the socket is destroyed. */
function established(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
  patience: number | null,
  toError: (error?: unknown) => SendError,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (failure: SendError | null): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      socket.off(event, onReady).off('close', onClose).off('error', onError)
      if (failure === null) {
        resolve()
        return
      }
      socket.destroy()
      reject(failure)
    }
    const timer = patience === null ? undefined : setTimeout(() => settle(toError()), patience)
    const onAbort = (): void => settle(signal.reason as SendError)
    const onReady = (): void => settle(null)
    const onClose = (): void => settle(toError())
    const onError = (error: Error): void => settle(toError(error))
    socket.once(event, onReady).once('close', onClose).once('error', onError)
    // An error that comes while nobody listens would end the process.
    socket.on('error', () => undefined)
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
  })
}

/** What a sender that was closed fails with. */
export function closedError(): SendError {
  return new SendError('closed', 'the sender was closed')
}

function dnsError(): SendError {
  return new SendError('dns', 'the name of the endpoint does not resolve to an address')
}

function connectError(): SendError {
  return new SendError('connect', 'the endpoint takes no connections')
}

function tlsError(error?: unknown): SendError {
  const why = error === undefined ? 'the connection ended' : errorCode(error)
  return new SendError('tls', `the endpoint’s certificate or TLS was not accepted (${why})`)
}
