import {
  accessExcess,
  accessIncludes,
  LEVEL_TITLES,
  levelOf,
  LEVELS,
  normaliseAccess,
  rankOf,
  type Access,
  type Level,
} from '@bitting/core'
import { describe, expect, it } from 'vitest'

const INHERITED = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__']

describe('rankOf', () => {
  it('is the place of the level, and every level has the title of the page', () => {
    expect(LEVELS.map(rankOf)).toEqual([0, 1, 2])
    expect(LEVELS.map((level) => LEVEL_TITLES[level])).toEqual(['No Access', 'Read', 'Edit'])
  })
})

describe('levelOf', () => {
  it.each<[Access, string, Level]>([
    ['full', 'history', 'edit'],
    ['full', 'anything', 'edit'],
    [{}, 'history', 'none'],
    [{ history: 'read' }, 'history', 'read'],
    [{ history: 'edit' }, 'history', 'edit'],
    [{ history: 'none' }, 'history', 'none'],
    [{ history: 'edit' }, 'History', 'none'],
    [{ history: 'edit' }, '', 'none'],
  ])('of %j for %j is %s', (access, permission, expected) => {
    expect(levelOf(access, permission)).toBe(expected)
  })

  it.each(INHERITED)('gives nothing for %s, which every object inherits', (permission) => {
    expect(levelOf({}, permission)).toBe('none')
    expect(levelOf({ history: 'edit' }, permission)).toBe('none')
  })

  it('gives nothing for a permission of the prototype', () => {
    expect(levelOf(Object.create({ history: 'edit' }) as Access, 'history')).toBe('none')
    expect(levelOf(JSON.parse('{"__proto__":{"history":"edit"}}') as Access, 'history')).toBe('none')
  })

  it.each(['write', 'EDIT', 'Edit', 'admin', '', ' edit', 2, true, null, ['edit'], { level: 'edit' }])(
    'gives nothing for a stored level that does not exist: %j',
    (level) => {
      const access = { history: level } as unknown as Access
      expect(levelOf(access, 'history')).toBe('none')
      expect(accessIncludes(access, { history: 'read' })).toBe(false)
      expect(accessExcess(access, { history: 'read' })).toEqual(['history'])
      expect(accessIncludes({}, access)).toBe(accessExcess({}, access).length === 0)
      expect(normaliseAccess(access)).toEqual({})
    },
  )
})

describe('normaliseAccess', () => {
  it('orders permissions, leaves out those at none and leaves full alone', () => {
    expect(JSON.stringify(normaliseAccess({ phone: 'edit', call: 'none', agent: 'read' }))).toBe(
      '{"agent":"read","phone":"edit"}',
    )
    expect(normaliseAccess('full')).toBe('full')
    expect(normaliseAccess({ call: 'none' })).toEqual({})
  })

  it('keeps a permission of an ill-chosen name as a permission and does not touch a prototype', () => {
    const access = normaliseAccess(JSON.parse('{"__proto__":"edit","constructor":"read"}') as Access)
    expect(Object.keys(access)).toEqual(['__proto__', 'constructor'])
    expect(Object.getPrototypeOf(access)).toBe(Object.prototype)
    expect(levelOf(access, '__proto__')).toBe('edit')
  })
})

describe('accessIncludes and accessExcess', () => {
  it.each<[Access, Access, string[]]>([
    ['full', 'full', []],
    ['full', { call: 'edit' }, []],
    [{ call: 'edit' }, 'full', ['full']],
    [{}, 'full', ['full']],
    [{}, {}, []],
    [{}, { call: 'none' }, []],
    [{ call: 'edit' }, { call: 'read' }, []],
    [{ call: 'read' }, { call: 'edit' }, ['call']],
    [{ call: 'read' }, { phone: 'read', agent: 'edit', call: 'read' }, ['agent', 'phone']],
  ])('%j over %j lacks %j', (outer, inner, excess) => {
    expect(accessExcess(outer, inner)).toEqual(excess)
    expect(accessIncludes(outer, inner)).toBe(excess.length === 0)
  })

  it.each(INHERITED)('nobody has %s by inheritance', (permission) => {
    const inner = Object.fromEntries([[permission, 'read']]) as Access
    expect(accessIncludes({}, inner)).toBe(false)
    expect(accessExcess({}, inner)).toEqual([permission])
  })
})
