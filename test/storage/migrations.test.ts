import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import type { Migration } from '../../server/src/storage/migrations/migration.js'
import { migrate, MIGRATIONS, SQL_TYPES } from '../../server/src/storage/migrations.js'
import type { Schema } from '../../server/src/storage/schema.js'
import { describeEachDatabase } from '../support/databases.js'
import { newWorkspace, openRaw } from './support.js'

const TABLES: readonly (keyof Schema)[] = [
  'installation',
  'workspaces',
  'keys',
  'secrets',
  'change_log',
  'audit_log',
  'audit_trees',
  'audit_tiles',
  'audit_policies',
  'audit_spools',
  'audit_cursors',
  'leases',
  'idempotency_records',
  'key_usage',
  'nodes',
  'setup_codes',
  'migrations',
]

describe('the list of migrations', () => {
  it('counts up from 1', () => {
    expect(MIGRATIONS.map(({ version }) => version)).toEqual(MIGRATIONS.map((_, index) => index + 1))
  })
})

describeEachDatabase('opening a database', (open) => {
  it('makes every table once when many open it at the same moment', async () => {
    const databases = await Promise.all(Array.from({ length: 6 }, () => open()))
    for (const { read } of databases) {
      for (const table of TABLES) await read.selectFrom(table).selectAll().execute()
      const versions = await read.selectFrom('migrations').select('version').orderBy('version').execute()
      expect(versions.map(({ version }) => version)).toEqual([0, ...MIGRATIONS.map(({ version }) => version)])
      expect(await read.selectFrom('installation').select(['id', 'revision']).execute()).toEqual([
        { id: 1, revision: 0 },
      ])
    }
  })

  it('keeps what is there when it is opened again', async () => {
    const id = await newWorkspace(await open())
    const { read } = await open()
    expect(await read.selectFrom('workspaces').select('id').execute()).toEqual([{ id }])
  })

  it('can run the statements of a step again, as after a crash without transactions', async () => {
    const database = await open()
    const types = SQL_TYPES[database.engine]
    await database.transact(async (tx) => {
      for (const { statements } of MIGRATIONS) {
        for (const statement of statements(types)) await sql.raw(statement).execute(tx)
      }
    })
  })
})

describeEachDatabase('a database of a newer Bitting', (open) => {
  it('is refused', async () => {
    const database = await open()
    const row = { version: 999, name: 'from the future', applied_at: 0 }
    await database.transact((tx) => tx.insertInto('migrations').values(row).execute())
    await expect(open()).rejects.toThrow(/schema version 999, newer than the \d+ that this Bitting knows/)
  })
})

describeEachDatabase('a migration', (_open, suite) => {
  it('that fails leaves nothing, and the next start finishes it', async () => {
    const { writer, close } = await openRaw(await suite.locate())
    const step = (...statements: string[]): Migration => ({
      version: 1,
      name: 'x',
      statements: () => statements,
    })
    const half = [step('create table first (a integer)', 'create tabel second (a integer)')]
    await expect(migrate(writer, suite.engine, half)).rejects.toThrow(/syntax/)
    await expect(sql`select * from first`.execute(writer)).rejects.toThrow(/first/)
    await migrate(writer, suite.engine, MIGRATIONS)
    await expect(sql`select * from first`.execute(writer)).rejects.toThrow(/first/)
    expect(await writer.selectFrom('installation').select('revision').execute()).toEqual([{ revision: 0 }])
    await close()
  })
})
