import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readConfig, type Config } from '../../server/src/config.js'
import { diagnose } from '../../server/src/diagnosis.js'
import { openLocal } from '../../server/src/local.js'
import { describeEachDatabase } from '../support/databases.js'

describeEachDatabase('the diagnosis', (_, suite) => {
  const { engine } = suite

  async function configure(variables: Readonly<Record<string, string>> = {}): Promise<Config> {
    const { url, dataDirectory } = await suite.locate()
    return readConfig({
      BITTING_DATA_DIR: dataDirectory,
      ...(url !== null && { BITTING_DATABASE_URL: url }),
      ...variables,
    })
  }

  it('makes nothing where nothing is', async () => {
    const config = await configure()
    expect(await diagnose(config)).toMatchObject({
      engine,
      database: 'absent',
      workspaces: null,
      rootKeyFits: null,
    })
    expect(readdirSync(config.dataDirectory)).toEqual([])
  })

  it('finds what is there, and whether the root key is its own', async () => {
    const config = await configure()
    const local = await openLocal(config)
    await local.createWorkspace('Acme')
    await local.close()
    const found = await diagnose(config)
    expect(found).toMatchObject({ engine, database: 'ready', reason: null, workspaces: 1, rootKeyFits: true })
    expect(found.schemaVersion).toBe(found.schemaVersionKnown)
    if (engine === 'postgres') {
      expect(Math.abs((found.databaseTimeMilliseconds ?? 0) - Date.now())).toBeLessThan(60_000)
    }
    const other = await configure({ BITTING_ROOT_KEY: Buffer.alloc(32, 1).toString('hex') })
    expect(await diagnose(other)).toMatchObject({ database: 'ready', rootKeyFits: false })
  })
})

describe('the diagnosis of what cannot be read', () => {
  it('tells a file that is no database', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'bitting-diagnosis-'))
    writeFileSync(join(directory, 'bitting.db'), 'junk '.repeat(1000))
    const found = await diagnose(readConfig({ BITTING_DATA_DIR: directory }))
    rmSync(directory, { recursive: true })
    expect(found).toMatchObject({ database: 'unreachable', reason: 'file is not a database' })
  })

  it('tells a PostgreSQL that is away, without its password', async () => {
    const found = await diagnose(
      readConfig({ BITTING_DATABASE_URL: 'postgres://bitting:hunter2@127.0.0.1:1/x' }),
    )
    expect(found.database).toBe('unreachable')
    expect(found.reason).not.toContain('hunter2')
  })
})
