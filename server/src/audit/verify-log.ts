import { CompactTree, leafHash, verifyConsistency, type VerifierKey } from '@bitting/core'
import { EntryOrder } from './entry-order.js'
import { openState, sameBytes, type FoundCheckpoint, type SignedState } from './kept-checkpoints.js'
import { NOTE_CRYPTO, sha256 } from './log-key.js'
import type { Finding, LogReport, TrustedEdge } from './log-report.js'
import { readLogLine, type EntryLine, type LogLine } from './log-line.js'

/** Gives the hashes of the RFC 6962 consistency proof between two sizes. */
export type ProveConsistency = (from: number, to: number) => Promise<readonly Uint8Array[]>

const FINDINGS_MAX = 100
const STRANGERS_MAX = 3

/**
 * Checks a JSONL export against the key of its log and checkpoints that somebody kept. It reads the lines once and
 * keeps none of them.
 *
 * @param prove proves how the log goes on from kept checkpoints of which retention has deleted the entries; without it
 *   they are findings
 */
export async function verifyLog(
  lines: Iterable<string> | AsyncIterable<string>,
  key: VerifierKey,
  kept: readonly FoundCheckpoint[],
  prove: ProveConsistency | null = null,
): Promise<LogReport> {
  const verifier = new LogVerifier(key, kept)
  for await (const line of lines) verifier.add(line)
  await verifier.finish(prove)
  return verifier.report()
}

/** Checks a log line by line. */
class LogVerifier {
  readonly #key: VerifierKey
  readonly #workspace: string
  readonly #findings: Finding[] = []
  readonly #kept = new Map<number, SignedState[]>()
  readonly #order: () => EntryOrder<EntryLine>
  #entryOrder: EntryOrder<EntryLine> | null = null
  /** Null once a place had no readable entry: from there on no root can be computed. */
  #tree: CompactTree | null = new CompactTree(sha256)
  #edge: TrustedEdge = { size: 0, hashes: [] }
  #held: SignedState | null = null
  #disagreement: LogReport['disagreement'] = null
  #findingsUnlisted = 0
  #lines = 0
  #firstIndex = 0
  #endsWithCheckpoint = false
  #checkpointsHeld = 0
  readonly #erased = new Set<number>()
  readonly #erasedTold = new Set<number>()
  #strangers = 0
  #prunedTold = 0

  constructor(key: VerifierKey, kept: readonly FoundCheckpoint[]) {
    this.#key = key
    this.#workspace = key.name.slice(key.name.indexOf('/') + 1)
    this.#order = () =>
      new EntryOrder<EntryLine>(
        this.#firstIndex,
        (line) => this.#place(line),
        ({ kind, message, first, last }) => this.#find(kind, message, first, last),
      )
    for (const found of kept) this.#keep(found)
  }

  add(text: string): void {
    const line = readLogLine(text)
    this.#lines++
    if (line.kind === 'pruned') this.#addPruned(line)
    else if (line.kind === 'checkpoint') this.#addCheckpoint(line.note)
    else this.#addEntry(line)
    this.#endsWithCheckpoint = line.kind === 'checkpoint'
  }

  async finish(prove: ProveConsistency | null): Promise<void> {
    const order = this.#begin()
    order.finish()
    if (!this.#endsWithCheckpoint) {
      const message = `the export does not end with a checkpoint: what came behind entry ${String(order.size - 1)} was cut off`
      this.#find('cut_off', message, order.size, null)
    }
    this.#reportDisagreement()
    this.#reportUnreached(order.size)
    await this.#reportDeleted(prove)
    this.#reportUntold()
  }

  report(): LogReport {
    return {
      origin: this.#key.name,
      size: this.#begin().size,
      firstIndex: this.#firstIndex,
      erased: this.#erased.size,
      checkpointsHeld: this.#checkpointsHeld,
      findings: this.#findings,
      findingsUnlisted: this.#findingsUnlisted,
      disagreement: this.#disagreement,
    }
  }

  /** Two of one size with different roots cannot both be of the log: nothing of the export is needed to see that. */
  #keep(found: FoundCheckpoint): void {
    const state = openState(this.#key, found)
    if ('flaw' in state) {
      this.#find('signature', state.flaw)
      return
    }
    const same = this.#kept.get(state.size) ?? []
    if (same.some(({ root }) => sameBytes(root, state.root))) return
    for (const { source } of same) {
      this.#find(
        'fork',
        `${source} and ${state.source} are both signed, and of different logs of ${sizeText(state)}`,
      )
    }
    this.#kept.set(state.size, [...same, state])
  }

  #begin(): EntryOrder<EntryLine> {
    if (this.#entryOrder === null) {
      this.#entryOrder = this.#order()
      this.#compareKept()
    }
    return this.#entryOrder
  }

  #addPruned({ size, hashes }: Extract<LogLine, { kind: 'pruned' }>): void {
    const bytes = hashes.map((hash) => Buffer.from(hash, 'base64'))
    const tree = this.#lines === 1 ? prunedTree(size, bytes) : null
    if (tree === null) {
      this.#find(
        'malformed',
        `line ${String(this.#lines)} tells of deleted entries where it cannot, or wrongly`,
      )
      return
    }
    this.#firstIndex = size
    this.#tree = tree
    this.#edge = { size, hashes: tree.hashes }
    this.#begin()
  }

  #addEntry(line: Extract<LogLine, { kind: 'entry' | 'malformed' }>): void {
    const order = this.#begin()
    if (line.kind === 'malformed') {
      order.addUnreadable(line.message)
    } else {
      order.add(line.entry.index, line)
      this.#checkEntry(line)
    }
  }

  #checkEntry({ entry, flaw }: EntryLine): void {
    const { index, workspace, action, details } = entry
    if (flaw !== null) this.#find(flaw.kind, `entry ${String(index)} ${flaw.message}`, index)
    // Three say as much as a hundred: the key is of another log, or the entries are.
    if (workspace !== this.#workspace && ++this.#strangers > STRANGERS_MAX) this.#findingsUnlisted++
    else if (workspace !== this.#workspace) {
      this.#find(
        'workspace',
        `entry ${String(index)} is of the workspace ${workspace}, not of this log`,
        index,
      )
    }
    if (entry.erased) this.#erased.add(index)
    if (action === 'audit.erase') for (const told of indexesOf(details['indexes'])) this.#erasedTold.add(told)
    if (action === 'audit.prune') this.#prunedTold = Math.max(this.#prunedTold, countOf(details['last']) + 1)
  }

  #place(line: EntryLine | null): void {
    if (line === null) this.#tree = null
    if (line === null || this.#tree === null) return
    this.#tree.append(leafHash(sha256, Buffer.from(line.leaf)))
    this.#compareKept()
  }

  #addCheckpoint(note: string): void {
    const order = this.#begin()
    order.settle()
    const state = openState(this.#key, {
      note,
      source: `the export’s own checkpoint in line ${String(this.#lines)}`,
    })
    if ('flaw' in state) {
      this.#find('signature', state.flaw)
    } else if (state.size > order.size) {
      const message = `${state.source} is of ${sizeText(state)}: entries ${String(order.size)} to ${String(state.size - 1)} were cut off`
      this.#find('cut_off', message, order.size, state.size - 1)
    } else if (state.size < order.size) {
      const message = `${state.source} is of ${sizeText(state)}, and ${String(order.size)} stand before it: nothing vouches for those from ${String(state.size)} on`
      this.#find('order', message, state.size, order.size - 1)
    } else {
      this.#compare(state, this.#edge)
    }
  }

  #compareKept(): void {
    if (this.#tree === null) return
    const before = this.#edge
    for (const state of this.#kept.get(this.#tree.size) ?? []) this.#compare(state, before)
  }

  /**
   * Compares the tree with a checkpoint of its size.
   *
   * @param before where the log last agreed with a smaller one
   */
  #compare(state: SignedState, before: TrustedEdge): void {
    if (this.#tree === null) return
    if (sameBytes(this.#tree.root(), state.root)) {
      this.#checkpointsHeld++
      this.#held = state
      this.#edge = { size: state.size, hashes: this.#tree.hashes }
    } else {
      this.#disagreement ??= { from: before, to: state }
    }
  }

  #reportDisagreement(): void {
    if (this.#disagreement === null) return
    const { to: first } = this.#disagreement
    const from = this.#disagreement.from.size
    const where =
      from < first.size ? `among entries ${String(from)} to ${String(first.size - 1)}` : 'before its entries'
    // Whoever signed a checkpoint that agrees with these entries, and one that does not, signed two histories.
    const agreeing = this.#held !== null && this.#held.size >= first.size ? this.#held : null
    const message =
      agreeing === null
        ? `${where}, one or more are not what ${first.source}, of ${sizeText(first)}, was signed over`
        : `${first.source}, of ${sizeText(first)}, and ${agreeing.source}, of ${sizeText(agreeing)}, are both signed, and of different logs: they part ${where}`
    this.#find(agreeing === null ? 'changed' : 'fork', message, from, first.size - 1)
  }

  #reportUnreached(size: number): void {
    for (const [keptSize, states] of this.#kept) {
      if (keptSize <= size) continue
      for (const state of states) {
        const message = `${state.source} is of ${sizeText(state)}: entries ${String(size)} to ${String(keptSize - 1)} were cut off`
        this.#find('cut_off', message, size, keptSize - 1)
      }
    }
  }

  /** Kept checkpoints of before what retention left. */
  async #reportDeleted(prove: ProveConsistency | null): Promise<void> {
    const target = this.#held
    const older = [...this.#kept.values()].flat().filter(({ size }) => size > 0 && size < this.#firstIndex)
    for (const state of older) {
      if (prove === null || target === null) {
        const message = `${state.source}, of ${sizeText(state)}, cannot be compared: retention has deleted those entries; the server can prove how its log goes on from there`
        this.#find('unproven', message)
        continue
      }
      const proof = await prove(state.size, target.size)
      const claim = { from: state.size, to: target.size, fromRoot: state.root, toRoot: target.root, proof }
      if (verifyConsistency(NOTE_CRYPTO.sha256, claim)) this.#checkpointsHeld++
      else
        this.#find(
          'fork',
          `the log does not go on from ${state.source}, of ${sizeText(state)}`,
          0,
          state.size - 1,
        )
    }
  }

  /** Retention and erasure write into the log what they take away. */
  #reportUntold(): void {
    if (this.#firstIndex > this.#prunedTold) {
      const message = `entries 0 to ${String(this.#firstIndex - 1)} are deleted, and the log tells of ${String(this.#prunedTold)}`
      this.#find('pruned', message, 0, this.#firstIndex - 1)
    }
    const untold = [...this.#erased].filter((index) => !this.#erasedTold.has(index))
    if (untold.length > 0) {
      const shown = untold.slice(0, 10).join(', ')
      const message = `the log tells of no erasure of the personal data of ${untold.length === 1 ? 'entry' : 'entries'} ${shown}${untold.length > 10 ? ` and ${String(untold.length - 10)} more` : ''}`
      this.#find('erased', message, untold[0], untold.at(-1))
    }
  }

  #find(
    kind: Finding['kind'],
    message: string,
    first: number | null = null,
    last: number | null = first,
  ): void {
    if (this.#findings.length < FINDINGS_MAX) this.#findings.push({ kind, message, first, last })
    else this.#findingsUnlisted++
  }
}

function prunedTree(size: number, hashes: readonly Uint8Array[]): CompactTree | null {
  try {
    return new CompactTree(sha256, size, hashes)
  } catch {
    return null
  }
}

function sizeText({ size }: { readonly size: number }): string {
  return size === 1 ? '1 entry' : `${String(size)} entries`
}

function countOf(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0
}

/** The places that an entry tells of. */
function indexesOf(value: unknown): number[] {
  return Array.isArray(value) ? value.filter((index): index is number => Number.isSafeInteger(index)) : []
}
