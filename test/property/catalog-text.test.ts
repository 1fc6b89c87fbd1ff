import {
  formatCatalog,
  LEVELS,
  parseCatalog,
  rankOf,
  type Catalog,
  type Operation,
  type Permission,
} from '@bitting/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((text) => !/\s/.test(text))
const phrase = fc
  .array(word, { minLength: 1, maxLength: 5 })
  .map((words) => words.join(' '))
  .filter((text) => !text.startsWith('#'))
const id = fc
  .stringMatching(/^[a-z][a-z0-9_-]{0,31}$/)
  .filter((text) => !['any', 'full', 'none'].includes(text))
const levels = fc.constantFrom<Permission['levels'][]>(LEVELS, ['none', 'edit'], ['none', 'read'])
const permission = fc.record<Permission>({
  id,
  title: phrase.filter((text) => !/^(?:none|read|edit)(?: |$)/.test(text)),
  levels,
  description: phrase,
})
const segment = fc.oneof(fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/), fc.stringMatching(/^\{[a-z_]{1,8}\}$/))
const template = fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join('/')}`)
const name = fc.option(fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,20}$/), { nil: null })

/** A path and a name, to which a requirement is given when the permissions are known. */
interface Draft {
  readonly method: string
  readonly template: string
  readonly name: string | null
  /** Picks one of the requirements that the permissions allow. */
  readonly choice: number
}

const draft = fc.record<Draft>({
  method: fc.constantFrom('GET', 'POST', 'PATCH', 'M-SEARCH'),
  template,
  name,
  choice: fc.nat(),
})

function operationsOf(permissions: readonly Permission[], drafts: readonly Draft[]): Operation[] {
  const levelled = permissions.flatMap((it, permissionIndex) =>
    it.levels
      .filter((level) => level !== 'none')
      .map((level) => ({
        requirement: { kind: 'level', permission: it.id, level } as const,
        permissionIndex,
        rank: rankOf(level),
      })),
  )
  const plain = (['any', 'full'] as const).map((kind) => ({
    requirement: { kind },
    permissionIndex: 0,
    rank: kind === 'full' ? 4 : 0,
  }))
  const choices = [...levelled, ...plain]
  return drafts.flatMap(({ method, template, name, choice }) => {
    const chosen = choices[choice % choices.length]
    return chosen === undefined
      ? []
      : [{ name: name ?? `${method} ${template}`, method, template, ...chosen }]
  })
}

const catalog: fc.Arbitrary<Catalog> = fc
  .record({
    header: fc.record({ id, title: phrase, errors: fc.constantFrom('retell' as const, 'problem' as const) }),
    permissions: fc.uniqueArray(permission, { selector: (it) => it.id, maxLength: 32 }),
    titles: fc.uniqueArray(phrase, { minLength: 1, maxLength: 4 }),
    drafts: fc.uniqueArray(draft, {
      selector: (it) => `${it.method} ${it.template.replaceAll(/\{\w+\}/g, '{}')}`,
      maxLength: 12,
    }),
  })
  .map(({ header, permissions, titles, drafts }) => {
    const size = Math.ceil(permissions.length / titles.length)
    const sections = titles.map((title, index) => ({
      title,
      permissions: permissions.slice(index * size, (index + 1) * size),
    }))
    const names = new Set<string>()
    const named = drafts.map((it) => {
      const taken = it.name !== null && names.has(it.name)
      if (it.name !== null) names.add(it.name)
      return taken ? { ...it, name: null } : it
    })
    return { ...header, sections, permissions, operations: operationsOf(permissions, named) }
  })

describe('the text of a catalog', () => {
  it('is read as the catalog it was written of', () => {
    fc.assert(
      fc.property(catalog, (original) => {
        expect(parseCatalog(formatCatalog(original))).toEqual({ ok: true, catalog: original })
      }),
      { numRuns: 500 },
    )
  })

  it('gives either a catalog or errors whose lines are in the text, whatever the text', () => {
    const token = fc.constantFrom(
      ...[
        'catalog',
        'title',
        'errors',
        'section',
        'permission',
        'operations',
        'retell',
        'none',
        'read',
        'edit',
      ],
      ...['x', 'any', 'GET', 'HEAD', '/x', '/{x}', '/{', '#', ' ', '  ', '\n', '\n', '\n  ', '\t', '\r\n'],
    )
    fc.assert(
      fc.property(fc.array(token, { maxLength: 60 }), (tokens) => {
        const text = tokens.join(' ')
        const parsed = parseCatalog(text)
        if (parsed.ok) return
        expect(parsed.errors.length).toBeGreaterThan(0)
        for (const { line } of parsed.errors) {
          expect(line).toBeGreaterThanOrEqual(1)
          expect(line).toBeLessThanOrEqual(text.split('\n').length)
        }
      }),
    )
  })
})
