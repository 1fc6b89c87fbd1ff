import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBrowser } from '../support/browser.js'
import { startServer, type TestServer } from '../support/server.js'
import { addEndpoint, openWebhooks, setWebhookKey, startReceiver, type Receiver } from './webhooks-support.js'

const HOSTILE = `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script>`

let server: TestServer
let browser: Browser
let receiver: Receiver
let status = 200

beforeAll(async () => {
  server = await startServer()
  browser = await startBrowser()
  receiver = await startReceiver((_, response) => {
    response.writeHead(status, { 'content-type': 'text/html' }).end(HOSTILE)
  })
  await setWebhookKey(server)
})

afterAll(async () => {
  await browser.close()
  receiver.close()
  await server.close()
})

const openPage = (hash: string) => openWebhooks(browser, server.controlUrl, server.managementKey, { hash })

const rows = (page: Page) => page.locator('.delivery-row')

const publish = async (type: string, data: object): Promise<string> =>
  (await server.call('POST', '/v1/events', { type, data, subject: 'order <1>' })).body.id as string

const delivery = async (id: string, event: string) =>
  (await server.call('GET', `/v1/webhook-endpoints/${id}/deliveries/${event}`)).body

const delivered = (id: string, event: string) =>
  expect.poll(async () => (await delivery(id, event)).state, { timeout: 20_000 }).toBe('delivered')

describe('the deliveries of an endpoint on the page', () => {
  it('appear by themselves after a test event', async () => {
    const id = await addEndpoint(server, receiver.url, { events: ['nothing'] })
    const { page } = await openPage(`#/${id}`)
    await page.getByText('Nothing was sent yet').waitFor()
    await page.getByRole('button', { name: 'Send a test event' }).click()
    await rows(page).getByText('Delivered').waitFor()
    expect(await rows(page).getByRole('link').textContent()).toBe('webhook_endpoint.test')
  })

  it('show what is sent and what came back as text, whatever it is', async () => {
    const id = await addEndpoint(server, receiver.url, { events: ['hostile.*'] })
    const event = await publish('hostile.order', { text: HOSTILE, big: 9007199254740991, empty: [] })
    await delivered(id, event)
    const { page, complaints } = await openPage(`#/${id}`)
    await rows(page).getByRole('link').click()
    await page.getByRole('heading', { name: 'hostile.order' }).waitFor()
    await page.locator('.answer').waitFor()
    expect(await page.locator('.answer').textContent()).toBe(HOSTILE)
    const sent = (await page.locator('#body').textContent()) ?? ''
    expect(sent).toContain('\n    "empty": []')
    expect(JSON.parse(sent)).toEqual(JSON.parse((await delivery(id, event)).body))
    expect(await page.locator('main img, main script').count()).toBe(0)
    expect(await page.title()).toBe('Delivery · Bitting')
    expect(complaints).toEqual([])
    const [attempt] = (await delivery(id, event)).log
    const at = page.locator('.attempt time')
    expect(await at.getAttribute('datetime')).toBe(attempt.at)
    expect(await at.getAttribute('title')).toBe(attempt.at.replace('T', ' ').replace('Z', ' UTC'))
    expect(await page.locator('.attempt-head').textContent()).toContain('#1200')
  })

  it('can be sent again one by one, and the page sees it arrive', async () => {
    const id = await addEndpoint(server, receiver.url, { events: ['again.*'] })
    status = 500
    const event = await publish('again.order', {})
    await expect.poll(async () => (await delivery(id, event)).attempts, { timeout: 20_000 }).toBe(1)
    const { page } = await openPage(`#/${id}/${event}`)
    await page.locator('.facts').getByText('Pending').waitFor()
    await page.getByText('Next attempt').waitFor()
    status = 200
    await page.getByRole('button', { name: 'Resend' }).click()
    await page.locator('.facts').getByText('Delivered').waitFor()
    const outcomes = await page.locator('.attempt .pill').allTextContents()
    expect(outcomes[0]).toBe('200')
    expect(outcomes.at(-1)).toBe('500')
  })

  it('name why no answer came', async () => {
    const gone = await startReceiver(() => undefined)
    gone.close()
    const id = await addEndpoint(server, gone.url, { events: ['gone.*'] })
    const event = await publish('gone.order', {})
    await expect.poll(async () => (await delivery(id, event)).attempts, { timeout: 20_000 }).toBe(1)
    const { page } = await openPage(`#/${id}/${event}`)
    await page.locator('.attempt').first().getByText('No answer').waitFor()
    const [{ error }] = (await delivery(id, event)).log
    expect(await page.locator('.attempt .row-problem').first().textContent()).toBe(error)
  })

  it('are filtered by state and come a page at a time', async () => {
    const id = await addEndpoint(server, receiver.url, { events: ['many.*'] })
    const ids: string[] = []
    for (let number = 0; number < 30; number++) ids.push(await publish('many.order', { number }))
    for (const event of ids) await delivered(id, event)
    const { page } = await openPage(`#/${id}`)
    await rows(page).first().waitFor()
    const shown = () =>
      rows(page)
        .locator('code')
        .allTextContents()
        .then((texts) => texts)
    expect(await shown()).toEqual(ids.toReversed().slice(0, 25))
    await page.getByRole('button', { name: 'Older' }).click()
    await expect.poll(shown).toEqual(ids.toReversed().slice(25))
    expect(await page.getByRole('button', { name: 'Older' }).isDisabled()).toBe(true)
    await page.getByRole('button', { name: 'Newer' }).click()
    await expect.poll(async () => (await shown()).length).toBe(25)
    await page.getByLabel('Failed', { exact: true }).check()
    await page.getByText('No delivery is failed.').waitFor()
    await page.getByLabel('Delivered', { exact: true }).check()
    await expect.poll(async () => (await shown()).length).toBe(25)
  })

  it('are sent again since a time, also what was missed', async () => {
    const event = await publish('late.order', {})
    const id = await addEndpoint(server, receiver.url, { events: ['late.*'] })
    const { page } = await openPage(`#/${id}`)
    await page.getByRole('button', { name: 'Resend…' }).click()
    await page.getByRole('button', { name: 'Resend', exact: true }).click()
    await page.getByRole('status').filter({ hasText: 'There was nothing to send again.' }).waitFor()

    await page.getByRole('button', { name: 'Resend…' }).click()
    await page.getByLabel('What to send again').selectOption('since')
    await page.getByRole('button', { name: 'Resend', exact: true }).click()
    await page.getByText('Enter a date and a time.').waitFor()
    await page.getByLabel('Since', { exact: true }).fill('2026-01-01T00:00:00')
    await page.getByRole('button', { name: 'Resend', exact: true }).click()
    await page.getByRole('status').filter({ hasText: '1 delivery sent again.' }).waitFor()
    await rows(page).getByText('Delivered').waitFor()
    expect((await delivery(id, event)).state).toBe('delivered')
  })
})
