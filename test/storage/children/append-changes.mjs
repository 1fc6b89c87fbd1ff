// Appends changes with many transactions at once and prints each revision when it is acknowledged. One in five
// transactions fails on purpose after it took a revision.
import { setTimeout as sleep } from 'node:timers/promises'
import { appendChange } from '../../../server/dist/storage/change-log.js'
import { openDatabase } from '../../../server/dist/storage/database.js'

const { location, workspaceId, writers, changesEach } = JSON.parse(process.argv[2])

const database = await openDatabase(location)
await database.transact((tx) =>
  tx
    .insertInto('workspaces')
    .values({
      id: workspaceId,
      name: '',
      ceilings: '{}',
      overlay: '{}',
      audit_size: 0,
      version: 1,
      created_at: 0,
    })
    .execute(),
)

async function append(subjectId, fails) {
  const revision = await database.transact(async (tx) => {
    const change = { workspaceId, subject: 'key', subjectId, atMilliseconds: Date.now() }
    const taken = await appendChange(tx, change)
    await sleep(Math.random() * 2)
    if (fails) throw new Error('on purpose')
    return taken
  })
  process.stdout.write(`${revision} ${subjectId}\n`)
}

async function write(writer) {
  for (let change = 0; change < changesEach; change++) {
    const fails = (writer + change) % 5 === 0
    await append(`${workspaceId}-${writer}-${change}`, fails).catch((error) => {
      if (!fails || error.message !== 'on purpose') throw error
    })
  }
}

await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)))
await database.close()
