import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startBrowser } from '../support/browser.js'
import { signedInMember, signedInOwner, type TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'
import { openDashboard } from './dashboard-support.js'
import { leaveAll, level, nameOf, openEdit, tokenOf, type OpenForm } from './key-editor-support.js'
import { accessibilityFlaws, picture } from './page-support.js'

let server: TestServer
let browser: Browser
let owner: TestBrowser
let developer: TestBrowser

beforeAll(async () => {
  server = await startServer()
  browser = await startBrowser()
  owner = await signedInOwner(server)
  developer = await signedInMember(server, owner, 'developer', 'Ada Lovelace')
})

afterEach(() => leaveAll(opened))
afterAll(async () => {
  await browser.close()
  await server.close()
})

const opened: Page[] = []

async function edit(id: string): Promise<OpenForm> {
  const form = await openEdit(browser, server, owner, id)
  opened.push(form.page)
  return form
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what an answer holds, as in the test server
async function keyOf(id: string): Promise<any> {
  return (await server.call('GET', `/v1/keys/${id}`)).body
}

describe('a key that is changed', () => {
  it('shows first what it gains and loses, is saved, and can be taken back', async () => {
    const { id } = await server.createKey(
      { history: 'read', call: 'edit' },
      { name: 'Before', note: 'Vault' },
    )
    const { page, dialog, complaints } = await edit(id)
    const changes = dialog.getByRole('complementary', { name: 'Changes' })
    expect(await changes.textContent()).toContain('Nothing is changed yet')
    expect(await dialog.getByRole('button', { name: 'Save changes' }).isDisabled()).toBe(true)
    await nameOf(dialog).fill('After')
    await level(dialog, 'Call: No Access').check()
    await level(dialog, 'Agent: Read').check()
    const { body: catalog } = await server.call('GET', '/v1/catalog')
    const operations = catalog.operations as { path: string; permission: string; level: string }[]
    const calls = operations.filter(({ permission }) => permission === 'call')
    const lost = changes.locator('details').filter({
      has: page.getByText(`Will no longer be able to call ${String(calls.length)} operations`),
    })
    await lost.locator('summary').click()
    const listed = String(await lost.textContent())
    expect(calls.filter(({ path }) => !listed.includes(path))).toEqual([])
    const items = await changes.getByRole('listitem').filter({ hasText: '→' }).allTextContents()
    expect(items).toEqual(['LosesCall: Edit → No Access', 'GainsAgent: No Access → Read'])
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      expect(await accessibilityFlaws(page)).toEqual([])
    }
    await page.emulateMedia({ colorScheme: 'light' })
    await picture(page, 'key-editor-changes')

    await dialog.getByRole('button', { name: 'Save changes' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('heading', { level: 1, name: 'After' }).waitFor()
    expect(await keyOf(id)).toMatchObject({
      name: 'After',
      access: { agent: 'read', history: 'read' },
      note: 'Vault',
      version: 2,
    })
    await page.getByRole('button', { name: 'Undo', exact: true }).click()
    await page.getByText('“Before” is as it was').waitFor()
    expect(await keyOf(id)).toMatchObject({
      name: 'Before',
      access: { history: 'read', call: 'edit' },
      version: 3,
    })
    expect(complaints).toEqual([])
  })

  it('is not taken back over what somebody else did since', async () => {
    const { id } = await server.createKey({ history: 'read' }, { name: 'Undone too late' })
    const { page, dialog } = await edit(id)
    await level(dialog, 'History: Edit').check()
    await dialog.getByRole('button', { name: 'Save changes' }).click()
    await page.getByRole('button', { name: 'Undo', exact: true }).waitFor()
    expect((await developer.call('PATCH', `/v1/keys/${id}`, { note: 'Theirs' })).status).toBe(200)
    await page.getByRole('button', { name: 'Undo', exact: true }).click()
    await page.getByText('It could not be taken back.').waitFor()
    expect(await keyOf(id)).toMatchObject({ access: { history: 'edit' }, note: 'Theirs' })
  })

  it('sends only what changed, for the version that was seen', async () => {
    const end = { expires_at: '2090-01-02T03:04:05Z', conditions: { allowed_addresses: ['10.0.0.0/8'] } }
    const { id } = await server.createKey({ history: 'read' }, { name: 'Of the office', ...end })
    const { page, dialog } = await edit(id)
    await nameOf(dialog).fill('Of the new office')
    const sent = page.waitForRequest((request) => request.method() === 'PATCH')
    await dialog.getByRole('button', { name: 'Save changes' }).click()
    const request = await sent
    expect(request.postDataJSON()).toEqual({ name: 'Of the new office' })
    expect(await request.headerValue('if-match')).toBe('"1"')
    await page.getByText('“Of the new office” was saved').waitFor()
    expect(await keyOf(id)).toMatchObject({ name: 'Of the new office', ...end })
  })

  it('is duplicated with its settings, as another key with a token of its own', async () => {
    const settings = {
      environment: 'staging',
      conditions: { allowed_addresses: ['10.0.0.0/8'] },
      note: 'Vault',
    }
    const { id, token } = await server.createKey({ history: 'read' }, { name: 'Pattern', ...settings })
    const { page } = await openDashboard(browser, server, owner, `/keys/${id}`)
    opened.push(page)
    await page.getByRole('button', { name: 'More actions for Pattern' }).click()
    await page.getByRole('menuitem', { name: 'Duplicate' }).click()
    const dialog = page.getByRole('dialog', { name: 'Duplicate “Pattern”' })
    expect(await nameOf(dialog).inputValue()).toBe('Pattern copy')
    await dialog.getByRole('button', { name: 'Add key' }).click()
    const made = String(await tokenOf(page).textContent())
    expect(made).toMatch(/^btg_staging_/)
    expect(made).not.toBe(token)
    const { body } = await server.call('GET', '/v1/keys?name=Pattern%20copy')
    expect(body.data).toMatchObject([{ ...settings, access: { history: 'read' }, kind: 'api' }])
  })
})

describe('a key that two people change', () => {
  const theirs = { access: { history: 'read', phone: 'read' }, note: 'Moved to the new vault' }

  async function collide(): Promise<OpenForm & { id: string }> {
    const { id } = await server.createKey({ history: 'read', call: 'edit' }, { name: 'Shared' })
    const form = await edit(id)
    await nameOf(form.dialog).fill('Mine')
    await level(form.dialog, 'Agent: Edit').check()
    expect((await developer.call('PATCH', `/v1/keys/${id}`, theirs)).status).toBe(200)
    await form.dialog.getByRole('button', { name: 'Save changes' }).click()
    await form.dialog.getByRole('button', { name: 'Use theirs' }).waitFor()
    return { ...form, id }
  }

  it('tells who did what meanwhile, and puts one change on top of the other', async () => {
    const { page, dialog, id } = await collide()
    const notice = dialog.getByRole('alert').filter({ hasText: 'changed this key' })
    const text = String(await notice.textContent())
    expect(text).toMatch(/^Ada Lovelace changed this key at .*, while you were editing/)
    expect(text).toContain('LosesCall: Edit → No Access')
    expect(text).toContain('GainsPhone: No Access → Read')
    expect(text).toContain('Moved to the new vault')
    expect(await accessibilityFlaws(page)).toEqual([])
    expect(await keyOf(id)).toMatchObject({ name: 'Shared', version: 2 })

    await notice.getByRole('button', { name: 'Apply mine on top' }).click()
    expect(await nameOf(dialog).evaluate((it) => it === it.ownerDocument.activeElement)).toBe(true)
    expect(await level(dialog, 'Call: No Access').isChecked()).toBe(true)
    expect(await level(dialog, 'Phone: Read').isChecked()).toBe(true)
    await dialog.getByRole('button', { name: 'Save changes' }).click()
    await dialog.waitFor({ state: 'detached' })
    expect(await keyOf(id)).toMatchObject({
      name: 'Mine',
      access: { agent: 'edit', history: 'read', phone: 'read' },
      note: 'Moved to the new vault',
      version: 3,
    })
  })

  it('can be left as the other person made it', async () => {
    const { page, dialog, id } = await collide()
    await dialog.getByRole('button', { name: 'Use theirs' }).click()
    expect(await nameOf(dialog).inputValue()).toBe('Shared')
    expect(await level(dialog, 'Agent: No Access').isChecked()).toBe(true)
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await dialog.waitFor({ state: 'detached' })
    expect(await page.getByRole('alertdialog').count()).toBe(0)
    expect(await keyOf(id)).toMatchObject({ name: 'Shared', ...theirs, version: 2 })
  })
})
