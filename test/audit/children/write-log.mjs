// Writes to an audit log in every way that a node does, until it is killed: entries in transactions of their own and
// through the spool, drained and signed all the while. Prints what was acknowledged, the moment it was.
import { createSecretKey, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { appendAudit } from '../../../server/dist/audit/append.js'
import { Checkpointer } from '../../../server/dist/audit/checkpointer.js'
import { entryTexts } from '../../../server/dist/audit/entry.js'
import { LogKeys } from '../../../server/dist/audit/log-key.js'
import { SpoolDrain } from '../../../server/dist/audit/spool/spool-drain.js'
import { SpoolWriter } from '../../../server/dist/audit/spool/spool-writer.js'
import { openDatabase } from '../../../server/dist/storage/database.js'

const { location, workspaceIds, rootKey, writers, bearsFailures = false } = JSON.parse(process.argv[2])
const run = randomBytes(6).toString('hex')

const fail = (error, message) => {
  if (bearsFailures) return
  process.stderr.write(`${message}: ${String(error)}\n`)
  process.exitCode = 3
}
const database = await openDatabase(location)
const directory = join(location.dataDirectory, 'audit-spool')
const spool = await SpoolWriter.open({ directory, bytesMax: 2 ** 30, now: Date.now, onError: fail })
const keys = new LogKeys(createSecretKey(Buffer.from(rootKey, 'hex')))
const drain = new SpoolDrain({ directory, database, keys, writer: spool, onError: fail })
const checkpointer = new Checkpointer({
  database,
  keys,
  now: Date.now,
  onCheckpoint: ({ workspaceId, note }) => {
    process.stdout.write(`${JSON.stringify({ kind: 'checkpoint', workspaceId, note })}\n`)
  },
  onError: fail,
})

const draft = (workspaceId, marker) => ({
  workspaceId,
  atMilliseconds: Date.now(),
  actor: { type: 'key', id: 'key_0000000000000' },
  action: 'call.allowed',
  operation: 'agent.retrieve',
  resource: { type: 'operation', id: null },
  failure: null,
  requestId: marker,
  details: { method: 'GET' },
  personal: { address: '203.0.113.7' },
})

async function again(work) {
  for (;;) {
    await work().catch(async (error) => {
      if (!bearsFailures) throw error
      await sleep(10)
    })
  }
}

let made = 0
const next = () => {
  const marker = `${run}-${++made}`
  return [workspaceIds[made % workspaceIds.length], marker]
}

process.stdout.write(`${JSON.stringify({ kind: 'ready' })}\n`)
for (let writer = 0; writer < writers; writer++) {
  void again(async () => {
    const [workspaceId, marker] = next()
    await spool.appendDurably(entryTexts(draft(workspaceId, marker)))
    process.stdout.write(`${JSON.stringify({ kind: 'spooled', workspaceId, marker })}\n`)
  })
}
void again(async () => {
  const [workspaceId, marker] = next()
  const index = await database.transact((tx) => appendAudit(tx, keys, draft(workspaceId, marker)))
  process.stdout.write(`${JSON.stringify({ kind: 'appended', workspaceId, marker, index })}\n`)
})
void again(async () => {
  await drain.drain()
  await sleep(5)
})
void again(async () => {
  await checkpointer.run()
  await sleep(15)
})
