import { sql, type RawBuilder } from 'kysely'
import type { Database } from './database.js'
import type { KeyRow, SecretRow } from './schema.js'

/** A secret with the columns of its key that verification needs. */
export type VerifierRow = Pick<SecretRow, 'id' | 'workspace_id' | 'sealed_digest' | 'retires_at'> &
  Pick<
    KeyRow,
    | 'kind'
    | 'access'
    | 'allowed_addresses'
    | 'not_before'
    | 'expires_at'
    | 'suspended_at'
    | 'revoked_at'
    | 'deleted_at'
  >

const COLUMNS = [
  'secrets.id',
  'secrets.workspace_id',
  'secrets.sealed_digest',
  'secrets.retires_at',
  'keys.kind',
  'keys.access',
  'keys.allowed_addresses',
  'keys.not_before',
  'keys.expires_at',
  'keys.suspended_at',
  'keys.revoked_at',
  'keys.deleted_at',
] as const

// Control characters, which neither ids nor JSON texts contain.
const FIELD_END = '\u001f'
const ROW_END = '\u001e'

const ROWS_A_READ = 5_000

/** The secrets of some keys, also those whose digest is gone. Read as the key feed reads. */
export async function readSecretsOfKeys(
  database: Database,
  keyIds: readonly string[],
): Promise<VerifierRow[]> {
  return database.feedRead
    .selectFrom('secrets')
    .innerJoin('keys', 'keys.id', 'secrets.key_id')
    .select(COLUMNS)
    .where('secrets.key_id', 'in', keyIds)
    .execute()
}

/**
 * Every secret that still has a digest, in parts of some thousand; the next part is read while one is worked on. A part
 * comes from the database as one text: a million objects of a dozen columns would take longer to pass between threads
 * than all the rest of a start.
 */
export async function* readAllSecrets(database: Database): AsyncGenerator<VerifierRow[]> {
  let reading = readPart(database, '')
  for (;;) {
    const { last, lines } = await reading
    if (last === null || lines === null) return
    reading = readPart(database, last)
    // Whoever stops reading early must not be told of what the read ahead came to.
    reading.catch(() => undefined)
    yield lines.split(ROW_END).map(parseLine)
  }
}

interface Part {
  readonly last: string | null
  readonly lines: string | null
}

async function readPart(database: Database, after: string): Promise<Part> {
  const rows = database.feedRead
    .selectFrom('secrets')
    .innerJoin('keys', 'keys.id', 'secrets.key_id')
    .select(['secrets.id', lineOf(database).as('line')])
    .where('secrets.id', '>', after)
    .where('secrets.sealed_digest', 'is not', null)
    .orderBy('secrets.id')
    .limit(ROWS_A_READ)
    .as('rows')
  return database.feedRead
    .selectFrom(rows)
    .select((row) => [
      row.fn.max('rows.id').as('last'),
      sql<string | null>`string_agg(line, ${sql.lit(ROW_END)})`.as('lines'),
    ])
    .executeTakeFirstOrThrow()
}

function lineOf({ engine }: Database): RawBuilder<string> {
  const digest =
    engine === 'sqlite' ? sql`hex(secrets.sealed_digest)` : sql`encode(secrets.sealed_digest, 'hex')`
  const fields = COLUMNS.map((column) =>
    column === 'secrets.sealed_digest' ? digest : sql`coalesce(cast(${sql.ref(column)} as text), '')`,
  )
  return sql<string>`${sql.join(fields, sql` || ${sql.lit(FIELD_END)} || `)}`
}

function parseLine(line: string): VerifierRow {
  const fields = line.split(FIELD_END)
  const text = (index: number): string => fields[index] ?? ''
  const number = (index: number): number | null => (fields[index] === '' ? null : Number(fields[index]))
  return {
    id: text(0),
    workspace_id: text(1),
    sealed_digest: Buffer.from(text(2), 'hex'),
    retires_at: number(3),
    kind: text(4) === 'management' ? 'management' : 'api',
    access: text(5),
    allowed_addresses: text(6) === '' ? null : text(6),
    not_before: number(7),
    expires_at: number(8),
    suspended_at: number(9),
    revoked_at: number(10),
    deleted_at: number(11),
  }
}
