import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatToken, newKeyId, newToken, parseToken, secretIdOf } from '@bitting/core'
import Retell from 'retell-sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type TestServer } from '../support/server.js'
import type { Access } from './expectation.js'
import { sendRaw, type RawRequest } from './raw-http.js'
import { Recorder } from './recorder.js'
import { SdkProcess, type Outcome } from './sdk.js'
import type { SdkMethod } from './sdk-methods.js'

const UPSTREAM_KEY = 'key_3f9c0a1b2d4e5f60718293a4b5c6'
const ROUNDS = 100

const GET_CALL: RawRequest = { method: 'GET', target: '/v2/get-call/call_1' }

let recorder: Recorder
let server: TestServer
const closers: (() => Promise<void>)[] = []

beforeAll(async () => {
  recorder = await Recorder.start()
  closers.push(() => recorder.close())
  server = await startServer({ BITTING_UPSTREAM: recorder.origin, BITTING_UPSTREAM_KEY: UPSTREAM_KEY })
  closers.push(() => server.close())
})

afterAll(async () => {
  for (const close of closers.reverse()) await close()
})

/** A key and a client of the SDK that uses it, for as long as a test lasts. */
class Subject {
  readonly id: string
  readonly token: string
  readonly #sdk: SdkProcess

  private constructor(id: string, token: string, sdk: SdkProcess) {
    this.id = id
    this.token = token
    this.#sdk = sdk
  }

  static async using(access: Access, more: object, test: (subject: Subject) => Promise<void>): Promise<void> {
    const { id, token } = await server.createKey(access, { ...more })
    const sdk = await SdkProcess.start(server.gatewayUrl, token)
    try {
      await test(new Subject(id, token, sdk))
    } finally {
      await sdk.close()
    }
  }

  /** Calls the management API about this key. */
  async manage(method: string, path = '', body?: unknown): Promise<unknown> {
    const answer = await server.call(method, `/v1/keys/${this.id}${path}`, body)
    expect(answer.status, JSON.stringify(answer.body)).toBe(200)
    return answer.body
  }

  async edit(change: object): Promise<void> {
    await this.manage('PATCH', '', change)
  }

  /** Calls a method, which sends one request and no more, whatever comes of it. */
  async call(method: SdkMethod): Promise<Outcome> {
    const outcome = await this.#sdk.call(method)
    expect(outcome.requests).toHaveLength(1)
    return outcome
  }

  async isLetIn(): Promise<boolean> {
    return (await this.call('call.retrieve')).error === null
  }

  async expectAllowed(method: SdkMethod = 'call.retrieve'): Promise<void> {
    recorder.take()
    const { error } = await this.call(method)
    expect(error).toBeNull()
    expect(recorder.take()).toHaveLength(1)
  }

  async expectRefused(
    as: 'AuthenticationError' | 'PermissionDeniedError',
    message: RegExp,
    method: SdkMethod = 'call.retrieve',
  ): Promise<void> {
    recorder.take()
    const { error } = await this.call(method)
    const status = as === 'AuthenticationError' ? 401 : 403
    expect(error).toMatchObject({ status, message: expect.stringMatching(message) as string })
    expect(error!.instanceOf).toContain(as)
    expect(error!.message).toMatch(new RegExp(`^${String(status)} `))
    expect(recorder.take()).toEqual([])
  }
}

describe('an edit', () => {
  it('from No Access to Read and back shows in the very next request, every time', async () => {
    await Subject.using({ history: 'none' }, {}, async (key) => {
      for (let round = 0; round < ROUNDS; round++) {
        await key.edit({ access: { history: 'read' } })
        await key.expectAllowed('call.retrieve')
        await key.edit({ access: { history: 'none' } })
        await key.expectRefused('PermissionDeniedError', /lacks History: Read \(it has No Access\)/)
      }
    })
  })

  it('through all levels, to full access and back, shows in the very next requests', async () => {
    await Subject.using({}, {}, async (key) => {
      for (let round = 0; round < ROUNDS / 10; round++) {
        await key.edit({ access: { agent: 'read' } })
        await key.expectAllowed('agent.retrieve')
        await key.expectRefused('PermissionDeniedError', /lacks Agent: Edit \(it has Read\)/, 'agent.update')
        await key.edit({ access: { agent: 'edit' } })
        await key.expectAllowed('agent.update')
        await key.expectRefused('PermissionDeniedError', /only an unrestricted API key may/, 'contact.get')
        await key.edit({ access: 'full' })
        await key.expectAllowed('contact.get')
        await key.edit({ access: {} })
        await key.expectRefused(
          'PermissionDeniedError',
          /lacks Agent: Read \(it has No Access\)/,
          'agent.retrieve',
        )
      }
    })
  })

  it('of anything else leaves the access as it was', async () => {
    await Subject.using({ history: 'read' }, {}, async (key) => {
      await key.edit({ name: 'Another name', note: 'and a note' })
      await key.expectAllowed()
      await key.expectRefused('PermissionDeniedError', /lacks History: Edit/, 'call.update')
    })
  })

  it('of one key among many edited at the same time shows for each at once, and for no other', async () => {
    const keys = await Promise.all(Array.from({ length: 12 }, () => server.createKey({})))
    await Promise.all(
      keys.map(async ({ id, token }, index) => {
        for (let round = 0; round < 10; round++) {
          const level = (round + index) % 2 === 0 ? 'read' : 'none'
          const edited = await server.call('PATCH', `/v1/keys/${id}`, { access: { history: level } })
          expect(edited.status).toBe(200)
          const { status } = await sendRaw(server.gatewayUrl, GET_CALL, `Bearer ${token}`)
          expect(status).toBe(level === 'read' ? 200 : 403)
        }
      }),
    )
  })
})

describe('a key that is', () => {
  it('suspended throws AuthenticationError and says so, and works again once it is resumed', async () => {
    await Subject.using('full', {}, async (key) => {
      for (let round = 0; round < 5; round++) {
        await key.expectAllowed()
        await key.manage('POST', '/suspend', { reason: 'looking into it' })
        await key.expectRefused('AuthenticationError', /suspended/)
        await key.manage('POST', '/resume', {})
      }
      await key.expectAllowed()
    })
  })

  it.each([false, true])(
    'revoked (compromised: %s) throws AuthenticationError and says so',
    async (compromised) => {
      await Subject.using('full', {}, async (key) => {
        await key.expectAllowed()
        await key.manage('POST', '/revoke', { compromised })
        await key.expectRefused('AuthenticationError', /revoked/)
        await key.expectRefused('AuthenticationError', /revoked/, 'contact.get')
      })
    },
  )

  it('expired throws AuthenticationError and says so, from the second on that it expires at', async () => {
    await Subject.using('full', { expires_at: rfc3339(secondsAhead(86_400)) }, async (key) => {
      await key.expectAllowed()
      const expiry = secondsAhead(2)
      await key.edit({ expires_at: rfc3339(expiry) })
      await expectTurnAt(expiry, () => key.isLetIn(), [true, false])
      await key.expectRefused('AuthenticationError', /expired/)
      await key.edit({ expires_at: null })
      await key.expectAllowed()
    })
  })

  it('not yet active throws AuthenticationError and says so, until the second that it begins at', async () => {
    await Subject.using(
      'full',
      { conditions: { not_before: rfc3339(secondsAhead(86_400)) } },
      async (key) => {
        await key.expectRefused('AuthenticationError', /not active yet/)
        const start = secondsAhead(2)
        await key.edit({ conditions: { not_before: rfc3339(start) } })
        await expectTurnAt(start, () => key.isLetIn(), [false, true])
        await key.expectAllowed()
      },
    )
  })

  it('used from another address throws PermissionDeniedError and says so, until the address is allowed', async () => {
    const elsewhere = { allowed_addresses: ['203.0.113.0/24'] }
    await Subject.using('full', { conditions: elsewhere }, async (key) => {
      for (let round = 0; round < 5; round++) {
        await key.expectRefused('PermissionDeniedError', /may not be used from this address/)
        await key.edit({ conditions: { allowed_addresses: ['203.0.113.0/24', '127.0.0.0/8'] } })
        await key.expectAllowed()
        await key.edit({ conditions: elsewhere })
      }
    })
  })

  it('rotated works with the old secret for the overlap, and throws AuthenticationError after it', async () => {
    await Subject.using('full', {}, async (key) => {
      const rotated = (await key.manage('POST', '/rotate', { overlap_seconds: 3 })) as {
        key: { secrets: { state: string; retires_at: string }[] }
      }
      const old = rotated.key.secrets.find(({ state }) => state === 'retiring')
      const retirement = Date.parse(old!.retires_at) / 1000
      await expectTurnAt(retirement, () => key.isLetIn(), [true, false])
      await key.expectRefused('AuthenticationError', /was rotated and this secret has retired/)
    })
  })

  it('rotated without overlap throws AuthenticationError and says so at once', async () => {
    await Subject.using('full', {}, async (key) => {
      await key.expectAllowed()
      await key.manage('POST', '/rotate', { overlap_seconds: 0 })
      await key.expectRefused('AuthenticationError', /was rotated and this secret has retired/)
    })
  })

  it('deleted throws AuthenticationError and is told no more than a stranger', async () => {
    await Subject.using('full', {}, async (key) => {
      await key.expectAllowed()
      await key.manage('DELETE', '?confirm=Test')
      await key.expectRefused('AuthenticationError', /^401 API key is missing or invalid\.$/)
    })
  })
})

describe('a wrong token', () => {
  it('gets one and the same answer to the byte, whatever is wrong with it and whatever it asks for', async () => {
    const requests: readonly RawRequest[] = [
      GET_CALL,
      { method: 'GET', target: '/get-api-key-info' },
      { method: 'GET', target: '/health' },
      { method: 'POST', target: '/create-agent', body: '{"voice_id":"11labs-Adrian"}' },
      { method: 'DELETE', target: '/delete-contact/contact_1' },
      { method: 'GET', target: '/no-such-endpoint' },
    ]
    const credentials = Object.entries(await wrongCredentials())
    const answers = new Map<string, string[]>()
    for (const [what, authorization] of credentials) {
      for (const request of requests) {
        const { status, raw } = await sendRaw(server.gatewayUrl, request, authorization)
        expect(status, what).toBe(401)
        const answer = raw.replace(/^Date: .*$/m, 'Date: now')
        answers.set(answer, [...(answers.get(answer) ?? []), `${what}: ${request.method} ${request.target}`])
      }
    }
    expect([...answers.values()]).toEqual([expect.any(Array)])
    const [answer] = answers.keys()
    expect(answer).toContain('HTTP/1.1 401 Unauthorized\r\n')
    expect(answer).toContain('WWW-Authenticate: Bearer error="invalid_token"\r\n')
    expect(answer).toMatch(
      /\{"status":"error","message":"API key is missing or invalid\.","code":"invalid_token"\}$/,
    )
  })

  it.each(['', 'null', 'undefined', 'key_3f9c0a1b2d4e5f60718293a4b5c6', 'btg_live_'])(
    'given to the SDK as apiKey %j throws AuthenticationError, once',
    async (apiKey) => {
      recorder.take()
      const retell = new Retell({ apiKey, baseURL: server.gatewayUrl })
      const error = await retell.identity.retrieve().then(
        () => null,
        (thrown: unknown) => thrown,
      )
      expect(error).toBeInstanceOf(Retell.AuthenticationError)
      expect((error as Error).message).toBe('401 API key is missing or invalid.')
      expect(recorder.take()).toEqual([])
    },
  )
})

/** Authorization values that let nobody in, by what is wrong with them. */
async function wrongCredentials(): Promise<Record<string, string | null>> {
  const live = await server.createKey('full')
  const [suspended, revoked, deleted, elsewhere] = await Promise.all([
    server.createKey('full'),
    server.createKey('full'),
    server.createKey('full'),
    server.createKey('full', { conditions: { allowed_addresses: ['203.0.113.0/24'] } }),
  ])
  await server.call('POST', `/v1/keys/${suspended.id}/suspend`, {})
  await server.call('POST', `/v1/keys/${revoked.id}/revoke`, {})
  await server.call('DELETE', `/v1/keys/${deleted.id}?confirm=Test`)
  const random = (length: number): Uint8Array => randomBytes(length)
  const unknown = newToken('btg_live_', secretIdOf(newKeyId(random), 0), random)
  const last = live.token.endsWith('A') ? 'B' : 'A'
  return {
    'no header': null,
    'empty header': '',
    'no token': 'Bearer',
    'no token but a space': 'Bearer ',
    'the word null': 'Bearer null',
    'the word undefined': 'Bearer undefined',
    'another scheme': `Basic ${Buffer.from(`:${live.token}`).toString('base64')}`,
    'no scheme': live.token,
    'two tokens': `Bearer ${live.token}, ${live.token}`,
    'unknown id': `Bearer ${unknown}`,
    'wrong secret': `Bearer ${otherSecret(live.token)}`,
    'wrong checksum': `Bearer ${live.token.slice(0, -1)}${last}`,
    'a character short': `Bearer ${live.token.slice(0, -1)}`,
    'a character long': `Bearer ${live.token}A`,
    'far too long': `Bearer ${'A'.repeat(4000)}`,
    'another environment': `Bearer ${live.token.replace('_live_', '_staging_')}`,
    'another case': `Bearer ${live.token.toUpperCase()}`,
    'wrong secret of a suspended key': `Bearer ${otherSecret(suspended.token)}`,
    'wrong secret of a revoked key': `Bearer ${otherSecret(revoked.token)}`,
    'wrong secret of a key for elsewhere': `Bearer ${otherSecret(elsewhere.token)}`,
    'a deleted key': `Bearer ${deleted.token}`,
    'a live management key': `Bearer ${server.managementKey}`,
    "the upstream's own key": `Bearer ${UPSTREAM_KEY}`,
  }
}

/** A whole second, at least so many from now, as seconds since 1970 UTC. */
function secondsAhead(seconds: number): number {
  return Math.ceil(Date.now() / 1000) + seconds
}

function rfc3339(second: number): string {
  return new Date(second * 1000).toISOString()
}

/** A token of the same id with another secret and a right checksum. */
function otherSecret(token: string): string {
  const parsed = parseToken(token)!
  const first = parsed.secret.startsWith('A') ? 'B' : 'A'
  return formatToken({ ...parsed, secret: first + parsed.secret.slice(1) })
}

/**
 * Asks again and again until a moment has passed. What was answered wholly before it must be the first, and what was
 * asked after it the second.
 */
async function expectTurnAt(
  second: number,
  ask: () => Promise<boolean>,
  [before, after]: readonly [boolean, boolean],
): Promise<void> {
  let askedBefore = 0
  for (;;) {
    const asked = Date.now()
    const answer = await ask()
    if (Date.now() < second * 1000) {
      expect(answer).toBe(before)
      askedBefore++
    }
    if (asked >= second * 1000) {
      expect(answer).toBe(after)
      expect(askedBefore).toBeGreaterThan(0)
      return
    }
    await sleep(20)
  }
}
