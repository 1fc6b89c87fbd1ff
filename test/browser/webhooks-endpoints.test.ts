import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBrowser } from '../support/browser.js'
import { startServer, type TestServer } from '../support/server.js'
import {
  addEndpoint,
  everythingKept,
  openWebhooks,
  setWebhookKey,
  startReceiver,
  takesAll,
  verifying,
  type Receiver,
} from './webhooks-support.js'

let server: TestServer
let browser: Browser
let open: Receiver
let careful: Receiver
let isWilling = false
const known = { secret: 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' }

beforeAll(async () => {
  server = await startServer()
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

const openPage = async (hash = ''): Promise<Page> =>
  (await openWebhooks(browser, server.controlUrl, server.managementKey, { hash })).page

const endpoint = async (id: string) => (await server.call('GET', `/v1/webhook-endpoints/${id}`)).body

const said = (page: Page, text: string) => page.getByRole('status').filter({ hasText: text }).waitFor()

describe('an endpoint on the page', () => {
  it('is added, and its secret is there until the dialog closes and nowhere after', async () => {
    const page = await openPage()
    await page.getByRole('button', { name: 'Add an endpoint' }).click()
    await page.getByLabel('URL').fill(careful.url)
    await page.getByRole('textbox', { name: 'Events' }).fill('order.*\ninvoice.paid')
    await page.getByLabel('Description').fill('<b>Orders</b>')
    await page.getByLabel('Retell').uncheck()
    await page.getByLabel('Body alone').uncheck()
    await page.getByLabel('In order').check()
    await page.getByLabel('Require a handshake').check()
    await page.getByLabel('Requests a second').fill('5')
    await page.getByLabel('Requests at a time').fill('2')
    await page.getByRole('button', { name: 'Add the endpoint' }).click()

    const secret = (await page.locator('#secret').textContent()) ?? ''
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/=]{44}$/)
    known.secret = secret
    await page.getByRole('button', { name: 'Done' }).click()
    await page.getByText('Not copied yet, and it cannot be shown again').waitFor()
    await page.getByRole('button', { name: 'Copy' }).click()
    await page.getByText('Copied.').waitFor()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(secret)
    await page.getByRole('button', { name: 'Done' }).click()
    await page.getByRole('link', { name: careful.url }).waitFor()
    expect(await page.getByRole('dialog').count()).toBe(0)
    expect(await everythingKept(page)).not.toContain(secret)

    const { body } = await server.call('GET', '/v1/webhook-endpoints')
    expect(body.data[0]).toMatchObject({
      url: careful.url,
      description: '<b>Orders</b>',
      events: ['order.*', 'invoice.paid'],
      signatures: ['standard'],
      ordered: true,
      require_handshake: true,
      rate_limit: 5,
      concurrency: 2,
    })
    const row = page.locator('.endpoint-row').first()
    expect(await row.getByText('<b>Orders</b>').count()).toBe(1)
    expect(await row.locator('.chips').textContent()).toBe('order.*invoice.paid')
  })

  it('is not added with an address that cannot be one, and the field says why', async () => {
    const page = await openPage()
    await page.getByRole('button', { name: 'Add an endpoint' }).click()
    await page.getByRole('button', { name: 'Add the endpoint' }).click()
    await page.getByText('Enter the address').waitFor()
    await page.getByLabel('URL').fill('http://192.0.2.1/hook')
    await page.getByRole('button', { name: 'Add the endpoint' }).click()
    await page.getByText('The address cannot be one of an endpoint.').waitFor()
    expect(await page.locator('#field-url-problem').textContent()).not.toBe('')
    expect(await page.evaluate('document.activeElement.id')).toBe('field-url')
  })

  it('shows that it failed, and how many wait', async () => {
    const refusing = await startReceiver((_, response) => response.writeHead(503).end())
    const id = await addEndpoint(server, refusing.url)
    const page = await openPage()
    await server.call('POST', `/v1/webhook-endpoints/${id}/test`)
    await expect.poll(async () => (await endpoint(id)).failing_since, { timeout: 20_000 }).not.toBeNull()
    await page.reload()
    await page.getByLabel('Management key').fill(server.managementKey)
    await page.keyboard.press('Enter')
    const row = page.locator('.endpoint-row').filter({ hasText: refusing.url })
    await row.getByText('Every attempt has failed since').waitFor()
    await row.getByText('1 pending').waitFor()
    refusing.close()
  })

  it('that takes forgeries is shown as grave, with the five checks', async () => {
    const id = await addEndpoint(server, open.url)
    const page = await openPage(`#/${id}`)
    await page.getByRole('button', { name: 'Probe', exact: true }).click()
    await page.getByRole('alert').filter({ hasText: 'Grave: this receiver takes requests' }).waitFor()
    expect(await page.locator('.probe.grave .checks li').count()).toBe(5)
    const { probe } = await endpoint(id)
    expect(await page.locator('.findings li').allTextContents()).toEqual(probe.findings)
    await page.getByRole('link', { name: 'Webhooks' }).click()
    await page.locator('.endpoint-row').filter({ hasText: open.url }).getByText('Accepts unsigned').waitFor()
  })

  it('that verifies is shown as such, after a handshake', async () => {
    const { body } = await server.call('GET', '/v1/webhook-endpoints')
    const { id } = body.data.find(({ url }: { url: string }) => url === careful.url)
    const page = await openPage(`#/${id}`)
    await page.getByRole('button', { name: 'Probe', exact: true }).click()
    await said(page, 'awaiting handshake')
    await page.getByRole('button', { name: 'Handshake' }).click()
    await said(page, 'The handshake failed')
    isWilling = true
    await page.getByRole('button', { name: 'Handshake' }).click()
    await said(page, 'The receiver wants our requests.')
    await page.locator('.head').getByText('Active').waitFor()
    await page.getByRole('button', { name: 'Probe', exact: true }).click()
    await said(page, 'The receiver verifies.')
    expect(await page.locator('.checks li .pill').allTextContents()).toEqual([
      'Refused',
      'Refused',
      'Refused',
      'Refused',
      'Accepted',
    ])
    expect(await page.locator('.probe.grave').count()).toBe(0)
  })

  it('gets a new secret, which is shown this once', async () => {
    const id = await addEndpoint(server, open.url)
    const page = await openPage(`#/${id}`)
    await page.getByRole('button', { name: 'Rotate the secret…' }).click()
    await page.getByLabel('Overlap').selectOption({ label: '1 hour' })
    await page.getByRole('button', { name: 'Rotate', exact: true }).click()
    const secret = (await page.locator('#secret').textContent()) ?? ''
    expect(secret).toMatch(/^whsec_/)
    await page.keyboard.press('Escape')
    await page.getByText('Close once more').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await everythingKept(page)).not.toContain(secret)
    await page.getByText('Old secret until').waitFor()
  })

  it('is disabled, enabled, edited and deleted', async () => {
    const id = await addEndpoint(server, open.url, { description: 'Old' })
    const page = await openPage(`#/${id}`)
    await page.getByRole('button', { name: 'Disable' }).click()
    await page.getByText('Disabled at').waitFor()
    expect((await endpoint(id)).state).toBe('disabled')
    expect(await page.evaluate('document.activeElement.id')).toBe('action-able')
    await page.getByRole('button', { name: 'Send a test event' }).click()
    await said(page, 'The endpoint is disabled, so nothing is sent to it.')
    await page.getByRole('button', { name: 'Enable' }).click()
    await said(page, 'The endpoint is enabled.')

    await page.getByRole('button', { name: 'Edit…' }).click()
    await page.getByLabel('Description').fill('New')
    await server.call('PATCH', `/v1/webhook-endpoints/${id}`, { description: 'By somebody else' })
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('alert').filter({ hasText: 'was changed since you read it' }).waitFor()
    expect((await endpoint(id)).description).toBe('By somebody else')
    await page.getByRole('button', { name: 'Cancel' }).click()

    await page.getByRole('button', { name: 'Delete…' }).click()
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await page.getByRole('heading', { name: 'Webhook key' }).waitFor()
    expect((await endpoint(id)).state).toBe('deleted')
  })
})
