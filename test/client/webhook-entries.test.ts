import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { newDelivery, TOKEN } from '../support/webhooks.js'

const SOURCE = fileURLToPath(new URL('../../client/src', import.meta.url))
const IMPORTED = /^(?:import|export)\b[^'"]*?\bfrom '([^']+)'|^import '([^']+)'/gm

/** The packages that a file of the client imports, itself or through what it imports. */
function packagesOf(file: string, seen = new Set<string>()): Set<string> {
  const packages = new Set<string>()
  if (seen.has(file)) return packages
  seen.add(file)
  for (const [, from, bare] of readFileSync(file, 'utf8').matchAll(IMPORTED)) {
    const name = from ?? bare!
    if (!name.startsWith('.')) packages.add(name)
    else {
      const next = join(dirname(file), name.replace(/\.js$/, '.ts'))
      for (const found of packagesOf(next, seen)) packages.add(found)
    }
  }
  return packages
}

describe('the entries of the client', () => {
  it('need nothing of Node for what runs in any runtime, and its cryptography alone for the other', () => {
    expect([...packagesOf(join(SOURCE, 'index.ts'))]).toEqual(['@bitting/core'])
    expect([...packagesOf(join(SOURCE, 'webhooks/index.ts'))].sort()).toEqual([
      '@bitting/core',
      'node:crypto',
    ])
  })

  it('are found by their names, and the built ones agree', async () => {
    const { resolve } = createRequire(import.meta.url)
    const load = (name: string) => import(pathToFileURL(resolve(name)).href)
    const { openWebhookAsync } = await load('@bitting/client')
    const { openWebhook, verifyWebhook } = await load('@bitting/client/webhooks')
    const { body, headers } = newDelivery()
    expect(verifyWebhook(body, headers, TOKEN)).toBe(true)
    expect(await openWebhookAsync(body, headers, TOKEN)).toEqual(openWebhook(body, headers, TOKEN))
  })

  it('declare themselves without types of Node', () => {
    const built = fileURLToPath(new URL('../../client/dist/webhooks', import.meta.url))
    for (const name of [
      'index',
      'open',
      'opened',
      'receive',
      'node-adapter',
      'fetch-adapter',
      'fastify-adapter',
    ]) {
      expect(readFileSync(join(built, `${name}.d.ts`), 'utf8')).not.toMatch(
        /from ['"]node:|reference types|\bBuffer[;,)<]/,
      )
    }
  })
})
