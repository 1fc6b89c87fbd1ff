import { createSecretKey, randomInt } from 'node:crypto'
import { CompactTree, signCheckpoint } from '@bitting/core'
import type { Transaction } from 'kysely'
import { expect, it } from 'vitest'
import { appendTexts } from '../../server/src/audit/append.js'
import { Checkpointer } from '../../server/src/audit/checkpointer.js'
import { commitmentTo, entryTexts, type EntryTexts } from '../../server/src/audit/entry.js'
import { exportEntries } from '../../server/src/audit/export.js'
import { LogKeys, sha256, type LogSigner } from '../../server/src/audit/log-key.js'
import { checkpointLine } from '../../server/src/audit/log-line.js'
import { hashOfLeaf, newestCheckpoint } from '../../server/src/audit/proofs.js'
import { readAuditRange } from '../../server/src/audit/search.js'
import { verifyLog } from '../../server/src/audit/verify-log.js'
import { insertAuditRows } from '../../server/src/storage/audit-rows.js'
import type { Reader, WritableDatabase } from '../../server/src/storage/database.js'
import type { AuditLogRow, Schema } from '../../server/src/storage/schema.js'
import { newWorkspace } from '../storage/support.js'
import { describeEachDatabase } from '../support/databases.js'

/** Of these the auditor has a checkpoint; the rest came later. */
const KEPT = 80
const ENTRIES = 120
const EDITS = { sqlite: 10_000, postgres: 1000 } as const
const KEYS = new LogKeys(createSecretKey(Buffer.alloc(32, 3)))
/** Who also owns the root key of another installation. */
const OTHER_KEYS = new LogKeys(createSecretKey(Buffer.alloc(32, 4)))

interface Victim {
  readonly workspaceId: string
  /** What the auditor kept: one checkpoint, and the key that the log had when it was kept. */
  readonly kept: string
  readonly signer: LogSigner
  /** An older checkpoint, which the attacker has from a backup. */
  readonly older: string
  readonly olderSize: number
}

async function makeVictim(database: WritableDatabase): Promise<Victim> {
  const workspaceId = await newWorkspace(database)
  const notes: string[] = []
  const checkpointer = new Checkpointer({
    database,
    keys: KEYS,
    now: Date.now,
    onCheckpoint: ({ note }) => notes.push(note),
    onError: (error) => {
      throw error as Error
    },
  })
  let made = 0
  for (const size of [KEPT / 2, KEPT, ENTRIES]) {
    const texts: EntryTexts[] = []
    for (; made < size; made++) texts.push(newTexts(workspaceId, made))
    await database.transact((tx) => appendTexts(tx, KEYS, texts))
    await checkpointer.run()
  }
  const [older = '', kept = ''] = notes
  return { workspaceId, kept, signer: KEYS.signer(workspaceId), older, olderSize: KEPT / 2 }
}

function newTexts(workspaceId: string, marker: number): EntryTexts {
  return entryTexts({
    workspaceId,
    atMilliseconds: 1_700_000_000_000 + marker * 60_000,
    actor: { type: 'key', id: `key_${String(marker % 7).padStart(13, '0')}` },
    action: marker % 3 === 0 ? 'key.revoke' : 'call.allowed',
    operation: 'revokeKey',
    resource: { type: 'key', id: `key_${String(marker).padStart(13, '0')}` },
    failure: marker % 5 === 0 ? 'insufficient_scope' : null,
    requestId: `request-${String(marker)}`,
    details: { before: { name: 'Before' }, after: { name: 'After' }, reason: 'leaked' },
    personal: { address: `203.0.113.${String(marker)}`, user_agent: 'curl/8' },
  })
}

/** What an auditor does who has one old checkpoint and the key. True where nothing is found. */
async function isAccepted(read: Reader, { workspaceId, kept, signer }: Victim): Promise<boolean> {
  const database = { read }
  const entries = await readAuditRange(database, workspaceId, 0, 10_000)
  const note = await newestCheckpoint(database, workspaceId)
  const lines = exportEntries(entries, 'jsonl', true).split('\n').slice(0, -1)
  const report = await verifyLog([...lines, checkpointLine(note)], signer, [{ note: kept, source: 'kept' }])
  return report.findings.length === 0
}

type Row = Pick<AuditLogRow, 'idx' | 'leaf' | 'personal'>

/** The attacker's hands: plain writes to the tables, and everything that can be computed without the root key. */
class Attacker {
  readonly #tx: Transaction<Schema>
  readonly victim: Victim
  readonly rows: Row[]

  constructor(tx: Transaction<Schema>, victim: Victim, rows: Row[]) {
    this.#tx = tx
    this.victim = victim
    this.rows = rows
  }

  pick(below = this.rows.length): Row {
    return this.rows[randomInt(below)]!
  }

  async set(index: number, values: Partial<AuditLogRow>): Promise<void> {
    const update = this.#tx.updateTable('audit_log').set(values)
    await update.where('workspace_id', '=', this.victim.workspaceId).where('idx', '=', index).execute()
  }

  async drop(from: number, to = from + 1): Promise<void> {
    const where = this.#tx.deleteFrom('audit_log').where('workspace_id', '=', this.victim.workspaceId)
    await where.where('idx', '>=', from).where('idx', '<', to).execute()
  }

  /** Moves every entry from a place on by a number of places. */
  async shift(from: number, by: number): Promise<void> {
    const moved = this.rows.filter(({ idx }) => idx >= from)
    for (const { idx } of by > 0 ? moved.toReversed() : moved) await this.set(idx, { idx: idx + by })
  }

  async insert(index: number, { leaf, personal }: Row): Promise<void> {
    const { workspaceId } = this.victim
    const search = JSON.stringify([0, null, 'key.create', null, 'success', null, ''])
    await insertAuditRows(this.#tx, [{ workspaceId, index, leaf, mac: null, personal, search }])
  }

  get reader(): Reader {
    return this.#tx
  }

  async setTree(size: number, checkpoint: string): Promise<void> {
    const { workspaceId } = this.victim
    await this.#tx.updateTable('workspaces').set({ audit_size: size }).where('id', '=', workspaceId).execute()
    await this.#tx
      .updateTable('audit_trees')
      .set({ size, checkpoint })
      .where('workspace_id', '=', workspaceId)
      .execute()
  }

  /** Signs what the table holds now as if it had always been so. */
  async signAnew(signer: LogSigner): Promise<void> {
    const entries = await readAuditRange({ read: this.#tx }, this.victim.workspaceId, 0, 10_000)
    const tree = new CompactTree(sha256)
    for (const { leaf } of entries) tree.append(hashOfLeaf(leaf))
    const { name, keyId, sign } = signer
    const note = signCheckpoint(
      { origin: this.victim.signer.name, size: tree.size, root: tree.root(), extensions: [] },
      { name, keyId, sign },
    )
    await this.setTree(tree.size, note)
  }
}

/** One bit of a text's ASCII, so that it stays a text that the database keeps. */
function flipBit(text: string): string {
  for (;;) {
    const at = randomInt(text.length)
    const code = text.charCodeAt(at)
    const changed = code ^ (1 << randomInt(7))
    if (code < 128 && changed > 0)
      return text.slice(0, at) + String.fromCharCode(changed) + text.slice(at + 1)
  }
}

interface Forged {
  index: number
  at: string
  actor: { id: string }
  action: string
  outcome: string
  resource: { id: string }
  reason: string | null
  request_id: string
  details: Record<string, unknown>
  personal: string
}

function rewritten(leaf: string, change: (entry: Forged) => void): string {
  const entry = JSON.parse(leaf) as Forged
  change(entry)
  return JSON.stringify(entry)
}

const FORGERIES: readonly ((entry: Forged) => void)[] = [
  (entry) => (entry.at = new Date(Date.parse(entry.at) + randomInt(1, 1e9)).toISOString()),
  (entry) => (entry.actor.id = 'key_ForgedForgedF'),
  (entry) => (entry.action = entry.action === 'key.create' ? 'key.update' : 'key.create'),
  (entry) => (entry.outcome = entry.outcome === 'success' ? 'failure' : 'success'),
  (entry) => (entry.resource.id = 'key_SomebodyElses'),
  (entry) => (entry.reason = 'something else'),
  (entry) => (entry.request_id = 'request-x'),
  (entry) => delete entry.details['reason'],
  (entry) => (entry.details['note'] = 'added'),
]

type Edit = (attacker: Attacker) => Promise<void>

const forge = (leaf: string): string => rewritten(leaf, FORGERIES[randomInt(FORGERIES.length)]!)

/** What needs no key, anywhere in the log. */
const EDITS_OF_TABLES: Readonly<Record<string, Edit>> = {
  'a bit of a leaf': async (attacker) => {
    const { idx, leaf } = attacker.pick()
    await attacker.set(idx, { leaf: flipBit(leaf) })
  },
  'a bit of the personal data': async (attacker) => {
    const { idx, personal } = attacker.pick()
    await attacker.set(idx, { personal: flipBit(personal!) })
  },
  'a fact, and the clock': async (attacker) => {
    const { idx, leaf } = attacker.pick()
    await attacker.set(idx, { leaf: forge(leaf) })
  },
  'personal data with its commitment': async (attacker) => {
    const { idx, leaf, personal } = attacker.pick()
    const forged = personal!.replace('203.0.113.', '198.51.100.')
    const leafOf = rewritten(leaf, (entry) => (entry.personal = commitmentTo(forged)))
    await attacker.set(idx, { personal: forged, leaf: leafOf })
  },
  'the personal data of another entry': async (attacker) => {
    const [one, other] = [attacker.pick(ENTRIES / 2), attacker.rows[ENTRIES / 2 + randomInt(ENTRIES / 2)]!]
    await attacker.set(one.idx, { personal: other.personal })
  },
  'a dropped entry': (attacker) => attacker.drop(attacker.pick().idx),
  'a dropped entry, the rest moved up': async (attacker) => {
    const { idx } = attacker.pick()
    await attacker.drop(idx)
    await attacker.shift(idx + 1, -1)
  },
  'a dropped entry, the rest renumbered': async (attacker) => {
    const { idx } = attacker.pick()
    await attacker.drop(idx)
    for (const row of attacker.rows.filter((it) => it.idx > idx)) {
      await attacker.set(row.idx, {
        idx: row.idx - 1,
        leaf: rewritten(row.leaf, (entry) => (entry.index = row.idx - 1)),
      })
    }
  },
  'two entries that changed places': async (attacker) => {
    const [one, other] = [attacker.pick(ENTRIES / 2), attacker.rows[ENTRIES / 2 + randomInt(ENTRIES / 2)]!]
    await attacker.set(one.idx, { leaf: other.leaf, personal: other.personal })
    await attacker.set(other.idx, { leaf: one.leaf, personal: one.personal })
  },
  'two entries that changed places and numbers': async (attacker) => {
    const [one, other] = [attacker.pick(ENTRIES / 2), attacker.rows[ENTRIES / 2 + randomInt(ENTRIES / 2)]!]
    const at = ({ leaf }: Row, index: number): string => rewritten(leaf, (entry) => (entry.index = index))
    await attacker.set(one.idx, { leaf: at(other, one.idx), personal: other.personal })
    await attacker.set(other.idx, { leaf: at(one, other.idx), personal: one.personal })
  },
  'an entry twice': async (attacker) => {
    const row = attacker.pick()
    await attacker.shift(row.idx, 1)
    await attacker.insert(row.idx, row)
  },
  'an entry that never was': async (attacker) => {
    const row = attacker.pick()
    await attacker.shift(row.idx, 1)
    await attacker.insert(row.idx, {
      ...row,
      leaf: rewritten(row.leaf, (entry) => (entry.request_id = 'x')),
    })
  },
  'an end that was cut off': (attacker) => attacker.drop(attacker.pick().idx, ENTRIES),
  'an end that was cut off behind an older checkpoint': async (attacker) => {
    const { olderSize, older } = attacker.victim
    await attacker.drop(olderSize, ENTRIES)
    await attacker.setTree(olderSize, older)
  },
  'a beginning that was cut off': async (attacker) => {
    const { idx } = attacker.rows[1 + randomInt(ENTRIES - 1)]!
    await attacker.drop(0, idx)
  },
  'a bit of the checkpoint': async (attacker) => {
    const { workspaceId } = attacker.victim
    const note = await newestCheckpoint({ read: attacker.reader }, workspaceId)
    const lineStart = note.lastIndexOf('\n', note.length - 2)
    // Of its body: a bit of the signature line may be one that base64 or the key's name does not have.
    await attacker.setTree(ENTRIES, flipBit(note.slice(0, lineStart)) + note.slice(lineStart))
  },
  'everything, signed with another key': async (attacker) => {
    const { idx, leaf } = attacker.pick()
    await attacker.set(idx, { leaf: forge(leaf) })
    await attacker.signAnew(OTHER_KEYS.signer(attacker.victim.workspaceId))
  },
}

/** What whoever has stolen the root key as well can do to entries that the auditor's checkpoint covers. */
const EDITS_WITH_THE_KEY: Readonly<Record<string, Edit>> = {
  'a fork with a changed entry': async (attacker) => {
    const { idx, leaf } = attacker.pick(KEPT)
    await attacker.set(idx, { leaf: forge(leaf) })
    await attacker.signAnew(attacker.victim.signer)
  },
  'a fork with a changed bit': async (attacker) => {
    const { idx, leaf } = attacker.pick(KEPT)
    await attacker.set(idx, { leaf: flipBit(leaf) })
    await attacker.signAnew(attacker.victim.signer)
  },
  'a fork without an entry': async (attacker) => {
    const { idx } = attacker.pick(KEPT)
    await attacker.drop(idx)
    for (const row of attacker.rows.filter((it) => it.idx > idx)) {
      await attacker.set(row.idx, {
        idx: row.idx - 1,
        leaf: rewritten(row.leaf, (entry) => (entry.index = row.idx - 1)),
      })
    }
    await attacker.signAnew(attacker.victim.signer)
  },
  'a fork that ends before the kept checkpoint': async (attacker) => {
    await attacker.drop(randomInt(1, KEPT), ENTRIES)
    await attacker.signAnew(attacker.victim.signer)
  },
}

class RolledBack extends Error {}

describeEachDatabase('an audit log whose database belongs to its attacker', (open, { engine }) => {
  const edits = { ...EDITS_OF_TABLES, ...EDITS_WITH_THE_KEY }
  const names = Object.keys(edits)

  it(`shows each of ${String(EDITS[engine])} edits to an auditor with one old checkpoint`, async () => {
    const database = await open()
    const victim = await makeVictim(database)
    expect(await isAccepted(database.read, victim)).toBe(true)
    const missed: string[] = []
    for (let edit = 0; edit < EDITS[engine]; edit++) {
      const name = names[edit % names.length]!
      const work = database.transact(async (tx) => {
        const found = await readAuditRange({ read: tx }, victim.workspaceId, 0, 10_000)
        const rows = found.map(({ place, leaf, personal }) => ({ idx: place, leaf, personal }))
        await edits[name]!(new Attacker(tx, victim, rows))
        if (await isAccepted(tx, victim)) missed.push(name)
        throw new RolledBack()
      })
      await expect(work).rejects.toBeInstanceOf(RolledBack)
    }
    expect(missed).toEqual([])
    expect(await isAccepted(database.read, victim)).toBe(true)
  }, 600_000)
})
