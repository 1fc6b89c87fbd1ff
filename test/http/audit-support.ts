import {
  openCheckpoint,
  parseVerifierKey,
  verifyInclusion,
  type AuditEntry,
  type Checkpoint,
} from '@bitting/core'
import { sql, type Kysely } from 'kysely'
import { expect } from 'vitest'
import { NOTE_CRYPTO, sha256 } from '../../server/src/audit/log-key.js'
import { hashOfLeaf } from '../../server/src/audit/proofs.js'
import type { Schema } from '../../server/src/storage/schema.js'
import { checkpointOf } from './audit-operations.js'
import { type RawAnswer, type Suite, type Tenant } from './support.js'

export const DAY_MILLISECONDS = 86_400_000

/** What an application records, with whatever a test wants of it. */
export function applicationEntry(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { action: 'order.paid', userId: 'user_1', resource: 'order_1', result: 'success', ...more }
}

export async function record(tenant: Tenant, more: Readonly<Record<string, unknown>> = {}): Promise<number> {
  const { status, body, text } = await tenant.call('POST', '/v1/audit', applicationEntry(more))
  if (status !== 201) throw new Error(`the entry was not recorded: ${text}`)
  return body.index as number
}

export async function search(
  tenant: Tenant,
  filter: Readonly<Record<string, string>>,
): Promise<AuditEntry[]> {
  const query = new URLSearchParams({ limit: '100', ...filter }).toString()
  const { status, body, text } = await tenant.call('GET', `/v1/audit?${query}`)
  expect(status, text).toBe(200)
  return body.data as AuditEntry[]
}

/** The places of the entries that a search finds, newest first. */
export async function placesOf(tenant: Tenant, filter: Readonly<Record<string, string>>): Promise<number[]> {
  return (await search(tenant, filter)).map(({ index }) => index)
}

/** Sets what the log keeps, and fails where that is refused. */
export async function setPolicy(tenant: Tenant, audit: Readonly<Record<string, unknown>>): Promise<void> {
  const { status, text } = await tenant.call('PATCH', '/v1/workspace', { audit })
  expect(status, text).toBe(200)
}

/** The newest checkpoint, opened with the key that the workspace itself names. */
export async function openNewest(tenant: Tenant): Promise<Checkpoint> {
  const key = parseVerifierKey(sha256, (await tenant.call('GET', '/v1/audit/checkpoint/key')).text.trim())
  const { text } = await tenant.call('GET', '/v1/audit/checkpoint')
  const opened = key === null ? null : openCheckpoint(text, [key], NOTE_CRYPTO)
  if (opened === null) throw new Error(`the checkpoint is not signed by its key: ${text}`)
  return opened.checkpoint
}

/** Waits until all that a log holds is signed, and returns the checkpoint. */
export async function signedWhole(suite: Suite, tenant: Tenant): Promise<Checkpoint> {
  const [newest] = await suite.entries(tenant, 1)
  await checkpointOf(tenant, (newest?.index ?? 0) + 1)
  return openNewest(tenant)
}

export const decode = (base64: string): Buffer => Buffer.from(base64, 'base64')

/** Says whether an entry, as its bytes are given, is proved to be in the tree of a checkpoint. */
export async function isProved(
  tenant: Tenant,
  index: number,
  raw: Buffer,
  { size, root }: Checkpoint,
): Promise<boolean> {
  const { status, body, text } = await tenant.call(
    'GET',
    `/v1/audit/${String(index)}/proof?size=${String(size)}`,
  )
  expect(status, text).toBe(200)
  const proof = (body.hashes as string[]).map(decode)
  return verifyInclusion(sha256, { index, size, proof, root, leafHash: hashOfLeaf(raw.toString()) })
}

export const read = (tenant: Tenant, index: number): Promise<RawAnswer> =>
  tenant.call('GET', `/v1/audit/${String(index)}`)

/** Every row of every table of an installation that is about its logs, as text. */
export async function logTables({ database, engine }: Suite): Promise<string> {
  const tables = [
    'audit_log',
    'audit_trees',
    'audit_tiles',
    'audit_policies',
    'audit_spools',
    'audit_cursors',
  ] as const
  const rows = await Promise.all(
    tables.map((table) => (database.read as Kysely<Schema>).selectFrom(table).selectAll().execute()),
  )
  if (engine === 'postgres') return JSON.stringify(rows)
  const words = await sql`select hex(block) as block from audit_words_data`.execute(
    database.read as Kysely<Schema>,
  )
  const blocks = words.rows.map((row) =>
    Buffer.from((row as { block: string }).block, 'hex').toString('latin1'),
  )
  return JSON.stringify(rows) + blocks.join('\n')
}
