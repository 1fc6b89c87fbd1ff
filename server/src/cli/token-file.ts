import { open, unlink, type FileHandle } from 'node:fs/promises'
import { CommandError, usageError } from './command-error.js'
import { EXIT } from './exit-codes.js'
import { parseSecret } from './input.js'
import type { Output } from './output.js'

const TOKEN_FILE_BYTES_MAX = 16_384

/**
 * Does what brings forth a token, and writes the token to a new file that only its owner can read. The file is made
 * first: a token that cannot be written is lost, and a key whose token is lost should not have been made.
 *
 * @param work does it, and returns the token; null where there is none, which leaves no file
 * @throws {CommandError} when the file exists or cannot be made
 */
export async function writeTokenFile<T extends { readonly token: string | null }>(
  path: string,
  work: () => Promise<T>,
): Promise<T> {
  const file = await createFile(path)
  let written = false
  try {
    const result = await work()
    if (result.token !== null) {
      await file.writeFile(`${result.token}\n`)
      await file.sync()
      written = true
    }
    return result
  } finally {
    await file.close()
    if (!written) await unlink(path)
  }
}

/**
 * The token in a file. Says so when others can read the file.
 *
 * @throws {CommandError} when it holds something else
 */
export async function readTokenFile(path: string, output: Output): Promise<string> {
  const file = await open(path, 'r')
  try {
    const { mode, size } = await file.stat()
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      output.warn(`other users can read ${path}`, `chmod 600 ${path}`)
    }
    if (size > TOKEN_FILE_BYTES_MAX) throw usageError(`${path} is too long to be a token`, 'check the path')
    return parseSecret(await file.readFile('utf8'), path)
  } finally {
    await file.close()
  }
}

async function createFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new CommandError(`${path} exists already, and is not overwritten`, {
      hint: 'name a new file; nothing was changed',
      exitCode: EXIT.conflict,
    })
  }
}
