import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const BIN = fileURLToPath(new URL('../../server/bin/bitting.js', import.meta.url))
const TOKEN = /^btg_(?:dev|staging|live)_[0-9A-Za-z]{65}$/

/** The real program against a real server, as a person would go through it. */
describe('the program', () => {
  const directory = mkdtempSync(join(tmpdir(), 'bitting-e2e-'))
  let server: ChildProcess
  let variables: Record<string, string>
  let gateway: string

  function bitting(argv: readonly string[], input = '', extra: Record<string, string> = {}): Finished {
    return finish(process.execPath, [BIN, ...argv], input, { ...variables, ...extra })
  }

  function json(argv: readonly string[]): unknown {
    const { stdout, stderr, status } = bitting([...argv, '--json'])
    expect(stderr).toBe('')
    expect(status).toBe(0)
    return JSON.parse(stdout)
  }

  async function call(token: string, path: string, method = 'GET'): Promise<number> {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
    const body = method === 'POST' ? '{}' : null
    return (await fetch(`${gateway}${path}`, { method, headers, body })).status
  }

  beforeAll(async () => {
    const [control, traffic] = await freePorts(2)
    variables = {
      BITTING_DATA_DIR: join(directory, 'data'),
      BITTING_LISTEN: `127.0.0.1:${String(control)}`,
      BITTING_GATEWAY_LISTEN: `127.0.0.1:${String(traffic)}`,
      BITTING_URL: `http://127.0.0.1:${String(control)}`,
      BITTING_LOG_LEVEL: 'warn',
    }
    gateway = `http://127.0.0.1:${String(traffic)}`
    server = spawn(process.execPath, [BIN, 'serve'], {
      env: { ...process.env, ...variables },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const shown = await untilShown(server, /Set-up link +(\S+)/)
    expect(shown).toContain(`http://localhost:${String(control)}/setup#`)
  })

  afterAll(async () => {
    if (server.exitCode === null) {
      server.kill('SIGKILL')
      await new Promise((resolve) => server.once('exit', resolve))
    }
    rmSync(directory, { recursive: true })
  })

  it('makes the first workspace once, and a way back in', () => {
    const first = json(['bootstrap', '--name', 'Acme']) as Record<string, string>
    expect(Object.keys(first)).toEqual(['workspace_id', 'management_key', 'setup_url'])
    expect(first['management_key']).toMatch(/^btgm_live_[0-9A-Za-z]{65}$/)
    const again = bitting(['bootstrap', '--json'])
    expect(again.status).toBe(3)
    expect(again.stdout).toBe('')
    const recovered = json(['bootstrap', '--recover']) as Record<string, string>
    expect(recovered['workspace_id']).toBe(first['workspace_id'])
    expect(recovered['management_key']).not.toBe(first['management_key'])
    const path = join(directory, 'management-key')
    writeFileSync(path, `${recovered['management_key'] ?? ''}\n`, { mode: 0o600 })
    variables['BITTING_MANAGEMENT_KEY_FILE'] = path
    expect(
      (json(['workspaces', 'list']) as { data: { name: string }[] }).data.map(({ name }) => name),
    ).toEqual(['Acme'])
  })

  it('creates, cuts, verifies, rotates and ends a key', async () => {
    const tokenFile = join(directory, 'token')
    const created = bitting([
      ...['keys', 'create', 'CRM sync', '--environment', 'production'],
      ...['--allow', 'history:read', '--expires', '90d', '--token-file', tokenFile],
    ])
    expect(created).toMatchObject({ status: 0, stdout: '' })
    expect(statSync(tokenFile).mode & 0o777).toBe(0o600)
    const token = readFileSync(tokenFile, 'utf8').trim()
    expect(token).toMatch(TOKEN)
    expect(created.stderr).not.toContain(token)
    const { data } = json(['keys', 'list', '--name', 'crm']) as { data: { id: string; version: number }[] }
    const id = data[0]?.id ?? ''

    const verify = ['verify', '--method', 'POST', '--path']
    expect(bitting([...verify, '/v3/list-calls'], token).status).toBe(0)
    const denied = bitting([...verify, '/v2/create-phone-call', '--token-file', tokenFile])
    expect(denied.status).toBe(4)
    expect(denied.stdout).toMatch(/Needed +call:edit/)
    expect(await call(token, '/v3/list-calls', 'POST')).toBe(200)
    expect(await call(token, '/v2/create-phone-call', 'POST')).toBe(403)

    expect(bitting(['keys', 'restrict', id, '--allow', 'call:edit']).status).toBe(2)
    const widened = bitting(['keys', 'restrict', id, '--allow', 'call:edit', '--yes'])
    expect(widened.status).toBe(0)
    expect(widened.stdout).toMatch(/^Call +No Access +Edit +more$/m)
    expect(await call(token, '/v3/list-calls', 'POST')).toBe(403)

    const rotated = bitting(['keys', 'rotate', id, '--overlap', '1h'])
    const fresh = rotated.stdout.trim()
    expect(fresh).toMatch(TOKEN)
    expect(bitting([...verify, '/v2/create-phone-call'], token).status).toBe(0)
    expect(bitting([...verify, '/v2/create-phone-call'], `${fresh}\n`).status).toBe(0)

    expect(bitting(['keys', 'suspend', id, '--reason', 'a test']).status).toBe(0)
    expect(bitting([...verify, '/v2/create-phone-call'], fresh).stdout).toContain('key_suspended')
    expect(bitting(['keys', 'resume', id]).status).toBe(0)
    expect(bitting(['keys', 'revoke', id, '--compromised']).status).toBe(0)
    expect(await call(fresh, '/v2/create-phone-call', 'POST')).toBe(401)
    expect(bitting(['keys', 'resume', id]).status).toBe(3)
    expect(bitting(['keys', 'delete', id, '--confirm', 'crm sync']).status).toBe(2)
    expect(bitting(['keys', 'delete', id, '--confirm', 'CRM sync']).stdout).toBe(
      `deleted "CRM sync" (${id})\n`,
    )
    expect(bitting(['keys', 'show', id]).stdout).toMatch(/^State +destroyed$/m)
  })

  it('says every flaw that the API finds, by its field', () => {
    const { status, stderr } = bitting([
      'keys',
      'create',
      'x',
      '--environment',
      'staging',
      '--allow',
      'nose:edit',
      '--allow',
      'call:read',
    ])
    expect(status).toBe(2)
    expect(stderr).toMatch(/^ {2}access\.nose: /m)
    expect(stderr).toMatch(/^ {2}access\.call: /m)
  })

  it('finds nothing wrong', () => {
    const { stdout, status } = bitting(['doctor'])
    expect(stdout).not.toMatch(/^fail/m)
    expect(stdout).toMatch(/^ok +management API +ready/m)
    expect(stdout).toMatch(/^ok +gateway +refuses strangers/m)
    expect(stdout).toMatch(/^ok +management key +Recovered owner/m)
    expect(status).toBe(0)
  })

  it.skipIf(!existsSync('/usr/bin/script'))('does not show a token that is typed', async () => {
    const { token } = json(['keys', 'create', 'typed', '--environment', 'staging', '--full']) as {
      token: string
    }
    const command = [process.execPath, BIN, 'verify', '--method', 'GET', '--path', '/get-concurrency'].join(
      ' ',
    )
    const terminal = spawn('/usr/bin/script', ['-qec', command, '/dev/null'], {
      env: { ...process.env, ...variables, TERM: 'xterm' },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const question = await untilShown(terminal, /Token/)
    terminal.stdin.write(`${token}\r`)
    const answer = await untilShown(terminal, /allowed|denied/)
    expect(answer).toMatch(/Decision.*allowed/)
    expect(question + answer).not.toContain(token.slice(-20))
    terminal.stdin.end()
    if (terminal.exitCode === null) await new Promise((resolve) => terminal.once('exit', resolve))
  })

  it('does not mind a reader that has seen enough', () => {
    const command = `"${process.execPath}" "${BIN}" catalog show --operations | head -1`
    const { status, stderr } = finish('/bin/sh', ['-c', command], '', variables)
    expect(stderr).toBe('')
    expect(status).toBe(0)
  })

  it('says which address is taken, and does not stay', () => {
    const { status, stderr } = bitting(['serve'], '', { BITTING_DATA_DIR: join(directory, 'other') })
    expect(status).toBe(1)
    expect(stderr).toContain('bitting: the address to listen on is taken')
  })

  it('ends when it is told to', async () => {
    const ended = new Promise((resolve) => server.once('exit', resolve))
    server.kill('SIGTERM')
    expect(await ended).toBe(0)
    expect(bitting(['keys', 'list']).status).toBe(7)
  })
})

describe('a clone that is not built', () => {
  it('says what to run', () => {
    const directory = mkdtempSync(join(tmpdir(), 'bitting-bin-'))
    mkdirSync(join(directory, 'bin'))
    writeFileSync(join(directory, 'package.json'), '{"type": "module"}')
    copyFileSync(BIN, join(directory, 'bin/bitting.js'))
    const { status, stderr } = finish(process.execPath, [join(directory, 'bin/bitting.js'), 'serve'], '', {})
    rmSync(directory, { recursive: true })
    expect(status).toBe(70)
    expect(stderr).toBe('bitting: not built yet; run `npm start`, or `npm run build` first\n')
  })
})

interface Finished {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end in a session of its own, so that it has no terminal to ask at. */
function finish(
  program: string,
  argv: readonly string[],
  input: string,
  variables: Readonly<Record<string, string>>,
): Finished {
  const env = { ...process.env, NO_COLOR: '1', ...variables }
  const options = { env, input, encoding: 'utf8', detached: true, timeout: 30_000 } as const
  const { status, stdout, stderr } = spawnSync(program, argv, options)
  return { status, stdout, stderr }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  for (const server of servers) server.close()
  return ports
}

async function untilShown(child: ChildProcess, pattern: RegExp): Promise<string> {
  let text = ''
  for await (const chunk of child.stdout?.iterator({ destroyOnReturn: false }) ?? []) {
    text += String(chunk)
    if (pattern.test(text)) return text
  }
  throw new Error(`the server ended before it was ready: ${text}`)
}
