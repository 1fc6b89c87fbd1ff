import { open } from 'node:fs/promises'
import { usageError } from '../command-error.js'
import type { CommandContext } from '../context.js'

const BYTES_MAX = 65_536
const LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/

/**
 * The header fields in a file, a line each as `Name: value`, or those that are piped in where the path is `-`. Their
 * values are credentials, so no error repeats them. Says so when others can read the file.
 *
 * @throws {CommandError} when it holds something else, or nothing
 */
export async function readHeaderFile(context: CommandContext, path: string): Promise<Record<string, string>> {
  const [text, source] = path === '-' ? [await readPiped(context), 'standard input'] : [null, path]
  return parseHeaders(text ?? (await readFile(context, path)), source)
}

/**
 * Header fields from text, a line each as `Name: value`; empty lines do not count.
 *
 * @throws {CommandError} that names the line and not what is in it
 */
export function parseHeaders(text: string, source: string): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue
    const [, name = '', value = ''] = LINE.exec(line) ?? []
    const where = `line ${String(index + 1)} of ${source}`
    if (name === '' || value === '') {
      throw usageError(`${where} is not a header field`, 'write each on a line of its own: Name: value')
    }
    if (Object.keys(headers).some((known) => known.toLowerCase() === name.toLowerCase())) {
      throw usageError(`${where} names ${name} a second time`, 'name each header field once')
    }
    headers[name] = value
  }
  if (Object.keys(headers).length > 0) return headers
  throw usageError(`${source} has no header field`, 'write each on a line of its own: Name: value')
}

async function readPiped({ input }: CommandContext): Promise<string> {
  const piped = await input.readPipe()
  if (piped !== null) return piped
  throw usageError('nothing is piped in', 'pipe the header fields into the command, or name their file')
}

async function readFile({ output }: CommandContext, path: string): Promise<string> {
  const file = await open(path, 'r')
  try {
    const { mode, size } = await file.stat()
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      output.warn(`other users can read ${path}`, `chmod 600 ${path}`)
    }
    if (size > BYTES_MAX) throw usageError(`${path} is too long for header fields`, 'check the path')
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}
