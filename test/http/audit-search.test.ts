import { type AuditEntry } from '@bitting/core'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { describeEachServer, type Tenant } from './support.js'
import { record, placesOf } from './audit-support.js'

/** What a reader may look for, as the API takes it. */
type Filter = Readonly<Partial<Record<(typeof FILTERS)[number], string>>>
const FILTERS = [
  'action',
  'actor',
  'resource',
  'key',
  'outcome',
  'request_id',
  'since',
  'until',
  'text',
] as const

/** The words of an entry: of all that a reader sees, but for times, places and the names of members. */
function wordsOf({
  actor,
  action,
  operation,
  resource,
  reason,
  request_id: requestId,
  details,
}: AuditEntry): string[] {
  const textsIn = (value: unknown): string[] =>
    typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(textsIn)
      : [typeof value === 'string' || typeof value === 'number' ? String(value) : '']
  const texts = textsIn([actor, action, operation, resource, reason, requestId, details])
  return (
    texts
      .join(' ')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  )
}

function matches(entry: AuditEntry, filter: Filter): boolean {
  const words = filter.text?.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  const own = wordsOf(entry)
  const tests: Readonly<Record<(typeof FILTERS)[number], (value: string) => boolean>> = {
    action: (value) => entry.action === value,
    actor: (value) => entry.actor.id === value,
    resource: (value) => entry.resource.id === value,
    key: (value) => entry.actor.id === value || entry.resource.id === value,
    outcome: (value) => entry.outcome === value,
    request_id: (value) => entry.request_id === value,
    since: (value) => Date.parse(entry.at) >= Date.parse(value),
    until: (value) => Date.parse(entry.at) < Date.parse(value),
    text: () => words.every((word) => own.includes(word)),
  }
  return FILTERS.every((name) => filter[name] === undefined || tests[name](filter[name]))
}

describeEachServer('searching the audit log', (suite) => {
  let tenant: Tenant
  let all: readonly AuditEntry[]

  beforeAll(async () => {
    tenant = await suite.newTenant('Searched')
    const { id, token } = await tenant.createKey({ name: 'Ærø backup', access: { agent: 'read' } })
    const reader = await tenant.createKey({ kind: 'management', name: 'Reader', access: { keys: 'read' } })
    await tenant.call('PATCH', `/v1/keys/${id}`, { name: 'Second name' })
    await tenant.call('PATCH', `/v1/keys/${id}`, { name: 'Refused' }, { key: reader.token })
    for (const path of ['/get-agent/agent_1', '/get-agent/agent_2', '/list-voices', '/list-calls']) {
      await suite.server.fetch(path, token, { headers: { 'user-agent': 'Searcher/7 (x86; Linux)' } })
    }
    await suite.server.fetch('/create-agent', token, { method: 'POST' })
    for (const [userId, resource, result] of [
      ['user_1', 'order_1', 'success'],
      ['user_2', 'order_1', 'failure'],
      [id, 'order_2', 'success'],
      ['user_1', id, 'success'],
    ]) {
      await record(tenant, { userId, resource, result, metadata: { note: 'Größe XL', count: 42 } })
    }
    await tenant.call('POST', `/v1/keys/${id}/revoke`, { reason: 'Leaked in a log' })
    await suite.server.fetch('/list-voices', token)
    all = await suite.entries(tenant, 100)
  })

  const isKnown = ({ index }: AuditEntry): boolean => index <= (all[0]?.index ?? -1)

  /** All that a search finds page by page, but for what came after the entries that are known. */
  const walk = async (query: Filter, limit: number): Promise<AuditEntry[]> => {
    const found: AuditEntry[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const parameters = new URLSearchParams({
        ...query,
        limit: String(limit),
        ...(cursor !== '' && { cursor }),
      })
      const { status, body, text } = await tenant.call('GET', `/v1/audit?${parameters.toString()}`)
      expect(status, text).toBe(200)
      found.push(...(body.data as AuditEntry[]))
      cursor = body.next_cursor as string | null
    }
    return found.filter(isKnown)
  }

  test('has something for each filter to find and to leave out', () => {
    expect(all.length).toBeGreaterThan(15)
    expect(new Set(all.map(({ action }) => action)).size).toBeGreaterThan(5)
    expect(all.filter(({ action }) => action === 'call.allowed')).toHaveLength(3)
    expect(all.filter(({ action }) => action === 'call.denied')).toHaveLength(3)
  })

  test('finds what each filter says, alone and together with others, whatever the page', async () => {
    const values = (name: (typeof FILTERS)[number], entry: AuditEntry): readonly (string | null)[] =>
      ({
        action: [entry.action, 'app.nothing'],
        actor: [entry.actor.id, 'nobody'],
        resource: [entry.resource.id, 'nothing'],
        key: [entry.actor.id, entry.resource.id],
        outcome: ['success', 'failure'],
        request_id: [entry.request_id, 'none'],
        since: [entry.at],
        until: [entry.at, entry.at.replace('Z', '+00:00')],
        text: [
          ...wordsOf(entry).slice(0, 12),
          wordsOf(entry).slice(0, 3).join(' ').toUpperCase(),
          `${entry.action} nowhere`,
        ],
      })[name]
    const filter = fc
      .tuple(fc.uniqueArray(fc.constantFrom(...FILTERS), { minLength: 1, maxLength: 4 }), fc.nat(), fc.nat())
      .map(([names, place, choice]): Filter => {
        const entry = all[place % all.length]
        if (entry === undefined) return {}
        const given = names.map((name) => {
          const some = values(name, entry).filter((value) => value !== null && value !== '')
          return [name, some[choice % some.length]] as const
        })
        return Object.fromEntries(given.filter(([, value]) => value !== undefined))
      })
    await fc.assert(
      fc.asyncProperty(filter, fc.constantFrom(1, 3, 100), async (query, limit) => {
        const expected = all.filter((entry) => matches(entry, query))
        expect([query, await walk(query, limit)]).toEqual([query, expected])
      }),
      { numRuns: 120 },
    )
  })

  test.each(FILTERS)('finds something by %s, and not everything', async (name) => {
    const sample = all.findLast(({ action }) => action === 'call.denied')
    const value = {
      action: 'call.denied',
      actor: sample?.actor.id,
      resource: 'order_1',
      key: sample?.actor.id,
      outcome: 'failure',
      request_id: sample?.request_id,
      since: sample?.at,
      until: sample?.at,
      text: 'größe xl',
    }[name]
    const found = await walk({ [name]: value ?? '' }, 100)
    expect(found).toEqual(all.filter((entry) => matches(entry, { [name]: value ?? '' })))
    expect(found.length).toBeGreaterThan(0)
    expect(found.length).toBeLessThan(all.length)
  })

  test('takes nothing of a text for an operator of a query language', async () => {
    for (const text of [
      'order* OR voices',
      '"order_1" NOT order',
      'NEAR(order 1)',
      'words:order',
      '-order',
      'a AND b',
    ]) {
      const found = await walk({ text }, 100)
      expect([text, found]).toEqual([text, all.filter((entry) => matches(entry, { text }))])
    }
  })

  test('goes on where a page ended, though new entries that match come in between', async () => {
    const growing = await suite.newTenant('Growing')
    const { token } = await growing.createKey({ access: { agent: 'read' } })
    for (let count = 0; count < 9; count++) await record(growing, { resource: 'growing' })
    const expected = await placesOf(growing, { resource: 'growing' })
    const found: number[] = []
    for (let cursor = ''; ;) {
      const { body } = await growing.call('GET', `/v1/audit?resource=growing&limit=2${cursor}`)
      found.push(...(body.data as AuditEntry[]).map(({ index }) => index))
      if (body.next_cursor === null) break
      cursor = `&cursor=${String(body.next_cursor)}`
      await record(growing, { resource: 'growing' })
      await suite.server.fetch('/list-voices', token)
    }
    expect(found).toEqual(expected)
    expect(await placesOf(growing, { resource: 'growing' })).toHaveLength(9 + 4)
  })
})
