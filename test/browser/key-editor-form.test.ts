import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { startBrowser } from '../support/browser.js'
import { GOOD_PASSWORD, signedInMember, signedInOwner, TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'
import { PHONE, pressEscape } from './dashboard-support.js'
import {
  choose,
  leaveAll,
  level,
  matrixOf,
  nameOf,
  openAdd as openAddIn,
  tokenOf,
  type OpenForm,
} from './key-editor-support.js'
import { accessibilityFlaws, picture } from './page-support.js'

let server: TestServer
let browser: Browser
let owner: TestBrowser

beforeAll(async () => {
  server = await startServer()
  browser = await startBrowser()
  owner = await signedInOwner(server)
})

const opened: Page[] = []

afterEach(async () => {
  vi.useRealTimers()
  await leaveAll(opened)
})
afterAll(async () => {
  await browser.close()
  await server.close()
})

/** The owner signs in once more: a session of their own for what ends or outlives it. */
async function anotherSession(): Promise<TestBrowser> {
  const person = new TestBrowser(server.controlUrl)
  const body = { email: 'owner@example.com', password: GOOD_PASSWORD }
  expect((await person.call('POST', '/v1/auth/password', body)).status).toBe(200)
  return person
}

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

describe('what a new key cannot be given', () => {
  it('is what its environment does not allow, and why stands there', async () => {
    const { body } = await server.call('GET', '/v1/workspace')
    const match = { headers: { 'if-match': `"${String(body.version)}"` } }
    const ceilings = { staging: { history: 'read', call: 'edit' } }
    expect((await server.call('PATCH', '/v1/workspace', { ceilings }, match)).status).toBe(200)
    const { page, dialog } = await openAdd()
    await nameOf(dialog).fill('Too much')
    await level(dialog, 'History: Edit').check()
    await choose(dialog, 'Staging')
    await dialog.getByText('Edit is above the ceiling of staging.').first().waitFor()
    expect(await level(dialog, 'Agent: Read').isDisabled()).toBe(true)
    await dialog.getByRole('button', { name: 'Add key' }).click()
    await dialog.getByRole('alert').filter({ hasText: 'More than this key can be given' }).waitFor()
    expect(await keysNamed('Too much')).toEqual([])
    await dialog.getByRole('button', { name: 'Lower to what is allowed' }).click()
    expect(await level(dialog, 'History: Read').isChecked()).toBe(true)
    await dialog.getByRole('button', { name: 'Add key' }).click()
    await tokenOf(page).waitFor()
    expect(await theKeyNamed('Too much')).toMatchObject({
      environment: 'staging',
      access: { history: 'read' },
    })
  })

  it('is full access by a developer, who is told whom to ask', async () => {
    const developer = await signedInMember(server, owner, 'developer', 'Dana Developer')
    const { page, dialog } = await openAdd(developer)
    const restrict = dialog.getByRole('switch', { name: 'Restrict permissions' })
    expect([await restrict.isChecked(), await restrict.isDisabled()]).toEqual([true, true])
    await dialog.getByText('Your role, developer, cannot give full access. Ask an owner or admin.').waitFor()
    await nameOf(dialog).fill('By a developer')
    await dialog.getByRole('button', { name: 'Read only' }).click()
    await dialog.getByRole('button', { name: 'Add key' }).click()
    await tokenOf(page).waitFor()
    expect((await theKeyNamed('By a developer'))['access']).toMatchObject({ history: 'read' })
  })
})

describe('a form', () => {
  it('outlives the session: one signs in over it, and nothing typed is lost', async () => {
    const person = await anotherSession()
    const { page, dialog } = await openAdd(person)
    await nameOf(dialog).fill('Typed before the end')
    await dialog.getByRole('button', { name: 'Outbound caller' }).click()
    expect((await person.call('POST', '/v1/auth/sign-out', {})).status).toBe(200)
    await dialog.getByRole('button', { name: 'Add key' }).click()
    const prompt = page.getByRole('dialog', { name: 'Sign in again' })
    await prompt.waitFor()
    await prompt.locator('input[type=password]').fill(GOOD_PASSWORD)
    await prompt.locator('input[type=password]').press('Enter')
    await tokenOf(page).waitFor()
    expect(await theKeyNamed('Typed before the end')).toMatchObject({ access: { call: 'edit' } })
  })

  it('asks for a recent sign-in before a full key, and keeps what was typed where that is declined', async () => {
    const person = await anotherSession()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11 * 60_000 })
    const { page, dialog } = await openAdd(person)
    await nameOf(dialog).fill('Full and recent')
    await dialog.getByRole('switch', { name: 'Restrict permissions' }).uncheck()
    await dialog.getByText('Making it asks for a recent sign-in.').waitFor()
    await dialog.getByRole('button', { name: 'Add key' }).click()
    const prompt = page.getByRole('dialog', { name: 'Confirm that it is you' })
    await prompt.waitFor()
    await pressEscape(page)
    await prompt.waitFor({ state: 'detached' })
    expect(await nameOf(dialog).inputValue()).toBe('Full and recent')
    expect(await keysNamed('Full and recent')).toEqual([])
    await dialog.getByRole('button', { name: 'Add key' }).click()
    await prompt.locator('input[type=password]').fill(GOOD_PASSWORD)
    await prompt.locator('input[type=password]').press('Enter')
    await tokenOf(page).waitFor()
    expect(await theKeyNamed('Full and recent')).toMatchObject({ access: 'full' })
  })

  it('asks before what was typed is lost', async () => {
    const { page, dialog } = await openAdd()
    await nameOf(dialog).fill('Given up')
    await pressEscape(page)
    const question = page.getByRole('alertdialog', { name: 'Discard what you entered?' })
    await question.getByRole('button', { name: 'Cancel' }).click()
    expect(await nameOf(dialog).inputValue()).toBe('Given up')
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await question.getByRole('button', { name: 'Discard' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Add', exact: true }).first().click()
    await dialog.waitFor()
    expect(await nameOf(dialog).inputValue()).toBe('')
  })

  it('can be used by everybody, light and dark, on a phone too', async () => {
    const { page, dialog, complaints } = await openAdd()
    await nameOf(dialog).fill('CRM sync, nightly export')
    await dialog.getByRole('button', { name: 'Outbound caller' }).click()
    await picture(page, 'key-editor')
    await dialog
      .locator('summary')
      .filter({ hasText: /^Can call/ })
      .click()
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      expect(await accessibilityFlaws(page)).toEqual([])
    }
    await page.setViewportSize(PHONE)
    expect(await accessibilityFlaws(page)).toEqual([])
    const overflow = `[document.documentElement, document.querySelector('.dialog-body')].map((it) => it.scrollWidth - it.clientWidth)`
    expect(await page.evaluate(overflow)).toEqual([0, 0])
    await page.emulateMedia({ colorScheme: 'light' })
    await matrixOf(dialog).evaluate((it) => it.scrollIntoView())
    await picture(page, 'key-editor-phone')
    await dialog.getByRole('button', { name: 'Add key' }).click()
    await tokenOf(page).waitFor()
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      expect(await accessibilityFlaws(page)).toEqual([])
    }
    expect(await page.evaluate(overflow)).toEqual([0, 0])
    expect(complaints).toEqual([])
  })
})
