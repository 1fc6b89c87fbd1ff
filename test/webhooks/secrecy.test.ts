import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { send } from '../http/support.js'
import { bootstrap, startProgram } from '../invariants/program.js'

const URL_OF_ENDPOINT = 'https://receiver.invalid/hook'

/**
 * The whole program as a process of its own, at its most talkative, with the secrets of webhooks put where they belong
 * and where they do not; then everything that it answered, printed and wrote to files is searched.
 */
describe('the secrets of webhooks', () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'bitting-webhook-canary-'))
  const secrets: string[] = []
  const answers: string[] = []
  let printed = ''

  beforeAll(async () => {
    const key = await bootstrap(dataDirectory)
    const program = await startProgram(dataDirectory)
    const call = (method: string, path: string, body?: unknown) =>
      send(program.controlUrl, method, path, body, { key })
    const value = (name: string): string => {
      secrets.push(`canary-${name}-0123456789abcdef`)
      return secrets.at(-1) ?? ''
    }
    const endpoint = { url: URL_OF_ENDPOINT, headers: { authorization: `Bearer ${value('first')}` } }
    const made = await call('POST', '/v1/webhook-endpoints', endpoint)
    const path = `/v1/webhook-endpoints/${String(made.body.endpoint.id)}`
    const rotated = await call('POST', `${path}/rotate`, { overlap_seconds: 60 })
    for (const { body } of [made, rotated]) secrets.push((body.secret as string).slice('whsec_'.length))
    answers.push(...[made, rotated].map(({ body }) => JSON.stringify({ ...body, secret: null })))
    const relay = { name: 'R', scheme: 'retell', key: value('relay') }
    for (const [method, to, body] of [
      ['PATCH', path, { headers: { 'x-other': value('other') } }],
      ['PATCH', path, { headers: { 'x-bad': `${value('bad')}\n` } }],
      ['PATCH', path, { headers: { host: value('host') }, url: 'x' }],
      ['POST', '/v1/webhook-endpoints', { ...endpoint, unknown: 1 }],
      ['POST', '/v1/webhook-endpoints', JSON.stringify(endpoint).slice(0, -1)],
      ['POST', '/v1/webhook-relays', relay],
      ['POST', '/v1/webhook-relays', { ...relay, scheme: 'standard' }],
      ['POST', '/v1/webhook-relays', { ...relay, name: '' }],
      ['POST', `${path}/handshake`, undefined],
      ['POST', `${path}/probe`, undefined],
      ['GET', path, undefined],
      ['GET', '/v1/webhook-endpoints', undefined],
      ['GET', '/v1/webhook-relays', undefined],
      ['GET', '/v1/events', undefined],
      ['GET', '/v1/audit?limit=100', undefined],
      ['GET', '/v1/audit/export', undefined],
    ] as const) {
      answers.push((await call(method, to, body)).text)
    }
    await program.end('SIGTERM')
    printed = program.printed()
  })
  afterAll(() => {
    rmSync(dataDirectory, { recursive: true, force: true })
  })

  const expectNoneIn = (where: string, text: string): void => {
    for (const secret of secrets) {
      for (const form of [secret, Buffer.from(secret).toString('base64'), secret.slice(8, 30)]) {
        expect(text.includes(form), `${where} has ${form}`).toBe(false)
      }
    }
  }

  test('are in no answer but the one that gives them', () => {
    expect(secrets).toHaveLength(7)
    expect(answers.join('')).toContain('x-other')
    expectNoneIn('an answer', answers.join('\n'))
  })

  test('are in nothing that is printed', () => {
    expect(printed).toContain('Management API')
    expectNoneIn('the log', printed)
  })

  test('are in no file, the database among them', () => {
    const entries = readdirSync(dataDirectory, { recursive: true, withFileTypes: true })
    const texts = entries
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    expect(texts.join('')).toContain(URL_OF_ENDPOINT)
    expectNoneIn('a file', texts.join('\n'))
  })
})
