import {
  accessIncludes,
  formatScopes,
  normaliseAccess,
  parseScopes,
  type Access,
  type Level,
} from '@bitting/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const name = fc.oneof(
  fc.constantFrom('agent', 'call', 'constructor', 'full', 'any', 'none', 'read'),
  fc.stringMatching(/^[a-z][a-z0-9_-]{0,31}$/),
)
const level = fc.constantFrom<Level>('none', 'read', 'edit')
const access: fc.Arbitrary<Access> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.array(fc.tuple(name, level)).map((entries): Access => Object.fromEntries(entries)),
  },
  fc.constant<Access>('full'),
)
const word = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(name, fc.constantFrom('read', 'edit')).map((parts) => parts.join(':')) },
  fc.constantFrom(
    'full',
    'call',
    'call:none',
    'Call:edit',
    'call:write',
    '__proto__:edit',
    '',
    '*',
    'call:edit\n',
  ),
  fc.string({ maxLength: 8 }),
)
const text = fc.array(word, { maxLength: 4 }).map((words) => words.join(' '))

describe('parseScopes', () => {
  it('gives back the normalised access of every scope string that was formatted', () => {
    fc.assert(
      fc.property(access, (it) => {
        const expected = normaliseAccess(it)
        const parsed = parseScopes(formatScopes(it))
        expect(parsed).toEqual(expected)
        expect(JSON.stringify(parsed)).toBe(JSON.stringify(expected))
      }),
      { numRuns: 2000 },
    )
  })

  it('keeps every word and adds none, or refuses the whole text', () => {
    let accepted = 0
    fc.assert(
      fc.property(text, (it) => {
        const parsed = parseScopes(it)
        if (parsed === null) return
        accepted++
        const words = it.split(' ').filter((part) => part !== '')
        expect(formatScopes(parsed).split(' ').filter(Boolean).sort()).toEqual(words.sort())
      }),
      { numRuns: 5000 },
    )
    expect(accepted).toBeGreaterThan(300)
  })

  it('refuses a scope string with one word more that it does not know', () => {
    const unknown = fc.constantFrom(
      'call',
      'call:none',
      'CALL:edit',
      'call:edit:',
      'full',
      'openid',
      '*',
      '__proto__:read',
    )
    fc.assert(
      fc.property(access, unknown, fc.boolean(), (it, other, first) => {
        const scopes = formatScopes(it)
        fc.pre(scopes !== '')
        expect(parseScopes(first ? `${other} ${scopes}` : `${scopes} ${other}`)).toBeNull()
      }),
    )
  })

  it('means by more words more access', () => {
    fc.assert(
      fc.property(text, word, (it, more) => {
        const [less, greater] = [parseScopes(it), parseScopes(`${it} ${more}`)]
        if (less !== null && greater !== null) expect(accessIncludes(greater, less)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })
})
