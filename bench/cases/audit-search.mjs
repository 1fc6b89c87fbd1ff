// Searches in a log of many entries, each as a multiple of reading one entry by its place.
import { mkdtempSync, rmSync } from 'node:fs'
import { createSecretKey, randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { appendTexts } from '../../server/dist/audit/append.js'
import { entryTexts } from '../../server/dist/audit/entry.js'
import { LogKeys } from '../../server/dist/audit/log-key.js'
import { getAuditEntry, searchAudit } from '../../server/dist/audit/search.js'
import { openDatabase } from '../../server/dist/storage/database.js'

const count = Number(process.argv[2])
const WORKSPACE = 'ws_bench00000000'
const BEGIN = 1_700_000_000_000
const STEP = 100
const REPEATS = 200

const keys = new LogKeys(createSecretKey(randomBytes(32)))
const directory = mkdtempSync(join(tmpdir(), 'bitting-bench-'))
const database = await openDatabase({ url: null, dataDirectory: directory })
await database.transact((tx) =>
  tx
    .insertInto('workspaces')
    .values({
      id: WORKSPACE,
      name: 'Bench',
      ceilings: '{}',
      overlay: '[]',
      upstream: null,
      sealed_upstream_key: null,
      audit_size: 0,
      version: 1,
      created_at: 0,
    })
    .execute(),
)

// Every twentieth call is denied; a thousand keys, sixty operations, three hundred thousand calls looked at.
function entry(index) {
  const isDenied = index % 20 === 0
  return entryTexts({
    workspaceId: WORKSPACE,
    atMilliseconds: BEGIN + index * STEP,
    actor: { type: 'key', id: `key_${index % 1000}` },
    action: isDenied ? 'call.denied' : 'call.allowed',
    operation: `call.operation${index % 60}`,
    resource: { type: 'call_id', id: null },
    failure: isDenied ? 'insufficient_scope' : null,
    requestId: isDenied ? `request-${index}` : null,
    details: { method: 'GET', via: 'gateway' },
    personal: {
      address: `203.0.${(index >> 8) & 255}.${index & 255}`,
      user_agent: 'Retell/JS 5.66.1',
      resource_id: `call_${(index * 7919) % 300_000}`,
    },
  })
}

for (let from = 0; from < count; from += 2000) {
  const texts = Array.from({ length: Math.min(2000, count - from) }, (_, at) => entry(from + at))
  await database.transact((tx) => appendTexts(tx, keys, texts))
}

const middle = BEGIN + (count / 2) * STEP
const at = (repeat) => (repeat * 7919 * 20) % count
const searches = {
  'newest first': () => ({}),
  'by actor': (repeat) => ({ actor: `key_${repeat % 1000}` }),
  'by action': () => ({ action: 'call.denied' }),
  'by resource': (repeat) => ({ resource: `call_${(repeat * 7919) % 300_000}` }),
  'by key': (repeat) => ({ key: `key_${repeat % 1000}` }),
  failures: () => ({ outcome: 'failure' }),
  'by request id': (repeat) => ({ requestId: `request-${at(repeat)}` }),
  'an hour in the middle': (repeat) => ({
    sinceMilliseconds: middle + repeat * 1000,
    untilMilliseconds: middle + repeat * 1000 + 3_600_000,
  }),
  'a rare word': (repeat) => ({ text: `call_${(repeat * 7919) % 300_000}` }),
  'common words': () => ({ text: 'retell js' }),
  'three filters': (repeat) => ({
    actor: `key_${(repeat % 50) * 20}`,
    action: 'call.denied',
    sinceMilliseconds: middle,
  }),
}

async function measure(work) {
  const times = []
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const begun = performance.now()
    await work(repeat)
    times.push(performance.now() - begun)
  }
  times.sort((left, right) => left - right)
  return { p50: times[REPEATS / 2], p99: times[Math.floor(REPEATS * 0.99)] }
}

const one = await measure((repeat) => getAuditEntry(database, WORKSPACE, at(repeat)))
const measured = {}
let slowest = 0
for (const [name, filter] of Object.entries(searches)) {
  const page = { limit: 50, cursor: null }
  const { p50, p99 } = await measure((repeat) => searchAudit(database, WORKSPACE, filter(repeat), page))
  measured[name] = { p50: p50 / one.p50, p99: p99 / one.p50 }
  slowest = Math.max(slowest, p99)
}
await database.close()
rmSync(directory, { recursive: true, force: true })
console.log(JSON.stringify({ searches: measured, slowest }))
