// Deliveries a second to 99 endpoints, in turn alone and beside one that never answers.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { addEndpoint, openStage, startDispatcher, take } from '../webhook-stage.mjs'

const [, , sink] = process.argv
const OTHERS = 99
const CONCURRENCY = 8
const WARM_UP = 30
const EVENTS = 100
const TURNS = 3
/** Short, so that attempts at the one that hangs end meanwhile, and longer than anybody else needs on a busy machine. */
const LIMIT_MILLISECONDS = 3000

const directory = mkdtempSync(join(tmpdir(), 'bitting-bench-'))
const stage = await openStage({ url: null, dataDirectory: directory })
for (let at = 0; at < OTHERS; at++) await addEndpoint(stage, `${sink}/hook/${at}`, CONCURRENCY)
const hanging = await addEndpoint(stage, `${sink}/hang`, CONCURRENCY)
const { dispatcher, stop } = startDispatcher(stage, LIMIT_MILLISECONDS)

async function setHanging(isThere) {
  await stage.database.transact((tx) =>
    tx
      .updateTable('webhook_endpoints')
      .set({ disabled_at: isThere ? null : 1 })
      .where('id', '=', hanging)
      .execute(),
  )
  dispatcher.wake()
}

/** Milliseconds until so many events have come to the 99. */
async function deliver(events) {
  const goal = dispatcher.counts.accepted + events * OTHERS
  const begun = performance.now()
  await take(stage, events, dispatcher)
  while (dispatcher.counts.accepted < goal) await sleep(1)
  return performance.now() - begun
}

const took = { alone: 0, beside: 0 }
await setHanging(false)
await deliver(WARM_UP)
for (let turn = 0; turn < TURNS; turn++) {
  took.alone += await deliver(EVENTS)
  await setHanging(true)
  took.beside += await deliver(EVENTS)
  await setHanging(false)
  // Its last attempts end before the 99 are alone again.
  await dispatcher.settled()
}
if (dispatcher.counts.failed === 0) throw new Error('nothing was sent to the endpoint that hangs')
await stop()
await stage.database.close()
rmSync(directory, { recursive: true, force: true })
console.log(JSON.stringify(took))
