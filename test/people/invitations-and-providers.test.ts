import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openDatabase, type WritableDatabase } from '../../server/src/storage/database.js'
import { signInThere, startIdentityProvider, type IdentityProvider } from '../support/identity-provider.js'
import { GOOD_PASSWORD, OPEN_POLICY, signedInOwner, TestBrowser } from '../support/people.js'
import { startServer, type ApiAnswer, type TestServer, type TestWorkspace } from '../support/server.js'

/** The first workspace has a provider; the other one invites. Whoever may invite sees the link. */
describe('an invitation to somebody whom another workspace’s provider brought in', () => {
  let server: TestServer
  let other: TestWorkspace
  let provider: IdentityProvider
  let owner: TestBrowser
  let database: WritableDatabase

  beforeAll(async () => {
    server = await startServer()
    database = await openDatabase({ url: null, dataDirectory: server.dataDirectory })
    owner = await signedInOwner(server)
    other = await server.newWorkspace('Other')
    provider = await startIdentityProvider(['corp.example'])
    const policy = { ...OPEN_POLICY, single_sign_on: provider.policy }
    expect((await owner.call('PUT', '/v1/sign-in-policy', policy)).status).toBe(200)
  })
  beforeEach(() => database.transact((tx) => tx.deleteFrom('sign_in_attempts').execute()))
  afterAll(async () => {
    await database.close()
    await Promise.all([provider.close(), server.close()])
  })

  const newBrowser = (): TestBrowser => new TestBrowser(server.controlUrl)
  const inviteTo = async (key: string, email: string, role = 'developer'): Promise<string> => {
    const { status, body } = await server.call('POST', '/v1/invitations', { email, role }, { key })
    expect(status, JSON.stringify(body)).toBe(201)
    return new URL(body.url as string).hash.slice(1)
  }
  const invite = (email: string): Promise<string> => inviteTo(other.managementKey, email)
  const hasAccount = async (code: string): Promise<unknown> =>
    (await newBrowser().call('POST', '/v1/auth/invitation/view', { code })).body.has_account
  const accept = (code: string, more: object, browser = newBrowser()) =>
    browser.call('POST', '/v1/auth/invitation', { code, ...more })
  const signIn = (email: string, password = GOOD_PASSWORD, browser = newBrowser()) =>
    browser.call('POST', '/v1/auth/password', { email, password })
  const outcome = ({ status, body }: ApiAnswer): unknown[] => [status, body.code]
  const go = (browser: TestBrowser, workspace_id: string) =>
    browser.call('POST', '/v1/auth/workspace', { workspace_id })
  /** Signs somebody in as whom the provider names, and returns their account's id. */
  const comeIn = async (email: string, browser = newBrowser()): Promise<string> => {
    provider.person = { sub: email, email, email_verified: true, name: 'As the provider says' }
    expect(await signInThere(browser, server.id)).toBe('/')
    return (await browser.call('GET', '/v1/auth/session')).body.user.id as string
  }

  it('begins the account of whoever has none of their own, and opens nothing but the workspace that invited', async () => {
    const email = 'vera@corp.example'
    const there = newBrowser()
    const id = await comeIn(email, there)
    const code = await invite(email)
    expect(await hasAccount(code)).toBe(false)
    expect(outcome(await accept(code, { password: GOOD_PASSWORD }, there))).toEqual([400, 'invalid_body'])
    const browser = newBrowser()
    const { status, body } = await accept(code, { name: 'Vera', password: GOOD_PASSWORD }, browser)
    expect([status, body.status]).toEqual([200, 'signed_in'])
    expect(body.session).toMatchObject({
      user: { id, name: 'Vera', has_password: true },
      workspace: { id: other.id },
      workspaces: [{ workspace_id: other.id }],
      confined: false,
    })
    // The holder of the link need not be whom the provider knows.
    expect((await go(browser, server.id)).status).toBe(403)
    const again = newBrowser()
    expect((await signIn(email, GOOD_PASSWORD, again)).body.session.workspace.id).toBe(other.id)
    expect((await go(again, server.id)).status).toBe(403)
    expect((await there.call('GET', '/v1/keys')).status).toBe(200)
    expect((await go(there, other.id)).status).toBe(404)
    const { body: log } = await server.call('GET', `/v1/audit?resource=${id}`, undefined, {
      key: other.managementKey,
    })
    expect(log.data.map(({ action }: { action: string }) => action).sort()).toEqual([
      'account.password',
      'member.join',
    ])
  })

  it('is no way to a second password, for whoever holds another link', async () => {
    const email = 'twice@corp.example'
    await comeIn(email)
    const third = await server.newWorkspace('Third')
    const codes = [await invite(email), await inviteTo(third.managementKey, email)]
    const answers = await Promise.all(
      codes.map((code, at) => accept(code, { name: 'T', password: `${GOOD_PASSWORD} ${String(at)}` })),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
    const lost = answers[0]?.status === 200 ? 1 : 0
    expect((await signIn(email, `${GOOD_PASSWORD} ${String(lost)}`)).status).toBe(401)
    const members = await server.call('GET', '/v1/members', undefined, {
      key: lost === 0 ? other.managementKey : third.managementKey,
    })
    expect(members.body.data.map((it: { email: string }) => it.email)).not.toContain(email)
  })

  it('asks to be signed in where the account opens a workspace by itself', async () => {
    const email = 'both@corp.example'
    const id = await comeIn(email)
    const { id: workspaceId } = await server.newWorkspace('Own')
    await database.transact((tx) =>
      tx
        .insertInto('members')
        .values({
          workspace_id: workspaceId,
          user_id: id,
          role: 'admin',
          sso_only: 0,
          version: 1,
          created_at: 1,
          created_by: 'operator',
        })
        .execute(),
    )
    const code = await invite(email)
    expect(await hasAccount(code)).toBe(true)
    expect(outcome(await accept(code, { name: 'B', password: GOOD_PASSWORD }))).toEqual([
      409,
      'sign_in_first',
    ])
    expect((await signIn(email)).status).toBe(401)
  })

  it('is not accepted by the provider’s word, nor where it leads to a door that is shut', async () => {
    const email = 'falsely@corp.example'
    const browser = newBrowser()
    await comeIn(email, browser)
    const strict = await server.newWorkspace('Strict')
    const key = { key: strict.managementKey }
    const code = await inviteTo(strict.managementKey, email)
    const policy = { ...OPEN_POLICY, password: false, single_sign_on: null }
    expect((await server.call('PUT', '/v1/sign-in-policy', policy, key)).status).toBe(200)
    expect(outcome(await accept(code, {}, browser))).toEqual([400, 'invalid_body'])
    const shut = await accept(code, { name: 'F', password: GOOD_PASSWORD }, browser)
    expect(outcome(shut)).toEqual([403, 'insufficient_scope'])
    expect((await signIn(email)).status).toBe(401)
    expect((await server.call('GET', '/v1/members', undefined, key)).body.data).toEqual([])
  })

  it('brings back by their password who was removed and has nothing else but the provider’s word', async () => {
    const email = 'back@corp.example'
    const first = await accept(await invite(email), { name: 'Back', password: GOOD_PASSWORD })
    const { id } = first.body.session.user as { id: string }
    const key = { key: other.managementKey }
    expect((await server.call('DELETE', `/v1/members/${id}`, undefined, key)).status).toBe(200)
    expect(await comeIn(email)).toBe(id)
    const code = await invite(email)
    expect(await hasAccount(code)).toBe(true)
    expect((await signIn(email)).status).toBe(403)
    expect(outcome(await accept(code, { password: 'not theirs at all' }))).toEqual([401, 'sign_in_failed'])
    expect(outcome(await accept(code, {}))).toEqual([409, 'sign_in_first'])
    const browser = newBrowser()
    const { body } = await accept(code, { password: GOOD_PASSWORD }, browser)
    expect(body.session).toMatchObject({ user: { id, name: 'Back' }, workspace: { id: other.id } })
    expect((await go(browser, server.id)).status).toBe(403)
  })

  it('is accepted by the password of who is in no workspace that takes passwords', async () => {
    const email = 'shut@corp.example'
    const shut = await server.newWorkspace('Shut')
    const joined = await accept(await inviteTo(shut.managementKey, email), {
      name: 'Shut',
      password: GOOD_PASSWORD,
    })
    expect(joined.status).toBe(200)
    const code = await invite(email)
    // As long as the password opens something, it is signed in with there.
    expect(outcome(await accept(code, { password: GOOD_PASSWORD }))).toEqual([409, 'sign_in_first'])
    const policy = { ...OPEN_POLICY, password: false, single_sign_on: null }
    const key = { key: shut.managementKey }
    const set = await server.call('PUT', '/v1/sign-in-policy', policy, key)
    expect([set.status, set.body.code]).toEqual([200, undefined])
    const browser = newBrowser()
    expect((await accept(code, { password: GOOD_PASSWORD }, browser)).body.session.workspace.id).toBe(
      other.id,
    )
    expect((await go(browser, shut.id)).status).toBe(403)
  })
})
