import { randomUUID } from 'node:crypto'
import { access, link, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { flushDirectory } from '../../storage/private-file.js'
import { CommandError } from '../command-error.js'
import { EXIT } from '../exit-codes.js'

/**
 * Writes a file that its owner alone can read. Either all of it is there, and on the disk, or nothing is.
 *
 * @param replaces whether a file that exists gives way
 * @throws {CommandError} when a file exists and does not give way
 */
export async function writeNewFile(
  path: string,
  parts: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
  replaces = false,
): Promise<void> {
  // Before the work is done; `link` looks again when it is.
  if (!replaces && (await exists(path))) throw existsError(path)
  const draft = `${path}.${randomUUID()}.tmp`
  try {
    const file = await open(draft, 'wx', 0o600)
    try {
      for await (const part of parts) await file.writeFile(part)
      await file.sync()
    } finally {
      await file.close()
    }
    if (replaces) await rename(draft, path)
    else await link(draft, path)
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? existsError(path) : error
  } finally {
    await rm(draft, { force: true })
  }
  await flushDirectory(dirname(path))
}

function existsError(path: string): CommandError {
  return new CommandError(`${path} exists already, and is not overwritten`, {
    hint: 'name a new file; nothing was changed',
    exitCode: EXIT.conflict,
  })
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
