import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBrowser } from '../support/browser.js'
import { GOOD_PASSWORD, signedInMember, signedInOwner, type TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'
import { openDashboard } from './dashboard-support.js'
import { addEndpoint, setWebhookKey, startReceiver, takesAll, type Receiver } from './webhooks-support.js'

let server: TestServer
let browser: Browser
let owner: TestBrowser
let receiver: Receiver
let endpointId: string

beforeAll(async () => {
  server = await startServer()
  owner = await signedInOwner(server)
  browser = await startBrowser()
  receiver = await startReceiver(takesAll)
  await setWebhookKey(server)
  endpointId = await addEndpoint(server, receiver.url)
})

afterAll(async () => {
  await browser.close()
  receiver.close()
  await server.close()
})

const open = (person: TestBrowser | null, path = '') =>
  openDashboard(browser, server, person, `/webhooks${path}`)

describe('the session that the page asks for', () => {
  it('is asked for on the way to an endpoint, and the page goes on there', async () => {
    const { page, complaints } = await open(null, `/${endpointId}`)
    await page.getByLabel('E-mail').fill('owner@example.com')
    await page.getByLabel('Password', { exact: true }).fill(GOOD_PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: receiver.url }).waitFor()
    expect(new URL(page.url()).pathname).toBe(`/webhooks/${endpointId}`)
    expect(complaints).toEqual([])
  })

  it('that ends midway is asked for again, and what was being done is done', async () => {
    const developer = await signedInMember(server, owner, 'developer')
    const id = await addEndpoint(server, `${receiver.url}/ended`)
    const { page } = await open(developer, `/${id}`)
    await page.getByRole('button', { name: 'More actions for the endpoint' }).click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    await developer.call('POST', '/v1/auth/sign-out', {})
    await page.getByRole('button', { name: 'Delete endpoint' }).click()
    await page.getByLabel('Password', { exact: true }).fill(GOOD_PASSWORD)
    expect((await server.call('GET', `/v1/webhook-endpoints/${id}`)).body.state).toBe('active')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Webhook key' }).waitFor()
    expect((await server.call('GET', `/v1/webhook-endpoints/${id}`)).body.state).toBe('deleted')
  })
})

describe('who only reads', () => {
  it('sees everything, and is offered nothing that changes it', async () => {
    const auditor = await signedInMember(server, owner, 'auditor')
    const { page, complaints } = await open(auditor)
    await page.getByRole('link', { name: receiver.url }).waitFor()
    const main = page.locator('main')
    expect(await main.getByRole('button').count()).toBe(0)
    await page.getByRole('link', { name: receiver.url }).click()
    await page.getByText('Nothing was sent yet').waitFor()
    expect(await main.getByRole('button', { name: /^(?!Copy)/ }).count()).toBe(0)
    expect(complaints).toEqual([])
  })
})

describe('an address that leads to nothing', () => {
  it('says so, and the page is served for it', async () => {
    const { page } = await open(owner, '/whe_nothing')
    await page.getByText('There is no such endpoint').waitFor()
    await page.goto(`${server.controlUrl}/webhooks/${endpointId}/deliveries/evt_nothing`)
    await page.getByRole('alert').filter({ hasText: 'The delivery could not be loaded' }).waitFor()
  })
})

describe('a server that is away', () => {
  it('is told of, and the page goes on when it is back', async () => {
    const way = await startWay(Number(new URL(server.controlUrl).port))
    const through = { ...server, controlUrl: way.url }
    const { page } = await openDashboard(browser, through, owner, `/webhooks/${endpointId}`)
    const away = page.getByText('The server does not answer; trying again.')
    await page.getByRole('navigation', { name: 'Breadcrumb' }).getByRole('link').click()
    await page.getByRole('heading', { name: 'Webhook key' }).waitFor()
    const link = page.getByRole('link', { name: receiver.url }).first()
    await link.waitFor()

    await way.close()
    await link.click()
    await away.waitFor()
    await way.open()
    await away.waitFor({ state: 'detached' })
    await page.getByRole('heading', { name: receiver.url }).waitFor()
    await page.getByText('Nothing was sent yet').waitFor()

    await way.close()
    await page.getByRole('button', { name: 'Send a test event' }).click()
    await page.getByRole('status').filter({ hasText: 'The server does not answer. Check' }).waitFor()
    expect(await page.getByRole('heading', { name: receiver.url }).count()).toBe(1)
    await page.goto('about:blank')
    await way.close()
  })
})

describe('the files of the page', () => {
  it.each(['', '/whe_1', '/whe_1/deliveries/evt_1'])(
    'come for /webhooks%s with a policy that lets nothing in from elsewhere, and hold nothing inline',
    async (path) => {
      const answer = await fetch(`${server.controlUrl}/webhooks${path}`)
      expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self'/)
      expect(answer.headers.get('cache-control')).toBe('no-store')
      const html = await answer.text()
      expect(html).not.toMatch(/<style|style=|<script(?![^>]*src=)|\son\w+=|(src|href)="https?:/)
    },
  )

  it('are asked for from this host alone', async () => {
    const { page } = await openDashboard(browser, server, owner, '/account')
    const hosts = new Set<string>()
    page.on('request', (request) => {
      if (!request.url().startsWith('data:')) hosts.add(new URL(request.url()).host)
    })
    await page.goto(`${server.controlUrl}/webhooks/${endpointId}`)
    await page.getByRole('heading', { name: receiver.url }).waitFor()
    expect([...hosts]).toEqual([new URL(server.controlUrl).host])
  })
})

/** A way to the server that can be closed and opened again at the same port. */
async function startWay(
  target: number,
): Promise<{ url: string; open: () => Promise<void>; close: () => Promise<void> }> {
  const sockets = new Set<Socket>()
  const way = createServer((socket) => {
    const onward = connect(target, '127.0.0.1')
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.pipe(other)
    }
  })
  way.listen(0, '127.0.0.1')
  await once(way, 'listening')
  const { port } = way.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${String(port)}`,
    open: async () => {
      way.listen(port, '127.0.0.1')
      await once(way, 'listening')
    },
    close: async () => {
      if (!way.listening) return
      way.close()
      for (const socket of sockets) socket.destroy()
      sockets.clear()
      await once(way, 'close')
    },
  }
}
