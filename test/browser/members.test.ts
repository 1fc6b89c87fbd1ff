import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { startBrowser } from '../support/browser.js'
import { GOOD_PASSWORD, signedInMember, signedInOwner, TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'
import { DESKTOP, openDashboard, PHONE, type Dashboard } from './dashboard-support.js'
import { everythingKept, picture } from './page-support.js'
import { flawsOf } from './people-support.js'

let server: TestServer
let browser: Browser
let owner: TestBrowser

beforeAll(async () => {
  server = await startServer()
  owner = await signedInOwner(server)
  browser = await startBrowser()
})
afterEach(() => vi.useRealTimers())
afterAll(async () => {
  await browser.close()
  await server.close()
})

const open = (person: TestBrowser, path = '/settings/members'): Promise<Dashboard> =>
  openDashboard(browser, server, person, path)

const press = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).click()

const rowOf = (page: Page, text: string): Locator => page.getByRole('row').filter({ hasText: text })

async function idOf(person: TestBrowser): Promise<string> {
  return (await person.call('GET', '/v1/auth/session')).body.user.id as string
}

describe('the members', () => {
  it('are listed with what one needs to know of them, the last owner fixed', async () => {
    const auditor = await signedInMember(server, owner, 'auditor', 'Auden Auditor')
    const { page, complaints } = await open(owner)
    const row = rowOf(page, 'auden.auditor@example.com')
    await row.waitFor()
    await row.getByRole('button', { name: 'Change role… of Auden Auditor' }).waitFor()
    await row.getByText('Auditor', { exact: true }).waitFor()
    const keys = row.getByRole('link', { name: 'Keys that Auden Auditor made' })
    expect(await keys.getAttribute('href')).toBe(`/keys?by=${await idOf(auditor)}`)
    await rowOf(page, 'owner@example.com').getByText('The last owner.').waitFor()
    expect(await page.getByRole('button', { name: 'Remove Olga Owner' }).count()).toBe(0)
    expect(await flawsOf(page)).toEqual([])
    expect(complaints).toEqual([])
  })

  it('get another role, which the other browser has from its next request on', async () => {
    const person = await signedInMember(server, owner, 'developer', 'Rita Role')
    const theirs = await open(person)
    await theirs.page.getByText('Only owners and admins invite. You are a developer.').waitFor()
    expect(await theirs.page.getByRole('button', { name: /Change role/ }).count()).toBe(0)
    expect(await flawsOf(theirs.page)).toEqual([])

    const { page } = await open(owner)
    await press(page, 'Change role… of Rita Role')
    const dialog = page.getByRole('dialog', { name: 'Change the role of Rita Role' })
    await dialog.getByText('Everything but making, changing and removing owners.').waitFor()
    expect(await dialog.getByRole('button', { name: 'Change role' }).isDisabled()).toBe(true)
    await dialog.getByRole('radio', { name: 'Developer' }).press('ArrowUp')
    expect(await dialog.getByRole('radio', { name: 'Admin' }).isChecked()).toBe(true)
    expect(await flawsOf(page)).toEqual([])
    await press(page, 'Change role')
    await page.getByText('Rita Role is an admin now.').waitFor()
    await theirs.page.reload()
    await theirs.page.getByRole('button', { name: 'Invite somebody' }).waitFor()
    await press(theirs.page, 'Change role… of Rita Role')
    expect(await theirs.page.getByRole('radio', { name: 'Owner' }).isDisabled()).toBe(true)
  })

  it('tells that somebody else changed a member meanwhile', async () => {
    const person = await signedInMember(server, owner, 'developer', 'Cora Conflict')
    const { page } = await open(owner)
    await press(page, 'Change role… of Cora Conflict')
    await page.getByRole('radio', { name: 'Admin' }).check()
    await owner.call('PATCH', `/v1/members/${await idOf(person)}`, { role: 'auditor' })
    await press(page, 'Change role')
    await page.getByText('Cora Conflict is an auditor now.').waitFor()
    expect(await flawsOf(page)).toEqual([])
    await press(page, 'I have seen it')
    await press(page, 'Change role')
    await page.getByText('Cora Conflict is an admin now.').waitFor()
  })

  it('ask who one is where the sign-in is not recent', async () => {
    await signedInMember(server, owner, 'developer', 'Stella Step')
    const { page } = await open(owner)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11 * 60_000 })
    await press(page, 'Remove Stella Step')
    await press(page, 'Remove them')
    const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' })
    await dialog.getByLabel('Password', { exact: true }).fill(GOOD_PASSWORD)
    await dialog.getByRole('button', { name: 'Confirm' }).click()
    await page.getByText('Stella Step was removed.').waitFor()
    await rowOf(page, 'stella.step@example.com').waitFor({ state: 'detached' })
  })

  it('are out at once when they are removed; the keys that they made stay', async () => {
    const person = await signedInMember(server, owner, 'developer', 'Remy Removed')
    const made = await person.call('POST', '/v1/keys', {
      name: 'Of Remy',
      environment: 'production',
      access: { history: 'read' },
    })
    expect(made.status).toBe(201)
    const theirs = await open(person)
    const { page } = await open(owner)
    await press(page, 'Remove Remy Removed')
    await page.getByText('1 key that they made stays in use').waitFor()
    expect(await flawsOf(page)).toEqual([])
    await press(page, 'Remove them')
    await page.getByText('Remy Removed was removed.').waitFor()
    const key = await owner.call('GET', `/v1/keys/${made.body.key.id as string}`)
    expect(key.body.state).toBe('active')
    await page.goto(`${server.controlUrl}/keys/${made.body.key.id as string}`)
    await page.getByText('remy.removed@example.com (former)').waitFor()
    await theirs.page.getByRole('link', { name: 'API Keys' }).click()
    await theirs.page.getByRole('dialog', { name: 'Sign in again' }).waitFor()
    expect(await flawsOf(theirs.page)).toEqual([])
  })

  it('can leave, but for the last owner', async () => {
    const { page } = await open(await signedInMember(server, owner, 'admin', 'Lee Leaver'))
    await press(page, 'Remove Lee Leaver')
    await page.getByRole('alertdialog', { name: 'Leave this workspace?' }).waitFor()
    await press(page, 'Leave')
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor()
  })
})

describe('invitations', () => {
  it('have a link that is shown once, and are revoked', async () => {
    const { page, complaints } = await open(owner)
    await page
      .getByText('No open invitations')
      .or(page.getByRole('table', { name: 'Invitations' }))
      .waitFor()
    await press(page, 'Invite somebody')
    expect(await flawsOf(page)).toEqual([])
    await page.getByLabel('E-mail').fill('owner@example.com')
    await press(page, 'Make the link')
    await page.getByRole('alert').filter({ hasText: 'is a member already' }).waitFor()
    await page.getByLabel('E-mail').fill('vera@example.com')
    await page.getByRole('radio', { name: 'Auditor' }).check()
    await press(page, 'Make the link')
    const link = await page.getByRole('dialog').locator('output').innerText()
    expect(new URL(link).pathname).toBe('/invitation')
    expect(await flawsOf(page)).toEqual([])
    await press(page, 'Copy')
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(link)
    await press(page, 'Done')
    await rowOf(page, 'vera@example.com').getByText('Auditor').waitFor()
    expect(await everythingKept(page)).not.toContain(new URL(link).hash.slice(1))

    await press(page, 'Revoke the invitation of vera@example.com')
    expect(await flawsOf(page)).toEqual([])
    await press(page, 'Revoke it')
    await rowOf(page, 'vera@example.com').waitFor({ state: 'detached' })
    await page.getByLabel('Show accepted, revoked and expired ones').check()
    await rowOf(page, 'vera@example.com').getByText('Revoked').waitFor()
    const code = new URL(link).hash.slice(1)
    const view = await new TestBrowser(server.controlUrl).call('POST', '/v1/auth/invitation/view', { code })
    expect(view.status).toBe(401)
    expect(complaints).toEqual([])
  })

  it('go on where they were when the session has ended meanwhile', async () => {
    const person = await signedInMember(server, owner, 'admin', 'Ada Admin')
    const { page } = await open(person)
    await press(page, 'Invite somebody')
    expect(await page.getByRole('radio', { name: 'Owner' }).count()).toBe(0)
    await page.getByLabel('E-mail').fill('midway@example.com')
    await person.call('POST', '/v1/auth/sign-out', {})
    await press(page, 'Make the link')
    const dialog = page.getByRole('dialog', { name: 'Sign in again' })
    await dialog.getByLabel('Password', { exact: true }).fill(GOOD_PASSWORD)
    await dialog.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('dialog', { name: 'Send them this link' }).waitFor()
    await press(page, 'Done')
  })

  it('stand on the page as people see it', async () => {
    const { page } = await open(owner)
    await rowOf(page, 'midway@example.com').waitFor()
    await picture(page, 'members')
    await page.setViewportSize(PHONE)
    await picture(page, 'members-phone')
    await page.setViewportSize(DESKTOP)
    expect(await flawsOf(page)).toEqual([])
  })
})
