import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { readConfig } from '../../server/src/config.js'
import { openDatabase } from '../../server/src/storage/database.js'
import { openLocal } from '../../server/src/local.js'
import { GOOD_PASSWORD, signedInMember, signedInOwner, TestBrowser } from '../support/people.js'
import { startServer, type ApiAnswer, type TestServer } from '../support/server.js'

describe('invitations', () => {
  let server: TestServer
  let owner: TestBrowser

  beforeAll(async () => {
    server = await startServer()
    owner = await signedInOwner(server)
  })
  afterAll(() => server.close())

  const invite = async (
    email: string,
    role = 'developer',
    key?: string,
  ): Promise<{ id: string; code: string }> => {
    const { status, body } = await server.call('POST', '/v1/invitations', { email, role }, key ? { key } : {})
    expect(status, JSON.stringify(body)).toBe(201)
    return { id: body.invitation.id as string, code: new URL(body.url as string).hash.slice(1) }
  }
  const newBrowser = (): TestBrowser => new TestBrowser(server.controlUrl)
  const accept = (code: string, browser = newBrowser(), more: object = { name: 'Nora New' }) =>
    browser.call('POST', '/v1/auth/invitation', { code, password: GOOD_PASSWORD, ...more })
  const view = (code: string) => newBrowser().call('POST', '/v1/auth/invitation/view', { code })
  const outcome = ({ status, body }: ApiAnswer): unknown[] => [status, body.code]
  const stateOf = async (id: string): Promise<string> => {
    const { body } = await server.call('GET', '/v1/invitations?limit=100')
    return (body.data as { id: string; state: string }[]).find((it) => it.id === id)?.state ?? 'none'
  }

  it('lead somebody new to an account, a membership and a session', async () => {
    const { id, code } = await invite(' Nora@Example.com ', 'auditor')
    expect((await view(code)).body).toMatchObject({
      workspace_name: 'First',
      email: 'nora@example.com',
      role: 'auditor',
      has_account: false,
    })
    const browser = newBrowser()
    const { status, body } = await accept(code, browser)
    expect([status, body.status]).toEqual([200, 'signed_in'])
    expect(body.session).toMatchObject({
      role: 'auditor',
      method: 'invitation',
      user: { email: 'nora@example.com', name: 'Nora New', has_password: true },
    })
    expect(await stateOf(id)).toBe('accepted')
    expect((await browser.call('GET', '/v1/whoami')).body.member.role).toBe('auditor')
    const { body: log } = await server.call('GET', `/v1/audit?resource=${String(body.session.user.id)}`)
    expect(log.data).toMatchObject([
      {
        action: 'member.join',
        details: { role: 'auditor', invitation: id, metadata: { email: 'nora@example.com' } },
      },
    ])
    const signedIn = await newBrowser().call('POST', '/v1/auth/password', {
      email: 'nora@example.com',
      password: GOOD_PASSWORD,
    })
    expect(signedIn.status).toBe(200)
  })

  it('are good once, also for eight who open the link at the same moment', async () => {
    const { code } = await invite('once@example.com')
    const answers = await Promise.all(Array.from({ length: 8 }, () => accept(code)))
    // Who comes while the account is being made may be told that there is one now.
    const refused = answers.map(({ status }) => status).filter((status) => status !== 200)
    expect(refused).toHaveLength(7)
    expect(refused.filter((status) => ![401, 409].includes(status))).toEqual([])
    const { body } = await server.call('GET', '/v1/members?limit=100')
    const once = (body.data as { email: string }[]).filter(({ email }) => email === 'once@example.com')
    expect(once).toHaveLength(1)
  })

  it('that are accepted, revoked, replaced, too old or never were are answered alike', async () => {
    const accepted = await invite('accepted@example.com')
    expect((await accept(accepted.code)).status).toBe(200)
    const revoked = await invite('revoked@example.com')
    await server.call('DELETE', `/v1/invitations/${revoked.id}`)
    const replaced = await invite('replaced@example.com')
    const newer = await invite('Replaced@example.com')
    const old = await invite('old@example.com')
    expect([await stateOf(replaced.id), await stateOf(newer.id)]).toEqual(['revoked', 'open'])
    const unknown = await accept('x'.repeat(43))
    expect(outcome(unknown)).toEqual([401, 'sign_in_failed'])
    const soon = Date.now() + 7 * 86_400_000 - 5000
    vi.useFakeTimers({ toFake: ['Date'], now: soon })
    try {
      expect((await view(old.code)).status).toBe(200)
      vi.setSystemTime(soon + 6000)
      expect(await stateOf(old.id)).toBe('expired')
      for (const { code } of [accepted, revoked, replaced, old]) {
        for (const answer of [await accept(code), await view(code)]) {
          expect([answer.status, answer.body]).toEqual([401, unknown.body])
        }
      }
      for (const { id } of [accepted, revoked, old]) {
        expect(outcome(await server.call('DELETE', `/v1/invitations/${id}`))).toEqual([409, 'state_conflict'])
      }
    } finally {
      vi.useRealTimers()
    }
    expect((await accept(newer.code)).status).toBe(200)
  })

  it('nothing of their code is kept', async () => {
    const { code } = await invite('hash@example.com')
    const database = await openDatabase({ url: null, dataDirectory: server.dataDirectory })
    const rows = await database.read.selectFrom('invitations').selectAll().execute()
    const entries = await database.read.selectFrom('audit_log').selectAll().execute()
    await database.close()
    expect(rows.length).toBeGreaterThan(0)
    expect(JSON.stringify([rows, entries])).not.toContain(code)
  })

  it('for an address with an account ask to be signed in to it, and renew no sign-in', async () => {
    const other = await server.newWorkspace('Other')
    const person = await signedInMember(server, owner, 'developer', 'Known Person')
    const { code } = await invite('known.person@example.com', 'admin', other.managementKey)
    expect((await view(code)).body).toMatchObject({ workspace_name: 'Other', has_account: true })
    for (const browser of [newBrowser(), owner]) {
      expect(outcome(await accept(code, browser))).toEqual([409, 'sign_in_first'])
    }
    expect((await owner.call('GET', '/v1/auth/session')).status).toBe(200)
    const before = (await person.call('GET', '/v1/auth/session')).body
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 1_800_000 })
    try {
      const { body } = await person.call('POST', '/v1/auth/invitation', { code })
      expect(body.session).toMatchObject({
        id: before.id,
        role: 'admin',
        workspace: { id: other.id },
        recent_until: before.recent_until,
      })
      const names = (body.session.workspaces as { name: string }[]).map(({ name }) => name)
      expect(names).toEqual(['First', 'Other'])
    } finally {
      vi.useRealTimers()
    }
    const { body: log } = await server.call('GET', '/v1/audit?action=member.join', undefined, {
      key: other.managementKey,
    })
    expect(log.data).toMatchObject([{ actor: { type: 'member', id: before.user.id } }])
  })

  it('bring back whoever was removed, and are not for members', async () => {
    const back = await signedInMember(server, owner, 'admin', 'Back Again')
    const { id } = (await back.call('GET', '/v1/auth/session')).body.user as { id: string }
    const email = 'back.again@example.com'
    const refused = await server.call('POST', '/v1/invitations', { email, role: 'developer' })
    expect(outcome(refused)).toEqual([409, 'state_conflict'])
    await server.call('DELETE', `/v1/members/${id}`)
    const { code } = await invite(email, 'auditor')
    // No workspace lets them in to be signed in first, so the password that is theirs does.
    const credentials = { email, password: GOOD_PASSWORD }
    expect((await newBrowser().call('POST', '/v1/auth/password', credentials)).status).toBe(403)
    expect(outcome(await back.call('GET', '/v1/auth/session'))).toEqual([401, 'session_ended'])
    expect(outcome(await accept(code, back, { password: undefined }))).toEqual([409, 'sign_in_first'])
    const wrong = await accept(code, back, { password: 'not theirs at all' })
    expect(outcome(wrong)).toEqual([401, 'sign_in_failed'])
    const again = await accept(code, back)
    expect(again.body.session).toMatchObject({ role: 'auditor', user: { id } })
    const { body } = await server.call('GET', '/v1/members?limit=100')
    const member = (body.data as { id: string }[]).find((it) => it.id === id)
    expect(member).toMatchObject({ role: 'auditor', version: 3 })
  })

  it('count a password once: the right one after four wrong ones brings back', async () => {
    const back = await signedInMember(server, owner, 'developer', 'Four Wrong')
    const { id } = (await back.call('GET', '/v1/auth/session')).body.user as { id: string }
    await server.call('DELETE', `/v1/members/${id}`)
    const { code } = await invite('four.wrong@example.com')
    for (let guess = 0; guess < 4; guess++) {
      const wrong = await accept(code, newBrowser(), { password: `wrong ${String(guess)}` })
      expect(outcome(wrong)).toEqual([401, 'sign_in_failed'])
    }
    const { status, body } = await accept(code, back)
    expect([status, body.session?.workspace.id]).toEqual([200, server.id])
  })

  it('that cannot be accepted leave nothing behind', async () => {
    const tenant = await server.newWorkspace('Strict')
    const call = (method: string, path: string, body?: unknown) =>
      server.call(method, path, body, { key: tenant.managementKey })
    const { code } = await invite('strict@example.com', 'developer', tenant.managementKey)
    for (const more of [
      {},
      { name: 'N', password: 'short' },
      { name: 'N', password: 'strict@example.com' },
    ]) {
      expect((await accept(code, newBrowser(), more)).status).toBe(400)
    }
    const policy = {
      password: false,
      passkey: true,
      require_second_factor: false,
      session_hours: 8,
      idle_minutes: 60,
      single_sign_on: null,
    }
    expect((await call('PUT', '/v1/sign-in-policy', policy)).status).toBe(200)
    expect(outcome(await accept(code))).toEqual([403, 'insufficient_scope'])
    expect((await view(code)).body.has_account).toBe(false)
    expect((await call('GET', '/v1/members')).body.data).toEqual([])
    await call('PUT', '/v1/sign-in-policy', { ...policy, password: true })
    expect((await accept(code)).status).toBe(200)
  })

  it('are at most a hundred open ones', async () => {
    const { managementKey: key } = await server.newWorkspace('Crowded')
    for (let at = 0; at < 100; at++) await invite(`p${String(at)}@example.com`, 'auditor', key)
    const more = { email: 'p100@example.com', role: 'auditor' }
    const refused = await server.call('POST', '/v1/invitations', more, { key })
    expect(outcome(refused)).toEqual([409, 'limit_reached'])
    const { id } = await invite('p7@example.com', 'auditor', key)
    await server.call('DELETE', `/v1/invitations/${id}`, undefined, { key })
    expect((await server.call('POST', '/v1/invitations', more, { key })).status).toBe(201)
  })

  it('are made at the machine too, where no owner is left', async () => {
    const config = readConfig({ BITTING_DATA_DIR: server.dataDirectory, BITTING_LOG_LEVEL: 'silent' })
    const local = await openLocal(config)
    try {
      const { url } = await local.inviteMember(server.id, 'rescue@example.com', 'owner')
      expect(url).toMatch(/\/invitation#[0-9A-Za-z]{43}$/)
      const { body } = await accept(new URL(url).hash.slice(1))
      expect(body.session).toMatchObject({ role: 'owner', workspace: { id: server.id } })
      const members = await local.listMembers(server.id)
      expect(members.map(({ email }) => email)).toContain('rescue@example.com')
    } finally {
      await local.close()
    }
  })
})
