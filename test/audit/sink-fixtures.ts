import type { AuditEntry } from '@bitting/core'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'

/** What JSON.parse gives: of any shape, and the test says what it expects. */
export type Json = ReturnType<typeof JSON.parse>

const undo: (() => unknown)[] = []

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

/** Runs after the test. */
export function later(step: () => unknown): void {
  undo.push(step)
}

export function entry(index: number, over: Partial<AuditEntry> = {}): AuditEntry {
  return {
    index,
    workspace: 'ws_1',
    at: new Date(Date.UTC(2026, 0, 2, 3, 4, 5, index)).toISOString(),
    actor: { type: 'key', id: 'k1', address: '192.0.2.1', user_agent: 'curl "8"' },
    action: 'key.create',
    operation: null,
    resource: { type: 'key', id: 'k2' },
    outcome: 'success',
    reason: null,
    request_id: null,
    details: { name: 'Zoë ] " \\ \n 🔑', index },
    erased: false,
    ...over,
  }
}

export function entries(count: number, from = 0): AuditEntry[] {
  return Array.from({ length: count }, (_, at) => entry(from + at))
}

/** A signal that never fires. */
export const CALM: AbortSignal = new AbortController().signal

export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'bitting-sinks-'))
  later(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export interface Certificate {
  readonly certFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
}

/** A certificate for 127.0.0.1 that vouches for itself. */
export function selfSigned(): Certificate {
  const directory = temporaryDirectory()
  const certFile = join(directory, 'cert.pem')
  const keyFile = join(directory, 'key.pem')
  const args =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test -addext subjectAltName=IP:127.0.0.1'
  execFileSync('openssl', [...args.split(' '), '-keyout', keyFile, '-out', certFile], { stdio: 'pipe' })
  return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') }
}

/** Listens on a free port of this machine and gives the origin. */
export async function listen(listener: RequestListener, tls?: Certificate): Promise<string> {
  const server: Server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  later(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return `http${tls === undefined ? '' : 's'}://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}

/** What a promise was rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<Json> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('it was expected to fail')
}
