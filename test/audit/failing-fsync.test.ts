import { spawn, spawnSync } from 'node:child_process'
import { createSecretKey, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { LogKeys } from '../../server/src/audit/log-key.js'
import { readAuditRange } from '../../server/src/audit/search.js'
import { SpoolDrain } from '../../server/src/audit/spool/spool-drain.js'
import { SpoolWriter } from '../../server/src/audit/spool/spool-writer.js'
import { newWorkspace } from '../storage/support.js'
import { describeEachDatabase } from '../support/databases.js'

const CHILD = fileURLToPath(new URL('children/write-log.mjs', import.meta.url))
// It can trace and change the system calls of another process, where the machine lets it.
const canTrace =
  spawnSync('strace', ['-qq', '-e', 'trace=none', '-e', 'inject=fdatasync:error=EIO', 'true']).status === 0

interface Told {
  readonly kind: string
  readonly marker?: string
}

/** The spool and SQLite flush in this process; a PostgreSQL that fails to flush stops by itself. */
describe.skipIf(!canTrace)('a disk that fails to flush (where strace is there)', () => {
  describeEachDatabase('while every flush fails', (open, { engine, locate }) => {
    it.skipIf(engine === 'postgres')(
      'nothing is acknowledged, and nothing that was is lost',
      async () => {
        const database = await open()
        const location = await locate()
        const workspaceId = await newWorkspace(database)
        const parameters = {
          location,
          workspaceIds: [workspaceId],
          rootKey: randomBytes(32).toString('hex'),
          writers: 8,
          bearsFailures: true,
        }
        const child = spawn(process.execPath, [CHILD, JSON.stringify(parameters)], {
          stdio: ['ignore', 'pipe', 'inherit'],
        })
        const ended = once(child, 'close')
        const told: Told[] = []
        createInterface({ input: child.stdout }).on('line', (line) => told.push(JSON.parse(line) as Told))
        const acknowledged = (): Told[] => told.filter(({ marker }) => marker !== undefined)
        while (acknowledged().length < 200) await sleep(10)

        const inject = 'inject=fsync,fdatasync:error=EIO'
        const tracer = spawn(
          'strace',
          ['-f', '-p', String(child.pid), '-e', 'trace=fsync,fdatasync', '-e', inject],
          {
            stdio: ['ignore', 'ignore', 'pipe'],
          },
        )
        const trace = { text: '' }
        tracer.stderr.on('data', (part: Buffer) => (trace.text += part.toString()))
        // From its first failure on. What was flushed before may still be told for a moment.
        while (!trace.text.includes('EIO')) await sleep(10)
        await sleep(300)
        const before = acknowledged().length
        const failures = (): number => trace.text.split('EIO').length
        const failuresBefore = failures()
        await sleep(1500)
        expect(failures()).toBeGreaterThan(failuresBefore)
        expect(acknowledged().length).toBe(before)

        // The disk works again, and so does everything else.
        tracer.kill('SIGINT')
        await once(tracer, 'close')
        while (acknowledged().length < before + 100) await sleep(10)
        child.kill('SIGKILL')
        await ended
        await recover(database, location.dataDirectory)
        const entries = await readAuditRange(database, workspaceId, 0, 1_000_000)
        const found = entries.map(({ entry }) => entry.request_id)
        expect(new Set(found).size).toBe(found.length)
        const known = new Set(found)
        expect(acknowledged().filter(({ marker = '' }) => !known.has(marker))).toEqual([])
      },
      120_000,
    )
  })
})

async function recover(database: Parameters<typeof newWorkspace>[0], dataDirectory: string): Promise<void> {
  const directory = join(dataDirectory, 'audit-spool')
  const onError = (error: unknown, message: string): void => {
    throw new Error(message, { cause: error })
  }
  const writer = await SpoolWriter.open({ directory, bytesMax: 2 ** 30, now: Date.now, onError })
  await new SpoolDrain({
    directory,
    database,
    keys: new LogKeys(createSecretKey(Buffer.alloc(32))),
    writer,
    onError,
  }).drain()
  await writer.close()
}
