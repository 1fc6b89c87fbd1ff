import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkpointLine } from '../../server/src/audit/log-line.js'
import {
  erased,
  exportOf,
  lineOf,
  makeEntries,
  makeEntry,
  noteOf,
  OTHER_SIGNER,
  WORKSPACE,
  type MadeEntry,
} from './log-fixture.js'
import { RUNS, check, renumbered } from './verify-log-fixture.js'

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
