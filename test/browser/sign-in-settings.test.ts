import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBrowser } from '../support/browser.js'
import { GOOD_PASSWORD, signedInMember, signedInOwner, type TestBrowser } from '../support/people.js'
import { startServer, type ApiAnswer, type TestServer } from '../support/server.js'
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
afterAll(async () => {
  await browser.close()
  await server.close()
})

const open = (person: TestBrowser): Promise<Dashboard> =>
  openDashboard(browser, server, person, '/settings/sign-in')

const press = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).click()

const policy = async (): Promise<ApiAnswer['body']> => (await owner.call('GET', '/v1/sign-in-policy')).body

const SAVED = 'The policy was saved. It holds at once.'
const SECRET = 'the-clients-own-secret'

describe('the policy of a workspace', () => {
  it('is refused where it would shut out whoever sets it', async () => {
    const { page, complaints } = await open(owner)
    expect(await flawsOf(page)).toEqual([])
    await page.getByRole('switch', { name: 'Passwords' }).uncheck()
    await press(page, 'Save')
    await page
      .getByRole('alert')
      .filter({ hasText: 'You are signed in by password, which this would end' })
      .waitFor()
    expect(await flawsOf(page)).toEqual([])
    await press(page, 'Discard')
    expect(await page.getByRole('switch', { name: 'Passwords' }).isChecked()).toBe(true)
    await page.getByRole('switch', { name: 'Require a second factor' }).check()
    await press(page, 'Save')
    await page.getByRole('alert').filter({ hasText: 'Add a code generator or a passkey' }).waitFor()
    expect(await policy()).toMatchObject({ password: true, require_second_factor: false })
    expect(complaints).toEqual([])
  })

  it('sets how long sessions last', async () => {
    const { page } = await open(owner)
    await page.getByLabel('Hours at most').fill('8')
    await page.getByLabel('Minutes without use').fill('30')
    await press(page, 'Save')
    await page.getByText(SAVED).waitFor()
    expect(await policy()).toMatchObject({ session_hours: 8, idle_minutes: 30 })
  })

  it('names an identity provider, whose secret is never shown again', async () => {
    const { page, complaints } = await open(owner)
    await page.getByRole('switch', { name: 'Single sign-on' }).check()
    await page.getByText(/localhost:\d+\/v1\/auth\/sso\/ws_\w+\/callback$/).waitFor()
    await page.getByLabel('Issuer').fill('http://login.example.com')
    await page.getByLabel('Client id').fill('bitting')
    await page.getByLabel('Client secret').fill(SECRET)
    await page.getByLabel('Name of the button').fill('Example')
    await page.getByLabel('Role of newcomers').selectOption('developer')
    await page.getByLabel('Domains of newcomers').fill('Example.com\nnot a domain_')
    await press(page, 'Save')
    await page.getByText('must be an https address').waitFor()
    await page.getByText('must be a host name').waitFor()
    expect(await page.getByLabel('Issuer').getAttribute('aria-invalid')).toBe('true')
    expect(await flawsOf(page)).toEqual([])
    await page.getByLabel('Issuer').fill('https://login.example.com')
    await page.getByLabel('Domains of newcomers').fill('Example.com\nexample.org')
    await press(page, 'Save')
    await page.getByText(SAVED).waitFor()
    const { single_sign_on: kept, redirect_uri: redirect, sign_in_url: begin } = await policy()
    expect(kept).toMatchObject({ default_role: 'developer', domains: ['example.com', 'example.org'] })
    await page.getByText(redirect as string).waitFor()
    await page.getByText(begin as string, { exact: true }).waitFor()
    expect(await page.getByLabel('Client secret').inputValue()).toBe('')
    expect(await everythingKept(page)).not.toContain(SECRET)
    expect(await flawsOf(page)).toEqual([])
    await page.getByRole('button', { name: 'Dismiss' }).click()
    await page.evaluate('scrollTo(0, 0)')
    await picture(page, 'sign-in-settings')
    await page.setViewportSize(PHONE)
    await picture(page, 'sign-in-settings-phone')
    await page.setViewportSize(DESKTOP)

    await page.getByLabel('Name of the button').fill('Our own')
    await press(page, 'Save')
    await page.getByText('Continue with Our own').waitFor()
    await page.getByRole('button', { name: 'Save', exact: true }).waitFor({ state: 'detached' })
    expect((await policy()).single_sign_on.label).toBe('Our own')
    expect(complaints).toEqual([])
  })

  it('tells what somebody else saved meanwhile, and keeps what was typed until one decides', async () => {
    const { page } = await open(owner)
    await page.getByLabel('Hours at most').fill('24')
    await elsewhere({ idle_minutes: 45 })
    await press(page, 'Save')
    await page.getByRole('alert').filter({ hasText: 'Changed meanwhile' }).waitFor()
    await page.getByText('45 minutes').waitFor()
    expect(await flawsOf(page)).toEqual([])
    await press(page, 'Look at the new version')
    expect(await page.getByLabel('Hours at most').inputValue()).toBe('8')
    expect(await page.getByLabel('Minutes without use').inputValue()).toBe('45')

    await page.getByLabel('Hours at most').fill('24')
    await elsewhere({ idle_minutes: 50 })
    await press(page, 'Save')
    await press(page, 'Keep my edits')
    await press(page, 'Save')
    await page.getByText(SAVED).waitFor()
    expect(await policy()).toMatchObject({ session_hours: 24, idle_minutes: 45 })
  })

  async function elsewhere(change: Record<string, unknown>): Promise<void> {
    const before = await policy()
    const told = { redirect_uri: undefined, sign_in_url: undefined, version: undefined }
    const body = { ...before, ...told, ...change }
    expect((await owner.call('PUT', '/v1/sign-in-policy', body)).status).toBe(200)
  }

  it('can be read by those who cannot change it', async () => {
    const { page } = await open(await signedInMember(server, owner, 'auditor', 'Auden'))
    await page
      .getByText('Only owners and admins can change how people sign in. You are an auditor.')
      .waitFor()
    await page.getByText('https://login.example.com').waitFor()
    expect(await page.getByRole('switch').count()).toBe(0)
    expect(await flawsOf(page)).toEqual([])
  })

  it('leaves naming another provider to owners', async () => {
    const { page } = await open(await signedInMember(server, owner, 'admin', 'Ada'))
    await page.getByText('Only an owner can name another provider').waitFor()
    await page.getByLabel('Issuer').fill('https://login.example.net')
    await page.getByLabel('Client secret').fill(SECRET)
    await press(page, 'Save')
    await page.getByRole('alert').filter({ hasText: 'Ask an owner' }).waitFor()
  })

  it('goes on where it was when the session has ended meanwhile', async () => {
    const person = await signedInMember(server, owner, 'admin', 'Mika')
    const { page } = await open(person)
    await page.getByLabel('Hours at most').fill('10')
    await person.call('POST', '/v1/auth/sign-out', {})
    await press(page, 'Save')
    const dialog = page.getByRole('dialog', { name: 'Sign in again' })
    await dialog.getByLabel('Password', { exact: true }).fill(GOOD_PASSWORD)
    await dialog.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByText(SAVED).waitFor()
    expect((await policy()).session_hours).toBe(10)
  })
})
