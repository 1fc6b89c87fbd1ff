// Deliveries a second of one side: first of events that were taken before, then of events that are taken meanwhile.
// What a side has delivered counts once that is durable; the side `undici` keeps nothing.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sides } from '../webhook-sides.mjs'

const [, , name, sink, url = ''] = process.argv
const WARM_UP = 3000
const DELIVERIES = 12_000

/** Deliveries a second and a processor second while `work` runs and until as many are delivered. */
async function measure(side, work) {
  const before = process.cpuUsage()
  const begun = performance.now()
  const goal = side.delivered() + DELIVERIES
  await work()
  while (side.delivered() < goal) await sleep(1)
  await side.settled()
  const { user, system } = process.cpuUsage(before)
  return {
    rate: (DELIVERIES * 1000) / (performance.now() - begun),
    cpu: (DELIVERIES * 1e6) / (user + system),
  }
}

const directory = mkdtempSync(join(tmpdir(), 'bitting-bench-'))
try {
  const side = await sides[name]({ sink, directory, url: url === '' ? null : url })
  await side.start()
  await side.take(WARM_UP)
  while (side.delivered() < WARM_UP) await sleep(1)
  await side.settled()
  await side.stop()
  await side.take(DELIVERIES)
  const backlog = await measure(side, () => side.start())
  const taking = await measure(side, () => side.take(DELIVERIES))
  await side.stop()
  await side.close()
  console.log(JSON.stringify({ backlog, taking }))
} finally {
  rmSync(directory, { recursive: true, force: true })
}
