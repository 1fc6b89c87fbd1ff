import type { Browser, Locator, Page } from 'playwright-core'
import type { TestBrowser } from '../support/people.js'
import type { TestServer } from '../support/server.js'
import { openDashboard, type Dashboard } from './dashboard-support.js'

/** The dashboard with the form of a key open over it. */
export interface OpenForm extends Dashboard {
  readonly dialog: Locator
}

/** Opens the form for a new key. */
export async function openAdd(browser: Browser, server: TestServer, person: TestBrowser): Promise<OpenForm> {
  const dashboard = await openDashboard(browser, server, person, '/keys')
  await dashboard.page.getByRole('button', { name: 'Add', exact: true }).first().click()
  const dialog = dashboard.page.getByRole('dialog', { name: 'Add an API key' })
  await matrixOf(dialog).waitFor()
  return { ...dashboard, dialog }
}

/** Opens the form of a key that there is, on the key's own page. */
export async function openEdit(
  browser: Browser,
  server: TestServer,
  person: TestBrowser,
  keyId: string,
): Promise<OpenForm> {
  const dashboard = await openDashboard(browser, server, person, `/keys/${keyId}`)
  await dashboard.page.getByRole('button', { name: 'Edit', exact: true }).first().click()
  const dialog = dashboard.page.getByRole('dialog', { name: /^Edit “/ })
  await nameOf(dialog).waitFor()
  return { ...dashboard, dialog }
}

/** The matrix of permissions in a form. */
export function matrixOf(within: Locator): Locator {
  return within.getByRole('table', { name: 'Permissions' })
}

/** One level of one permission: `History: Read`. */
export function level(within: Locator, name: string): Locator {
  return within.getByRole('radio', { name, exact: true })
}

/** Adds a key without a permission, which is asked about. */
export async function addWithoutPermissions(page: Page, form: Locator): Promise<void> {
  await form.getByRole('button', { name: 'Add key' }).click()
  const question = page.getByRole('alertdialog', { name: /without permissions\?$/ })
  await question.getByRole('button', { name: 'Add without permissions' }).click()
}

/** Where the name is entered. */
export function nameOf(within: Locator): Locator {
  return within.getByRole('textbox', { name: 'Name', exact: true })
}

/** Where a new token is shown. */
export function tokenOf(page: Page): Locator {
  return page.locator('output.secret')
}

/** Chooses one of several boxes or words, whose label lies over them. */
export async function choose(within: Locator, name: string): Promise<void> {
  await within.getByRole('radio', { name, exact: true }).check({ force: true })
}

/** Leaves pages for an empty one, whatever they ask: many at once slow each other down, and closing ends the browser. */
export async function leaveAll(pages: Page[]): Promise<void> {
  for (const page of pages.splice(0)) {
    page.on('dialog', (question) => void question.accept())
    await page.goto('about:blank')
  }
}
