import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql, type Kysely, type Transaction } from 'kysely'
import { codeOf } from './database-error.js'
import { INITIAL } from './migrations/0001-initial.js'
import { AUDIT_PROOF } from './migrations/0002-audit-proof.js'
import { WEBHOOKS } from './migrations/0003-webhooks.js'
import { PEOPLE } from './migrations/0004-people.js'
import { USAGE } from './migrations/0005-usage.js'
import type { Migration, SqlTypes } from './migrations/migration.js'
import type { Schema } from './schema.js'

/** The database engines that Bitting runs on. */
export type EngineName = 'sqlite' | 'postgres'

/** Every step in order. The last one's version is the schema that this program knows. */
export const MIGRATIONS: readonly Migration[] = [INITIAL, AUDIT_PROOF, WEBHOOKS, PEOPLE, USAGE]

/** How each engine spells the parts of a definition. */
export const SQL_TYPES: Readonly<Record<EngineName, SqlTypes>> = {
  sqlite: {
    engine: 'sqlite',
    integer: 'integer',
    blob: 'blob',
    strict: 'strict',
    clustered: 'strict, without rowid',
  },
  postgres: { engine: 'postgres', integer: 'bigint', blob: 'bytea', strict: '', clustered: '' },
}

// PostgreSQL's `create table if not exists` is not atomic: the slower of two processes may get a violation of a
// catalog's unique index, a duplicate type or table, or a concurrent update instead of a silent success.
const RACES: readonly unknown[] = ['23505', '42710', '42P07', 'XX000', '40001', '40P01', 'SQLITE_BUSY']
const RACE_ATTEMPTS_MAX = 10

/**
 * Brings a database to the newest schema; safe to call from many processes at once, and again.
 *
 * @throws {Error} when the database was already brought to a newer schema than this program knows
 */
export async function migrate(
  writer: Kysely<Schema>,
  engine: EngineName,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  const types = SQL_TYPES[engine]
  await withRaces(() => createMigrationsTable(writer, types))
  let done = false
  while (!done)
    done = await withRaces(() => writer.transaction().execute((tx) => step(tx, types, migrations)))
  await withRaces(() => createInstallation(writer))
}

async function createMigrationsTable(writer: Kysely<Schema>, types: SqlTypes): Promise<void> {
  await sql
    .raw(
      `create table if not exists migrations (
        version ${types.integer} primary key,
        name text not null,
        applied_at ${types.integer} not null
      ) ${types.strict}`,
    )
    .execute(writer)
  await writer
    .insertInto('migrations')
    .values({ version: 0, name: 'lock', applied_at: nowSeconds() })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** Applies the next step if there is one, and says whether the schema is the newest. */
async function step(
  tx: Transaction<Schema>,
  types: SqlTypes,
  migrations: readonly Migration[],
): Promise<boolean> {
  // An update that changes nothing is the one row lock that every SQL database has.
  await tx.updateTable('migrations').set({ name: 'lock' }).where('version', '=', 0).execute()
  const applied = await tx.selectFrom('migrations').select('version').orderBy('version', 'desc').execute()
  const version = applied[0]?.version ?? 0
  const newest = migrations.at(-1)?.version ?? 0
  if (version > newest) {
    throw new Error(
      `the database has schema version ${String(version)}, newer than the ${String(newest)} that this Bitting ` +
        `knows: run the newer Bitting that made it, or restore a backup from before`,
    )
  }
  const next = migrations.find((migration) => migration.version > version)
  if (next === undefined) return true
  for (const statement of next.statements(types)) await sql.raw(statement).execute(tx)
  await tx
    .insertInto('migrations')
    .values({ version: next.version, name: next.name, applied_at: nowSeconds() })
    .execute()
  return false
}

async function createInstallation(writer: Kysely<Schema>): Promise<void> {
  await writer
    .insertInto('installation')
    .values({ id: 1, revision: 0, created_at: nowSeconds() })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

async function withRaces<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt === RACE_ATTEMPTS_MAX || !RACES.includes(codeOf(error))) throw error
      await sleep(randomInt(20, 40) * attempt)
    }
  }
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}
