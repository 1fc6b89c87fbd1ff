import { createSecretKey, randomBytes } from 'node:crypto'
import { openCheckpoint, verifyInclusion, type AuditEntry } from '@bitting/core'
import { sql, type Kysely } from 'kysely'
import { beforeAll, expect, it } from 'vitest'
import { appendAudit } from '../../server/src/audit/append.js'
import { LogKeys, NOTE_CRYPTO, sha256 } from '../../server/src/audit/log-key.js'
import { hashOfLeaf, proveInclusion } from '../../server/src/audit/proofs.js'
import { getAuditEntry, readAuditRange, searchAudit } from '../../server/src/audit/search.js'
import { extendTree } from '../../server/src/audit/tree.js'
import type { WritableDatabase } from '../../server/src/storage/database.js'
import { migrate, MIGRATIONS } from '../../server/src/storage/migrations.js'
import type { Schema } from '../../server/src/storage/schema.js'
import { describeEachDatabase } from '../support/databases.js'
import { openRaw, workspaceRow } from './support.js'

/** An entry as the first schema kept it. */
interface FirstEntry {
  readonly workspace_id: string
  readonly idx: number
  readonly at_ms: number
  readonly actor_type: string
  readonly actor_id: string
  readonly address: string | null
  readonly user_agent: string | null
  readonly action: string
  readonly operation: string | null
  readonly resource_type: string
  readonly resource_id: string | null
  readonly outcome: 'success' | 'failure'
  readonly reason: string | null
  readonly request_id: string | null
  readonly details: string
}

/** Whatever a text could hold then: all that both databases keep. */
const ODD_TEXTS = [
  '',
  ' ',
  'plain',
  '"quoted" and \'quoted\'',
  'back\\slash \\u0041 \\n',
  'a\nb\r\nc\td',
  'control \u0001\u0008\u001b\u007f\u0085',
  'line \u2028 and paragraph \u2029',
  'Zürich, Ærø, Привет, 東京, ١٢٣',
  '🔑 and 👩‍👩‍👧 and e\u0301',
  '\ufeff\uffff\u{10ffff}',
  '%s %_ $1 ? :name @x {curly} [square]',
  "'; drop table audit_entries; --",
  'null',
  '{"json": [1, 2]}',
  'x'.repeat(5000),
]

const ODD_DETAILS: readonly Readonly<Record<string, unknown>>[] = [
  {},
  { before: { name: 'Alpha' }, after: { name: 'Beta7', ceilings: { production: 'full' } } },
  Object.fromEntries(ODD_TEXTS.map((text, place) => [`${text.slice(0, 40)}${String(place)}`, text])),
  { nul: 'a\0b', half: '\ud83d', number: 1.5e300, small: -0.1, big: 2 ** 53, list: [null, true, [], {}] },
]

const START = 1_700_000_000_000
/** More than one transaction takes into a tree. */
const ENTRIES = 1100

function firstEntries(workspaceId: string): FirstEntry[] {
  const odd = (index: number): string => ODD_TEXTS[index % ODD_TEXTS.length] ?? ''
  return Array.from({ length: ENTRIES }, (_, idx) => ({
    workspace_id: workspaceId,
    idx,
    // Every part of a second there is, on both sides of each second's end.
    at_ms: START + idx * 60_001 + [0, 1, 499, 500, 998, 999][idx % 6]! - (START % 1000),
    actor_type: idx === 0 ? 'operator' : 'key',
    actor_id: `key_${workspaceId}${String(idx % 7)}`,
    address: idx % 3 === 0 ? null : '2001:db8::1',
    user_agent: idx % 5 === 0 ? null : odd(idx),
    action: idx === 0 ? 'workspace.create' : 'key.update',
    operation: idx % 4 === 0 ? null : 'updateKey',
    resource_type: 'key',
    resource_id: idx % 6 === 0 ? null : odd(idx + 1) || 'empty',
    outcome: idx % 8 === 0 ? 'failure' : 'success',
    reason: idx % 8 === 0 ? odd(idx + 2) : null,
    request_id: idx % 9 === 0 ? null : `request-${String(idx)}`,
    details: JSON.stringify(ODD_DETAILS[idx % ODD_DETAILS.length]),
  }))
}

/** What a reader is to see of it. */
function viewOf(row: FirstEntry): AuditEntry {
  return {
    index: row.idx,
    workspace: row.workspace_id,
    at: new Date(row.at_ms).toISOString(),
    actor: {
      type: row.actor_type,
      id: row.actor_id,
      address: row.address,
      user_agent: row.user_agent,
    },
    action: row.action as AuditEntry['action'],
    operation: row.operation,
    resource: { type: row.resource_type, id: row.resource_id },
    outcome: row.outcome,
    reason: row.reason,
    request_id: row.request_id,
    details: JSON.parse(row.details) as Record<string, unknown>,
    erased: false,
  }
}

describeEachDatabase('a database of version 1 with an audit log, brought to version 2', (open, suite) => {
  const workspaces = [workspaceRow(), workspaceRow()].map((row) => ({ ...row, audit_size: ENTRIES }))
  const entries = workspaces.map(({ id }) => firstEntries(id))
  const signers = new LogKeys(createSecretKey(randomBytes(32)))
  let database: WritableDatabase

  beforeAll(async () => {
    const { writer, close } = await openRaw(await suite.locate())
    await migrate(writer, suite.engine, MIGRATIONS.slice(0, 1))
    const first = writer as unknown as Kysely<Schema & { audit_entries: FirstEntry }>
    await first.insertInto('workspaces').values(workspaces).execute()
    // The workspaces take turns, as they did.
    const mixed = entries[0]?.flatMap((entry, index) => [entry, entries[1]?.[index] ?? entry]) ?? []
    for (let at = 0; at < mixed.length; at += 100) {
      await first
        .insertInto('audit_entries')
        .values(mixed.slice(at, at + 100))
        .execute()
    }
    await close()
    database = await open()
  })

  it('has the new tables, and the old one no longer', async () => {
    const versions = await database.read
      .selectFrom('migrations')
      .select('version')
      .orderBy('version')
      .execute()
    expect(versions.map(({ version }) => version)).toEqual([0, ...MIGRATIONS.map(({ version }) => version)])
    await expect(sql`select * from audit_entries`.execute(database.read as Kysely<Schema>)).rejects.toThrow(
      /audit_entries/,
    )
  })

  it('has every entry as it was, each workspace its own, in order and by its place', async () => {
    for (const [at, { id }] of workspaces.entries()) {
      const expected = entries[at]?.map(viewOf) ?? []
      const read = await readAuditRange(database, id, 0, 2 * ENTRIES)
      expect(read.map(({ entry }) => entry)).toEqual(expected)
      expect(read.map(({ personal }) => personal)).toEqual(expected.map(() => null))
      for (const index of [0, 1, 15, 512, ENTRIES - 1]) {
        expect((await getAuditEntry(database, id, index)).entry).toEqual(expected[index])
      }
      await expect(getAuditEntry(database, id, ENTRIES)).rejects.toMatchObject({ code: 'not_found' })
    }
  })

  it.each([
    ['an actor', (id: string) => ({ actor: `key_${id}3` }), (row: FirstEntry) => row.idx % 7 === 3],
    ['a resource', () => ({ resource: 'plain' }), (row: FirstEntry) => row.resource_id === 'plain'],
    ['an outcome', () => ({ outcome: 'failure' as const }), (row: FirstEntry) => row.outcome === 'failure'],
    ['a request', () => ({ requestId: 'request-77' }), (row: FirstEntry) => row.idx === 77],
    [
      'a time',
      () => ({ sinceMilliseconds: START + 3_000_000, untilMilliseconds: START + 6_000_000 }),
      (row: FirstEntry) => row.at_ms >= START + 3_000_000 && row.at_ms < START + 6_000_000,
    ],
    ['words of its details', () => ({ text: 'ALPHA beta7' }), (row: FirstEntry) => row.idx % 4 === 1],
  ])('finds the entries by %s', async (_what, filter, matches) => {
    for (const [at, { id }] of workspaces.entries()) {
      const found = await searchAudit(database, id, filter(id), { limit: 2 * ENTRIES, cursor: null })
      const expected = entries[at]?.filter(matches).map(({ idx }) => idx) ?? []
      expect(expected.length).toBeGreaterThan(0)
      expect(found.data.map(({ index }) => index).sort((a, b) => a - b)).toEqual(expected)
    }
  })

  it('gets a tree over its old entries, in which each is proved, and to which new ones are appended', async () => {
    for (const { id } of workspaces) {
      const signer = signers.signer(id)
      const append = () =>
        database.transact((tx) =>
          appendAudit(tx, signers, {
            workspaceId: id,
            atMilliseconds: START,
            actor: { type: 'system', id: null },
            action: 'audit.prune',
            operation: null,
            resource: { type: 'audit', id: null },
            failure: null,
            requestId: null,
            details: {},
            personal: {},
          }),
        )
      expect(await append()).toBe(ENTRIES)
      const extend = () => database.transact((tx) => extendTree(tx, id, signer, START))
      const tree = await extend()
      expect(tree).toMatchObject({ size: ENTRIES + 1, isBehind: false, unmarked: ENTRIES })
      expect(await extend()).toBeNull()
      const opened = openCheckpoint(tree?.checkpoint ?? '', [signer], NOTE_CRYPTO)
      expect(opened?.checkpoint).toMatchObject({ origin: `bitting/${id}`, size: ENTRIES + 1 })
      const root = opened?.checkpoint.root ?? new Uint8Array()
      for (const { entry, leaf } of await readAuditRange(database, id, 0, 2 * ENTRIES)) {
        if (entry.index % 50 > 1) continue
        const { index, size, hashes } = await proveInclusion(database, id, entry.index, null)
        const claim = { index, size, leafHash: hashOfLeaf(leaf), proof: hashes, root }
        expect([index, verifyInclusion(sha256, claim)]).toEqual([entry.index, true])
        expect(verifyInclusion(sha256, { ...claim, leafHash: hashOfLeaf(`${leaf} `) })).toBe(false)
      }
    }
  })

  it('takes another start for what it is: nothing to do', async () => {
    const before = await readAuditRange(database, workspaces[0]?.id ?? '', 0, 2 * ENTRIES)
    const again = await open()
    expect(await readAuditRange(again, workspaces[0]?.id ?? '', 0, 2 * ENTRIES)).toEqual(before)
  })
})
