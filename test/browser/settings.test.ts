import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBrowser } from '../support/browser.js'
import { signedInMember, signedInOwner, type TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'
import { DESKTOP, openDashboard, PHONE, settled, type Dashboard } from './dashboard-support.js'
import { accessibilityFlaws, everythingKept, picture } from './page-support.js'

const UPSTREAM_KEY = 'upstream-credential-7391'

let server: TestServer
let browser: Browser
let owner: TestBrowser
let admin: TestBrowser
let dashboard: Dashboard
let page: Page

beforeAll(async () => {
  server = await startServer()
  browser = await startBrowser()
  owner = await signedInOwner(server)
  admin = await signedInMember(server, owner, 'admin', 'Ann Admin')
  dashboard = await openDashboard(browser, server, owner, '/settings')
  page = dashboard.page
}, 60_000)

afterAll(async () => {
  await browser.close()
  await server.close()
})

/** Axe in light and dark, and no scrolling sideways, on a desktop and a phone. */
async function expectGoodLook(where = page): Promise<void> {
  for (const [size, colorScheme] of [
    [DESKTOP, 'light'],
    [PHONE, 'dark'],
  ] as const) {
    await where.setViewportSize(size)
    await where.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    expect(await where.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    expect(await accessibilityFlaws(where)).toEqual([])
  }
  await where.setViewportSize(DESKTOP)
  await where.emulateMedia({ colorScheme: 'light' })
}

async function goto(part: string, where = page): Promise<void> {
  await where.goto(`${server.controlUrl}/settings/${part}`)
  await settled(where)
}

const card = (title: string, where = page) =>
  where
    .getByRole('region')
    .filter({ has: where.getByRole('heading', { level: 2, name: title, exact: true }) })
const workspace = async () => (await owner.call('GET', '/v1/workspace')).body
const toast = (text: string) => page.locator('.toast').filter({ hasText: text }).waitFor()

describe('the workspace', () => {
  it('is what the settings begin with, and its name can be changed', async () => {
    expect(new URL(page.url()).pathname).toBe('/settings/workspace')
    await card('Nodes').getByText('Up to date').waitFor()
    await card('Name').getByLabel('Name of the workspace').fill('Acme Voice')
    await card('Name').getByRole('button', { name: 'Save' }).click()
    await toast('The name was saved.')
    expect((await workspace()).name).toBe('Acme Voice')
    await card('Name').getByRole('button', { name: 'Save' }).waitFor({ state: 'detached' })
  })

  it('asks before an edit that was not saved is left', async () => {
    await goto('workspace')
    await page.getByLabel('Name of the workspace').fill('Not saved')
    await page.getByRole('link', { name: 'Overview' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click()
    expect(new URL(page.url()).pathname).toBe('/settings/workspace')
    expect(await page.getByLabel('Name of the workspace').inputValue()).toBe('Not saved')
    await page.getByRole('link', { name: 'Overview' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Discard' }).click()
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  })

  it('tells what is wrong with a name at its field', async () => {
    await goto('workspace')
    await card('Name').getByLabel('Name of the workspace').fill(' ')
    await card('Name').getByRole('button', { name: 'Save' }).click()
    await card('Name').locator('.field-error:not(:empty)').waitFor()
    expect(await card('Name').getByRole('textbox').getAttribute('aria-invalid')).toBe('true')
    expect((await workspace()).name).toBe('Acme Voice')
  })

  it('tells who changed the same meanwhile, and keeps either', async () => {
    await goto('workspace')
    const name = card('Name').getByLabel('Name of the workspace')
    await name.fill('Mine')
    await admin.call('PATCH', '/v1/workspace', { name: 'Theirs' })
    await card('Name').getByRole('button', { name: 'Save' }).click()
    const notice = page.getByRole('alert').filter({ hasText: 'Changed meanwhile' })
    await notice.filter({ hasText: 'Ann Admin' }).filter({ hasText: 'Theirs' }).waitFor()
    expect((await workspace()).name).toBe('Theirs')
    await expectGoodLook()
    await notice.getByRole('button', { name: 'Keep my edits' }).click()
    await card('Name').getByRole('button', { name: 'Save' }).click()
    await toast('The name was saved.')
    expect((await workspace()).name).toBe('Mine')

    await name.fill('Mine again')
    await admin.call('PATCH', '/v1/workspace', { name: 'Theirs again' })
    await card('Name').getByRole('button', { name: 'Save' }).click()
    await notice.getByRole('button', { name: 'Look at the new version' }).click()
    expect(await name.inputValue()).toBe('Theirs again')
  })

  it('saves on top of a change of something else', async () => {
    await goto('workspace')
    await card('Name').getByLabel('Name of the workspace').fill('Acme')
    await admin.call('PATCH', '/v1/workspace', { audit: { calls: 'writes' } })
    await card('Name').getByRole('button', { name: 'Save' }).click()
    await toast('The name was saved.')
    expect(await workspace()).toMatchObject({ name: 'Acme', audit: { calls: 'writes' } })
  })

  it('takes an upstream of its own, and never shows its key again', async () => {
    await goto('workspace')
    const upstream = card('Upstream')
    await upstream.getByLabel('An upstream of this workspace').check()
    await upstream.getByLabel('Origin').fill('https://elsewhere.example')
    await upstream.getByRole('textbox', { name: 'Key of the upstream' }).fill(UPSTREAM_KEY)
    await upstream.getByRole('button', { name: 'Save' }).click()
    await upstream.locator('.field-error:not(:empty)').filter({ hasText: 'one of' }).waitFor()
    await upstream.getByLabel('Origin').fill('https://api.retellai.com')
    await upstream.getByRole('button', { name: 'Save' }).click()
    await upstream.getByText('A key is set').waitFor()
    expect(await workspace()).toMatchObject({ upstream: 'https://api.retellai.com', upstream_key_set: true })
    expect(await everythingKept(page)).not.toContain(UPSTREAM_KEY)
    await upstream.getByLabel('Remove the key').check()
    await upstream.getByRole('button', { name: 'Save' }).click()
    await upstream.getByText('No key is set.').waitFor()
    expect((await workspace()).upstream_key_set).toBe(false)
  })

  it('sets a ceiling, and names the keys that are above it', async () => {
    await server.createKey(
      { history: 'edit', call: 'edit' },
      { name: 'A strong key', environment: 'staging' },
    )
    await goto('workspace')
    const ceilings = card('Environments')
    await ceilings.getByRole('tab', { name: 'Staging' }).click()
    const staging = ceilings.getByRole('tabpanel', { name: 'Staging' })
    await staging.getByLabel('At most these permissions').check()
    await staging.getByRole('radio', { name: 'Call: No Access' }).check()
    await ceilings.getByRole('button', { name: 'Save' }).click()
    await ceilings.getByText('These keys have more than the new ceiling').waitFor()
    await ceilings.getByRole('link', { name: 'A strong key' }).waitFor()
    await expectGoodLook()
    await staging.getByRole('radio', { name: 'Call: Edit' }).check()
    await staging.getByRole('radio', { name: 'Agent: Read' }).check()
    await ceilings.getByRole('button', { name: 'Save' }).click()
    await toast('The ceilings were saved.')
    const { ceilings: saved } = await workspace()
    expect(saved.production).toBe('full')
    expect(saved.staging).toMatchObject({ agent: 'read', call: 'edit' })
    await page.evaluate('scrollTo(0, 0)')
    await picture(page, 'settings')
    await page.setViewportSize(PHONE)
    await picture(page, 'settings-phone')
    await page.setViewportSize(DESKTOP)
  })
})

describe('the catalog', () => {
  it('shows its permissions and finds operations', async () => {
    await goto('catalog')
    await card('Permissions').getByText('Monitor').waitFor()
    await card('Operations').getByRole('searchbox').fill('get-agent/')
    await card('Operations')
      .getByText(/^1 operation of \d+/)
      .waitFor()
    await card('Operations').getByRole('row').filter({ hasText: 'Agent: Read' }).waitFor()
    await card('Operations').getByRole('searchbox').fill('nothing like it')
    await page.getByText('No operations match').waitFor()
  })

  it('maps operations: flaws at their rows, a look at what changes, replaced as a whole', async () => {
    await goto('catalog')
    const mappings = card('Your mappings')
    await mappings.getByRole('button', { name: 'Add a mapping' }).click()
    await mappings.getByRole('button', { name: 'Add a mapping' }).click()
    const first = mappings.getByRole('group', { name: 'Mapping 1' })
    const second = mappings.getByRole('group', { name: 'Mapping 2' })
    const path = second.getByLabel('Path')
    expect(await path.evaluate((input) => input.matches(':focus'))).toBe(true)
    await mappings.getByRole('button', { name: 'Save the mappings' }).click()
    await first.getByText('Say which operation').waitFor()
    expect(await first.getByLabel('Path').evaluate((input) => input.matches(':focus'))).toBe(true)
    await first.getByLabel('Path').fill('/v3/reports')
    await path.fill('no slash')
    await mappings.getByRole('button', { name: 'Save the mappings' }).click()
    await second.locator('.field-error:not(:empty)').first().waitFor()
    expect(await first.locator('.field-error:not(:empty)').count()).toBe(0)
    await picture(page, 'settings-catalog')
    await card('Operations').getByRole('searchbox').fill('get-')
    await card('Operations')
      .getByText(/^\d\d operations of/)
      .waitFor()
    await expectGoodLook()
    await mappings.getByRole('button', { name: 'Remove mapping 2' }).click()
    await mappings.getByText('Not mapped: full access').waitFor()
    await mappings.getByRole('button', { name: 'Save the mappings' }).click()
    await toast('The mappings were saved.')
    const { overlay } = (await owner.call('GET', '/v1/catalog')).body
    expect(overlay).toEqual([{ method: 'GET', path: '/v3/reports', permission: 'agent', level: 'read' }])
  })

  it('never replaces mappings that somebody saved meanwhile', async () => {
    await goto('catalog')
    const mappings = card('Your mappings')
    await mappings.getByRole('group', { name: 'Mapping 1' }).getByLabel('Asks for').selectOption('history')
    const theirs = { method: 'GET', path: '/theirs', permission: 'any' }
    await admin.call('PUT', '/v1/catalog/overlay', { operations: [theirs] })
    await mappings.getByRole('button', { name: 'Save the mappings' }).click()
    await page.getByRole('alert').filter({ hasText: 'Ann Admin' }).filter({ hasText: '/theirs' }).waitFor()
    expect((await owner.call('GET', '/v1/catalog')).body.overlay).toEqual([theirs])
    await page.getByRole('button', { name: 'Look at the new version' }).click()
    expect(await mappings.getByLabel('Path').inputValue()).toBe('/theirs')
    await mappings.getByRole('button', { name: 'Remove mapping 1' }).click()
    await mappings.getByRole('button', { name: 'Save the mappings' }).click()
    await mappings.getByText('None. The catalog holds as it came.').waitFor()
  })
})

describe('the audit log', () => {
  it('takes a share of the calls, and says what is wrong with one', async () => {
    await goto('audit')
    await card('Audit log').getByText('A share of the calls').click()
    await card('Audit log').getByLabel('Share in percent').fill('250')
    await card('Audit log').getByRole('button', { name: 'Save' }).click()
    await card('Audit log').locator('.field-error:not(:empty)').waitFor()
    await card('Audit log').getByLabel('Share in percent').fill('12.5')
    await card('Audit log').getByRole('button', { name: 'Save' }).click()
    await toast('The settings of the log were saved.')
    expect((await workspace()).audit).toMatchObject({ calls: 'sampled', sample_rate: 0.125 })
  })

  it('asks before entries would be deleted, and before a legal hold', async () => {
    await goto('audit')
    await card('Audit log').getByLabel('For some days').check()
    await card('Audit log').getByRole('textbox', { name: 'Days' }).fill('90')
    await card('Audit log').getByRole('button', { name: 'Save' }).click()
    const dialog = page.getByRole('alertdialog')
    await dialog.getByText('Entries older than 90 days are deleted').waitFor()
    await expectGoodLook()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    expect((await workspace()).audit.retention_days).toBe(null)
    await card('Audit log').getByLabel('Legal hold').check()
    await card('Audit log').getByRole('button', { name: 'Save' }).click()
    await dialog.getByText('Under the legal hold nothing is deleted').waitFor()
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.getByText('The log is under a legal hold').waitFor()
    expect((await workspace()).audit).toMatchObject({ retention_days: 90, legal_hold: true })
    expect(await page.getByRole('button', { name: 'Erase personal data…' }).isDisabled()).toBe(true)
    await card('Audit log').getByLabel('Legal hold').uncheck()
    await card('Audit log').getByRole('button', { name: 'Save' }).click()
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.getByText('The log is under a legal hold').waitFor({ state: 'detached' })
  })

  it('erases personal data when that was typed', async () => {
    const members = (await owner.call('GET', '/v1/members')).body.data as { id: string; role: string }[]
    const ann = members.find(({ role }) => role === 'admin')?.id ?? ''
    await goto('audit')
    const erasure = card('Erase personal data')
    await erasure.getByRole('button', { name: 'Erase personal data…' }).click()
    await erasure.getByText('Say whose data is to be erased.').waitFor()
    await erasure.getByLabel('Id', { exact: true }).fill(ann)
    await erasure.getByRole('button', { name: 'Erase personal data…' }).click()
    const dialog = page.getByRole('alertdialog')
    expect(await dialog.getByRole('button', { name: 'Erase' }).isDisabled()).toBe(true)
    await expectGoodLook()
    await dialog.getByRole('textbox').fill('erase')
    await dialog.getByRole('button', { name: 'Erase' }).click()
    await toast('was erased.')
    const { data } = (await owner.call('GET', `/v1/audit?actor=${ann}`)).body
    expect(data.length).toBeGreaterThan(0)
    expect(data.every(({ erased }: { erased: boolean }) => erased)).toBe(true)
    await page.goto(`${server.controlUrl}/audit/${data[0].index}`)
    await page.getByText('Personal data erased').waitFor()
    await page.getByText('Proved', { exact: true }).waitFor()
  })
})

it('looks as one chooses, also after reloading', async () => {
  await goto('appearance')
  await page.getByText('Dark', { exact: true }).click()
  await page.reload()
  expect(await page.evaluate('getComputedStyle(document.documentElement).colorScheme')).toBe('dark')
  await page.getByText('As the system', { exact: true }).click()
  await expectGoodLook()
})

it('can be read by auditors and developers, and changed by neither', async () => {
  for (const role of ['auditor', 'developer'] as const) {
    const person = await signedInMember(server, owner, role)
    const theirs = await openDashboard(browser, server, person, '/settings/workspace')
    await theirs.page.getByText(/Only owners and admins can change these settings/).waitFor()
    const name = theirs.page.getByLabel('Name of the workspace')
    expect(await name.isEditable()).toBe(false)
    expect(await theirs.page.getByLabel('An upstream of this workspace').isDisabled()).toBe(true)
    await goto('catalog', theirs.page)
    await theirs.page.getByText('None. The catalog holds as it came.').waitFor()
    expect(await theirs.page.getByRole('button', { name: 'Add a mapping' }).count()).toBe(0)
    await goto('audit', theirs.page)
    await theirs.page.getByText('Only owners and admins').waitFor()
    expect(await theirs.page.getByLabel('Legal hold').isDisabled()).toBe(true)
    expect(await theirs.page.getByText('Erase personal data').count()).toBe(0)
    if (role === 'auditor') await expectGoodLook(theirs.page)
    expect(theirs.complaints).toEqual([])
  }
  expect(dashboard.complaints).toEqual([])
})
