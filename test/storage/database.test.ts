import { sql } from 'kysely'
import { afterEach, expect, it, vi } from 'vitest'
import { openDatabase, type WritableDatabase } from '../../server/src/storage/database.js'
import { DatabaseError } from '../../server/src/storage/database-error.js'
import { describeEachDatabase } from '../support/databases.js'
import { newWorkspace, unfenced, workspaceRow } from './support.js'

const SECRET_LOOKING = 'value-that-must-not-be-shown'

async function failureOf(work: Promise<unknown>): Promise<Error> {
  const outcome = await work.then(
    () => null,
    (error: unknown) => error as Error,
  )
  if (outcome === null) throw new Error('it did not fail')
  return outcome
}

/** Everything of an error that could end in a log. */
function everythingOf(error: Error): string {
  return [error.message, error.stack, JSON.stringify(Object.entries(error)), String(error.cause)].join('\n')
}

async function nameOf(database: WritableDatabase, id: string): Promise<string | undefined> {
  const row = await database.read
    .selectFrom('workspaces')
    .select('name')
    .where('id', '=', id)
    .executeTakeFirst()
  return row?.name
}

afterEach(() => {
  vi.restoreAllMocks()
})

it('names no engine for another kind of URL, and does not show it', async () => {
  const failure = await failureOf(openDatabase({ url: 'mysql://root:hunter2@h/db', dataDirectory: '.' }))
  expect(failure.message).toBe('the database URL must begin with postgres://')
})

describeEachDatabase('a value', (open) => {
  it('comes back as it went in', async () => {
    const database = await open()
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
    const row = {
      ...workspaceRow(),
      name: `'"%_\\ ünïcödé \u{1f511}\n`,
      sealed_upstream_key: bytes,
      created_at: Number.MAX_SAFE_INTEGER,
      version: -Number.MAX_SAFE_INTEGER,
    }
    await database.transact((tx) => tx.insertInto('workspaces').values(row).execute())
    const found = await database.read
      .selectFrom('workspaces')
      .selectAll()
      .where('id', '=', row.id)
      .executeTakeFirstOrThrow()
    expect({ ...found, sealed_upstream_key: new Uint8Array(found.sealed_upstream_key ?? []) }).toEqual(row)
  })

  it('that is a part of a larger buffer arrives as the part alone', async () => {
    const database = await open()
    const id = await newWorkspace(database)
    const part = Buffer.from('abcdef').subarray(2, 4)
    await database.transact((tx) =>
      tx.updateTable('workspaces').set({ sealed_upstream_key: part }).where('id', '=', id).execute(),
    )
    const { sealed_upstream_key: found } = await database.read
      .selectFrom('workspaces')
      .select('sealed_upstream_key')
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    expect(Buffer.from(found ?? []).toString()).toBe('cd')
  })

  it('is a number for counts and sums', async () => {
    const database = await open()
    const first = { ...workspaceRow(), audit_size: 3_000_000_000 }
    const second = { ...workspaceRow(), audit_size: 4_000_000_000 }
    await database.transact((tx) => tx.insertInto('workspaces').values([first, second]).execute())
    const total = await database.read
      .selectFrom('workspaces')
      .select(({ fn }) => [fn.countAll().as('count'), fn.sum('audit_size').as('sum')])
      .where('id', 'in', [first.id, second.id])
      .executeTakeFirstOrThrow()
    expect(total).toEqual({ count: 2, sum: 7_000_000_000 })
  })

  it('that no JavaScript number holds exactly is an error', async () => {
    const database = await open()
    const id = await newWorkspace(database)
    await database.transact((tx) =>
      tx
        .updateTable('workspaces')
        .set({ version: sql`9007199254740993` })
        .where('id', '=', id)
        .execute(),
    )
    const query = database.read.selectFrom('workspaces').select('version').where('id', '=', id)
    await expect(query.execute()).rejects.toThrow(/too large/)
    expect(await nameOf(database, id)).toBe('A workspace')
  })

  it.each([
    ['a boolean', true, /parameter 1 .* a boolean/],
    ['undefined', undefined, /parameter 1 .* undefined/],
    ['a fraction', 1.5, /parameter 1 .* whole number/],
    ['a number beyond 2^53', 2 ** 53, /parameter 1 .* whole number/],
    ['not a number', Number.NaN, /parameter 1 .* whole number/],
    ['a text with a NUL', `${SECRET_LOOKING}\0`, /parameter 1 .* NUL/],
    ['a date', new Date(), /parameter 1 .* object/],
  ])('that is %s is refused loudly', async (_name, value, message) => {
    const database = await open()
    const query = sql`select ${value} as x`
    const failures = [
      await failureOf(query.execute(unfenced(database))),
      await failureOf(database.transact((tx) => query.execute(tx))),
    ]
    for (const failure of failures) {
      expect(failure).toBeInstanceOf(TypeError)
      expect(failure.message).toMatch(message)
      expect(everythingOf(failure)).not.toContain(SECRET_LOOKING)
    }
  })
})

describeEachDatabase('an error', (open) => {
  it('has a code and leads to the caller, but shows no parameter', async () => {
    const database = await open()
    const row = { ...workspaceRow(), id: SECRET_LOOKING }
    const insert = (): Promise<unknown> =>
      database.transact((tx) => tx.insertInto('workspaces').values(row).returning('id').execute())
    await insert()
    const failure = await failureOf(insert())
    expect(failure).toBeInstanceOf(DatabaseError)
    expect(failure).toHaveProperty('code', database.engine === 'sqlite' ? 'SQLITE_CONSTRAINT' : '23505')
    expect(everythingOf(failure)).not.toContain(SECRET_LOOKING)
    const broken = await failureOf(sql`select ${SECRET_LOOKING} from nowhere`.execute(unfenced(database)))
    expect(broken.message).toContain('nowhere')
    expect(everythingOf(broken)).not.toContain(SECRET_LOOKING)
  })

  it('is what a write through the reader gets', async () => {
    const database = await open()
    const write = unfenced(database).insertInto('workspaces').values(workspaceRow()).execute()
    const failure = await failureOf(write)
    expect(failure).toHaveProperty('code', database.engine === 'sqlite' ? 'SQLITE_READONLY' : '25006')
  })

  it('is what a row of nobody gets', async () => {
    const database = await open()
    const row = { revision: 1, workspace_id: 'nobody', subject: 'key', subject_id: 'x', at_ms: 1 } as const
    const failure = await failureOf(
      database.transact((tx) => tx.insertInto('change_log').values(row).execute()),
    )
    expect(failure.message).toMatch(/foreign key/i)
  })
})

describeEachDatabase('a transaction', (open) => {
  it('leaves nothing when its work fails', async () => {
    const database = await open()
    const row = workspaceRow()
    const failing = database.transact(async (tx) => {
      await tx.insertInto('workspaces').values(row).execute()
      throw new Error('the work failed')
    })
    await expect(failing).rejects.toThrow('the work failed')
    expect(await nameOf(database, row.id)).toBeUndefined()
    await newWorkspace(database)
  })

  it('is not seen by readers, not even from inside, before it commits', async () => {
    const database = await open()
    const row = workspaceRow()
    await database.transact(async (tx) => {
      await tx.insertInto('workspaces').values(row).execute()
      expect(await nameOf(database, row.id)).toBeUndefined()
      expect(await tx.selectFrom('workspaces').select('id').where('id', '=', row.id).execute()).toHaveLength(
        1,
      )
    })
    expect(await nameOf(database, row.id)).toBe(row.name)
  })

  it('counts the rows that it changed', async () => {
    const database = await open()
    const id = await newWorkspace(database)
    const rename = (of: string): Promise<{ numUpdatedRows: bigint }> =>
      database.transact((tx) =>
        tx.updateTable('workspaces').set({ name: 'Renamed' }).where('id', '=', of).executeTakeFirstOrThrow(),
      )
    expect((await rename(id)).numUpdatedRows).toBe(1n)
    expect((await rename('nobody')).numUpdatedRows).toBe(0n)
  })

  it.each(['40001', '40P01', 'SQLITE_BUSY'])(
    'that gave way (%s) is tried again, but not for ever',
    async (code) => {
      const database = await open()
      const attempts = vi.fn(() => Promise.reject(new DatabaseError(code, 'gave way')))
      await expect(database.transact(attempts)).rejects.toThrow('gave way')
      expect(attempts).toHaveBeenCalledTimes(5)
      const id = await newWorkspace(database)
      const second = vi
        .fn(() => Promise.resolve(id))
        .mockRejectedValueOnce(new DatabaseError(code, 'gave way'))
      expect(await database.transact(second)).toBe(id)
    },
  )

  it('that failed otherwise is not tried again', async () => {
    const database = await open()
    const attempts = vi.fn(() => Promise.reject(new DatabaseError('UNAVAILABLE', 'gone')))
    await expect(database.transact(attempts)).rejects.toThrow('gone')
    expect(attempts).toHaveBeenCalledTimes(1)
  })

  it('that overlaps with others of two handles loses no update', async () => {
    const handles = await Promise.all([open(), open()])
    const id = await newWorkspace(handles[0])
    const increment = (database: WritableDatabase): Promise<unknown> =>
      database.transact((tx) =>
        tx
          .updateTable('workspaces')
          .set((row) => ({ audit_size: row('audit_size', '+', 1) }))
          .where('id', '=', id)
          .execute(),
      )
    await Promise.all(Array.from({ length: 100 }, (_, index) => increment(handles[index % 2] ?? handles[0])))
    const row = await handles[0].read
      .selectFrom('workspaces')
      .select('audit_size')
      .where('id', '=', id)
      .execute()
    expect(row).toEqual([{ audit_size: 100 }])
  })
})

describeEachDatabase('a closed database', (open) => {
  it('first ends its transactions, and then refuses queries', async () => {
    const database = await open()
    const row = workspaceRow()
    let closing: Promise<void> = Promise.resolve()
    await database.transact(async (tx) => {
      closing = database.close()
      await tx.insertInto('workspaces').values(row).execute()
    })
    await closing
    await expect(nameOf(database, row.id)).rejects.toThrow(/has ended|after calling end/)
    await expect(newWorkspace(database)).rejects.toThrow(/destroyed|after calling end/)
    expect(await nameOf(await open(), row.id)).toBe(row.name)
  })
})
