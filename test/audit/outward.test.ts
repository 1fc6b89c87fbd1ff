import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readFile } from 'node:fs/promises'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCheckpoint, parseVerifierKey, type AuditEntry } from '@bitting/core'
import { afterEach, describe, expect, it } from 'vitest'
import { NOTE_CRYPTO, sha256 } from '../../server/src/audit/log-key.js'
import { readConfig } from '../../server/src/config.js'
import { openLocal } from '../../server/src/local.js'
import { serve, type RunningServer } from '../../server/src/serve.js'
import { freshPostgresUrl } from '../support/databases.js'
import { newWitness, readAll } from './witness-fixture.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'bitting-outward-'))
  closers.push(() => rmSync(path, { recursive: true, force: true }))
  return path
}

type Call = (method: string, path: string, body?: object) => Promise<unknown>

/** A node on a data directory that outlives it, and what calls its management API. */
async function startNode(
  dataDirectory: string,
  settings: Record<string, string>,
): Promise<{ node: RunningServer; call: Call }> {
  const config = readConfig({
    BITTING_DATA_DIR: dataDirectory,
    BITTING_LISTEN: '127.0.0.1:0',
    BITTING_GATEWAY_LISTEN: '127.0.0.1:0',
    BITTING_LOG_LEVEL: 'silent',
    ...settings,
  })
  const local = await openLocal(config)
  const key = (await local.isSetUp())
    ? await local.createOwnerKey((await local.listWorkspaces())[0]!.id, 'Again')
    : (await local.createWorkspace('First')).managementKey
  await local.close()
  const node = await serve(config)
  const call: Call = async (method, path, body) => {
    const response = await fetch(`${node.controlUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${path}: ${String(response.status)} ${await response.text()}`)
    return response.headers.get('content-type')?.includes('json') === true ? response.json() : response.text()
  }
  return { node, call }
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('it did not come to pass')
}

async function listenOn(server: Server, port = 0): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

describe.each(['sqlite', 'postgres'] as const)('what leaves a node (%s)', (engine) => {
  const databaseSettings = async (): Promise<Record<string, string>> =>
    engine === 'sqlite' ? {} : { BITTING_DATABASE_URL: await freshPostgresUrl() }

  it('reaches every sink in order and whole, also one that was down while nodes came and went', async () => {
    const dataDirectory = temporaryDirectory()
    const file = join(temporaryDirectory(), 'audit.jsonl')
    const received: AuditEntry[] = []
    const receiver = createServer((request, response) => {
      void readAll(request).then((body) => {
        received.push(...(JSON.parse(body) as { entries: AuditEntry[] }).entries)
        response.end()
      })
    })
    const port = await listenOn(receiver)
    // The port is known and nobody answers at it.
    await new Promise((resolve) => receiver.close(resolve))
    const settings = {
      ...(await databaseSettings()),
      BITTING_AUDIT_SINKS: `file:${file} webhook+http://127.0.0.1:${String(port)}/audit`,
    }
    for (let life = 0; life < 3; life++) {
      const { node, call } = await startNode(dataDirectory, settings)
      for (let at = 0; at < 5; at++) {
        await call('POST', '/v1/keys', { name: `Key ${String(at)}`, environment: 'staging', access: 'full' })
      }
      await node.close()
    }
    await new Promise<void>((resolve) => receiver.listen(port, '127.0.0.1', resolve))
    const { node, call } = await startNode(dataDirectory, settings)
    closers.push(() => node.close())
    const { data } = (await call('GET', '/v1/audit?limit=1')) as { data: AuditEntry[] }
    const size = data[0]!.index + 1
    expect(size).toBeGreaterThan(18)
    await until(() => received.some(({ index }) => index === size - 1))
    const inFile = async (): Promise<AuditEntry[]> =>
      (await readFile(file, 'utf8')).split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
    await until(async () => (await inFile()).some(({ index }) => index === size - 1))
    for (const entries of [received, await inFile()]) {
      const first = entries.map(({ index }) => index).filter((index, at, all) => all.indexOf(index) === at)
      expect(first.slice(0, size)).toEqual(Array.from({ length: size }, (_, index) => index))
      expect(entries.filter(({ action }) => action === 'key.create').length).toBeGreaterThanOrEqual(15)
    }
    const metrics = (await call('GET', '/metrics')) as string
    expect(metrics).toMatch(/bitting_audit_sink_up\{sink="webhook[^"]*"\} 1/)
  })

  it('is vouched for by files and by a witness that saw the log grow', async () => {
    const dataDirectory = temporaryDirectory()
    const evidence = temporaryDirectory()
    const witness = newWitness()
    const port = await listenOn(witness.server)
    const settings = {
      ...(await databaseSettings()),
      BITTING_AUDIT_EVIDENCE: [
        `file:${evidence}`,
        `witness+http://127.0.0.1:${String(port)}/w?key=${encodeURIComponent(witness.verifierKey)}`,
      ].join(' '),
    }
    const first = await startNode(dataDirectory, settings)
    await until(() => witness.seen.length > 0)
    await first.call('POST', '/v1/keys', { name: 'Key', environment: 'staging', access: 'full' })
    await until(() => witness.seen.length > 1)
    await first.node.close()
    // A node that starts anew does not know what the witness has seen, and is told.
    const second = await startNode(dataDirectory, settings)
    closers.push(() => second.node.close())
    const seenBefore = witness.seen.length
    await second.call('POST', '/v1/keys', { name: 'Another', environment: 'staging', access: 'full' })
    await until(() => witness.seen.length > seenBefore)
    const logKey = parseVerifierKey(
      sha256,
      ((await second.call('GET', '/v1/audit/checkpoint/key')) as string).trim(),
    )!
    const witnessKey = parseVerifierKey(sha256, witness.verifierKey)!
    await until(async () => {
      const note = (await second.call('GET', '/v1/audit/checkpoint')) as string
      const opened = openCheckpoint(note, [logKey, witnessKey], NOTE_CRYPTO)
      return opened !== null && opened.signers.length === 2
    })
    expect(witness.refused).toEqual([])
    expect(witness.conflicts).toBeGreaterThan(0)
    const directory = join(evidence, logKey.name.slice('bitting/'.length))
    const kept = (await readFile(join(directory, 'checkpoints.jsonl'), 'utf8')).trim().split('\n')
    const sizes = kept.map((line) => {
      const { checkpoint } = JSON.parse(line) as { checkpoint: string }
      return openCheckpoint(checkpoint, [logKey], NOTE_CRYPTO)!.checkpoint.size
    })
    expect(sizes.length).toBeGreaterThan(1)
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b))
    await until(async () => {
      const newest = await readFile(join(directory, 'checkpoint'), 'utf8')
      return (openCheckpoint(newest, [logKey], NOTE_CRYPTO)?.checkpoint.size ?? 0) >= sizes.at(-1)!
    })
  })
})
