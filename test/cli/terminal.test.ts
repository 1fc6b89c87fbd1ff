import { describe, expect, it } from 'vitest'
import { Output, type OutputStream } from '../../server/src/cli/output.js'
import { emptyInstallation, HEALTHY, IDLE_SERVER, runCli } from './support/run-cli.js'

const ESCAPE = '\u001b'

describe('colours', () => {
  const list = ['workspaces', 'list']
  const programs = {
    openLocal: () =>
      Promise.resolve(
        emptyInstallation({
          listWorkspaces: () => Promise.resolve([{ id: 'ws_1', name: 'Acme', created_at: 1_700_000_000 }]),
        }),
      ),
  }

  it('are for terminals that have them', async () => {
    const coloured = await runCli(list, { columns: 80, colours: true, programs })
    expect(coloured.stdout).toContain(ESCAPE)
    const plain = await runCli(list, { columns: 80, programs })
    const piped = await runCli(list, { programs })
    expect(plain.stdout).not.toContain(ESCAPE)
    expect(piped.stdout).not.toContain(ESCAPE)
  })
})

describe('a table', () => {
  const rows = [['a name that is rather long', 'key_1', 'one two three four five six seven', 'last']]
  const columns = [
    { title: 'name', fit: 'cut' },
    { title: 'id' },
    { title: 'words', fit: 'wrap' },
    { title: 'end', fit: 'drop' },
  ] as const

  it('fits a terminal: it cuts, wraps, and leaves out what does not fit', () => {
    expect(print(60, columns, rows)).toEqual([
      'NAME                   ID     WORDS                     END',
      'a name that is rathe…  key_1  one two three four five   last',
      '                              six seven',
    ])
    expect(print(46, columns, rows)).toEqual([
      'NAME          ID     WORDS',
      'a name that…  key_1  one two three four five',
      '                     six seven',
    ])
  })

  it('is whole where no terminal is', () => {
    expect(print(undefined, columns, rows)[1]).toBe(
      'a name that is rather long  key_1  one two three four five six seven  last',
    )
  })
})

describe('bitting serve', () => {
  it('finishes at the first signal, and ends at once at the second', async () => {
    const signals: ((name: string) => void)[] = []
    let finish = (): void => undefined
    const closed = new Promise<void>((resolve) => {
      finish = resolve
    })
    const running = runCli(['serve'], {
      onSignal: (callback) => signals.push(callback),
      programs: { serve: () => Promise.resolve({ ...IDLE_SERVER, close: () => closed }) },
    })
    await expect.poll(() => signals.length).toBe(1)
    signals[0]?.('SIGTERM')
    signals[0]?.('SIGINT')
    finish()
    const { exitCode, stderr, stdout } = await running
    expect(exitCode).toBe(0)
    expect(stdout).toContain('http://127.0.0.1:4701')
    expect(stderr).toContain('bitting: SIGTERM: finishing the requests under way\n')
    expect(stderr).toContain(
      'bitting: SIGINT: stopped without waiting for the requests under way\nexit at once: 1\n',
    )
  })

  it('reports every flaw of the settings and starts nothing', async () => {
    const serve = (): Promise<never> => Promise.reject(new Error('started'))
    const variables = { BITTING_FOO: '1', BITTING_LISTEN: 'x', BITTING_TOKEN_BRAND: 'X' }
    const { exitCode, stderr } = await runCli(['serve'], { variables, programs: { serve } })
    expect(exitCode).toBe(2)
    expect(stderr.split('\n').filter((line) => line.startsWith('  BITTING_'))).toHaveLength(3)
  })

  it.each([
    [
      Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE' }),
      1,
      'the address to listen on is taken',
    ],
    [
      new Error('other users can read ./root.key; Bitting starts after: chmod 600 ./root.key'),
      1,
      'other users can read',
    ],
    [new Error('connect failed: postgres://bitting:hunter2@db/x'), 1, 'postgres://bitting:…@db/x'],
    [new TypeError('x is not a function'), 70, 'TypeError: x is not a function'],
    [new Error('assertion failed: digest has 32 bytes'), 70, 'assertion failed'],
  ])('says of %s what can be said', async (error, exitCode, text) => {
    const result = await runCli(['serve'], { programs: { serve: () => Promise.reject(error) } })
    expect(result.exitCode).toBe(exitCode)
    expect(result.stderr).toContain(text)
    expect(result.stderr).not.toContain('hunter2')
    expect(result.stderr).toContain('hint: ')
  })
})

describe('bitting bootstrap', () => {
  const setUp = emptyInstallation({
    isSetUp: () => Promise.resolve(true),
    listWorkspaces: () =>
      Promise.resolve([
        { id: 'ws_old', name: 'Old', created_at: 1 },
        { id: 'ws_new', name: 'New', created_at: 2 },
      ]),
    createOwnerKey: (workspaceId, name) => Promise.resolve(`${workspaceId}: ${name}`),
  })
  const programs = { openLocal: () => Promise.resolve(setUp) }

  it('does not make a second first workspace', async () => {
    const { exitCode, stderr, stdout } = await runCli(['bootstrap', '--json'], { programs })
    expect(exitCode).toBe(3)
    expect(stdout).toBe('')
    expect(stderr).toContain('--recover')
  })

  it('recovers with a key of the oldest workspace', async () => {
    const variables = { BITTING_PUBLIC_URL: 'https://keys.example.com' }
    const { exitCode, stdout } = await runCli(['bootstrap', '--recover', '--json'], { programs, variables })
    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      workspace_id: 'ws_old',
      management_key: 'ws_old: Recovered owner',
      setup_url: 'https://keys.example.com/setup#setup-code',
    })
  })
})

describe('bitting members', () => {
  const invited: string[] = []
  const programs = {
    openLocal: () =>
      Promise.resolve(
        emptyInstallation({
          listWorkspaces: () =>
            Promise.resolve([
              { id: 'ws_old', name: 'Old', created_at: 1 },
              { id: 'ws_new', name: 'New', created_at: 2 },
            ]),
          inviteMember: (workspaceId, email, role) => {
            invited.push(workspaceId)
            const invitation = { id: 'inv_1', email, role, state: 'open', created_by: 'operator' } as const
            const times = { created_at: '2026-11-22T12:00:00Z', expires_at: '2026-11-29T12:00:00Z' }
            const url = 'https://keys.example.com/invitation#code'
            return Promise.resolve({ invitation: { ...invitation, ...times }, url })
          },
        }),
      ),
  }

  it('invites to the oldest workspace, or to the one named', async () => {
    const invite = ['members', 'invite', 'ada@example.com', '--role', 'owner']
    const { stdout, stderr, exitCode } = await runCli(invite, { programs })
    expect([exitCode, stdout]).toEqual([
      0,
      expect.stringContaining('https://keys.example.com/invitation#code'),
    ])
    expect(stderr).toContain('send it to that person alone')
    const named = await runCli([...invite, '--workspace', 'ws_new', '--json'], { programs })
    expect(JSON.parse(named.stdout)).toMatchObject({
      invitation: { email: 'ada@example.com', role: 'owner' },
    })
    const unknown = await runCli([...invite, '--workspace', 'ws_none'], { programs })
    expect([unknown.exitCode, unknown.stderr]).toEqual([
      1,
      expect.stringContaining('there is no workspace ws_none'),
    ])
    expect(invited).toEqual(['ws_old', 'ws_new'])
  })
})

describe('a management key', () => {
  it('is asked for at the terminal, and missed where there is none', async () => {
    const missing = await runCli(['keys', 'list'])
    expect(missing.exitCode).toBe(6)
    expect(missing.stderr).toContain('BITTING_MANAGEMENT_KEY_FILE')
    const asked = await runCli(['keys', 'list'], {
      answers: ['btgm_live_x'],
      variables: { BITTING_URL: 'http://127.0.0.1:9' },
    })
    expect(asked.asked).toEqual(['Management key'])
    expect(asked.exitCode).toBe(7)
    expect(asked.stderr).not.toContain('btgm_live_x')
  })

  it('is not sent in the clear without a word', async () => {
    const variables = { BITTING_URL: 'http://keys.invalid', BITTING_MANAGEMENT_KEY: 'btgm_live_x' }
    const { stderr } = await runCli(['keys', 'list'], { variables })
    expect(stderr).toContain('bitting: warning: the management key goes to keys.invalid unencrypted')
  })
})

describe('bitting doctor', () => {
  it('ends with 1 when a check fails, and says what to do', async () => {
    const diagnosis = {
      ...HEALTHY,
      database: 'unreachable',
      reason: 'the password is wrong',
      workspaces: null,
    } as const
    const { exitCode, stdout } = await runCli(['doctor'], {
      variables: {
        BITTING_DATA_DIR: '/nonexistent/bitting',
        BITTING_LISTEN: '127.0.0.1:9',
        BITTING_TOKEN_BRAND: 'sk',
      },
      programs: { diagnose: () => Promise.resolve(diagnosis) },
    })
    expect(exitCode).toBe(1)
    expect(stdout).toMatch(/^fail +database +SQLite: the password is wrong$/m)
    expect(stdout).toMatch(/^warn +token brand +tokens that begin with sk_live_ look like Stripe's/m)
    expect(stdout).toMatch(/^warn +management API +nothing answers at http:\/\/127\.0\.0\.1:9/m)
    expect(stdout).toMatch(/^ok +data directory +\/nonexistent\/bitting is not there yet/m)
  })

  it('reports every flaw of the settings', async () => {
    const { exitCode, stdout } = await runCli(['doctor', '--json'], {
      variables: { BITTING_FOO: '1', BITTING_LISTEN: 'x' },
    })
    expect(exitCode).toBe(1)
    const { checks } = JSON.parse(stdout) as { checks: { status: string }[] }
    expect(checks.map(({ status }) => status)).toEqual(['fail', 'fail'])
  })

  it.each([
    [{ BITTING_LISTEN: '0.0.0.0:9' }, /^warn +listening +the management API on 0\.0\.0\.0:9 can be reached/m],
    [{ BITTING_LISTEN: '0.0.0.0:9', BITTING_PUBLIC_URL: 'https://keys.example' }, /^ok +listening/m],
    [{ BITTING_GATEWAY_LISTEN: '[::]:9' }, /^warn +gateway listening +the gateway on \[::\]:9/m],
    [{ BITTING_LISTEN: '127.0.0.1:9', BITTING_GATEWAY_LISTEN: '127.0.0.1:9' }, /^fail +listening/m],
    [{ BITTING_TRUSTED_PROXIES: '10.0.0.0/8,0.0.0.0/0' }, /^warn +trusted proxies +0\.0\.0\.0\/0 believes/m],
    [{ BITTING_CATALOG: '/nonexistent' }, /^fail +catalog +\/nonexistent: there is no such file/m],
  ])('judges the settings %j', async (variables, line) => {
    const { stdout } = await runCli(['doctor'], {
      variables: { BITTING_LISTEN: '127.0.0.1:9', BITTING_DATA_DIR: '/nonexistent/bitting', ...variables },
    })
    expect(stdout).toMatch(line)
  })
})

function print(
  width: number | undefined,
  columns: Parameters<Output['printTable']>[0],
  rows: Parameters<Output['printTable']>[1],
): string[] {
  const chunks: string[] = []
  const stream: OutputStream = {
    isTTY: width !== undefined,
    ...(width !== undefined && { columns: width }),
    write: (text) => chunks.push(text),
  }
  new Output(stream, stream, {}).printTable(columns, rows)
  return chunks.join('').trimEnd().split('\n')
}
