import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startBrowser } from '../support/browser.js'
import { startServer, type TestServer } from '../support/server.js'
import {
  accessibilityFlaws,
  addEndpoint,
  openWebhooks,
  settled,
  setWebhookKey,
  startReceiver,
  takesAll,
  type Receiver,
} from './webhooks-support.js'

const IMAGES = fileURLToPath(new URL('../../docs/images/', import.meta.url))

/** Pictures for the documents are taken only when they are asked for: they differ a little each time. */
const TAKES_PICTURES = process.env['BITTING_SCREENSHOTS'] === '1'

let server: TestServer
let browser: Browser
let good: Receiver
let bad: Receiver
let endpointId: string
let eventId: string

beforeAll(async () => {
  server = await startServer()
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
})

afterAll(async () => {
  await browser.close()
  good.close()
  bad.close()
  await server.close()
})

interface State {
  readonly hash?: () => string
  /** Comes to the state from where the address leads, and waits until it is there. */
  readonly reach?: (page: Page) => Promise<void>
}

const dialogOf =
  (name: string): NonNullable<State['reach']> =>
  async (page) => {
    await page.getByRole('button', { name }).click()
    await page.getByRole('dialog').waitFor()
  }

const onEndpoint = (): string => `#/${endpointId}`

/** Every state of the page that a management key leads to. */
const STATES: Readonly<Record<string, State>> = {
  overview: {},
  endpoint: { hash: onEndpoint },
  delivery: { hash: () => `#/${endpointId}/${eventId}` },
  'the way to a new endpoint': { reach: dialogOf('Add an endpoint') },
  'a form with flaws': {
    reach: async (page) => {
      await dialogOf('Add an endpoint')(page)
      await page.getByLabel('URL').fill('no address')
      await page.getByRole('button', { name: 'Add the endpoint' }).click()
      await page.locator('#field-url[aria-invalid=true]').waitFor()
    },
  },
  'the way to another key': { reach: dialogOf('Choose another key') },
  'the way to turn delivery off': { reach: dialogOf('Turn delivery off') },
  'the way to a new secret': { hash: onEndpoint, reach: dialogOf('Rotate the secret…') },
  'a secret': {
    hash: onEndpoint,
    reach: async (page) => {
      await dialogOf('Rotate the secret…')(page)
      await page.getByRole('button', { name: 'Rotate', exact: true }).click()
      await page.locator('#secret').waitFor()
    },
  },
  'the way to resend': { hash: onEndpoint, reach: dialogOf('Resend…') },
  'the way to delete': { hash: onEndpoint, reach: dialogOf('Delete…') },
  'a filter with nothing in it': {
    hash: onEndpoint,
    reach: async (page) => {
      await page.getByLabel('Failed', { exact: true }).check()
      await page.getByText('No delivery is failed.').waitFor()
    },
  },
  'something told': {
    hash: onEndpoint,
    reach: async (page) => {
      await page.getByRole('button', { name: 'Handshake' }).click()
      await page.getByRole('button', { name: 'Dismiss' }).waitFor()
    },
  },
  'a server that went away': {
    reach: async (page) => {
      await page.route('**/v1/**', (route) => route.abort())
      await page.locator('.stale-bar').waitFor()
    },
  },
  'a server that is away': {
    reach: async (page) => {
      await page.route('**/v1/**', (route) => route.abort())
      await page.getByRole('link', { name: good.url }).first().click()
      await page.locator('.failure').waitFor()
    },
  },
  loading: {
    reach: async (page) => {
      await page.route('**/v1/**', () => undefined)
      await page.getByRole('link', { name: good.url }).first().click()
      await page.locator('.placeholder').waitFor()
    },
  },
}

/** The states that stand in the documents. */
const PICTURED = ['overview', 'endpoint', 'delivery']

const SCHEMES = ['light', 'dark'] as const

/** How much of what was seen moved while the page loaded, as the Layout Instability API counts it. */
const LAYOUT_SHIFT = `new Promise((resolve) => {
  let sum = 0
  const add = (shifts) => shifts.forEach(({ value }) => { sum += value })
  const observer = new PerformanceObserver((list) => add(list.getEntries()))
  observer.observe({ type: 'layout-shift', buffered: true })
  setTimeout(() => { add(observer.takeRecords()); resolve(sum) }, 100)
})`

describe('the page for webhooks has no flaw of accessibility, light and dark', () => {
  it.each(Object.keys(STATES))('in the state: %s', async (name) => {
    const { hash, reach } = STATES[name]!
    const { page, complaints } = await openPage(server.managementKey, hash?.() ?? '')
    if (reach === undefined) expect(await page.evaluate<number>(LAYOUT_SHIFT)).toBeLessThan(0.01)
    await reach?.(page)
    await expectAccessible(page)
    expect(complaints).toEqual([])
    if (TAKES_PICTURES && PICTURED.includes(name)) await takePictures(page, name)
    await page.goto('about:blank')
  })

  it('while it asks for a key', async () => {
    const { page } = await openPage(null)
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('alert').filter({ hasText: 'btgm_' }).waitFor()
    await expectAccessible(page)
  })

  it('when the key is refused midway', async () => {
    const { id, token } = await server.createKey({ webhooks: 'edit' }, { kind: 'management' })
    const { page } = await openPage(token)
    await server.call('POST', `/v1/keys/${id}/revoke`, {})
    await page.getByRole('link', { name: good.url }).first().click()
    await page.getByRole('alert').filter({ hasText: 'no longer accepts' }).waitFor()
    await expectAccessible(page)
  })

  it('with nothing set up yet', async () => {
    const other = await server.newWorkspace('Empty')
    const { page } = await openPage(other.managementKey)
    await page.getByText('No endpoints yet').waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Choose a key' }).click()
    await page.getByText('There is no API key without permissions').waitFor()
    await expectAccessible(page)
  })
})

const openPage = (key: string | null, hash = '') =>
  openWebhooks(browser, server.controlUrl, key, {
    hash,
    reducedMotion: 'reduce',
    viewport: { width: 1280, height: 900 },
  })

async function expectAccessible(page: Page): Promise<void> {
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme })
    expect(await accessibilityFlaws(page), colorScheme).toEqual([])
  }
}

describe('the page for webhooks at every width', () => {
  it.each([320, 390, 768, 1280, 3840])('fits %i pixels without scrolling sideways', async (width) => {
    const { page } = await openWebhooks(browser, server.controlUrl, server.managementKey, {
      viewport: { width, height: 900 },
    })
    for (const hash of ['#/', `#/${endpointId}`, `#/${endpointId}/${eventId}`]) {
      await page.goto(`${server.controlUrl}/webhooks${hash}`)
      await settled(page)
      const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
      expect(overflow, hash).toBeLessThanOrEqual(0)
    }
    await page.goto(`${server.controlUrl}/webhooks#/`)
    await page.getByRole('button', { name: 'Add an endpoint' }).click()
    const box = await page.getByRole('dialog').boundingBox()
    expect(box!.width).toBeLessThanOrEqual(width)
    await page.goto('about:blank')
  })
})

async function takePictures(page: Page, name: string): Promise<void> {
  mkdirSync(IMAGES, { recursive: true })
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme })
    for (const [device, width, height] of [
      ['desktop', 1280, 900],
      ['phone', 390, 844],
    ] as const) {
      await page.setViewportSize({ width, height })
      await page.screenshot({ path: `${IMAGES}webhooks-${name}-${device}-${colorScheme}.png` })
    }
    await page.setViewportSize({ width: 1280, height: 900 })
  }
}
