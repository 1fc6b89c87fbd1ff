import { readdir, readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AuditEntry } from '@bitting/core'
import type { Kysely } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, vi } from 'vitest'
import { searchAudit } from '../../server/src/audit/search.js'
import {
  openDatabase,
  type DatabaseLocation,
  type WritableDatabase,
} from '../../server/src/storage/database.js'
import type { EngineName } from '../../server/src/storage/migrations.js'
import type { Schema } from '../../server/src/storage/schema.js'
import { freshPostgresUrl } from '../support/databases.js'
import { startServer, type TestServer, type TestWorkspace } from '../support/server.js'

/** An answer with its body as it came over the wire beside its parsed form. */
export interface RawAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly bytes: Uint8Array
  // The tests look into answers of every shape, and say in each place what they expect there.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any
}

/** How a call differs from an ordinary one. */
export interface CallOptions {
  /** The bearer token; null sends no Authorization header. Default: the tenant's full management key. */
  readonly key?: string | null
  readonly headers?: Readonly<Record<string, string>>
}

/** One workspace, as somebody who calls the management API with its keys. */
export interface Tenant extends TestWorkspace {
  /** Calls the management API. A string or bytes are sent as they are, everything else as JSON. */
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<RawAnswer>
  /** Creates a key. */
  createKey(more?: Record<string, unknown>): Promise<CreatedKey>
  /** Creates a management key and returns its token. */
  issueManagementKey(access: unknown, more?: Record<string, unknown>): Promise<string>
}

/** A key that a test made. */
export interface CreatedKey {
  readonly id: string
  readonly name: string
  readonly version: number
  readonly token: string
}

/** The tables of an installation, each row as JSON, in order. */
export type Dump = Readonly<Record<string, readonly string[]>>

/** A running node and a look behind it. */
export interface Suite {
  readonly engine: EngineName
  readonly server: TestServer
  /** Where the node's database is. */
  readonly location: DatabaseLocation
  /** A second handle on the node's database. */
  readonly database: WritableDatabase
  /** The first workspace. */
  readonly tenant: Tenant
  /** Another workspace. */
  newTenant(name: string): Promise<Tenant>
  /**
   * The rows of every table but those that change by themselves: the nodes' own heartbeats and counts, and what is
   * signed in the background. Waits until all calls that were answered are in the log.
   */
  dump(): Promise<Dump>
  /** Resolves once every call that was answered is in the log. */
  recorded(): Promise<void>
  /** The newest entries of a workspace's log, newest first, looked up without leaving a trace. */
  entries(tenant: Tenant, limit: number): Promise<readonly AuditEntry[]>
}

/** Defines a suite once for each engine, each with a node of its own that lives as long as the suite. */
export function describeEachServer(
  name: string,
  define: (suite: Suite) => void,
  settings: Record<string, string> = {},
): void {
  for (const engine of ['sqlite', 'postgres'] as const) {
    describe(`${name} (${engine})`, () => {
      define(useServer(engine, settings))
    })
  }
}

/** A node for the tests of the enclosing `describe`. */
export function useServer(engine: EngineName = 'sqlite', settings: Record<string, string> = {}): Suite {
  let opened: { server: TestServer; location: DatabaseLocation; database: WritableDatabase } | null = null
  const get = () => {
    if (opened === null) throw new Error('the server is there from beforeAll to afterAll')
    return opened
  }
  beforeAll(async () => {
    const url = engine === 'postgres' ? await freshPostgresUrl() : null
    const server = await startServer({ ...(url !== null && { BITTING_DATABASE_URL: url }), ...settings })
    const location = { url, dataDirectory: server.dataDirectory }
    opened = { server, location, database: await openDatabase(location) }
  })
  afterAll(async () => {
    await opened?.database.close()
    await opened?.server.close()
  })
  return {
    engine,
    get server() {
      return get().server
    },
    get location() {
      return get().location
    },
    get database() {
      return get().database
    },
    get tenant() {
      return tenantOf(get().server, get().server)
    },
    newTenant: async (name) => tenantOf(get().server, await get().server.newWorkspace(name)),
    dump: async () => {
      await recorded(get())
      return dump(get().database)
    },
    recorded: () => recorded(get()),
    entries: async ({ id }, limit) => {
      await recorded(get())
      return (await searchAudit(get().database, id, {}, { limit, cursor: null })).data
    },
  }
}

/** A workspace of a server as a caller. */
export function tenantOf(server: TestServer, { id, managementKey }: TestWorkspace): Tenant {
  const call: Tenant['call'] = (method, path, body, options = {}) =>
    send(server.controlUrl, method, path, body, { key: managementKey, ...options })
  const createKey: Tenant['createKey'] = async (more = {}) => {
    const answer = await call('POST', '/v1/keys', { ...NEW_KEY, ...more })
    if (answer.status !== 201) throw new Error(`the key was not created: ${answer.text}`)
    const { key, token } = answer.body
    return { id: key.id, name: key.name, version: key.version, token }
  }
  return {
    id,
    managementKey,
    call,
    createKey,
    issueManagementKey: async (access, more = {}) =>
      (await createKey({ kind: 'management', name: 'Manager', access, ...more })).token,
  }
}

/** A body that creates a key which can do nothing. */
export const NEW_KEY = { name: 'A key', environment: 'production', access: {} } as const

/** Sends one request. A string or bytes are sent as they are, everything else as JSON. */
export async function send(
  origin: string,
  method: string,
  path: string,
  body: unknown,
  { key, headers = {} }: CallOptions,
): Promise<RawAnswer> {
  const isRaw = typeof body === 'string' || body instanceof Uint8Array
  const response = await fetch(`${origin}${path}`, {
    method,
    headers: {
      ...(typeof key === 'string' && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: isRaw ? (body as string) : JSON.stringify(body) }),
  })
  const bytes = new Uint8Array(await response.arrayBuffer())
  const text = Buffer.from(bytes).toString()
  const isJson = /[/+]json\b/.test(response.headers.get('content-type') ?? '')
  return {
    status: response.status,
    headers: response.headers,
    text,
    bytes,
    body: isJson && text !== '' ? (JSON.parse(text) as unknown) : null,
  }
}

/** Sends a request whose target goes over the wire as it is written; `fetch` would tidy it up. */
export function sendTarget(
  origin: string,
  method: string,
  target: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(origin)
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path: target, headers, agent: false }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (part: string) => (text += part))
      answer.on('end', () => {
        resolve({ status: answer.statusCode ?? 0, text })
      })
    })
    sent.on('error', reject)
    sent.end()
  })
}

const TABLES = [
  'installation',
  'workspaces',
  'keys',
  'secrets',
  'change_log',
  'audit_log',
  'audit_policies',
  'idempotency_records',
  'setup_codes',
  'users',
  'members',
  'invitations',
  'passkeys',
  'identities',
  'sign_in_policies',
  'webhook_workspaces',
  'webhook_endpoints',
  'webhook_relays',
  'webhook_events',
] as const satisfies readonly (keyof Schema)[]

/** Waits until the database has the last entry of each of the spool's files. */
async function recorded({
  server,
  database,
}: {
  server: TestServer
  database: WritableDatabase
}): Promise<void> {
  const directory = join(server.dataDirectory, 'audit-spool')
  const last = new Map<string, number>()
  for (const name of await readdir(directory)) {
    // One that is gone meanwhile was taken whole.
    const text = await readFile(join(directory, name), 'utf8').catch(() => '')
    const sequences = text.split('\n').map((line) => Number(line.split(' ', 2)[1] ?? 0))
    const [writer = ''] = name.split('-')
    last.set(writer, Math.max(last.get(writer) ?? 0, ...sequences))
  }
  await eventually('the spool to be drained', async () => {
    const rows = await database.read.selectFrom('audit_spools').selectAll().execute()
    const taken = new Map(rows.map(({ id, sequence }) => [id, sequence]))
    return [...last].every(([writer, sequence]) => (taken.get(writer) ?? 0) >= sequence)
  })
}

async function dump(database: WritableDatabase): Promise<Dump> {
  const entries = await Promise.all(
    TABLES.map(async (table) => {
      const rows = await (database.read as Kysely<Schema>).selectFrom(table).selectAll().execute()
      return [table, rows.map(rowText).sort()] as const
    }),
  )
  return Object.fromEntries(entries)
}

function rowText(row: object): string {
  const plain = Object.entries(row).map(([column, value]: [string, unknown]) => [
    column,
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
  ])
  return JSON.stringify(Object.fromEntries(plain))
}

/** Waits until something holds. The limit is for what never comes; nothing is proved by the time it takes. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
): Promise<T> {
  // Not a clock that a test may have stopped.
  const end = process.hrtime.bigint() + 30_000_000_000n
  for (;;) {
    const found = await look()
    if (found !== null && found !== undefined && found !== false) return found
    if (process.hrtime.bigint() > end) throw new Error(`waited in vain for ${what}`)
    await sleep(20)
  }
}

/** By how many entries the audit log grew; fails where anything else changed. */
export function auditGrowth(before: Dump, after: Dump): number {
  const { audit_log: entriesBefore = [], workspaces: workspacesBefore = [], ...restBefore } = before
  const { audit_log: entriesAfter = [], workspaces: workspacesAfter = [], ...restAfter } = after
  const withoutSize = (rows: readonly string[]) => rows.map((row) => row.replace(/"audit_size":\d+/, ''))
  expect(restAfter).toEqual(restBefore)
  expect(withoutSize(workspacesAfter)).toEqual(withoutSize(workspacesBefore))
  expect(entriesAfter).toEqual(expect.arrayContaining([...entriesBefore]))
  return entriesAfter.length - entriesBefore.length
}

/** A clock that stands still until a test turns it. The node runs in this process, so it reads the same one. */
export interface StoppedClock {
  /** The present, in whole seconds since 1970 UTC. */
  readonly seconds: number
  turn(seconds: number): void
  /** The time so many seconds from now, as the API writes it. */
  in(seconds: number): string
}

/** Stops the clock, but no timer, for each test of the enclosing `describe`. */
export function useStoppedClock(): StoppedClock {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: Math.floor(Date.now() / 1000) * 1000 })
  })
  afterEach(() => {
    vi.useRealTimers()
  })
  return {
    get seconds() {
      return Date.now() / 1000
    },
    turn: (seconds) => {
      vi.setSystemTime(Date.now() + seconds * 1000)
    },
    in: (seconds) => new Date(Date.now() + seconds * 1000).toISOString().replace('.000Z', 'Z'),
  }
}
