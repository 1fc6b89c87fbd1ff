import {
  ceilingExcess,
  environmentIncludes,
  ENVIRONMENTS,
  OPEN_CEILINGS,
  type Access,
  type Ceilings,
} from '@bitting/core'
import { describe, expect, it } from 'vitest'

describe('environmentIncludes', () => {
  it('lets a key manage its own environment and the less trusted ones, and none above', () => {
    const included = ENVIRONMENTS.map((outer) =>
      ENVIRONMENTS.filter((inner) => environmentIncludes(outer, inner)),
    )
    expect(included).toEqual([
      ['development'],
      ['development', 'staging'],
      ['development', 'staging', 'production'],
    ])
  })
})

describe('ceilingExcess', () => {
  const ceilings: Ceilings = {
    development: { call: 'edit', history: 'read' },
    staging: {},
    production: 'full',
  }

  it.each<['development' | 'staging' | 'production', Access, string[]]>([
    ['development', { call: 'edit' }, []],
    ['development', { history: 'edit', call: 'edit' }, ['history']],
    ['development', { phone: 'read' }, ['phone']],
    ['development', 'full', ['full']],
    ['staging', {}, []],
    ['staging', { call: 'none' }, []],
    ['staging', { call: 'edit' }, ['call']],
    ['production', 'full', []],
  ])('in %s of %j is %j', (environment, access, expected) => {
    expect(ceilingExcess(ceilings, environment, access)).toEqual(expected)
  })

  it('is nothing in a new workspace, whatever is asked', () => {
    for (const environment of ENVIRONMENTS) {
      expect(ceilingExcess(OPEN_CEILINGS, environment, 'full')).toEqual([])
    }
  })
})
