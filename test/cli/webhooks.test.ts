import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  MANAGEMENT_KEY,
  plainKey,
  startFakeManagementApi,
  type FakeManagementApi,
} from './support/fake-management-api.js'
import { runCli, type CliResult, type CliSurroundings } from './support/run-cli.js'
import { fillWebhooks, TAKES_ALL, VERIFIES } from './support/webhook-examples.js'

const SHOP = 'whe_Shop000000001'
const PAID = 'evt_Paid000000000000000001'
const URL = 'https://example.com/hooks'
const SECRET = 'Basic c2VjcmV0'

let api: FakeManagementApi
let directory: string

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'bitting-cli-'))
  api = await startFakeManagementApi([
    plainKey('key_Sync000000001', 'CRM sync'),
    plainKey('key_Next000000001', 'next'),
  ])
  fillWebhooks(api.webhooks)
})

afterEach(async () => {
  await api.close()
  rmSync(directory, { recursive: true })
})

function bitting(argv: readonly string[], extras: CliSurroundings = {}): Promise<CliResult> {
  const variables = { BITTING_URL: api.url, BITTING_MANAGEMENT_KEY: MANAGEMENT_KEY }
  return runCli(argv, { ...extras, variables })
}

function lastRequest(): { method: string; path: string; body: unknown; version: string | undefined } {
  const { method, path, body, headers } = api.seen.at(-1)!
  return { method, path, body, version: headers['if-match'] }
}

describe('tables of webhooks', () => {
  it.each([
    [['webhooks', 'list', '--all', '--deleted']],
    [['webhooks', 'show', SHOP]],
    [['webhooks', 'deliveries', SHOP, '--all']],
    [['webhooks', 'delivery', SHOP, PAID]],
    [['webhooks', 'relays', 'list', '--deleted']],
    [['events', 'list', '--all']],
    [['events', 'show', PAID]],
    [['webhooks', 'probe', SHOP]],
  ])('fit into 80 columns: %j', async (argv) => {
    await bitting(['webhooks', 'relays', 'create', 'the upstream of everybody', '--scheme', 'retell'], {
      piped: 'k',
    })
    const { stdout } = await bitting(argv, { columns: 80 })
    const lines = stdout.split('\n')
    expect(lines.length).toBeGreaterThan(2)
    expect(lines.filter((line) => line.length > 80)).toEqual([])
  })
})

describe('what is sent', () => {
  it('of a new endpoint is what the options say, and nothing else', async () => {
    await bitting(['webhooks', 'create', URL, '--json'])
    expect(lastRequest()).toMatchObject({ method: 'POST', path: '/v1/webhook-endpoints' })
    expect(lastRequest().body).toEqual({ url: URL })
    const options = ['--events', 'key.*, a.b', '--events', '*', '--signatures', 'retell,ed25519']
    const more = [
      '--rate',
      '1000',
      '--concurrency',
      '64',
      '--ordered',
      '--require-handshake',
      '--description',
      'd',
    ]
    await bitting(['webhooks', 'create', URL, ...options, ...more])
    expect(lastRequest().body).toEqual({
      url: URL,
      events: ['key.*', 'a.b', '*'],
      signatures: ['retell', 'ed25519'],
      rate_limit: 1000,
      concurrency: 64,
      ordered: true,
      require_handshake: true,
      description: 'd',
    })
  })

  it('of a change is what changes', async () => {
    await bitting(['webhooks', 'update', SHOP, '--no-ordered', '--no-require-handshake', '--rate', 'none'])
    const changes = { ordered: false, require_handshake: false, rate_limit: null }
    expect(lastRequest()).toMatchObject({ method: 'PATCH', path: `/v1/webhook-endpoints/${SHOP}` })
    expect(lastRequest().body).toEqual(changes)
    await bitting(['webhooks', 'update', SHOP, '--clear-headers', '--url', URL])
    expect(lastRequest().body).toEqual({ headers: {}, url: URL })
    await bitting(['webhooks', 'disable', SHOP])
    expect(lastRequest().body).toEqual({ enabled: false })
    await bitting(['webhooks', 'enable', SHOP])
    expect(lastRequest().body).toEqual({ enabled: true })
  })

  it('again is one event, what failed, or what was missed since a time', async () => {
    await bitting(['webhooks', 'resend', SHOP, '--event', PAID])
    expect(lastRequest().path).toBe(`/v1/webhook-endpoints/${SHOP}/deliveries/${PAID}/resend`)
    await bitting(['webhooks', 'resend', SHOP, '--failed'])
    expect(lastRequest().body).toEqual({ failed: true })
    await bitting(['webhooks', 'resend', SHOP, '--since', '1h'])
    expect(lastRequest().body).toEqual({ since: '2026-11-22T11:00:00.000Z' })
  })

  it('to delete an endpoint names the version that was shown', async () => {
    await bitting(['webhooks', 'update', SHOP, '--ordered'])
    await bitting(['webhooks', 'delete', SHOP], { answers: ['yes'] })
    expect(lastRequest()).toMatchObject({ method: 'DELETE', version: '"2"' })
  })

  it('to move the webhook key names what was shown, or the name that was given', async () => {
    const set = ['webhook-key', 'set', 'key_Next000000001']
    await bitting(['webhook-key', 'set', 'key_Sync000000001'])
    expect(lastRequest()).toMatchObject({ method: 'PUT', version: '"0"', path: '/v1/webhook-key' })
    await bitting([...set, '--overlap', '1h', '--confirm', 'wrong'])
    expect(lastRequest()).toMatchObject({ version: undefined, path: '/v1/webhook-key?confirm=wrong' })
    expect(lastRequest().body).toEqual({ key_id: 'key_Next000000001', overlap_seconds: 3600 })
    await bitting(set, { answers: ['CRM sync'] })
    expect(lastRequest()).toMatchObject({ method: 'PUT', version: '"1"', path: '/v1/webhook-key' })
    expect(api.webhooks.key.key_id).toBe('key_Next000000001')
  })

  it('as an event is its data, from a pipe or a file', async () => {
    const file = join(directory, 'data.json')
    const large = { text: 'x'.repeat(100_000) }
    writeFileSync(file, JSON.stringify(large))
    await bitting(['events', 'post', 'invoice.paid', '--data-file', file, '--subject', 's'])
    expect(lastRequest().body).toEqual({ type: 'invoice.paid', subject: 's', data: large })
    await bitting(['events', 'post', 'invoice.paid'], { piped: JSON.stringify(large) })
    expect(lastRequest().body).toEqual({ type: 'invoice.paid', data: large })
    const { stderr, exitCode } = await bitting(['events', 'post', 'invoice.paid'], {
      piped: JSON.stringify({ text: 'x'.repeat(600_000) }),
    })
    expect(exitCode).toBe(2)
    expect(stderr).toContain('hint: pipe what the command asks for, and nothing else')
  })
})

describe('secrets of webhooks', () => {
  it('go to a new file, which is never overwritten and not left without a secret', async () => {
    const path = join(directory, 'secret')
    const create = ['webhooks', 'create', URL, '--secret-file']
    const first = await bitting([...create, path])
    expect(first).toMatchObject({ exitCode: 0, stdout: '' })
    expect(readFileSync(path, 'utf8')).toMatch(/^whsec_s+\d=\n$/)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const made = api.webhooks.endpoints.length
    expect(await bitting([...create, path])).toMatchObject({ exitCode: 3, stdout: '' })
    expect(api.webhooks.endpoints).toHaveLength(made)
    api.webhooks.losesSecrets = true
    const lost = await bitting([...create, `${path}2`])
    expect(lost.exitCode).toBe(1)
    expect(lost.stderr).toMatch(/hint: make a new secret: bitting webhooks rotate whe_New\d+ --overlap 0\n$/)
    expect(readdirSync(directory)).toEqual(['secret'])
  })

  it('are in the JSON unless they are in a file', async () => {
    const path = join(directory, 'secret')
    const rotate = ['webhooks', 'rotate', SHOP, '--overlap', '0', '--json']
    const shown = JSON.parse((await bitting(rotate)).stdout) as Record<string, unknown>
    expect(Object.keys(shown)).toEqual(['endpoint', 'secret'])
    expect(shown['secret']).toMatch(/^whsec_/)
    const { stdout, stderr } = await bitting([...rotate, '--secret-file', path])
    expect(JSON.parse(stdout)).toMatchObject({ secret: null, secret_file: path })
    expect(stdout + stderr).not.toContain(readFileSync(path, 'utf8').trim())
  })

  it.each([
    ['webhooks', 'create', URL, '--header', `Authorization: ${SECRET}`],
    ['webhooks', 'update', SHOP, `--header=Authorization: ${SECRET}`],
    ['webhooks', 'relays', 'create', 'retell', '--scheme', 'retell', '--key', SECRET],
  ])('are not taken from arguments, and not repeated: %s %s %s', async (...argv) => {
    const { stdout, stderr, exitCode } = await bitting(argv)
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/are never taken from arguments\nhint: use --(?:header|key)-file <path>/)
    expect(stdout + stderr).not.toContain(SECRET)
    expect(api.seen).toEqual([])
  })

  it('of header fields come from a file or a pipe, and no error repeats them', async () => {
    const path = join(directory, 'headers')
    writeFileSync(path, `X-Tenant:acme\r\n\n Authorization: ${SECRET} \n`, { mode: 0o644 })
    const create = ['webhooks', 'create', URL, '--header-file']
    const indented = await bitting([...create, path])
    expect(indented.exitCode).toBe(2)
    expect(indented.stderr).toContain(`line 3 of ${path} is not a header field`)
    expect(indented.stderr).not.toContain(SECRET)
    writeFileSync(path, `X-Tenant:acme\r\n\nAuthorization: ${SECRET} \n`)
    const { stdout, stderr } = await bitting([...create, path])
    expect(lastRequest().body).toEqual({ url: URL, headers: { 'X-Tenant': 'acme', Authorization: SECRET } })
    expect(stderr).toContain(`warning: other users can read ${path}`)
    expect(stdout + stderr).not.toContain(SECRET)
    const piped = { piped: `authorization: ${SECRET}\nAuthorization: b\n` }
    const twice = await bitting([...create, '-'], piped)
    expect(twice.stderr).toContain('line 2 of standard input names Authorization a second time')
    expect(await bitting([...create, '-'], { piped: '\n' })).toMatchObject({ exitCode: 2 })
  })

  it('of an upstream come from a file, a pipe or a prompt, and are not shown', async () => {
    const path = join(directory, 'key')
    writeFileSync(path, 'k-file\n', { mode: 0o600 })
    const create = ['webhooks', 'relays', 'create', 'retell', '--scheme', 'retell']
    for (const [argv, extras, key] of [
      [[...create, '--key-file', path], {}, 'k-file'],
      [create, { piped: 'k-pipe\n' }, 'k-pipe'],
      [create, { answers: ['k-typed'] }, 'k-typed'],
    ] as const) {
      const { stdout, stderr, exitCode } = await bitting(argv, extras)
      expect(exitCode).toBe(0)
      expect(lastRequest().body).toEqual({ name: 'retell', scheme: 'retell', key })
      expect(stdout).toMatch(/^\/bitting\/webhooks\/whr_\w+\n$/)
      expect(stdout + stderr).not.toContain(key)
    }
  })
})

describe('what a receiver is like', () => {
  it('is what a probe ends with', async () => {
    const probe = ['webhooks', 'probe', SHOP]
    api.webhooks.probe = VERIFIES
    const good = await bitting(probe)
    expect(good.exitCode).toBe(0)
    expect(good.stdout).toMatch(/^made with another key +timeout +no +ok$/m)
    expect(good.stdout).toMatch(/^right +204 +yes +ok$/m)
    expect(good.stdout).toMatch(/^Verdict +verifies$/m)
    api.webhooks.probe = TAKES_ALL
    const bad = await bitting([...probe, '--json'])
    expect(bad.exitCode).toBe(5)
    expect(JSON.parse(bad.stdout)).toMatchObject({ id: SHOP, probe: { verdict: 'accepts_unsigned' } })
  })

  it('is not known where the probe takes longer than an answer is waited for', async () => {
    const timeout = new DOMException('too long', 'TimeoutError')
    const late = await bitting(['webhooks', 'probe', SHOP], { fetch: () => Promise.reject(timeout) })
    expect(late).toMatchObject({ exitCode: 7, stdout: '' })
    expect(late.stderr).toContain(`see later what it found: bitting webhooks show ${SHOP}`)
  })

  it('is what a handshake ends with', async () => {
    api.webhooks.refusal = 'The endpoint did not answer.'
    const refused = await bitting(['webhooks', 'handshake', SHOP])
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' })
    expect(refused.stderr).toContain(`(${SHOP}) did not agree: the endpoint did not answer\nhint: `)
    expect(await bitting(['webhooks', 'handshake', SHOP, '--json'])).toMatchObject({ exitCode: 1 })
    api.webhooks.refusal = null
    expect(await bitting(['webhooks', 'handshake', SHOP])).toMatchObject({ exitCode: 0, stderr: '' })
  })
})
