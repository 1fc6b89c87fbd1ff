import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBrowser } from '../support/browser.js'
import { signedInOwner, type TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'
import { openDashboard } from './dashboard-support.js'
import { addEndpoint, setWebhookKey, startReceiver, type Receiver } from './webhooks-support.js'

const HOSTILE = `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script>`

let server: TestServer
let browser: Browser
let owner: TestBrowser
let receiver: Receiver
let status = 200

beforeAll(async () => {
  server = await startServer()
  owner = await signedInOwner(server)
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

const openPage = (path: string) => openDashboard(browser, server, owner, `/webhooks/${path}`)

const rows = (page: Page) => page.getByRole('table', { name: 'Deliveries' }).locator('tbody tr')

const said = (page: Page, text: string) => page.getByRole('status').filter({ hasText: text }).waitFor()

const publish = async (type: string, data: object): Promise<string> =>
  (await server.call('POST', '/v1/events', { type, data, subject: 'order <1>' })).body.id as string

const delivery = async (id: string, event: string) =>
  (await server.call('GET', `/v1/webhook-endpoints/${id}/deliveries/${event}`)).body

const delivered = (id: string, event: string) =>
  expect.poll(async () => (await delivery(id, event)).state, { timeout: 20_000 }).toBe('delivered')

describe('the deliveries of an endpoint on the page', () => {
  it('appear by themselves after a test event', async () => {
    const id = await addEndpoint(server, receiver.url, { events: ['nothing'] })
    const { page } = await openPage(id)
    await page.getByText('Nothing was sent yet').waitFor()
    await page.getByRole('button', { name: 'Send a test event' }).click()
    await said(page, 'is on its way')
    await rows(page).getByText('Delivered').waitFor()
    expect(await rows(page).getByRole('link').textContent()).toBe('webhook_endpoint.test')
  })

  it('show what is sent and what came back as text, whatever it is', async () => {
    const id = await addEndpoint(server, receiver.url, { events: ['hostile.*'] })
    const event = await publish('hostile.order', { text: HOSTILE, big: 9007199254740991, empty: [] })
    await delivered(id, event)
    const { page, complaints } = await openPage(id)
    await rows(page).getByRole('link').click()
    await page.getByRole('heading', { name: 'hostile.order' }).waitFor()
    const answer = page.getByRole('region', { name: 'Answer to attempt 1' })
    await answer.waitFor()
    expect(await answer.textContent()).toBe(HOSTILE)
    const sent = (await page.getByRole('region', { name: 'What is sent' }).textContent()) ?? ''
    expect(sent).toContain('\n    "empty": []')
    expect(JSON.parse(sent)).toEqual(JSON.parse((await delivery(id, event)).body))
    expect(await page.locator('main img, main script').count()).toBe(0)
    expect(await page.title()).toBe('hostile.order · Bitting')
    expect(complaints).toEqual([])
    const [attempt] = (await delivery(id, event)).log
    const line = page.locator('.webhooks-attempt')
    expect(await line.locator('time').getAttribute('datetime')).toBe(attempt.at)
    expect(await line.textContent()).toContain('#1200')
  })

  it('can be sent again one by one, and the page sees it arrive', async () => {
    const id = await addEndpoint(server, receiver.url, { events: ['again.*'] })
    status = 500
    const event = await publish('again.order', {})
    await expect.poll(async () => (await delivery(id, event)).attempts, { timeout: 20_000 }).toBe(1)
    const { page } = await openPage(`${id}/deliveries/${event}`)
    const state = page.locator('.page-title .status')
    await state.getByText('Pending').waitFor()
    await page.getByText('Next attempt').waitFor()
    status = 200
    await page.getByRole('button', { name: 'Resend' }).click()
    await state.getByText('Delivered').waitFor()
    const outcomes = await page.locator('.webhooks-attempt .status').allTextContents()
    expect(outcomes[0]).toBe('200')
    expect(outcomes.at(-1)).toBe('500')
  })

  it('name why no answer came', async () => {
    const gone = await startReceiver(() => undefined)
    gone.close()
    const id = await addEndpoint(server, gone.url, { events: ['gone.*'] })
    const event = await publish('gone.order', {})
    await expect.poll(async () => (await delivery(id, event)).attempts, { timeout: 20_000 }).toBe(1)
    const { page } = await openPage(`${id}/deliveries/${event}`)
    await page.locator('.webhooks-attempt').first().getByText('No answer').waitFor()
    const [{ error }] = (await delivery(id, event)).log
    expect(await page.locator('.webhooks-problem').first().textContent()).toBe(error)
  })

  it('are filtered by state in the address, and come a page at a time', async () => {
    const id = await addEndpoint(server, receiver.url, { events: ['many.*'] })
    const ids: string[] = []
    for (let number = 0; number < 30; number++) ids.push(await publish('many.order', { number }))
    for (const event of ids) await delivered(id, event)
    const { page } = await openPage(id)
    await rows(page).getByRole('link').first().waitFor()
    const shown = () => rows(page).locator('code').allTextContents()
    expect(await shown()).toEqual(ids.toReversed().slice(0, 25))
    await page.getByRole('button', { name: 'Show more' }).click()
    await expect.poll(shown).toEqual(ids.toReversed())
    expect(await page.getByRole('button', { name: 'Show more' }).count()).toBe(0)
    await page.getByRole('radio', { name: 'Failed' }).check()
    await page.getByText('No delivery is failed').waitFor()
    expect(new URL(page.url()).search).toBe('?state=failed')
    await page.reload()
    await page.getByText('No delivery is failed').waitFor()
    await page.getByRole('radio', { name: 'Delivered' }).check()
    await expect.poll(async () => (await shown()).length).toBe(25)
  })

  it('are sent again since a time, also what was missed', async () => {
    const event = await publish('late.order', {})
    const id = await addEndpoint(server, receiver.url, { events: ['late.*'] })
    const { page } = await openPage(id)
    const resend = page.getByRole('dialog').getByRole('button', { name: 'Resend' })
    await page.getByRole('button', { name: 'Resend…' }).click()
    await resend.click()
    await said(page, 'There was nothing to send again.')

    await page.getByRole('button', { name: 'Resend…' }).click()
    await page.getByRole('radio', { name: 'What was missed or failed since a time' }).check()
    await resend.click()
    await page.getByText('Enter a date and a time.').waitFor()
    await page.getByLabel('Since', { exact: true }).fill('2026-01-01T00:00')
    await resend.click()
    await said(page, '1 delivery sent again.')
    await rows(page).getByText('Delivered').waitFor()
    expect((await delivery(id, event)).state).toBe('delivered')
  })
})
