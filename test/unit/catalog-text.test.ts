import { formatCatalog, parseCatalog, PERMISSIONS_MAX, type CatalogTextError } from '@bitting/core'
import { describe, expect, it } from 'vitest'

const GOOD = `# A comment.
catalog shop
title The Shop
errors problem

section Sales
permission order   none read edit   Orders
  Orders, and what
  # (a comment between the lines)
  was in them
permission refund  none edit        Refunds
  Giving money back

operations order read
  GET    /orders            order.list
  GET    /orders/{order_id}
operations order edit
  DELETE /orders/{order_id} order.delete
operations refund edit
  POST   /orders/{order_id}/refund
operations any
  GET /
operations full
  PUT /settings/
`

function errorsOf(text: string): CatalogTextError[] {
  const parsed = parseCatalog(text)
  if (parsed.ok) throw new Error('the text has no error')
  return parsed.errors
}

/** The errors of the good text with one line replaced. */
function errorsWith(line: string, replacement: string): CatalogTextError[] {
  expect(GOOD).toContain(`${line}\n`)
  return errorsOf(GOOD.replace(`${line}\n`, `${replacement}\n`))
}

describe('parseCatalog', () => {
  it('reads header, sections, permissions and operations', () => {
    const parsed = parseCatalog(GOOD)
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors))
    const { catalog } = parsed
    expect(catalog).toMatchObject({ id: 'shop', title: 'The Shop', errors: 'problem' })
    expect(catalog.sections).toEqual([{ title: 'Sales', permissions: catalog.permissions }])
    expect(catalog.permissions).toEqual([
      {
        id: 'order',
        title: 'Orders',
        levels: ['none', 'read', 'edit'],
        description: 'Orders, and what was in them',
      },
      { id: 'refund', title: 'Refunds', levels: ['none', 'edit'], description: 'Giving money back' },
    ])
    const { operations } = catalog
    expect(operations.map((it) => it.name)).toEqual([
      'order.list',
      'GET /orders/{order_id}',
      'order.delete',
      'POST /orders/{order_id}/refund',
      'GET /',
      'PUT /settings/',
    ])
    expect(operations.map((it) => [it.permissionIndex, it.rank])).toEqual([
      [0, 1],
      [0, 1],
      [0, 2],
      [1, 2],
      [0, 0],
      [0, 4],
    ])
    expect(operations[3]?.requirement).toEqual({ kind: 'level', permission: 'refund', level: 'edit' })
    expect(operations[4]?.requirement).toEqual({ kind: 'any' })
    expect(operations[5]?.requirement).toEqual({ kind: 'full' })
  })

  it('reads texts with other line ends, tabs and a byte order mark', () => {
    const odd = `\uFEFF${GOOD.replaceAll('\n', '\r\n').replaceAll('  ', '\t')}`
    expect(parseCatalog(odd)).toEqual(parseCatalog(GOOD))
  })

  it.each([
    ['title The Shop', 'titel The Shop', 3, /Unknown word "titel"; write catalog, title, .* or indent it/],
    ['title The Shop', 'title', 3, /title is missing/],
    ['title The Shop', 'title A\ntitle B', 4, /"title" is already on line 3/],
    ['catalog shop', 'catalog The Shop', 2, /"The Shop" is not an id; write a lower-case letter/],
    ['catalog shop', 'catalog', 2, /"" is not an id/],
    ['catalog shop', `catalog ${'a'.repeat(33)}`, 2, /is not an id/],
    ['errors problem', 'errors soap', 4, /"soap"; write retell or problem/],
    ['section Sales', 'section', 6, /title of the section is missing/],
    ['section Sales', 'section Sales\nsection Sales', 7, /Section "Sales" is already on line 6/],
    ['section Sales', '  an indented line', 6, /belongs under "permission" or "operations"/],
    ['  Giving money back', '', 11, /refund has no description/],
    [
      'operations order read',
      'operations order write',
      14,
      /cannot ask for order "write"; write read or edit/,
    ],
    ['operations order read', 'operations order none', 14, /cannot ask for order "none"; write read or edit/],
    ['operations order read', 'operations order', 14, /level is missing; write order read or edit/],
    [
      'operations order read',
      'operations stock read',
      14,
      /no permission "stock"; write order, refund, any or full/,
    ],
    ['operations order read', 'operations order read edit', 14, /Leave "edit" out/],
    ['operations refund edit', 'operations refund read', 19, /cannot ask for refund "read"; write edit/],
    ['operations any', 'operations any edit', 21, /"any" has no level; leave "edit" out/],
    ['operations full', 'operations full edit', 23, /"full" has no level/],
  ])('reports an error with its line: %j as %j', (line, replacement, number, message) => {
    expect(errorsWith(line, replacement)).toContainEqual({
      line: number,
      message: expect.stringMatching(message) as string,
    })
  })

  it.each([
    ['permission Order none edit X', /"Order" is not an id/],
    ['permission any none edit X', /any is reserved/],
    ['permission full none edit X', /full is reserved/],
    ['permission none none edit X', /none is reserved/],
    ['permission order none edit X', /Permission order is already on line 7/],
    ['permission stock read edit X', /levels of stock after it: none read edit, none edit or none read/],
    ['permission stock none X', /levels of stock after it/],
    ['permission stock none edit read X', /levels of stock after it/],
    ['permission stock none read edit', /title of stock is missing/],
  ])('reports a malformed permission: %s', (line, message) => {
    const [error, ...others] = errorsOf(
      GOOD.replace('operations any', `${line}\n  What it is.\noperations any`),
    )
    expect(error).toEqual({ line: 21, message: expect.stringMatching(message) as string })
    expect(others).toEqual([])
  })

  it.each([
    ['get /x', /"get" is not a method; write it in capitals/],
    ['HEAD /x', /HEAD is matched as GET; list GET/],
    ['GET', /Write the method, the path/],
    ['GET /x x.get more', /Write the method, the path/],
    ['GET x', /must be a path that begins with a slash/],
    ['GET //x', /empty segment/],
    ['GET /x//{id}', /empty segment/],
    ['GET /x/../y', /dot segment/],
    ['GET /x/%2e', /dot segment/],
    ['GET /x%2fy', /encoded slash/],
    ['GET /x?y=1', /leave the query out/],
    ['GET /x#y', /fragment/],
    ['GET /x-{id}', /parameter is a whole segment/],
    ['GET /{id}{other}', /parameter is a whole segment/],
    ['GET /{}', /parameter is a whole segment/],
    ['GET /{a-b}', /parameter is a whole segment/],
    ['GET /x}', /parameter is a whole segment/],
    ['GET /x (list)', /is not a name/],
    ['GET /orders', /GET \/orders is already on line 15/],
    ['GET /orders/{id} other', /GET \/orders\/\{id\} is already on line 16/],
    ['GET /x order.list', /Operation name "order.list" is already on line 15/],
  ])('reports a malformed operation: %s', (operation, message) => {
    expect(errorsWith('  GET /', `  ${operation}`)).toEqual([
      { line: 22, message: expect.stringMatching(message) as string },
    ])
  })

  it('says where a permission outside a section belongs', () => {
    expect(errorsOf(GOOD.replace('section Sales', ''))).toEqual([
      { line: 7, message: expect.stringMatching(/order is in no section/) as string },
      { line: 11, message: expect.stringMatching(/refund is in no section/) as string },
    ])
  })

  it('accepts as many permissions as a key can hold, and not one more', () => {
    const permission = (index: number): string => `permission p${String(index)} none edit P\n  P.\n`
    const text = (count: number): string =>
      `catalog x\ntitle X\nerrors problem\nsection S\n${Array.from({ length: count }, (_, index) => permission(index)).join('')}`
    expect(parseCatalog(text(PERMISSIONS_MAX)).ok).toBe(true)
    expect(errorsOf(text(PERMISSIONS_MAX + 1))).toEqual([
      { line: 4 + PERMISSIONS_MAX * 2 + 1, message: 'A catalog has at most 32 permissions; merge some.' },
    ])
  })

  it('reports all errors together, in the order of their lines', () => {
    const errors = errorsOf('titel X\n\npermission a none X\noperations b read\n  get /x\n  GET /..\n')
    expect(errors.map((error) => error.line)).toEqual([1, 1, 1, 1, 3, 3, 3, 4, 5, 6])
  })

  it('reports what is missing in an empty text', () => {
    expect(errorsOf('').map((error) => error.message)).toEqual([
      'The line "catalog …" is missing; add it at the top.',
      'The line "title …" is missing; add it at the top.',
      'The line "errors …" is missing; add it at the top.',
    ])
  })

  it('does not repeat a flaw of a permission at its operations', () => {
    const errors = errorsWith('permission refund  none edit        Refunds', 'permission refund none Refunds')
    expect(errors.map((error) => error.line)).toEqual([11])
  })
})

describe('formatCatalog', () => {
  it('writes what it would read, in columns', () => {
    const parsed = parseCatalog(GOOD)
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors))
    expect(formatCatalog(parsed.catalog)).toBe(`catalog shop
title The Shop
errors problem

section Sales
permission order   none read edit  Orders
  Orders, and what was in them
permission refund  none edit       Refunds
  Giving money back

operations order read
  GET  /orders             order.list
  GET  /orders/{order_id}

operations order edit
  DELETE  /orders/{order_id}  order.delete

operations refund edit
  POST  /orders/{order_id}/refund

operations any
  GET  /

operations full
  PUT  /settings/
`)
  })
})
