import { randomBytes } from 'node:crypto'
import {
  maskCredentials,
  mayHoldCredentials,
  newKeyId,
  newToken,
  secretIdOf,
  tokenPrefix,
} from '@bitting/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

function token(kind: 'api' | 'management' = 'api', brand = 'btg'): string {
  const id = secretIdOf(newKeyId(randomBytes), 0)
  return newToken(tokenPrefix(brand, kind, 'production'), id, randomBytes)
}

describe('masking credentials', () => {
  it('leaves of a token what is public of it, whatever stands around it', () => {
    const around = [
      '',
      ' ',
      '"',
      'token=',
      'token%3D',
      '%20',
      'TOKEN_',
      'x',
      'X',
      '1',
      'Bearer ',
      '/',
      '\n',
      '\\n',
    ]
    for (const kind of ['api', 'management'] as const) {
      for (const before of around) {
        for (const after of ['', ' and more', '"', '/next', '%20']) {
          const secret = token(kind)
          const masked = maskCredentials(`${before}${secret}${after}`)
          expect(masked).not.toContain(secret.slice(-49))
          expect(masked).toContain('…')
          expect(masked.endsWith(after)).toBe(true)
        }
      }
    }
    const secret = token()
    expect(maskCredentials(`the key ${secret} leaked`)).toBe(`the key ${secret.slice(0, 25)}… leaked`)
  })

  it('leaves nothing of a part of a token beyond its tag, and knows it behind percent signs', () => {
    const secret = token()
    expect(maskCredentials(secret.slice(0, 50))).toBe('btg_live_…')
    expect(maskCredentials(secret.replaceAll('_', '%5F'))).not.toContain(secret.slice(-40))
    expect(maskCredentials(token('api', 'acme'))).toMatch(/^acme_live_[0-9A-Za-z]{16}…$/)
  })

  it.each([
    ['key_0123456789abcdef0123456789ab', 'key_…'],
    ['Authorization: Bearer abc.def-ghi12.jkl3', 'Authorization: Bearer …'],
    ['basic\t dXNlcjpwYXNzd29yZA==', 'basic\t …'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig', 'eyJ…'],
    ['sk_live_0123456789abcdefghij', 'sk_live_…'],
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_…'],
    ['ghp_0123456789abcdefghijklmnop', 'ghp_…'],
    ['-----BEGIN PRIVATE KEY-----\nMIIEvQIB\n-----END', '-----BEGIN PRIVATE KEY-----…-----END'],
  ])('masks %j', (text, masked) => {
    expect(maskCredentials(text)).toBe(masked)
  })

  it.each([
    'key_0AbCdEfGhIjKl',
    'btg_live_ABCDEFGHIJKLMNOP',
    'Basic Authentication of subscribers',
    'a basic explanation',
    'the bearer',
    'keyboard',
    'live_call',
  ])('leaves %j as it is', (text) => {
    expect(maskCredentials(text)).toBe(text)
  })

  it('looks closer at every text that it would change', () => {
    const parts = fc.constantFrom(
      token(),
      token('management').slice(0, 40),
      'key_0123456789abcdef0123456789ab',
      'Bearer abcdefghij0123456',
      'BASIC%20abcdefghij0123456',
      'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig',
      'xoxb-0123456789abcdefgh',
      'github_pat_0123456789abcdefgh',
      '-----BEGIN EC PRIVATE KEY-----abc',
      'plain',
    )
    const texts = fc.array(fc.oneof(parts, fc.string({ unit: 'binary' }))).map((all) => all.join(''))
    fc.assert(
      fc.property(texts, (text) => {
        for (const written of [text, JSON.stringify({ text })]) {
          if (maskCredentials(written) !== written) expect(mayHoldCredentials(written)).toBe(true)
          expect(maskCredentials(maskCredentials(written))).toBe(maskCredentials(written))
        }
        // What is looked at is the JSON, and what is masked are the texts in it.
        if (maskCredentials(text) !== text) expect(mayHoldCredentials(JSON.stringify(text))).toBe(true)
      }),
    )
  })

  it('ends soon for any text, also one that is made to have it try again from every place', () => {
    const parts = [
      'eyJ',
      'bearer+',
      'bearer ',
      '+',
      'key_',
      'btg_live_',
      'whsec_',
      'a.',
      'abcdefghij',
      '-----BEGIN PRIVATE KEY-----',
    ]
    for (const part of parts) {
      const text = part.repeat(Math.ceil(2 ** 20 / part.length))
      expect(maskCredentials(`bearer${text}`).length).toBeGreaterThan(0)
    }
  })
})
