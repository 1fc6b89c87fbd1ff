import { readdirSync, readFileSync } from 'node:fs'
import { PROBLEMS } from '@bitting/core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBrowser } from '../support/browser.js'
import { signedInOwner } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'
import { DESKTOP, openDashboard, PHONE } from './dashboard-support.js'
import { accessibilityFlaws, picture } from './page-support.js'

const FOLDER = new URL('../../docs/', import.meta.url)
const NAMES = readdirSync(FOLDER).flatMap((file) => /^(.+)\.md$/.exec(file)?.[1] ?? [])

let server: TestServer
let browser: Browser
let page: Page
let complaints: string[]

beforeAll(async () => {
  server = await startServer()
  browser = await startBrowser()
  ;({ page, complaints } = await openDashboard(browser, server, null, '/docs/problems'))
})
afterAll(async () => {
  await browser.close()
  await server.close()
})

describe('the documents where the program runs', () => {
  it.each(NAMES)('%s is read in either theme at every width, and its links lead somewhere', async (name) => {
    await page.goto(`${server.controlUrl}/docs/${name}`)
    const title = /^# (.+)$/m.exec(readFileSync(new URL(`${name}.md`, FOLDER), 'utf8'))?.[1]
    expect(await page.getByRole('heading', { level: 1 }).allTextContents()).toEqual([title])
    expect(await page.locator('img').count()).toBe(0)
    expect(await page.locator('[aria-current=page]').allTextContents()).toEqual([title])
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      expect([colorScheme, await accessibilityFlaws(page)]).toEqual([colorScheme, []])
    }
    for (const width of [320, 768, 3840, 1280]) {
      await page.setViewportSize({ width, height: 900 })
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(width)
    }
    const links = await page
      .locator('a[href]')
      .evaluateAll((all) => all.map((link) => String(Reflect.get(link, 'href'))))
    for (const link of new Set(links)) {
      const { origin, pathname, hash } = new URL(link)
      if (origin !== server.controlUrl) continue
      const { status, text } = await fetchText(pathname)
      expect([link, status]).toEqual([link, 200])
      if (hash !== '') expect(text, link).toContain(`id="${decodeURIComponent(hash.slice(1))}"`)
    }
    expect(complaints).toEqual([])
  })

  it('explain each code of a problem where its type points to', async () => {
    const refused = await fetch(`${server.controlUrl}/v1/keys`)
    const { type, code } = (await refused.json()) as { type: string; code: string }
    await page.goto(new URL(type, refused.url).href)
    expect(await page.locator('tr:has(:target)').textContent()).toContain(code)
    await page.emulateMedia({ colorScheme: 'light' })
    await picture(page, 'documents')
    await page.setViewportSize(PHONE)
    await picture(page, 'documents-phone')
    await page.setViewportSize(DESKTOP)
    const { text } = await fetchText('/docs/problems')
    for (const name of Object.keys(PROBLEMS)) expect(text).toContain(`<a id="${name}"></a>`)
  })

  it('are opened from the account menu, in a window of their own', async () => {
    const { page: home } = await openDashboard(browser, server, await signedInOwner(server))
    await home.getByRole('button', { name: 'Account:' }).click()
    const opened = home.context().waitForEvent('page')
    await home.getByRole('menuitem', { name: 'Documentation' }).press('Enter')
    const documents = await opened
    await documents.getByRole('navigation', { name: 'Documents' }).waitFor()
    expect(documents.url()).toBe(`${server.controlUrl}/docs/dashboard`)
  })

  it('are what was built and nothing else of the disk', async () => {
    for (const name of [
      'nothing',
      'Problems',
      '..%2findex',
      '%2e%2e/index.html',
      'problems.md',
      'problems.html',
    ]) {
      expect([name, (await fetchText(`/docs/${name}`)).status]).toEqual([name, 404])
    }
  })
})

async function fetchText(path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`${server.controlUrl}${path}`)
  return { status: response.status, text: await response.text() }
}
