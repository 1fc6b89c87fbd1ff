import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Kysely, sql } from 'kysely'
import type { Config } from './config.js'
import { secretSealingContext } from './storage/columns.js'
import { codeOf, DatabaseError } from './storage/database-error.js'
import { MIGRATIONS, type EngineName } from './storage/migrations.js'
import { createPool, PooledPostgresDialect } from './storage/postgres-dialect.js'
import { loadRootKey } from './storage/root-key.js'
import type { Schema } from './storage/schema.js'
import { SealError, Sealer } from './storage/sealing.js'
import { SqliteThreadDialect } from './storage/sqlite-dialect.js'
import { SqliteThread } from './storage/sqlite-thread.js'

/** What is known of the installation's data, found without making or changing anything. */
export interface Diagnosis {
  readonly engine: EngineName
  /**
   * `absent` where the SQLite file or the tables do not exist yet; `unreachable` where the database does not answer
   * or refuses; `outdated` and `newer` where its schema is not the one that this program knows.
   */
  readonly database: 'ready' | 'absent' | 'unreachable' | 'outdated' | 'newer'
  /** Why the database is unreachable; null otherwise. */
  readonly reason: string | null
  /** The schema's version in the database, null where it is absent or unreachable. */
  readonly schemaVersion: number | null
  /** The schema's version that this program knows. */
  readonly schemaVersionKnown: number
  /** The present by the database's clock, null where it has none of its own or is unreachable. */
  readonly databaseTimeMilliseconds: number | null
  /** Whether the root key opens what is sealed in the database; null where nothing is sealed or there is no key. */
  readonly rootKeyFits: boolean | null
  /** How many workspaces there are, null where the database is not ready. */
  readonly workspaces: number | null
}

interface Opened {
  readonly reader: Kysely<Schema>
  readonly close: () => Promise<void>
}

/** A table that does not exist, as SQLite and as PostgreSQL say it. */
const NO_TABLE: readonly unknown[] = ['SQLITE_ERROR', '42P01']

/** Looks at the data of an installation, beside whatever server runs on it. */
export async function diagnose(config: Config): Promise<Diagnosis> {
  const engine = config.databaseUrl === null ? 'sqlite' : 'postgres'
  const nothing: Diagnosis = {
    engine,
    database: 'absent',
    reason: null,
    schemaVersion: null,
    schemaVersionKnown: MIGRATIONS.at(-1)?.version ?? 0,
    databaseTimeMilliseconds: null,
    rootKeyFits: null,
    workspaces: null,
  }
  const opened = await openReader(config).catch((error: unknown) => error)
  if (opened === null) return nothing
  if (opened instanceof Error) return { ...nothing, database: 'unreachable', reason: opened.message }
  const { reader, close } = opened as Opened
  try {
    return await examine(config, nothing, reader)
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    if (NO_TABLE.includes(codeOf(error))) return nothing
    return { ...nothing, database: 'unreachable', reason: error.message }
  } finally {
    await close()
  }
}

/** The database, to be read alone; null where there is no SQLite file. */
async function openReader({ databaseUrl, dataDirectory }: Config): Promise<Opened | null> {
  if (databaseUrl !== null) {
    const dialect = new PooledPostgresDialect(createPool(databaseUrl, 'reader'), false)
    const reader = new Kysely<Schema>({ dialect })
    return { reader, close: () => reader.destroy() }
  }
  const path = join(dataDirectory, 'bitting.db')
  const file = await stat(path).catch(() => null)
  if (file === null || file.size === 0) return null
  const thread = await SqliteThread.open({ path, readOnly: true })
  const reader = new Kysely<Schema>({ dialect: new SqliteThreadDialect(thread) })
  return {
    reader,
    close: async () => {
      await reader.destroy()
      await thread.close()
    },
  }
}

async function examine(config: Config, nothing: Diagnosis, reader: Kysely<Schema>): Promise<Diagnosis> {
  const newest = await reader
    .selectFrom('migrations')
    .select('version')
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()
  const version = newest?.version ?? 0
  const databaseTimeMilliseconds = nothing.engine === 'sqlite' ? null : await timeOf(reader)
  const found = { ...nothing, schemaVersion: version, databaseTimeMilliseconds }
  if (version === 0) return { ...found, schemaVersion: null }
  if (version !== nothing.schemaVersionKnown) {
    return { ...found, database: version < nothing.schemaVersionKnown ? 'outdated' : 'newer' }
  }
  const { workspaces } = await reader
    .selectFrom('workspaces')
    .select((row) => row.fn.countAll<number>().as('workspaces'))
    .executeTakeFirstOrThrow()
  return { ...found, database: 'ready', workspaces, rootKeyFits: await rootKeyFits(config, reader) }
}

async function timeOf(reader: Kysely<Schema>): Promise<number | null> {
  const { rows } = await sql<{
    milliseconds: number
  }>`select floor(extract(epoch from clock_timestamp()) * 1000) as milliseconds`.execute(reader)
  return rows[0]?.milliseconds ?? null
}

async function rootKeyFits(config: Config, reader: Kysely<Schema>): Promise<boolean | null> {
  const secret = await reader
    .selectFrom('secrets')
    .select(['id', 'workspace_id', 'sealed_digest'])
    .where('sealed_digest', 'is not', null)
    .limit(1)
    .executeTakeFirst()
  const sealer = await findSealer(config)
  if (sealer === null || secret?.sealed_digest === null || secret === undefined) return null
  try {
    sealer.open(secret.sealed_digest, secretSealingContext(secret.workspace_id, secret.id))
    return true
  } catch (error) {
    if (error instanceof SealError) return false
    throw error
  }
}

/** The sealer of the root key that exists; null where there is none, or none that can be read. */
async function findSealer({ dataDirectory, rootKey }: Config): Promise<Sealer | null> {
  try {
    // Only where the file exists: loading the root key makes one where there is none.
    if (rootKey === null) await stat(join(dataDirectory, 'root.key'))
    return new Sealer(await loadRootKey({ dataDirectory, value: rootKey ?? undefined }))
  } catch {
    return null
  }
}
