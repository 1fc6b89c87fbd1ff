import { describe, expect, expectTypeOf, it } from 'vitest'
import { openWebhookAsync } from '../../client/src/index.js'
import { openWebhook, verifyWebhook, type WebhookHeaders } from '../../client/src/webhooks/index.js'
import {
  hmacSigner,
  newDelivery,
  newEd25519,
  newSecret,
  OTHER_TOKEN,
  TOKEN,
  tokenSigners,
} from '../support/webhooks.js'

const pascal = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.replace(/\b[a-z]/g, (it) => it.toUpperCase()),
      value,
    ]),
  )

describe('openWebhook', () => {
  it('says what was delivered, under which identities', () => {
    const { id, body, headers } = newDelivery({ body: '{"event":"é"}' })
    expect(openWebhook(body, headers, TOKEN)).toEqual({
      outcome: 'accepted',
      id,
      identities: [`standard:${id}`, `retell:${headers['x-retell-signature']!.slice(-64)}`],
      event: { event: 'é' },
    })
    expect(openWebhook(Buffer.from(body), headers, TOKEN)).toEqual(openWebhook(body, headers, TOKEN))
  })

  it('reads headers of every kind', () => {
    const { body, headers } = newDelivery()
    const kinds: WebhookHeaders[] = [
      headers,
      pascal(headers),
      new Headers(headers),
      Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    ]
    for (const kind of kinds) expect(verifyWebhook(body, kind, TOKEN)).toBe(true)
    const twice = new Headers(headers)
    twice.append('X-Retell-Signature', headers['x-retell-signature']!)
    expect(openWebhook(body, twice, TOKEN)).toEqual({ outcome: 'refused', reason: 'malformed' })
    const both = { ...headers, 'Webhook-Id': headers['webhook-id']! }
    expect(openWebhook(body, both, TOKEN)).toEqual({ outcome: 'refused', reason: 'malformed' })
  })

  it('accepts with any of several keys, in any order', () => {
    const { body, headers } = newDelivery()
    expect(verifyWebhook(body, headers, [OTHER_TOKEN, TOKEN])).toBe(true)
    expect(verifyWebhook(body, headers, [TOKEN, OTHER_TOKEN])).toBe(true)
    expect(verifyWebhook(body, headers, OTHER_TOKEN)).toBe(false)
  })

  it('is carried over a rotation with the old key, the new and both', () => {
    const several = [hmacSigner(OTHER_TOKEN), hmacSigner(TOKEN)]
    const signers = { single: several[1]!, several, ed25519: [] }
    const { body, headers } = newDelivery({ signers })
    expect(verifyWebhook(body, headers, TOKEN)).toBe(true)
    expect(verifyWebhook(body, headers, [OTHER_TOKEN, TOKEN])).toBe(true)
    // Whoever has the new key alone cannot check the header that has room for one signature.
    expect(verifyWebhook(body, headers, OTHER_TOKEN)).toBe(false)
    expect(verifyWebhook(body, headers, OTHER_TOKEN, { schemes: ['standard'] })).toBe(true)
  })

  it("takes no notice of the Retell header where it has an endpoint's own keys alone", () => {
    const own = newSecret()
    const pair = newEd25519()
    const signers = { ...tokenSigners(), several: [hmacSigner(own.bytes)], ed25519: [pair.sign] }
    const { body, headers } = newDelivery({ signers, schemes: ['standard', 'retell', 'ed25519'] })
    expect(verifyWebhook(body, headers, own.secret)).toBe(true)
    expect(verifyWebhook(body, headers, pair.publicKey)).toBe(true)
    expect(verifyWebhook(body, headers, newSecret().secret)).toBe(false)
    expect(verifyWebhook(body, headers, newEd25519().publicKey)).toBe(false)
    const { 'x-retell-signature': retell } = headers
    expect(openWebhook(body, { 'x-retell-signature': retell }, own.secret)).toEqual({
      outcome: 'refused',
      reason: 'unsigned',
    })
  })

  it('gives no event where the body is not JSON', () => {
    for (const body of ['', 'hello', '{', Buffer.from([0x22, 0xff, 0x22])]) {
      const { headers } = newDelivery({ body: body as string })
      expect(openWebhook(body, headers, TOKEN)).toMatchObject({ outcome: 'accepted', event: undefined })
    }
  })

  it('has no two events for one body: what is not the same to the byte is not accepted', () => {
    const { body, headers } = newDelivery({ body: '{ "a" : 1 }' })
    expect(verifyWebhook(JSON.stringify(JSON.parse(body)), headers, TOKEN)).toBe(false)
  })

  it('keeps to the tolerance that it is given', () => {
    const at = 1_700_000_000_000
    const { body, headers } = newDelivery({ at })
    const options = { toleranceSeconds: 10, nowMilliseconds: at + 10_000 }
    expect(verifyWebhook(body, headers, TOKEN, options)).toBe(true)
    expect(verifyWebhook(body, headers, TOKEN, { ...options, nowMilliseconds: at + 11_000 })).toBe(false)
    expect(verifyWebhook(body, headers, TOKEN, { nowMilliseconds: at, toleranceSeconds: 0 })).toBe(true)
  })

  it('survives a public key that is no point of the curve', async () => {
    const { body, headers } = newDelivery({
      signers: { single: null, several: [], ed25519: [newEd25519().sign] },
      schemes: ['ed25519'],
    })
    const odd = `whpk_${Buffer.alloc(32, 0xff).toString('base64')}`
    expect(verifyWebhook(body, headers, odd)).toBe(false)
    expect((await openWebhookAsync(body, headers, odd)).outcome).toBe('refused')
  })

  it('returns a plain boolean', () => {
    expectTypeOf(verifyWebhook).returns.toEqualTypeOf<boolean>()
    expect(verifyWebhook('{}', {}, TOKEN)).toBe(false)
  })
})

describe('errors in the program', () => {
  const { body, headers } = newDelivery()
  const secret = newSecret().secret
  const cases: [string, unknown[], RegExp][] = [
    ['a parsed body', [{ event: 'x' }, headers, TOKEN], /raw bytes or text/],
    ['no body', [undefined, headers, TOKEN], /raw bytes or text/],
    ['an ArrayBuffer', [new ArrayBuffer(2), headers, TOKEN], /raw bytes or text/],
    ['wider numbers', [new Uint16Array(2), headers, TOKEN], /raw bytes or text/],
    ['no headers', [body, undefined, TOKEN], /headers/],
    ['no key', [body, headers, undefined], /environment variable/],
    ['no keys', [body, headers, []], /no webhook key/],
    ['an empty key', [body, headers, ''], /empty/],
    ['an empty key among others', [body, headers, [TOKEN, '']], /empty/],
    ['a key with a line end', [body, headers, `${TOKEN}\n`], /white space/],
    ['a secret that is no base64', [body, headers, `${secret}!`], /base64/],
    ['a short public key', [body, headers, 'whpk_AAAA'], /32 bytes/],
    ['a private key', [body, headers, `whsk_${secret.slice(6)}`], /private/],
    ['no scheme', [body, headers, TOKEN, { schemes: [] }], /schemes/],
    ['an unknown scheme', [body, headers, TOKEN, { schemes: ['md5'] }], /schemes/],
    [
      'a scheme that the key is not for',
      [body, headers, secret, { schemes: ['retell'] }],
      /accepted schemes/,
    ],
    ['a tolerance that is none', [body, headers, TOKEN, { toleranceSeconds: NaN }], /tolerance/],
    ['an endless tolerance', [body, headers, TOKEN, { toleranceSeconds: Infinity }], /tolerance/],
  ]

  it.each(cases)('%s: a TypeError that says what to do', async (_, args, message) => {
    const errors: unknown[] = []
    for (const open of [openWebhook, verifyWebhook] as ((...given: unknown[]) => unknown)[]) {
      try {
        open(...args)
      } catch (error) {
        errors.push(error)
      }
    }
    await (openWebhookAsync as (...given: unknown[]) => Promise<unknown>)(...args).catch((error: unknown) =>
      errors.push(error),
    )
    expect(errors).toHaveLength(3)
    for (const error of errors) {
      expect(error).toBeInstanceOf(TypeError)
      expect((error as Error).message).toMatch(message)
      expect((error as Error).message).not.toContain(TOKEN)
      expect((error as Error).message).not.toContain(secret.slice(6))
    }
  })
})
