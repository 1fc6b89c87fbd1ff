import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { consistencyProof, leafHash, nodeHash, type TreeNode } from '@bitting/core'
import { checkpointOfFile, checkpointOfLine } from '../../server/src/audit/kept-checkpoints.js'
import { locateChanges } from '../../server/src/audit/locate-change.js'
import { sha256 } from '../../server/src/audit/log-key.js'
import { checkpointLine, prunedLine } from '../../server/src/audit/log-line.js'
import type { LogReport } from '../../server/src/audit/log-report.js'
import { verifyLog } from '../../server/src/audit/verify-log.js'
import {
  erased,
  exportOf,
  KEY,
  lineOf,
  makeEntries,
  makeEntry,
  noteOf,
  OTHER_SIGNER,
  SIGNER,
  WORKSPACE,
  type MadeEntry,
} from './log-fixture.js'

const RUNS = 300

async function check(lines: readonly string[], kept: readonly string[] = []): Promise<LogReport> {
  return verifyLog(
    lines,
    KEY,
    kept.map((note, at) => ({ note, source: `checkpoint ${String(at)}` })),
  )
}

function kindsOf(report: LogReport): string[] {
  return [...new Set(report.findings.map(({ kind }) => kind))]
}

function messagesOf(report: LogReport): string[] {
  return report.findings.map(({ message }) => message)
}

describe('verifyLog: an untouched log', () => {
  it('passes, whatever was kept of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 60 }), fc.array(fc.nat(60)), async (count, sizes) => {
        const entries = makeEntries(count)
        const kept = sizes.filter((size) => size <= count).map((size) => noteOf(entries, size))
        const report = await check(exportOf(entries), kept)
        expect(report.findings).toEqual([])
        expect(report).toMatchObject({
          size: count,
          firstIndex: 0,
          erased: 0,
          origin: `bitting/${WORKSPACE}`,
        })
        expect(report.checkpointsHeld).toBe(new Set(kept).size + 1)
      }),
      { numRuns: 50 },
    )
  })

  it('passes where retention deleted its beginning and erasure took personal data, as it tells', async () => {
    const entries = makeEntries(20, (index) =>
      index === 15
        ? { action: 'audit.prune', details: { first: 0, last: 6, retention_days: 1 } }
        : index === 16
          ? { action: 'audit.erase', details: { entries: 2, by: 'actor', indexes: [8, 9] } }
          : {},
    )
    entries[8] = erased(entries[8]!)
    entries[9] = erased(entries[9]!)
    const report = await check(exportOf(entries, 7), [noteOf(entries, 7), noteOf(entries, 12)])
    expect(report.findings).toEqual([])
    expect(report).toMatchObject({ size: 20, firstIndex: 7, erased: 2, checkpointsHeld: 3 })
  })

  it('says which personal data was taken away beside what the log tells of', async () => {
    const entries = makeEntries(20, (index) =>
      index === 16 ? { action: 'audit.erase', details: { entries: 2, by: 'actor', indexes: [8, 9] } } : {},
    )
    for (const index of [8, 11]) entries[index] = erased(entries[index]!)
    const report = await check(exportOf(entries), [noteOf(entries, 12)])
    expect(report.findings).toMatchObject([{ kind: 'erased', first: 11, last: 11 }])
  })

  it('passes where two exports were put together', async () => {
    const entries = makeEntries(9)
    const lines = exportOf(entries)
    lines.splice(4, 0, checkpointLine(noteOf(entries, 4)))
    expect((await check(lines)).findings).toEqual([])
  })

  it('passes with entries from before there was personal data', async () => {
    const entries = makeEntries(3)
    const old = JSON.parse(entries[1]!.leaf)
    entries[1] = {
      leaf: JSON.stringify({
        ...old,
        actor: { ...old.actor, address: '203.0.113.1', user_agent: null },
        personal: null,
      }),
      personal: null,
    }
    const report = await check(exportOf(entries))
    expect(report.findings).toEqual([])
    expect(report.erased).toBe(0)
  })
})

describe('verifyLog: every edit is found by who kept one checkpoint that covers it', () => {
  /** An edit gives lines that are not those of the log, or null where it would change nothing. */
  type Edit = (lines: string[], entries: readonly MadeEntry[], at: number, salt: number) => string[] | null
  const edits: Record<string, Edit> = {
    'a bit of a line': (lines, _, at, salt) => {
      const bytes = Buffer.from(lines[at]!)
      bytes[salt % bytes.length]! ^= 1 << (salt % 7)
      return lines.with(at, bytes.toString())
    },
    'a dropped line': (lines, _, at) => lines.toSpliced(at, 1),
    'a line twice': (lines, _, at) => lines.toSpliced(at, 0, lines[at]!),
    'a line twice, elsewhere': (lines, _, at, salt) => lines.toSpliced(salt % lines.length, 0, lines[at]!),
    'two lines changed about': (lines, _, at, salt) => {
      const other = salt % lines.length
      return lines[at] === lines[other] ? null : lines.with(at, lines[other]!).with(other, lines[at]!)
    },
    'the end cut off': (lines, _, at) => lines.slice(0, at),
    'the end cut off behind a checkpoint of it': (_, entries, at) => exportOf(entries.slice(0, at)),
    'the beginning cut off': (lines, _, at) => (at === 0 ? null : lines.slice(at)),
    'the beginning deleted without a word': (_, entries, at) => (at === 0 ? null : exportOf(entries, at)),
    'a line put in': (lines, _, at, salt) => lines.toSpliced(at, 0, salt % 2 ? '{}' : `junk ${String(salt)}`),
    'an entry put in': (lines, _, at) => lines.toSpliced(at, 0, lineOf(makeEntry(at))),
    'an entry written anew, and signed by the key': (_, entries, at) =>
      exportOf(entries.map((entry, index) => (index === at ? makeEntry(at, { requestId: 'x' }) : entry))),
    'an entry written anew, and signed by another key': (_, entries, at) =>
      exportOf(
        entries.map((entry, index) => (index === at ? makeEntry(at) : entry)),
        0,
        OTHER_SIGNER,
      ),
    'the whole log signed by another key': (_, entries) => exportOf(entries, 0, OTHER_SIGNER),
    'a log of the same length': (_, entries) => exportOf(makeEntries(entries.length)),
    'an entry put in, the rest numbered anew, signed by the key': (_, entries, at) =>
      exportOf(renumbered(entries.toSpliced(at, 0, makeEntry(at)))),
    'an entry dropped, the rest numbered anew, one put at the end, signed by the key': (_, entries, at) =>
      exportOf(renumbered([...entries.toSpliced(at, 1), makeEntry(entries.length)])),
    'other personal data': (lines, entries, at) => {
      const personal = JSON.stringify({ salt: 'x', address: '198.51.100.1', user_agent: null })
      return lines.with(at, lineOf({ leaf: entries[at]!.leaf, personal }))
    },
    'personal data taken away without a word': (lines, entries, at) =>
      lines.with(at, lineOf(erased(entries[at]!))),
    'an entry of another workspace': (lines, _, at) =>
      lines.with(at, lineOf(makeEntry(at, { workspaceId: 'ws_2' }))),
    'another spelling': (lines, _, at, salt) =>
      lines.with(
        at,
        salt % 2 ? JSON.stringify(JSON.parse(lines[at]!), null, 1).replaceAll('\n', '') : `${lines[at]!} `,
      ),
    'a member twice': (lines, _, at) => lines.with(at, lines[at]!.replace('{', '{"outcome":"success",')),
    'an older checkpoint at the end': (lines, entries) =>
      lines.with(-1, checkpointLine(noteOf(entries, entries.length - 1))),
  }

  it.each(Object.entries(edits))('%s', async (_, edit) => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 24 }),
        fc.nat(1_000_000),
        fc.nat(1_000_000),
        async (count, place, salt) => {
          const entries = makeEntries(count)
          const lines = exportOf(entries)
          const edited = edit([...lines], entries, place % count, salt)
          if (edited === null || edited.join('\n') === lines.join('\n')) return
          const report = await check(edited, [noteOf(entries)])
          expect(report.findings, edited.join('\n')).not.toEqual([])
        },
      ),
      { numRuns: RUNS },
    )
  })

  it('an entry under the checkpoint, whoever signed what came later', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 40 }),
        fc.nat(1000),
        fc.nat(1000),
        fc.boolean(),
        async (count, size, at, isDropped) => {
          const entries = makeEntries(count)
          const kept = 1 + (size % count)
          const place = at % kept
          const forged = isDropped
            ? renumbered(entries.toSpliced(place, 1))
            : entries.with(place, makeEntry(place))
          const report = await check(exportOf(forged), [noteOf(entries, kept)])
          const [finding] = report.findings
          expect(finding).toBeDefined()
          expect(finding!.first).toBeLessThanOrEqual(Math.max(place, forged.length))
          expect(finding!.last).toBeGreaterThanOrEqual(place)
        },
      ),
      { numRuns: RUNS },
    )
  })

  it('a bit of a checkpoint that was kept', async () => {
    const entries = makeEntries(5)
    const bytes = Buffer.from(noteOf(entries))
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      expect((await check(exportOf(entries), [flipped.toString()])).findings, String(bit)).not.toEqual([])
    }
  })
})

describe('verifyLog: whatever the lines are', () => {
  const good = exportOf(makeEntries(4))
  const line = fc.oneof(
    fc.string(),
    fc.json(),
    fc.constantFrom(...good),
    fc.record({ leaf: fc.json(), personal: fc.option(fc.json()) }).map((value) => JSON.stringify(value)),
    fc
      .record({ pruned: fc.record({ size: fc.nat(9), hashes: fc.array(fc.base64String()) }) })
      .map((value) => JSON.stringify(value)),
    fc.string().map((note) => checkpointLine(note)),
    fc.integer({ min: -3, max: 9 }).map((index) =>
      lineOf(makeEntry(4))
        .replaceAll('"index":4', `"index":${String(index)}`)
        .replaceAll('index\\":4', `index\\":${String(index)}`),
    ),
  )

  it('reports, and does not fail', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (lines) => {
        const report = await check(lines, [noteOf(makeEntries(4))])
        expect(report.findings).not.toEqual([])
      }),
      { numRuns: 2000 },
    )
  })
})

describe('verifyLog: what it says', () => {
  const entries = makeEntries(30)
  const lines = exportOf(entries)
  const kept = [10, 20, 30].map((size) => noteOf(entries, size))

  it('names a dropped entry', async () => {
    const report = await check(lines.toSpliced(12, 1), kept)
    expect(messagesOf(report)).toEqual(['entry 12 is missing: dropped from the log'])
  })

  it('names entries that changed places', async () => {
    const report = await check(lines.with(4, lines[9]!).with(9, lines[4]!), kept)
    expect(messagesOf(report)).toEqual([
      'in the place of entry 4 stands one that says it is entry 9',
      'in the place of entry 9 stands one that says it is entry 4',
    ])
  })

  it('names an entry that comes again, and still checks the rest', async () => {
    const report = await check(lines.toSpliced(12, 0, lines[7]!), kept)
    expect(messagesOf(report)).toEqual(['entry 7 comes again behind entry 11: it was put in'])
    expect(report.checkpointsHeld).toBe(4)
  })

  it('names the members of a line that are not what the leaf says', async () => {
    const edited = lines[3]!.replace('"action":"call.denied"', '"action":"call.allowed"')
    const report = await check(lines.with(3, edited), kept)
    expect(report.findings).toEqual([
      { kind: 'changed', message: 'entry 3 shows `action` other than its leaf says', first: 3, last: 3 },
    ])
  })

  it('narrows an entry that was written anew to between two checkpoints', async () => {
    const forged = entries.with(14, makeEntry(14))
    const report = await check(exportOf(forged, 0, OTHER_SIGNER), kept)
    expect(kindsOf(report)).toEqual(['signature', 'changed'])
    expect(report.findings.at(-1)).toMatchObject({ first: 10, last: 19 })
  })

  it('says that the key signed two histories', async () => {
    const report = await check(exportOf(entries.with(14, makeEntry(14))), kept)
    expect(report.findings).toHaveLength(1)
    expect(report.findings[0]).toMatchObject({ kind: 'fork', first: 10, last: 19 })
    expect(report.findings[0]!.message).toContain(
      'checkpoint 1, of 20 entries, and the export’s own checkpoint',
    )
  })

  it('says which kept checkpoints contradict each other', async () => {
    const other = noteOf(entries.with(3, makeEntry(3)), 20)
    const report = await check(lines, [...kept, other])
    expect(messagesOf(report)[0]).toBe(
      'checkpoint 1 and checkpoint 3 are both signed, and of different logs of 20 entries',
    )
  })

  it('says what was cut off', async () => {
    const report = await check(exportOf(entries.slice(0, 25)), kept)
    expect(messagesOf(report)).toEqual(['checkpoint 2 is of 30 entries: entries 25 to 29 were cut off'])
  })

  it('says that more was deleted or erased than the log tells of', async () => {
    expect(messagesOf(await check(exportOf(entries, 5), kept))).toEqual([
      'entries 0 to 4 are deleted, and the log tells of 0',
    ])
    const taken = lines.with(5, lineOf(erased(entries[5]!)))
    expect(messagesOf(await check(taken, kept))).toEqual([
      'the log tells of no erasure of the personal data of entry 5',
    ])
  })

  it('says that a file is empty or something else', async () => {
    expect(kindsOf(await check([]))).toEqual(['cut_off'])
    expect(kindsOf(await check(['junk']))).toEqual(['malformed', 'cut_off'])
    expect(kindsOf(await check([prunedLine(3, []), ...lines]))).toContain('malformed')
  })

  it('lists a hundred findings and counts the rest', async () => {
    const many = makeEntries(300).map((entry) => lineOf(entry).replace('"success"', '"failure"'))
    const report = await check(many)
    expect(report.findings).toHaveLength(100)
    expect(report.findingsUnlisted).toBeGreaterThan(100)
  })
})

describe('verifyLog: what was kept from before retention', () => {
  const entries = makeEntries(40, (index) =>
    index === 35 ? { action: 'audit.prune', details: { first: 0, last: 21 } } : {},
  )
  const prove = (of: readonly MadeEntry[]) => (from: number, to: number) =>
    consistencyProof(sha256, from, to, {
      read: (nodes) => Promise.resolve(nodes.map((node) => hashOf(of, node))),
    })

  it('is proven by the server, or a finding', async () => {
    const found = [{ note: noteOf(entries, 9), source: 'the old one' }]
    expect(kindsOf(await verifyLog(exportOf(entries, 22), KEY, found))).toEqual(['unproven'])
    const report = await verifyLog(exportOf(entries, 22), KEY, found, prove(entries))
    expect(report.findings).toEqual([])
    expect(report.checkpointsHeld).toBe(2)
  })

  it('shows a log that does not go on from it', async () => {
    const found = [{ note: noteOf(makeEntries(9)), source: 'the old one' }]
    const report = await verifyLog(exportOf(entries, 22), KEY, found, prove(entries))
    expect(messagesOf(report)).toEqual(['the log does not go on from the old one, of 9 entries'])
  })
})

describe('locateChanges', () => {
  const entries = makeEntries(30)
  const forged = entries.with(14, makeEntry(14)).with(17, makeEntry(17))

  it('finds the entries by the hashes of what was signed', async () => {
    const report = await check(
      exportOf(forged),
      [10, 20].map((size) => noteOf(entries, size)),
    )
    const leaves = forged.slice(10, 20).map(({ leaf }) => leaf)
    const stored = entries.slice(10, 20).map(({ leaf }) => leafHash(sha256, Buffer.from(leaf)))
    expect(await locateChanges(report.disagreement!, each(leaves), each(stored))).toEqual([14, 17])
  })

  it('says nothing where those hashes were changed as well, or are too few', async () => {
    const report = await check(exportOf(forged), [noteOf(entries, 20)])
    const leaves = forged.slice(0, 20).map(({ leaf }) => leaf)
    const stored = leaves.map((leaf) => leafHash(sha256, Buffer.from(leaf)))
    expect(await locateChanges(report.disagreement!, each(leaves), each(stored))).toBeNull()
    expect(await locateChanges(report.disagreement!, each(leaves), each(stored.slice(1)))).toBeNull()
  })
})

describe('kept checkpoints', () => {
  const note = noteOf(makeEntries(4))

  it('are read from a note, evidence files and the output of a server', () => {
    expect(checkpointOfFile(note, 'f')).toEqual({ note, source: 'the checkpoint f' })
    const line = JSON.stringify({ at: '2026-11-22T12:00:00Z', size: 4, checkpoint: note })
    for (const text of [line, `[CHECKPOINT] ${line}`]) {
      expect(checkpointOfLine(text, 's', SIGNER.name)).toEqual({ note, source: 's' })
      expect(checkpointOfLine(text, 's', 'bitting/ws_2')).toBe('foreign')
    }
  })

  it('are nothing else', () => {
    expect(checkpointOfFile('junk', 'f')).toBeNull()
    for (const text of ['junk', 'null', '{}', '{"checkpoint":1}']) {
      expect(checkpointOfLine(text, 's', SIGNER.name)).toBeNull()
    }
  })
})

function renumbered(entries: readonly MadeEntry[]): MadeEntry[] {
  return entries.map(({ leaf, personal }, index) => ({
    leaf: leaf.replace(/^\{"index":\d+/, `{"index":${String(index)}`),
    personal,
  }))
}

function hashOf(entries: readonly MadeEntry[], { level, index }: TreeNode): Uint8Array {
  if (level === 0) return leafHash(sha256, Buffer.from(entries[index]!.leaf))
  const child = (at: number): Uint8Array => hashOf(entries, { level: level - 1, index: at })
  return nodeHash(sha256, child(index * 2), child(index * 2 + 1))
}

async function* each<T>(values: readonly T[]): AsyncGenerator<T, void, undefined> {
  for (const value of values) yield await Promise.resolve(value)
}
