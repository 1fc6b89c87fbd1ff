import { signWebhook, WEBHOOK_SCHEMES, type WebhookScheme } from '@bitting/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openWebhookAsync } from '../../client/src/index.js'
import { openWebhook, type WebhookHeaders } from '../../client/src/webhooks/index.js'
import { hmacSigner, newEd25519, TOKEN } from '../support/webhooks.js'

const NOW = 1_700_000_000_123
const pair = newEd25519()
const signer = hmacSigner(TOKEN)
const signers = { single: signer, several: [signer], ed25519: [pair.sign] }
const keys = [TOKEN, pair.publicKey]

const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/)
const timestampMilliseconds = fc.integer({ min: NOW - 299_000, max: NOW + 299_000 })
const anyBody = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.json(),
  fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
)
/** Bodies put together from what the messages of the schemes are made of. */
const craftedBody = fc
  .array(
    fc.oneof(
      fc.constantFrom('{', '}', '.', '{}', 'msg_x', '"', ' ', '-', 'msg_x.1700000000.'),
      timestampMilliseconds.map((time) => String(time)),
      timestampMilliseconds.map((time) => String(Math.floor(time / 1000))),
    ),
    { maxLength: 7 },
  )
  .chain((parts) => fc.constantFrom(parts.join(''), `{${parts.join('')}}`))

const optionsFor = (schemes: readonly WebhookScheme[]) => ({ schemes, nowMilliseconds: NOW })
const bytesOf = (body: string | Uint8Array): Buffer => Buffer.from(body as string)

/** What a scheme signs, as one run of bytes, and the bytes of its signature. */
interface Signed {
  scheme: WebhookScheme
  message: Buffer
  signature: Buffer
}

function signedBy(given: { id: string; timestampMilliseconds: number; body: string }): Signed[] {
  const headers = signWebhook(given, signers, WEBHOOK_SCHEMES)
  const seconds = Math.floor(given.timestampMilliseconds / 1000)
  const standard = Buffer.from(`${given.id}.${seconds}.${given.body}`)
  const [v1, v1a] = headers['webhook-signature']!.split(' ')
  const signed: Signed[] = [
    { scheme: 'standard', message: standard, signature: Buffer.from(v1!.slice(3), 'base64') },
    { scheme: 'ed25519', message: standard, signature: Buffer.from(v1a!.slice(4), 'base64') },
  ]
  const retell = headers['x-retell-signature']
  if (retell !== undefined) {
    const message = Buffer.from(given.body + String(given.timestampMilliseconds))
    signed.push({ scheme: 'retell', message, signature: Buffer.from(retell.slice(-64), 'hex') })
  }
  const body = headers['x-bitting-signature']
  if (body !== undefined) {
    signed.push({ scheme: 'body', message: Buffer.from(given.body), signature: Buffer.from(body, 'hex') })
  }
  return signed
}

interface Forgery {
  scheme: WebhookScheme
  body: Buffer
  headers: Record<string, string>
}

/** Every way to take a message apart under every scheme, with its signature put where that scheme has it. */
function* splits(message: Buffer, signature: Buffer): Generator<Forgery> {
  const text = message.toString('latin1')
  yield { scheme: 'body', body: message, headers: { 'x-bitting-signature': signature.toString('hex') } }
  const digits = /\d*$/.exec(text)![0].length
  for (let length = 1; length <= digits; length++) {
    const value = `v=${text.slice(-length)},d=${signature.toString('hex')}`
    yield { scheme: 'retell', body: message.subarray(0, -length), headers: { 'x-retell-signature': value } }
  }
  for (let first = text.indexOf('.'); first !== -1; first = text.indexOf('.', first + 1)) {
    for (let second = text.indexOf('.', first + 1); second !== -1; second = text.indexOf('.', second + 1)) {
      for (const [scheme, version] of [
        ['standard', 'v1'],
        ['ed25519', 'v1a'],
      ] as const) {
        const headers = {
          'webhook-id': text.slice(0, first),
          'webhook-timestamp': text.slice(first + 1, second),
          'webhook-signature': `${version},${signature.toString('base64')}`,
        }
        yield { scheme, body: message.subarray(second + 1), headers }
      }
    }
  }
}

describe('webhook signatures', () => {
  it('are accepted under every scheme and every choice of schemes', () => {
    fc.assert(
      fc.property(
        id,
        timestampMilliseconds,
        anyBody,
        fc.subarray([...WEBHOOK_SCHEMES]),
        (name, time, body, schemes) => {
          const content = { id: name, timestampMilliseconds: time, body }
          const headers = signWebhook(content, signers, schemes)
          const opened = openWebhook(body, headers, keys, optionsFor(WEBHOOK_SCHEMES))
          expect(opened.outcome).toBe(Object.keys(headers).length === 0 ? 'refused' : 'accepted')
          expect(opened).toEqual(openWebhook(bytesOf(body), headers, keys, optionsFor(WEBHOOK_SCHEMES)))
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('of one scheme hold under no other, and under their own for no other split of the same bytes', () => {
    const seen = new Map<WebhookScheme, number>()
    let accepted = 0
    fc.assert(
      fc.property(id, timestampMilliseconds, craftedBody, (name, time, body) => {
        for (const { scheme, message, signature } of signedBy({
          id: name,
          timestampMilliseconds: time,
          body,
        })) {
          let holding = 0
          for (const forgery of splits(message, signature)) {
            seen.set(forgery.scheme, (seen.get(forgery.scheme) ?? 0) + 1)
            const opened = openWebhook(forgery.body, forgery.headers, keys, optionsFor([forgery.scheme]))
            if (opened.outcome === 'refused') continue
            expect(forgery.scheme).toBe(scheme)
            expect(forgery.body.toString()).toBe(body)
            holding++
          }
          expect(holding).toBe(1)
          accepted += holding
        }
      }),
      { numRuns: 3000 },
    )
    expect(accepted).toBeGreaterThan(6000)
    for (const scheme of WEBHOOK_SCHEMES) expect(seen.get(scheme), scheme).toBeGreaterThan(1000)
  })

  it('would hold under another scheme without the rules that keep them apart', () => {
    // What a careless signer signs as a body, and what comes of it.
    const asRetell = signer([`{}${NOW}`])
    const retell = { 'x-retell-signature': `v=${NOW},d=${Buffer.from(asRetell).toString('hex')}` }
    expect(openWebhook('{}', retell, keys, optionsFor(['retell'])).outcome).toBe('accepted')
    const asStandard = signer(['msg_x.1700000000.{}'])
    const standard = {
      'webhook-id': 'msg_x',
      'webhook-timestamp': '1700000000',
      'webhook-signature': `v1,${Buffer.from(asStandard).toString('base64')}`,
    }
    expect(openWebhook('{}', standard, keys, optionsFor(['standard'])).outcome).toBe('accepted')
  })
})

const BODY = Buffer.from('{"event":"key.revoked","name":"é"}')
const ORIGINAL = signWebhook(
  { id: 'msg_1', timestampMilliseconds: NOW, body: BODY },
  signers,
  WEBHOOK_SCHEMES,
)
const NAMES = Object.keys(ORIGINAL)
const ENTRIES = ORIGINAL['webhook-signature']!.split(' ')

/** One change of a text: a character put in, taken out or replaced, a piece cut off or said twice. */
const change = fc.record({
  how: fc.constantFrom('insert', 'remove', 'replace', 'cut', 'repeat', 'upper', 'lower'),
  at: fc.nat({ max: 400 }),
  character: fc.oneof(
    fc.constantFrom('0', 'a', ',', ' ', '=', '\n', '\0', '.', 'v', '\ud800', '1'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }),
  ),
})
function changed(
  text: string,
  { how, at, character }: typeof change extends fc.Arbitrary<infer T> ? T : never,
) {
  const place = text === '' ? 0 : at % text.length
  const [before, rest] = [text.slice(0, place), text.slice(place)]
  if (how === 'insert') return before + character + rest
  if (how === 'remove') return before + rest.slice(1)
  if (how === 'replace') return before + character + rest.slice(1)
  if (how === 'cut') return before
  if (how === 'repeat') return `${text}${character}${text}`
  return how === 'upper' ? text.toUpperCase() : text.toLowerCase()
}

const mutation = fc.oneof(
  fc.record({ kind: fc.constant('change' as const), name: fc.constantFrom(...NAMES), change }),
  fc.record({ kind: fc.constant('drop' as const), names: fc.subarray(NAMES, { minLength: 1 }) }),
  fc.record({
    kind: fc.constant('set' as const),
    name: fc.constantFrom(...NAMES),
    value: fc.string({ unit: 'binary' }),
  }),
  fc.record({
    kind: fc.constant('array' as const),
    name: fc.constantFrom(...NAMES),
    times: fc.nat({ max: 3 }),
  }),
  fc.record({ kind: fc.constant('value' as const), name: fc.constantFrom(...NAMES), value: fc.anything() }),
  fc.record({
    kind: fc.constant('entries' as const),
    list: fc.array(fc.constantFrom(...ENTRIES, 'v2,AAAA', 'v1,AAAA', `v1,${'A'.repeat(43)}=`), {
      maxLength: 18,
    }),
  }),
  fc.record({ kind: fc.constant('case' as const), name: fc.constantFrom(...NAMES) }),
  fc.record({ kind: fc.constant('twice' as const), name: fc.constantFrom(...NAMES) }),
  fc.record({ kind: fc.constant('body' as const), change }),
)
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never

function mutated(mutations: readonly Mutation[]): { body: Buffer; headers: Record<string, unknown> } {
  const headers = new Map<string, unknown>(Object.entries(ORIGINAL))
  let body = BODY
  for (const it of mutations) {
    if (it.kind === 'change') headers.set(it.name, changed(ORIGINAL[it.name]!, it.change))
    else if (it.kind === 'drop') for (const name of it.names) headers.delete(name)
    else if (it.kind === 'set' || it.kind === 'value') headers.set(it.name, it.value)
    else if (it.kind === 'array') headers.set(it.name, Array(it.times).fill(ORIGINAL[it.name]))
    else if (it.kind === 'entries') headers.set('webhook-signature', it.list.join(' '))
    else if (it.kind === 'body') body = Buffer.from(changed(body.toString('latin1'), it.change), 'latin1')
    else {
      headers.set(it.name.toUpperCase(), headers.get(it.name))
      if (it.kind === 'case') headers.delete(it.name)
    }
  }
  return { body, headers: Object.fromEntries(headers) }
}

/** Headers by their names in lower case, as they would have to be to be believed. */
function lowered(headers: Record<string, unknown>): Map<string, string> {
  const entries = Object.entries(headers).filter(([, value]) => value !== undefined)
  return new Map(entries.map(([name, value]) => [name.toLowerCase(), String([value].flat()[0])]))
}

describe('a receiver before mutated deliveries', () => {
  it('never throws, and believes nothing but the bytes that were signed', async () => {
    const counts = { accepted: 0, refused: 0 }
    const sample: [Buffer, WebhookHeaders][] = []
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
        const { body, headers } = mutated(mutations)
        const opened = openWebhook(body, headers as WebhookHeaders, keys, optionsFor(WEBHOOK_SCHEMES))
        counts[opened.outcome]++
        if (sample.length < 500) sample.push([body, headers as WebhookHeaders])
        if (opened.outcome === 'refused') return
        if (!body.equals(BODY)) throw new Error('another body was accepted')
        const given = lowered(headers)
        if (given.has('webhook-signature') && opened.id !== null) {
          for (const name of ['webhook-id', 'webhook-timestamp']) {
            if (given.get(name) !== ORIGINAL[name]) throw new Error(`another ${name} was accepted`)
          }
          const list = given.get('webhook-signature')!.split(' ')
          if (!list.some((entry) => ENTRIES.includes(entry))) throw new Error('no signature, and accepted')
        }
        for (const name of ['x-retell-signature', 'x-bitting-signature']) {
          const value = given.get(name) ?? ORIGINAL[name]!
          if (value.toLowerCase() !== ORIGINAL[name]) throw new Error(`another ${name} was accepted`)
        }
      }),
      { numRuns: 50_000 },
    )
    expect(counts.accepted).toBeGreaterThan(1000)
    expect(counts.refused).toBeGreaterThan(10_000)
    const options = optionsFor(WEBHOOK_SCHEMES)
    for (const [body, headers] of sample) {
      expect(await openWebhookAsync(body, headers, keys, options)).toEqual(
        openWebhook(body, headers, keys, options),
      )
    }
  })

  it('never throws, and believes nothing, where headers are garbage', () => {
    const value = fc.oneof(fc.anything(), fc.string({ unit: 'binary' }))
    const garbage = fc.oneof(
      fc.dictionary(fc.oneof(fc.constantFrom(...NAMES), fc.string()), value),
      fc.object({ withNullPrototype: true }),
    )
    fc.assert(
      fc.property(garbage, fc.uint8Array(), (headers, body) => {
        expect(openWebhook(body, headers as never, keys, optionsFor(WEBHOOK_SCHEMES)).outcome).toBe('refused')
      }),
      { numRuns: 5000 },
    )
  })
})
