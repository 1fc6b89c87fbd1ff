import { readFileSync } from 'node:fs'
import {
  formatCatalog,
  LEVEL_TITLES,
  OperationMatcher,
  parseCatalog,
  type Catalog,
  type Requirement,
} from '@bitting/core'
import { describe, expect, it } from 'vitest'

/** One operation of the real API, as it was found in the client library and the published descriptions of the API. */
interface RetellOperation {
  readonly method: string
  readonly path: string
  readonly sdk?: string
  readonly group: string | null
  readonly access: 'read' | 'edit'
  /** Present on older paths alone. */
  readonly replaced_by?: string
}

/** The table of the API Keys page, its cells run together as in the copy of the page that we keep. */
const PAGE_TABLE = [
  'BuildAgentNo Access · Read · EditAgents and chat agents, conversation flows, Retell LLMs, knowledge bases, voices, and folders',
  'BuildTestingNo Access · Read · EditTest cases and results, batch test jobs, playground threads and completions, and web-call testing',
  'MonitorHistoryNo Access · Read · EditCall and chat history, transcripts, recordings, and call metadata',
  'MonitorExportNo Access · EditCreating and managing export requests for history data',
  'DeployCallNo Access · EditCreating and managing web, phone, and batch calls, chat sessions, and live-call controls',
  'DeployPhoneNo Access · Read · EditPhone numbers, A2P campaigns, business profiles, branded call and phone verification, and SMS webhooks',
]

const ANY_KEY = ['/get-api-key-info', '/get-concurrency']

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
}

function shipped(id: string): Catalog {
  const parsed = parseCatalog(read(`catalogs/${id}.catalog`))
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors, null, 2))
  return parsed.catalog
}

function requirementOf({ path, group, access }: RetellOperation): Requirement {
  if (group !== null) return { kind: 'level', permission: group.toLowerCase(), level: access }
  return { kind: ANY_KEY.includes(path) ? 'any' : 'full' }
}

describe('the retell catalog', () => {
  const catalog = shipped('retell')
  const expected = JSON.parse(read('test/vectors/retell-operations.json')) as RetellOperation[]

  it('has the words of the page, in its order', () => {
    const rows = catalog.sections.flatMap((section) =>
      section.permissions.map(({ title, levels, description }) => {
        const levelTitles = levels.map((level) => LEVEL_TITLES[level]).join(' · ')
        return `${section.title}${title}${levelTitles}${description}`
      }),
    )
    expect(rows).toEqual(PAGE_TABLE)
  })

  it('has all 128 operations and no other, 110 current and 18 older', () => {
    const shape = ({ method, path }: RetellOperation): string => `${method} ${path}`
    expect(expected.filter((it) => it.replaced_by === undefined)).toHaveLength(110)
    expect(expected.filter((it) => it.replaced_by !== undefined)).toHaveLength(18)
    expect(catalog.operations.map((it) => `${it.method} ${it.template}`).sort()).toEqual(
      expected.map(shape).sort(),
    )
  })

  it('leaves 24 operations to full keys and gives 2 to any key', () => {
    const kinds = catalog.operations.map(({ requirement }) => requirement.kind)
    expect(kinds.filter((kind) => kind === 'full')).toHaveLength(24)
    expect(kinds.filter((kind) => kind === 'any')).toHaveLength(2)
  })

  it.each(expected)('asks what it should for $method $path', (operation) => {
    const path = operation.path.replaceAll(/\{\w+\}/g, '%2B14157774444')
    const found = new OperationMatcher(catalog.operations).match(operation.method, path)
    expect(found?.template).toBe(operation.path)
    expect(found?.requirement).toEqual(requirementOf(operation))
    expect(found?.name).toBe(
      operation.sdk?.replace(/^client\./, '') ?? `${operation.method} ${operation.path}`,
    )
  })

  it('replaces each older path by one that asks the same', () => {
    for (const { method, path, replaced_by: replacement } of expected) {
      if (replacement === undefined) continue
      const asks = (text: string): Requirement | undefined =>
        catalog.operations.find((it) => `${it.method} ${it.template}` === text)?.requirement
      expect(asks(`${method} ${path}`), path).toEqual(asks(replacement))
    }
  })
})

describe('the bitting catalog', () => {
  const catalog = shipped('bitting')

  it('has the seven permissions of the management API, of which verify and events are for acting alone', () => {
    expect(catalog.errors).toBe('problem')
    expect(catalog.sections.map(({ title }) => title)).toEqual(['Manage'])
    expect(catalog.permissions.map(({ id, levels }) => `${id} ${levels.join(' ')}`)).toEqual([
      'keys none read edit',
      'verify none edit',
      'audit none read edit',
      'workspace none read edit',
      'members none read edit',
      'webhooks none read edit',
      'events none edit',
    ])
  })

  it('names every operation, and lets only reading pass with Read', () => {
    for (const { name, method, requirement } of catalog.operations) {
      expect(name).toMatch(/^[a-z]+[A-Za-z]+$/)
      if (requirement.kind !== 'level' || requirement.level === 'read') expect(method).toBe('GET')
    }
  })
})

describe.each(['retell', 'bitting'])('the %s catalog', (id) => {
  it('is read the same from the text that is written of it', () => {
    expect(parseCatalog(formatCatalog(shipped(id)))).toEqual({ ok: true, catalog: shipped(id) })
  })
})
