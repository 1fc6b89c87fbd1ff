import { beforeAll, describe, expect, test } from 'vitest'
import { allBut, OPERATIONS, perform, readRoutes, type Route } from './operations.js'
import { flawsOf } from './response-schema.js'
import { auditGrowth, describeEachServer, type Tenant } from './support.js'

const TITLES: Readonly<Record<string, string>> = {
  keys: 'Keys',
  verify: 'Verify',
  audit: 'Audit',
  workspace: 'Workspace',
  members: 'Members',
  webhooks: 'Webhooks',
  events: 'Events',
}
const LEVEL_TITLES: Readonly<Record<string, string>> = { none: 'No Access', read: 'Read', edit: 'Edit' }

describeEachServer('every management operation', (suite) => {
  let routes: ReadonlyMap<string, Route>
  let tenant: Tenant
  const routeOf = (operationId: string): Route => {
    const route = routes.get(operationId)
    if (route === undefined) throw new Error(`the OpenAPI document has no ${operationId}`)
    return route
  }
  /** The newest entries of the audit log, newest first. */
  const audit = (limit: number) => suite.entries(tenant, limit)
  const ownId = async (key: string): Promise<string> =>
    (await tenant.call('GET', '/v1/whoami', undefined, { key })).body.key.id as string

  beforeAll(async () => {
    tenant = suite.tenant
    routes = await readRoutes(suite)
  })

  test('has a case here, and every case is an operation', () => {
    expect(Object.keys(OPERATIONS).sort()).toEqual([...routes.keys()].sort())
  })

  describe.each(Object.entries(OPERATIONS))('%s', (operationId, operation) => {
    const { needs, writes, records } = operation
    const isOutOfReach = operation.isOutOfReach === true
    const status = isOutOfReach ? 404 : operation.status
    const type = isOutOfReach ? 'application/problem+json' : (operation.type ?? 'application/json')

    test(`answers ${String(status)} as the OpenAPI document says`, async () => {
      const prepared = await operation.prepare(tenant)
      const answer = await perform(routeOf(operationId), tenant, prepared)
      expect(answer.status, answer.text).toBe(status)
      expect(answer.headers.get('content-type')?.split(';')[0]).toBe(type)
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
      operation.check(answer, prepared)
      const { description } = routeOf(operationId)
      const content = description.responses[status]?.content ?? {}
      expect(Object.keys(content)).toContain(type)
      const schema = content[type]?.schema
      expect(flawsOf(await document(), schema ?? {}, answer.body ?? answer.text)).toEqual([])
      expect(schema).toBeDefined()
    })

    whenever(records !== undefined)('changes nothing, and is recorded', async () => {
      const prepared = await operation.prepare(tenant)
      const reader = await tenant.issueManagementKey('full')
      const before = await suite.dump()
      const answer = await perform(routeOf(operationId), tenant, prepared, reader)
      expect(auditGrowth(before, await suite.dump())).toBe(1)
      const [entry] = await audit(1)
      const isRead = records === 'audit.read'
      expect(entry).toMatchObject({
        actor: { type: 'key', id: isRead ? await ownId(reader) : prepared.resource },
        action: records,
        outcome: 'success',
        reason: null,
        request_id: answer.headers.get('request-id'),
      })
      if (!isRead) return
      expect(entry).toMatchObject({
        actor: { address: '127.0.0.1' },
        operation: operationId,
        resource: { type: 'audit', id: null },
      })
      // Whoever asks for the same again is not news.
      const once = await suite.dump()
      await perform(routeOf(operationId), tenant, prepared, reader)
      expect(await suite.dump()).toEqual(once)
    })

    whenever(writes === null && records === undefined)('writes nothing', async () => {
      const prepared = await operation.prepare(tenant)
      const before = await suite.dump()
      await perform(routeOf(operationId), tenant, prepared)
      expect(await suite.dump()).toEqual(before)
    })

    whenever(writes !== null)('is in the audit log once, with who, what and on what', async () => {
      const prepared = await operation.prepare(tenant)
      const [last] = await audit(1)
      const actor = await tenant.issueManagementKey('full')
      const answer = await perform(routeOf(operationId), tenant, prepared, actor)
      const [entry, previous] = await audit(2)
      expect(previous).toMatchObject({ index: (last?.index ?? -1) + 1, action: 'key.create' })
      expect(entry).toMatchObject({
        actor: {
          type: writes?.user === undefined ? 'key' : 'user',
          id: writes?.user ?? (await ownId(actor)),
          address: '127.0.0.1',
        },
        action: writes?.action,
        operation: operationId,
        resource: {
          type: writes?.type,
          id: prepared.resource === undefined ? madeOf(answer.body).id : prepared.resource,
        },
        outcome: 'success',
        reason: null,
        request_id: answer.headers.get('request-id'),
      })
    })

    whenever(needs !== null)(
      'is refused to a key that has everything but the permission, by name',
      async () => {
        const scope = needs ?? 'keys:read'
        const access = allBut(scope)
        const key = await tenant.issueManagementKey(access)
        const prepared = await operation.prepare(tenant)
        const before = await suite.dump()
        const answer = await perform(routeOf(operationId), tenant, prepared, key)
        const after = await suite.dump()

        const [permission = '', level = ''] = scope.split(':')
        const granted = access[permission] ?? ''
        expect(answer.status).toBe(403)
        expect(answer.headers.get('content-type')).toBe('application/problem+json')
        expect(answer.headers.get('www-authenticate')).toBe(
          `Bearer error="insufficient_scope", scope="${scope}"`,
        )
        expect(answer.body).toMatchObject({
          status: 403,
          code: 'insufficient_scope',
          required: scope,
          granted: `${permission}:${granted}`,
        })
        expect(answer.body.detail).toContain(`${TITLES[permission] ?? ''}: ${LEVEL_TITLES[level] ?? ''}`)
        expect(answer.body.detail).toContain(LEVEL_TITLES[granted])
        expect(answer.body.detail).toContain(operationId)

        const [entry] = await audit(1)
        expect(entry).toMatchObject({
          actor: { type: 'key', id: await ownId(key) },
          action: 'access.denied',
          operation: operationId,
          resource: { type: 'operation', id: operationId },
          outcome: 'failure',
          reason: 'insufficient_scope',
          request_id: answer.headers.get('request-id'),
        })
        expect(auditGrowth(before, after)).toBe(1)
      },
    )

    test('is allowed to a key that has the permission and nothing else, unless it acts on every key', async () => {
      const [permission = 'history', level = 'read'] = needs?.split(':') ?? []
      const key = await tenant.issueManagementKey({ ...operation.alsoNeeds, [permission]: level })
      const answer = await perform(routeOf(operationId), tenant, await operation.prepare(tenant), key)
      expect(answer.status, answer.text).toBe(operation.asksForEverything === true ? 403 : status)
    })

    test('answers every wrong credential with one and the same 401, and writes nothing', async () => {
      const prepared = await operation.prepare(tenant)
      const strangers = await wrongCredentials(tenant)
      const before = await suite.dump()
      const answers = await Promise.all(
        Object.entries(strangers).map(async ([kind, authorization]) => {
          const headers = { ...prepared.headers, ...(authorization !== null && { authorization }) }
          const {
            status,
            text,
            headers: got,
          } = await perform(routeOf(operationId), tenant, { ...prepared, headers }, null)
          return [kind, { status, text, ...visibleHeaders(got) }] as const
        }),
      )
      const [, first] = answers[0] ?? []
      for (const [kind, answer] of answers) expect([kind, answer]).toEqual([kind, first])
      expect(first?.status).toBe(401)
      expect(JSON.parse(first?.text ?? '')).toMatchObject({ status: 401, code: 'invalid_token' })
      expect(await suite.dump()).toEqual(before)
    })

    test('tells the holder of a revoked key why, and writes that down', async () => {
      const key = await tenant.issueManagementKey('full')
      const id = await ownId(key)
      const prepared = await operation.prepare(tenant)
      await tenant.call('POST', `/v1/keys/${id}/revoke`)
      const before = await suite.dump()
      const answer = await perform(routeOf(operationId), tenant, prepared, key)
      expect(answer.status).toBe(401)
      expect(answer.body).toMatchObject({ code: 'invalid_token', reason: 'key_revoked' })
      const [entry] = await audit(1)
      expect(entry).toMatchObject({
        actor: { type: 'key', id },
        action: 'access.denied',
        operation: operationId,
        resource: { type: 'operation', id: operationId },
        outcome: 'failure',
        reason: 'key_revoked',
        request_id: answer.headers.get('request-id'),
      })
      expect(auditGrowth(before, await suite.dump())).toBe(1)
    })
  })

  const document = async () =>
    (await tenant.call('GET', '/openapi.json', undefined, { key: null })).body as object
})

/** What an answer says was made: a thing beside its token, secret or link, or the thing alone. */
function madeOf(body: Record<string, { id: string } | undefined>): { id: unknown } {
  return body['key'] ?? body['endpoint'] ?? body['invitation'] ?? { id: body['id'] }
}

/** Defines a test where it has a meaning, and nothing elsewhere. */
function whenever(condition: boolean): (name: string, run: () => Promise<void>) => void {
  return (name, run) => {
    if (condition) test(name, run)
  }
}

/** Values of the Authorization header that prove nothing; null sends none. */
async function wrongCredentials(tenant: Tenant): Promise<Record<string, string | null>> {
  const { token } = await tenant.createKey({ access: 'full' })
  const deleted = await tenant.createKey({ kind: 'management', name: 'Gone', access: 'full' })
  await tenant.call('DELETE', `/v1/keys/${deleted.id}`, undefined, { headers: { 'if-match': '*' } })
  const own = tenant.managementKey
  const [head, tail] = [own.slice(0, 30), own.slice(31)]
  return {
    none: null,
    empty: 'Bearer ',
    garbage: 'Bearer garbage',
    'another scheme': `Basic ${Buffer.from(`x:${own}`).toString('base64')}`,
    'no scheme': own,
    'an API key': `Bearer ${token}`,
    'a deleted key': `Bearer ${deleted.token}`,
    'one wrong character': `Bearer ${head}${own[30] === 'a' ? 'b' : 'a'}${tail}`,
    'an unknown id': `Bearer ${own.slice(0, 10)}${'0'.repeat(13)}${own.slice(23)}`,
    'far too long': `Bearer ${'a'.repeat(5000)}`,
  }
}

/** The headers of an answer but those that differ from answer to answer. */
function visibleHeaders(headers: Headers): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => name !== 'date'))
}
