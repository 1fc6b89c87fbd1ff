import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { openDatabase, type WritableDatabase } from '../../server/src/storage/database.js'
import { addPasskey, SoftAuthenticator, usePasskey } from '../support/authenticator.js'
import { GOOD_PASSWORD, signedInOwner, TestBrowser } from '../support/people.js'
import { startServer, type TestServer, type TestWorkspace } from '../support/server.js'

const ORIGIN = 'http://localhost:4700'
const OTHER_PASSWORD = 'nine iron bolts on a door'
describe('the account of a person', () => {
  let server: TestServer
  let database: WritableDatabase
  let owner: TestBrowser
  let email: string
  let people = 0

  beforeAll(async () => {
    server = await startServer({ BITTING_PUBLIC_URL: ORIGIN })
    database = await openDatabase({ url: null, dataDirectory: server.dataDirectory })
  })
  beforeEach(async () => {
    email = `person-${String(++people)}@example.com`
    owner = await signedInOwner(server, email)
  })
  afterEach(() => vi.useRealTimers())
  afterAll(async () => {
    await database.close()
    await server.close()
  })

  /** A workspace made later than the first, which is the oldest one and where set-up links lead. */
  async function laterWorkspace(name: string): Promise<TestWorkspace> {
    const made = await server.newWorkspace(name)
    await database.transact((tx) =>
      tx
        .updateTable('workspaces')
        .set((row) => ({ created_at: row('created_at', '+', 60) }))
        .where('id', '=', made.id)
        .execute(),
    )
    return made
  }

  function later(milliseconds: number): void {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + milliseconds })
  }

  async function signIn(password = GOOD_PASSWORD): Promise<TestBrowser> {
    const browser = new TestBrowser(server.controlUrl)
    const { status } = await browser.call('POST', '/v1/auth/password', { email, password })
    expect(status).toBe(200)
    return browser
  }

  async function sessionOf(browser: TestBrowser): Promise<{ id: string; user: { id: string } }> {
    return (await browser.call('GET', '/v1/auth/session')).body
  }

  it('gets another name, and the log of every workspace tells of it', async () => {
    const { user } = await sessionOf(owner)
    const second = await laterWorkspace('Second')
    await join(second.id, user.id)
    const { status, body } = await owner.call('PATCH', '/v1/account', { name: 'Olga the Second' })
    expect([status, body.user.name]).toEqual([200, 'Olga the Second'])
    for (const key of [server.managementKey, second.managementKey]) {
      const path = `/v1/audit?action=account.update&resource=${user.id}`
      const { body: log } = await server.call('GET', path, undefined, { key })
      expect(log.data).toMatchObject([
        { actor: { type: 'member', id: user.id }, details: { metadata: { name: 'Olga the Second' } } },
      ])
    }
  })

  it('a new password ends the other sessions and not the own, and the old one opens nothing', async () => {
    const other = await signIn()
    const { status } = await owner.call('POST', '/v1/account/password', { password: OTHER_PASSWORD })
    expect(status).toBe(200)
    expect((await owner.call('GET', '/v1/auth/session')).status).toBe(200)
    expect((await other.call('GET', '/v1/auth/session')).body.code).toBe('session_ended')
    const old = { email, password: GOOD_PASSWORD }
    const refused = await new TestBrowser(server.controlUrl).call('POST', '/v1/auth/password', old)
    expect(refused.body.code).toBe('sign_in_failed')
    await signIn(OTHER_PASSWORD)
    const { user } = await sessionOf(owner)
    const { body: log } = await server.call('GET', `/v1/audit?action=account.password&resource=${user.id}`)
    expect(log.data).toMatchObject([{ details: { sessions_ended: 1 } }])
    expect(JSON.stringify(log)).not.toMatch(/argon2|brass|bolts/)
  })

  it.each([
    ['too short', 'short'],
    ['of a few characters', 'abababababababab'],
    ['too long', 'long '.repeat(52)],
  ])('a password that is %s is refused, and nothing ends', async (_, password) => {
    const other = await signIn()
    const { status, body } = await owner.call('POST', '/v1/account/password', { password })
    expect([status, body.code, body.errors[0].field]).toEqual([400, 'invalid_body', 'password'])
    expect((await other.call('GET', '/v1/auth/session')).status).toBe(200)
    await signIn()
  })

  it('lists where somebody is signed in, without what ended by itself', async () => {
    later(60_000)
    const other = await signIn()
    const [here, there] = [await sessionOf(owner), await sessionOf(other)]
    const { body } = await owner.call('GET', '/v1/account/sessions')
    expect(body.data.map(({ id, current }: { id: string; current: boolean }) => [id, current])).toEqual(
      expect.arrayContaining([
        [here.id, true],
        [there.id, false],
      ]),
    )
    expect(body.data).toHaveLength(2)
    expect(JSON.stringify(body)).not.toContain(owner.cookie('bitting_session'))
    later(3_600_000)
    await owner.call('GET', '/v1/auth/session')
    later(3_600_000)
    const { body: left } = await owner.call('GET', '/v1/account/sessions')
    expect(left.data).toMatchObject([{ id: here.id, current: true, workspace_id: server.id }])
  })

  it('ends a session of its own and of nobody else', async () => {
    const other = await signIn()
    const stranger = await signedInOwner(server, `stranger-${email}`)
    const { id: foreign } = await sessionOf(stranger)
    expect((await owner.call('DELETE', `/v1/account/sessions/${foreign}`)).status).toBe(404)
    expect((await stranger.call('GET', '/v1/auth/session')).status).toBe(200)
    const { id } = await sessionOf(other)
    expect((await owner.call('DELETE', `/v1/account/sessions/${id}`)).status).toBe(200)
    expect((await other.call('GET', '/v1/auth/session')).body.code).toBe('session_ended')
    const { id: own } = await sessionOf(owner)
    expect((await owner.call('DELETE', `/v1/account/sessions/${own}`)).status).toBe(200)
    expect(owner.cookie('bitting_session')).toBeUndefined()
  })

  it('keeps its last way in', async () => {
    const { user } = await sessionOf(owner)
    const [first, second] = [new SoftAuthenticator(ORIGIN), new SoftAuthenticator(ORIGIN)]
    for (const it of [first, second]) expect((await addPasskey(owner, it)).status).toBe(201)
    await database.transact((tx) =>
      tx.updateTable('users').set({ password_hash: null }).where('id', '=', user.id).execute(),
    )
    expect((await owner.call('DELETE', `/v1/account/passkeys/${second.id}`)).status).toBe(200)
    const last = await owner.call('DELETE', `/v1/account/passkeys/${first.id}`)
    expect([last.status, last.body.code]).toEqual([409, 'state_conflict'])
    expect((await usePasskey(new TestBrowser(server.controlUrl), first)).status).toBe(200)
    expect((await owner.call('POST', '/v1/account/password', { password: OTHER_PASSWORD })).status).toBe(200)
    expect((await owner.call('DELETE', `/v1/account/passkeys/${first.id}`)).status).toBe(200)
  })

  describe('where a workspace asks for a second factor', () => {
    let strict: string
    beforeEach(async () => {
      const { user } = await sessionOf(owner)
      strict = (await laterWorkspace('Strict')).id
      await join(strict, user.id)
      await requireSecondFactor(strict)
    })

    it('adding a passkey satisfies it at once, and removing it takes that back', async () => {
      await owner.call('POST', '/v1/auth/workspace', { workspace_id: strict })
      expect((await owner.call('GET', '/v1/keys')).body.code).toBe('second_factor_required')
      const authenticator = new SoftAuthenticator(ORIGIN)
      expect((await addPasskey(owner, authenticator)).status).toBe(201)
      expect((await owner.call('GET', '/v1/keys')).status).toBe(200)
      await owner.call('DELETE', `/v1/account/passkeys/${authenticator.id}`)
      expect((await owner.call('GET', '/v1/keys')).body.code).toBe('second_factor_required')
    })

    it('a password alone cannot add another one beside the passkey that there is', async () => {
      const authenticator = new SoftAuthenticator(ORIGIN)
      await addPasskey(owner, authenticator)
      const thief = await signIn()
      const password = await thief.call('POST', '/v1/account/password', { password: OTHER_PASSWORD })
      expect([password.status, password.body.code]).toEqual([403, 'step_up_required'])
      expect((await addPasskey(thief, new SoftAuthenticator(ORIGIN))).body.code).toBe('step_up_required')
      await thief.call('POST', '/v1/auth/step-up', { password: GOOD_PASSWORD })
      expect((await thief.call('POST', '/v1/account/totp', {})).body.code).toBe('step_up_required')
      await usePasskey(thief, authenticator, {}, '/v1/auth/step-up/passkey')
      expect((await thief.call('POST', '/v1/account/totp', {})).status).toBe(200)
    })
  })

  async function join(workspaceId: string, userId: string): Promise<void> {
    const member = { workspace_id: workspaceId, user_id: userId, role: 'owner' } as const
    await database.transact((tx) =>
      tx
        .insertInto('members')
        .values({ ...member, sso_only: 0, version: 1, created_at: 1, created_by: 'operator' })
        .execute(),
    )
  }

  async function requireSecondFactor(workspaceId: string): Promise<void> {
    const policy = { password: 1, passkey: 1, require_second_factor: 1 } as const
    await database.transact((tx) =>
      tx
        .insertInto('sign_in_policies')
        .values({
          workspace_id: workspaceId,
          ...policy,
          session_hours: 12,
          idle_minutes: 120,
          domains: '[]',
          version: 1,
        })
        .execute(),
    )
  }
})
