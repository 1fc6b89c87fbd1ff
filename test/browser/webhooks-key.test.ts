import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBrowser } from '../support/browser.js'
import { signedInOwner, type TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'
import { openDashboard, pressEscape } from './dashboard-support.js'
import { everythingKept } from './page-support.js'
import { addEndpoint, setWebhookKey, startReceiver, takesAll, type Receiver } from './webhooks-support.js'

let server: TestServer
let browser: Browser
let owner: TestBrowser
let receiver: Receiver

beforeAll(async () => {
  server = await startServer()
  owner = await signedInOwner(server)
  browser = await startBrowser()
  receiver = await startReceiver(takesAll)
})

afterAll(async () => {
  await browser.close()
  receiver.close()
  await server.close()
})

const openPage = async (): Promise<Page> => (await openDashboard(browser, server, owner, '/webhooks')).page

const badge = (page: Page) => page.getByText('Signs webhooks', { exact: true })

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })

const dialog = (page: Page, name: string) => page.getByRole('dialog', { name })

const nameField = (page: Page) => page.getByLabel('Type the name of the key that signs now')

const focused = (page: Page) => page.evaluate<string>('document.activeElement.textContent')

const webhookKey = async () => (await server.call('GET', '/v1/webhook-key')).body

/** Chooses a key in the first dialog, and goes on to the second. */
async function choose(page: Page, name: string): Promise<void> {
  await button(page, 'Choose another key').click()
  await page.getByRole('radio', { name }).check()
  await button(page, 'Continue').click()
  await dialog(page, 'Set as webhook key').waitFor()
}

describe('the webhook key on its page', () => {
  it('is made where no key opens nothing, and its token is nowhere after', async () => {
    const page = await openPage()
    await page.getByText('nothing is delivered').waitFor()
    expect(await badge(page).count()).toBe(0)
    await button(page, 'Choose a key').click()
    await page.getByText('There is no API key without permissions').waitFor()
    await button(page, 'Create a key').click()
    await page.getByLabel('Name', { exact: true }).fill('Only for webhooks')
    await button(page, 'Add key').click()
    await button(page, 'Add without permissions').click()
    const token = (await page.locator('output.secret').textContent()) ?? ''
    expect(token).toMatch(/^btg_live_/)
    await button(page, 'Copy').click()
    await button(page, 'Done').click()
    await dialog(page, 'Set as webhook key').waitFor()
    await button(page, 'Set as webhook key').click()
    await badge(page).waitFor()
    expect(await page.locator('.webhooks-key').textContent()).toBe('Only for webhooksSigns webhooks')
    await dialog(page, 'Set as webhook key').waitFor({ state: 'detached' })
    expect(await everythingKept(page)).not.toContain(token)
    await server.call('DELETE', '/v1/webhook-key?confirm=Only%20for%20webhooks')
  })

  it('is chosen first without a guard, and a key that opens nothing is recommended', async () => {
    await server.createKey({ call: 'edit' }, { name: 'Opens calls' })
    await server.createKey({}, { name: 'Opens nothing' })
    await server.createKey({ call: 'edit' }, { name: 'Opens calls too' })
    const page = await openPage()
    await page.getByText('Turned off by').waitFor()
    await button(page, 'Choose a key').click()
    await page.getByRole('searchbox').fill('Opens')
    await expect.poll(() => page.getByRole('radio').count()).toBe(3)
    const first = page.getByRole('radio').first()
    await first.waitFor()
    expect(await first.isChecked()).toBe(true)
    expect(await page.locator('.choice label').first().textContent()).toBe('Opens nothing Recommended')
    expect(await page.getByText('Recommended').count()).toBe(1)

    await page.getByRole('radio', { name: 'Opens calls', exact: true }).check()
    await button(page, 'Continue').click()
    await page.getByText('This key opens the API').waitFor()
    expect(await nameField(page).count()).toBe(0)
    await button(page, 'Set as webhook key').click()
    await badge(page).waitFor()
    await page.getByText('Every receiver holds this key, and it opens the API').waitFor()
    const card = page.getByRole('region', { name: 'Webhook key' })
    const { set_at: setAt } = await webhookKey()
    expect(await card.locator('time').getAttribute('datetime')).toBe(setAt)
    expect(await card.getByText('Olga Owner').count()).toBe(1)
  })

  it('is moved by whoever types its name, and the one before signs for the overlap', async () => {
    const before = await setKeyAnyway('Before')
    const next = await server.createKey({}, { name: 'Next' })
    const id = await addEndpoint(server, receiver.url)
    const page = await openPage()
    await choose(page, 'Next')
    await page.getByLabel('The key before signs too').selectOption({ label: 'For 7 days' })
    await nameField(page).fill('before')
    expect(await button(page, 'Set as webhook key').isDisabled()).toBe(true)
    await nameField(page).fill('Before')
    await button(page, 'Set as webhook key').click()
    await page.getByRole('heading', { name: 'Overlap' }).waitFor()
    const now = await webhookKey()
    expect(now).toMatchObject({ key_id: next.id, previous_key_id: before })
    expect(Date.parse(now.overlap_until) - Date.parse(now.set_at)).toBe(7 * 86_400_000)
    expect(await page.locator('.webhooks-key').textContent()).toBe('NextSigns webhooks')
    const overlap = page.getByRole('region', { name: 'Overlap' })
    await overlap.getByRole('link', { name: 'Before' }).waitFor()

    await button(page, `Switch ${receiver.url} to the newest key`).click()
    await page.getByText('No endpoint is known to verify with an older key alone').waitFor()
    expect((await server.call('GET', `/v1/webhook-endpoints/${id}`)).body.uses_newest_key).toBe(true)
  })

  it('can be moved with no overlap, with the keyboard alone', async () => {
    await setKeyAnyway('By hand')
    const next = await server.createKey({}, { name: 'By keyboard' })
    const page = await openPage()
    await button(page, 'Choose another key').focus()
    await page.keyboard.press('Enter')
    await page.getByRole('searchbox').waitFor()
    await page.getByRole('radio').nth(1).waitFor()
    await expect.poll(() => page.evaluate('document.activeElement.type')).toBe('search')
    await page.keyboard.type('By keyboard')
    await expect.poll(() => page.getByRole('radio').count()).toBe(1)
    for (const key of ['Tab', 'Tab', 'Tab', 'Enter']) await page.keyboard.press(key)
    await nameField(page).waitFor()
    await expect.poll(() => page.evaluate('document.activeElement.tagName')).toBe('SELECT')
    await page.keyboard.press('Home')
    await page.keyboard.press('Tab')
    await page.keyboard.type('By hand')
    await page.keyboard.press('Enter')
    await page.getByText('“By keyboard” signs the webhooks now.').waitFor()
    expect(await webhookKey()).toMatchObject({ key_id: next.id, previous_key_id: null })
    await expect.poll(() => focused(page)).toBe('Choose another key')
  })

  it('is let go of when Escape closes the dialog, and the focus returns', async () => {
    const before = await setKeyAnyway('Stays')
    const page = await openPage()
    await button(page, 'Choose another key').click()
    await dialog(page, 'Choose the webhook key').waitFor()
    await pressEscape(page)
    await dialog(page, 'Choose the webhook key').waitFor({ state: 'detached' })
    await expect.poll(() => focused(page)).toBe('Choose another key')
    expect((await webhookKey()).key_id).toBe(before)
  })

  it('is turned off by whoever types its name, and what happens meanwhile waits', async () => {
    await setKeyAnyway('Ends')
    const page = await openPage()
    await button(page, 'Turn delivery off').click()
    const confirm = page.getByRole('alertdialog').getByRole('button', { name: 'Turn delivery off' })
    await nameField(page).fill('ends')
    expect(await confirm.isDisabled()).toBe(true)
    await nameField(page).fill('Ends')
    await confirm.click()
    await page.getByText('What happens meanwhile waits').waitFor()
    await page.getByText('Turned off by').waitFor()
    expect(await badge(page).count()).toBe(0)
    expect((await webhookKey()).key_id).toBeNull()
  })
})

/** Sets a new key whatever was set before, and returns its id. */
async function setKeyAnyway(name: string): Promise<string> {
  if ((await webhookKey()).key_id !== null) {
    await server.call('DELETE', '/v1/webhook-key', undefined, { headers: { 'if-match': '*' } })
  }
  return setWebhookKey(server, name)
}
