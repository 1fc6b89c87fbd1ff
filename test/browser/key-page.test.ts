import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startBrowser } from '../support/browser.js'
import { signedInMember, signedInOwner, type TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'
import { DESKTOP, openDashboard, PHONE, type Dashboard } from './dashboard-support.js'
import { accessibilityFlaws, everythingKept, picture } from './page-support.js'

let server: TestServer
let browser: Browser
let owner: TestBrowser
let dashboard: Dashboard
let page: Page
let report: IssuedKey
let rotated: IssuedKey
let called: IssuedKey

beforeAll(async () => {
  server = await startServer()
  owner = await signedInOwner(server)
  report = await newKey('Call history for the monthly report', { note: 'In the team’s vault.' })
  rotated = await newKey('Rotated')
  called = await newKey('Called today')
  const statuses = [report, report, rotated, called].map(({ token }) => call(token))
  expect(await Promise.all(statuses)).toEqual([200, 200, 200, 200])
  expect(await call(report.token, 'GET', '/list-voices')).toBe(403)
  browser = await startBrowser()
  for (const { id } of [report, rotated, called]) await usedAt(id)
  dashboard = await openDashboard(browser, server, owner, '/keys', { reducedMotion: 'reduce' })
  page = dashboard.page
})

afterAll(async () => {
  await browser.close()
  await server.close()
})

interface IssuedKey {
  readonly id: string
  readonly token: string
}

/** A key made by the owner. */
async function newKey(name: string, more: object = {}): Promise<IssuedKey> {
  const request = { name, environment: 'production', access: { history: 'edit', call: 'edit' }, ...more }
  const { status, body } = await owner.call('POST', '/v1/keys', request)
  expect(status).toBe(201)
  return { id: body.key.id as string, token: body.token as string }
}

async function call(token: string, method = 'POST', path = '/v2/list-calls'): Promise<number> {
  const headers = { 'content-type': 'application/json' }
  const response = await server.fetch(path, token, {
    method,
    headers,
    ...(method === 'POST' && { body: '{}' }),
  })
  await response.arrayBuffer()
  return response.status
}

/** Waits until the server has written down that the key was used. */
async function usedAt(id: string): Promise<void> {
  await vi.waitFor(
    async () => expect((await owner.call('GET', `/v1/keys/${id}`)).body.last_used_at).not.toBeNull(),
    { timeout: 20_000, interval: 200 },
  )
}

async function open(id: string, tab = ''): Promise<void> {
  await page.goto(`${server.controlUrl}/keys/${id}${tab === '' ? '' : `?tab=${tab}`}`)
  await page.locator('.key-facts').waitFor()
}

/** Goes on in the name of somebody else. */
async function signInAs(person: TestBrowser): Promise<void> {
  const value = person.cookie('bitting_session') ?? ''
  await page.goto('about:blank')
  await page
    .context()
    .addCookies([
      { name: 'bitting_session', value, url: server.controlUrl, httpOnly: true, sameSite: 'Strict' },
    ])
}

async function choose(action: string): Promise<void> {
  await page.getByRole('button', { name: /^More actions/ }).click()
  await page.getByRole('menuitem', { name: action }).click()
}

const headStatus = (): Promise<string | null> => page.locator('.page-head .status').textContent()

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

describe('what a key is and does', () => {
  it('says who made it, how it is used, what was decided and what was done to it', async () => {
    const { id, token } = report
    await open(id)
    expect(await headStatus()).toBe('Active')
    const facts = page.locator('.key-facts')
    await facts.getByText('by Olga Owner').waitFor()
    expect(await facts.textContent()).toContain('from 127.0.0.1')
    expect(await page.locator('.page-head').textContent()).toContain(token.slice(0, 25))
    expect(await page.content()).not.toContain(token)

    await page.locator('.chart-legend').getByText('History').waitFor()
    expect(await page.locator('.usage-totals').textContent()).toBe('Allowed2Denied1')
    await page.getByText('History: Edit, Call. What nobody uses').waitFor()
    await page.getByText('Show as a table').click()
    const today = page.locator('.chart-table tbody tr').last()
    expect(await today.locator('td').allTextContents()).toEqual(['2', '1'])
    await page.getByRole('radio', { name: '24 h' }).check()
    await page.getByText('by the hour').first().waitFor()
    await page.getByRole('radio', { name: '7 d' }).check()
    expect(await flaws()).toEqual([])
    await picture(page, 'key')
    await page.setViewportSize(PHONE)
    await picture(page, 'key-phone')
    await page.setViewportSize(DESKTOP)
  })

  it('lists the calls with their reasons, and the trail with its proofs', async () => {
    const calls = page.getByRole('table', { name: 'Recent calls' }).locator('tbody')
    await page.getByRole('tab', { name: 'Decisions' }).click()
    await calls.getByText('The permission is missing').waitFor()
    expect(await calls.getByText('Allowed').count()).toBe(2)
    expect(await flaws()).toEqual([])
    await page.getByRole('radio', { name: 'Denied' }).check()
    await expect.poll(() => calls.locator('tr').count()).toBe(1)
    expect(await calls.textContent()).toContain('voice.list')

    await page.getByRole('tab', { name: 'Trail' }).click()
    const trail = page.getByRole('table', { name: 'Entries about this key' })
    const created = trail.getByRole('link', { name: 'Created' })
    await created.waitFor()
    await trail.getByText('Olga Owner').waitFor()
    expect(await created.getAttribute('href')).toMatch(/^\/audit\/\d+$/)
    for (const tab of ['Secrets', 'Access', 'Conditions and note']) {
      await page.getByRole('tab', { name: tab }).click()
      await page.getByRole('tabpanel', { name: tab }).locator('h2').first().waitFor()
      if (tab === 'Access') {
        const marks = page.getByRole('table', { name: 'Permissions' }).getByRole('row')
        const agent = marks.filter({ hasText: 'Agent' }).locator('.matrix-mark').first()
        // A tick would read as allowed.
        expect([await agent.textContent(), await agent.locator('svg').count()]).toEqual(['–No Access', 0])
      }
      expect(await flaws(), tab).toEqual([])
    }
    await page.getByText('In the team’s vault.').waitFor()
    expect(new URL(page.url()).search).toBe('?tab=conditions')
  })

  it('tells where the audit policy leaves allowed calls out', async () => {
    const { id } = await newKey('Sampled')
    await server.call('PATCH', '/v1/workspace', { audit: { calls: 'writes' } })
    await open(id, 'decisions')
    await page.getByText('only where they change something').waitFor()
    await server.call('PATCH', '/v1/workspace', { audit: { calls: 'all' } })
  })

  it('says that there is no such key', async () => {
    await page.goto(`${server.controlUrl}/keys/key_0000000000000`)
    await page.getByText('There is no such key').waitFor()
    await page.getByRole('link', { name: 'Look at the keys' }).click()
    await page.getByRole('heading', { level: 1, name: 'API Keys' }).waitFor()
  })
})

describe('what can be done with a key', () => {
  it('rotates it, shows the token once, and counts down for the old secret', async () => {
    const { id, token } = rotated
    await open(id)
    await page.getByRole('button', { name: 'Rotate', exact: true }).click()
    // Somebody called with it today, so the old secret stays good for a day.
    expect(await page.getByRole('radio', { name: 'After 24 hours' }).isChecked()).toBe(true)
    expect(await flaws()).toEqual([])
    await page.getByRole('radio', { name: 'Now' }).check()
    await page.getByText('stops working within a moment').waitFor()
    await page.getByRole('radio', { name: 'After 1 hour' }).check()
    await page.getByRole('button', { name: 'Rotate key' }).click()
    const fresh = (await page.locator('output.secret').textContent()) ?? ''
    expect(await call(fresh)).toBe(200)
    expect(await call(token)).toBe(200)
    await page.getByRole('button', { name: 'Copy', exact: true }).click()
    await page.getByRole('button', { name: 'Done' }).click()
    await page.locator('output.secret').waitFor({ state: 'detached' })
    expect(await everythingKept(page)).not.toContain(fresh)
    await page.getByText('Rotating').waitFor()
    await page.getByRole('tab', { name: 'Secrets' }).click()
    expect(await page.getByRole('timer').textContent()).toMatch(/^00:5\d:\d\d$|^01:00:00$/)
    expect(await flaws()).toEqual([])
  })

  it('explains that somebody else changed it meanwhile, and goes on with the new version', async () => {
    const { id } = await newKey('Contested')
    await open(id)
    await page.getByRole('button', { name: 'Rotate', exact: true }).click()
    expect(await page.getByRole('radio', { name: 'After 1 hour' }).isChecked()).toBe(true)
    await page.waitForLoadState('networkidle')
    await server.call('PATCH', `/v1/keys/${id}`, { note: 'changed by somebody else' })
    await page.getByRole('button', { name: 'Rotate key' }).click()
    await page.getByText('Somebody else changed this meanwhile').waitFor()
    expect(await flaws()).toEqual([])
    await page.getByRole('button', { name: 'Look at the new version' }).click()
    await page.getByText('This is the new version').waitFor()
    await page.getByRole('button', { name: 'Rotate key' }).click()
    await page.locator('output.secret').waitFor()
    await page.getByRole('button', { name: 'Copy', exact: true }).click()
    await page.getByRole('button', { name: 'Done' }).click()
  })

  it('suspends it with a reason, tells when every node knows, resumes it and takes that back', async () => {
    const { id, token } = await newKey('Suspended')
    await open(id)
    await choose('Suspend')
    await page.getByLabel('Reason').fill('Looks odd')
    expect(await flaws()).toEqual([])
    await page.getByRole('button', { name: 'Suspend key' }).click()
    await page.getByText('Acknowledged by 1 of 1 node').waitFor()
    expect(await headStatus()).toBe('Suspended')
    await page.getByText('by Olga Owner: “Looks odd”').waitFor()
    expect(await call(token)).toBe(401)
    expect(await flaws()).toEqual([])
    await page.getByRole('button', { name: 'Resume key' }).click()
    await expect.poll(headStatus).toBe('Active')
    expect(await call(token)).toBe(200)
    await page.locator('.toast', { hasText: 'works again' }).getByRole('button', { name: 'Undo' }).click()
    await expect.poll(headStatus).toBe('Suspended')
    expect(await call(token)).toBe(401)
    const { body } = await owner.call('GET', `/v1/keys/${id}`)
    expect(body.suspended.reason).toBe('Looks odd')
  })

  it('revokes it as leaked, for good', async () => {
    const { id, token } = await newKey('Leaked')
    await open(id)
    await choose('Revoke')
    await page.getByLabel('Reason').fill('Was in a public repository')
    await page.getByLabel('Its secret leaked').check()
    expect(await flaws()).toEqual([])
    await page.getByRole('button', { name: 'Revoke key' }).click()
    await page.getByText('Acknowledged by 1 of 1 node').waitFor()
    expect(await headStatus()).toBe('Compromised')
    expect(await call(token)).toBe(401)
    expect(await page.getByRole('button', { name: /^(Edit|Rotate|Resume key)$/ }).count()).toBe(0)
  })

  it('tells of calls that were denied before a key is deleted that was never let through', async () => {
    const { id, token } = await newKey('Knocks in vain')
    expect(await call(token, 'GET', '/list-voices')).toBe(403)
    const denied = async () => (await owner.call('GET', `/v1/keys/${id}`)).body.requests_denied as number
    await expect.poll(denied, { timeout: 20_000 }).toBe(1)
    await open(id)
    await choose('Delete')
    await page.getByText('No call was let through with it, and 1 was denied.').waitFor()
    expect(await page.getByText('No call was ever made').count()).toBe(0)
    await page.getByRole('button', { name: 'Cancel' }).click()
  })

  it('deletes an unused key at a word, and a used one only by its name', async () => {
    const unused = await newKey('Never called')
    await open(unused.id)
    await choose('Delete')
    await page.getByText('No call was ever made with it.').waitFor()
    await page.getByRole('button', { name: 'Delete key' }).click()
    await expect.poll(headStatus).toBe('Deleted')
    await page.getByRole('button', { name: /^More actions/ }).click()
    await expect.poll(() => page.getByRole('menuitem').allTextContents()).toEqual(['Duplicate'])

    await open(called.id)
    await choose('Delete')
    await page.getByText(/Last call .* from 127\.0\.0\.1/).waitFor()
    const remove = page.getByRole('button', { name: 'Delete key' })
    expect(await remove.isDisabled()).toBe(true)
    const field = page.getByLabel('Type the name')
    await expect.poll(() => field.evaluate((it) => it === it.ownerDocument.activeElement)).toBe(true)
    await page.getByLabel('Type the name').fill('called today')
    expect(await remove.isDisabled()).toBe(true)
    expect(await flaws()).toEqual([])
    await page.getByLabel('Type the name').fill('Called today')
    await remove.click()
    await expect.poll(headStatus).toBe('Deleted')
    expect(await call(called.token)).toBe(401)
  })
})

describe('the webhook key', () => {
  it('is set, and moved only by the name of the one before', async () => {
    const first = await newKey('First signer', { access: {} })
    const second = await newKey('Second signer')
    await open(first.id)
    await choose('Set as webhook key')
    await page.getByText('Delivery is off now').waitFor()
    await page.getByRole('button', { name: 'Set as webhook key' }).click()
    await page.locator('.page-head').getByText('Webhook key').waitFor()
    await choose('Delete')
    await page.getByText('This key signs the webhooks').waitFor()
    expect(await page.getByRole('button', { name: 'Delete key' }).isDisabled()).toBe(true)

    await open(second.id)
    await choose('Set as webhook key')
    await page.getByText('This key opens the API').waitFor()
    const set = page.getByRole('dialog').getByRole('button', { name: 'Set as webhook key' })
    expect(await set.isDisabled()).toBe(true)
    await page.getByLabel('The key before signs too').selectOption('3600')
    await page.getByLabel('Type the name of the key that signs now').fill('First signer')
    expect(await flaws()).toEqual([])
    await set.click()
    await page.locator('.page-head').getByText('Webhook key').waitFor()
    const { body } = await owner.call('GET', '/v1/webhook-key')
    expect(body).toMatchObject({ key_id: second.id, previous_key_id: first.id })
  })
})

describe('each role', () => {
  it('sees the key, and what it may do with it', async () => {
    const { id } = await newKey('Seen by all')
    const full = await newKey('Full', { access: 'full' })
    const seen: Record<string, readonly string[]> = {}
    for (const role of ['admin', 'developer', 'auditor'] as const) {
      await signInAs(await signedInMember(server, owner, role))
      for (const [kind, key] of [
        ['list', id],
        ['full', full.id],
      ] as const) {
        await open(key)
        await page.getByText(`${role} person`).waitFor()
        const explained = await page.getByText('Only owners and admins can change').count()
        expect(explained).toBe(role === 'developer' && kind === 'full' ? 1 : 0)
        seen[`${role}, ${kind}`] = await page
          .locator('.page-head .actions')
          .getByRole('button')
          .allTextContents()
      }
    }
    await signInAs(owner)
    // The last one, without a text, is the menu: taking power away is open to who cannot give it.
    const all = ['Edit', 'Rotate', '']
    expect(seen).toEqual({
      'admin, list': all,
      'admin, full': all,
      'developer, list': all,
      'developer, full': [''],
      'auditor, list': [],
      'auditor, full': [],
    })
  })

  it('brings no complaint of the browser', () => {
    expect(dashboard.complaints).toEqual([])
  })
})
