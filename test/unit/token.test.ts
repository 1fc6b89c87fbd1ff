import { randomBytes } from 'node:crypto'
import zlib from 'node:zlib'
import {
  checksumHolds,
  DEFAULT_BRAND,
  encodeBase62,
  formatToken,
  isBrand,
  keyIdOf,
  newKeyId,
  newToken,
  parseToken,
  secretIdOf,
  tokenPrefix,
  type Environment,
  type KeyKind,
} from '@bitting/core'
import { describe, expect, it } from 'vitest'

const SECRET_ID = '0123456789ABCDEF'
const SECRET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ'

/** A token by the words of the design alone, with the checksum of another implementation. */
function tokenByHand(prefix: string, secretId = SECRET_ID, secret = SECRET): string {
  const text = prefix + secretId + secret
  return text + encodeBase62(zlib.crc32(text), 6)
}

describe('newToken', () => {
  it('has the form of the design: prefix, 16 characters of id, 43 of secret, 6 of CRC-32', () => {
    const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => index)
    const token = newToken('btg_live_', SECRET_ID, bytes)
    expect(token).toBe(tokenByHand('btg_live_', SECRET_ID, '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg'))
    expect(token).toMatch(/^btg_(dev|staging|live)_[A-Za-z0-9]{65}$/)
  })

  it('never repeats: the secret comes from the random source', () => {
    const tokens = Array.from({ length: 100 }, () => newToken('btg_live_', SECRET_ID, randomBytes))
    expect(new Set(tokens).size).toBe(100)
  })

  it.each([
    ['api', 'development', 'btg_dev_'],
    ['api', 'staging', 'btg_staging_'],
    ['api', 'production', 'btg_live_'],
    ['management', 'development', 'btgm_dev_'],
    ['management', 'staging', 'btgm_staging_'],
    ['management', 'production', 'btgm_live_'],
  ] as const satisfies [KeyKind, Environment, string][])(
    'of a %s key in %s begins with %s and names its environment',
    (kind, environment, prefix) => {
      expect(tokenPrefix(DEFAULT_BRAND, kind, environment)).toBe(prefix)
      const parsed = parseToken(newToken(prefix, SECRET_ID, randomBytes))
      expect(parsed).toMatchObject({ brand: prefix.split('_')[0], environment, secretId: SECRET_ID })
    },
  )

  it('is longer than the 64 bytes of an HMAC block even with the shortest prefix', () => {
    const token = newToken(tokenPrefix('sk', 'api', 'development'), SECRET_ID, randomBytes)
    expect(Buffer.byteLength(token)).toBeGreaterThan(64)
    expect(parseToken(token)).not.toBeNull()
  })
})

describe('parseToken', () => {
  it('takes a token apart', () => {
    const text = tokenByHand('btg_staging_')
    const token = { brand: 'btg', environment: 'staging', secretId: SECRET_ID, secret: SECRET } as const
    expect(parseToken(text)).toEqual(token)
    expect(formatToken(token)).toBe(text)
  })

  it.each([
    ['nothing', ''],
    ['an environment that does not exist', tokenByHand('btg_prod_')],
    ['an environment in capitals', tokenByHand('btg_LIVE_')],
    ['the long name of an environment', tokenByHand('btg_production_')],
    ['a brand in capitals', tokenByHand('BTG_live_')],
    ['a brand that begins with a digit', tokenByHand('1tg_live_')],
    ['a brand of one letter', tokenByHand('b_live_')],
    ['a brand of eleven letters', tokenByHand('bbbbbbbbbbb_live_')],
    ['no brand', tokenByHand('_live_')],
    ['no prefix', tokenByHand('')],
    ['no underscore after the environment', tokenByHand('btg_live')],
    ['text before it', ` ${tokenByHand('btg_live_')}`],
    ['two prefixes', tokenByHand('btg_live_btg_live_')],
    ['a character of the id that is no digit', tokenByHand('btg_live_', '0123456789ABCDE-')],
    [
      'a character of the secret that is no digit',
      tokenByHand('btg_live_', SECRET_ID, `${SECRET.slice(1)}_`),
    ],
    ['a secret one short', tokenByHand('btg_live_', SECRET_ID, SECRET.slice(1))],
    ['a secret one long', tokenByHand('btg_live_', SECRET_ID, `${SECRET}x`)],
    ['a line end after it', `${tokenByHand('btg_live_')}\n`],
    ['a checksum of zeros', `btg_live_${SECRET_ID}${SECRET}000000`],
    ['a length beyond everything', 'a'.repeat(1_000_000)],
  ])('refuses %s', (_, text) => {
    expect(parseToken(text)).toBeNull()
  })

  it('refuses every character but one at every place of a token, also those that share its lower byte', () => {
    const token = tokenByHand('btg_live_')
    const accepted: string[] = []
    for (let index = 0; index < token.length; index++) {
      for (let code = 0; code < 0x300; code++) {
        const text = token.slice(0, index) + String.fromCharCode(code) + token.slice(index + 1)
        if (text !== token && parseToken(text) !== null) accepted.push(text)
      }
    }
    expect(accepted).toEqual([])
  })

  it('reads an API token of the brand btgm as it reads a management token of btg: a prefix proves no kind', () => {
    expect(tokenPrefix('btgm', 'api', 'production')).toBe(tokenPrefix('btg', 'management', 'production'))
    expect(parseToken(tokenByHand('btgm_live_'))?.brand).toBe('btgm')
  })
})

describe('checksumHolds', () => {
  it.each(['', '0', '00000', '000000', 'btg_live_'])(
    'is false of %j, which is too short to have one',
    (text) => {
      expect(checksumHolds(text)).toBe(false)
    },
  )

  it('is true of whatever ends in its checksum, token or not', () => {
    expect(checksumHolds(`123456789${encodeBase62(0xcbf43926, 6)}`)).toBe(true)
  })
})

describe('isBrand', () => {
  it.each(['bt', 'btg', 'sk', 'a1', 'abcdefghi'])('accepts %j', (text) => {
    expect(isBrand(text)).toBe(true)
  })

  it.each(['', 'b', 'abcdefghij', 'Btg', '1bt', 'b_t', 'b-t', 'btg ', 'btg\n', 'bté', 'btg_live'])(
    'refuses %j',
    (text) => {
      expect(isBrand(text)).toBe(false)
    },
  )

  it.each(['bt', 'abcdefghi'])('accepts only brands whose tokens of both kinds parse: %j', (brand) => {
    for (const kind of ['api', 'management'] as const) {
      const token = newToken(tokenPrefix(brand, kind, 'production'), SECRET_ID, randomBytes)
      expect(parseToken(token)?.brand).toBe(kind === 'api' ? brand : `${brand}m`)
    }
  })
})

describe('secretIdOf', () => {
  it.each([
    [0, '000'],
    [1, '001'],
    [61, '00z'],
    [62, '010'],
    [62 ** 3 - 1, 'zzz'],
  ])('counts generation %i as %s after the key', (generation, digits) => {
    expect(secretIdOf('key_0123456789ABC', generation)).toBe(`0123456789ABC${digits}`)
  })

  it.each([-1, 62 ** 3, Number.NaN, Number.POSITIVE_INFINITY])('has no secret number %d', (generation) => {
    expect(() => secretIdOf('key_0123456789ABC', generation)).toThrow('assertion failed')
  })

  it.each(['', 'key_', 'key_0123456789AB', 'key_0123456789ABCD', 'KEY_0123456789ABC', '0123456789ABCDEFG'])(
    'refuses %j, which is no key id',
    (keyId) => {
      expect(() => secretIdOf(keyId, 0)).toThrow('assertion failed')
    },
  )
})

describe('newKeyId', () => {
  it('is an id whose secrets name it', () => {
    const keyId = newKeyId(randomBytes)
    expect(keyId).toMatch(/^key_[0-9A-Za-z]{13}$/)
    expect(keyIdOf(secretIdOf(keyId, 7))).toBe(keyId)
  })
})
