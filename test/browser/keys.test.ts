import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startBrowser } from '../support/browser.js'
import { signedInMember, signedInOwner, type TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'
import { openDashboard, PHONE, settled, type Dashboard } from './dashboard-support.js'
import { accessibilityFlaws, picture } from './page-support.js'

let server: TestServer
let browser: Browser
let owner: TestBrowser
let open: Dashboard[] = []

const NAMES = ['CI tests', 'Dialler, outbound', 'Nightly export', 'Partner: Acme', 'Reporting']

beforeAll(async () => {
  server = await startServer()
  browser = await startBrowser()
  owner = await signedInOwner(server)
  await addKey('Nightly export', { export: 'edit' }, { environment: 'staging' })
  await addKey('CI tests', { testing: 'edit' }, { environment: 'development' })
  await addKey('Dialler, outbound', { call: 'edit', agent: 'read' }, { expires_at: inDays(90) })
  await addKey('Partner: Acme', 'full', { note: 'Contract of 2026' })
  await addKey('Reporting', { history: 'read' }, { conditions: { allowed_addresses: ['203.0.113.0/24'] } })
})
afterEach(async () => {
  const complaints = open.flatMap((it) => it.complaints)
  for (const { page } of open) await page.goto('about:blank')
  open = []
  expect(complaints).toEqual([])
})
afterAll(async () => {
  await browser.close()
  await server.close()
})

function inDays(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().replace(/\.\d+Z$/, 'Z')
}

async function addKey(
  name: string,
  access: unknown,
  more: object = {},
): Promise<{ id: string; token: string }> {
  const { status, body } = await owner.call('POST', '/v1/keys', {
    name,
    environment: 'production',
    access,
    ...more,
  })
  expect(status, JSON.stringify(body)).toBe(201)
  return { id: body.key.id as string, token: body.token as string }
}

async function openKeys(
  person = owner,
  path = '/keys',
  options: Parameters<typeof openDashboard>[4] = {},
): Promise<Page> {
  const dashboard = await openDashboard(browser, server, person, path, options)
  open.push(dashboard)
  return dashboard.page
}

/** What is wider than the place that it has: the page, a cell of the list, or what stands in one. */
const OVERFLOW = `[document.documentElement, ...document.querySelectorAll('.table-frame, .keys-list tbody td:not(.select-cell), .keys-pair')]
  .filter((it) => it.scrollWidth > it.clientWidth + 1)
  .map((it) => it.className + ': ' + it.textContent.slice(0, 60))`

const row = (page: Page, name: string): Locator =>
  page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) })

/** The names that the list shows, in its order. */
async function listed(page: Page): Promise<string[]> {
  return page.getByRole('rowheader').getByRole('link').allTextContents()
}

describe('the keys page', () => {
  it('lists each key with what one has to know of it', async () => {
    const page = await openKeys()
    await row(page, 'Reporting').waitFor()
    const names = await listed(page)
    expect(NAMES.filter((name) => !names.includes(name))).toEqual([])
    const text = (await row(page, 'Reporting').textContent()) ?? ''
    for (const part of ['btg_live_', 'Active', 'Production', 'Read History', 'Never', 'Olga Owner']) {
      expect(text).toContain(part)
    }
    expect(await row(page, 'Dialler, outbound').textContent()).toMatch(/in \d+ (?:days|months)/)
    await picture(page, 'keys')
  })

  it('narrows and sorts, and a link leads to the same', async () => {
    const page = await openKeys()
    await page.getByRole('searchbox', { name: 'Search keys' }).fill('e')
    await page.getByLabel('Environment').selectOption('Staging')
    await page.waitForURL(/environment=staging/)
    await expect.poll(() => listed(page)).toEqual(['Nightly export'])
    await page.reload()
    await settled(page)
    await expect.poll(() => listed(page)).toEqual(['Nightly export'])
    await page.getByRole('button', { name: 'Clear' }).click()
    await page.getByRole('columnheader', { name: 'Name' }).getByRole('button').click()
    await page.waitForURL(/sort=name/)
    await expect
      .poll(async () => (await listed(page)).filter((name) => NAMES.includes(name)))
      .toEqual(page.url().includes('order=desc') ? NAMES.toReversed() : NAMES)
    await page.getByRole('searchbox', { name: 'Search keys' }).fill('Contract of')
    await expect.poll(() => listed(page)).toEqual(['Partner: Acme'])
    await page.getByLabel('Access').selectOption('Restricted')
    await page.getByText('No key matches').waitFor()
  })

  it('suspends several at once, and takes that back', async () => {
    await addKey('Bulk one', {})
    await addKey('Bulk two', {})
    const page = await openKeys(owner, '/keys?query=Bulk')
    await page.getByRole('checkbox', { name: 'Select all on this page' }).check()
    await page.getByRole('region', { name: 'Selected keys' }).getByRole('button', { name: 'Suspend' }).click()
    const dialog = page.getByRole('alertdialog')
    await dialog.getByText('Bulk one').waitFor()
    await dialog.getByRole('button', { name: 'Suspend' }).click()
    await page.getByText('2 keys suspended.').waitFor()
    await row(page, 'Bulk one').getByText('Suspended').waitFor()
    await row(page, 'Bulk two').getByText('Suspended').waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    await row(page, 'Bulk one').getByText('Active').waitFor()
    await row(page, 'Bulk two').getByText('Active').waitFor()
  })

  it('revokes several, says which could not be, and why', async () => {
    const { id } = await addKey('Ends one', {})
    await addKey('Ends two', {})
    const page = await openKeys(owner, '/keys?query=Ends')
    await row(page, 'Ends one').waitFor()
    await page.getByRole('checkbox', { name: 'Select all on this page' }).check()
    await page.getByRole('region', { name: 'Selected keys' }).getByRole('button', { name: 'Revoke' }).click()
    // Somebody else is quicker.
    await owner.call('POST', `/v1/keys/${id}/revoke`, {})
    await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByRole('alertdialog').getByText('“Ends one”: ').waitFor()
    const keys = (await owner.call('GET', '/v1/keys?query=Ends')).body.data
    expect(keys.map((key: { state: string }) => key.state)).toEqual(['deactivated', 'deactivated'])
  })

  it('deletes by the trash icon; a key in use asks for its name and tells of its last call', async () => {
    const { token } = await addKey('Busy key', { history: 'read' })
    expect((await server.fetch('/v2/list-calls', token, { method: 'POST', body: '{}' })).status).toBeLessThan(
      500,
    )
    await expect
      .poll(async () => (await owner.call('GET', '/v1/keys?query=Busy')).body.data[0].last_used_at, {
        timeout: 15_000,
      })
      .not.toBeNull()
    await addKey('Idle key', {})
    const page = await openKeys(owner, '/keys?query=key')
    await page.getByRole('button', { name: 'Delete Idle key' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete key' }).click()
    await row(page, 'Idle key').waitFor({ state: 'detached' })

    await page.getByRole('button', { name: 'Delete Busy key' }).click()
    const dialog = page.getByRole('alertdialog')
    await dialog.getByText(/Last call .* from 127\.0\.0\.1/).waitFor()
    const confirm = dialog.getByRole('button', { name: 'Delete key' })
    expect(await confirm.isEnabled()).toBe(false)
    await dialog.getByRole('textbox').fill('Busy key')
    await confirm.click()
    await row(page, 'Busy key').waitFor({ state: 'detached' })

    await page.getByLabel('State').selectOption('Ended')
    await row(page, 'Busy key').getByText('Deleted').waitFor()
    expect(await row(page, 'Busy key').textContent()).toContain('Olga Owner')
  })

  it('has one webhook badge, which moves', async () => {
    await addKey('Signs first', {})
    await addKey('Signs second', {})
    const page = await openKeys(owner, '/keys?query=Signs')
    for (const name of ['Signs first', 'Signs second']) {
      await page.getByRole('button', { name: `Actions for ${name}` }).click()
      await page.getByRole('menuitem', { name: 'Set as webhook key' }).click()
      const dialog = page.getByRole('dialog')
      const typed = dialog.getByRole('textbox')
      if (name === 'Signs second') await typed.fill('Signs first')
      await dialog.getByRole('button', { name: /^(Set|Move)/ }).click()
      await row(page, name).getByText('Webhook key').waitFor()
      await expect.poll(() => page.getByRole('row').getByText('Webhook key').count()).toBe(1)
    }
  })

  it('shows an auditor everything and offers nothing; a developer may add', async () => {
    const auditor = await signedInMember(server, owner, 'auditor')
    const read = await openKeys(auditor)
    await row(read, 'Reporting').waitFor()
    expect(await read.getByRole('button', { name: 'Add', exact: true }).count()).toBe(0)
    expect(await read.getByRole('button', { name: /^(Delete|Actions for)/ }).count()).toBe(0)
    expect(await read.getByRole('checkbox').count()).toBe(0)
    const developer = await openKeys(await signedInMember(server, owner, 'developer'))
    await row(developer, 'Reporting').waitFor()
    await developer.getByRole('button', { name: 'Add', exact: true }).waitFor()
    await developer.getByRole('button', { name: 'Actions for Partner: Acme' }).click()
    await developer.getByRole('menuitem', { name: 'Suspend' }).waitFor()
    // A key with full access is more than a developer has.
    expect(await developer.getByRole('menuitem', { name: 'Edit' }).count()).toBe(0)
  })

  it('has no flaw that axe finds, light or dark, and fits a phone', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await openKeys(owner, '/keys?view=all', { colorScheme })
      await row(page, 'Reporting').waitFor()
      expect(await accessibilityFlaws(page)).toEqual([])
      await page.getByRole('checkbox', { name: 'Select Reporting' }).check()
      // What is chosen stands above the list, and over a row of it where one scrolled.
      await page.evaluate('scrollTo(0, 0)')
      expect(await accessibilityFlaws(page)).toEqual([])
      if (colorScheme === 'dark') await picture(page, 'keys-dark')
    }
    const phone = await openKeys(owner, '/keys', { viewport: PHONE })
    await row(phone, 'Reporting').waitFor()
    expect(await phone.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
    expect(await accessibilityFlaws(phone)).toEqual([])
    await picture(phone, 'keys-phone')
    await phone.setViewportSize({ width: 320, height: 640 })
    expect(await phone.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
  })

  it('keeps the actions in sight in every window, whatever is long', async () => {
    const long = await signedInMember(server, owner, 'admin', 'Bartholomew Featherstonehaugh the Younger')
    const names = ['W'.repeat(64), 'Wide two', 'Wide three']
    for (const name of names) {
      const access = {
        agent: 'read',
        history: 'read',
        phone: 'read',
        testing: 'edit',
        call: 'edit',
        export: 'edit',
      }
      const body = { name, environment: 'production', access, expires_at: inDays(3) }
      expect((await long.call('POST', '/v1/keys', body)).status).toBe(201)
    }
    const page = await openKeys(owner, '/keys?query=W')
    await row(page, 'Wide two').getByText('Expires soon').waitFor()
    for (const width of [320, 375, 641, 768, 900, 1024, 1216, 1265, 1280, 1440, 3840]) {
      await page.setViewportSize({ width, height: 800 })
      expect(await page.evaluate(OVERFLOW), String(width)).toEqual([])
      for (const name of names) {
        const box = await page.getByRole('button', { name: `Delete ${name}` }).boundingBox()
        expect(box !== null && box.x >= 0 && box.x + box.width <= width, `${name} at ${String(width)}`).toBe(
          true,
        )
      }
      if (width < 1280) continue
      const bar = await page.getByRole('search').boundingBox()
      const field = await page.getByRole('searchbox').boundingBox()
      expect(bar?.height, `filters in one row at ${String(width)}`).toBe(field?.height)
    }
    await page.setViewportSize({ width: 900, height: 800 })
    expect(await accessibilityFlaws(page)).toEqual([])
  })

  it('counts the ended keys that it leaves out, and shows them', async () => {
    for (const name of ['Past one', 'Past two']) {
      const { id } = await addKey(name, {}, { environment: 'development' })
      await owner.call('POST', `/v1/keys/${id}/revoke`, {})
    }
    const page = await openKeys(owner, '/keys?environment=development')
    await page.getByText('2 ended keys are not shown.').waitFor()
    expect(await listed(page)).not.toContain('Past one')
    await page.getByRole('button', { name: 'Show all keys' }).click()
    await row(page, 'Past one').getByText('Revoked').waitFor()
    await expect.poll(() => page.getByText('not shown').count()).toBe(0)
  })

  it('says what an empty workspace is missing', async () => {
    const empty = await startServer()
    try {
      const somebody = await signedInOwner(empty)
      const dashboard = await openDashboard(browser, empty, somebody, '/keys?kind=api')
      await dashboard.page.getByText('No key matches').waitFor()
      const { body } = await somebody.call('GET', '/v1/keys')
      await somebody.call('DELETE', `/v1/keys/${String(body.data[0].id)}?confirm=Owner`)
      await dashboard.page.goto(`${empty.controlUrl}/keys`)
      await dashboard.page.getByText('No keys yet').waitFor()
      expect(await accessibilityFlaws(dashboard.page)).toEqual([])
      await dashboard.page.goto('about:blank')
      expect(dashboard.complaints).toEqual([])
    } finally {
      await empty.close()
    }
  })
})
