import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { signWebhook, WEBHOOK_SCHEMES, type WebhookScheme } from '@bitting/core'
import Retell from 'retell-sdk'
import { sign as retellSign, verify as retellVerify } from 'retell-sdk'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import { Webhook as SvixWebhook } from 'svix'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openWebhookAsync } from '../../client/src/index.js'
import { openWebhook, verifyWebhook } from '../../client/src/webhooks/index.js'
import {
  hmacSigner,
  newEd25519,
  newSecret,
  OTHER_TOKEN,
  sha256,
  TOKEN,
  tokenSigners,
} from '../support/webhooks.js'
import { verifyWebhookSignature } from './guide-webhook.js'

const own = newSecret()
const pair = newEd25519()
/** The webhook key as its SHA-256 alone, and beside it an endpoint's own secret and key pair. */
const signers = {
  single: hmacSigner(sha256(TOKEN)),
  several: [hmacSigner(own.bytes), hmacSigner(sha256(TOKEN))],
  ed25519: [pair.sign],
}
const tokenSecret = `whsec_${Buffer.from(TOKEN).toString('base64')}`

const BODIES = [
  '{}',
  '{"event":"call_ended","call":{"call_id":"x"}}',
  '{ "event" : "é ñ 漢字 🎉",\r\n\t"spaces": "  \\u00e9" }',
  `{"long":"${'0123456789abcdef'.repeat(1024)}"}`,
]

interface Attempt {
  id: string
  body: string
  headers: Record<string, string>
}

const attempt = (
  body: string,
  at = Date.now(),
  schemes: readonly WebhookScheme[] = WEBHOOK_SCHEMES,
): Attempt => {
  const id = 'msg_2b9f'
  return { id, body, headers: signWebhook({ id, timestampMilliseconds: at, body }, signers, schemes) }
}

function throwsNot(work: () => unknown): boolean {
  try {
    work()
    return true
  } catch {
    return false
  }
}

/** Others' verifiers, each with what it is to be given. */
const VERIFIERS: Record<string, (given: Attempt) => boolean | Promise<boolean>> = {
  'retell-sdk, verify': ({ body, headers }) => retellVerify(body, TOKEN, headers['x-retell-signature'] ?? ''),
  'retell-sdk, Retell.verify': ({ body, headers }) =>
    Retell.verify(body, TOKEN, headers['x-retell-signature'] ?? ''),
  "standardwebhooks, with the endpoint's secret": ({ body, headers }) =>
    throwsNot(() => new StandardWebhook(own.secret).verify(body, headers)),
  'standardwebhooks, with the token': ({ body, headers }) =>
    throwsNot(() => new StandardWebhook(tokenSecret).verify(body, headers)),
  "svix, with the endpoint's secret": ({ body, headers }) =>
    throwsNot(() => new SvixWebhook(own.secret).verify(body, headers)),
  'svix, with the token': ({ body, headers }) =>
    throwsNot(() => new SvixWebhook(tokenSecret).verify(body, headers)),
}

/** Changes the first character of a signature, and keeps its form. */
const spoil = (headers: Record<string, string>): Record<string, string> => ({
  ...headers,
  'webhook-signature': headers['webhook-signature']!.replaceAll(/(v1a?),(.)/g, (_, version, first) =>
    [version, first === 'A' ? 'B' : 'A'].join(','),
  ),
  'x-retell-signature': headers['x-retell-signature']!.replace(/d=(.)/, (_, first) =>
    first === '0' ? 'd=1' : 'd=0',
  ),
})
const later = (headers: Record<string, string>): Record<string, string> => ({
  ...headers,
  'webhook-timestamp': String(Number(headers['webhook-timestamp']) + 1),
  'x-retell-signature': headers['x-retell-signature']!.replace(/v=(\d+)/, (_, v) => `v=${Number(v) + 1}`),
})

describe.each(Object.entries(VERIFIERS))('what we sign, before %s', (name, verifies) => {
  it('is accepted', async () => {
    for (const body of BODIES) expect(await verifies(attempt(body))).toBe(true)
  })

  it('is refused with another body, time, signature or id, and when it is 301 seconds old', async () => {
    const good = attempt(BODIES[1]!)
    expect(await verifies(good)).toBe(true)
    expect(await verifies({ ...good, body: `${good.body} ` })).toBe(false)
    expect(await verifies({ ...good, headers: later(good.headers) })).toBe(false)
    expect(await verifies({ ...good, headers: spoil(good.headers) })).toBe(false)
    const otherId = { ...good.headers, 'webhook-id': 'msg_2b9e' }
    // The Retell header signs no id.
    expect(await verifies({ ...good, headers: otherId })).toBe(name.startsWith('retell'))
    expect(await verifies(attempt(good.body, Date.now() - 301_000))).toBe(false)
    expect(await verifies(attempt(good.body, Date.now() + 302_000))).toBe(false)
  })
})

describe("the guide's own function", () => {
  const signatureOf = (body: string) => attempt(body, 0).headers['x-bitting-signature']!

  it('accepts the body scheme, however old', () => {
    for (const body of BODIES) expect(verifyWebhookSignature(body, signatureOf(body), TOKEN)).toBe(true)
  })

  it('refuses another body, signature and key', () => {
    const signature = signatureOf('{}')
    expect(verifyWebhookSignature('{ }', signature, TOKEN)).toBe(false)
    expect(verifyWebhookSignature('{}', signatureOf('{ }'), TOKEN)).toBe(false)
    expect(verifyWebhookSignature('{}', signature, OTHER_TOKEN)).toBe(false)
  })
})

const hasOpenssl = spawnSync('openssl', ['version']).status === 0

describe.runIf(hasOpenssl)('openssl', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bitting-webhooks-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const hmacHex = (key: Buffer, message: string): string => {
    const args = ['dgst', '-sha256', '-mac', 'HMAC', '-macopt', `hexkey:${key.toString('hex')}`, '-binary']
    return spawnSync('openssl', args, { input: message }).stdout.toString('hex')
  }

  it('makes the same digests, with the whole token where we have its SHA-256', () => {
    const now = Date.now()
    for (const body of BODIES) {
      const { id, headers } = attempt(body, now)
      const token = Buffer.from(TOKEN)
      const message = `${id}.${Math.floor(now / 1000)}.${body}`
      const v1 = (key: Buffer) => `v1,${Buffer.from(hmacHex(key, message), 'hex').toString('base64')}`
      const [first, second] = headers['webhook-signature']!.split(' ')
      expect([first, second]).toEqual([v1(own.bytes), v1(token)])
      expect(headers['x-retell-signature']).toBe(`v=${now},d=${hmacHex(token, `${body}${now}`)}`)
      expect(headers['x-bitting-signature']).toBe(hmacHex(token, body))
    }
  })

  it('verifies v1a, and refuses it over another body, id and time', () => {
    const verifies = (message: string, signature: string): boolean => {
      const [key, text, bytes] = ['key.pem', 'message', 'signature'].map((name) => join(folder, name))
      writeFileSync(key!, pair.pem)
      writeFileSync(text!, message)
      writeFileSync(bytes!, Buffer.from(signature, 'base64'))
      const args = [
        'pkeyutl',
        '-verify',
        '-rawin',
        '-pubin',
        '-inkey',
        key!,
        '-in',
        text!,
        '-sigfile',
        bytes!,
      ]
      const { status, stdout } = spawnSync('openssl', args)
      expect(stdout.toString()).toMatch(/^Signature Verif/)
      return status === 0
    }
    const { id, body, headers } = attempt(BODIES[2]!)
    const seconds = headers['webhook-timestamp']!
    const signature = headers['webhook-signature']!.split(' ').at(-1)!.replace('v1a,', '')
    expect(verifies(`${id}.${seconds}.${body}`, signature)).toBe(true)
    expect(verifies(`${id}.${seconds}.${body} `, signature)).toBe(false)
    expect(verifies(`${id}0.${seconds}.${body}`, signature)).toBe(false)
    expect(verifies(`${id}.${Number(seconds) + 1}.${body}`, signature)).toBe(false)
    expect(verifies(`${id}.${seconds}.${body}`, pair.sign(['x']).toString())).toBe(false)
  })
})

describe('what others sign, before us', () => {
  /** Ours, synchronous and asynchronous, which must agree. */
  const accepts = async (body: string, headers: Record<string, string>, key: string): Promise<boolean> => {
    const answer = verifyWebhook(body, headers, key)
    expect(verifyWebhook(Buffer.from(body), headers, key)).toBe(answer)
    const opened = await openWebhookAsync(Buffer.from(body), headers, key)
    expect(opened).toEqual(openWebhook(body, headers, key))
    return answer
  }

  it.each([...BODIES, '', 'hello', '[1]', '1700000000.5.'])('retell-sdk, body %#', async (body) => {
    const headers = { 'X-Retell-Signature': await retellSign(body, TOKEN) }
    expect(await accepts(body, headers, TOKEN)).toBe(body !== '1700000000.5.')
    expect(await accepts(`${body} `, headers, TOKEN)).toBe(false)
    expect(await accepts(body, headers, OTHER_TOKEN)).toBe(false)
    const late = { nowMilliseconds: Date.now() + 301_000 }
    expect(verifyWebhook(body, headers, TOKEN, late)).toBe(false)
  })

  it.each([
    ['standardwebhooks', (key: string) => new StandardWebhook(key)],
    ['svix', (key: string) => new SvixWebhook(key)],
  ])('%s', async (_, webhook) => {
    for (const body of [...BODIES, '', 'hello']) {
      const at = new Date()
      const signed = (key: string, id = 'msg_x') => ({
        'Webhook-Id': 'msg_x',
        'Webhook-Timestamp': String(Math.floor(at.getTime() / 1000)),
        'Webhook-Signature': webhook(key).sign(id, at, body),
      })
      expect(await accepts(body, signed(own.secret), own.secret)).toBe(true)
      expect(await accepts(body, signed(tokenSecret), TOKEN)).toBe(true)
      expect(await accepts(body, signed(tokenSecret), own.secret)).toBe(false)
      expect(await accepts(`${body} `, signed(own.secret), own.secret)).toBe(false)
      expect(await accepts(body, signed(own.secret, 'msg_y'), own.secret)).toBe(false)
      at.setTime(at.getTime() - 301_000)
      expect(await accepts(body, signed(own.secret), own.secret)).toBe(false)
    }
  })
})

describe('our own verifier before what we sign', () => {
  const keys = {
    'the token': TOKEN,
    "the endpoint's secret": own.secret,
    'the public key': pair.publicKey,
    'all of them, and a foreign one': [OTHER_TOKEN, TOKEN, own.secret, pair.publicKey],
  }

  it.each(Object.entries(keys))('accepts with %s, at once and by Web Cryptography', async (_, key) => {
    for (const body of BODIES) {
      const { headers } = attempt(body)
      const expected = { outcome: 'accepted', id: 'msg_2b9f', event: JSON.parse(body) }
      expect(openWebhook(body, headers, key)).toMatchObject(expected)
      expect(await openWebhookAsync(body, headers, key)).toEqual(openWebhook(body, headers, key))
      for (const bad of [spoil(headers), later(headers)]) {
        expect(openWebhook(body, bad, key)).toEqual({ outcome: 'refused', reason: 'mismatch' })
        expect(await openWebhookAsync(body, bad, key)).toEqual({ outcome: 'refused', reason: 'mismatch' })
      }
    }
  })

  it('accepts the body scheme only where it is asked for', () => {
    const { body, headers } = attempt('{"a":1}', 0, ['body'])
    expect(openWebhook(body, headers, TOKEN)).toEqual({ outcome: 'refused', reason: 'unsigned' })
    expect(openWebhook(body, headers, TOKEN, { schemes: ['body'] })).toEqual({
      outcome: 'accepted',
      id: null,
      identities: [`body:${headers['x-bitting-signature']}`],
      event: { a: 1 },
    })
  })

  it('refuses a header that does not hold beside one that does', () => {
    const good = newSignatures(TOKEN)
    const bad = newSignatures(OTHER_TOKEN)
    const mixed = { ...good, 'x-retell-signature': bad['x-retell-signature']! }
    expect(verifyWebhook('{}', good, TOKEN)).toBe(true)
    expect(verifyWebhook('{}', mixed, TOKEN)).toBe(false)
    expect(verifyWebhook('{}', { ...bad, 'x-retell-signature': good['x-retell-signature']! }, TOKEN)).toBe(
      false,
    )
    // A scheme that the receiver does not accept is nothing to it.
    expect(verifyWebhook('{}', mixed, TOKEN, { schemes: ['standard'] })).toBe(true)
  })

  const newSignatures = (token: string) =>
    signWebhook({ id: 'a', timestampMilliseconds: Date.now(), body: '{}' }, tokenSigners(token), [
      'standard',
      'retell',
    ])
})
