import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pruneAuditLogs } from '../../server/src/audit/retention.js'
import { openDatabase, type WritableDatabase } from '../../server/src/storage/database.js'
import { runCli, type CliResult } from '../cli/support/run-cli.js'
import { logKeysOf } from '../support/log-keys.js'
import { startServer, type TestServer } from '../support/server.js'

/** Where Debian's golang-golang-x-mod-dev puts Go packages; without modules, Go finds them there and asks no network. */
const GOPATH = '/usr/share/gocode'
const HAS_GO =
  spawnSync('go', ['version']).status === 0 && existsSync(`${GOPATH}/src/golang.org/x/mod/sumdb/tlog`)

/** An auditor beside a whole node: what is kept, what the owner of the database does, and what is found. */
describe('an auditor and a server', () => {
  let server: TestServer
  let database: WritableDatabase
  let directory: string
  let key: string

  async function audit(...argv: string[]): Promise<CliResult> {
    return runCli(['audit', ...argv], {
      variables: { BITTING_URL: server.controlUrl, BITTING_MANAGEMENT_KEY: server.managementKey },
    })
  }

  const path = (name: string): string => join(directory, name)

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'bitting-auditor-'))
    server = await startServer()
    database = await openDatabase({ url: null, dataDirectory: server.dataDirectory })
    const { id, token } = await server.createKey({ history: 'read' })
    await server.fetch('/v2/list-calls', token, { method: 'POST', body: '{}' })
    await server.call('POST', `/v1/keys/${id}/suspend`, {})
    await server.fetch('/v2/list-calls', token, { method: 'POST', body: '{}' })
    for (let at = 0; at < 300; at++) {
      await server.call('POST', '/v1/audit', {
        action: 'doc.share',
        userId: `u${at % 3}`,
        resource: 'd',
        result: 'success',
      })
    }
  })

  afterAll(async () => {
    await database.close()
    await server.close()
    rmSync(directory, { recursive: true })
  })

  it('keeps the key and a checkpoint', async () => {
    await audit('export', '--out', path('first.jsonl'))
    expect((await audit('checkpoint', '--out', path('checkpoint'))).exitCode).toBe(0)
    expect((await audit('checkpoint', '--key', '--out', path('key'))).exitCode).toBe(0)
    key = readFileSync(path('key'), 'utf8').trim()
    expect(key.startsWith(`bitting/${server.id}+`)).toBe(true)
  })

  it('verifies the export without the server, and the server itself', async () => {
    const offline = await audit('verify', path('first.jsonl'), '--key', key, '--json')
    expect(JSON.parse(offline.stdout)).toMatchObject({ intact: true, first_index: 0 })
    const live = await audit('verify', '--key', path('key'), '--checkpoint', path('checkpoint'), '--json')
    expect(JSON.parse(live.stdout)).toMatchObject({ intact: true, findings: [] })
    expect(live.exitCode).toBe(0)
  })

  it('proves one entry', async () => {
    expect((await audit('prove', '5', '--out', path('five'))).exitCode).toBe(0)
    expect((await audit('prove', '--check', path('five'), '--key', key)).stdout).toContain('holds')
  })

  it.skipIf(!HAS_GO)('proves it to the Go program in docs/audit.md too', () => {
    const page = readFileSync(new URL('../../docs/audit.md', import.meta.url), 'utf8')
    writeFileSync(path('check.go'), /```go\n([^]*?)```/.exec(page)![1]!)
    const run = (prefix: string) =>
      spawnSync('go', ['run', path('check.go'), key, prefix], {
        cwd: directory,
        env: {
          PATH: process.env['PATH'],
          HOME: directory,
          GOPATH,
          GO111MODULE: 'off',
          GOCACHE: path('cache'),
          CGO_ENABLED: '0',
        },
        encoding: 'utf8',
      })
    expect(run(path('five')).stdout).toMatch(new RegExp(`^entry 5 is in bitting/${server.id} of \\d+\n$`))
    writeFileSync(path('bad.entry'), readFileSync(path('five.entry'), 'utf8').replace('5', '6'))
    writeFileSync(path('bad.tlog-proof'), readFileSync(path('five.tlog-proof')))
    expect(run(path('bad')).status).not.toBe(0)
  })

  it('still verifies when personal data was erased', async () => {
    expect((await server.call('POST', '/v1/audit/erase', { actor: 'u1' })).body).toMatchObject({
      erased: 100,
    })
    const live = await audit('verify', '--key', key, '--checkpoint', path('checkpoint'), '--json')
    expect(JSON.parse(live.stdout)).toMatchObject({ intact: true, erased: 100 })
  })

  it('lists and exports in every form', async () => {
    expect((await audit('list', '--text', 'doc.share u2', '--limit', '5')).stdout.split('\n')).toHaveLength(7)
    expect((await audit('export', '--format', 'csv')).stdout.split('\r\n').length).toBeGreaterThan(300)
    for (const line of (await audit('export', '--format', 'ocsf')).stdout.trimEnd().split('\n')) {
      expect(JSON.parse(line)).toMatchObject({ metadata: { version: '1.5.0' } })
    }
  })

  it('still verifies when retention deleted the beginning', async () => {
    const change = { audit: { retention_days: 1 } }
    const { version } = (await server.call('GET', '/v1/workspace')).body
    const headers = { 'if-match': `"${String(version)}"` }
    expect((await server.call('PATCH', '/v1/workspace', change, { headers })).status).toBe(200)
    await pruneAuditLogs(database, await logKeysOf(server.dataDirectory), Date.now() + 3 * 86_400_000)
    await server.call('POST', '/v1/keys', { name: 'New', environment: 'staging', access: 'full' })
    const live = await audit('verify', '--key', key, '--checkpoint', path('checkpoint'), '--json')
    expect(JSON.parse(live.stdout)).toMatchObject({ intact: true, findings: [] })
    expect(JSON.parse(live.stdout).first_index).toBeGreaterThan(300)
    await audit('export', '--out', path('late.jsonl'))
    const offline = await audit(
      'verify',
      path('late.jsonl'),
      '--key',
      key,
      '--checkpoint',
      path('checkpoint'),
    )
    expect(offline.stdout).toContain('cannot be compared: retention has deleted those entries')
    expect((await audit('verify', path('late.jsonl'), '--key', key)).exitCode).toBe(0)
    expect((await audit('verify', path('first.jsonl'), '--key', key)).exitCode).toBe(0)
  })

  it('finds the entry that the owner of the database changed', async () => {
    const log = await database.read
      .selectFrom('audit_log')
      .selectAll()
      .where('workspace_id', '=', server.id)
      .where('action', '=', 'key.create')
      .executeTakeFirstOrThrow()
    await database.transact((tx) =>
      tx
        .updateTable('audit_log')
        .set({ leaf: log.leaf.replace('key.create', 'key.update') })
        .where('workspace_id', '=', server.id)
        .where('idx', '=', log.idx)
        .execute(),
    )
    const live = await audit('verify', '--key', key, '--checkpoint', path('checkpoint'), '--json')
    expect(live.exitCode).toBe(5)
    expect(JSON.parse(live.stdout)).toMatchObject({ intact: false, changed_entries: [log.idx] })
  })
})
