import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBrowser } from '../support/browser.js'
import { signedInOwner, type TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'
import { openDashboard } from './dashboard-support.js'

let server: TestServer
let browser: Browser
let owner: TestBrowser

beforeAll(async () => {
  server = await startServer()
  browser = await startBrowser()
  owner = await signedInOwner(server)
})
afterAll(async () => {
  await browser.close()
  await server.close()
})

/** Whether the focus is in what a selector names, or on it. */
function focusIsIn(page: Page, selector: string): Promise<boolean> {
  return page.evaluate(
    `[...document.querySelectorAll(${JSON.stringify(selector)})].some((it) => it.contains(document.activeElement))`,
  )
}

describe('the focus, when what had it goes away', () => {
  it('stays with the form after Save and after Discard', async () => {
    const { page } = await openDashboard(browser, server, owner, '/settings/workspace')
    const name = page.getByLabel('Name of the workspace')
    for (const button of ['Save', 'Discard']) {
      await name.fill(`Renamed, then ${button}`)
      await page.getByRole('button', { name: button, exact: true }).press('Enter')
      await page.getByRole('button', { name: button, exact: true }).waitFor({ state: 'detached' })
      await expect.poll(() => focusIsIn(page, 'form:has(input)')).toBe(true)
    }
    await page.context().close()
  })

  it('stays in the list when a row is deleted', async () => {
    for (const name of ['First', 'Second', 'Third']) await server.createKey({}, { name })
    const { page } = await openDashboard(browser, server, owner, '/keys')
    await page.getByRole('button', { name: 'Delete Second' }).press('Enter')
    await page.getByRole('button', { name: 'Delete key' }).press('Enter')
    await page.getByRole('row').filter({ hasText: 'Second' }).waitFor({ state: 'detached' })
    await expect.poll(() => focusIsIn(page, 'main table')).toBe(true)
    await page.context().close()
  })

  it('is given to nothing when it was left on purpose', async () => {
    const { page } = await openDashboard(browser, server, owner, '/keys')
    const search = page.getByRole('searchbox').first()
    for (const isLeft of [false, true]) {
      await search.focus()
      if (isLeft) await search.blur()
      // As if what had it were not drawn any more.
      const at = await search.evaluate(async (input: { remove: () => void }) => {
        input.remove()
        await new Promise((resolve) => setTimeout(resolve, 500))
        return String(Reflect.get(Reflect.get(globalThis, 'document') as object, 'activeElement'))
      })
      expect([isLeft, at]).toEqual([
        isLeft,
        isLeft ? '[object HTMLBodyElement]' : expect.not.stringContaining('Body'),
      ])
      await page.reload()
    }
    await page.context().close()
  })
})
