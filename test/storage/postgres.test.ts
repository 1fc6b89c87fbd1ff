import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { appendChange } from '../../server/src/storage/change-log.js'
import { openDatabase, type WritableDatabase } from '../../server/src/storage/database.js'
import { freshPostgresUrl } from '../support/databases.js'
import { newWorkspace, unfenced } from './support.js'

let dataDirectory: string
let url: string
let database: WritableDatabase

beforeAll(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), 'bitting-postgres-'))
  url = await freshPostgresUrl()
  database = await openDatabase({ url, dataDirectory })
})

afterAll(async () => {
  await database.close()
  await rm(dataDirectory, { recursive: true, force: true })
})

async function append(): Promise<void> {
  const workspaceId = await newWorkspace(database)
  const change = { workspaceId, subject: 'key', subjectId: 'k', atMilliseconds: 0 } as const
  await database.transact((tx) => appendChange(tx, change))
}

/** Ends every connection of the database but the one that asks. */
async function endConnections(): Promise<void> {
  await sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`.execute(unfenced(database))
}

async function called(callback: () => void): Promise<void> {
  await vi.waitFor(() => {
    expect(callback).toHaveBeenCalled()
  }, 10_000)
}

describe('PostgreSQL', () => {
  it('does not let a transaction count as committed in which a swallowed statement failed', async () => {
    const workspaceId = await newWorkspace(database)
    const transaction = database.transact(async (tx) => {
      await tx.updateTable('workspaces').set({ name: 'Lost' }).where('id', '=', workspaceId).execute()
      await sql`select 1 / 0`.execute(tx).catch(() => undefined)
    })
    await expect(transaction).rejects.toMatchObject({ code: '25P02' })
  })

  it('has one of two transactions that wait for each other tried again', async () => {
    const ids = [await newWorkspace(database), await newWorkspace(database)]
    let attempts = 0
    const lockBoth = (order: string[]): Promise<void> =>
      database.transact(async (tx) => {
        attempts++
        for (const id of order) {
          await tx.updateTable('workspaces').set({ name: 'Locked' }).where('id', '=', id).execute()
          await sleep(200)
        }
      })
    await Promise.all([lockBoth(ids), lockBoth(ids.toReversed())])
    expect(attempts).toBe(3)
  })

  it('gives up a transaction whose connection is lost, and serves the next', async () => {
    const transaction = database.transact(async (tx) => {
      await sql`select 1`.execute(tx)
      await endConnections()
      await sleep(50)
      await sql`select 1`.execute(tx)
    })
    await expect(transaction).rejects.toMatchObject({ name: 'DatabaseError' })
    await newWorkspace(database)
  })

  it('wakes who listens when a change commits, also after the connection was lost', async () => {
    const callback = vi.fn()
    const stop = database.onWakeUp(callback)
    await called(callback)
    callback.mockClear()
    await append()
    await called(callback)
    callback.mockClear()
    await endConnections()
    await called(callback)
    callback.mockClear()
    await append()
    await called(callback)
    stop()
    callback.mockClear()
    await append()
    await sleep(100)
    expect(callback).not.toHaveBeenCalled()
  })

  it('closes while the listener still connects', async () => {
    const other = await openDatabase({ url, dataDirectory })
    other.onWakeUp(() => undefined)
    await other.close()
  })

  it('that cannot be reached is an error with a code, without the password', async () => {
    const nowhere = new URL(url)
    nowhere.port = '1'
    const opening = openDatabase({ url: nowhere.href, dataDirectory })
    await expect(opening).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(opening).rejects.not.toThrow(nowhere.password)
  })
})
