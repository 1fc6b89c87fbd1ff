import { randomInt } from 'node:crypto'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { sql, type RawBuilder } from 'kysely'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { readChanges } from '../../server/src/storage/change-log.js'
import {
  openDatabase,
  type DatabaseLocation,
  type WritableDatabase,
} from '../../server/src/storage/database.js'
import { newWorkspace, startChild, unfenced } from './support.js'

/** The worker threads that were started, the writer's before the reader's. */
const workers = vi.hoisted((): Worker[] => [])

vi.mock('node:worker_threads', async (original) => {
  const threads = await original<typeof import('node:worker_threads')>()
  class RememberedWorker extends threads.Worker {
    constructor(...parameters: ConstructorParameters<typeof threads.Worker>) {
      super(...parameters)
      workers.push(this)
    }
  }
  return { ...threads, Worker: RememberedWorker }
})

/** Counts so many rows, at some millions a second. */
function slowQuery(rows: number): RawBuilder<{ total: number }> {
  return sql`
    with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ${rows})
    select count(*) as total from numbers`
}

let location: DatabaseLocation
let opened: WritableDatabase[]

async function open(): Promise<WritableDatabase> {
  const database = await openDatabase(location)
  opened.push(database)
  return database
}

beforeEach(async () => {
  location = { url: null, dataDirectory: await mkdtemp(join(tmpdir(), 'bitting-sqlite-')) }
  opened = []
  workers.length = 0
})

afterEach(async () => {
  await Promise.all(opened.map((database) => database.close()))
  await rm(location.dataDirectory, { recursive: true, force: true })
})

async function pragma(database: WritableDatabase, name: string): Promise<unknown> {
  const query = sql.raw<Record<string, unknown>>(`pragma ${name}`)
  const inReader = await query.execute(unfenced(database))
  const inWriter = await database.transact((tx) => query.execute(tx))
  const values = [...inReader.rows, ...inWriter.rows].map((row) => Object.values(row)[0])
  expect(values[0]).toBe(values[1])
  return values[0]
}

describe('the SQLite database', () => {
  it('flushes every commit to the disk', async () => {
    const database = await open()
    expect(await pragma(database, 'synchronous')).toBe(2)
    expect(await pragma(database, 'journal_mode')).toBe('wal')
    expect(await pragma(database, 'foreign_keys')).toBe(1)
    expect(await pragma(database, 'busy_timeout')).toBe(5000)
  })

  it('is readable by its owner alone, with the files beside it', async () => {
    await newWorkspace(await open())
    const files = await readdir(location.dataDirectory)
    expect(files.sort()).toEqual(['bitting.db', 'bitting.db-shm', 'bitting.db-wal'])
    for (const file of files) {
      expect((await stat(join(location.dataDirectory, file))).mode & 0o777).toBe(0o600)
    }
  })

  it('keeps to the types of its columns', async () => {
    const database = await open()
    const id = await newWorkspace(database)
    const update = database.transact((tx) =>
      tx
        .updateTable('workspaces')
        .set({ version: sql`'many'` })
        .where('id', '=', id)
        .execute(),
    )
    await expect(update).rejects.toThrow(/cannot store TEXT value in INTEGER column/)
  })

  it('is refused when the file is none', async () => {
    await writeFile(join(location.dataDirectory, 'bitting.db'), 'This is no database. '.repeat(100))
    await expect(open()).rejects.toThrow(/not a database/)
  })

  it('serves other reads and writes after a statement failed inside a transaction', async () => {
    const database = await open()
    const id = await newWorkspace(database)
    await database.transact(async (tx) => {
      await sql`insert into workspaces (id) values (${id}) returning id`.execute(tx).catch(() => undefined)
      await tx.updateTable('workspaces').set({ name: 'Kept' }).where('id', '=', id).execute()
    })
    const row = await database.read.selectFrom('workspaces').select('name').where('id', '=', id).execute()
    expect(row).toEqual([{ name: 'Kept' }])
  })
})

describe('the SQLite threads', () => {
  it('leave the event loop free during a slow query', async () => {
    const database = await open()
    const found: { total: number }[] = []
    const query = slowQuery(2_000_000)
      .execute(unfenced(database))
      .then(({ rows }) => found.push(...rows))
    let turns = 0
    for (; found.length === 0; turns++) await turn()
    await query
    expect(found).toEqual([{ total: 2_000_000 }])
    expect(turns).toBeGreaterThan(100)
  })

  it('let a write through during a slow read', async () => {
    const database = await open()
    const order: string[] = []
    await Promise.all([
      slowQuery(5_000_000)
        .execute(unfenced(database))
        .then(() => order.push('read')),
      newWorkspace(database).then(() => order.push('write')),
    ])
    expect(order).toEqual(['write', 'read'])
  })

  it.each(['writer', 'reader'])('reject what waits and what comes when the %s dies', async (which) => {
    const database = await open()
    const ask = (): Promise<unknown> =>
      which === 'reader'
        ? slowQuery(2_000_000).execute(unfenced(database))
        : database.transact((tx) => slowQuery(2_000_000).execute(tx))
    const worker = workers[which === 'writer' ? 0 : 1]
    await ask()
    // An order that it cannot read is the end of it. Stopped from outside in the middle of a statement, the driver for
    // Node 20 aborts the whole process now and then.
    worker?.postMessage(null)
    const waiting = [ask(), ask()].map((query) => query.catch((error: unknown) => error))
    const failures = [...(await Promise.all(waiting)), await ask().catch((error: unknown) => error)]
    for (const failure of failures) {
      expect(failure).toMatchObject({ name: 'DatabaseError', code: 'UNAVAILABLE' })
      expect((failure as Error).message).toMatch(/^the SQLite thread has ended: /)
    }
  })

  it('print no warning about an experimental module', async () => {
    const order = { location, workspaceId: 'w', writers: 1, changesEach: 1 }
    const child = startChild('append-changes', JSON.stringify(order))
    expect(await child.ended).toBe(0)
    expect(child.errors()).toBe('')
  })
})

describe('an acknowledged commit', () => {
  it('survives a SIGKILL of the process, twenty times', async () => {
    const acknowledged = new Map<string, number>()
    for (let run = 0; run < 20; run++) {
      const order = { location, workspaceId: `run-${String(run)}`, writers: 3, changesEach: 1_000_000 }
      const enough = randomInt(1, 40)
      const child = startChild('append-changes', JSON.stringify(order), () => {
        if (child.lines().length >= enough) child.process.kill('SIGKILL')
      })
      expect(await child.ended).toBeNull()
      for (const line of child.lines()) {
        const [revision, subjectId] = line.split(' ')
        acknowledged.set(subjectId ?? '', Number(revision))
      }
    }
    const database = await open()
    const kept = new Map<string, number>()
    for (const change of await readChanges(database.read, 0, 1_000_000)) {
      expect(change.revision).toBe(kept.size + 1)
      kept.set(change.subject_id, change.revision)
    }
    for (const [subjectId, revision] of acknowledged) expect(kept.get(subjectId)).toBe(revision)
    expect(acknowledged.size).toBeGreaterThanOrEqual(20)
  })
})
