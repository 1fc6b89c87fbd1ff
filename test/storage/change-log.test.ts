import { expect, it } from 'vitest'
import { appendChange, currentRevision, readChanges } from '../../server/src/storage/change-log.js'
import { describeEachDatabase } from '../support/databases.js'
import { newWorkspace, startChild, type Child } from './support.js'

const WRITERS = 100
const CHANGES_EACH = 5
const CHANGES_KEPT = (WRITERS * CHANGES_EACH * 4) / 5

describeEachDatabase('the change log', (open) => {
  it('begins at revision 0', async () => {
    const { read } = await open()
    expect(await currentRevision(read)).toBe(0)
    expect(await readChanges(read, 0, 10)).toEqual([])
  })

  it('numbers changes from 1, also several of one transaction', async () => {
    const database = await open()
    const workspaceId = await newWorkspace(database)
    const revisions = await database.transact(async (tx) => [
      await appendChange(tx, {
        workspaceId,
        subject: 'workspace',
        subjectId: workspaceId,
        atMilliseconds: 1,
      }),
      await appendChange(tx, { workspaceId, subject: 'key', subjectId: 'k', atMilliseconds: 2 }),
    ])
    expect(revisions).toEqual([1, 2])
    expect(await currentRevision(database.read)).toBe(2)
    expect(await readChanges(database.read, 1, 10)).toEqual([
      { revision: 2, workspace_id: workspaceId, subject: 'key', subject_id: 'k', at_ms: 2 },
    ])
    expect(await readChanges(database.read, 0, 1)).toHaveLength(1)
  })
})

describeEachDatabase('the change log of two processes', (open, suite) => {
  it('shows a reader that follows it every acknowledged change, in order and without a gap', async () => {
    // They also make the database: nobody opened it before.
    const location = await suite.locate()
    const children = ['a', 'b'].map((workspaceId) => {
      const order = { location, workspaceId, writers: WRITERS, changesEach: CHANGES_EACH }
      return startChild('append-changes', JSON.stringify(order))
    })
    const database = await open()
    let running = children.length
    const over = Promise.all(
      children.map(({ ended }) =>
        ended.then((code) => {
          running--
          return code
        }),
      ),
    )
    const seen: string[] = []
    for (let isLast = false; !isLast;) {
      isLast = running === 0
      for (const change of await readChanges(database.read, seen.length, 50)) {
        seen.push(change.subject_id)
        expect(change.revision).toBe(seen.length)
        isLast = false
      }
    }
    expect(await over).toEqual([0, 0])
    expect(seen).toHaveLength(2 * CHANGES_KEPT)
    expect(acknowledged(children)).toEqual(new Map(seen.map((subjectId, index) => [subjectId, index + 1])))
    expect(await currentRevision(database.read)).toBe(seen.length)
  })
})

/** The revision that each change was acknowledged under. */
function acknowledged(children: readonly Child[]): Map<string, number> {
  const pairs = children.flatMap(({ lines }) =>
    lines().map((line): [string, number] => {
      const [revision, subjectId] = line.split(' ')
      return [subjectId ?? '', Number(revision)]
    }),
  )
  return new Map(pairs.sort(([, one], [, other]) => one - other))
}
