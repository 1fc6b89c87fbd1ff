import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadRootKey } from '../../server/src/storage/root-key.js'
import { startChild } from './support.js'

const BYTES = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 7))

let dataDirectory: string

beforeEach(async () => {
  dataDirectory = join(await mkdtemp(join(tmpdir(), 'bitting-root-key-')), 'data')
})

afterEach(async () => {
  await rm(join(dataDirectory, '..'), { recursive: true, force: true })
})

async function loadBytes(value?: string): Promise<string> {
  return (await loadRootKey({ dataDirectory, value })).export().toString('hex')
}

describe('the root key', () => {
  it('is made at the first start, readable by its owner alone, and is the same at the next', async () => {
    const first = await loadBytes()
    expect(first).toMatch(/^[0-9a-f]{64}$/)
    expect(await loadBytes()).toBe(first)
    expect(await readdir(dataDirectory)).toEqual(['root.key'])
    expect((await stat(join(dataDirectory, 'root.key'))).mode & 0o777).toBe(0o600)
    expect((await stat(dataDirectory)).mode & 0o777).toBe(0o700)
  })

  it('is one and the same for twenty processes that start at once', async () => {
    const children = Array.from({ length: 20 }, () => startChild('load-root-key', dataDirectory))
    expect(await Promise.all(children.map(({ ended }) => ended))).toEqual(children.map(() => 0))
    const hashes = new Set(children.flatMap(({ lines }) => lines()))
    expect(hashes.size).toBe(1)
    expect(await readdir(dataDirectory)).toEqual(['root.key'])
  })

  it('can be a setting, in hex or base64, and then no file is made', async () => {
    const hex = BYTES.toString('hex')
    const texts = [
      hex,
      hex.toUpperCase(),
      BYTES.toString('base64'),
      BYTES.toString('base64').replace('=', ''),
      `${hex}\n`,
    ]
    for (const text of texts) expect(await loadBytes(text)).toBe(hex)
    await expect(readdir(dataDirectory)).rejects.toThrow('ENOENT')
  })

  it.each(['', 'short', BYTES.subarray(1).toString('hex'), `${BYTES.toString('hex')}00`, 'g'.repeat(64)])(
    'is refused when the setting is %j, without showing it',
    async (value) => {
      const failure = await loadBytes(value).catch((error: unknown) => error as Error)
      expect(failure).toHaveProperty('message', 'the root key setting is not 32 bytes in base64 or hex')
    },
  )

  it.each([0o640, 0o604, 0o644, 0o620])(
    'is refused when others have a right to the file (%o)',
    async (mode) => {
      await loadBytes()
      const path = join(dataDirectory, 'root.key')
      await chmod(path, mode)
      await expect(loadBytes()).rejects.toThrow(`chmod 600 ${path}`)
      await chmod(path, 0o400)
      await loadBytes()
    },
  )

  it('is refused, and not replaced, when the file is damaged', async () => {
    await loadBytes()
    const path = join(dataDirectory, 'root.key')
    await writeFile(path, 'x')
    await expect(loadBytes()).rejects.toThrow(`${path} is not 32 bytes`)
    expect(await readFile(path, 'utf8')).toBe('x')
  })
})
