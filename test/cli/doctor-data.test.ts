import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Diagnosis } from '../../server/src/diagnosis.js'
import { NOW } from './support/fake-management-api.js'
import { HEALTHY, runCli, type CliResult } from './support/run-cli.js'

const KEY = Buffer.alloc(32, 7).toString('base64')

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bitting-doctor-'))
})

afterEach(() => {
  rmSync(directory, { recursive: true })
})

async function examine(
  found: Partial<Diagnosis> = {},
  variables: Readonly<Record<string, string>> = {},
): Promise<CliResult> {
  return runCli(['doctor'], {
    variables: { BITTING_DATA_DIR: directory, BITTING_LISTEN: '127.0.0.1:9', ...variables },
    programs: { diagnose: () => Promise.resolve({ ...HEALTHY, ...found }) },
  })
}

function writeRootKey(text: string, mode = 0o600): void {
  const path = join(directory, 'root.key')
  writeFileSync(path, text)
  chmodSync(path, mode)
}

describe('bitting doctor and the data directory', () => {
  it('is content with what a first start makes', async () => {
    writeRootKey(`${KEY}\n`)
    const { exitCode, stdout } = await examine()
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^ok +root key +.*root\.key; keep a copy/m)
    expect(stdout).toMatch(/^ok +database +SQLite, schema 1, 1 workspace$/m)
    expect(stdout).not.toContain(KEY)
  })

  it('sees who else can look into it', async () => {
    chmodSync(directory, 0o755)
    const { stdout } = await examine()
    expect(stdout).toMatch(/^warn +data directory +other users can look/m)
    expect(stdout).toContain(`→ chmod 700 ${directory}`)
  })

  it('sees that it is a file', async () => {
    writeFileSync(join(directory, 'file'), '')
    const { stdout } = await examine({}, { BITTING_DATA_DIR: join(directory, 'file') })
    expect(stdout).toMatch(/^fail +data directory +.*file is no directory/m)
  })
})

describe('bitting doctor and the root key', () => {
  it.each([
    ['others can read it', KEY, 0o640, {}, /^fail +root key +other users can read/m],
    ['it is no key', 'short', 0o600, {}, /^fail +root key +/m],
    ['it is of another database', KEY, 0o600, { rootKeyFits: false }, /^fail +root key +it does not open/m],
    ['it is gone', null, 0o600, {}, /^fail +root key +.* is gone/m],
  ] as const)('fails where %s', async (_, text, mode, found, line) => {
    if (text !== null) writeRootKey(text, mode)
    const { exitCode, stdout } = await examine(found)
    expect(stdout).toMatch(line)
    expect(exitCode).toBe(1)
  })

  it('waits for the first start', async () => {
    const { exitCode, stdout } = await examine({ database: 'absent', workspaces: null, schemaVersion: null })
    expect(stdout).toMatch(/^ok +root key +not there yet/m)
    expect(stdout).toMatch(/^ok +database +SQLite, nothing there yet/m)
    expect(exitCode).toBe(0)
  })

  it('takes one from the settings, and never shows it', async () => {
    const { stdout } = await examine({}, { BITTING_ROOT_KEY: KEY })
    expect(stdout).toMatch(/^ok +root key +set by BITTING_ROOT_KEY/m)
    const wrong = await examine({}, { BITTING_ROOT_KEY: 'hunter2' })
    expect(wrong.stdout).toMatch(/^fail +root key/m)
    expect(wrong.stdout).not.toContain('hunter2')
  })
})

describe('bitting doctor, the database and the clock', () => {
  it.each([
    [
      { database: 'outdated', schemaVersion: 1, schemaVersionKnown: 2 },
      /^ok +database +.*the next start brings it to 2/m,
    ],
    [
      { database: 'newer', schemaVersion: 3 },
      /^fail +database +SQLite has schema 3, and this bitting knows 1/m,
    ],
    [
      { engine: 'postgres', database: 'unreachable', reason: 'it refuses' },
      /^fail +database +PostgreSQL: it refuses/m,
    ],
    [{ databaseTimeMilliseconds: NOW + 90_000 }, /^warn +clock +it is 90 s off the clock of the database/m],
    [{ databaseTimeMilliseconds: NOW + 900 }, /^ok +clock/m],
  ] as const)('judges %j', async (found, line) => {
    expect((await examine(found)).stdout).toMatch(line)
  })
})

describe('bitting doctor and servers', () => {
  const servers: Server[] = []

  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
  })

  async function serving(
    answer: (path: string) => { status: number; headers?: Record<string, string> },
  ): Promise<string> {
    const server = createServer((request, response) => {
      const { status, headers = {} } = answer(request.url ?? '')
      response.writeHead(status, { Connection: 'close', ...headers }).end('{}')
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `127.0.0.1:${String((server.address() as AddressInfo).port)}`
  }

  it('asks an upstream without its credential', async () => {
    const paths: string[] = []
    const upstream = await serving((path) => {
      paths.push(path)
      return { status: 404, headers: { Date: new Date(NOW).toUTCString() } }
    })
    const settings = { BITTING_UPSTREAM: `http://${upstream}`, BITTING_UPSTREAM_KEY: 'key_upstream' }
    const { stdout } = await examine({}, settings)
    expect(stdout).toMatch(/^ok +upstream +http:\/\/127\.0\.0\.1:\d+ answers$/m)
    expect(stdout).not.toContain('key_upstream')
    expect(paths).toEqual(['/'])
  })

  it('sees an upstream that fails, is away, or lives in another time', async () => {
    const date = new Date(NOW - 600_000).toUTCString()
    const upstream = await serving(() => ({ status: 503, headers: { Date: date } }))
    const failing = await examine({}, { BITTING_UPSTREAM: `http://${upstream}`, BITTING_UPSTREAM_KEY: 'k' })
    expect(failing.stdout).toMatch(/^warn +upstream +.*answers 503/m)
    expect(failing.stdout).toMatch(/^warn +clock +it is 600 s off the clock of the upstream/m)
    const away = await examine({}, { BITTING_UPSTREAM: 'http://127.0.0.1:9', BITTING_UPSTREAM_KEY: 'k' })
    expect(away.stdout).toMatch(/^fail +upstream +http:\/\/127\.0\.0\.1:9 cannot be reached/m)
  })

  it('tells a server that is ready from one that is not, and from a stranger', async () => {
    const gateway = await serving(() => ({ status: 401, headers: { 'WWW-Authenticate': 'Bearer' } }))
    const ready = await serving(() => ({ status: 200 }))
    const behind = await serving((path) => ({ status: path === '/readyz' ? 503 : 200 }))
    const stranger = await serving(() => ({ status: 404 }))
    const both = await examine({}, { BITTING_LISTEN: ready, BITTING_GATEWAY_LISTEN: gateway })
    expect(both.stdout).toMatch(/^ok +management API +ready/m)
    expect(both.stdout).toMatch(/^ok +gateway +refuses strangers/m)
    const open = await examine({}, { BITTING_LISTEN: ready, BITTING_GATEWAY_LISTEN: stranger })
    expect(open.stdout).toMatch(/^fail +gateway +.*answers 404 without a key/m)
    const alone = await examine({}, { BITTING_LISTEN: ready, BITTING_GATEWAY_LISTEN: '127.0.0.1:9' })
    expect(alone.stdout).toMatch(/^fail +gateway +nothing answers/m)
    const late = await examine({}, { BITTING_LISTEN: behind })
    expect(late.stdout).toMatch(/^fail +management API +.*is not ready/m)
    const other = await examine({}, { BITTING_LISTEN: stranger })
    expect(other.stdout).toMatch(/^fail +management API +something other than bitting/m)
  })
})
