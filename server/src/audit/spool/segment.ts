import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { EntryTexts } from '../entry.js'

/**
 * A file of the spool. One line an entry: the CRC-32 of the rest in hex, the entry's number among those of its writer,
 * and its three texts, separated by tabs, which JSON never holds unescaped.
 */
export interface Segment {
  readonly path: string
  /** The process that wrote it. */
  readonly writer: string
  readonly number: number
}

/** An entry as a segment holds it. */
export interface SpooledEntry extends EntryTexts {
  readonly sequence: number
}

const NAME = /^([0-9a-f]{16})-(\d{1,12})\.spool$/
// With `s`: JSON holds the line separators of Unicode as they are, and a dot means no such character without it.
const LINE = /^([0-9a-f]{8}) (\d{1,15}) (\{.*\})\t(\{.*\})\t(\[.*\])$/s
const WORKSPACE = /^\{"workspace":"([^"\\]+)"/

/** The path of a writer's segment. */
export function segmentPath(directory: string, writer: string, number: number): string {
  return join(directory, `${writer}-${String(number)}.spool`)
}

/** The segments in a directory, each writer's in their order. */
export async function listSegments(directory: string): Promise<Segment[]> {
  const segments = (await readdir(directory)).flatMap((name) => {
    const match = NAME.exec(name)
    if (match?.[1] === undefined) return []
    return [{ path: join(directory, name), writer: match[1], number: Number(match[2]) }]
  })
  return segments.sort((a, b) => (a.writer === b.writer ? a.number - b.number : a.writer < b.writer ? -1 : 1))
}

/** An entry as a line, with the line's end. */
export function formatLine(sequence: number, { body, personal, search }: EntryTexts): string {
  const rest = `${String(sequence)} ${body}\t${personal}\t${search}`
  return `${crc32(rest).toString(16).padStart(8, '0')} ${rest}\n`
}

/** Reads a line back; null where it is not what was written. */
export function parseLine(line: string): SpooledEntry | null {
  const match = LINE.exec(line)
  const [, sum = '', sequence = '', body = '', personal = '', search = ''] = match ?? []
  if (match === null || crc32(line.slice(sum.length + 1)) !== parseInt(sum, 16)) return null
  const workspaceId = WORKSPACE.exec(body)?.[1]
  return workspaceId === undefined
    ? null
    : { sequence: Number(sequence), workspaceId, body, personal, search }
}
