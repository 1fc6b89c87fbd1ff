import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '../../server/src/config.js'
import { serve, type RunningServer } from '../../server/src/serve.js'
import { startBrowser } from '../support/browser.js'

let dataDirectory: string
let server: RunningServer
let browser: Browser

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
  browser = await startBrowser()
})

afterAll(async () => {
  await browser.close()
  await server.close()
  rmSync(dataDirectory, { recursive: true, force: true })
})

async function open(url: string): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(url)
  return { page, complaints }
}

describe('the set-up link of a first start', () => {
  it('gives the management key once, and leaves its code out of the history', async () => {
    const link = server.setupUrl ?? ''
    const { page, complaints } = await open(link)
    expect(page.url()).toBe(`${server.controlUrl}/setup`)
    await page.getByRole('button', { name: 'Show the key' }).click()
    await page.locator('#taken').waitFor()
    const key = await page.locator('#key').textContent()
    expect(key).toMatch(/^btgm_live_[A-Za-z0-9]{65}$/)
    const answer = await fetch(`${server.controlUrl}/v1/whoami`, {
      headers: { authorization: `Bearer ${String(key)}` },
    })
    expect(answer.status).toBe(200)
    expect(complaints).toEqual([])

    const second = await open(link)
    await second.page.getByRole('button', { name: 'Show the key' }).click()
    await second.page.getByRole('alert').filter({ hasText: 'used already' }).waitFor()
    expect(await second.page.locator('#key').textContent()).toBe('')
  })

  it('says what is missing when the link was cut off', async () => {
    const { page } = await open(`${server.controlUrl}/setup`)
    await page.getByRole('alert').filter({ hasText: 'incomplete' }).waitFor()
  })

  it('is served with a policy that allows nothing from elsewhere and no framing', async () => {
    const { headers } = await fetch(`${server.controlUrl}/setup`)
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
    expect(headers.get('x-frame-options')).toBe('DENY')
  })
})
