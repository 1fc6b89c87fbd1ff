import { describe, expect, it } from 'vitest'
import { consistencyProof, leafHash } from '@bitting/core'
import { checkpointOfFile, checkpointOfLine } from '../../server/src/audit/kept-checkpoints.js'
import { locateChanges } from '../../server/src/audit/locate-change.js'
import { sha256 } from '../../server/src/audit/log-key.js'
import { prunedLine } from '../../server/src/audit/log-line.js'
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
  type MadeEntry,
} from './log-fixture.js'
import { check, kindsOf, messagesOf, hashOf, each } from './verify-log-fixture.js'

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
