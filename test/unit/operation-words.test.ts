import { readFileSync } from 'node:fs'
import { parseCatalog } from '@bitting/core'
import { expect, it } from 'vitest'
import { operationText } from '../../dashboard/src/pages/audit/operations.js'

it('every operation of the management API has words for people', () => {
  const parsed = parseCatalog(
    readFileSync(new URL('../../catalogs/bitting.catalog', import.meta.url), 'utf8'),
  )
  if (!parsed.ok) throw new Error('the catalog does not parse')
  const wordless = parsed.catalog.operations
    .map(({ name }) => name)
    .filter((name) => operationText(name) === name)
  expect(wordless).toEqual([])
  expect(operationText('noSuchOperation')).toBe('noSuchOperation')
})
