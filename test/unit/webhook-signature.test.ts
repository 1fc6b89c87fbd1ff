import {
  readWebhookClaims,
  signWebhook,
  WEBHOOK_SCHEMES,
  WEBHOOK_SIGNATURES_MAX,
  type WebhookScheme,
} from '@bitting/core'
import { describe, expect, it } from 'vitest'
import { openWebhook, verifyWebhook } from '../../client/src/webhooks/index.js'
import { hmacSigner, newEd25519, newSecret, tokenSigners, TOKEN } from '../support/webhooks.js'

/** The one fixed vector of the Standard Webhooks reference implementations. */
const VECTOR = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  seconds: 1614265330,
  body: '{"test": 2432232314}',
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
}
const OTHER = 'v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc='
const nowMilliseconds = VECTOR.seconds * 1000
const key = Buffer.from(VECTOR.secret.slice(6), 'base64')

const vectorHeaders = (changes: Record<string, string | undefined> = {}) => ({
  'webhook-id': VECTOR.id,
  'webhook-timestamp': String(VECTOR.seconds),
  'webhook-signature': VECTOR.signature,
  ...changes,
})
const outcomeOf = (headers: Record<string, string | undefined>, body = VECTOR.body) => {
  const webhook = openWebhook(body, headers, VECTOR.secret, { nowMilliseconds })
  return webhook.outcome === 'accepted' ? 'accepted' : webhook.reason
}

describe('signWebhook', () => {
  it('makes the vector of Standard Webhooks', () => {
    const several = [hmacSigner(key)]
    const content = { id: VECTOR.id, timestampMilliseconds: nowMilliseconds + 999, body: VECTOR.body }
    expect(signWebhook(content, { single: null, several, ed25519: [] }, ['standard'])).toEqual(
      vectorHeaders(),
    )
  })

  it('sets the signatures of several keys beside one another in the order given, v1 before v1a', () => {
    const [older, newer] = [newSecret(), newSecret()]
    const pair = newEd25519()
    const content = { id: 'msg_1', timestampMilliseconds: 1700000000123, body: Buffer.from('{}') }
    const several = [hmacSigner(newer.bytes), hmacSigner(older.bytes)]
    const headers = signWebhook(content, { single: null, several, ed25519: [pair.sign] }, WEBHOOK_SCHEMES)
    const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
    const parts = ['msg_1.1700000000.{}']
    expect(headers).toEqual({
      'webhook-id': 'msg_1',
      'webhook-timestamp': '1700000000',
      'webhook-signature': [
        `v1,${base64(several[0]!(parts))}`,
        `v1,${base64(several[1]!(parts))}`,
        `v1a,${base64(pair.sign(parts))}`,
      ].join(' '),
    })
  })

  it('makes only the headers of the schemes asked for, and none where the key for it is not there', () => {
    const content = { id: 'msg_1', timestampMilliseconds: 1700000000123, body: '{}' }
    const pair = newEd25519()
    const names = (schemes: WebhookScheme[], signers = { ...tokenSigners(), ed25519: [pair.sign] }) =>
      Object.keys(signWebhook(content, signers, schemes)).sort()
    const standard = ['webhook-id', 'webhook-signature', 'webhook-timestamp']
    expect(names(['standard'])).toEqual(standard)
    expect(names(['ed25519'])).toEqual(standard)
    expect(names(['retell'])).toEqual(['x-retell-signature'])
    expect(names(['body'])).toEqual(['x-bitting-signature'])
    expect(names(['retell', 'body'], { single: null, several: [], ed25519: [] })).toEqual([])
    expect(names(['ed25519'], tokenSigners() as never)).toEqual([])
    expect(names([])).toEqual([])
  })

  it('leaves out a scheme where a message of it could be one of another', () => {
    const names = (body: string | Uint8Array) =>
      Object.keys(
        signWebhook({ id: 'a', timestampMilliseconds: 1, body }, tokenSigners(), ['body', 'retell']),
      )
    expect(names('{"a":1}')).toEqual(['x-retell-signature', 'x-bitting-signature'])
    for (const body of ['', '{', '}', ' {}', '{}\n', '[1]', '{}1700000000000', '\ufeff{}']) {
      expect(names(body), body).toEqual(['x-retell-signature'])
      expect(names(Buffer.from(body)), body).toEqual(['x-retell-signature'])
    }
    for (const body of ['msg_x.1700000000.{}', 'A-z_9.1.', '0.0.']) {
      expect(names(body), body).toEqual([])
      expect(names(Buffer.from(body)), body).toEqual([])
    }
    for (const body of ['msg_x.17a.{}', '.1.{}', 'msg_x..', 'msg x.1.', '@a.1.', 'a.1', 'hello']) {
      expect(names(body), body).toEqual(['x-retell-signature'])
    }
  })

  it('throws on an id or a timestamp that no header could hold', () => {
    const sign = (id: string, timestampMilliseconds: number) => () =>
      signWebhook({ id, timestampMilliseconds, body: '{}' }, tokenSigners(), [])
    for (const id of ['', 'a.b', 'a b', 'a{', 'ä', 'a\n', 'a'.repeat(257)]) {
      expect(sign(id, 1), id).toThrow(RangeError)
    }
    for (const time of [-1, 1.5, NaN, Infinity, 1e15])
      expect(sign('a', time), String(time)).toThrow(RangeError)
    expect(sign('a'.repeat(256), 1e15 - 1)).not.toThrow()
  })
})

describe('what the test-suite of Standard Webhooks asks of a receiver', () => {
  it.each([
    ['a valid signature', {}, 'accepted'],
    ['no id', { 'webhook-id': undefined }, 'malformed'],
    ['no timestamp', { 'webhook-timestamp': undefined }, 'malformed'],
    ['no signature', { 'webhook-signature': undefined }, 'malformed'],
    ['a timestamp that is no number', { 'webhook-timestamp': 'hello' }, 'malformed'],
    ['another signature', { 'webhook-signature': OTHER }, 'mismatch'],
    ['a signature cut short', { 'webhook-signature': VECTOR.signature.slice(0, 8) }, 'malformed'],
    ['an empty signature', { 'webhook-signature': 'v1,' }, 'malformed'],
    ['an unknown version alone', { 'webhook-signature': `v2,${VECTOR.signature.slice(3)}` }, 'unsigned'],
    [
      'several signatures of which one is right',
      { 'webhook-signature': `${OTHER} v2,${OTHER.slice(3)} ${VECTOR.signature} ${OTHER}` },
      'accepted',
    ],
  ])('%s: %s', (_, changes, outcome) => {
    expect(outcomeOf(vectorHeaders(changes))).toBe(outcome)
  })

  it('accepts 300 seconds either way and refuses 301', () => {
    const at = (seconds: number) =>
      openWebhook(VECTOR.body, vectorHeaders(), VECTOR.secret, {
        nowMilliseconds: (VECTOR.seconds + seconds) * 1000,
      })
    expect(at(300).outcome).toBe('accepted')
    expect(at(-300).outcome).toBe('accepted')
    expect(at(301)).toEqual({ outcome: 'refused', reason: 'too_old' })
    expect(at(-301)).toEqual({ outcome: 'refused', reason: 'too_new' })
  })

  it('throws on an empty key', () => {
    for (const empty of ['', 'whsec_']) {
      expect(() => verifyWebhook(VECTOR.body, vectorHeaders(), empty)).toThrow(TypeError)
    }
  })
})

describe('reading the headers', () => {
  it.each([
    ['webhook-id', ['', 'a.b', `${VECTOR.id}, ${VECTOR.id}`, ` ${VECTOR.id}`, `${VECTOR.id}\n`]],
    [
      'webhook-timestamp',
      ['', '-1', '+1614265330', '01614265330', '1614265330.0', '1e9', ' 1614265330', '1'.repeat(16)],
    ],
    [
      'webhook-signature',
      [
        '',
        ' ',
        `${VECTOR.signature} `,
        `${VECTOR.signature}  ${OTHER}`,
        `${VECTOR.signature}, ${OTHER}`,
        VECTOR.signature.slice(3),
        VECTOR.signature.slice(0, -1),
        VECTOR.signature.replace('OE=', 'OF='),
        VECTOR.signature.replace('/', '_'),
        `${VECTOR.signature}\n`,
        'v1a,AAAA',
        Array(WEBHOOK_SIGNATURES_MAX + 1)
          .fill(VECTOR.signature)
          .join(' '),
      ],
    ],
  ])('takes nothing but the one form of %s', (name, values) => {
    for (const value of values) expect(outcomeOf(vectorHeaders({ [name]: value })), value).toBe('malformed')
  })

  it('reads as many signatures as are allowed', () => {
    const list = [...Array<string>(WEBHOOK_SIGNATURES_MAX - 1).fill(OTHER), VECTOR.signature].join(' ')
    expect(outcomeOf(vectorHeaders({ 'webhook-signature': list }))).toBe('accepted')
  })

  it('takes nothing but the one form of the Retell header, in either case', () => {
    const content = { id: 'a', timestampMilliseconds: nowMilliseconds, body: '{}' }
    const value = signWebhook(content, tokenSigners(), ['retell'])['x-retell-signature']!
    const outcome = (header: string, body = '{}') => {
      const webhook = openWebhook(body, { 'x-retell-signature': header }, TOKEN, { nowMilliseconds })
      return webhook.outcome === 'accepted' ? webhook.identities : webhook.reason
    }
    const identities = [`retell:${value.slice(-64)}`]
    expect(outcome(value)).toEqual(identities)
    expect(outcome(value.slice(0, -64) + value.slice(-64).toUpperCase())).toEqual(identities)
    for (const malformed of [
      '',
      `${value} `,
      `${value},e=1`,
      `${value}, ${value}`,
      value.slice(0, -1),
      value.slice(0, -1) + 'g',
      value.replace('v=', 'v=0'),
      value.replace('v=', 'v=-'),
      value.replace(/v=\d+/, 'v=9999999999999999'),
      value.replace(/v=\d+/, 'v='),
      `${value}\n`,
    ]) {
      expect(outcome(malformed), malformed).toBe('malformed')
    }
    expect(outcome(value, 'msg_x.1614265330.{}')).toBe('malformed')
    expect(outcome(value, '{ }')).toBe('mismatch')
  })

  it('accepts the Retell header for 300,000 milliseconds either way, and not one more', () => {
    const content = { id: 'a', timestampMilliseconds: nowMilliseconds, body: '{}' }
    const headers = signWebhook(content, tokenSigners(), ['retell'])
    const at = (milliseconds: number) => {
      const webhook = openWebhook('{}', headers, TOKEN, { nowMilliseconds: nowMilliseconds + milliseconds })
      return webhook.outcome === 'accepted' ? 'accepted' : webhook.reason
    }
    expect([300_000, -300_000, 300_001, -300_001].map(at)).toEqual([
      'accepted',
      'accepted',
      'too_old',
      'too_new',
    ])
  })

  it('calls a header that came twice malformed, and reads no scheme that is not accepted', () => {
    const rules = { schemes: ['retell'] as const, toleranceMilliseconds: 0, nowMilliseconds: 0 }
    expect(readWebhookClaims('{}', () => null, rules)).toEqual({ outcome: 'refused', reason: 'malformed' })
    expect(readWebhookClaims('{}', () => undefined, rules)).toEqual({
      outcome: 'refused',
      reason: 'unsigned',
    })
    const asked: string[] = []
    readWebhookClaims('{}', (name) => void asked.push(name), rules)
    expect(asked).toEqual(['x-retell-signature'])
  })
})
