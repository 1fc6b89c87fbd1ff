import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readConfig, type Config } from '../../server/src/config.js'
import { openLocal } from '../../server/src/local.js'
import { serve, type RunningServer } from '../../server/src/serve.js'
import { openDatabase } from '../../server/src/storage/database.js'
import { freshPostgresUrl } from '../support/databases.js'
import { send, useStoppedClock } from './support.js'

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

  const setUp = (code: string) => send(running.controlUrl, 'POST', '/v1/setup', { code }, { key: null })
  const whoami = (key: string) => send(running.controlUrl, 'GET', '/v1/whoami', undefined, { key })
  const printedCode = (): string => {
    const [base, code] = (running.setupUrl ?? '').split('#')
    expect(base).toBe(`${running.controlUrl}/setup`)
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

  test('prints a link whose code makes the first workspace and gives its key, which works at once', async () => {
    const answer = await setUp(printedCode())
    expect(answer.status).toBe(201)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const caller = await whoami(answer.body.management_key as string)
    expect(caller.body).toMatchObject({ scopes: 'full', key: { kind: 'management', created_by: 'operator' } })
    const workspace = await send(running.controlUrl, 'GET', '/v1/workspace', undefined, {
      key: answer.body.management_key as string,
    })
    expect(workspace.body.id).toBe(answer.body.workspace_id)
    const audit = await send(running.controlUrl, 'GET', '/v1/audit', undefined, {
      key: answer.body.management_key as string,
    })
    expect(audit.body.data).toMatchObject([
      { index: 1, action: 'key.create', actor: { type: 'operator' } },
      { index: 0, action: 'workspace.create', actor: { type: 'operator' } },
    ])
  })

  test('gives a code that is good once, also for ten who use it at the same moment', async () => {
    const code = printedCode()
    const answers = await Promise.all(Array.from({ length: 10 }, () => setUp(code)))
    const refused = Array<number>(9).fill(401)
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...refused])
    expect((await setUp(code)).status).toBe(401)
    const database = await openDatabase({ url: config.databaseUrl, dataDirectory: config.dataDirectory })
    expect(await database.read.selectFrom('workspaces').select('id').execute()).toHaveLength(1)
    await database.close()
  })

  test('answers used, replaced and wrong codes alike', async () => {
    const replaced = printedCode()
    const good = await newCode()
    const wrong = [await setUp(replaced), await setUp('x')]
    expect((await setUp(good)).status).toBe(201)
    wrong.push(await setUp(good))
    for (const { status, text } of wrong) expect([status, text]).toEqual([401, wrong[0]?.text])
  })

  describe('after an hour', () => {
    const clock = useStoppedClock()

    test('its code is as good as a wrong one, and until then it is good', async () => {
      const late = await newCode()
      clock.turn(3600)
      const wrong = await setUp('x')
      const { status, text } = await setUp(late)
      expect([status, text]).toEqual([401, wrong.text])
      const inTime = await newCode()
      clock.turn(3599)
      expect((await setUp(inTime)).status).toBe(201)
    })
  })

  test('keeps only the hash of the code', async () => {
    const code = printedCode()
    const database = await openDatabase({ url: config.databaseUrl, dataDirectory: config.dataDirectory })
    const rows = await database.read.selectFrom('setup_codes').selectAll().execute()
    await database.close()
    expect(rows).toHaveLength(1)
    expect(JSON.stringify(rows)).not.toContain(code)
  })

  test('is over once there is a workspace; a code made later at the machine is a way back in', async () => {
    const first = await setUp(printedCode())
    await running.close()
    running = await serve(config)
    expect(running.setupUrl).toBeNull()
    const again = await setUp(await newCode())
    expect(again.status).toBe(201)
    expect(again.body.workspace_id).toBe(first.body.workspace_id)
    expect(again.body.management_key).not.toBe(first.body.management_key)
    for (const key of [first.body.management_key, again.body.management_key] as string[]) {
      expect((await whoami(key)).status).toBe(200)
    }
  })
})
