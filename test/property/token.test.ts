import {
  BASE62_ALPHABET,
  formatToken,
  isBrand,
  keyIdOf,
  newToken,
  parseToken,
  secretIdOf,
  tokenPrefix,
  type Token,
} from '@bitting/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const digits = (length: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...BASE62_ALPHABET.split('')), minLength: length, maxLength: length })
const brand = fc.stringMatching(/^[a-z][a-z0-9]{1,8}$/)
const kind = fc.constantFrom('api' as const, 'management' as const)
const environment = fc.constantFrom('development' as const, 'staging' as const, 'production' as const)
const parts: fc.Arbitrary<Token> = fc
  .record({ brand, kind, environment, secretId: digits(16), secret: digits(43) })
  .map(({ kind, ...token }) => ({ ...token, brand: kind === 'management' ? `${token.brand}m` : token.brand }))
const token = parts.map(formatToken)
const character = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...BASE62_ALPHABET.split('')) },
  fc.constantFrom('_', '-', ' ', '\n', '\0', '\t', '+', '/', '=', '.'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
)

type Edit = 'change' | 'insert' | 'delete' | 'swap'

/** The text after one mistake at a place, wherever else that may be in the text. */
function edited(text: string, edit: Edit, at: number, other: number, char: string): string {
  const here = at % text.length
  switch (edit) {
    case 'change':
      return text.slice(0, here) + char + text.slice(here + 1)
    case 'insert':
      return text.slice(0, at % (text.length + 1)) + char + text.slice(at % (text.length + 1))
    case 'delete':
      return text.slice(0, here) + text.slice(here + 1)
    case 'swap': {
      const characters = text.split('')
      const there = other % text.length
      ;[characters[here], characters[there]] = [characters[there] ?? '', characters[here] ?? '']
      return characters.join('')
    }
  }
}

const edit = fc.constantFrom<Edit>('change', 'insert', 'delete', 'swap')

describe('parseToken', () => {
  it('gives back what was formatted, and formats back to the same characters', () => {
    fc.assert(
      fc.property(parts, (expected) => {
        const text = formatToken(expected)
        const parsed = parseToken(text)
        expect(parsed).toEqual(expected)
        expect(parsed && formatToken(parsed)).toBe(text)
        expect(text).toMatch(/^[a-z0-9]{2,10}_(dev|staging|live)_[A-Za-z0-9]{65}$/)
        expect(Buffer.byteLength(text)).toBeGreaterThan(64)
      }),
      { numRuns: 2000 },
    )
  })

  it('refuses a token with one character changed, inserted, deleted or exchanged with another', () => {
    fc.assert(
      fc.property(token, edit, fc.nat(), fc.nat(), character, (text, mistake, at, other, char) => {
        const wrong = edited(text, mistake, at, other, char)
        fc.pre(wrong !== text)
        expect(parseToken(wrong)).toBeNull()
      }),
      { numRuns: 20_000 },
    )
  })

  it('refuses a token with two neighbours exchanged, the most common mistake of typing', () => {
    fc.assert(
      fc.property(token, fc.nat(60), (text, at) => {
        const wrong = edited(text, 'swap', at, at + 1, '')
        fc.pre(wrong !== text)
        expect(parseToken(wrong)).toBeNull()
      }),
      { numRuns: 5000 },
    )
  })

  it('gives every text that parses one spelling, however it came about', () => {
    const step = fc.tuple(edit, fc.nat(), fc.nat(), character)
    const disturbed = fc
      .tuple(token, fc.array(step, { maxLength: 4 }))
      .map(([text, steps]) =>
        steps.reduce((result, args) => (result === '' ? '' : edited(result, ...args)), text),
      )
    fc.assert(
      fc.property(fc.oneof(disturbed, fc.string({ maxLength: 100 })), (text) => {
        const parsed = parseToken(text)
        if (parsed !== null) expect(formatToken(parsed)).toBe(text)
      }),
      { numRuns: 5000 },
    )
  })

  it('refuses a token in other capitals, with white space around it or twice', () => {
    fc.assert(
      fc.property(
        token,
        fc.constantFrom(' ', '\n', '\t', '\r\n', '\0', '\u00a0', '\ufeff'),
        (text, space) => {
          const wrong = [text.toUpperCase(), text.toLowerCase(), space + text, text + space, text + text]
          for (const other of wrong) if (other !== text) expect(parseToken(other)).toBeNull()
        },
      ),
    )
  })

  it('refuses the parts of one token under the checksum of another', () => {
    fc.assert(
      fc.property(token, token, (left, right) => {
        fc.pre(left.slice(0, -6) !== right.slice(0, -6))
        expect(parseToken(left.slice(0, -6) + right.slice(-6))).toBeNull()
      }),
    )
  })
})

describe('newToken', () => {
  it('parses to its prefix and id, for every brand, kind and environment', () => {
    const bytes = fc.uint8Array({ minLength: 60, maxLength: 60 })
    fc.assert(
      fc.property(brand, kind, environment, digits(16), bytes, (name, keyKind, place, secretId, drawn) => {
        expect(isBrand(name)).toBe(true)
        const prefix = tokenPrefix(name, keyKind, place)
        let calls = 0
        const text = newToken(prefix, secretId, (length) => (calls++ === 0 ? drawn : new Uint8Array(length)))
        expect(text.startsWith(prefix + secretId)).toBe(true)
        expect(parseToken(text)).toMatchObject({ brand: prefix.split('_')[0], environment: place, secretId })
      }),
      { numRuns: 500 },
    )
  })
})

describe('secretIdOf', () => {
  const keyId = digits(13).map((text) => `key_${text}`)
  const generation = fc.nat(62 ** 3 - 1)

  it('is undone by keyIdOf', () => {
    fc.assert(
      fc.property(keyId, generation, (id, number) => {
        const secretId = secretIdOf(id, number)
        expect(secretId).toMatch(/^[0-9A-Za-z]{16}$/)
        expect(keyIdOf(secretId)).toBe(id)
      }),
      { numRuns: 1000 },
    )
  })

  it('gives two secrets of one key two ids', () => {
    fc.assert(
      fc.property(keyId, generation, generation, (id, left, right) => {
        expect(secretIdOf(id, left) === secretIdOf(id, right)).toBe(left === right)
      }),
      { numRuns: 1000 },
    )
  })
})
