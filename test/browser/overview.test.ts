import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBrowser } from '../support/browser.js'
import { signedInMember, signedInOwner, type TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'
import { DESKTOP, openDashboard, PHONE, pressEscape, settled, type Dashboard } from './dashboard-support.js'
import { accessibilityFlaws, picture } from './page-support.js'

let server: TestServer
let browser: Browser
let owner: TestBrowser
let dashboard: Dashboard
let page: Page

const DAY_MILLISECONDS = 86_400_000
const AFTER_A_MONTH = new Date(Date.now() + 30 * DAY_MILLISECONDS).toISOString()

beforeAll(async () => {
  server = await startServer()
  browser = await startBrowser()
  owner = await signedInOwner(server)
  // The key that came with the workspace would be in the way: it never expires.
  const { body } = await server.call('GET', '/v1/whoami')
  await server.call('PATCH', `/v1/keys/${body.key.id as string}`, { expires_at: AFTER_A_MONTH })
  dashboard = await openDashboard(browser, server, owner, '/', { reducedMotion: 'reduce' })
  page = dashboard.page
})

afterAll(async () => {
  await browser.close()
  await server.close()
})

/** A group of what needs attention. */
const group = (title: string): ReturnType<Page['getByRole']> =>
  page.getByRole('region', { name: new RegExp(`^${title} \\d`) })

/** Waits for denials to be counted: a node writes down what it counted every few seconds. */
async function denialsAreWritten(count: number): Promise<void> {
  const denied = async (): Promise<number> => {
    const { body } = await server.call('GET', '/v1/usage')
    const points = body.data as { readonly denied: number }[]
    return points.reduce((sum, point) => sum + point.denied, 0)
  }
  await expect.poll(denied, { timeout: 30_000 }).toBe(count)
}

/** Waits for the form of a key, which begins at a control that is in sight, and closes it. */
async function begunAt(control: Locator): Promise<void> {
  await control.waitFor()
  await expect.poll(() => control.evaluate((it) => it === it.ownerDocument.activeElement)).toBe(true)
  const { top, bottom } = await control.evaluate((it) => it.getBoundingClientRect())
  const body = await page.locator('.dialog-body').evaluate((it) => it.getBoundingClientRect())
  expect([top >= body.top, bottom <= body.bottom]).toEqual([true, true])
  await pressEscape(page)
  await page.getByRole('dialog').waitFor({ state: 'detached' })
}

/** Looks at the page as it is, in both colours and on a phone. */
async function flaws(): Promise<string[]> {
  const found: string[] = []
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme })
    found.push(...(await accessibilityFlaws(page)))
  }
  await page.setViewportSize(PHONE)
  if (await page.evaluate('document.documentElement.scrollWidth > innerWidth')) found.push('too wide')
  await page.setViewportSize(DESKTOP)
  return found
}

describe('the first steps', () => {
  it('lead from no key to the first call, and then go', async () => {
    await page.getByRole('heading', { name: 'Welcome' }).waitFor()
    await page.getByText(`curl ${server.gatewayUrl}/list-knowledge-bases`).waitFor()
    expect(await flaws()).toEqual([])
    await page.getByRole('button', { name: 'Add key' }).click()
    await page.getByRole('dialog').waitFor()
    await pressEscape(page)
    await page.getByRole('dialog').waitFor({ state: 'detached' })

    const { token } = await server.createKey(
      { history: 'read' },
      { name: 'First', expires_at: AFTER_A_MONTH },
    )
    await page.getByText('“First” is there.').waitFor()
    await page.getByText('Waiting for the first call…').waitFor()
    const response = await server.fetch('/v2/list-calls', token, { method: 'POST', body: '{}' })
    expect(response.status).toBe(200)
    await page.getByText('The first call arrived').waitFor()
    expect(await page.getByRole('heading', { name: 'Welcome' }).count()).toBe(0)
    await page.reload()
    await page.getByText('Nothing needs attention').waitFor()
    expect(await page.getByText('The first call arrived').count()).toBe(0)
    expect(await flaws()).toEqual([])
  })
})

describe('what needs attention', () => {
  it('is told by reason, the gravest first, with what helps', async () => {
    const { token } = await server.createKey(
      { history: 'read' },
      { name: 'Prober', expires_at: AFTER_A_MONTH },
    )
    const calls = Array.from({ length: 20 }, () => server.fetch('/list-voices', token))
    for (const response of await Promise.all(calls)) expect(response.status).toBe(403)
    await denialsAreWritten(20)
    // An answer is kept for a minute unless a key changes: these come after the use that is looked for.
    const leaked = await server.createKey({ history: 'read' }, { name: 'Stolen laptop' })
    await server.call('POST', `/v1/keys/${leaked.id}/revoke`, { compromised: true })
    await server.createKey('full', { name: 'Deployment script', expires_at: AFTER_A_MONTH })
    const soon = new Date(Date.now() + 2.5 * DAY_MILLISECONDS).toISOString()
    await server.createKey({ agent: 'read' }, { name: 'CI run', expires_at: soon })
    for (let index = 1; index <= 6; index++) {
      await server.createKey({ agent: 'edit' }, { name: `Customer ${String(index)}` })
    }
    await page.reload()
    await settled(page)
    await group('Denied far more than usual').waitFor()

    expect(await page.locator('.attention-group h3').allTextContents()).toEqual([
      'Compromised 1',
      'Denied far more than usual 1',
      'Expire soon 1',
      'Full access 1',
      'Never expire 6',
    ])
    expect(await group('Denied far more than usual').textContent()).toContain('20 denied calls in 24 hours')
    expect(await group('Expire soon').textContent()).toContain('Expires in 2 days')
    const never = group('Never expire')
    expect(await never.getByRole('link').count()).toBe(4)
    await never.getByRole('button', { name: 'Show all 6 keys' }).click()
    expect(await never.getByRole('link').count()).toBe(6)
    await page.locator('.chart').waitFor()
    expect(await flaws()).toEqual([])
    await picture(page, 'overview')
    await page.setViewportSize(PHONE)
    await picture(page, 'overview-phone')
    await page.setViewportSize(DESKTOP)
  })

  it('counts the calls, and says that changes are in force', async () => {
    expect(await page.locator('.usage-totals').textContent()).toMatch(/Denied20$/)
    await page.getByRole('radio', { name: '24 h' }).check()
    await page.getByText('Calls in the last 24 hours, by the hour').first().waitFor()
    const health = page.getByRole('region', { name: 'In force' })
    await health.getByText('1 of 1').waitFor()
    await health.getByText(/\d entries/).waitFor()
  })

  it('is put right from here', async () => {
    await group('Compromised').getByRole('button', { name: 'Delete: Stolen laptop' }).click()
    await page.getByRole('button', { name: 'Delete key' }).click()
    await group('Compromised').waitFor({ state: 'detached' })
    await group('Full access').getByRole('button', { name: 'Restrict: Deployment script' }).click()
    const restrict = page.getByRole('switch', { name: 'Restrict permissions' })
    await begunAt(restrict)
    await group('Never expire').getByRole('button', { name: 'Set an expiry: Customer 6' }).click()
    await begunAt(page.getByRole('radio', { name: 'Never' }))
    await group('Denied far more than usual').getByRole('link', { name: 'Open Prober' }).click()
    await page.getByRole('heading', { level: 1, name: 'Prober' }).waitFor()
    await page.getByText('The permission is missing').first().waitFor()
  })

  it('offers an auditor nothing but a look', async () => {
    const auditor = await signedInMember(server, owner, 'auditor')
    const value = auditor.cookie('bitting_session') ?? ''
    const cookie = { name: 'bitting_session', value, url: server.controlUrl, httpOnly: true }
    await page.context().addCookies([{ ...cookie, sameSite: 'Strict' }])
    await page.goto(server.controlUrl)
    await page.getByText('auditor person').waitFor()
    await group('Full access').getByRole('link', { name: 'Open Deployment script' }).waitFor()
    expect(await page.getByRole('button', { name: /^(Restrict|Set|Change|Delete|Rotate)/ }).count()).toBe(0)
    expect(dashboard.complaints).toEqual([])
  })
})
