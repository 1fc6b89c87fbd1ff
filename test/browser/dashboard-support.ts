import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { TestBrowser } from '../support/people.js'
import type { TestServer } from '../support/server.js'

/** The dashboard in a window of its own, and what the browser complained about. */
export interface Dashboard {
  readonly page: Page
  /** What came on the console, and errors that nobody caught. Refused requests are told there too, and left out. */
  readonly complaints: string[]
}

/** Window sizes that every page is looked at in. */
export const DESKTOP = { width: 1280, height: 800 } as const
export const PHONE = { width: 375, height: 740 } as const

/** Opens a page of the dashboard, in the name of whoever is signed in in the other browser; null for nobody. */
export async function openDashboard(
  browser: Browser,
  server: TestServer,
  person: TestBrowser | null,
  path = '/',
  options: BrowserContextOptions = {},
): Promise<Dashboard> {
  const context = await browser.newContext({
    viewport: DESKTOP,
    permissions: ['clipboard-read', 'clipboard-write'],
    ...options,
  })
  const token = person?.cookie('bitting_session')
  if (token !== undefined) {
    const cookie = { name: 'bitting_session', value: token, url: server.controlUrl, httpOnly: true }
    await context.addCookies([{ ...cookie, sameSite: 'Strict' }])
  }
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (!message.text().startsWith('Failed to load resource')) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(`${server.controlUrl}${path}`)
  if (person !== null) await settled(page)
  return { page, complaints }
}

/** Waits until the page has its heading and nothing on it is loading for the first time. */
export async function settled(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' })
}

/** Presses Escape once the newest dialog has the focus, and with it listens to keys: as a person would, who sees it. */
export async function pressEscape(page: Page): Promise<void> {
  await page.waitForFunction(
    `[...document.querySelectorAll('[role=dialog], [role=alertdialog]')].at(-1)?.contains(document.activeElement)`,
  )
  await page.keyboard.press('Escape')
}
