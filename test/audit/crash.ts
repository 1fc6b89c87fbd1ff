import { spawn } from 'node:child_process'
import { createSecretKey, randomBytes, randomInt } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { CompactTree, openCheckpoint } from '@bitting/core'
import { expect, it } from 'vitest'
import { Checkpointer } from '../../server/src/audit/checkpointer.js'
import { LogKeys, NOTE_CRYPTO, sha256 } from '../../server/src/audit/log-key.js'
import { hashOfLeaf, newestCheckpoint } from '../../server/src/audit/proofs.js'
import { readAuditRange } from '../../server/src/audit/search.js'
import { SpoolDrain } from '../../server/src/audit/spool/spool-drain.js'
import { SpoolWriter } from '../../server/src/audit/spool/spool-writer.js'
import type { WritableDatabase } from '../../server/src/storage/database.js'
import type { EngineName } from '../../server/src/storage/migrations.js'
import { newWorkspace } from '../storage/support.js'
import { describeEachDatabase } from '../support/databases.js'

const CHILD = fileURLToPath(new URL('children/write-log.mjs', import.meta.url))
/** How often; `KILLS=200` in the environment for a longer run. */
const KILLS = Number(process.env['KILLS'] ?? 60)
const WRITERS = 8
/**
 * The program lives until it has said so many things of one kind, and then some milliseconds: not for a time alone, in
 * which a slow machine would do nothing that could be lost.
 */
const LAST = { spooled: 60, appended: 20, checkpoint: 4 } as const
const LAST_MILLISECONDS_MAX = 20

type Told =
  | { readonly kind: 'ready' }
  | { readonly kind: 'spooled'; readonly workspaceId: string; readonly marker: string }
  | {
      readonly kind: 'appended'
      readonly workspaceId: string
      readonly marker: string
      readonly index: number
    }
  | { readonly kind: 'checkpoint'; readonly workspaceId: string; readonly note: string }

/** Runs the program until it is killed after what it says last, and returns what it said had happened. */
async function runAndKill(parameters: object, last: keyof typeof LAST): Promise<Told[]> {
  const child = spawn(process.execPath, [CHILD, JSON.stringify(parameters)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let errors = ''
  child.stderr.on('data', (part: Buffer) => (errors += part.toString()))
  const told: Told[] = []
  let left = randomInt(LAST[last])
  for await (const line of createInterface({ input: child.stdout })) {
    // The last line may be cut off by the kill: what it says was not said.
    if (!line.endsWith('}')) continue
    const one = JSON.parse(line) as Told
    told.push(one)
    // Not even one of a kind is waited for where none is left: the first moments are as good as any.
    if ((one.kind === 'ready' || one.kind === last) && left-- === 0)
      setTimeout(() => child.kill('SIGKILL'), randomInt(LAST_MILLISECONDS_MAX))
  }
  expect(errors).toBe('')
  expect(told[0]?.kind).toBe('ready')
  return told
}

async function recover(database: WritableDatabase, dataDirectory: string, keys: LogKeys): Promise<void> {
  const errors: unknown[] = []
  const onError = (error: unknown, message: string): void => void errors.push([error, message])
  const directory = join(dataDirectory, 'audit-spool')
  const writer = await SpoolWriter.open({ directory, bytesMax: 2 ** 30, now: Date.now, onError })
  await new SpoolDrain({ directory, database, keys, writer, onError }).drain()
  await writer.close()
  await new Checkpointer({ database, keys, now: Date.now, onError }).run()
  expect(errors).toEqual([])
}

/** Kills a program that writes to an audit log on one engine, again and again, and looks at what is left. */
export function defineCrashes(engine: EngineName): void {
  describeEachDatabase(
    'an audit log whose program is killed again and again',
    (open, { locate }) => {
      it(`loses nothing that was acknowledged, repeats nothing and breaks no tree in ${String(KILLS)} kills`, async () => {
        const database = await open()
        const location = await locate()
        const workspaceIds = [await newWorkspace(database), await newWorkspace(database)]
        const rootKey = randomBytes(32)
        const parameters = { location, workspaceIds, rootKey: rootKey.toString('hex'), writers: WRITERS }
        const told: Told[] = []
        const kinds = Object.keys(LAST) as (keyof typeof LAST)[]
        for (let kill = 0; kill < KILLS; kill++) {
          told.push(...(await runAndKill(parameters, kinds[kill % kinds.length] ?? 'spooled')))
        }

        const keys = new LogKeys(createSecretKey(rootKey))
        await recover(database, location.dataDirectory, keys)
        expect((await readdir(join(location.dataDirectory, 'audit-spool'))).length).toBeGreaterThan(KILLS / 2)
        for (const workspaceId of workspaceIds) {
          await checkLog(database, keys, workspaceId, told)
        }
      }, 900_000)
    },
    [engine],
  )
}

async function checkLog(
  database: WritableDatabase,
  keys: LogKeys,
  workspaceId: string,
  all: readonly Told[],
): Promise<void> {
  const told = all.filter((one) => 'workspaceId' in one && one.workspaceId === workspaceId)
  const markers: (string | null)[] = []
  const roots: string[] = []
  const tree = new CompactTree(sha256)
  for (;;) {
    const entries = await readAuditRange(database, workspaceId, markers.length, 1000)
    if (entries.length === 0) break
    for (const { entry, leaf } of entries) {
      expect(entry.index).toBe(markers.length)
      markers.push(entry.request_id)
      tree.append(hashOfLeaf(leaf))
      roots.push(Buffer.from(tree.root()).toString('hex'))
    }
  }
  expect(new Set(markers).size).toBe(markers.length)
  const known = new Set(markers)
  let acknowledged = 0
  let checkpoints = 0
  const signer = keys.signer(workspaceId)
  for (const one of told) {
    if (one.kind === 'spooled' && ++acknowledged > 0) expect(known.has(one.marker)).toBe(true)
    if (one.kind === 'appended' && ++acknowledged > 0) expect(markers[one.index]).toBe(one.marker)
    if (one.kind === 'checkpoint') {
      const opened = openCheckpoint(one.note, [signer], NOTE_CRYPTO)
      const { size = 0, root } = opened?.checkpoint ?? {}
      expect(Buffer.from(root ?? []).toString('hex')).toBe(roots[size - 1])
      checkpoints++
    }
  }
  const newest = openCheckpoint(await newestCheckpoint(database, workspaceId), [signer], NOTE_CRYPTO)
  expect(newest?.checkpoint.size).toBe(markers.length)
  // Else the kills came before there was anything to lose.
  expect(acknowledged).toBeGreaterThan(KILLS * 2)
  expect(checkpoints).toBeGreaterThan(KILLS / 10)
}
