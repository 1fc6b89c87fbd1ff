import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readConfig, type Config } from '../../server/src/config.js'
import { openLocal } from '../../server/src/local.js'
import { serve, type RunningServer } from '../../server/src/serve.js'
import { openDatabase } from '../../server/src/storage/database.js'
import { freshPostgresUrl } from '../support/databases.js'
import { GOOD_PASSWORD, TestBrowser } from '../support/people.js'
import type { ApiAnswer } from '../support/server.js'
import { useStoppedClock } from './support.js'

describe.each(['sqlite', 'postgres'] as const)('the first start (%s)', (engine) => {
  let config: Config
  let running: RunningServer

  beforeEach(async () => {
    config = readConfig({
      BITTING_DATA_DIR: mkdtempSync(join(tmpdir(), 'bitting-test-')),
      ...(engine === 'postgres' && { BITTING_DATABASE_URL: await freshPostgresUrl() }),
      BITTING_LISTEN: '127.0.0.1:0',
      BITTING_GATEWAY_LISTEN: '127.0.0.1:0',
      BITTING_LOG_LEVEL: 'silent',
    })
    running = await serve(config)
  })
  afterEach(async () => {
    await running.close()
    rmSync(config.dataDirectory, { recursive: true, force: true })
  })

  /** Uses a code in a browser of its own. */
  const setUp = async (
    code: string,
    email = 'owner@example.com',
  ): Promise<ApiAnswer & { readonly browser: TestBrowser }> => {
    const browser = new TestBrowser(running.controlUrl)
    const body = { code, email, name: 'Olga Owner', password: GOOD_PASSWORD }
    return { ...(await browser.call('POST', '/v1/setup', body)), browser }
  }
  const printedCode = (): string => {
    const [base, code] = (running.setupUrl ?? '').split('#')
    expect(base).toBe(`${running.controlUrl.replace('127.0.0.1', 'localhost')}/setup`)
    return code ?? ''
  }
  const newCode = async (): Promise<string> => {
    const local = await openLocal(config)
    try {
      return await local.createSetupCode()
    } finally {
      await local.close()
    }
  }
  const rowsOf = async (table: 'workspaces' | 'users' | 'setup_codes'): Promise<unknown[]> => {
    const database = await openDatabase({ url: config.databaseUrl, dataDirectory: config.dataDirectory })
    try {
      return await database.read.selectFrom(table).selectAll().execute()
    } finally {
      await database.close()
    }
  }

  test('prints a link whose code makes the first workspace and its owner, who is signed in at once', async () => {
    const { status, headers, body, browser } = await setUp(printedCode())
    expect([status, body.role, body.method, body.access]).toEqual([201, 'owner', 'setup', 'full'])
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('set-cookie')).toMatch(/bitting_session=.*HttpOnly; SameSite=Strict/)
    const caller = await browser.call('GET', '/v1/whoami')
    expect(caller.body).toEqual({ key: null, member: { id: body.user.id, role: 'owner' }, scopes: 'full' })
    const workspace = await browser.call('GET', '/v1/workspace')
    expect(workspace.body).toMatchObject({ id: body.workspace.id, name: 'Default' })
    const audit = await browser.call('GET', '/v1/audit')
    expect(audit.body.data).toMatchObject([
      { index: 2, action: 'session.start', actor: { type: 'member', id: body.user.id } },
      { index: 1, action: 'member.join', actor: { type: 'operator' }, resource: { id: body.user.id } },
      { index: 0, action: 'workspace.create', actor: { type: 'operator' } },
    ])
  })

  test('gives a code that is good once, also for ten who use it at the same moment', async () => {
    const code = printedCode()
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => setUp(code, `owner${String(index)}@example.com`)),
    )
    const refused = Array<number>(9).fill(401)
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...refused])
    expect((await setUp(code)).status).toBe(401)
    expect(await rowsOf('workspaces')).toHaveLength(1)
    expect(await rowsOf('users')).toHaveLength(1)
  })

  test('answers used, replaced and wrong codes alike', async () => {
    const replaced = printedCode()
    const good = await newCode()
    const wrong = [await setUp(replaced), await setUp('x')]
    expect((await setUp(good)).status).toBe(201)
    wrong.push(await setUp(good))
    for (const { status, body } of wrong) expect([status, body]).toEqual([401, wrong[0]?.body])
  })

  test('can be looked at without spending it; looking counts wrong ones', async () => {
    const code = printedCode()
    const look = (it: string): Promise<ApiAnswer> =>
      new TestBrowser(running.controlUrl).call('POST', '/v1/setup/view', { code: it })
    for (let times = 0; times < 2; times++) expect((await look(code)).status).toBe(200)
    expect((await setUp(code)).status).toBe(201)
    const statuses: number[] = []
    for (let guess = 0; guess < 51; guess++) statuses.push((await look(code)).status)
    expect(statuses).toEqual([...Array<number>(50).fill(401), 429])
  })

  test('a password that is guessed first does not spend the code', async () => {
    const code = printedCode()
    const browser = new TestBrowser(running.controlUrl)
    const body = { code, email: 'owner@example.com', name: 'Olga', password: 'owner@example.com' }
    expect((await browser.call('POST', '/v1/setup', body)).status).toBe(400)
    expect((await setUp(code)).status).toBe(201)
  })

  describe('after an hour', () => {
    const clock = useStoppedClock()

    test('its code is as good as a wrong one, and until then it is good', async () => {
      const late = await newCode()
      clock.turn(3600)
      const wrong = await setUp('x')
      const { status, body } = await setUp(late)
      expect([status, body]).toEqual([401, wrong.body])
      const inTime = await newCode()
      clock.turn(3599)
      expect((await setUp(inTime)).status).toBe(201)
    })
  })

  test('keeps only the hash of the code', async () => {
    const code = printedCode()
    const rows = await rowsOf('setup_codes')
    expect(rows).toHaveLength(1)
    expect(JSON.stringify(rows)).not.toContain(code)
  })

  test('is over once there is a workspace; a code made later at the machine is a way back in', async () => {
    const first = await setUp(printedCode())
    await running.close()
    running = await serve(config)
    expect(running.setupUrl).toBeNull()
    const known = await setUp(await newCode())
    expect([known.status, known.body.code]).toEqual([409, 'sign_in_first'])
    const again = await setUp(await newCode(), 'another@example.com')
    expect(again.status).toBe(201)
    expect(again.body.workspace.id).toBe(first.body.workspace.id)
    expect((await again.browser.call('GET', '/v1/members')).body.data).toMatchObject([
      { role: 'owner' },
      { role: 'owner' },
    ])
    expect(await rowsOf('workspaces')).toHaveLength(1)
  })
})
