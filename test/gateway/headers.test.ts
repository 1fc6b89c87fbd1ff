import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requestHeaders, responseHead, responseTrailers } from '../../server/src/gateway/headers.js'
import { KeyRedactor } from '../../server/src/gateway/redaction.js'
import { startGateway, UPSTREAM_KEY, World } from './support.js'
import { bearer, okResponse, RawCaller, RawUpstream, requestBytes } from './raw-http.js'
import { Cleanup } from './waiting.js'

const TOKEN_CHARACTERS = Array.from(
  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~",
)
/** Names that belong to nobody in particular. */
const names = fc
  .string({ unit: fc.constantFrom(...TOKEN_CHARACTERS), minLength: 1, maxLength: 20 })
  .map((name) => `q-${name}`)
/** Values as they may stand in a header: any visible character and any byte above ASCII, spaces and tabs inside. */
const values = fc
  .string({
    unit: fc
      .integer({ min: 0x20, max: 0xff })
      .filter((code) => code !== 0x7f)
      .map((code) => String.fromCharCode(code)),
    maxLength: 40,
  })
  .map((value) => value.trim().replace(/^[\s\u00a0]+|[\s\u00a0]+$/g, ''))
const fields = fc.array(fc.tuple(names, values), { maxLength: 20 })

const buffers = (list: readonly string[]): Buffer[] => list.map((text) => Buffer.from(text, 'latin1'))
const linesOf = (list: readonly (readonly [string, string])[]): string[] =>
  list.map(([name, value]) => `${name}: ${value}`)

describe('header fields', () => {
  it('that belong to nobody in particular pass both ways with bytes, case, duplicates and order', () => {
    fc.assert(
      fc.property(fields, (list) => {
        const raw = list.flat()
        expect(requestHeaders(raw, null)).toEqual(raw)
        expect(requestHeaders(raw, 'k')).toEqual([...raw, 'Authorization', 'Bearer k'])
        expect(responseHead(buffers(raw), null, true).headers).toEqual(raw)
      }),
    )
  })

  it('that are kept back are kept back in any case and position, and nothing else is', () => {
    const keptBack = fc.constantFrom(
      ...[
        'Connection',
        'Keep-Alive',
        'Proxy-Connection',
        'TE',
        'Trailer',
        'Transfer-Encoding',
        'Upgrade',
        'Host',
      ],
      ...[
        'Authorization',
        'Proxy-Authorization',
        'Expect',
        'Forwarded',
        'X-Forwarded-For',
        'X-Forwarded-Anything',
      ],
      ...[
        'X-Real-IP',
        'Via',
        'X-HTTP-Method-Override',
        'X-HTTP-Method',
        'X-Method-Override',
        'X-Original-URL',
      ],
      ...[
        'X-Rewrite-URL',
        'x_forwarded_for',
        'X_HTTP-Method_Override',
        'Content_Length',
        'transfer_encoding',
      ],
    )
    const cased = fc.tuple(keptBack, fc.infiniteStream(fc.boolean())).map(([name, flips]) =>
      Array.from(name)
        .map((letter) => ((flips.next().value as boolean) ? letter.toUpperCase() : letter.toLowerCase()))
        .join(''),
    )
    const mixed = fc.array(fc.oneof(fc.tuple(names, values), fc.tuple(cased, fc.constant('close'))), {
      maxLength: 20,
    })
    fc.assert(
      fc.property(mixed, (list) => {
        const expected = list.filter(([name]) => name.startsWith('q-')).flat()
        expect(requestHeaders(list.flat(), null)).toEqual(expected)
      }),
    )
  })

  it('named by Connection are removed, but for those that are everybody’s', () => {
    const raw = [
      'X-One',
      '1',
      'Connection',
      'x-one,, X-Two ,content-type',
      'Content-Type',
      'a/b',
      'connection',
      'Authorization',
      'x-two',
      '2',
    ]
    expect(requestHeaders(raw, 'key')).toEqual(['Content-Type', 'a/b', 'Authorization', 'Bearer key'])
    expect(
      responseHead(buffers(['Set-Cookie', 'a=1', 'Connection', 'set-cookie, x', 'X', '1']), null, true)
        .headers,
    ).toEqual(['Set-Cookie', 'a=1'])
  })

  it('of a response that give two lengths are left with one', () => {
    const raw = ['Content-Length', '3', 'X', '1', 'Transfer-Encoding', 'chunked', 'content-length', '4']
    expect(responseHead(buffers(raw), null, true).headers).toEqual(['X', '1'])
  })

  it('say whether the body is encoded', () => {
    expect(responseHead(buffers(['Content-Encoding', 'gzip']), null, true).isEncoded).toBe(true)
    expect(responseHead(buffers(['Content-Encoding', 'identity']), null, true).isEncoded).toBe(false)
  })

  it('of a trailer section are those that may stand there', () => {
    const raw = [
      'X-Sum',
      '1',
      'Content-Length',
      '3',
      'Authorization',
      'x',
      'Set-Cookie',
      'a',
      'x-key',
      `a${UPSTREAM_KEY}`,
      'x-sum',
      '2',
    ]
    expect(responseTrailers(buffers(raw), UPSTREAM_KEY)).toEqual([
      ['X-Sum', '1'],
      ['x-sum', '2'],
    ])
  })
})

describe('over the wire', () => {
  const cleanup = new Cleanup()
  const world = new World()
  const token = world.addKey()
  let upstream: RawUpstream
  let caller: RawCaller
  let answer: string[] = []

  beforeAll(async () => {
    upstream = await RawUpstream.start(cleanup, (_request, socket) => {
      socket.write(Buffer.from(okResponse('{}', answer), 'latin1'))
    })
    const { port } = await startGateway(cleanup, world, upstream.origin)
    caller = await RawCaller.open(cleanup, port)
  })
  afterAll(() => cleanup.run())

  it('any fields arrive as they were sent, both ways', async () => {
    await fc.assert(
      fc.asyncProperty(fields, fields, async (sent, answered) => {
        answer = linesOf(answered)
        caller.send(requestBytes('GET', '/get-agent/x', [bearer(token), ...linesOf(sent)]))
        const response = await caller.response()
        caller.forget()
        const seen = upstream.requests.splice(0)[0]
        expect(seen?.lines.filter((line) => line.startsWith('q-'))).toEqual(linesOf(sent))
        expect(response.lines.filter((line) => line.startsWith('q-'))).toEqual(answer)
        expect(seen?.head).not.toContain(token)
        expect(response.head).not.toContain(UPSTREAM_KEY)
      }),
      { numRuns: 150 },
    )
  })
})

describe('the upstream’s key in a body', () => {
  const key = 'abab_abac_abab_abad'

  /** Cuts a text at some places. */
  function cut(text: string, places: readonly number[]): Buffer[] {
    const sorted = [...new Set(places.map((place) => place % (text.length + 1)))].sort((a, b) => a - b)
    return [0, ...sorted].map((start, index) =>
      Buffer.from(text.slice(start, sorted[index] ?? text.length), 'latin1'),
    )
  }

  function redact(chunks: readonly Buffer[]): { parts: Buffer[]; whole: string } {
    const redactor = new KeyRedactor(key)
    const parts = [...chunks.map((chunk) => redactor.push(chunk)), redactor.finish()]
    return { parts, whole: Buffer.concat(parts).toString('latin1') }
  }

  const pieces = fc.constantFrom(
    key,
    key.slice(0, 5),
    key.slice(0, 12),
    key.slice(3),
    'ab',
    'a',
    'b_',
    '\xff',
    'other text ',
    '',
  )
  const texts = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(''))

  it('is masked wherever it stands, however the body is cut, and nothing else changes', () => {
    fc.assert(
      fc.property(texts, fc.array(fc.nat(500), { maxLength: 10 }), (text, places) => {
        const chunks = cut(text, places)
        const copies = chunks.map((chunk) => Buffer.from(chunk))
        const { whole } = redact(chunks)
        expect(whole).toHaveLength(text.length)
        expect(whole).not.toContain(key)
        expect(chunks).toEqual(copies)
        const mask = '*'.repeat(key.length)
        const expected = text.split(key).join(mask)
        for (let at = 0; at < text.length; at++) {
          if (whole[at] === expected[at]) continue
          // A key in two chunks: at most seven of its first characters have gone before it was known to be one.
          expect(expected[at]).toBe('*')
          const start = expected.lastIndexOf(mask, at)
          expect(whole.slice(Math.max(start, at - 7), at + 1)).toBe(
            text.slice(Math.max(start, at - 7), at + 1),
          )
        }
        if (!text.includes(key)) expect(whole).toBe(text)
      }),
      { numRuns: 2000 },
    )
  })

  it('is masked when it comes a byte at a time', () => {
    const text = `before ${key} after ${key}`
    const { whole } = redact(
      cut(
        text,
        Array.from({ length: text.length }, (_, index) => index),
      ),
    )
    expect(whole).not.toContain(key.slice(7))
    expect(whole.startsWith('before ')).toBe(true)
    expect(whole).toContain(' after ')
  })

  it('holds back nothing of ordinary text', () => {
    const { parts } = redact([Buffer.from('data: ok a'), Buffer.from('b')])
    expect(parts.map(String)).toEqual(['data: ok a', 'b', ''])
  })
})
