import { expect, it } from 'vitest'
import { pruneAuditLogs } from '../../server/src/audit/retention.js'
import { readAuditRange } from '../../server/src/audit/search.js'
import type { WritableDatabase } from '../../server/src/storage/database.js'
import type { AuditPolicyRow } from '../../server/src/storage/schema.js'
import { newWorkspace } from '../storage/support.js'
import { describeEachDatabase } from '../support/databases.js'
import { append, KEYS, newSigning } from './tree-fixture.js'

/** As many as one transaction deletes, and some. */
const ENTRIES = 2100
const DELETED_FIRST = 2000
const DAY_MILLISECONDS = 86_400_000
/** Ten days after the entries of the fixture. */
const NOW = 1_700_000_000_000 + 10 * DAY_MILLISECONDS

type Change = Partial<AuditPolicyRow>

describeEachDatabase('retention that is changed while entries are deleted', (open) => {
  async function newLog(database: WritableDatabase): Promise<string> {
    const workspaceId = await newWorkspace(database)
    await append(database, workspaceId, ENTRIES)
    await newSigning(database).checkpointer.run()
    const policy = { calls: 'all', sample_rate: '1', retention_days: 1, legal_hold: 0 } as const
    await database.transact(async (tx) => {
      // Of the cases before this one nothing is to be deleted any more.
      await tx.deleteFrom('audit_policies').execute()
      await tx
        .insertInto('audit_policies')
        .values({ workspace_id: workspaceId, ...policy })
        .execute()
    })
    return workspaceId
  }

  /** The same database; after its first transaction somebody changes the policy. */
  function changedAfterFirst(
    database: WritableDatabase,
    workspaceId: string,
    change: Change,
  ): WritableDatabase {
    let isFirst = true
    return {
      ...database,
      transact: async (work) => {
        const result = await database.transact(work)
        if (isFirst) {
          isFirst = false
          await database.transact((tx) =>
            tx.updateTable('audit_policies').set(change).where('workspace_id', '=', workspaceId).execute(),
          )
        }
        return result
      },
    }
  }

  it.each<[string, Change, number, readonly number[]]>([
    ['stops where they are kept longer', { retention_days: 30 }, DELETED_FIRST, [1]],
    ['stops where they are kept for ever', { retention_days: null }, DELETED_FIRST, [1]],
    ['stops under a legal hold', { legal_hold: 1 }, DELETED_FIRST, [1]],
    ['tells the days of each part', { retention_days: 5 }, ENTRIES, [1, 5]],
    ['goes on where nothing of it changed', { calls: 'writes' }, ENTRIES, [1, 1]],
  ])('%s', async (_what, change, deleted, days) => {
    const database = await open()
    const workspaceId = await newLog(database)
    await pruneAuditLogs(changedAfterFirst(database, workspaceId, change), KEYS, NOW)
    const left = await readAuditRange(database, workspaceId, 0, ENTRIES + 2)
    expect(left[0]?.place).toBe(deleted)
    const told = left.map(({ entry }) => entry).filter(({ action }) => action === 'audit.prune')
    expect(told.map(({ details }) => details['retention_days'])).toEqual(days)
    expect(told.at(-1)?.details).toMatchObject({ last: deleted - 1 })
  })

  it('goes on in the others where it fails in one', async () => {
    const database = await open()
    const first = await newLog(database)
    const second = await newWorkspace(database)
    await append(database, second, 10)
    await newSigning(database).checkpointer.run()
    await database.transact((tx) =>
      tx
        .insertInto('audit_policies')
        .values({ workspace_id: second, calls: 'all', sample_rate: '1', retention_days: 1, legal_hold: 0 })
        .execute(),
    )
    let isFirst = true
    const failing: WritableDatabase = {
      ...database,
      transact: async (work) => {
        if (!isFirst) return database.transact(work)
        isFirst = false
        throw new Error('the log was tampered with')
      },
    }
    await expect(pruneAuditLogs(failing, KEYS, NOW)).rejects.toBeInstanceOf(AggregateError)
    const begins = async (id: string) => (await readAuditRange(database, id, 0, 1))[0]?.place
    const places = [await begins(first), await begins(second)]
    // Which of them is first is the database's choice.
    expect([
      [0, 10],
      [ENTRIES, 0],
    ]).toContainEqual(places)
  })
})
