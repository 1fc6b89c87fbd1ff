import type { AuditEntry } from '@bitting/core'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { hostname } from 'node:os'
import { connect as connectTls } from 'node:tls'
import { readPem } from './http-receiver.js'
import { DELIVERY_LIMIT_MILLISECONDS, errorCode, SinkError, withinLimit, type AuditSink } from './sink.js'
import { syslogFrame, syslogMessage, type SyslogOrigin } from './syslog-message.js'

/** Where a syslog receiver listens, and how it and its sender know each other. */
export interface SyslogReceiver {
  readonly host: string
  readonly port: number
  readonly facility: number
  readonly enterprise: number
  /** Paths of PEM files; null for plain TCP. */
  readonly tls: {
    readonly ca: string | null
    readonly cert: string | null
    readonly key: string | null
  } | null
  /** How long one delivery may take, in milliseconds. */
  readonly limitMilliseconds?: number
}

interface TlsFiles {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

/**
 * Sends entries as syslog messages over TCP (RFC 6587 with octet counting) or TLS (RFC 5425). Syslog has no receipts,
 * and bytes that the own system took may still be lost with the connection. So each batch has a connection that is
 * closed on this side, and counts as taken when the receiver closes its own in order after that: it then has read to
 * the end. What it does with the messages afterwards is not known.
 */
export class SyslogSink implements AuditSink {
  readonly name: string
  readonly #receiver: SyslogReceiver
  readonly #origin: SyslogOrigin
  readonly #files: TlsFiles
  readonly #open = new Set<Socket>()

  /** @throws {SinkError} when a certificate or key file cannot be read */
  constructor(name: string, receiver: SyslogReceiver) {
    this.name = name
    this.#receiver = receiver
    const { facility, enterprise } = receiver
    this.#origin = { facility, enterprise, hostname: hostname(), processId: process.pid }
    this.#files = receiver.tls === null ? {} : readFiles(receiver.tls)
  }

  async deliver(entries: readonly AuditEntry[], signal: AbortSignal): Promise<void> {
    const frames = entries.map((entry) => syslogFrame(syslogMessage(entry, this.#origin))).join('')
    const limit = this.#receiver.limitMilliseconds ?? DELIVERY_LIMIT_MILLISECONDS
    await withinLimit(signal, limit, (limited) => this.#send(frames, limited))
  }

  close(): Promise<void> {
    for (const socket of this.#open) socket.destroy()
    return Promise.resolve()
  }

  async #send(frames: string, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw new SinkError('aborted', 'the delivery was broken off')
    const socket = this.#connect()
    this.#open.add(socket)
    const stop = (): void => void socket.destroy()
    signal.addEventListener('abort', stop, { once: true })
    try {
      await exchange(socket, frames, this.#receiver.tls === null ? 'connect' : 'secureConnect')
    } catch (error) {
      if (error instanceof SinkError) throw error
      const code = errorCode(error)
      const { host, port } = this.#receiver
      throw new SinkError(code, `the syslog receiver ${host}:${String(port)} failed (${code})`)
    } finally {
      signal.removeEventListener('abort', stop)
      this.#open.delete(socket)
      socket.destroy()
    }
  }

  #connect(): Socket {
    const { host, port, tls } = this.#receiver
    if (tls === null) return connectTcp({ host, port })
    return connectTls({
      host,
      port,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...this.#files,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
    })
  }
}

/** Resolves when the receiver closed its side after everything was sent and this side closed. */
function exchange(socket: Socket, frames: string, readyEvent: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    let isSent = false
    let isEnded = false
    socket.once(readyEvent, () => {
      socket.end(frames, () => (isSent = true))
    })
    socket.on('end', () => {
      isEnded = isSent
      if (!isSent) socket.destroy()
    })
    socket.on('error', reject)
    // 'close' comes last: a reset that follows the receiver's end has been reported as an error by then.
    socket.on('close', () => {
      if (isEnded) resolve()
      else {
        reject(new SinkError('closed_early', 'the syslog receiver closed before it had read everything'))
      }
    })
    // Syslog is one way; without a reader the end would never be seen.
    socket.resume()
  })
}

function readFiles(tls: NonNullable<SyslogReceiver['tls']>): TlsFiles {
  return {
    ...(tls.ca === null ? {} : { ca: readPem(tls.ca) }),
    ...(tls.cert === null ? {} : { cert: readPem(tls.cert) }),
    ...(tls.key === null ? {} : { key: readPem(tls.key) }),
  }
}
