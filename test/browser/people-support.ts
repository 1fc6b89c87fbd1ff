import { Secret, TOTP } from 'otpauth'
import type { Page } from 'playwright-core'
import type { TestServer } from '../support/server.js'
import { DESKTOP, PHONE } from './dashboard-support.js'
import { accessibilityFlaws } from './page-support.js'

/** The same server under the name that passkeys and identity providers know it by. */
export function atLocalhost(server: TestServer): TestServer {
  return { ...server, controlUrl: server.controlUrl.replace('127.0.0.1', 'localhost') }
}

/** The code that a generator shows, so many steps of 30 seconds from now. */
export function codeOf(secret: string, steps = 0): string {
  const timestamp = Date.now() + steps * 30_000
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp })
}

/** What is wrong with the page as it is: what axe finds in light and in dark, and a page that is wider than a phone. */
export async function flawsOf(page: Page): Promise<string[]> {
  const flaws: string[] = []
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    flaws.push(...(await accessibilityFlaws(page)).map((flaw) => `${colorScheme}: ${flaw}`))
  }
  await page.setViewportSize(PHONE)
  const width = await page.evaluate<number>('document.documentElement.scrollWidth')
  if (width > PHONE.width) flaws.push(`${String(width)} pixels wide on a phone`)
  await page.setViewportSize(DESKTOP)
  return flaws
}

/** Types an address and a password into the form that asks who one is, and sends it. */
export async function typeSignIn(page: Page, email: string | null, password: string): Promise<void> {
  if (email !== null) await page.getByLabel('E-mail', { exact: true }).fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

/** Waits for the overview: whoever sees it is in. */
export async function isIn(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
}
