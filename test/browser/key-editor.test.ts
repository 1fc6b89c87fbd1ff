import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startBrowser } from '../support/browser.js'
import { signedInOwner, type TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'
import { openDashboard, pressEscape } from './dashboard-support.js'
import {
  addWithoutPermissions,
  choose,
  leaveAll,
  level,
  matrixOf,
  nameOf,
  openAdd as openAddIn,
  tokenOf,
  type OpenForm,
} from './key-editor-support.js'
import { accessibilityFlaws, everythingKept } from './page-support.js'

let server: TestServer
let browser: Browser
let owner: TestBrowser

beforeAll(async () => {
  server = await startServer()
  browser = await startBrowser()
  owner = await signedInOwner(server)
})

const opened: Page[] = []

afterEach(() => leaveAll(opened))
afterAll(async () => {
  await browser.close()
  await server.close()
})

async function openAdd(person = owner): Promise<OpenForm> {
  const form = await openAddIn(browser, server, person)
  opened.push(form.page)
  return form
}

async function keysNamed(name: string): Promise<{ id: string; access: unknown }[]> {
  const { body } = await server.call('GET', `/v1/keys?name=${encodeURIComponent(name)}`)
  return body.data as { id: string; access: unknown }[]
}

async function theKeyNamed(name: string): Promise<Record<string, unknown>> {
  const keys = await keysNamed(name)
  expect(keys).toHaveLength(1)
  return (await server.call('GET', `/v1/keys/${String(keys[0]?.id)}`)).body as Record<string, unknown>
}

describe('a new key', () => {
  it('is made with the keyboard alone, and its token can be used and is kept nowhere', async () => {
    const { page, complaints } = await openDashboard(browser, server, owner, '/keys')
    opened.push(page)
    await page.getByRole('button', { name: 'Add', exact: true }).first().focus()
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Add an API key' })
    await matrixOf(dialog).waitFor()
    const name = nameOf(dialog)
    await expect.poll(() => name.evaluate((it) => it === it.ownerDocument.activeElement)).toBe(true)
    await page.keyboard.type('Night export')
    for (const name of ['History: No Access', 'Call: No Access']) {
      while (!(await level(dialog, name).evaluate((it) => it === it.ownerDocument.activeElement))) {
        await page.keyboard.press('Tab')
      }
      await page.keyboard.press('ArrowRight')
    }
    expect(await level(dialog, 'History: Read').isChecked()).toBe(true)
    expect(await level(dialog, 'Call: Edit').isChecked()).toBe(true)
    expect(await dialog.getByRole('status').first().textContent()).toContain(
      'Can read History and edit Call; nothing else.',
    )
    await page.keyboard.press('Enter')
    await page.getByRole('dialog', { name: 'Your new key' }).waitFor()
    const token = String(await tokenOf(page).textContent())
    expect(token).toMatch(/^btg_live_[A-Za-z0-9]{65}$/)
    expect((await server.fetch('/health', token)).status).toBe(200)
    expect(await theKeyNamed('Night export')).toMatchObject({
      kind: 'api',
      environment: 'production',
      access: { history: 'read', call: 'edit' },
      expires_at: null,
    })

    await page.getByRole('button', { name: 'Copy', exact: true }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('status').filter({ hasText: 'Copied' }).first().waitFor()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(token)
    await page.getByRole('button', { name: 'Done' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Add')
    await page.getByRole('link', { name: 'Night export' }).first().waitFor()
    expect(await everythingKept(page)).not.toContain(token)
    const log = await server.call('GET', '/v1/audit?limit=100')
    expect(JSON.stringify(log.body)).not.toContain(token)
    expect(complaints).toEqual([])
  })

  it('is asked about before it is made without a permission, however often Enter is pressed', async () => {
    const { page, dialog } = await openAdd()
    const review = dialog.getByRole('complementary', { name: 'Review' })
    const opened = 'No permission: only the 2 operations that every live key can call.'
    expect(await review.textContent()).toContain(opened)
    expect(await dialog.getByRole('status').first().textContent()).toContain(opened)
    await nameOf(dialog).fill('Signer')
    const question = page.getByRole('alertdialog', { name: 'Add “Signer” without permissions?' })
    for (let press = 0; press < 2; press++) {
      await nameOf(dialog).press('Enter')
      await question.waitFor()
      expect(await accessibilityFlaws(page)).toEqual([])
      // The focus is at what adds nothing.
      await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe('Cancel')
      await page.keyboard.press('Enter')
      await question.waitFor({ state: 'detached' })
    }
    await dialog.getByRole('button', { name: 'Add key' }).dblclick()
    await question.waitFor()
    expect(await keysNamed('Signer')).toEqual([])
    await question.getByRole('button', { name: 'Add without permissions' }).click()
    await tokenOf(page).waitFor()
    expect(await theKeyNamed('Signer')).toMatchObject({ access: {} })
  })

  it('offers commands that show no token and carry it', async () => {
    const { page, dialog } = await openAdd()
    await nameOf(dialog).fill('With commands')
    await dialog.getByRole('button', { name: 'Read only' }).click()
    await dialog.getByRole('button', { name: 'Add key' }).click()
    const token = String(await tokenOf(page).textContent())
    const shown = String(await page.getByRole('region', { name: 'A call that it can make' }).textContent())
    expect(shown).not.toContain(token)
    await page.getByRole('button', { name: 'Copy with the token: A call that it can make' }).click()
    await page.getByText('Copied', { exact: true }).first().waitFor({ state: 'attached' })
    const command = String(await page.evaluate('navigator.clipboard.readText()'))
    expect(command).toContain(`"Authorization: Bearer ${token}"`)
    const path = new URL(/"(http:[^"]*)"$/.exec(command)?.[1] ?? '').pathname
    const { body } = await server.call('POST', '/v1/verify', { token, method: 'GET', path })
    expect(body.allowed).toBe(true)
    const { body: catalog } = await server.call('GET', '/v1/catalog')
    const called = (catalog.operations as { name: string }[]).filter(({ name }) => name === body.operation)
    expect(called).toMatchObject([{ method: 'GET', path, level: 'read' }])
  })

  it('is not closed before its token was copied without a question', async () => {
    const { page, dialog } = await openAdd()
    await nameOf(dialog).fill('Uncopied')
    await level(dialog, 'History: Read').check()
    await dialog.getByRole('button', { name: 'Add key' }).click()
    await tokenOf(page).waitFor()
    await pressEscape(page)
    const question = page.getByRole('alertdialog', { name: 'Close without copying?' })
    await question.waitFor()
    expect(await accessibilityFlaws(page)).toEqual([])
    await question.getByRole('button', { name: 'Cancel' }).click()
    await question.waitFor({ state: 'detached' })
    const asked = page.waitForEvent('dialog')
    const leaving = page.evaluate('location.reload()')
    const leave = await asked
    expect(leave.type()).toBe('beforeunload')
    await leave.dismiss()
    await leaving
    const token = String(await tokenOf(page).textContent())
    expect(token).toMatch(/^btg_live_/)
    await page.getByRole('button', { name: 'Done' }).click()
    await question.getByRole('button', { name: 'Close without copying' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await everythingKept(page)).not.toContain(token)
  })

  it('is one key after a double click, and after an answer that was lost, which is explained', async () => {
    const { page, dialog } = await openAdd()
    await nameOf(dialog).fill('Clicked twice')
    await level(dialog, 'History: Read').check()
    await dialog.getByRole('button', { name: 'Add key' }).dblclick()
    await tokenOf(page).waitFor()
    expect(await keysNamed('Clicked twice')).toHaveLength(1)

    const second = await openAdd()
    await nameOf(second.dialog).fill('Lost answer')
    await level(second.dialog, 'History: Read').check()
    const lost: number[] = []
    await second.page.route('**/v1/keys', async (route) => {
      if (lost.length > 0) return route.continue()
      const headers = { ...route.request().headers(), 'sec-fetch-site': 'same-origin' }
      lost.push((await route.fetch({ headers })).status())
      return route.abort('connectionreset')
    })
    await second.dialog.getByRole('button', { name: 'Add key' }).click()
    await second.page.getByRole('dialog', { name: 'The key is there, its token is not' }).waitFor()
    await second.page.getByText('rotate it to get a new one').waitFor()
    expect(await tokenOf(second.page).count()).toBe(0)
    expect([lost, (await keysNamed('Lost answer')).length]).toEqual([[201], 1])
  })

  it('gets conditions, and each address that is none is named with its line', async () => {
    const { page, dialog } = await openAdd()
    await dialog.getByRole('button', { name: 'Add key' }).click()
    await dialog.getByText('Give the key a name').waitFor()
    await nameOf(dialog).fill('Office only')
    const addresses = dialog.getByRole('textbox', { name: /^Allowed addresses/ })
    await addresses.fill('203.0.113.7, 10.0.0.1/8\n2001:db8::/32\nsomewhere')
    await dialog.getByText('Line 1: “10.0.0.1/8” has bits set after the first 8').waitFor()
    await dialog.getByText('Line 3: “somewhere” is no address').waitFor()
    expect(await addresses.getAttribute('aria-invalid')).toBe('true')
    await dialog.getByRole('button', { name: 'Add key' }).click()
    expect(await addresses.evaluate((it) => it === it.ownerDocument.activeElement)).toBe(true)
    await addresses.fill('203.0.113.7, 10.0.0.0/8\n2001:db8::/32')
    await choose(dialog, '90 days')
    await dialog.getByRole('textbox', { name: /^Note/ }).fill('In the vault of the office')
    await choose(dialog, 'Development')
    const before = Date.now()
    await addWithoutPermissions(page, dialog)
    await tokenOf(page).waitFor()
    const key = await theKeyNamed('Office only')
    expect(key).toMatchObject({
      environment: 'development',
      access: {},
      conditions: { allowed_addresses: ['203.0.113.7', '10.0.0.0/8', '2001:db8::/32'], not_before: null },
      note: 'In the vault of the office',
    })
    const days = (Date.parse(String(key['expires_at'])) - before) / 86_400_000
    expect(Math.round(days * 100) / 100).toBe(90)
  })

  it('shows what it will be able to call, in presets and by the overlay of the workspace', async () => {
    const mapping = { method: 'GET', path: '/own-report', permission: 'history', level: 'read' }
    const mapped = await server.call('PUT', '/v1/catalog/overlay', { operations: [mapping] })
    expect(mapped.status).toBe(200)
    const { dialog } = await openAdd()
    const chosen = dialog.getByRole('button', { name: 'History reader' })
    await chosen.click()
    expect(await chosen.getAttribute('aria-pressed')).toBe('true')
    await dialog
      .locator('summary')
      .filter({ hasText: /^Can call \d+ of \d+ operations$/ })
      .click()
    const search = dialog.getByRole('searchbox', { name: 'Search operations' })
    const listed = dialog.getByRole('region', { name: 'List of operations' })
    await search.fill('report')
    expect(await listed.textContent()).toContain('/own-report')
    await search.fill('list-voices')
    await dialog.getByRole('tab', { name: /^Cannot call/ }).click()
    expect(await listed.textContent()).toContain('/list-voices')
    const { body } = await server.call('GET', '/v1/catalog')
    const operations = body.operations as { permission: string; level: string }[]
    const opened = operations.filter(
      (it) => it.permission === 'any' || (it.permission === 'history' && it.level === 'read'),
    )
    await dialog
      .locator('summary')
      .filter({ hasText: `Can call ${String(opened.length)} of ${String(operations.length)} operations` })
      .waitFor()
    await level(dialog, 'History: Edit').check()
    expect(await chosen.getAttribute('aria-pressed')).toBe('false')
    await dialog.getByRole('button', { name: 'Set all to Read' }).click()
    expect(await level(dialog, 'Phone: Read').isChecked()).toBe(true)
    expect(await level(dialog, 'Call: No Access').isChecked()).toBe(true)
    expect(await matrixOf(dialog).getByText('Call has no Read').count()).toBe(1)
    await dialog.getByRole('button', { name: 'Set all… of Build' }).click()
    await dialog.page().getByRole('menuitem', { name: 'No Access' }).click()
    expect(await level(dialog, 'Agent: No Access').isChecked()).toBe(true)
    expect(await level(dialog, 'Phone: Read').isChecked()).toBe(true)
  })

  it('can be one for managing keys, cut to what it manages and what it can grant', async () => {
    const { page, dialog } = await openAdd()
    await nameOf(dialog).fill('Key robot')
    await dialog.locator('summary').filter({ hasText: 'Advanced' }).click()
    await choose(dialog, 'Management key')
    await level(dialog, 'Keys: Edit').check()
    await level(dialog, 'History: Read').check()
    await dialog.getByRole('button', { name: 'Add key' }).click()
    const key = String(await tokenOf(page).textContent())
    expect(await theKeyNamed('Key robot')).toMatchObject({
      kind: 'management',
      access: { keys: 'edit', history: 'read' },
    })
    const wanted = { name: 'By the robot', environment: 'production', access: { history: 'read' } }
    expect((await server.call('POST', '/v1/keys', wanted, { key })).status).toBe(201)
    expect((await server.call('POST', '/v1/keys', { ...wanted, access: 'full' }, { key })).status).toBe(403)
    const shown = page.getByRole('region', { name: 'Is the key live?' })
    expect(await shown.textContent()).toContain(`${server.controlUrl}/v1/whoami`)
  })
})
