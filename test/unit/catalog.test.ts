import {
  describeAccess,
  OperationMatcher,
  overlayCatalog,
  packAccess,
  parseCatalog,
  validateAccess,
  type Catalog,
} from '@bitting/core'
import { describe, expect, it } from 'vitest'

const PERMISSIONS = `catalog phones
title Phones
errors problem
section Build
permission agent    none read edit  Agent
  Agents.
permission testing  none read edit  Testing
  Tests.
section Run
permission history  none read edit  History
  History.
permission export   none edit       Export
  Exports.
permission call     none edit       Call
  Calls.
operations agent read
  GET /agents/{id} agent.get
operations full
  GET /contacts contact.list
`

function catalogOf(text: string): Catalog {
  const parsed = parseCatalog(text)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors))
  return parsed.catalog
}

const CATALOG = catalogOf(PERMISSIONS)

describe('overlayCatalog', () => {
  it('maps what is unmapped and remaps what is listed, which keeps its name and parameters', () => {
    const result = overlayCatalog(CATALOG, [
      { method: 'GET', path: '/contacts', permission: 'history', level: 'read' },
      { method: 'GET', path: '/agents/{agent}', permission: 'any' },
      { method: 'POST', path: '/contacts/{id}', permission: 'history', level: 'edit' },
      { method: 'GET', path: '/secrets', permission: 'full' },
    ])
    if (!result.ok) throw new Error(JSON.stringify(result.errors))
    expect(result.catalog.operations).toEqual([
      {
        name: 'agent.get',
        method: 'GET',
        template: '/agents/{id}',
        requirement: { kind: 'any' },
        permissionIndex: 0,
        rank: 0,
      },
      {
        name: 'contact.list',
        method: 'GET',
        template: '/contacts',
        requirement: { kind: 'level', permission: 'history', level: 'read' },
        permissionIndex: 2,
        rank: 1,
      },
      {
        name: 'POST /contacts/{id}',
        method: 'POST',
        template: '/contacts/{id}',
        requirement: { kind: 'level', permission: 'history', level: 'edit' },
        permissionIndex: 2,
        rank: 2,
      },
      {
        name: 'GET /secrets',
        method: 'GET',
        template: '/secrets',
        requirement: { kind: 'full' },
        permissionIndex: 0,
        rank: 4,
      },
    ])
    expect(() => new OperationMatcher(result.catalog.operations)).not.toThrow()
  })

  it('leaves the catalog under it as it was', () => {
    const before = structuredClone(CATALOG)
    overlayCatalog(CATALOG, [{ method: 'GET', path: '/contacts', permission: 'any' }])
    expect(CATALOG).toEqual(before)
    expect(overlayCatalog(CATALOG, [])).toEqual({ ok: true, catalog: CATALOG })
  })

  it('reports every error with the place of its mapping', () => {
    const result = overlayCatalog(CATALOG, [
      { method: 'GET', path: '/a', permission: 'any' },
      { method: 'get', path: '/a', permission: 'contacts', level: 'read' },
      { method: 'GET', path: '/b/../a', permission: 'any' },
      { method: 'GET', path: '/c', permission: 'export', level: 'read' },
      { method: 'GET', path: '/d', permission: 'agent', level: 'write' },
      { method: 'GET', path: '/e', permission: 'agent' },
      { method: 'GET', path: '/f', permission: 'full', level: 'edit' },
      { method: 'GET', path: '/g/{x}', permission: 'any' },
      { method: 'GET', path: '/g/{y}', permission: 'any' },
    ])
    if (result.ok) throw new Error('the overlay has no error')
    expect(result.errors.map(({ index, message }) => `${String(index)} ${message}`)).toEqual([
      '1 "get" is not a method; write it in capitals, GET for example.',
      '1 There is no permission "contacts"; write agent, testing, history, export, call, any or full.',
      expect.stringMatching(/^2 "\/b\/\.\.\/a": The path has a dot segment/),
      '3 An operation cannot ask for export "read"; write edit.',
      '4 An operation cannot ask for agent "write"; write read or edit.',
      '5 The level is missing; write agent read or edit.',
      '6 "full" has no level; leave "edit" out.',
      '8 Mapping 7 is of the same operation; leave one out.',
    ])
  })
})

describe('validateAccess', () => {
  it('accepts full, nothing, and every level that a permission has', () => {
    expect(validateAccess(CATALOG, 'full')).toEqual({ ok: true, access: 'full' })
    expect(validateAccess(CATALOG, {})).toEqual({ ok: true, access: {} })
    expect(validateAccess(CATALOG, { history: 'read', export: 'edit', agent: 'none' })).toEqual({
      ok: true,
      access: { export: 'edit', history: 'read' },
    })
  })

  it.each([[null], [undefined], ['none'], [7], [[]], [['full']], [true]])(
    'refuses %j, which is no access',
    (value) => {
      expect(validateAccess(CATALOG, value)).toEqual({
        ok: false,
        errors: [{ permission: null, message: expect.stringContaining('"full", or an object') as string }],
      })
    },
  )

  it('names everything that does not fit, and what is possible', () => {
    const access: unknown = JSON.parse(
      '{"history":"write","export":"read","agent":2,"contacts":"read","__proto__":"edit","call":"edit"}',
    )
    expect(validateAccess(CATALOG, access)).toEqual({
      ok: false,
      errors: [
        { permission: 'history', message: 'History has no level "write"; write none, read or edit.' },
        { permission: 'export', message: 'Export has no level "read"; write none or edit.' },
        { permission: 'agent', message: 'Agent has no such level; write none, read or edit.' },
        {
          permission: 'contacts',
          message: 'There is no permission "contacts"; write agent, testing, history, export or call.',
        },
        {
          permission: '__proto__',
          message: 'There is no permission "__proto__"; write agent, testing, history, export or call.',
        },
      ],
    })
  })

  it('repeats no more than the beginning of what it was sent', () => {
    const result = validateAccess(CATALOG, { history: 'x'.repeat(1000) })
    expect(JSON.stringify(result).length).toBeLessThan(300)
  })
})

describe('packAccess', () => {
  const wide = catalogOf(
    `catalog wide\ntitle Wide\nerrors problem\nsection S\n${Array.from(
      { length: 32 },
      (_, index) => `permission p${String(index)} none read edit P\n  P.\n`,
    ).join('')}`,
  )

  it('gives each permission two bits, the first the lowest', () => {
    expect(packAccess(CATALOG, {})).toEqual([0, 0])
    expect(packAccess(CATALOG, { agent: 'edit', history: 'read' })).toEqual([0b01_00_10, 0])
    expect(packAccess(wide, { p15: 'edit', p16: 'read', p31: 'edit' })).toEqual([0x80000000, 0x80000001])
  })

  it('gives full access every permission, and an unknown one nothing', () => {
    expect(packAccess(CATALOG, 'full')).toEqual([0b10_10_10_10_10, 0])
    expect(packAccess(wide, 'full')).toEqual([0xaaaaaaaa, 0xaaaaaaaa])
    expect(packAccess(CATALOG, { contacts: 'edit' })).toEqual([0, 0])
  })
})

describe('describeAccess', () => {
  it.each([
    ['full', 'Can do everything, including what is added later.'],
    [{}, 'Can do nothing.'],
    [{ history: 'none' }, 'Can do nothing.'],
    [{ history: 'read' }, 'Can read History; nothing else.'],
    [{ history: 'read', call: 'edit' }, 'Can read History and edit Call; nothing else.'],
    [
      { agent: 'edit', history: 'read', call: 'edit' },
      'Can read History, and edit Agent and Call; nothing else.',
    ],
    [
      { agent: 'read', history: 'read', call: 'edit' },
      'Can read Agent and History, and edit Call; nothing else.',
    ],
    [
      { agent: 'edit', testing: 'edit', history: 'read', export: 'edit', call: 'edit' },
      'Can read History, and edit Agent, Testing, Export and Call; nothing else.',
    ],
  ] as const)('says %j as a sentence', (access, sentence) => {
    expect(describeAccess(CATALOG, access)).toBe(sentence)
  })
})
