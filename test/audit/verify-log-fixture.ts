import { leafHash, nodeHash, type TreeNode } from '@bitting/core'
import { sha256 } from '../../server/src/audit/log-key.js'
import type { LogReport } from '../../server/src/audit/log-report.js'
import { verifyLog } from '../../server/src/audit/verify-log.js'
import { KEY, type MadeEntry } from './log-fixture.js'

export const RUNS = 300

export async function check(lines: readonly string[], kept: readonly string[] = []): Promise<LogReport> {
  return verifyLog(
    lines,
    KEY,
    kept.map((note, at) => ({ note, source: `checkpoint ${String(at)}` })),
  )
}

export function kindsOf(report: LogReport): string[] {
  return [...new Set(report.findings.map(({ kind }) => kind))]
}

export function messagesOf(report: LogReport): string[] {
  return report.findings.map(({ message }) => message)
}

export function renumbered(entries: readonly MadeEntry[]): MadeEntry[] {
  return entries.map(({ leaf, personal }, index) => ({
    leaf: leaf.replace(/^\{"index":\d+/, `{"index":${String(index)}`),
    personal,
  }))
}

export function hashOf(entries: readonly MadeEntry[], { level, index }: TreeNode): Uint8Array {
  if (level === 0) return leafHash(sha256, Buffer.from(entries[index]!.leaf))
  const child = (at: number): Uint8Array => hashOf(entries, { level: level - 1, index: at })
  return nodeHash(sha256, child(index * 2), child(index * 2 + 1))
}

export async function* each<T>(values: readonly T[]): AsyncGenerator<T, void, undefined> {
  for (const value of values) yield await Promise.resolve(value)
}
