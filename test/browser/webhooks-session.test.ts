import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBrowser } from '../support/browser.js'
import { startServer, type TestServer } from '../support/server.js'
import {
  addEndpoint,
  enterKey,
  everythingKept,
  openWebhooks,
  setWebhookKey,
  startReceiver,
  takesAll,
  type Receiver,
} from './webhooks-support.js'

let server: TestServer
let browser: Browser
let receiver: Receiver
let endpointId: string

beforeAll(async () => {
  server = await startServer()
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

/** A management key with some access, its id and its token. */
const managementKey = (access: object): Promise<{ id: string; token: string }> =>
  server.createKey(access, { kind: 'management', name: 'Colleague' })

describe('the management key that the page asks for', () => {
  it('is kept in no field, text, address, history or storage, and a reload asks for it again', async () => {
    const { page, complaints } = await openWebhooks(browser, server.controlUrl, null)
    expect(await page.getByText('reloading or closing the page forgets it').count()).toBe(1)
    await enterKey(page, server.managementKey)
    await page.getByRole('heading', { name: 'Webhook key' }).waitFor()
    expect(await everythingKept(page)).not.toContain(server.managementKey)
    expect(await page.locator('input[type=password]').count()).toBe(0)
    await page.goto(`${server.controlUrl}/webhooks#/${endpointId}`)
    await page.getByRole('heading', { name: receiver.url }).waitFor()
    expect(await everythingKept(page)).not.toContain(server.managementKey)
    await page.reload()
    await page.getByLabel('Management key').waitFor()
    expect(await page.getByLabel('Management key').inputValue()).toBe('')
    expect(complaints.join()).not.toContain(server.managementKey)
    await enterKey(page, server.managementKey)
    await page.getByRole('heading', { name: receiver.url }).waitFor()
    expect(complaints).toEqual([])
  })

  it('is asked for again where the server does not know it, with an empty field', async () => {
    const { page } = await openWebhooks(browser, server.controlUrl, null)
    for (const [wrong, told] of [
      ['btgm_live_wrong', 'does not accept this key'],
      ['schlüssel', 'characters that no key has'],
    ] as const) {
      await enterKey(page, wrong)
      await page.getByRole('alert').filter({ hasText: told }).waitFor()
      expect(await everythingKept(page)).not.toContain(wrong)
    }
    expect(await page.evaluate('document.activeElement.id')).toBe('management-key')
  })

  it('can be given up by hand', async () => {
    const { page } = await openWebhooks(browser, server.controlUrl, server.managementKey)
    await page.getByRole('button', { name: 'Forget the key' }).click()
    await page.getByLabel('Management key').waitFor()
    expect(await page.getByText(receiver.url).count()).toBe(0)
  })

  it('is asked for again when it is revoked midway, and the page goes on where it was', async () => {
    const { id, token } = await managementKey({ webhooks: 'edit' })
    const { page } = await openWebhooks(browser, server.controlUrl, token, { hash: `#/${endpointId}` })
    await page.getByRole('button', { name: 'Delete…' }).click()
    expect((await server.call('POST', `/v1/keys/${id}/revoke`, {})).status).toBe(200)
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await page.getByRole('alert').filter({ hasText: 'no longer accepts the management key' }).waitFor()
    expect(await page.getByRole('dialog').count()).toBe(0)
    expect(await page.getByText(receiver.url).count()).toBe(0)
    expect((await server.call('GET', `/v1/webhook-endpoints/${endpointId}`)).body.state).toBe('active')
    await enterKey(page, server.managementKey)
    await page.getByRole('heading', { name: receiver.url }).waitFor()
  })
})

describe('what a management key may not do', () => {
  it('is named where nothing can be shown', async () => {
    const { token } = await managementKey({ keys: 'read' })
    const { page } = await openWebhooks(browser, server.controlUrl, token)
    const alert = page.getByRole('alert').filter({ hasText: 'webhooks:read' })
    await alert.getByRole('button', { name: 'Try again' }).waitFor()
  })

  it('is named where something is tried', async () => {
    const { token } = await managementKey({ webhooks: 'read' })
    const { page } = await openWebhooks(browser, server.controlUrl, token, { hash: `#/${endpointId}` })
    await page.getByRole('button', { name: 'Send a test event' }).click()
    await page.getByRole('status').filter({ hasText: 'webhooks:edit' }).waitFor()
  })

  it('does not keep anybody from choosing a key by its id', async () => {
    const other = await server.newWorkspace('Chosen by id')
    const as = { key: other.managementKey }
    const key = { name: 'Quiet', environment: 'production', access: {} }
    const { body } = await server.call('POST', '/v1/keys', key, as)
    const limited = { ...key, kind: 'management', access: { webhooks: 'edit' } }
    const { token } = (await server.call('POST', '/v1/keys', limited, as)).body
    const { page } = await openWebhooks(browser, server.controlUrl, token)
    await page.getByRole('button', { name: 'Choose a key' }).click()
    await page.getByText('keys:read').waitFor()
    await page.getByLabel('Key id').fill(body.key.id)
    await page.getByRole('button', { name: 'Sign with this key' }).click()
    await page.getByText('Signs webhooks').waitFor()
    expect((await server.call('GET', '/v1/webhook-key', undefined, as)).body.key_id).toBe(body.key.id)
  })
})

describe('a server that is away', () => {
  it('is told of, and the page goes on when it is back', async () => {
    const way = await startWay(Number(new URL(server.controlUrl).port))
    const { page } = await openWebhooks(browser, way.url, null)
    await way.close()
    await enterKey(page, server.managementKey)
    await page.getByRole('alert').filter({ hasText: 'The server does not answer' }).waitFor()
    await way.open()
    await enterKey(page, server.managementKey)
    await page.getByRole('heading', { name: 'Webhook key' }).waitFor()

    await way.close()
    await page.getByRole('link', { name: receiver.url }).first().click()
    await page.getByRole('alert').filter({ hasText: 'The server does not answer' }).waitFor()
    await way.open()
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('heading', { name: receiver.url }).waitFor()
    await page.getByText('Nothing was sent yet').waitFor()

    await way.close()
    await page.getByRole('button', { name: 'Send a test event' }).click()
    await page.getByRole('status').filter({ hasText: 'The server does not answer' }).waitFor()
    expect(await page.getByRole('heading', { name: receiver.url }).count()).toBe(1)
    await page.goto('about:blank')
    await way.close()
  })
})

describe('the files of the page', () => {
  it('come with a policy that lets nothing in from elsewhere, and hold nothing inline', async () => {
    const answer = await fetch(`${server.controlUrl}/webhooks`)
    expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self'/)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const html = await answer.text()
    expect(html).not.toMatch(/<style|style=|<script(?![^>]*src=)|\son\w+=|https?:/)
  })

  it('are asked for from this host alone', async () => {
    const page = await browser.newPage()
    const hosts = new Set<string>()
    page.on('request', (request) => {
      if (!request.url().startsWith('data:')) hosts.add(new URL(request.url()).host)
    })
    await page.goto(`${server.controlUrl}/webhooks`)
    await enterKey(page, server.managementKey)
    await page.getByRole('heading', { name: 'Webhook key' }).waitFor()
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
