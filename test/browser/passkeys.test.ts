import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBrowser } from '../support/browser.js'
import { GOOD_PASSWORD, signedInMember, signedInOwner, type TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'
import { openDashboard } from './dashboard-support.js'
import { atLocalhost, flawsOf, isIn } from './people-support.js'

let server: TestServer
let browser: Browser
let owner: TestBrowser

beforeAll(async () => {
  server = await startServer()
  owner = await signedInOwner(server)
  browser = await startBrowser()
})
afterAll(async () => {
  await browser.close()
  await server.close()
})

/** Gives the page's browser an authenticator of its own that says yes at once. */
async function withAuthenticator(page: Page): Promise<void> {
  const devTools = await page.context().newCDPSession(page)
  await devTools.send('WebAuthn.enable')
  await devTools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
}

describe('a passkey', () => {
  it('is added under a name, signs its person in, and is removed', async () => {
    const person = await signedInMember(server, owner, 'developer', 'Pia Passkey')
    const { page, complaints } = await openDashboard(browser, atLocalhost(server), person, '/account')
    await withAuthenticator(page)
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.getByLabel('Name', { exact: true }).last().fill('My laptop')
    expect(await flawsOf(page)).toEqual([])
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByText('The passkey “My laptop” was added.').waitFor()
    await page.getByRole('list', { name: 'Passkeys' }).getByText('My laptop').waitFor()

    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('alert').filter({ hasText: 'on this device already' }).waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()

    await page.getByRole('button', { name: 'Account: Pia Passkey' }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).press('Enter')
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await isIn(page)
    await page.goto(`${atLocalhost(server).controlUrl}/account`)
    await page.getByText('signed in with a passkey').waitFor()
    await page.getByRole('button', { name: 'Remove the passkey My laptop' }).click()
    expect(await flawsOf(page)).toEqual([])
    await page.getByRole('button', { name: 'Remove it' }).click()
    await page.getByText('You have none.').waitFor()
    expect(complaints).toEqual([])
  })

  it('that the device does not have is no error, and the password still works', async () => {
    await signedInMember(server, owner, 'developer', 'Ida')
    const { page } = await openDashboard(browser, atLocalhost(server), null, '/sign-in')
    await withAuthenticator(page)
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByRole('alert').filter({ hasText: 'No passkey was used' }).waitFor()
    await page.getByLabel('E-mail').fill('ida@example.com')
    await page.getByLabel('Password', { exact: true }).fill(GOOD_PASSWORD)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await isIn(page)
  })

  it('cannot be had at an IP address, and the page says where', async () => {
    const { page } = await openDashboard(browser, server, owner, '/account')
    const there = `${atLocalhost(server).controlUrl}/account`
    await page.getByRole('link', { name: there }).waitFor()
    expect(await page.getByRole('button', { name: 'Add a passkey' }).count()).toBe(0)
    expect(await flawsOf(page)).toEqual([])
    await page.goto(`${server.controlUrl}/sign-in`)
    await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor()
    await page.locator('[data-pending]').waitFor({ state: 'detached' })
    expect(await page.getByRole('button', { name: 'Sign in with a passkey' }).count()).toBe(0)
  })
})
