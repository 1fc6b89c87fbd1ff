import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError, type ManagementClient } from '@bitting/client'
import { nodeFromTile, parseCheckpoint, parseNote, TILE_WIDTH, tileOfNode, tilePath } from '@bitting/core'
import { checkpointLine, prunedLine } from '../../audit/log-line.js'
import { sha256 } from '../../audit/log-key.js'

/** The largest part of a log that one request gets. */
export const EXPORT_PAGE_MAX = 1000

const WAIT_MILLISECONDS = 5000
const POLL_MILLISECONDS = 250
const INDEX = /^\{"index":(\d+),/

/** What an export came to, known when its last line has come. */
export interface ExportedLog {
  entries: number
  /** The first entry that is there; null where there is none. */
  firstIndex: number | null
  /** The entry behind the last. */
  nextIndex: number
  /** The size of the checkpoint at the end; null where the server has signed none. */
  checkpointSize: number | null
}

/** The state in which an export begins. */
export function newExport(from: number): ExportedLog {
  return { entries: 0, firstIndex: null, nextIndex: from, checkpointSize: null }
}

/**
 * The lines of a JSONL export: entries, at the end a checkpoint that covers exactly these, and at the beginning the
 * roots of the subtrees that retention has deleted. Where the server signs no such checkpoint within some seconds, its
 * newest stands there.
 *
 * @param progress is kept up to date
 */
export async function* exportLines(
  client: ManagementClient,
  progress: ExportedLog,
): AsyncGenerator<string, void, undefined> {
  const isWhole = progress.nextIndex === 0
  for (let from: number | null = progress.nextIndex; from !== null;) {
    const page = await client.audit.exportPage({ from })
    const lines = linesOf(page.text)
    const start = indexOf(lines[0])
    if (isWhole && progress.firstIndex === null && start !== null && start > 0) {
      yield prunedLine(start, await subtreeHashes(client, start))
    }
    yield* counted(lines, progress)
    from = page.next
  }
  const checkpoint = await checkpointOf(client, progress.nextIndex)
  if (checkpoint === null) return
  // What has come in meanwhile, so that the checkpoint covers these entries and no others.
  while (progress.nextIndex < checkpoint.size) {
    const limit = Math.min(EXPORT_PAGE_MAX, checkpoint.size - progress.nextIndex)
    const lines = linesOf((await client.audit.exportPage({ from: progress.nextIndex, limit })).text)
    if (lines.length === 0) break
    yield* counted(lines, progress)
  }
  progress.checkpointSize = checkpoint.size
  yield checkpointLine(checkpoint.note)
}

/** The parts of an export in a form that proves nothing. */
export async function* exportParts(
  client: ManagementClient,
  format: 'csv' | 'ocsf',
  from: number,
): AsyncGenerator<string, void, undefined> {
  for (let next: number | null = from; next !== null;) {
    const page = await client.audit.exportPage({ format, from: next })
    yield page.text
    next = page.next
  }
}

/**
 * The newest checkpoint, as soon as it covers so many entries, and after some seconds also where it does not. Null
 * where none was signed.
 */
export async function checkpointOf(
  client: ManagementClient,
  size: number,
): Promise<{ readonly note: string; readonly size: number } | null> {
  for (let waited = 0; ; waited += POLL_MILLISECONDS) {
    const note = await newestCheckpoint(client)
    const signed = note === null ? null : sizeOfNote(note)
    if ((signed ?? 0) >= size || waited >= WAIT_MILLISECONDS) {
      return note === null || signed === null ? null : { note, size: signed }
    }
    await sleep(POLL_MILLISECONDS)
  }
}

/** The size that a note says, with nothing verified; null where it is no checkpoint. */
export function sizeOfNote(note: string): number | null {
  const body = parseNote(note)?.body
  return body === undefined ? null : (parseCheckpoint(body)?.size ?? null)
}

/** The leaf hashes of the log from the server's tiles, from a place to before another. */
export async function* storedHashes(
  client: ManagementClient,
  from: number,
  to: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let index = from; index < to;) {
    const { tileLevel, tileIndex, offset } = tileOfNode(0, index)
    const width = Math.min(TILE_WIDTH, offset + to - index)
    const tile = await client.audit.tile(tilePath(tileLevel, tileIndex, width))
    for (let at = offset; at < width; at++, index++)
      yield nodeFromTile(sha256, tile, { offset: at, height: 0 })
  }
}

/** The roots of the perfect subtrees that the first entries fall into, from the server's tiles. */
async function subtreeHashes(client: ManagementClient, size: number): Promise<Uint8Array[]> {
  const hashes: Uint8Array[] = []
  let start = 0
  for (let level = 52; level >= 0; level--) {
    const width = 2 ** level
    if (size - start < width) continue
    const { tileLevel, tileIndex, ...place } = tileOfNode(level, start / width)
    const tile = await client.audit.tile(tilePath(tileLevel, tileIndex, place.offset + 2 ** place.height))
    hashes.push(nodeFromTile(sha256, tile, place))
    start += width
  }
  return hashes
}

function* counted(lines: readonly string[], progress: ExportedLog): Generator<string, void, undefined> {
  for (const line of lines) {
    const index = indexOf(line) ?? progress.nextIndex
    progress.firstIndex ??= index
    progress.nextIndex = index + 1
    progress.entries++
    yield line
  }
}

async function newestCheckpoint(client: ManagementClient): Promise<string | null> {
  try {
    return await client.audit.checkpoint()
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null
    throw error
  }
}

function linesOf(text: string): string[] {
  return text.split('\n').slice(0, -1)
}

function indexOf(line: string | undefined): number | null {
  const index = INDEX.exec(line ?? '')?.[1]
  return index === undefined ? null : Number(index)
}
