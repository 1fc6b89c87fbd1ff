import fc from 'fast-check'
import { parseRequestTarget } from '@bitting/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startGateway, World } from './support.js'
import { ask, bearer, RawCaller, RawUpstream, requestBytes } from './raw-http.js'
import { Cleanup } from './waiting.js'

const cleanup = new Cleanup()
const world = new World()
let upstream: RawUpstream
let port: number
let token: string

beforeAll(async () => {
  upstream = await RawUpstream.start(cleanup)
  port = (await startGateway(cleanup, world, upstream.origin)).port
  token = world.addKey()
})
afterAll(() => cleanup.run())

/** Sends one request and says what the upstream saw of it: its request line, or null. */
async function lineSeen(target: string, key = token): Promise<{ status: number; line: string | null }> {
  const before = upstream.requests.length
  const response = await ask(cleanup, port, requestBytes('GET', target, [bearer(key)]))
  const seen = upstream.requests.slice(before)
  expect(seen.length).toBeLessThanOrEqual(1)
  return { status: response.status, line: seen[0]?.requestLine ?? null }
}

describe('what reaches the upstream', () => {
  it.each([
    '/',
    '/get-phone-number/+14157774444',
    '/get-phone-number/%2B14157774444',
    '/get-agent/AbC%7e%7E',
    '/get-agent/%c3%A9',
    '/get-agent/x/',
    '/get-agent/a;b=c',
    '/get-agent/...',
    '/get-agent/a.b..c',
    "/get-agent/!$&'()*+,=:@~_-",
    '/get-agent/x?',
    '/get-agent/x?a=%2F..%2f&b=../&c=//&d=%5C&&=',
    '/get-agent/x??a=?',
    '/get-agent/x?q=%',
    '/get-agent/x?[]{}|^`"<>',
    `/get-agent/${'a'.repeat(7000)}`,
  ])('is %s, byte for byte', async (target) => {
    expect(await lineSeen(target)).toEqual({ status: 200, line: `GET ${target} HTTP/1.1` })
  })

  it('is the target as sent, whatever it is made of, or nothing', async () => {
    const pieces = fc.constantFrom(
      ...[
        '/',
        '//',
        '.',
        '..',
        '%2F',
        '%2f',
        '%5C',
        '\\',
        '%2e',
        '%2E%2e',
        ';',
        '%00',
        '%',
        '%zz',
        '%25',
        '%252F',
      ],
      ...[
        'get-agent',
        'x',
        'A',
        '+1',
        '%C3%A9',
        '%FF',
        '~',
        '?',
        'a=b',
        '&',
        '#',
        '*',
        ':',
        '@',
        '%3b',
        '%0a',
      ],
    )
    const targets = fc.array(pieces, { maxLength: 8 }).map((parts) => `/${parts.join('')}`)
    await fc.assert(
      fc.asyncProperty(targets, async (target) => {
        const { status, line } = await lineSeen(target)
        if (parseRequestTarget(target).ok)
          expect({ status, line }).toEqual({ status: 200, line: `GET ${target} HTTP/1.1` })
        else expect({ status, line }).toEqual({ status: 400, line: null })
      }),
      { numRuns: 200 },
    )
  })
})

describe('what never reaches the upstream', () => {
  it.each([
    '/get-agent/..%2Fv2%2Fget-call%2Fx',
    '/get-agent/..%2fx',
    '/get-agent/%2e%2e/x',
    '/get-agent/.%2E/x',
    '/get-agent/%5C..%5Cx',
    '/get-agent/..\\x',
    '/get-agent/../v2/get-call/x',
    '/get-agent/..',
    '/get-agent/./x',
    '/./get-agent/x',
    '/get-agent//x',
    '//get-agent/x',
    '//evil.test/get-agent/x',
    '/get-agent/..;/x',
    '/get-agent/%2e%2e;a=b/x',
    '/;/get-agent/x',
    '/get-agent/%252e%252e%252fx',
    '/get-agent/%00',
    '/get-agent/%0d%0aX: y',
    '/get-agent/%',
    '/get-agent/%zz',
    '/get-agent/%ff',
    '/get-agent/x#fragment',
    '/get-agent/x\x7f',
    '/get-agent/\xe9',
    'http://gateway.test/get-agent/x',
    'HTTP://gateway.test/get-agent/x',
    'https://evil.test/get-agent/x',
    'gateway.test:443',
    'get-agent/x',
    '*',
    '\\get-agent/x',
  ])('%s', async (target) => {
    expect(await lineSeen(target)).toEqual({ status: 400, line: null })
  })

  it('an asterisk or an authority as the target', async () => {
    for (const bytes of [
      requestBytes('OPTIONS', '*', [bearer(token)]),
      requestBytes('CONNECT', 'evil.test:443', [bearer(token)]),
    ]) {
      expect((await ask(cleanup, port, bytes)).status).toBe(400)
    }
    expect(upstream.requests.filter(({ requestLine }) => !requestLine.startsWith('GET /'))).toEqual([])
  })

  it('a request that asks to be repeated', async () => {
    const before = upstream.requests.length
    const response = await ask(cleanup, port, requestBytes('TRACE', '/get-agent/x', [bearer(token)]))
    expect(response.status).toBe(405)
    expect(upstream.requests).toHaveLength(before)
  })

  it('is refused before the key is looked at, in the same words for everybody', async () => {
    const target = '/get-agent/..%2Fx'
    const holder = await ask(cleanup, port, requestBytes('GET', target, [bearer(token)]))
    const stranger = await ask(cleanup, port, requestBytes('GET', target))
    expect(stranger.body).toEqual(holder.body)
    expect(holder.json()).toMatchObject({ status: 'error', code: 'invalid_target' })
  })
})

describe('a restricted key', () => {
  it('cannot reach another operation by spelling its path differently', async () => {
    const reader = world.addKey({ access: { agent: 'read' } })
    expect(await lineSeen('/get-agent/x', reader)).toEqual({ status: 200, line: 'GET /get-agent/x HTTP/1.1' })
    for (const target of [
      '/v2/get-call/x',
      '/V2/get-call/x',
      '/v2/get-call/x/',
      '/v2/get-call/x;a',
      '/v2%67et-call/x',
      '/%762/get-call/x',
      '/get-agent/x/',
      '/get-agent/',
      '/get-agent',
      '/GET-AGENT/x',
      '/get-agent/a/b',
    ]) {
      expect(await lineSeen(target, reader), target).toEqual({ status: 403, line: null })
    }
  })

  it('cannot change the method with a header', async () => {
    const reader = world.addKey({ access: { agent: 'read' } })
    const lines = [
      'X-HTTP-Method-Override: DELETE',
      'x-http-method: DELETE',
      'X-Method-Override: DELETE',
      'X_HTTP_Method_Override: DELETE',
      'X-Original-URL: /delete-agent/x',
      'X-Rewrite-URL: /delete-agent/x',
      'X_Rewrite_Url: /delete-agent/x',
    ]
    const caller = await RawCaller.open(cleanup, port)
    caller.send(requestBytes('GET', '/get-agent/overridden', [bearer(reader), ...lines, 'X-Kept: yes']))
    expect((await caller.response()).status).toBe(200)
    const seen = upstream.requests.at(-1)
    expect(seen?.requestLine).toBe('GET /get-agent/overridden HTTP/1.1')
    expect(seen?.head).not.toMatch(/override|original|rewrite|x-http-method/i)
    expect(seen?.header('x-kept')).toEqual(['yes'])
  })
})
