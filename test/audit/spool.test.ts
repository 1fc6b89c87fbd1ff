import { createSecretKey, randomInt } from 'node:crypto'
import * as files from 'node:fs/promises'
import { appendFile, mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { entryTexts, type EntryTexts } from '../../server/src/audit/entry.js'
import { LogKeys } from '../../server/src/audit/log-key.js'
import { readAuditRange } from '../../server/src/audit/search.js'
import { formatLine, parseLine, segmentPath } from '../../server/src/audit/spool/segment.js'
import { SpoolDrain } from '../../server/src/audit/spool/spool-drain.js'
import { SpoolWriter, type SpoolOptions } from '../../server/src/audit/spool/spool-writer.js'
import type { WritableDatabase } from '../../server/src/storage/database.js'
import { newWorkspace } from '../storage/support.js'
import { describeEachDatabase } from '../support/databases.js'

vi.mock('node:fs/promises', { spy: true })

const KEYS = new LogKeys(createSecretKey(Buffer.alloc(32, 5)))
const directories: string[] = []
const spools: SpoolWriter[] = []
afterEach(async () => {
  vi.mocked(files.open).mockReset()
  const real = await vi.importActual<typeof files>('node:fs/promises')
  vi.mocked(files.open).mockImplementation(real.open)
  for (const spool of spools.splice(0)) await spool.close()
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true })
})

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'bitting-spool-'))
  directories.push(directory)
  return directory
}

function texts(workspaceId: string, marker: string, more: Record<string, unknown> = {}): EntryTexts {
  return entryTexts({
    workspaceId,
    atMilliseconds: 1_700_000_000_000,
    actor: { type: 'key', id: 'key_0000000000000' },
    action: 'call.allowed',
    operation: null,
    resource: { type: 'operation', id: null },
    failure: null,
    requestId: marker,
    details: more,
    personal: { address: '203.0.113.7' },
  })
}

async function openSpool(directory: string, options: Partial<SpoolOptions> = {}): Promise<SpoolWriter> {
  const spool = await SpoolWriter.open({
    directory,
    bytesMax: 2 ** 30,
    now: Date.now,
    onError: () => undefined,
    ...options,
  })
  spools.push(spool)
  return spool
}

function newDrain(
  directory: string,
  database: WritableDatabase,
  writer: SpoolWriter,
  onError: (error: unknown, message: string) => void = (error, message) => {
    throw new Error(message, { cause: error })
  },
): SpoolDrain {
  return new SpoolDrain({ directory, database, keys: KEYS, writer, onError })
}

async function markersOf(database: WritableDatabase, workspaceId: string): Promise<(string | null)[]> {
  return (await readAuditRange(database, workspaceId, 0, 100_000)).map(({ entry }) => entry.request_id)
}

/** Lets the disk fail: the file handles' flush or write throws while the condition holds. */
async function failDisk(method: 'datasync' | 'writeFile', isFailing: () => boolean): Promise<void> {
  const real = await vi.importActual<typeof files>('node:fs/promises')
  vi.mocked(files.open).mockImplementation(async (...parameters) => {
    const handle = await real.open(...parameters)
    const works = handle[method].bind(handle) as (...given: unknown[]) => Promise<void>
    handle[method] = async (...given: unknown[]) => {
      if (isFailing()) throw Object.assign(new Error('i/o error'), { code: 'EIO' })
      return works(...given)
    }
    return handle
  })
}

describe('a line of the spool', () => {
  const entries = fc
    .tuple(fc.nat(), fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })))
    .map(([sequence, details]) => ({ sequence, entry: texts('ws_000000000001', 'm', { details }) }))

  it('reads back as what was written, whatever the entry holds', () => {
    fc.assert(
      fc.property(entries, ({ sequence, entry }) => {
        const line = formatLine(sequence, entry)
        expect(line.endsWith('\n') && line.indexOf('\n') === line.length - 1).toBe(true)
        expect(parseLine(line.slice(0, -1))).toEqual({ sequence, ...entry })
      }),
      { examples: [[{ sequence: 1, entry: texts('ws_000000000001', 'm', { '\u2028': '\u2029\u0085' }) }]] },
    )
  })

  it('is refused when anything of it was changed or is missing', () => {
    fc.assert(
      fc.property(entries, fc.nat(), fc.integer({ min: 1, max: 127 }), ({ sequence, entry }, at, bits) => {
        const bytes = Buffer.from(formatLine(sequence, entry).slice(0, -1))
        const cut = bytes.subarray(0, at % bytes.length)
        bytes[at % bytes.length]! ^= bits
        expect(parseLine(bytes.toString('utf8'))).toBeNull()
        expect(parseLine(cut.toString('utf8'))).toBeNull()
      }),
    )
  })
})

describeEachDatabase('the spool', (open) => {
  it('brings every entry into its log once and in order, however its processes end', async () => {
    const database = await open()
    const directory = await newDirectory()
    const workspaceIds = [await newWorkspace(database), await newWorkspace(database)]
    const expected = new Map<string, string[]>(workspaceIds.map((id) => [id, []]))
    for (let process = 0; process < 30; process++) {
      const writer = await openSpool(directory)
      const drain = newDrain(directory, database, writer, () => undefined)
      for (let round = 0; round < 3; round++) {
        const appended = Array.from({ length: randomInt(1, 40) }, (_, at) => {
          const workspaceId = workspaceIds[randomInt(2)]!
          const marker = `${String(process)}-${String(round)}-${String(at)}`
          expected.get(workspaceId)!.push(marker)
          return writer.appendDurably(texts(workspaceId, marker))
        })
        await Promise.all(appended)
        if (randomInt(3) === 0) await drain.drain()
      }
      // The process is gone without a word; what it had begun to write is cut off anywhere.
      const torn = formatLine(1_000_000, texts(workspaceIds[0]!, 'torn'))
      const last = segmentPath(directory, writer.id, writer.segment)
      if (randomInt(2) === 0) await appendFile(last, torn.slice(0, randomInt(torn.length)))
    }
    const writer = await openSpool(directory)
    await newDrain(directory, database, writer, () => undefined).drain()
    await newDrain(directory, database, writer, () => undefined).drain()
    const byProcess = (markers: readonly (string | null)[], process: number): (string | null)[] =>
      markers.filter((marker) => marker?.startsWith(`${String(process)}-`))
    for (const [workspaceId, markers] of expected) {
      const found = await markersOf(database, workspaceId)
      expect(found.length).toBe(markers.length)
      for (let process = 0; process < 30; process++) {
        expect(byProcess(found, process)).toEqual(byProcess(markers, process))
      }
    }
    await writer.close()
  })

  it('takes each entry once though several drain one directory at once', async () => {
    const database = await open()
    const directory = await newDirectory()
    const workspaceId = await newWorkspace(database)
    const writer = await openSpool(directory)
    const drains = Array.from({ length: 4 }, () => newDrain(directory, database, writer))
    const markers: string[] = []
    for (let round = 0; round < 10; round++) {
      for (let at = 0; at < 50; at++) {
        markers.push(`${String(round)}-${String(at)}`)
        writer.append(texts(workspaceId, markers.at(-1)!))
      }
      await writer.appendDurably(texts(workspaceId, (markers.push(`${String(round)}-end`), markers.at(-1)!)))
      await Promise.all(drains.map((drain) => drain.drain()))
    }
    expect(await markersOf(database, workspaceId)).toEqual(markers)
    await writer.close()
  })

  it.each(['datasync', 'writeFile'] as const)(
    'acknowledges nothing while %s fails, and then neither loses nor repeats anything',
    async (method) => {
      const database = await open()
      const directory = await newDirectory()
      const workspaceId = await newWorkspace(database)
      const told: string[] = []
      let failing = false
      await failDisk(method, () => failing)
      const writer = await openSpool(directory, { onError: (_, message) => told.push(message) })
      await writer.appendDurably(texts(workspaceId, 'before'))
      failing = true
      await expect(writer.appendDurably(texts(workspaceId, 'meanwhile'))).rejects.toThrow(
        'could not be written',
      )
      expect(told).toEqual(['the audit spool cannot be written; calls go on unrecorded'])
      failing = false
      await writer.appendDurably(texts(workspaceId, 'after'))
      await newDrain(directory, database, writer).drain()
      expect(await markersOf(database, workspaceId)).toEqual(['before', 'meanwhile', 'after'])
      await writer.close()
    },
  )

  it('writes a batch anew after a failed flush, and drains it once though both files hold it', async () => {
    const database = await open()
    const directory = await newDirectory()
    const workspaceId = await newWorkspace(database)
    let failures = 1
    await failDisk('datasync', () => failures-- > 0)
    const writer = await openSpool(directory)
    await Promise.all(['a', 'b', 'c'].map((marker) => writer.appendDurably(texts(workspaceId, marker))))
    const names = await readdir(directory)
    expect(names).toHaveLength(2)
    for (const name of names)
      expect(await readFile(join(directory, name), 'utf8')).toContain('"request_id":"c"')
    await newDrain(directory, database, writer).drain()
    expect(await markersOf(database, workspaceId)).toEqual(['a', 'b', 'c'])
    await writer.close()
  })

  it('lets nobody wait for entries beyond its bound, and the log says how many it lost', async () => {
    const database = await open()
    const directory = await newDirectory()
    const workspaceIds = [await newWorkspace(database), await newWorkspace(database)]
    const writer = await openSpool(directory, { bytesMax: 20_000 })
    const drain = newDrain(directory, database, writer)
    const counts = new Map(workspaceIds.map((id) => [id, 0]))
    for (let at = 0; at < 200; at++) {
      const workspaceId = workspaceIds[at % 3 === 0 ? 1 : 0]!
      counts.set(workspaceId, counts.get(workspaceId)! + 1)
      const recording = writer.append(texts(workspaceId, String(at)))
      await new Promise<void>((resolve) => {
        recording.whenSettled(resolve)
      })
    }
    expect(writer.lost).toBeGreaterThan(100)
    const missing = writer.lost
    await writer.close()
    await drain.close()
    expect(await readdir(directory)).toEqual([])
    const told = await Promise.all(workspaceIds.map((id) => readAuditRange(database, id, 0, 1000)))
    const tellers = told.flat().filter(({ entry }) => entry.action === 'audit.overflow')
    expect(tellers).toHaveLength(2)
    expect(tellers.reduce((sum, { entry }) => sum + Number(entry.details['entries']), 0)).toBe(missing)
    expect(told.flat().length - 2 + missing).toBe(200)
    // A process that goes on tells of it as soon as there is room.
    const next = await openSpool(directory, { bytesMax: 4000 })
    for (let at = 0; at < 40; at++) {
      await next.appendDurably(texts(workspaceIds[0]!, `again-${String(at)}`)).catch(() => undefined)
    }
    const lost = next.lost
    expect(lost).toBeGreaterThan(0)
    next.released(next.bytes)
    await next.appendDurably(texts(workspaceIds[0]!, 'last'))
    await newDrain(directory, database, next).drain()
    const entries = await readAuditRange(database, workspaceIds[0]!, 0, 1000)
    const overflow = entries.filter(({ entry }) => entry.action === 'audit.overflow').slice(1)
    expect(overflow.map(({ entry }) => entry.details['entries'])).toEqual([lost])
    expect(overflow[0]?.entry).toMatchObject({
      actor: { type: 'system' },
      outcome: 'failure',
      reason: 'spool_full',
    })
    expect(next.lost).toBe(0)
    await next.close()
  })

  it.each([1024 * 1024, 20_000])(
    'goes on within a bound of %d bytes for as long as it is drained',
    async (bytesMax) => {
      const database = await open()
      const directory = await newDirectory()
      const workspaceId = await newWorkspace(database)
      let now = 1_700_000_000_000
      const writer = await openSpool(directory, { bytesMax, now: () => now })
      const drain = newDrain(directory, database, writer)
      const count = 20 * Math.ceil((bytesMax * 4) / 600 / 20)
      for (let at = 0; at < count; at++) {
        const recording = writer.append(texts(workspaceId, String(at)))
        if (at % 20 !== 19) continue
        await new Promise<void>((resolve) => {
          recording.whenSettled(resolve)
        })
        await drain.drain()
      }
      expect(writer.lost).toBe(0)
      // Nor does what was taken lie about when nothing more comes.
      await drain.drain()
      now += 11_000
      await drain.drain()
      expect(await readdir(directory)).toEqual([])
      await writer.appendDurably(texts(workspaceId, 'after'))
      await drain.drain()
      expect(await readAuditRange(database, workspaceId, count, 2)).toHaveLength(1)
      await writer.close()
    },
  )

  it('goes on behind lines that the disk has damaged, and says that there are some', async () => {
    const database = await open()
    const directory = await newDirectory()
    const workspaceId = await newWorkspace(database)
    const writer = await openSpool(directory)
    for (const marker of ['a', 'b', 'c']) await writer.appendDurably(texts(workspaceId, marker))
    const path = segmentPath(directory, writer.id, 1)
    await writeFile(path, (await readFile(path, 'utf8')).replace('"request_id":"b"', '"request_id":"x"'))
    const told: string[] = []
    await newDrain(directory, database, writer, (_, message) => told.push(message)).drain()
    expect(told).toEqual([expect.stringMatching(/1\.spool holds 1 damaged lines$/)])
    expect(await markersOf(database, workspaceId)).toEqual(['a', 'c'])
    await writer.close()
  })

  it('keeps what the database does not take, and brings it when it does again', async () => {
    const database = await open()
    const directory = await newDirectory()
    const workspaceId = await newWorkspace(database)
    const writer = await openSpool(directory)
    let isDown = true
    const flaky: WritableDatabase = {
      ...database,
      transact: (work) => (isDown ? Promise.reject(new Error('down')) : database.transact(work)),
    }
    const drain = newDrain(directory, flaky, writer)
    for (const marker of ['a', 'b']) await writer.appendDurably(texts(workspaceId, marker))
    await expect(drain.drain()).rejects.toThrow('down')
    await writer.appendDurably(texts(workspaceId, 'c'))
    isDown = false
    await drain.drain()
    expect(await markersOf(database, workspaceId)).toEqual(['a', 'b', 'c'])
    await writer.close()
    await drain.close()
    expect(await readdir(directory)).toEqual([])
    expect(await database.read.selectFrom('audit_spools').selectAll().execute()).not.toContainEqual(
      expect.objectContaining({ id: writer.id }),
    )
  })

  it('deletes the files of a process that is gone when nobody can be writing to them any more', async () => {
    const database = await open()
    const directory = await newDirectory()
    const workspaceId = await newWorkspace(database)
    const gone = await openSpool(directory)
    await gone.appendDurably(texts(workspaceId, 'a'))
    const writer = await openSpool(directory)
    await newDrain(directory, database, writer).drain()
    expect(await readdir(directory)).toHaveLength(1)
    const path = segmentPath(directory, gone.id, 1)
    const old = Date.now() / 1000 - 3 * 3600
    await utimes(path, old, old)
    await newDrain(directory, database, writer).drain()
    expect(await readdir(directory)).toEqual([])
    expect(await markersOf(database, workspaceId)).toEqual(['a'])
    await gone.close()
    await writer.close()
  })

  it('does not stumble over an empty file or one that was cut short', async () => {
    const database = await open()
    const directory = await newDirectory()
    const workspaceId = await newWorkspace(database)
    const gone = await openSpool(directory)
    await gone.appendDurably(texts(workspaceId, 'a'))
    await truncate(segmentPath(directory, gone.id, 1), 10)
    await writeFile(segmentPath(directory, 'f'.repeat(16), 1), '')
    await writeFile(join(directory, 'notes.txt'), 'not ours')
    const writer = await openSpool(directory)
    await newDrain(directory, database, writer).drain()
    expect(await markersOf(database, workspaceId)).toEqual([])
    await writer.close()
    await gone.close()
  })
})
