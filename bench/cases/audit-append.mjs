// Durable entries a second: the spool with callers that wait for their entries, once with entries that are ready and
// once from the facts of a call on; a file flushed for every entry; and a bare file that is given the spool's batches.
import { mkdtempSync, rmSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { entryTexts } from '../../server/dist/audit/entry.js'
import { listSegments } from '../../server/dist/audit/spool/segment.js'
import { SpoolWriter } from '../../server/dist/audit/spool/spool-writer.js'

const WAITERS = 256
const ROUND_MS = 600
const ROUNDS = 3

const directory = mkdtempSync(join(tmpdir(), 'bitting-bench-'))
const draft = (index) => ({
  workspaceId: 'ws_bench00000000',
  atMilliseconds: 1_700_000_000_000 + index,
  actor: { type: 'key', id: `key_${String(index % 1000).padStart(13, '0')}` },
  action: 'call.allowed',
  operation: 'agent.retrieve',
  resource: { type: 'agent_id', id: null },
  failure: null,
  requestId: null,
  details: { method: 'GET', via: 'gateway' },
  personal: { address: '203.0.113.7', user_agent: 'Retell/JS 5.66.1', resource_id: `agent_${index}` },
})

let made = 0
const sides = ['ready', 'whole', 'bare', 'single']
const results = Object.fromEntries(sides.map((side) => [side, 0]))
const elapsed = Object.fromEntries(sides.map((side) => [side, 0]))

/** Lets waiters append entries for a while, and returns where the files of the spool's batches end. */
async function spoolRound(side, spoolDirectory, next) {
  const batches = []
  const spool = await SpoolWriter.open({
    directory: spoolDirectory,
    bytesMax: 2 ** 33,
    now: Date.now,
    onError: (error) => {
      throw error
    },
    onDurable: () => batches.push(spool.bytes),
  })
  const begun = performance.now()
  const until = begun + ROUND_MS
  let count = 0
  await Promise.all(
    Array.from({ length: WAITERS }, async () => {
      for (; performance.now() < until; count++) await spool.appendDurably(next())
    }),
  )
  elapsed[side] += performance.now() - begun
  results[side] += count
  await spool.close()
  return { batches, count }
}

/** Gives a bare file the bytes of a spool in the spool's batches, with nothing else done. */
async function bareRound(spoolDirectory, { batches, count }, round) {
  const parts = []
  for (const { path } of await listSegments(spoolDirectory)) parts.push(await readFile(path))
  const bytes = Buffer.concat(parts)
  const bare = await open(join(directory, `bare-${round}`), 'ax')
  const begun = performance.now()
  let from = 0
  for (const to of batches) {
    await bare.writeFile(bytes.subarray(from, to))
    await bare.datasync()
    from = to
  }
  elapsed.bare += performance.now() - begun
  results.bare += count
  await bare.close()
}

const ready = entryTexts(draft(0))
for (let round = 0; round < ROUNDS; round++) {
  const spoolDirectory = join(directory, `ready-${round}`)
  const written = await spoolRound('ready', spoolDirectory, () => ready)
  await bareRound(spoolDirectory, written, round)
  await spoolRound('whole', join(directory, `whole-${round}`), () => entryTexts(draft(made++)))

  const single = await open(join(directory, `single-${round}`), 'ax')
  const line = Buffer.from(`${JSON.stringify(entryTexts(draft(0)))}\n`)
  const begun = performance.now()
  for (const end = begun + ROUND_MS; performance.now() < end; results.single++) {
    await single.writeFile(line)
    await single.datasync()
  }
  elapsed.single += performance.now() - begun
  await single.close()
}
rmSync(directory, { recursive: true, force: true })
console.log(JSON.stringify(Object.fromEntries(sides.map((side) => [side, results[side] / elapsed[side]]))))
