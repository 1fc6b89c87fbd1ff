import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verifyWebhook } from '@bitting/client/webhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type TestServer } from '../support/server.js'
import { runCli, type CliResult, type CliSurroundings } from './support/run-cli.js'

/** Something that takes webhooks, and what it took. */
interface Receiver {
  readonly url: string
  readonly taken: { readonly type: string; readonly tenant: string | undefined }[]
}

/** Real endpoints behind a real server, as a person would set them up. */
describe('webhooks on the command line', () => {
  const directory = mkdtempSync(join(tmpdir(), 'bitting-cli-'))
  const servers: Server[] = []
  const keys: string[] = []
  let server: TestServer
  let receiver: Receiver
  let endpoint: string

  function run(argv: readonly string[], extras: CliSurroundings = {}): Promise<CliResult> {
    const variables = { BITTING_URL: server.controlUrl, BITTING_MANAGEMENT_KEY: server.managementKey }
    return runCli(argv, { ...extras, variables })
  }

  async function json(argv: readonly string[], extras: CliSurroundings = {}): Promise<Json> {
    const { stdout, stderr, exitCode } = await run([...argv, '--json'], extras)
    expect(stderr).toBe('')
    expect(exitCode).toBe(0)
    return JSON.parse(stdout) as Json
  }

  async function receive(
    isGood: (body: string, headers: NodeJS.Dict<string | string[]>) => boolean,
  ): Promise<Receiver> {
    const taken: Receiver['taken'] = []
    const http = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString()
        const accepted = isGood(body, request.headers)
        const tenant = request.headers['x-tenant']?.toString()
        if (accepted) taken.push({ type: (JSON.parse(body) as { type: string }).type, tenant })
        response.writeHead(accepted ? 204 : 401).end()
      })
    })
    servers.push(http)
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    return { url: `http://127.0.0.1:${String((http.address() as AddressInfo).port)}/hooks`, taken }
  }

  async function newKey(name: string): Promise<string> {
    const { key, token } = await json(['keys', 'create', name, '--environment', 'production', '--none'])
    keys.push(token as string)
    return (key as { id: string }).id
  }

  beforeAll(async () => {
    server = await startServer({ BITTING_WEBHOOK_ALLOWED_ADDRESSES: '127.0.0.0/8' })
    receiver = await receive((body, headers) => verifyWebhook(body, headers, keys))
  })

  afterAll(async () => {
    for (const http of servers) {
      http.closeAllConnections()
      http.close()
    }
    await server.close()
    rmSync(directory, { recursive: true })
  })

  it('need a key that signs', async () => {
    const headers = join(directory, 'headers')
    writeFileSync(headers, 'X-Tenant: acme\n', { mode: 0o600 })
    const secretFile = join(directory, 'secret')
    const created = await run([
      ...['webhooks', 'create', receiver.url, '--events', 'invoice.*,key.*'],
      ...['--header-file', headers, '--secret-file', secretFile],
    ])
    expect(created).toMatchObject({ exitCode: 0, stdout: '' })
    expect(created.stderr).toContain('hint: set the key that signs: bitting webhook-key set <id>')
    expect(readFileSync(secretFile, 'utf8')).toMatch(/^whsec_\S+\n$/)
    const { data } = (await json(['webhooks', 'list'])) as { data: { id: string; header_names: string[] }[] }
    expect(data).toMatchObject([{ state: 'awaiting_webhook_key', header_names: ['x-tenant'] }])
    endpoint = data[0]!.id
    const early = await run(['webhooks', 'probe', endpoint])
    expect(early.exitCode).toBe(3)
    expect(early.stderr).toContain('hint: set the key that signs first: bitting webhook-key set <id>')

    const first = await newKey('webhooks')
    expect((await run(['webhook-key', 'set', first])).stdout).toBe(
      `"webhooks" (${first}) signs webhooks now\n`,
    )
    expect((await run(['keys', 'list', '--name', 'webhooks'])).stdout).toContain('webhook: nothing')
    expect(await json(['webhooks', 'show', endpoint])).toMatchObject({ state: 'active' })
  })

  it('arrive, and show that they did', async () => {
    const { id } = await json(['webhooks', 'test', endpoint])
    await expect
      .poll(() => receiver.taken, { timeout: 10_000 })
      .toContainEqual({ type: 'webhook_endpoint.test', tenant: 'acme' })
    await expect
      .poll(async () => (await run(['webhooks', 'delivery', endpoint, id as string])).stdout, {
        timeout: 10_000,
      })
      .toMatch(/^State +delivered$/m)
    const posted = await json(['events', 'post', 'invoice.paid'], { piped: '{"invoice_id":"inv_1"}' })
    await expect
      .poll(() => receiver.taken.map(({ type }) => type), { timeout: 10_000 })
      .toContain('invoice.paid')
    const shown = await run(['events', 'show', posted['id'] as string])
    expect(shown.stdout).toContain(endpoint)
    expect(shown.stdout).toContain('"data":{"invoice_id":"inv_1"}')
    const list = await run(['webhooks', 'deliveries', endpoint])
    expect(list.stdout).toContain(posted['id'] as string)
    expect((await run(['webhooks', 'resend', endpoint, '--failed'])).stdout).toBe(
      'sending 0 deliveries again\n',
    )
  })

  it('are probed: who verifies passes, and who takes everything is found out', async () => {
    const good = await run(['webhooks', 'probe', endpoint])
    expect(good.stdout).toMatch(/^right +204 +yes +ok$/m)
    expect(good.stdout).not.toMatch(/fail/)
    expect(good.exitCode).toBe(0)
    const gullible = await receive(() => true)
    const { endpoint: other } = await json(['webhooks', 'create', gullible.url])
    const { id } = other as { id: string }
    const bad = await run(['webhooks', 'probe', id])
    expect(bad.exitCode).toBe(5)
    expect(bad.stdout).toMatch(/^none at all +204 +yes +fail$/m)
    expect(bad.stdout).toMatch(/^Verdict +accepts unsigned$/m)
    expect((await run(['webhooks', 'list'])).stdout).toMatch(/accepts unsigned/)
    expect((await run(['webhooks', 'delete', id, '--yes'])).exitCode).toBe(0)
    expect((await run(['webhooks', 'probe', id])).exitCode).toBe(3)
  })

  it('move to another key, and every receiver follows', async () => {
    const second = await newKey('webhooks 2')
    const set = ['webhook-key', 'set', second, '--overlap', '1h']
    expect((await run(set)).exitCode).toBe(2)
    const wrong = await run([...set, '--confirm', 'Webhooks'])
    expect(wrong.exitCode).toBe(2)
    expect(wrong.stderr).toContain('hint: the name given is another; `bitting webhook-key show` tells')
    const moved = await run(set, { answers: ['webhooks'] })
    expect(moved.exitCode).toBe(0)
    expect(moved.stdout).toMatch(
      /^"webhooks 2" \(key_\w+\) signs webhooks now; "webhooks" \(key_\w+\) does too/,
    )
    expect((await run(['webhook-key', 'show'])).stdout).toContain(`(${endpoint})`)
    expect((await run(['webhooks', 'switch', endpoint])).exitCode).toBe(0)
    expect((await run(['webhook-key', 'show'])).stdout).not.toContain(`(${endpoint})`)
    expect((await run(['webhooks', 'probe', endpoint])).exitCode).toBe(0)
    const refused = await run(['keys', 'revoke', second])
    expect(refused.exitCode).toBe(3)
    expect((await run(['webhook-key', 'off', '--confirm', 'webhooks 2'])).exitCode).toBe(0)
    expect((await run(['webhook-key', 'off'])).exitCode).toBe(3)
  })

  it('of an upstream come in at the gateway', async () => {
    const create = ['webhooks', 'relays', 'create', 'Retell', '--scheme', 'retell']
    const { stdout } = await run(create, { piped: 'the-key-of-retell\n' })
    const forged = await fetch(server.gatewayUrl + stdout.trim(), {
      method: 'POST',
      body: '{"event":"call_ended"}',
    })
    expect(forged.status).toBe(401)
    const { data } = (await json(['webhooks', 'relays', 'list'])) as { data: { id: string }[] }
    expect(stdout).toContain(data[0]!.id)
    expect((await run(['webhooks', 'relays', 'delete', data[0]!.id, '--yes'])).exitCode).toBe(0)
    expect((await run(['webhooks', 'relays', 'delete', data[0]!.id, '--yes'])).exitCode).toBe(3)
  })

  it('say every flaw by its field', async () => {
    const refused = await run(['webhooks', 'create', 'http://10.0.0.1/'])
    expect(refused.exitCode).toBe(2)
    expect(refused.stderr).toMatch(/^ {2}url: /m)
    const reserved = await run(['events', 'post', 'key.revoked'], { piped: '{}' })
    expect(reserved.exitCode).toBe(2)
  })
})

type Json = Readonly<Record<string, unknown>>
