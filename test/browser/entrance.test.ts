import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBrowser } from '../support/browser.js'
import { startIdentityProvider, type IdentityProvider } from '../support/identity-provider.js'
import { GOOD_PASSWORD, signedInMember, signedInOwner, type TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'
import { DESKTOP, openDashboard, PHONE, settled, type Dashboard } from './dashboard-support.js'
import { everythingKept, picture } from './page-support.js'
import { atLocalhost, flawsOf, isIn, typeSignIn } from './people-support.js'

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

const open = (path: string, person: TestBrowser | null = null): Promise<Dashboard> =>
  openDashboard(browser, server, person, path)

async function invitationFor(email: string, role = 'developer'): Promise<string> {
  const { body } = await owner.call('POST', '/v1/invitations', { email, role })
  return new URL(body.url as string).hash
}

describe('the sign-in page', () => {
  it('lets somebody out, and in again with their password', async () => {
    const { page, complaints } = await open(
      '/',
      await signedInMember(server, owner, 'developer', 'Out And In'),
    )
    await page.getByRole('button', { name: 'Account: Out And In' }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor()
    await page.getByLabel('E-mail').fill('out.and.in@example.com')
    expect(await flawsOf(page)).toEqual([])
    await picture(page, 'sign-in')
    await page.setViewportSize(PHONE)
    await picture(page, 'sign-in-phone')
    await page.setViewportSize(DESKTOP)
    await typeSignIn(page, null, GOOD_PASSWORD)
    await isIn(page)
    expect(await everythingKept(page)).not.toContain(GOOD_PASSWORD)
    expect(complaints).toEqual([])
  })

  it('says the same of a wrong password and a wrong address, and what to do after too many', async () => {
    const { page } = await open('/sign-in')
    await typeSignIn(page, 'nobody@example.com', 'not the password')
    const first = await page.getByRole('alert').innerText()
    await signedInMember(server, owner, 'auditor', 'Guessed At')
    await typeSignIn(page, 'guessed.at@example.com', 'not the password')
    await page.getByRole('button', { name: 'Sign in', exact: true, disabled: false }).waitFor()
    expect(await page.getByRole('alert').innerText()).toBe(first)
    const waits = page.getByRole('alert').filter({ hasText: /too many attempts. Wait \d+ seconds/ })
    for (let guess = 0; guess < 8 && !(await waits.isVisible()); guess++) {
      const answer = page.waitForResponse('**/v1/auth/password')
      await typeSignIn(page, 'guessed.at@example.com', `not the password ${String(guess)}`)
      await (await answer).finished()
      await page.locator('[aria-busy=true]').waitFor({ state: 'detached' })
    }
    await waits.waitFor()
    expect(await flawsOf(page)).toEqual([])
  })

  it('stays on its own site whatever the address says to return to', async () => {
    const { page } = await open('/sign-in')
    const origins = new Set<string>()
    page.on('request', (request) => origins.add(new URL(request.url()).origin))
    const corpus = [
      '//evil.example',
      '/\\evil.example',
      'https://evil.example',
      'javascript:alert(1)',
      '/%2f%2fevil.example',
    ]
    for (const wanted of corpus) {
      await page.goto(`${server.controlUrl}/sign-in?return_to=${encodeURIComponent(wanted)}`)
      await typeSignIn(page, 'owner@example.com', GOOD_PASSWORD)
      await page.getByRole('heading', { level: 1, name: /Overview|Not found/ }).waitFor()
      expect(new URL(page.url()).origin).toBe(server.controlUrl)
    }
    expect([...origins]).toEqual([server.controlUrl])
  })

  it('leads back to the page that was wanted', async () => {
    const { page } = await open('/settings/members')
    await typeSignIn(page, 'owner@example.com', GOOD_PASSWORD)
    await page.getByRole('heading', { level: 2, name: 'Members' }).waitFor()
    expect(page.url()).toBe(`${server.controlUrl}/settings/members`)
  })

  it('explains the codes of problems, and repeats nothing that stands in the address', async () => {
    const { page } = await open('/sign-in?problem=insufficient_scope')
    await page.getByRole('alert').filter({ hasText: 'Ask an owner or admin' }).waitFor()
    expect(await flawsOf(page)).toEqual([])
    await page.goto(`${server.controlUrl}/sign-in?problem=%3Cb%3Ecall+us%3C%2Fb%3E`)
    await page.getByRole('alert').filter({ hasText: 'did not work' }).waitFor()
    expect(await page.getByRole('main').innerText()).not.toContain('call us')
  })
})

describe('single sign-on', () => {
  let provider: IdentityProvider

  beforeAll(async () => {
    provider = await startIdentityProvider(['example.org'])
    const { body: policy } = await owner.call('GET', '/v1/sign-in-policy')
    const set = await owner.call('PUT', '/v1/sign-in-policy', {
      ...policy,
      version: undefined,
      redirect_uri: undefined,
      sign_in_url: undefined,
      single_sign_on: provider.policy,
    })
    expect(set.status).toBe(200)
  })
  afterAll(() => provider.close())

  it('leads to the provider and back to where one was going', async () => {
    provider.person = { sub: 'p-1', email: 'petra@example.org', email_verified: true, name: 'Petra' }
    const { page } = await openDashboard(
      browser,
      atLocalhost(server),
      null,
      '/sign-in?return_to=/settings/members',
    )
    await page.getByRole('link', { name: 'Continue with Example' }).waitFor()
    expect(await flawsOf(page)).toEqual([])
    await page.getByRole('link', { name: 'Continue with Example' }).click()
    await page.getByRole('cell', { name: 'Developer' }).first().waitFor()
    expect(new URL(page.url()).pathname).toBe('/settings/members')
    await page.goto(`${atLocalhost(server).controlUrl}/account`)
    await page.getByText('You are signed in through single sign-on').waitFor()
    expect(await page.getByRole('button', { name: 'Change the password' }).count()).toBe(0)
    expect(await flawsOf(page)).toEqual([])
  })

  it('asks whoever another site has sent there, and begins from our own page', async () => {
    provider.person = { sub: 'p-3', email: 'linked@example.org', email_verified: true, name: 'Linked' }
    const { page } = await open('/sign-in')
    await page.goto(`${provider.issuer}/jwks`)
    const { sign_in_url: begin } = (await owner.call('GET', '/v1/sign-in-policy')).body
    provider.asked.length = 0
    await page.evaluate(`location.href = ${JSON.stringify(begin)}`)
    await page.getByRole('link', { name: 'Continue with single sign-on' }).waitFor()
    expect(provider.asked).not.toContain('/authorize')
    expect(await flawsOf(page)).toEqual([])
    await page.getByRole('link', { name: 'Continue with single sign-on' }).click()
    await isIn(page)
    await page.getByRole('button', { name: 'Account: Linked' }).waitFor()
    await page.goto(`${server.controlUrl}/sign-in?sso=${encodeURIComponent('ws_x/../evil')}`)
    await page.getByLabel('E-mail').waitFor()
    expect(await page.getByRole('link', { name: 'Continue with single sign-on' }).count()).toBe(0)
  })

  it('says why somebody cannot come in', async () => {
    provider.person = { sub: 'p-2', email: 'stranger@example.net', email_verified: true, name: 'Stranger' }
    const { page } = await openDashboard(browser, atLocalhost(server), null, '/sign-in')
    await page.getByRole('link', { name: 'Continue with Example' }).click()
    await page.getByRole('alert').filter({ hasText: 'invitation' }).waitFor()
    expect(new URL(page.url()).pathname).toBe('/sign-in')
  })
})

describe('the link of an invitation', () => {
  it('makes an account for a newcomer; the code leaves the address at once, and works once', async () => {
    const hash = await invitationFor('new@example.com')
    const { page, complaints } = await open(`/invitation${hash}`)
    await page.getByRole('heading', { level: 1, name: /^Join / }).waitFor()
    expect(page.url()).toBe(`${server.controlUrl}/invitation`)
    await page.getByText('You are invited as a developer').waitFor()
    expect(await flawsOf(page)).toEqual([])
    await page.getByLabel('Your name').fill('Nina New')
    await page.getByLabel('Password', { exact: true }).fill(GOOD_PASSWORD)
    await page.getByRole('button', { name: 'Create the account and join' }).click()
    await page.getByRole('button', { name: 'Account: Nina New' }).waitFor()
    const kept = await everythingKept(page)
    for (const secret of [hash.slice(1), GOOD_PASSWORD]) expect(kept).not.toContain(secret)
    expect(complaints).toEqual([])
    const second = await open(`/invitation${hash}`)
    await second.page.getByRole('alert').filter({ hasText: 'Ask for a new one' }).waitFor()
    expect(await flawsOf(second.page)).toEqual([])
  })

  it('adds a workspace to the account of whoever is signed in', async () => {
    const [elsewhere, person] = await memberElsewhere('Joins Too')
    const { page } = await open(`/invitation${elsewhere}`, person)
    await page.getByRole('button', { name: 'Join', exact: true }).click()
    await joined(page, 'Elsewhere Joins Too')
  })

  it('takes the password of who was removed and cannot sign in first', async () => {
    const person = await signedInMember(server, owner, 'developer', 'Back Again')
    const { id } = (await person.call('GET', '/v1/auth/session')).body.user as { id: string }
    expect((await owner.call('DELETE', `/v1/members/${id}`)).status).toBe(200)
    const { page, complaints } = await open(`/invitation${await invitationFor('back.again@example.com')}`)
    await typeSignIn(page, null, 'not their password')
    await page.getByRole('alert').filter({ hasText: 'not right' }).waitFor()
    await typeSignIn(page, null, GOOD_PASSWORD)
    await page.getByRole('button', { name: 'Account: Back Again' }).waitFor()
    expect(complaints.filter((it) => !it.includes('401') && !it.includes('409'))).toEqual([])
  })

  it('asks an account that there is to sign in first, under its own address alone', async () => {
    const [elsewhere] = await memberElsewhere('Signs In First')
    const { page } = await open(`/invitation${elsewhere}`, owner)
    await page.getByText('You are signed in as owner@example.com.').waitFor()
    expect(await page.getByLabel('E-mail').inputValue()).toBe('signs.in.first@example.com')
    expect(await flawsOf(page)).toEqual([])
    await typeSignIn(page, null, GOOD_PASSWORD)
    await joined(page, 'Elsewhere Signs In First')
  })

  it('says what is missing when the link was cut off', async () => {
    const { page } = await open('/invitation')
    await page.getByRole('alert').filter({ hasText: 'incomplete' }).waitFor()
    expect(await flawsOf(page)).toEqual([])
  })

  /** A member who is invited to another workspace: what the link has after its path, and their browser. */
  async function memberElsewhere(name: string): Promise<[string, TestBrowser]> {
    const person = await signedInMember(server, owner, 'developer', name)
    const other = await server.newWorkspace(`Elsewhere ${name}`)
    const email = `${name.toLowerCase().replaceAll(' ', '.')}@example.com`
    const invite = { email, role: 'auditor' }
    const { status, body } = await server.call('POST', '/v1/invitations', invite, {
      key: other.managementKey,
    })
    expect(status).toBe(201)
    return [new URL(body.url as string).hash, person]
  }

  async function joined(page: Page, workspace: string): Promise<void> {
    await page.getByRole('button', { name: `Workspace: ${workspace}` }).waitFor()
    await settled(page)
  }
})
