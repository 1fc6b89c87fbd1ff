import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase } from '../../server/src/storage/database.js'
import { send, type RawAnswer } from '../http/support.js'
import { bootstrap, startProgram, type Program } from './program.js'

/** The files in a directory and those below it. */
function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(directory, name)).isFile(),
  )
}

/**
 * The whole program as a process of its own, at its most talkative, with everything done to it that could make it
 * repeat a token; then everything that it wrote anywhere is searched.
 */
describe('invariant 2: no token is ever stored, logged, or put in an error', () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'bitting-canary-'))
  /** Every token, with what of it must not appear. */
  const tokens: string[] = []
  const answers: RawAnswer[] = []
  let program: Program
  let commandLine = ''
  let printed = ''

  beforeAll(async () => {
    const managementKey = await bootstrap(dataDirectory)
    program = await startProgram(dataDirectory)
    await misuse(program.controlUrl, program.gatewayUrl, managementKey)
    const about = `/proc/${String(program.process.pid)}`
    commandLine = readFileSync(`${about}/cmdline`, 'latin1') + readFileSync(`${about}/environ`, 'latin1')
    await program.end('SIGTERM')
    printed = program.printed()
  })
  afterAll(() => {
    rmSync(dataDirectory, { recursive: true, force: true })
  })

  /** Uses tokens rightly, wrongly, and in places where they do not belong. */
  async function misuse(controlUrl: string, gatewayUrl: string, managementKey: string): Promise<void> {
    const call = async (
      method: string,
      path: string,
      body?: unknown,
      headers = {},
      key: string | null = managementKey,
    ) => {
      const answer = await send(controlUrl, method, path, body, { key, headers })
      answers.push(answer)
      return answer
    }
    const pass = async (method: string, path: string, key: string | null, headers = {}) => {
      answers.push(await send(gatewayUrl, method, path, undefined, { key, headers }))
    }
    tokens.push(managementKey)
    const created = await call(
      'POST',
      '/v1/keys',
      { name: 'A', environment: 'production', access: 'full' },
      { 'idempotency-key': 'a' },
    )
    const { id } = created.body.key as { id: string }
    const token = created.body.token as string
    answers.pop() // The one answer that shows the token.
    const rotated = await call('POST', `/v1/keys/${id}/rotate`, { overlap_seconds: 600 })
    answers.pop()
    const manager = await call('POST', '/v1/keys', {
      name: 'M',
      kind: 'management',
      environment: 'production',
      access: {},
    })
    answers.pop()
    tokens.push(token, rotated.body.token as string, manager.body.token as string)
    await call(
      'POST',
      '/v1/keys',
      { name: 'A', environment: 'production', access: 'full' },
      { 'idempotency-key': 'a' },
    )

    for (const key of [...tokens, `${token}x`, token.slice(0, -1), `x${token}`]) {
      await pass('GET', '/list-voices', key)
      await pass('GET', '/health', key)
      await pass('POST', '/unmapped', key)
      await pass('GET', `/a/../b?api_key=${key}`, key)
      await pass('GET', '/list-voices', null, { authorization: `Basic ${key}` })
      await pass('GET', '/list-voices', null, { authorization: key })
      await call('GET', '/v1/keys', undefined, {}, key)
      await call('POST', '/v1/verify', { token: key, method: 'GET', path: '/list-voices' })
      await call('POST', '/v1/verify', { token: key, method: 'GET', path: '/list-voices', unknown: key })
      await call('POST', '/v1/verify', { token: [key], method: key, path: key, ip: key })
      await call('POST', '/v1/verify', `{"token":"${key}",`)
      await call('GET', `/v1/keys/${key}`)
      await call('GET', `/v1/keys?cursor=${key}&limit=${key}&state=${key}&kind=${key}&environment=${key}`)
      await call('GET', `/v1/audit?outcome=${key}&cursor=${key}`)
      await call('GET', `/v1/audit/${key}`)
      await call('DELETE', `/v1/keys/${id}?confirm=${key}`)
      await call('PATCH', `/v1/keys/${id}`, { note: 'x' }, { 'if-match': key })
      await call('POST', `/v1/keys/${id}/suspend`, { reason: 1 }, { 'idempotency-key': `${key} ` })
      await call('POST', '/v1/keys', { name: 1, environment: key, access: key, kind: key, expires_at: key })
      await call('POST', '/v1/keys', { name: 'x', environment: 'production', access: { history: key } })
      await call('PATCH', '/v1/workspace', {
        upstream: `https://${key}@example.com`,
        ceilings: { production: key },
      })
      await call('POST', '/v1/setup', { code: key }, {}, null)
      await call('GET', '/v1/keys', undefined, { 'content-type': key })
      await call('POST', '/v1/audit', {
        action: key,
        userId: `user ${key}`,
        resource: `key=${key}`,
        result: 'success',
        metadata: { [key]: [key, { deep: `Bearer ${key}` }] },
      })
      await call('POST', '/v1/audit/erase', { resource: key })
      await call('GET', `/v1/audit?text=${key}&actor=${key}&resource=${key}&request_id=${key.slice(0, 64)}`)
      await call('GET', `/v1/audit/tile/${key}/${key.slice(0, 16)}`)
      await call('GET', '/v1/whoami', undefined, { 'user-agent': key })
      await call(
        'GET',
        '/v1/nodes',
        undefined,
        { 'user-agent': `x/1 (${key})` },
        manager.body.token as string,
      )
      await pass('GET', `/get-agent/${key}`, token, { 'user-agent': key })
      await pass('GET', `/get-agent/x-${key.slice(0, 60)}`, token)
    }
    await call('GET', '/v1/audit/export')
    await call('GET', '/v1/audit/checkpoint')
    // An error of our own with its stack, while a token is being made and while one is being looked at.
    const database = await openDatabase({ url: null, dataDirectory })
    await database.transact((tx) =>
      sql`create trigger canary before insert on audit_log begin select raise(abort, 'canary'); end`.execute(
        tx,
      ),
    )
    const failed = await call('POST', '/v1/keys', { name: 'A', environment: 'production', access: 'full' })
    expect(failed.status).toBe(500)
    expect((await call('POST', `/v1/keys/${id}/rotate`, { overlap_seconds: 1 })).status).toBe(500)
    await database.transact((tx) => sql`drop trigger canary`.execute(tx))
    await database.close()
    for (const path of [
      '/metrics',
      '/openapi.json',
      '/healthz',
      '/readyz',
      '/v1/keys?limit=100',
      '/v1/audit?limit=100',
      '/v1/whoami',
    ]) {
      await call('GET', path)
    }
    await call('POST', `/v1/keys/${id}/revoke`, { reason: 'Done' })
    await pass('GET', '/list-voices', token)
    await call('DELETE', `/v1/keys/${id}?confirm=A`)
  }

  /** Everything of a token that is confidential, in every form in which it might be written. */
  function confidential(): { what: string; text: string }[] {
    return tokens.flatMap((token) => {
      const digest = createHash('sha256').update(token).digest()
      return [
        { what: 'the token', text: token },
        { what: 'its secret', text: token.slice(-49, -6) },
        { what: 'half of its secret', text: token.slice(-49, -27) },
        { what: 'the token in base64', text: Buffer.from(token).toString('base64').slice(4, -4) },
        { what: 'the token in hex', text: Buffer.from(token).toString('hex') },
        { what: 'its digest', text: digest.toString('latin1') },
        { what: 'its digest in hex', text: digest.toString('hex') },
        { what: 'its digest in base64', text: digest.toString('base64').slice(0, -2) },
        { what: 'its digest in base64url', text: digest.toString('base64url').slice(0, -1) },
      ]
    })
  }
  function expectNothingIn(where: string, text: string): void {
    for (const { what, text: part } of confidential())
      expect(text.includes(part), `${what} is in ${where}`).toBe(false)
  }

  test('the tokens were used at all, and the program wrote a log', () => {
    expect(tokens.length).toBe(4)
    expect(answers.length).toBeGreaterThan(100)
    expect(answers.some(({ status }) => status === 200)).toBe(true)
    expect(printed).toContain('a request failed')
    expect(printed).toContain('canary')
  })

  test('not in the database, its write-ahead log or any other file', () => {
    const files = filesIn(dataDirectory)
    expect(files).toContain('bitting.db')
    for (const name of files) expectNothingIn(name, readFileSync(join(dataDirectory, name), 'latin1'))
  })

  test('not in the log or on the terminal', () => {
    expectNothingIn('what was printed', printed)
  })

  test('not in any answer but the one that shows it, headers, audit log and metrics among them', () => {
    for (const { status, headers, text } of answers) {
      expectNothingIn(
        `an answer ${String(status)}: ${text.slice(0, 200)}`,
        text + JSON.stringify([...headers]),
      )
    }
  })

  test('not in the command line or the environment of the program', () => {
    expectNothingIn('the process', commandLine)
  })

  test('the root key is in no file but its own and in no log, and nobody else can read the data', () => {
    const rootKey = readFileSync(join(dataDirectory, 'root.key'), 'latin1').trim()
    for (const name of readdirSync(dataDirectory)) {
      const stat = statSync(join(dataDirectory, name))
      expect([name, stat.mode & 0o777]).toEqual([name, stat.isDirectory() ? 0o700 : 0o600])
    }
    for (const name of filesIn(dataDirectory)) {
      const path = join(dataDirectory, name)
      expect([name, statSync(path).mode & 0o777]).toEqual([name, 0o600])
      const text = readFileSync(path, 'latin1')
      if (name !== 'root.key') {
        expect(text.includes(rootKey), name).toBe(false)
        expect(text.includes(Buffer.from(rootKey, 'base64').toString('latin1')), name).toBe(false)
      }
    }
    expect(printed).not.toContain(rootKey)
    expect(statSync(dataDirectory).mode & 0o777).toBe(0o700)
  })
})
