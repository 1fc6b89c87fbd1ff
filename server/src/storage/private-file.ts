import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { link, mkdir, open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a file that only its owner can read and write, all of its content at once, and its directory where that is
 * missing. Of several processes that try, one succeeds and the others find its file. Says whether it was this one.
 */
export async function createPrivateFile(path: string, content: string): Promise<boolean> {
  if (existsSync(path)) return false
  const directory = dirname(path)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const draft = `${path}.${randomUUID()}.tmp`
  try {
    await writeDurably(draft, content)
    return await linkIfFree(draft, path)
  } finally {
    await unlink(draft).catch(() => undefined)
    await flushDirectory(directory)
  }
}

/** Puts a content in place of a file's, whole and durably: a reader finds the old one or the new one. */
export async function replacePrivateFile(path: string, content: string): Promise<void> {
  const draft = `${path}.${randomUUID()}.tmp`
  try {
    await writeDurably(draft, content)
    await rename(draft, path)
  } catch (error) {
    await unlink(draft).catch(() => undefined)
    throw error
  }
  await flushDirectory(dirname(path))
}

async function writeDurably(path: string, content: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Gives the file its name. Unlike a rename, a link never replaces the file of somebody who was faster. */
async function linkIfFree(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Makes the names in a directory durable. Windows does not let a directory be opened, and needs no such thing. */
export async function flushDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
