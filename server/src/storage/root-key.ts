import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { createPrivateFile } from './private-file.js'

/** Bytes of a root key. */
export const ROOT_KEY_LENGTH = 32
const FILE_NAME = 'root.key'
const HEX = /^[0-9a-fA-F]{64}$/
const BASE64 = /^[0-9A-Za-z+/]{43}=?$/

/** Where the root key comes from. */
export interface RootKeySource {
  readonly dataDirectory: string
  /** The setting, 32 bytes as base64 or hex; without it the file `root.key` counts, made at the first start. */
  readonly value?: string | undefined
  /** Whether there is something sealed already, so that a missing file means a lost key and not a first start. */
  readonly isLater?: boolean | undefined
}

/**
 * The key under which everything confidential at rest is sealed. Processes that start at once on one data directory
 * agree on the same key.
 *
 * @throws {Error} when the setting or the file is no key, or others can read the file; no message shows the key
 */
export async function loadRootKey({ dataDirectory, value, isLater }: RootKeySource): Promise<KeyObject> {
  if (value !== undefined) return parseRootKey(value, 'the root key setting')
  const path = join(dataDirectory, FILE_NAME)
  const found = await readPrivately(path)
  if (found !== null) return parseRootKey(found, path)
  if (isLater === true) {
    throw new Error(
      `${path} is missing, and what the database holds is sealed under it; bring the file back from its copy, or set BITTING_ROOT_KEY`,
    )
  }
  await createPrivateFile(path, `${randomBytes(ROOT_KEY_LENGTH).toString('base64')}\n`)
  const made = await readPrivately(path)
  if (made === null) throw new Error(`${path} disappeared while Bitting was starting`)
  return parseRootKey(made, path)
}

function parseRootKey(text: string, source: string): KeyObject {
  const trimmed = text.trim()
  const encoding = HEX.test(trimmed) ? 'hex' : BASE64.test(trimmed) ? 'base64' : null
  if (encoding === null) {
    throw new Error(`${source} is not ${String(ROOT_KEY_LENGTH)} bytes in base64 or hex`)
  }
  const bytes = Buffer.from(trimmed, encoding)
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return key
}

/** The text of a file that its owner alone can read, null where there is none. */
async function readPrivately(path: string): Promise<string | null> {
  const file = await open(path, 'r').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  })
  if (file === null) return null
  try {
    const { mode } = await file.stat()
    // Windows has no such modes: there the rights of the data directory count.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new Error(`other users can read ${path}; Bitting starts after: chmod 600 ${path}`)
    }
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}
