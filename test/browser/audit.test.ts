import { readFile } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseVerifierKey } from '../../core/src/index.js'
import { sha256 } from '../../server/src/audit/log-key.js'
import { verifyLog } from '../../server/src/audit/verify-log.js'
import { startBrowser } from '../support/browser.js'
import { signedInMember, signedInOwner, type TestBrowser } from '../support/people.js'
import { startServer, type ApiAnswer, type TestServer } from '../support/server.js'
import { DESKTOP, openDashboard, PHONE, pressEscape, settled, type Dashboard } from './dashboard-support.js'
import { accessibilityFlaws, picture } from './page-support.js'

let server: TestServer
let browser: Browser
let owner: TestBrowser
let auditor: TestBrowser
let key: { id: string; token: string }
let dashboard: Dashboard

beforeAll(async () => {
  server = await startServer()
  browser = await startBrowser()
  owner = await signedInOwner(server)
  for (let at = 1; at <= 60; at++) await owner.call('PATCH', '/v1/workspace', { name: `Acme ${at}` })
  auditor = await signedInMember(server, owner, 'auditor', 'Ada Auditor')
  key = await server.createKey({ history: 'read' }, { name: 'History reader' })
  await owner.call('PATCH', `/v1/keys/${key.id}`, { access: { history: 'read', agent: 'read' } })
  await server.fetch('/get-agent/agent_1', key.token)
  await server.fetch('/list-phone-numbers', key.token)
  dashboard = await openDashboard(browser, server, auditor, '/audit')
}, 60_000)

afterAll(async () => {
  await browser.close()
  await server.close()
})

/** Axe in light and dark, and no scrolling sideways, on a desktop and a phone. */
async function expectGoodLook(page: Page): Promise<void> {
  for (const [size, colorScheme] of [
    [DESKTOP, 'light'],
    [PHONE, 'dark'],
  ] as const) {
    await page.setViewportSize(size)
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    expect(await accessibilityFlaws(page)).toEqual([])
  }
  await page.setViewportSize(DESKTOP)
  await page.emulateMedia({ colorScheme: 'light' })
}

async function goto(path: string): Promise<Page> {
  await dashboard.page.goto(server.controlUrl + path)
  await settled(dashboard.page)
  return dashboard.page
}

/** The index of the newest entry that a filter finds. */
async function newest(filter: string): Promise<number> {
  return (await owner.call('GET', `/v1/audit?limit=1&${filter}`)).body.data[0].index as number
}

const row = (page: Page, text: string | RegExp) => page.getByRole('row').filter({ hasText: text })

describe('the list', () => {
  it('tells who did what in words, newest first, and loads more', async () => {
    const page = await goto('/audit')
    await row(page, 'Changed the settings of the workspace').first().waitFor()
    await page.getByText('50 entries so far').waitFor()
    await picture(page, 'audit')
    await page.setViewportSize(PHONE)
    await picture(page, 'audit-phone')
    await page.setViewportSize(DESKTOP)
    await page.getByRole('button', { name: 'Show more' }).click()
    await row(page, 'Created the key “History reader”').filter({ hasText: 'Owner' }).waitFor()
    await row(page, 'Made the workspace “First”').filter({ hasText: 'Operator' }).waitFor()
    await row(page, /Was refused .*list-phone-numbers: needs Phone: Read/)
      .filter({ hasText: 'History reader' })
      .filter({ hasText: 'Refused' })
      .waitFor()
    await row(page, 'Invited ada.auditor@example.com').filter({ hasText: 'Olga Owner' }).waitFor()
  })

  it('keeps search and filters in the address: they survive reloading, and back and forward', async () => {
    const page = await goto('/audit')
    await page.getByLabel('Action').selectOption('call.denied')
    await page.waitForURL(/action=call\.denied/)
    await row(page, 'needs Phone: Read').waitFor()
    await row(page, 'Changed the settings').first().waitFor({ state: 'detached' })
    await page.getByLabel('Outcome').selectOption('success')
    await page.getByText('No entries match').waitFor()
    await expectGoodLook(page)
    await page.goBack()
    await row(page, 'needs Phone: Read').waitFor()
    expect(await page.getByLabel('Outcome').inputValue()).toBe('')
    await page.goForward()
    await page.getByText('No entries match').waitFor()
    await page.reload()
    await page.getByText('No entries match').waitFor()
    expect(await page.getByLabel('Action').inputValue()).toBe('call.denied')
    await page.getByRole('button', { name: 'Clear' }).click()
    await row(page, 'Changed the settings').first().waitFor()
    expect(new URL(page.url()).search).toBe('')
  })

  it('finds words, keys, requests and spans of time', async () => {
    const page = await goto('/audit')
    await page.getByRole('searchbox').fill('agent_1')
    await page.waitForURL(/text=agent_1/)
    await page.getByText('1 entry', { exact: true }).waitFor()
    await row(page, 'of agent_1').waitFor()

    const { body } = await owner.call('GET', '/v1/audit?action=key.update')
    const requestId = body.data[0].request_id as string
    await goto(`/audit?key=${key.id}`)
    await page.getByText('4 entries', { exact: true }).waitFor()
    const acting = page.getByLabel('Key that acted, or was acted on')
    await expect.poll(() => acting.inputValue()).toBe('History reader')
    await page.getByLabel('Request id').fill(requestId)
    await page.getByText('1 entry', { exact: true }).waitFor()
    await row(page, 'Changed the key “History reader”: access').waitFor()
    await page.getByLabel('Until').fill('2020-01-01T00:00')
    await page.getByText('No entries match').waitFor()
    expect(page.url()).toContain('until=')
    await goto('/audit?text=%21%21')
    const alert = page.getByRole('alert').filter({ hasText: 'could not be searched' })
    await alert.getByText('Text: must have a letter or a digit').waitFor()
    expect(await alert.getByText('Request').count()).toBe(0)
  })

  it('finds people and keys by their names', async () => {
    const page = await goto('/audit')
    await page.getByRole('button', { name: 'More filters' }).click()
    const who = page.getByLabel('Who', { exact: true })
    await who.fill('olga own')
    await page.waitForURL(/actor=usr_/)
    await row(page, 'Changed the settings of the workspace: name').first().waitFor()
    expect(await who.inputValue()).toBe('olga own')
    await page.reload()
    await expect.poll(() => who.inputValue()).toBe('Olga Owner')
    await who.fill('history')
    await page.waitForURL(new RegExp(`actor=${key.id}`))
    await row(page, 'of agent_1').waitFor()
    await who.fill('nobody of that name')
    await page.getByText('No entries match').waitFor()
  })

  it('calls who was removed by the address that the log holds, and never by an id', async () => {
    const person = await signedInMember(server, owner, 'developer', 'Remy Removed')
    const id = (await person.call('GET', '/v1/auth/session')).body.user.id as string
    expect((await owner.call('DELETE', `/v1/members/${id}`)).status).toBe(200)
    const page = await goto(`/audit?actor=${id}`)
    await row(page, 'Signed in').first().getByText('remy.removed@example.com (former)').waitFor()
    expect(await page.getByText(id).count()).toBe(0)
    await goto('/audit?action=member.remove')
    await row(page, 'Removed remy.removed@example.com from the workspace').waitFor()
    await goto(`/audit/${await newest('action=member.remove')}`)
    await page.getByRole('definition').filter({ hasText: 'remy.removed@example.com (former)' }).waitFor()
  })

  it('tells what was refused in words, and being asked who one is from a refusal', async () => {
    const address = /\/v1\/audit\?/
    const { page } = dashboard
    const { body } = await owner.call('GET', '/v1/audit?action=key.update&limit=1')
    const denied = (index: number, reason: string) => ({
      ...body.data[0],
      index,
      action: 'access.denied',
      operation: 'setSignInPolicy',
      resource: { type: 'operation', id: 'setSignInPolicy' },
      outcome: 'failure',
      reason,
      details: {},
    })
    const data = [denied(2, 'insufficient_scope'), denied(1, 'step_up_required')]
    await page.route(address, (route) => route.fulfill({ json: { data, next_cursor: null } }))
    await goto('/audit?action=access.denied')
    await row(page, 'Was refused changing how members sign in: the permissions')
      .getByText('Refused', { exact: true })
      .waitFor()
    await row(page, 'Was asked to confirm who they are before changing how members sign in')
      .getByText('Asked', { exact: true })
      .waitFor()
    await page.unroute(address)
  })

  it('announces what is new and shows it when asked', async () => {
    const page = await goto('/audit?action=key.create')
    await page.getByText(/^\d+ entries$/).waitFor()
    await server.createKey({ history: 'read' }, { name: 'A newcomer' })
    const button = page.getByRole('button', { name: '1 newer entry' })
    await button.waitFor({ timeout: 20_000 })
    expect(await row(page, '“A newcomer”').count()).toBe(0)
    await button.click()
    await row(page, '“A newcomer”').waitFor()
    await button.waitFor({ state: 'detached' })
  })

  it('looks well', async () => {
    const page = await goto('/audit?action=key.create')
    await row(page, 'Created the key').first().waitFor()
    await page.getByRole('button', { name: 'More filters' }).click()
    await expectGoodLook(page)
  })
})

describe('an entry', () => {
  it('shows every field, what changed, and a proof that this browser checked', async () => {
    const page = await goto(`/audit/${await newest('action=key.update')}`)
    await page.getByText('Proved', { exact: true }).waitFor()
    for (const step of ['What is shown is what the log holds', 'The root matches', 'Ed25519, by bitting/']) {
      await page.getByText(step).waitFor()
    }
    await page.getByText('Access · Agent').waitFor()
    expect(await page.getByText('Personal data', { exact: true }).count()).toBe(2)
    await page.getByRole('button', { name: 'Copy: Entry as JSON' }).click()
    const copied = JSON.parse(await page.evaluate<string>('navigator.clipboard.readText()'))
    expect(copied).toMatchObject({ action: 'key.update', resource: { type: 'key', id: key.id } })
    await picture(page, 'audit-entry')
    await expectGoodLook(page)
    await page.getByRole('link', { name: 'Previous' }).click()
    await page.getByText('Created the key “History reader”').waitFor()
    await page.getByRole('listitem').getByText('History: Read').waitFor()
    expect(await page.locator('dl.facts').filter({ hasText: 'When' }).getByText('null').count()).toBe(0)
  })

  it('saves the proof as a C2SP tlog-proof', async () => {
    const page = await goto(`/audit/${await newest('action=key.update')}`)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save the proof' }).click(),
    ])
    expect(download.suggestedFilename()).toMatch(/^entry-\d+\.tlog-proof$/)
    const text = await readFile(await download.path(), 'utf8')
    expect(text).toMatch(/^c2sp\.org\/tlog-proof@v1\nindex \d+\n/)
  })

  const tamperings: [what: string, change: (body: ApiAnswer['body']) => void][] = [
    ['a shown field', (body) => (body.actor.id = 'usr_somebodyelse')],
    ['the bytes that are proved', (body) => (body.raw = Buffer.from('{}').toString('base64'))],
    [
      'field and bytes alike',
      (body) => {
        const leaf = Buffer.from(body.raw, 'base64').toString().replace('key.update', 'key.rotate')
        Object.assign(body, { raw: Buffer.from(leaf).toString('base64'), action: 'key.rotate' })
      },
    ],
    ['personal data', (body) => (body.personal = Buffer.from('{"salt":"x"}').toString('base64'))],
  ]
  it.each(tamperings)('says FAILED where somebody tampered with %s', async (_what, change) => {
    const index = await newest('action=key.update')
    const { page } = dashboard
    const address = `${server.controlUrl}/v1/audit/${index}`
    await page.route(address, async (route) => {
      const response = await route.fetch()
      const body = await response.json()
      change(body)
      await route.fulfill({ response, json: body })
    })
    await goto(`/audit/${index}`)
    await page.getByRole('alert').filter({ hasText: 'FAILED: this entry is not what was signed' }).waitFor()
    await page.unroute(address)
  })

  it('waits for a checkpoint that covers it', async () => {
    const index = await newest('action=key.update')
    const { page } = dashboard
    const address = `${server.controlUrl}/v1/audit/checkpoint`
    await page.route(address, (route) =>
      route.fulfill({ status: 404, json: { code: 'not_found', detail: 'none yet', title: '', status: 404 } }),
    )
    await goto(`/audit/${index}`)
    await page.getByText('Waiting for the next checkpoint').waitFor()
    await page.unroute(address)
    await page.getByText('Proved', { exact: true }).waitFor()
  })
})

describe('the checkpoint', () => {
  it('is checked in the browser, and the next one against it', async () => {
    const page = await goto('/audit?action=call.denied')
    await page.getByRole('button', { name: 'Check here now' }).click()
    await page.getByText('The signature is valid; there is nothing').waitFor()
    await page.getByText('This browser keeps this checkpoint now').waitFor()
    await owner.call('PATCH', '/v1/workspace', { name: 'Acme again' })
    await page.getByRole('button', { name: 'Check here now' }).click()
    await page.getByText('The log begins with the').waitFor()
    await page.getByText('everything holds').waitFor()
    await page.getByRole('button', { name: 'How to verify it' }).click()
    await page.getByText('bitting audit verify log.jsonl --key log.key').waitFor()
    await expectGoodLook(page)
    await pressEscape(page)
  })

  it('fails with another verifier key, and with a log that does not begin with what was seen', async () => {
    const page = await goto('/audit?action=call.denied')
    const address = `${server.controlUrl}/v1/audit/checkpoint/key`
    const other = await server.newWorkspace('Other')
    const { body } = await server.call('GET', '/v1/audit/checkpoint/key', undefined, {
      key: other.managementKey,
    })
    await page.route(address, (route) => route.fulfill({ body: body as string }))
    await page.getByRole('button', { name: 'Check here now' }).click()
    await page.getByText('FAILED: this log is not what was signed').waitFor()
    await page.getByText('This key has not signed this checkpoint.').waitFor()
    await expectGoodLook(page)
    await page.unroute(address)

    const consistency = /\/v1\/audit\/consistency/
    await owner.call('PATCH', '/v1/workspace', { name: 'Acme once more' })
    await page.route(consistency, async (route) => {
      const response = await route.fetch()
      const answer = await response.json()
      await route.fulfill({ response, json: { ...answer, hashes: answer.hashes.toReversed() } })
    })
    await expect
      .poll(async () => {
        await page.getByRole('button', { name: 'Check here now' }).click()
        await page.getByText(/^(FAILED|Checked)/).waitFor()
        return page.getByText('The log does not begin with the').count()
      })
      .toBe(1)
    await page.unroute(consistency)
  })
})

describe('the export', () => {
  it('saves the whole log with its checkpoint, and what a filter finds', async () => {
    const page = await goto('/audit?action=call.denied')
    await row(page, 'needs Phone: Read').waitFor()
    const download = async (choice: string) => {
      await page.getByRole('button', { name: 'Export' }).click()
      await page.getByLabel(choice).check()
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Download' }).click(),
      ])
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      return readFile(await file.path(), 'utf8')
    }
    const found = (await download('What the filters find, as CSV')).split('\r\n')
    expect(found).toHaveLength(3)
    expect(found[0]).toMatch(/^index,at,actor_type,/)
    expect(found[1]).toContain(`,key,${key.id},`)
    const lines = (await download('The whole log, with its proofs')).trimEnd().split('\n')
    const verifierKey = (await owner.call('GET', '/v1/audit/checkpoint/key')).body.trim() as string
    const report = await verifyLog(lines, parseVerifierKey(sha256, verifierKey)!, [])
    expect(report).toMatchObject({ findings: [], firstIndex: 0, size: lines.length - 1, checkpointsHeld: 1 })
    const csv = (await download('The whole log, as CSV')).split('\r\n')
    expect(csv[0]).toBe(found[0])
    await page.getByRole('button', { name: 'Export' }).click()
    await expectGoodLook(page)
  })
})

describe('a browser that cannot check', () => {
  it.each([
    ['without cryptography', `Object.defineProperty(Crypto.prototype, 'subtle', { get: () => undefined })`],
    [
      'without Ed25519',
      `SubtleCrypto.prototype.importKey = () => Promise.reject(new DOMException('', 'NotSupportedError'))`,
    ],
  ])('says so, and not that anything is wrong: %s', async (_what, script) => {
    const { page, complaints } = await openDashboard(browser, server, auditor, '/settings/appearance')
    await page.addInitScript(script)
    await page.goto(`${server.controlUrl}/audit/${await newest('action=key.update')}`)
    await page.getByText('Not everything could be checked in this browser').waitFor()
    await page.getByText(/Use the command line instead/).waitFor()
    await page.goto(`${server.controlUrl}/audit?action=key.update`)
    await page.getByRole('button', { name: 'Check here now' }).click()
    await page.getByText('This browser could not check everything').waitFor()
    expect(await page.evaluate('Object.keys(localStorage).length')).toBe(0)
    expect(complaints).toEqual([])
  })
})

it('gives the browser nothing to complain about', () => {
  expect(dashboard.complaints).toEqual([])
})
