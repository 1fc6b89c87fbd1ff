import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { openDatabase, type WritableDatabase } from '../../server/src/storage/database.js'
import { signedInOwner, TestBrowser } from '../support/people.js'
import { startServer, type TestServer } from '../support/server.js'

const LONG_AGO = 'ses_0000000000000000'
const PASSKEY = { clientDataJSON: 'AA', attestationObject: 'AA' }
const CREDENTIAL = { id: 'AA', rawId: 'AA', type: 'public-key', response: PASSKEY }

/** Every operation of the account: its method, path and body, and whether it asks for a recent proof. */
const OPERATIONS = [
  ['PATCH', '/v1/account', { name: 'Olga' }, false],
  ['POST', '/v1/account/password', { password: 'nine iron bolts on a door' }, true],
  ['POST', '/v1/account/totp', {}, true],
  ['POST', '/v1/account/totp/confirm', { code: '123456' }, true],
  ['DELETE', '/v1/account/totp', undefined, true],
  ['POST', '/v1/account/recovery-codes', {}, true],
  ['GET', '/v1/account/passkeys', undefined, false],
  ['POST', '/v1/account/passkeys/options', {}, true],
  ['POST', '/v1/account/passkeys', { name: 'Mine', response: CREDENTIAL }, true],
  ['DELETE', '/v1/account/passkeys/AA', undefined, true],
  ['GET', '/v1/account/sessions', undefined, false],
  ['DELETE', `/v1/account/sessions/${LONG_AGO}`, undefined, false],
] as const

describe.each(OPERATIONS)('%s %s', (method, path, body, recent) => {
  it('is for whoever is signed in', async () => {
    const { status, body: problem } = await new TestBrowser(server.controlUrl).call(method, path, body)
    expect([status, problem.code]).toEqual([401, 'session_ended'])
  })

  it('is not opened by a management key', async () => {
    const answer = await server.call(method, path, body)
    expect([answer.status, answer.body.code]).toEqual([401, 'session_ended'])
  })

  it('is refused to single sign-on', async () => {
    await confine(1)
    const { status, body: problem } = await owner.call(method, path, body)
    await confine(0)
    expect([status, problem.code]).toEqual([403, 'insufficient_scope'])
  })

  it(recent ? 'asks for a recent proof' : 'asks for no recent proof', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 600_000 })
    const { body: answer } = await owner.call(method, path, body)
    expect(answer.code === 'step_up_required').toBe(recent)
    if (recent) expect(answer.max_age_seconds).toBe(600)
  })
})

it.each(OPERATIONS.filter(([method]) => method !== 'GET'))(
  '%s %s is refused to other sites',
  async (method, path, body) => {
    const { status, body: problem } = await owner.call(method, path, body, { 'sec-fetch-site': 'cross-site' })
    expect([status, problem.code]).toEqual([403, 'cross_origin'])
  },
)

let server: TestServer
let database: WritableDatabase
let owner: TestBrowser

beforeAll(async () => {
  server = await startServer({ BITTING_PUBLIC_URL: 'http://localhost:4700' })
  database = await openDatabase({ url: null, dataDirectory: server.dataDirectory })
  owner = await signedInOwner(server)
})
afterEach(() => vi.useRealTimers())
afterAll(async () => {
  await database.close()
  await server.close()
})

/** Makes the one session look as if it came, or did not come, through an identity provider. */
async function confine(confined: 0 | 1): Promise<void> {
  await database.transact((tx) => tx.updateTable('sessions').set({ confined }).execute())
}
