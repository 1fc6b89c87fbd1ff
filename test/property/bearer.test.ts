import { parseBearer } from '@bitting/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const visible = fc.string({
  unit: fc
    .integer({ min: 0x21, max: 0x7e })
    .map((code) => String.fromCharCode(code))
    .filter((it) => it !== ','),
  minLength: 1,
  maxLength: 90,
})
const scheme = fc.mixedCase(fc.constant('Bearer'))
const header = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc
    .tuple(scheme, fc.constantFrom(' ', '  ', '\t', '', ','), fc.string({ unit: 'binary' }))
    .map((parts) => parts.join('')),
  fc
    .tuple(scheme, fc.constant(' '), visible, fc.constantFrom(' ', ',', '\n', '\0', 'é'), visible)
    .map((it) => it.join('')),
)

describe('parseBearer', () => {
  it('reads every token of visible ASCII in every spelling of the scheme', () => {
    fc.assert(
      fc.property(scheme, fc.integer({ min: 1, max: 5 }), visible, (name, spaces, token) => {
        expect(parseBearer(name + ' '.repeat(spaces) + token)).toEqual({ kind: 'token', token })
      }),
      { numRuns: 1000 },
    )
  })

  it('gives nothing but visible ASCII, and what it gives is the end of the header, word for word', () => {
    fc.assert(
      fc.property(header, (text) => {
        const credential = parseBearer(text)
        if (credential.kind !== 'token') return
        expect(credential.token).toMatch(/^[\x21-\x2b\x2d-\x7e]+$/)
        expect(text.endsWith(credential.token)).toBe(true)
        expect(text.slice(0, -credential.token.length)).toMatch(/^bearer +$/i)
      }),
      { numRuns: 5000 },
    )
  })

  it('refuses a token with one character that is not visible ASCII, or with a comma', () => {
    const bad = fc.oneof(
      fc.constantFrom(' ', ',', '\t', '\n', '\r', '\0', '\x7f', '\x80', '\xa0', 'ÿ'),
      fc.integer({ min: 0x80, max: 0xffff }).map((code) => String.fromCharCode(code)),
    )
    fc.assert(
      fc.property(visible, bad, fc.nat(), (token, character, at) => {
        const place = 1 + (at % token.length)
        const text = `Bearer ${token.slice(0, place)}${character}${token.slice(place)}`
        expect(parseBearer(text)).toEqual({ kind: 'malformed' })
      }),
      { numRuns: 1000 },
    )
  })
})
