import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBrowser } from '../support/browser.js'
import { signedInOwner, type TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'
import { openDashboard, pressEscape } from './dashboard-support.js'
import { everythingKept } from './page-support.js'
import {
  addEndpoint,
  setWebhookKey,
  startReceiver,
  takesAll,
  verifying,
  type Receiver,
} from './webhooks-support.js'

let server: TestServer
let browser: Browser
let owner: TestBrowser
let open: Receiver
let careful: Receiver
let isWilling = false
const known = { secret: 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' }

beforeAll(async () => {
  server = await startServer()
  owner = await signedInOwner(server)
  browser = await startBrowser()
  open = await startReceiver(takesAll)
  careful = await startReceiver(verifying(known), () => isWilling)
  await setWebhookKey(server)
})

afterAll(async () => {
  await browser.close()
  open.close()
  careful.close()
  await server.close()
})

const openPage = async (path = ''): Promise<Page> =>
  (await openDashboard(browser, server, owner, `/webhooks${path}`)).page

const endpoint = async (id: string) => (await server.call('GET', `/v1/webhook-endpoints/${id}`)).body

const said = (page: Page, text: string) => page.getByRole('status').filter({ hasText: text }).waitFor()

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })

const row = (page: Page, url: string) => page.getByRole('row').filter({ hasText: url })

const state = (page: Page) => page.locator('.page-title .status')

const fromMenu = async (page: Page, item: string): Promise<void> => {
  await button(page, 'More actions for the endpoint').click()
  await page.getByRole('menuitem', { name: item }).click()
}

const secretShown = async (page: Page): Promise<string> =>
  (await page.locator('output.secret').textContent()) ?? ''

describe('an endpoint on the page', () => {
  it('is added, and its secret is there until the dialog closes and nowhere after', async () => {
    const page = await openPage()
    await button(page, 'Add endpoint').first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('URL').fill(careful.url)
    await dialog.getByRole('textbox', { name: 'Events' }).fill('order.*\ninvoice.paid')
    await dialog.getByLabel('Description').fill('<b>Orders</b>')
    await dialog.getByLabel('Retell').uncheck()
    await dialog.getByLabel('Body alone').uncheck()
    await dialog.getByLabel('In order').check()
    await dialog.getByLabel('Require a handshake').check()
    await dialog.getByLabel('Requests a second').fill('5')
    await dialog.getByLabel('Requests at a time').fill('2')
    await dialog.getByLabel('Own headers').fill('X-Tenant: 4711\nX-Door: open: wide')
    await dialog.getByRole('button', { name: 'Add endpoint' }).click()

    const secret = await secretShown(page)
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/=]{44}$/)
    known.secret = secret
    await button(page, 'Done').click()
    await page.getByRole('alertdialog', { name: 'Close without copying?' }).waitFor()
    await button(page, 'Cancel').click()
    await button(page, 'Copy').click()
    await page.getByText('Copied. Put it').waitFor()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(secret)
    await button(page, 'Done').click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('link', { name: careful.url }).waitFor()
    const kept = await everythingKept(page)
    expect(kept).not.toContain(secret)
    expect(kept).not.toContain('4711')

    const { body } = await server.call('GET', '/v1/webhook-endpoints')
    expect(body.data[0]).toMatchObject({
      url: careful.url,
      description: '<b>Orders</b>',
      events: ['order.*', 'invoice.paid'],
      signatures: ['standard'],
      header_names: ['x-tenant', 'x-door'],
      ordered: true,
      require_handshake: true,
      rate_limit: 5,
      concurrency: 2,
    })
    expect(await row(page, careful.url).getByText('<b>Orders</b>').count()).toBe(1)
    expect(await row(page, careful.url).locator('ul').textContent()).toBe('order.*invoice.paid')
  })

  it('is not added with an address that cannot be one, and the field says why', async () => {
    const page = await openPage()
    await button(page, 'Add endpoint').first().click()
    const dialog = page.getByRole('dialog')
    const add = dialog.getByRole('button', { name: 'Add endpoint' })
    const url = dialog.getByLabel('URL')
    await add.click()
    await page.getByText('Enter the address').waitFor()
    await url.fill('http://192.0.2.1/hook')
    await add.click()
    await page.getByText('The address cannot be one of an endpoint.').waitFor()
    expect(await url.getAttribute('aria-invalid')).toBe('true')
    await expect.poll(() => url.evaluate((input) => input.matches(':focus'))).toBe(true)
    await pressEscape(page)
    await page.getByRole('alertdialog', { name: 'Discard what you entered?' }).waitFor()
    await button(page, 'Discard').click()
    await dialog.waitFor({ state: 'detached' })
  })

  it('shows that it failed, and how many wait, without a reload', async () => {
    const refusing = await startReceiver((_, response) => response.writeHead(503).end())
    const id = await addEndpoint(server, refusing.url)
    const page = await openPage()
    await row(page, refusing.url).getByText('Nothing waits').waitFor()
    await page.getByRole('link', { name: refusing.url }).click()
    await button(page, 'Send a test event').click()
    await said(page, 'is on its way')
    await expect.poll(async () => (await endpoint(id)).failing_since, { timeout: 20_000 }).not.toBeNull()
    await page.locator('main').getByText('Every attempt failed since').waitFor()
    await page.getByRole('navigation', { name: 'Breadcrumb' }).getByRole('link').click()
    await row(page, refusing.url).getByText('1 pending').waitFor()
    await row(page, refusing.url).getByText('Every attempt failed since').waitFor()
    await row(page, refusing.url).getByText('Failing', { exact: true }).waitFor()
    refusing.close()
  })

  it('that takes forgeries is shown as grave, with the five checks', async () => {
    const id = await addEndpoint(server, open.url)
    const page = await openPage(`/${id}`)
    await button(page, 'Probe').click()
    await page.getByRole('alert').filter({ hasText: 'Grave' }).waitFor()
    expect(await page.getByRole('list', { name: 'Checks' }).getByRole('listitem').count()).toBe(5)
    const { probe } = await endpoint(id)
    const findings = page.getByRole('list', { name: 'Findings' }).getByRole('listitem')
    expect(await findings.allTextContents()).toEqual(probe.findings)
    await page.getByRole('navigation', { name: 'Breadcrumb' }).getByRole('link').click()
    await row(page, open.url).getByText('Accepts unsigned').waitFor()
  })

  it('that verifies is shown as such, after a handshake', async () => {
    const { body } = await server.call('GET', '/v1/webhook-endpoints')
    const { id } = body.data.find(({ url }: { url: string }) => url === careful.url)
    const page = await openPage(`/${id}`)
    await button(page, 'Probe').click()
    await said(page, 'awaiting handshake')
    await fromMenu(page, 'Handshake')
    await said(page, 'The handshake failed')
    isWilling = true
    await fromMenu(page, 'Handshake')
    await said(page, 'The receiver wants our requests.')
    await state(page).getByText('Active').waitFor()
    await button(page, 'Probe').click()
    await said(page, 'The receiver verifies.')
    const checks = page.getByRole('list', { name: 'Checks' }).locator('.status')
    const found = ['Refused', 'Refused', 'Refused', 'Refused', 'Accepted']
    await expect.poll(() => checks.allTextContents()).toEqual(found)
    expect(await page.getByRole('alert').count()).toBe(0)
  })

  it('gets a new secret, which is shown this once', async () => {
    const id = await addEndpoint(server, open.url)
    const page = await openPage(`/${id}`)
    await fromMenu(page, 'Rotate the secret')
    await page.getByRole('radio', { name: 'After 1 hour' }).check()
    await button(page, 'Rotate secret').click()
    const secret = await secretShown(page)
    expect(secret).toMatch(/^whsec_/)
    await pressEscape(page)
    await page.getByRole('alertdialog', { name: 'Close without copying?' }).waitFor()
    await button(page, 'Close without copying').click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await everythingKept(page)).not.toContain(secret)
    await page.getByText('Old secret until').waitFor()
  })

  it('is disabled with a way back, enabled and deleted', async () => {
    const id = await addEndpoint(server, open.url)
    const page = await openPage(`/${id}`)
    await fromMenu(page, 'Disable')
    await said(page, 'The endpoint is disabled.')
    await state(page).getByText('Disabled').waitFor()
    expect((await endpoint(id)).state).toBe('disabled')
    await button(page, 'Send a test event').click()
    await said(page, 'The endpoint is disabled, so nothing is sent to it.')
    const test = button(page, 'Send a test event')
    await test.focus()
    await page.keyboard.press('F6')
    const isFocused = () => page.evaluate('document.activeElement.closest(".toast") !== null')
    expect(await isFocused()).toBe(true)
    await page.keyboard.press('F6')
    expect(await test.evaluate((element) => element.matches(':focus'))).toBe(true)
    expect(await page.getByRole('region', { name: 'Messages, F6' }).count()).toBe(1)
    await button(page, 'Undo').press('Enter')
    await state(page).getByText('Active').waitFor()
    expect((await endpoint(id)).state).toBe('active')
    await fromMenu(page, 'Disable')
    await state(page).getByText('Disabled').waitFor()
    await fromMenu(page, 'Enable')
    await state(page).getByText('Active').waitFor()

    await fromMenu(page, 'Delete')
    await button(page, 'Delete endpoint').click()
    await page.getByRole('heading', { name: 'Webhook key' }).waitFor()
    expect((await endpoint(id)).state).toBe('deleted')
  })

  it('that somebody else changed meanwhile is shown with what is different, and nothing is lost', async () => {
    const headers = { 'x-tenant': 'kept' }
    const id = await addEndpoint(server, open.url, { description: 'Old', headers })
    const page = await openPage(`/${id}`)
    await button(page, 'Edit').click()
    await page.getByLabel('Description').fill('New')
    await server.call('PATCH', `/v1/webhook-endpoints/${id}`, { description: 'Theirs', concurrency: 3 })
    await button(page, 'Save changes').click()
    const conflict = page.getByRole('alert').filter({ hasText: 'was changed since you read it' })
    await conflict.locator('ins').getByText('Theirs').waitFor()
    expect(await conflict.locator('dt').allTextContents()).toEqual(['Description', 'Requests at a time'])
    await conflict.getByRole('link').waitFor()
    expect((await endpoint(id)).description).toBe('Theirs')
    expect(await button(page, 'Save changes').isDisabled()).toBe(true)
    await button(page, 'Apply mine on top').click()
    await button(page, 'Save changes').click()
    await said(page, 'The endpoint was changed.')
    const changed = { description: 'New', concurrency: 3, header_names: ['x-tenant'] }
    expect(await endpoint(id)).toMatchObject(changed)
    await page.locator('.lead').getByText('New').waitFor()

    await button(page, 'Edit').click()
    await button(page, 'Replace').click()
    await page.getByLabel('Own headers').fill('X-Other: 1')
    await button(page, 'Save changes').click()
    await page.locator('.facts').getByText('x-other').waitFor()
  })
})
