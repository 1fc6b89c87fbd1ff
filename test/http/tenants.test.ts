import { beforeAll, describe, expect, test } from 'vitest'
import { checkpointOf } from './audit-operations.js'
import { OPERATIONS, perform, readRoutes, type Prepared, type Route } from './operations.js'
import { describeEachServer, type Dump, type Suite, type Tenant } from './support.js'
import { addEndpoint } from './webhook-fixtures.js'

/** Ids that no workspace has, by the parameter of the path. */
const NEVER: Params = { id: 'key_0000000000000', index: '999999', event: 'evt_0000000000000000000000' }

/** What the other's log has and ours has not, beside what no log has: entries, and tiles of the tree. */
const OF_THE_LOG: Readonly<Record<string, { readonly theirs: Params; readonly never: Params }>> = {
  getAuditEntry: { theirs: { index: '140' }, never: { index: '999999' } },
  proveAuditInclusion: { theirs: { index: '140' }, never: { index: '999999' } },
  getAuditProofBundle: { theirs: { index: '140' }, never: { index: '999999' } },
  getAuditTile: { theirs: { level: '0', a: '000' }, never: { level: '0', a: '999' } },
  getAuditTileTwo: {
    theirs: { level: '0', a: '000.p', b: '140' },
    never: { level: '0', a: '000.p', b: '255' },
  },
}

/** The operations on one endpoint, delivery, event or relay. */
const OF_WEBHOOKS = [
  'getWebhookEndpoint',
  'updateWebhookEndpoint',
  'deleteWebhookEndpoint',
  'rotateWebhookSecret',
  'switchWebhookKey',
  'performWebhookHandshake',
  'sendTestEvent',
  'probeWebhookEndpoint',
  'resendWebhookDeliveries',
  'listWebhookDeliveries',
  'getWebhookDelivery',
  'resendWebhookDelivery',
  'getEvent',
  'deleteWebhookRelay',
]

/** The operations on one member or invitation. */
const OF_PEOPLE = ['updateMember', 'removeMember', 'revokeInvitation']

type Params = Readonly<Record<string, string>>

describeEachServer('two tenants', (suite) => {
  let ours: Tenant
  let theirs: Tenant
  let routes: ReadonlyMap<string, Route>
  let theirKey: Awaited<ReturnType<Tenant['createKey']>>

  beforeAll(async () => {
    routes = await readRoutes(suite)
    ours = await suite.newTenant('Ours')
    theirs = await suite.newTenant('Theirs')
    theirKey = await theirs.createKey({ name: 'A name of theirs', note: 'A note of theirs' })
    await theirs.call('PATCH', '/v1/workspace', { name: 'A workspace of theirs' })
    const mapping = { method: 'GET', path: '/path-of-theirs', permission: 'any' }
    await theirs.call('PUT', '/v1/catalog/overlay', { operations: [mapping] })
    // Their log is longer than ours ever becomes here, so that it has entries which ours has not.
    for (let count = 0; count < 150; count++) await theirs.call('PATCH', '/v1/workspace', { name: 'Theirs' })
    await checkpointOf(theirs, 150)
    await checkpointOf(ours, 2)
  })

  const withParameters = Object.entries(OPERATIONS).filter(([operationId]) =>
    [
      'getKey',
      'updateKey',
      'deleteKey',
      'rotateKey',
      'suspendKey',
      'resumeKey',
      'revokeKey',
      'getKeyUsage',
      ...OF_WEBHOOKS,
      ...OF_PEOPLE,
      ...Object.keys(OF_THE_LOG),
    ].includes(operationId),
  )

  test('every operation with an id in its path is tried with an id of the other', () => {
    // Tiles of logs larger than a test can make are looked at in audit.test.ts.
    const documented = [...routes.values()].filter(
      ({ path, operationId }) => path.includes('{') && OPERATIONS[operationId]?.isOutOfReach !== true,
    )
    expect(withParameters.map(([operationId]) => operationId).sort()).toEqual(
      documented.map(({ operationId }) => operationId).sort(),
    )
  })

  describe.each(withParameters)('%s', (operationId, operation) => {
    const routeOf = (): Route => {
      const route = routes.get(operationId)
      if (route === undefined) throw new Error(`there is no ${operationId}`)
      return route
    }
    /** The request with its parameters replaced; what a foreign resource wants by way of version stays the same. */
    const at = (prepared: Prepared, params: Params): Prepared => ({
      ...prepared,
      params,
    })

    test('answers an id of the other tenant exactly as one that never was, and changes nothing there', async () => {
      const prepared = { ...(await operation.prepare(theirs)), query: '' }
      const foreign = OF_THE_LOG[operationId]?.theirs ?? prepared.params ?? {}
      const nowhere = OF_THE_LOG[operationId]?.never ?? NEVER
      const before = await rowsOf(suite, theirs)
      const asked = await perform(routeOf(), ours, at(prepared, foreign))
      const never = await perform(routeOf(), ours, at(prepared, nowhere))
      // A proof is of a tree, and the request does not fit to one that ends before the entry.
      const isProof = ['proveAuditInclusion', 'getAuditProofBundle'].includes(operationId)
      expect(asked.status).toBe(isProof ? 400 : 404)
      expect(shown(asked.text, foreign)).toBe(shown(never.text, nowhere))
      expect(headersOf(asked.headers)).toEqual(headersOf(never.headers))
      expect(await rowsOf(suite, theirs)).toEqual(before)
      // The very same request is good for its owner.
      expect((await perform(routeOf(), theirs, at(prepared, foreign))).status).toBe(operation.status)
    })

    test('answers it so whatever else the request says, and whatever state the other’s thing is in', async () => {
      if (operationId in OF_THE_LOG) return
      const things = await thingsFor(operationId, theirs)
      const prepared = await operation.prepare(ours)
      const isDeletion = operationId === 'deleteKey'
      const variants: Prepared[] = [
        { ...prepared, headers: {} },
        { ...prepared, headers: { 'if-match': '"999"' } },
        { ...prepared, headers: { 'if-match': '*' } },
        ...(isDeletion ? [{ ...prepared, headers: {}, query: '?confirm=A%20key' }] : []),
        ...(isDeletion ? [{ ...prepared, headers: {}, query: '?confirm=x' }] : []),
      ]
      for (const variant of variants) {
        const never = await perform(routeOf(), ours, at(variant, NEVER))
        for (const params of things) {
          const asked = await perform(routeOf(), ours, at(variant, { ...NEVER, ...params }))
          expect([variant.headers, variant.query, asked.status, asked.text]).toEqual([
            variant.headers,
            variant.query,
            404,
            never.text,
          ])
        }
      }
    })

    test('answers ids of other kinds as one that never was', async () => {
      if (operationId in OF_THE_LOG) return
      const prepared = await operation.prepare(ours)
      const never = await perform(routeOf(), ours, at(prepared, NEVER))
      const { id: ownKeyId } = await ours.createKey()
      const others = [
        ours.id,
        theirs.id,
        `${ownKeyId.slice(4)}000`,
        ownKeyId.slice(0, -1),
        ownKeyId.toUpperCase(),
        '0',
        '-1',
      ]
      for (const id of [
        ...others,
        'null',
        'undefined',
        '__proto__',
        "'%20or%201=1",
        '%F0%9F%94%91',
        '*',
        '%25',
      ]) {
        const answer = await perform(routeOf(), ours, at(prepared, { ...NEVER, id }))
        expect([id, answer.status, answer.text]).toEqual([id, 404, never.text])
      }
    })
  })

  test('nothing that is listed or shown to one has anything of the other', async () => {
    const secrets = [theirs.id, theirs.managementKey.slice(9, 25), theirKey.id, theirKey.token.slice(9, 25)]
    const words = [...secrets, 'of theirs', 'path-of-theirs', 'Theirs']
    const reads = [...routes.values()].filter(({ method, path }) => method === 'GET' && !path.includes('{'))
    for (const { operationId, path } of reads) {
      const { text } = await ours.call('GET', path)
      for (const word of words) expect(text.includes(word), `${operationId} shows ${word}`).toBe(false)
    }
    for (const query of [
      `?name=${encodeURIComponent('name of theirs')}`,
      '?state=active',
      '?kind=management',
      '?limit=100',
    ]) {
      const { body } = await ours.call('GET', `/v1/keys${query}`)
      for (const key of body.data) expect(secrets).not.toContain(key.id)
    }
    for (const filter of [`resource=${theirKey.id}`, `actor=${theirKey.id}`, `resource=${theirs.id}`]) {
      const { body } = await ours.call('GET', `/v1/audit?${filter}`)
      expect(body.data).toEqual([])
    }
  })

  test('a cursor of the other tenant leads to nothing of theirs', async () => {
    const page = await theirs.call('GET', '/v1/keys?limit=1')
    const { body } = await ours.call('GET', `/v1/keys?cursor=${String(page.body.next_cursor)}`)
    const { data } = (await ours.call('GET', '/v1/keys?limit=100')).body as { data: { id: string }[] }
    const own = data.map(({ id }) => id)
    for (const key of body.data) expect(own).toContain(key.id)
    const audit = await theirs.call('GET', '/v1/audit?limit=1')
    const entries = await ours.call('GET', `/v1/audit?limit=100&cursor=${String(audit.body.next_cursor)}`)
    for (const entry of entries.body.data) {
      const { body: same } = await ours.call('GET', `/v1/audit/${String(entry.index)}`)
      expect(same).toMatchObject(entry as object)
    }
  })

  test('the idempotency keys of one mean nothing to the other', async () => {
    const headers = { 'idempotency-key': 'the-same-for-both' }
    const body = { name: 'Ours', environment: 'production', access: {} }
    const first = await theirs.call('POST', '/v1/keys', { ...body, name: 'Theirs alone' }, { headers })
    const second = await ours.call('POST', '/v1/keys', body, { headers })
    expect([first.status, second.status]).toEqual([201, 201])
    expect(second.body.key).toMatchObject({ name: 'Ours' })
    expect(second.headers.get('idempotency-replayed')).toBeNull()
  })

  test('what one changes of its workspace is not in force in the other', async () => {
    await theirs.call('PATCH', '/v1/workspace', { ceilings: { development: { history: 'read' } } })
    const { status } = await ours.call('POST', '/v1/keys', {
      name: 'Full',
      environment: 'development',
      access: 'full',
    })
    expect(status).toBe(201)
    const { token } = await ours.createKey({ access: { history: 'read' } })
    const answer = await suite.server.fetch('/path-of-theirs', token)
    expect(answer.status).toBe(403)
  })
})

/** What a tenant has that an operation could be asked to act on. */
async function thingsFor(operationId: string, tenant: Tenant): Promise<readonly Params[]> {
  if (OF_WEBHOOKS.includes(operationId)) return webhookThings(tenant)
  return OF_PEOPLE.includes(operationId) ? peopleThings(tenant) : keys(tenant)
}

/** A member and an invitation of a workspace. */
async function peopleThings(tenant: Tenant): Promise<readonly Params[]> {
  const things: Params[] = []
  for (const name of ['updateMember', 'revokeInvitation']) {
    things.push((await OPERATIONS[name]?.prepare(tenant))?.params ?? {})
  }
  return things
}

/** Keys of a workspace, one of each kind of state. */
async function keys(tenant: Tenant): Promise<readonly Params[]> {
  const [revoked, deleted, active] = [
    await tenant.createKey(),
    await tenant.createKey(),
    await tenant.createKey({ access: 'full' }),
  ]
  await tenant.call('POST', `/v1/keys/${revoked.id}/revoke`)
  await tenant.call('DELETE', `/v1/keys/${deleted.id}?confirm=A%20key`)
  return [revoked, deleted, active].map(({ id }) => ({ id }))
}

/** Endpoints, a delivery, an event and a relay of a workspace, the endpoints in several states. */
async function webhookThings(tenant: Tenant): Promise<readonly Params[]> {
  const { params = {} } = (await OPERATIONS['getWebhookDelivery']?.prepare(tenant)) ?? {}
  const [deleted, disabled] = [await addEndpoint(tenant), await addEndpoint(tenant)]
  await tenant.call('DELETE', `/v1/webhook-endpoints/${deleted}`)
  await tenant.call('PATCH', `/v1/webhook-endpoints/${disabled}`, { enabled: false })
  const relay = (await OPERATIONS['deleteWebhookRelay']?.prepare(tenant))?.params ?? {}
  return [{ id: deleted }, { id: disabled }, params, { id: params['event'] ?? '' }, relay]
}

/** Everything that the database holds of one workspace. */
async function rowsOf(suite: Suite, tenant: Tenant): Promise<Dump> {
  const dump = await suite.dump()
  return Object.fromEntries(
    Object.entries(dump).map(([table, rows]) => [
      table,
      rows.filter((row) => row.includes(`"${tenant.id}"`)),
    ]),
  )
}

/** A body with the parameters that the caller wrote itself taken out. */
function shown(text: string, params: Readonly<Record<string, string>>): string {
  return Object.values(params).reduce((rest, value) => rest.replaceAll(value, '…'), text)
}

function headersOf(headers: Headers): Record<string, string> {
  const differing = ['date', 'content-length', 'request-id']
  return Object.fromEntries([...headers].filter(([name]) => !differing.includes(name)))
}
