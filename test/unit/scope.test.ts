import { formatScope, formatScopes, parseScopes, type Access } from '@bitting/core'
import { describe, expect, it } from 'vitest'

describe('formatScopes', () => {
  it.each<[Access, string]>([
    ['full', 'full'],
    [{}, ''],
    [{ call: 'none' }, ''],
    [{ phone: 'edit', call: 'none', history: 'read' }, 'history:read phone:edit'],
  ])('of %j is %j', (access, expected) => {
    expect(formatScopes(access)).toBe(expected)
  })
})

describe('formatScope', () => {
  it('is a scope token of RFC 6749', () => {
    expect(formatScope('call', 'edit')).toBe('call:edit')
  })
})

describe('parseScopes', () => {
  it.each<[string, Access]>([
    ['full', 'full'],
    ['', {}],
    ['call:edit', { call: 'edit' }],
    ['history:read call:edit', { history: 'read', call: 'edit' }],
    [' history:read  call:edit ', { history: 'read', call: 'edit' }],
    ['constructor:read', { constructor: 'read' } as unknown as Access],
  ])('reads %j', (text, expected) => {
    expect(parseScopes(text)).toEqual(expected)
  })

  it.each([
    'call',
    'call:',
    ':edit',
    'call:none',
    'call:write',
    'call:Edit',
    'Call:edit',
    'call:edit:read',
    'call:edit,history:read',
    'call:edit\thistory:read',
    'call:edit\nhistory:read',
    'call:edit\n',
    'full call:edit',
    'call:edit full',
    'full full',
    ' full',
    'FULL',
    '*',
    'call:*',
    '*:edit',
    'call:edit call:edit',
    'call:edit call:read',
    '__proto__:edit',
    '1call:edit',
    `${'a'.repeat(33)}:edit`,
    'call:edit unknown',
  ])('refuses %j as a whole', (text) => {
    expect(parseScopes(text)).toBeNull()
  })
})
