import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startBrowser } from '../support/browser.js'
import { signedInMember, signedInOwner, type TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'
import { DESKTOP, openDashboard, PHONE, settled } from './dashboard-support.js'
import { accessibilityFlaws, picture } from './page-support.js'
import { addEndpoint, setWebhookKey, startReceiver, takesAll, type Receiver } from './webhooks-support.js'

let server: TestServer
let browser: Browser
let owner: TestBrowser
let good: Receiver
let bad: Receiver
let page: Page
let complaints: string[]
let endpointId: string
let eventId: string

beforeAll(async () => {
  server = await startServer()
  owner = await signedInOwner(server)
  browser = await startBrowser()
  good = await startReceiver(takesAll)
  bad = await startReceiver((_, response) => {
    response.writeHead(500, { 'content-type': 'text/html' }).end('<h1>Internal Server Error</h1>')
  })
  await setWebhookKey(server, 'Webhooks 2025')
  endpointId = await addEndpoint(server, good.url, {
    description: 'Orders, in the warehouse',
    events: ['order.*', 'invoice.paid'],
    concurrency: 4,
    headers: { 'x-tenant': '4711' },
  })
  const failing = await addEndpoint(server, `${bad.url}/crm?tenant=4711`, { description: 'CRM' })
  await addEndpoint(server, 'https://hooks.example.com/bitting', {
    events: ['key.*'],
    require_handshake: true,
  })
  await server.call('POST', `/v1/webhook-endpoints/${failing}/test`)
  await server.call('POST', `/v1/webhook-endpoints/${endpointId}/probe`)
  const order = { number: 'A-1042', total: 118.5, currency: 'EUR', lines: [{ sku: 'BRASS-5', count: 2 }] }
  const { body } = await server.call('POST', '/v1/events', {
    type: 'order.paid',
    subject: 'A-1042',
    data: order,
  })
  eventId = body.id
  await server.call('POST', '/v1/events', { type: 'invoice.paid', data: { number: 7 } })
  const next = await server.createKey({}, { name: 'Webhooks 2026' })
  const { status } = await server.call('PUT', '/v1/webhook-key?confirm=Webhooks%202025', { key_id: next.id })
  expect(status).toBe(200)
  await vi.waitFor(
    () => {
      expect(good.requests.filter(({ body: text }) => text.includes('order.paid')).length).toBe(1)
    },
    { timeout: 20_000 },
  )
  const options = { reducedMotion: 'reduce' } as const
  ;({ page, complaints } = await openDashboard(browser, server, owner, '/webhooks', options))
})

/** Loads a page of the owner's, as if for the first time. */
async function load(path = ''): Promise<void> {
  await page.unrouteAll({ behavior: 'ignoreErrors' })
  await page.goto(`${server.controlUrl}/webhooks${path}`)
  await settled(page)
}

afterAll(async () => {
  await browser.close()
  good.close()
  bad.close()
  await server.close()
})

interface State {
  /** After `/webhooks`; that page itself unless it is told. */
  readonly path?: () => string
  /** Comes to the state from where the address leads, and waits until it is there. */
  readonly reach?: (page: Page) => Promise<void>
  /** Its picture in the documents. */
  readonly pictured?: string
}

const dialogOf =
  (name: string): NonNullable<State['reach']> =>
  async (page) => {
    await page.getByRole('button', { name, exact: true }).click()
    await page.locator('.dialog').waitFor()
  }

const fromMenu =
  (name: string): NonNullable<State['reach']> =>
  async (page) => {
    await page.getByRole('button', { name: 'More actions for the endpoint' }).click()
    await page.getByRole('menuitem', { name }).click()
    await page.locator('.dialog').waitFor()
  }

const onEndpoint = (): string => `/${endpointId}`

/** Every state of the pages that somebody who may change them comes to. */
const STATES: Readonly<Record<string, State>> = {
  overview: { pictured: 'webhooks' },
  endpoint: { path: onEndpoint, pictured: 'webhook-endpoint' },
  delivery: { path: () => `/${endpointId}/deliveries/${eventId}`, pictured: 'webhook-delivery' },
  'the way to a new endpoint': { reach: dialogOf('Add endpoint') },
  'a form with flaws': {
    reach: async (page) => {
      await dialogOf('Add endpoint')(page)
      await page.getByLabel('URL').fill('no address')
      await page.getByRole('dialog').getByRole('button', { name: 'Add endpoint' }).click()
      await page.locator('input[type=url][aria-invalid=true]').waitFor()
    },
  },
  'an endpoint that is edited': { path: onEndpoint, reach: dialogOf('Edit') },
  'the way to another key': {
    reach: async (page) => {
      await dialogOf('Choose another key')(page)
      await page.getByRole('radio').first().waitFor()
    },
  },
  'the way to turn delivery off': { reach: dialogOf('Turn delivery off') },
  'the way to a new secret': { path: onEndpoint, reach: fromMenu('Rotate the secret') },
  'a secret': {
    path: onEndpoint,
    reach: async (page) => {
      await fromMenu('Rotate the secret')(page)
      await page.getByRole('button', { name: 'Rotate secret' }).click()
      await page.locator('output.secret').waitFor()
    },
  },
  'the way to resend': { path: onEndpoint, reach: dialogOf('Resend…') },
  'the way to delete': { path: onEndpoint, reach: fromMenu('Delete') },
  'a filter with nothing in it': {
    path: () => `/${endpointId}?state=failed`,
    reach: (page) => page.getByText('No delivery is failed').waitFor(),
  },
  'something told': {
    path: onEndpoint,
    reach: async (page) => {
      await page.getByRole('button', { name: 'Probe', exact: true }).click()
      await page.getByRole('button', { name: 'Dismiss' }).waitFor()
    },
  },
  'a server that refuses': {
    reach: async (page) => {
      const refusal = { type: 'about:blank', title: 'Forbidden', status: 403, code: 'insufficient_scope' }
      const body = JSON.stringify({ ...refusal, detail: 'You may not look at webhooks.' })
      await page.route('**/v1/webhook-*', (route) => route.fulfill({ status: 403, body }))
      await page.reload()
      await page.getByRole('alert').nth(1).waitFor()
    },
  },
  loading: {
    reach: async (page) => {
      await page.route('**/v1/webhook-*/**', () => undefined)
      await page.getByRole('link', { name: good.url }).first().click()
      await page.locator('.skeleton').first().waitFor()
    },
  },
}

/** How much of what was seen moved while the page loaded, as the Layout Instability API counts it. */
const LAYOUT_SHIFT = `new Promise((resolve) => {
  let sum = 0
  const add = (shifts) => shifts.forEach(({ value }) => { sum += value })
  const observer = new PerformanceObserver((list) => add(list.getEntries()))
  observer.observe({ type: 'layout-shift', buffered: true })
  requestAnimationFrame(() => { add(observer.takeRecords()); resolve(sum) })
})`

describe('the pages for webhooks have no flaw of accessibility, light and dark', () => {
  it.each(Object.keys(STATES))('in the state: %s', async (name) => {
    const { path, reach, pictured } = STATES[name]!
    await load(path?.())
    // What Web Vitals call good.
    if (reach === undefined) expect(await page.evaluate<number>(LAYOUT_SHIFT)).toBeLessThan(0.1)
    await reach?.(page)
    await expectAccessible(page)
    expect(complaints.splice(0)).toEqual([])
    if (pictured !== undefined) await takePictures(pictured)
  })

  it('for who only reads', async () => {
    const auditor = await signedInMember(server, owner, 'auditor')
    const { page: theirs } = await openDashboard(browser, server, auditor, `/webhooks${onEndpoint()}`)
    await expectAccessible(theirs)
    await theirs.goto('about:blank')
  })
})

describe('with nothing set up yet', () => {
  it('the page says what to do first, and has no flaw either', async () => {
    const empty = await startServer()
    const { page: first } = await openDashboard(browser, empty, await signedInOwner(empty), '/webhooks')
    await first.getByText('No endpoints yet').waitFor()
    await expectAccessible(first)
    await first.getByRole('button', { name: 'Choose a key' }).click()
    await first.getByText('There is no API key without permissions').waitFor()
    await expectAccessible(first)
    await first.goto('about:blank')
    await empty.close()
  })
})

describe('the pages for webhooks at every width', () => {
  it.each([320, 375, 768, 1280, 3840])('fit %i pixels without scrolling sideways', async (width) => {
    await page.setViewportSize({ width, height: 900 })
    for (const path of ['', onEndpoint(), `/${endpointId}/deliveries/${eventId}`]) {
      await load(path)
      const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
      expect(overflow, path).toBeLessThanOrEqual(0)
    }
    await load()
    await page.getByRole('button', { name: 'Add endpoint' }).click()
    const box = await page.getByRole('dialog').boundingBox()
    expect(box!.width).toBeLessThanOrEqual(width)
  })
})

async function expectAccessible(shown = page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await shown.emulateMedia({ colorScheme })
    expect(await accessibilityFlaws(shown), colorScheme).toEqual([])
  }
}

async function takePictures(name: string): Promise<void> {
  await page.emulateMedia({ colorScheme: 'light' })
  await picture(page, name)
  await page.setViewportSize(PHONE)
  await picture(page, `${name}-phone`)
  await page.setViewportSize(DESKTOP)
}
