import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '../../server/src/config.js'
import { serve, type RunningServer } from '../../server/src/serve.js'
import { startBrowser } from '../support/browser.js'
import { GOOD_PASSWORD } from '../support/people.js'
import { DESKTOP, PHONE } from './dashboard-support.js'
import { everythingKept, picture } from './page-support.js'
import { flawsOf, isIn } from './people-support.js'

let dataDirectory: string
let server: RunningServer
let browser: Browser
let link: string
/** Opened before the link was used. */
let late: Page

beforeAll(async () => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'bitting-browser-'))
  server = await serve(
    readConfig({
      BITTING_DATA_DIR: dataDirectory,
      BITTING_LISTEN: '127.0.0.1:0',
      BITTING_GATEWAY_LISTEN: '127.0.0.1:0',
      BITTING_LOG_LEVEL: 'silent',
    }),
  )
  link = server.setupUrl ?? ''
  browser = await startBrowser()
})

afterAll(async () => {
  await browser.close()
  await server.close()
  rmSync(dataDirectory, { recursive: true, force: true })
})

async function open(url: string): Promise<{ page: Page; complaints: string[] }> {
  const page = await (await browser.newContext({ viewport: DESKTOP })).newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (!message.text().startsWith('Failed to load resource')) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(url)
  await page.getByRole('heading', { level: 1 }).waitFor()
  return { page, complaints }
}

async function fill(page: Page, password: string): Promise<void> {
  await page.getByLabel('Your name').fill('Olga Owner')
  await page.getByLabel('E-mail').fill('olga@example.com')
  await page.getByLabel('Password', { exact: true }).fill(password)
}

const create = (page: Page): Promise<void> => page.getByRole('button', { name: 'Create the account' }).click()

describe('the set-up link of a first start', () => {
  it('says while it is typed what the password lacks, and shows it when asked to', async () => {
    const { page, complaints } = await open(link)
    expect(new URL(page.url()).hash).toBe('')
    const password = page.getByLabel('Password', { exact: true })
    await password.fill('seven')
    await page.getByText('At least 12 characters: 7 more.').waitFor()
    await password.fill('seven brass keys')
    await page.getByText('At least 12 characters: long enough.').waitFor()
    expect(await password.getAttribute('type')).toBe('password')
    await page.getByRole('button', { name: 'Show the password' }).click()
    expect(await password.getAttribute('type')).toBe('text')
    await page.getByRole('button', { name: 'Hide the password' }).click()
    expect(await flawsOf(page)).toEqual([])
    await fill(page, 'olga@example.com')
    await create(page)
    await page.getByText('must not be made of your name or address').waitFor()
    expect(await password.getAttribute('aria-invalid')).toBe('true')
    expect(await flawsOf(page)).toEqual([])
    expect(complaints).toEqual([])
  })

  it('makes the owner and leads to the overview; the code and the password stay nowhere', async () => {
    const { page, complaints } = await open(link)
    late = (await open(link)).page
    await fill(page, GOOD_PASSWORD)
    await page.getByLabel('Workspace').fill('Ardent Voice')
    await picture(page, 'setup')
    await page.setViewportSize(PHONE)
    await picture(page, 'setup-phone')
    await page.setViewportSize(DESKTOP)
    await create(page)
    await isIn(page)
    expect(page.url()).toBe(new URL('/', link).href)
    await page.getByText('Ardent Voice').first().waitFor()
    await page.getByRole('button', { name: 'Account: Olga Owner' }).waitFor()
    const kept = await everythingKept(page)
    for (const secret of [link.split('#')[1] ?? '', GOOD_PASSWORD]) expect(kept).not.toContain(secret)
    await page.goBack()
    expect(page.url()).not.toContain(link.split('#')[1])
    expect(complaints).toEqual([])
  })

  it('says so to whoever comes second, with the form filled in', async () => {
    await fill(late, GOOD_PASSWORD)
    await create(late)
    await late.getByRole('alert').filter({ hasText: 'used already' }).waitFor()
    expect(await everythingKept(late)).not.toContain(GOOD_PASSWORD)
  })

  it('says at once that a link was used', async () => {
    const { page } = await open(link)
    await page.getByRole('alert').filter({ hasText: 'used already' }).waitFor()
    expect(await page.getByLabel('Your name').count()).toBe(0)
    expect(await flawsOf(page)).toEqual([])
    await page.getByRole('link', { name: 'Sign in' }).click()
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor()
  })

  it('says what is missing when the link was cut off', async () => {
    const { page } = await open(new URL('/setup', link).href)
    await page.getByRole('alert').filter({ hasText: 'incomplete' }).waitFor()
    expect(await flawsOf(page)).toEqual([])
  })

  it('is served with a policy that allows nothing from elsewhere and no framing', async () => {
    const { headers } = await fetch(`${server.controlUrl}/setup`)
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
    expect(headers.get('x-frame-options')).toBe('DENY')
  })
})
