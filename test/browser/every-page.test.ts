import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PAGES } from '../../server/src/control/pages.js'
import { startBrowser } from '../support/browser.js'
import { setupCode, signedInOwner, type TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'
import { DESKTOP, openDashboard, PHONE, settled } from './dashboard-support.js'
import { accessibilityFlaws, picture } from './page-support.js'

let server: TestServer
let browser: Browser
let owner: TestBrowser
const at: Record<string, string> = {}

beforeAll(async () => {
  server = await startServer()
  browser = await startBrowser()
  owner = await signedInOwner(server)
  const { id } = await server.createKey({ history: 'read', call: 'edit' }, { name: 'Dialler' })
  await server.call('PUT', '/v1/webhook-key', { key_id: id })
  const endpoint = await server.call('POST', '/v1/webhook-endpoints', {
    url: 'http://127.0.0.1:9/hook',
    events: ['order.*'],
  })
  const sent = await server.call('POST', `/v1/webhook-endpoints/${String(endpoint.body.endpoint.id)}/test`)
  expect([endpoint.status, sent.status]).toEqual([201, 200])
  const invited = await owner.call('POST', '/v1/invitations', { email: 'new@example.com', role: 'developer' })
  Object.assign(at, {
    key: id,
    endpoint: endpoint.body.endpoint.id,
    event: sent.body.id,
    index: '0',
    setup: `#${await setupCode(server)}`,
    invitation: new URL(invited.body.url as string).hash,
  })
})
afterAll(async () => {
  await browser.close()
  await server.close()
})

/** Pages that are seen by whoever is not signed in. */
const SIGNED_OUT = new Set(['/setup', '/sign-in', '/invitation'])

/** Names of pictures that no other test takes. */
const PICTURES: Readonly<Record<string, string>> = {
  '/invitation': 'invitation',
  '/settings/catalog': 'settings-catalog',
  '/settings/audit': 'settings-audit',
  '/settings/appearance': 'settings-appearance',
  '/audit/:index': 'audit-entry',
}

/** Every address that the server has a page at, one for each of its choices. */
const ADDRESSES = PAGES.flatMap((page) => {
  const plain = page.replaceAll(/(:\w+)\{\[[^}]*\}/g, '$1')
  const choices = /:\w+\{([\w|-]+)\}/.exec(plain)
  return choices === null ? [plain] : (choices[1] ?? '').split('|').map((it) => plain.replace(choices[0], it))
})

describe('every page that the server has', () => {
  it.each(ADDRESSES)('%s has no flaw that axe finds, in either theme, and fits a phone', async (address) => {
    const path = address.replaceAll(/:(\w+)/g, (_, name: string) => at[name] ?? name)
    const isOpen = SIGNED_OUT.has(address)
    const target = path + (isOpen ? (at[address.slice(1)] ?? '') : '')
    const { page, complaints } = await openDashboard(browser, server, isOpen ? null : owner, target)
    await settled(page)
    expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1)
    expect(await page.title()).toMatch(/ · Bitting$/)
    expect(page.url()).not.toContain('#')
    const name = PICTURES[address]
    for (const [viewport, suffix] of [
      [DESKTOP, ''],
      [PHONE, '-phone'],
    ] as const) {
      await page.setViewportSize(viewport)
      for (const colorScheme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        expect([viewport.width, colorScheme, await accessibilityFlaws(page)]).toEqual([
          viewport.width,
          colorScheme,
          [],
        ])
      }
      if (name !== undefined) await picture(page, `${name}${suffix}`)
    }
    for (const width of [320, 768, 3840]) {
      await page.setViewportSize({ width, height: 900 })
      expect([width, await page.evaluate<number>('document.documentElement.scrollWidth')]).toEqual([
        width,
        width,
      ])
    }
    expect(complaints).toEqual([])
    await page.context().close()
  })

  it('loads less than 200 kB of compressed script at first', async () => {
    const { page } = await openDashboard(browser, server, null, '/sign-in')
    const sizes: number[] = []
    page.on('response', (response) => {
      if (response.url().endsWith('.js')) sizes.push(Number(response.headers()['content-length'] ?? 0))
    })
    await page.goto(`${server.controlUrl}/sign-in`)
    await settled(page)
    expect(sizes.length).toBeGreaterThan(0)
    expect(sizes.every((size) => size > 0)).toBe(true)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(200_000)
    await page.context().close()
  })
})
