import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, describe, inject } from 'vitest'
import {
  openDatabase,
  type DatabaseLocation,
  type WritableDatabase,
} from '../../server/src/storage/database.js'
import type { EngineName } from '../../server/src/storage/migrations.js'

/** Creates an empty database in the run's PostgreSQL and returns its URL. */
export async function freshPostgresUrl(): Promise<string> {
  const url = new URL(inject('postgresUrl'))
  const name = `bitting_${randomBytes(8).toString('hex')}`
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  try {
    await client.query(`create database ${name}`)
  } finally {
    await client.end()
  }
  url.pathname = `/${name}`
  return url.href
}

/** Opens the suite's database; each call gives one more handle on the same one. */
export type OpenSuiteDatabase = () => Promise<WritableDatabase>

/** What a suite may want besides opening its database. */
export interface SuiteDatabase {
  readonly engine: EngineName
  /** Where the database is, for other processes. */
  locate(): Promise<DatabaseLocation>
}

/**
 * Defines a suite twice: on SQLite in a temporary directory and on PostgreSQL. The suite has one database, empty at
 * first; whatever was opened is closed at its end.
 *
 * @param engines one of the two alone, for suites so long that each engine has a file of its own
 */
export function describeEachDatabase(
  name: string,
  define: (open: OpenSuiteDatabase, suite: SuiteDatabase) => void,
  engines: readonly EngineName[] = ['sqlite', 'postgres'],
): void {
  for (const engine of engines) {
    describe(`${name} on ${engine}`, () => {
      const opened: WritableDatabase[] = []
      let location: Promise<DatabaseLocation> | null = null
      const locate = (): Promise<DatabaseLocation> => (location ??= newLocation(engine))
      afterAll(async () => {
        try {
          await Promise.all(opened.map((database) => database.close()))
        } finally {
          if (location !== null) await rm((await location).dataDirectory, { recursive: true, force: true })
        }
      })
      const open = async (): Promise<WritableDatabase> => {
        const database = await openDatabase(await locate())
        opened.push(database)
        return database
      }
      define(open, { engine, locate })
    })
  }
}

async function newLocation(engine: EngineName): Promise<DatabaseLocation> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'bitting-data-'))
  return { dataDirectory, url: engine === 'postgres' ? await freshPostgresUrl() : null }
}
