import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { NOTE_ED25519, parseVerifierKey, type VerifierKey } from '@bitting/core'
import { checkpointOfFile, checkpointOfLine, type FoundCheckpoint } from '../../audit/kept-checkpoints.js'
import { sha256 } from '../../audit/log-key.js'
import { usageError } from '../command-error.js'

const LINE_FEED = 0x0a
/** Longer than any note with its 64 signatures. */
const NOTE_BYTES_MAX = 64 * 1024
/** Longer than any line of an export: an entry has at most 64 KiB, and its line some copies of it. */
const LINE_BYTES_MAX = 1024 * 1024

/**
 * The verifier key that an option names: the key itself, or a file that holds it.
 *
 * @throws {CommandError} when it is neither
 */
export async function readVerifierKey(text: string): Promise<VerifierKey> {
  const key = parseVerifierKey(sha256, text) ?? parseVerifierKey(sha256, await readKeyFile(text))
  if (key?.type === NOTE_ED25519) return key
  throw usageError(
    `"${text}" is neither the verifier key of a log nor a file that holds one`,
    'it reads bitting/<workspace>+<id>+<base64>; `bitting audit checkpoint --key` prints it',
  )
}

/**
 * The checkpoints in files of them.
 *
 * @throws {CommandError} when a file holds none of this log
 */
export async function readCheckpoints(
  paths: readonly string[],
  { name }: VerifierKey,
): Promise<FoundCheckpoint[]> {
  const found: FoundCheckpoint[] = []
  for (const path of paths) {
    const before = found.length
    const { size } = await stat(path)
    const alone = size <= NOTE_BYTES_MAX ? checkpointOfFile(await readFile(path, 'utf8'), path) : null
    if (alone !== null) found.push(alone)
    else for await (const checkpoint of checkpointsIn(path, name)) found.push(checkpoint)
    if (found.length === before) {
      throw usageError(
        `${path} holds no checkpoint of ${name}`,
        'check the path and the key; a file of checkpoints is a signed note, or lines of JSON with one as `checkpoint`',
      )
    }
  }
  return found
}

async function* checkpointsIn(
  path: string,
  origin: string,
): AsyncGenerator<FoundCheckpoint, void, undefined> {
  let number = 0
  for await (const line of readLines(path)) {
    number++
    // The output of a server has other lines too; what has one like ours and is not is no other line.
    if (!line.includes('"checkpoint"')) continue
    const found = checkpointOfLine(line, `the checkpoint in line ${String(number)} of ${path}`, origin)
    if (found === null) {
      throw usageError(
        `line ${String(number)} of ${path} holds no checkpoint`,
        'a file of checkpoints is a signed note, or lines of JSON with one as `checkpoint`',
      )
    }
    if (found !== 'foreign') yield found
  }
}

/** The lines of a file without their ends. What is not UTF-8 or too long is given as a line that is no JSON. */
export async function* readLines(path: string): AsyncGenerator<string, void, undefined> {
  let rest: Buffer[] = []
  let length = 0
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      yield decode(Buffer.concat([...rest, chunk.subarray(start, end)]))
      rest = []
      length = 0
      start = end + 1
    }
    length += chunk.length - start
    if (length <= LINE_BYTES_MAX) rest.push(chunk.subarray(start))
    else rest = [Buffer.of(0xff)]
  }
  if (length > 0) yield decode(Buffer.concat(rest))
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decode(line: Buffer): string {
  try {
    return UTF8.decode(line)
  } catch {
    return ''
  }
}

async function readKeyFile(path: string): Promise<string> {
  return (await readFile(path, 'utf8').catch(() => '')).trim()
}
