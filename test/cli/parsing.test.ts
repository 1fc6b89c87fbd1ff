import { newToken, secretIdOf, tokenPrefix } from '@bitting/core'
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { refuseTokens } from '../../server/src/cli/argument-secrets.js'
import {
  addressArgument,
  keyIdArgument,
  limitArgument,
  nameArgument,
  parseDuration,
  timeArgument,
} from '../../server/src/cli/arguments.js'
import { CommandError } from '../../server/src/cli/command-error.js'
import { parseSecret } from '../../server/src/cli/input.js'
import { printable, shellQuote, splitAdvice, textWidth, wrap } from '../../server/src/cli/text.js'
import { formatExact, formatRelative } from '../../server/src/cli/times.js'
import { NOW } from './support/fake-management-api.js'

describe('a length of time', () => {
  it.each([
    ['0', 0],
    ['45s', 45],
    ['30m', 1800],
    ['24h', 86_400],
    ['90d', 7_776_000],
    ['2w', 1_209_600],
    ['1d12h', 129_600],
    ['1w2d3h4m5s', 788_645],
  ])('%s is %i seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds)
  })

  it.each([
    '',
    '90',
    'd',
    '-1d',
    '1.5h',
    '12h1d',
    '1mo',
    '1y',
    '1 d',
    ' 1d',
    '1D',
    '9999999999999999999w',
    'never',
  ])('%j is none', (text) => {
    expect(parseDuration(text)).toBeNull()
  })

  it('is the sum of its parts', () => {
    const part = fc.nat({ max: 500 })
    fc.assert(
      fc.property(part, part, part, part, part, (w, d, h, m, s) => {
        const text = `${String(w)}w${String(d)}d${String(h)}h${String(m)}m${String(s)}s`
        expect(parseDuration(text)).toBe((((w * 7 + d) * 24 + h) * 60 + m) * 60 + s)
      }),
    )
  })
})

describe('a point in time', () => {
  const parse = timeArgument(() => NOW)

  it('is counted from now', () => {
    expect(parse('90d')).toBe('2027-02-20T12:00:00Z')
  })

  it.each(['2027-01-31T09:00:00Z', '2027-01-31T09:00:00.5+02:00', '2028-02-29T00:00:00Z'])(
    'is %s as it stands',
    (text) => {
      expect(parse(text)).toBe(text)
    },
  )

  it.each([
    '0',
    '2027-01-31',
    '2027-02-30T00:00:00Z',
    '2027-01-31T09:00:00',
    '31.1.2027',
    'tomorrow',
    '2027-01-31T25:00:00Z',
  ])('is not %s', (text) => {
    expect(() => parse(text)).toThrow(/Write how long from now/)
  })
})

describe('the id of a key', () => {
  it('is taken', () => {
    expect(keyIdArgument('key_4Zr0qN1b8Xc2D')).toBe('key_4Zr0qN1b8Xc2D')
  })

  it('is looked for by name', () => {
    expect(hintOf(() => keyIdArgument("Bob's key"))).toBe(
      `ids begin with key_; find it with: bitting keys list --name 'Bob'\\''s key'`,
    )
  })

  it.each(['4Zr0qN1b8Xc2D00A', 'btg_live_4Zr0qN1b8Xc2D00A…'])('is found for the secret %s', (text) => {
    expect(hintOf(() => keyIdArgument(text))).toBe('its key is key_4Zr0qN1b8Xc2D')
  })
})

describe('other arguments', () => {
  it.each(['203.0.113.0/24', '2001:db8::/32', '192.0.2.1'])('take the address %s', (text) => {
    expect(addressArgument(text)).toBe(text)
  })

  it.each(['203.0.113.1/24', 'example.com', ''])('refuse the address %j', (text) => {
    expect(() => addressArgument(text)).toThrow(/CIDR/)
  })

  it.each(['0', '101', '-1', '1e1', '5.0'])('refuse the limit %s', (text) => {
    expect(() => limitArgument(text)).toThrow(/1 to 100/)
  })

  it.each(['', ' a', 'a ', 'a\nb', 'a\u009bb', 'x'.repeat(101)])('refuse the name %j', (text) => {
    expect(() => nameArgument(text)).toThrow(/control characters/)
  })
})

describe('a token among the arguments', () => {
  const id = 'key_4Zr0qN1b8Xc2D'

  it.each(['api', 'management'] as const)('is refused, and never repeated: %s', (kind) => {
    for (const environment of ['development', 'staging', 'production'] as const) {
      for (const brand of ['btg', 'sk', 'acme1']) {
        const token = newToken(tokenPrefix(brand, kind, environment), secretIdOf(id, 7), randomBytes)
        for (const argument of [token, `--token=${token}`, `Bearer ${token}`, token.slice(0, -20)]) {
          const error = errorOf(() => refuseTokens(['verify', argument]))
          expect(error.exitCode).toBe(2)
          expect(`${error.message} ${error.hint ?? ''}`).not.toContain(token.slice(-60, -20))
        }
        expect(errorOf(() => refuseTokens([token])).hint).toContain(`bitting keys rotate ${id} --overlap 0`)
      }
    }
  })

  it('is refused as a key of the protected API too', () => {
    expect(() => refuseTokens([`key_${'0a'.repeat(14)}`])).toThrow(CommandError)
  })

  it.each([
    id,
    'btg_live_4Zr0qN1b8Xc2D000…',
    'my_dev_environment',
    'CRM sync',
    '/run/secrets/btg_token',
    'btg import',
  ])('is not %s', (argument) => {
    expect(() => {
      refuseTokens([argument])
    }).not.toThrow()
  })
})

describe('a secret that was typed or piped', () => {
  it('loses its line end alone', () => {
    expect(parseSecret('abc\r\n', 'it')).toBe('abc')
  })

  it.each(['', '\n', 'a b', 'a\nb'])('is not %j', (text) => {
    expect(() => parseSecret(text, 'it')).toThrow(CommandError)
  })
})

describe('text from outside', () => {
  it('cannot move the cursor or turn text around', () => {
    expect(printable('a\u001b[2Jb\rc\u009bd\u202Ee')).toBe('a<U+001B>[2Jb<U+000D>c<U+009B>d<U+202E>e')
  })

  it('never keeps a control character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\u202A-\u202E\u2066-\u2069]/u)
      }),
    )
  })

  it('is as wide as a terminal shows it', () => {
    expect(textWidth('é鍵🔑a')).toBe(1 + 2 + 2 + 1)
  })

  it('is wrapped without losing a word', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1 }),
        fc.integer({ min: 12, max: 40 }),
        (words, width) => {
          const lines = wrap(words.join(' '), width)
          expect(lines.join(' ')).toBe(words.join(' '))
          for (const line of lines) expect(line.length).toBeLessThanOrEqual(width)
        },
      ),
    )
  })

  it('is a message and a hint', () => {
    expect(splitAdvice('There is no such key. Check the id, and whose key you call with.')).toEqual({
      message: 'there is no such key',
      hint: 'check the id, and whose key you call with',
    })
    expect(splitAdvice('If-Match takes the ETag of the last answer, "3" for example.').message).toBe(
      'If-Match takes the ETag of the last answer, "3" for example',
    )
  })

  it('is quoted for a shell where it must be', () => {
    expect(shellQuote('./data')).toBe('./data')
    expect(shellQuote("it's")).toBe(`'it'\\''s'`)
  })
})

describe('a time as people say it', () => {
  it.each([
    ['2026-11-22T12:00:03Z', 'now'],
    ['2026-11-22T11:59:30Z', '30 s ago'],
    ['2026-11-22T11:57:00Z', '3 min ago'],
    ['2026-11-22T09:10:00Z', '2 h ago'],
    ['2026-11-21T11:00:00Z', '1 day ago'],
    ['2025-06-01T12:00:00Z', '539 days ago'],
    ['2023-06-01T12:00:00Z', '3 years ago'],
    ['2026-11-23T11:59:59Z', 'in 24 h'],
    ['2027-02-20T11:59:58Z', 'in 90 days'],
  ])('%s is %s', (time, shown) => {
    expect(formatRelative(time, NOW)).toBe(shown)
  })

  it('is exact where that is wanted', () => {
    expect(formatExact('2026-11-22T14:00:00+02:00')).toBe('2026-11-22 12:00:00 UTC')
  })
})

function errorOf(work: () => unknown): CommandError {
  try {
    work()
  } catch (error) {
    if (error instanceof CommandError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

function hintOf(work: () => unknown): string | null {
  return errorOf(work).hint
}
