import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBrowser } from '../support/browser.js'
import { startServer, type TestServer } from '../support/server.js'
import {
  addEndpoint,
  openWebhooks,
  setWebhookKey,
  startReceiver,
  takesAll,
  type Receiver,
} from './webhooks-support.js'

let server: TestServer
let browser: Browser
let receiver: Receiver

beforeAll(async () => {
  server = await startServer()
  browser = await startBrowser()
  receiver = await startReceiver(takesAll)
})

afterAll(async () => {
  await browser.close()
  receiver.close()
  await server.close()
})

const badge = (page: Page) => page.getByText('Signs webhooks', { exact: true })

const openPage = async (): Promise<Page> =>
  (await openWebhooks(browser, server.controlUrl, server.managementKey)).page

const webhookKey = async () => (await server.call('GET', '/v1/webhook-key')).body

describe('the webhook key on its page', () => {
  it('is chosen first without a guard, and a key that opens nothing is recommended', async () => {
    const opens = await server.createKey({ call: 'edit' }, { name: 'Opens calls' })
    const quiet = await server.createKey({}, { name: 'Opens nothing' })
    const page = await openPage()
    await page.getByText('nothing is delivered').waitFor()
    expect(await badge(page).count()).toBe(0)
    await page.getByRole('button', { name: 'Choose a key' }).click()
    const groups = page.getByLabel('API key').locator('optgroup')
    expect(await groups.first().getAttribute('label')).toContain('Recommended: no permissions')
    expect(await groups.first().locator('option').textContent()).toContain('Opens nothing')
    expect(await page.getByLabel('API key').inputValue()).toBe(quiet.id)
    expect(await page.getByRole('dialog').getByLabel('Overlap').count()).toBe(0)

    await page.getByLabel('API key').selectOption(opens.id)
    await page.getByRole('button', { name: 'Sign with this key' }).click()
    await badge(page).waitFor()
    await page.getByText('Every receiver holds this key, and it opens the API').waitFor()
    const { set_at: setAt, set_by: setBy } = await webhookKey()
    expect(await page.getByText(setBy, { exact: true }).count()).toBe(1)
    const since = page.locator('.key-card time')
    expect(await since.getAttribute('title')).toBe(setAt.replace('T', ' ').replace('Z', ' UTC'))
  })

  it('is changed by whoever types its name, and the one before signs for the overlap', async () => {
    const before = await setKeyAnyway('Before')
    const next = await server.createKey({}, { name: 'Next' })
    const id = await addEndpoint(server, receiver.url)
    const page = await openPage()
    await page.getByRole('button', { name: 'Choose another key' }).click()
    await page.getByLabel('API key').selectOption(next.id)
    await page.getByLabel('Overlap').selectOption({ label: '7 days' })
    await page.getByRole('button', { name: 'Change the key' }).click()
    await page.getByText('That is not the exact name').waitFor()
    expect(await page.evaluate('document.activeElement.id')).toBe('field-confirm')
    expect((await webhookKey()).key_id).toBe(before)

    await page.getByLabel('Name of the key that signs now').fill('Before')
    await page.getByRole('button', { name: 'Change the key' }).click()
    await page.getByRole('heading', { name: 'Overlap' }).waitFor()
    const now = await webhookKey()
    expect(now).toMatchObject({ key_id: next.id, previous_key_id: before })
    expect(Date.parse(now.overlap_until) - Date.parse(now.set_at)).toBe(7 * 86_400_000)
    expect(await badge(page).count()).toBe(1)
    expect(await page.locator('.key-name').textContent()).toBe('NextSigns webhooks')
    expect(await page.locator('.overlap').textContent()).toContain(before)

    await page.getByRole('button', { name: `Switch ${receiver.url} to the newest key` }).click()
    await page.getByText('Every endpoint is known to verify with the newest key').waitFor()
    expect((await server.call('GET', `/v1/webhook-endpoints/${id}`)).body.uses_newest_key).toBe(true)
  })

  it('can be moved with no overlap, with the keyboard alone', async () => {
    await setKeyAnyway('By hand')
    const next = await server.createKey({}, { name: 'By keyboard' })
    const page = await openPage()
    await page.locator('#choose-key').focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    expect(await page.evaluate('document.activeElement.id')).toBe('field-key_id')
    await page.keyboard.type('By keyboard')
    await page.keyboard.press('Tab')
    await page.keyboard.press('End')
    await page.keyboard.press('Tab')
    await page.keyboard.type('By hand')
    await page.keyboard.press('Enter')
    await page.getByText('“By keyboard” signs the webhooks now.').waitFor()
    expect(await webhookKey()).toMatchObject({ key_id: next.id, previous_key_id: null })
    expect(await page.evaluate('document.activeElement.id')).toBe('choose-key')
  })

  it('is let go of when Escape closes the dialog, and the focus returns', async () => {
    const before = await setKeyAnyway('Stays')
    const page = await openPage()
    await page.getByRole('button', { name: 'Choose another key' }).click()
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    expect(await page.getByRole('dialog').count()).toBe(0)
    expect(await page.evaluate('document.activeElement.id')).toBe('choose-key')
    expect((await webhookKey()).key_id).toBe(before)
  })

  it('is turned off by whoever types its name, and what happens meanwhile waits', async () => {
    await setKeyAnyway('Ends')
    const page = await openPage()
    await page.getByRole('button', { name: 'Turn delivery off' }).click()
    const confirm = page.getByRole('dialog').getByRole('button', { name: 'Turn delivery off' })
    await page.getByLabel('Name of the key that signs now').fill('ends')
    await confirm.click()
    await page.getByText('That is not the exact name').waitFor()
    await page.getByLabel('Name of the key that signs now').fill('Ends')
    await confirm.click()
    await page.getByText('Delivery is off. What happens meanwhile waits').waitFor()
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
