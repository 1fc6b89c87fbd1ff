import { encode } from 'uqr'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { startBrowser } from '../support/browser.js'
import { GOOD_PASSWORD, signedInMember, signedInOwner, TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'
import { DESKTOP, openDashboard, PHONE, settled, type Dashboard } from './dashboard-support.js'
import { everythingKept, picture } from './page-support.js'
import { codeOf, flawsOf, isIn, typeSignIn } from './people-support.js'

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

const open = (person: TestBrowser | null, path = '/account'): Promise<Dashboard> =>
  openDashboard(browser, server, person, path)

const press = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).click()

/** Another browser of somebody who has a password alone. */
async function secondBrowser(email: string): Promise<TestBrowser> {
  const other = new TestBrowser(server.controlUrl)
  const { status } = await other.call('POST', '/v1/auth/password', { email, password: GOOD_PASSWORD })
  expect(status).toBe(200)
  return other
}

describe('the account page', () => {
  it('changes the name, and the password everywhere but here', async () => {
    const person = await signedInMember(server, owner, 'developer', 'Dora')
    const other = await secondBrowser('dora@example.com')
    const { page, complaints } = await open(person)
    expect(await flawsOf(page)).toEqual([])
    await page.getByLabel('Name', { exact: true }).fill('Dora Developer')
    await press(page, 'Save')
    await page.getByRole('button', { name: 'Account: Dora Developer' }).waitFor()

    await press(page, 'Change the password')
    await page.getByLabel('New password').fill('aaaaaaaaaaaaaa')
    expect(await flawsOf(page)).toEqual([])
    await press(page, 'Save the password')
    await page.getByText('must not repeat a few characters').waitFor()
    await page.getByLabel('New password').fill('another ring of brass keys')
    await press(page, 'Save the password')
    await page.getByText('Your password was changed.').waitFor()
    expect((await other.call('GET', '/v1/auth/session')).status).toBe(401)
    expect(await everythingKept(page)).not.toContain('another ring of brass keys')
    expect(complaints).toEqual([])
  })

  it('lists sessions with their devices and ends the others', async () => {
    const person = await signedInMember(server, owner, 'developer', 'Sam')
    const others = [await secondBrowser('sam@example.com'), await secondBrowser('sam@example.com')]
    const { page } = await open(person)
    const sessions = page.getByRole('list', { name: 'Sessions' }).getByRole('listitem')
    await sessions.nth(2).waitFor()
    expect(await sessions.filter({ hasText: 'This one' }).count()).toBe(1)
    await page
      .getByRole('button', { name: /^End the session/ })
      .first()
      .click()
    await page.getByText('The session was ended.').waitFor()
    await sessions.nth(2).waitFor({ state: 'detached' })
    expect(await signedIn(others)).toBe(1)

    others.push(await secondBrowser('sam@example.com'))
    await page.reload()
    await sessions.nth(2).waitFor()
    await press(page, 'End all others')
    expect(await flawsOf(page)).toEqual([])
    await press(page, 'End them')
    await page.getByText('Your other sessions were ended.').waitFor()
    expect(await signedIn(others)).toBe(0)
    expect(await signedIn([person])).toBe(1)
  })

  async function signedIn(browsers: readonly TestBrowser[]): Promise<number> {
    const answers = await Promise.all(browsers.map((it) => it.call('GET', '/v1/auth/session')))
    return answers.filter(({ status }) => status === 200).length
  }

  it('goes on where it was when the session has ended meanwhile', async () => {
    const person = await signedInMember(server, owner, 'developer', 'Mia')
    const { page } = await open(person)
    await page.getByLabel('Name', { exact: true }).fill('Mia Midway')
    await person.call('POST', '/v1/auth/sign-out', {})
    await press(page, 'Save')
    const dialog = page.getByRole('dialog', { name: 'Sign in again' })
    await dialog.getByLabel('Password', { exact: true }).fill(GOOD_PASSWORD)
    await dialog.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('button', { name: 'Account: Mia Midway' }).waitFor()
  })
})

describe('a code generator', () => {
  it('is added with its first code, and its recovery codes are shown once', async () => {
    const { page, complaints } = await open(await signedInMember(server, owner, 'developer', 'Toni'))
    const { secret, codes } = await addGenerator(page, async () => expect(await flawsOf(page)).toEqual([]))
    await page.getByText('10 recovery codes left').waitFor()
    const kept = await everythingKept(page)
    for (const it of [secret, ...codes]) expect(kept).not.toContain(it)

    const second = await open(null, '/sign-in')
    await typeSignIn(second.page, 'toni@example.com', GOOD_PASSWORD)
    await second.page.getByLabel('Code').fill('000000')
    expect(await flawsOf(second.page)).toEqual([])
    await press(second.page, 'Continue')
    await second.page.getByRole('alert').waitFor()
    await second.page.getByLabel('Code').fill(codeOf(secret, 1))
    await press(second.page, 'Continue')
    await isIn(second.page)

    await second.page.goto(`${server.controlUrl}/sign-in`)
    await typeSignIn(second.page, 'toni@example.com', GOOD_PASSWORD)
    await second.page.getByLabel('Code').fill(codes[0] ?? '')
    await press(second.page, 'Continue')
    await isIn(second.page)
    expect(await everythingKept(second.page)).not.toContain(codes[0])
    await second.page.goto(`${server.controlUrl}/account`)
    await second.page.getByText('9 recovery codes left').waitFor()
    expect([...complaints, ...second.complaints]).toEqual([])
  })

  it('asks who one is before new recovery codes and before it is removed', async () => {
    const { page } = await open(await signedInMember(server, owner, 'developer', 'Rory'))
    const { secret, codes } = await addGenerator(page, async () => expect(await flawsOf(page)).toEqual([]))
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11 * 60_000 })
    await press(page, 'Get new recovery codes')
    await press(page, 'Get new codes')
    const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' })
    await dialog.getByLabel('Password', { exact: true }).fill(GOOD_PASSWORD)
    await dialog.getByLabel('Code').fill(codeOf(secret))
    await dialog.getByRole('button', { name: 'Confirm' }).click()
    const list = page.getByRole('list', { name: 'Your recovery codes' })
    await list.waitFor()
    const fresh = await list.locator('code').allInnerTexts()
    expect(fresh).toHaveLength(10)
    expect(fresh.filter((code) => codes.includes(code))).toEqual([])
    await press(page, 'Copy all')
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(`${fresh.join('\n')}\n`)
    await press(page, 'Done')

    await press(page, 'Remove')
    expect(await flawsOf(page)).toEqual([])
    await press(page, 'Remove it')
    await page.getByRole('button', { name: 'Add a code generator' }).waitFor()
    expect(await everythingKept(page)).not.toContain(fresh[0])
  })

  it('is what somebody is led to whose workspace asks for a second factor', async () => {
    const person = await signedInMember(server, owner, 'developer', 'Nora Needs')
    await requireSecondFactor()
    const { page, complaints } = await open(person, '/keys')
    await page.getByRole('heading', { name: 'Add a second factor to go on' }).waitFor()
    expect(new URL(page.url()).pathname).toBe('/account')
    expect(await page.getByRole('navigation', { name: 'Main' }).count()).toBe(0)
    expect(await flawsOf(page)).toEqual([])
    await addGenerator(page)
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Overview' }).click()
    await isIn(page)
    expect(complaints).toEqual([])
  })

  /** Whoever sets such a policy has shown a second factor. */
  async function requireSecondFactor(): Promise<void> {
    const { body: offered } = await owner.call('POST', '/v1/account/totp', {})
    await owner.call('POST', '/v1/account/totp/confirm', { code: codeOf(offered.secret as string) })
    const { body: policy } = await owner.call('GET', '/v1/sign-in-policy')
    const set = await owner.call('PUT', '/v1/sign-in-policy', {
      ...policy,
      version: undefined,
      redirect_uri: undefined,
      sign_in_url: undefined,
      require_second_factor: true,
    })
    expect(set.status).toBe(200)
  }
})

/** Adds a generator as a person does; whether each step can be used by everybody is looked at where it is asked for. */
async function addGenerator(
  page: Page,
  look?: () => Promise<void>,
): Promise<{ secret: string; codes: string[] }> {
  const answer = page.waitForResponse('**/v1/account/totp')
  await press(page, 'Add a code generator')
  const { secret, uri } = (await (await answer).json()) as { secret: string; uri: string }
  const { size, data } = encode(uri, { ecc: 'M', border: 4 })
  const code = page.getByRole('img', { name: 'QR code for your app' })
  await code.waitFor()
  expect(await code.getAttribute('viewBox')).toBe(`0 0 ${String(size)} ${String(size)}`)
  const squares = (await code.locator('path').getAttribute('d'))?.match(/M\d+ \d+/g) ?? []
  const dark = data.flatMap((row, y) => row.flatMap((on, x) => (on ? [`M${String(x)} ${String(y)}`] : [])))
  expect(squares).toEqual(dark)
  expect((await page.locator('.account-secret').innerText()).replaceAll(' ', '')).toBe(secret)
  await look?.()

  await page.getByLabel('2. Type the code that it shows').fill('12')
  await press(page, 'Confirm')
  await page.getByRole('alert').filter({ hasText: 'The code is not right' }).waitFor()
  await page.getByLabel('2. Type the code that it shows').fill(codeOf(secret))
  await press(page, 'Confirm')
  const list = page.getByRole('list', { name: 'Your recovery codes' })
  await list.waitFor()
  const codes = await list.locator('code').allInnerTexts()
  expect(new Set(codes).size).toBe(10)
  await look?.()
  await press(page, 'Done')
  await page.getByRole('alertdialog', { name: 'Close without keeping the codes?' }).waitFor()
  await look?.()
  await press(page, 'Cancel')
  const download = page.waitForEvent('download')
  await press(page, 'Download')
  expect((await download).suggestedFilename()).toBe('bitting-recovery-codes.txt')
  await press(page, 'Done')
  await list.waitFor({ state: 'detached' })
  return { secret, codes }
}

describe('pictures', () => {
  it('shows an account with everything', async () => {
    const { page } = await open(owner)
    await page.getByText('recovery codes left').waitFor()
    await settled(page)
    expect(await flawsOf(page)).toEqual([])
    await picture(page, 'account')
    await page.setViewportSize(PHONE)
    await picture(page, 'account-phone')
    await page.setViewportSize(DESKTOP)
  })
})
