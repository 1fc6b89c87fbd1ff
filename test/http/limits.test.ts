import { describe, expect, test } from 'vitest'
import { KEY_ID_LENGTH, SECRET_ID_LENGTH } from '../../core/src/token.js'
import { BODY_BYTES_MAX } from '../../server/src/control/app.js'
import { GOOD_PASSWORD } from '../support/people.js'
import { describeEachServer, NEW_KEY, send, type RawAnswer } from './support.js'

/** One limit: a request at it, which is accepted, and one just beyond it, which is refused. */
interface Limit {
  readonly name: string
  readonly field: string
  readonly at: (size: number) => Promise<RawAnswer>
  readonly max: number
  /** Default: everything up to 299, and 404 where only the size was the matter. */
  readonly accepts?: readonly number[]
  readonly refuses?: number
}

/** An entry that an application records. */
const ENTRY = { action: 'a', userId: 'u', resource: 'r', result: 'success' } as const

describeEachServer('every limit of the management API', (suite) => {
  const create = (more: object) => suite.tenant.call('POST', '/v1/keys', { ...NEW_KEY, ...more })
  const get = (path: string) => suite.tenant.call('GET', path)
  const workspace = (body: object) => suite.tenant.call('PATCH', '/v1/workspace', body)
  const map = (operations: object[]) => suite.tenant.call('PUT', '/v1/catalog/overlay', { operations })
  const verify = (more: object) =>
    suite.tenant.call('POST', '/v1/verify', { token: 'x', method: 'GET', path: '/', ...more })
  const onKey = async (change: string, body: object, headers = {}) => {
    const { id } = await suite.tenant.createKey()
    return suite.tenant.call('POST', `/v1/keys/${id}/${change}`, body, { headers })
  }
  const edit = async (body: object, headers = {}) => {
    const { id } = await suite.tenant.createKey()
    return suite.tenant.call('PATCH', `/v1/keys/${id}`, body, { headers })
  }
  const addresses = (count: number) => Array.from({ length: count }, (_, index) => `192.0.2.${String(index)}`)
  const x = (count: number) => 'x'.repeat(count)
  const mapping = { method: 'GET', path: '/x', permission: 'any' }

  const LIMITS: readonly Limit[] = [
    { name: 'the name of a key', field: 'name', max: 100, at: (size) => create({ name: x(size) }) },
    { name: 'the name in an edit', field: 'name', max: 100, at: (size) => edit({ name: x(size) }) },
    { name: 'the note of a key', field: 'note', max: 1000, at: (size) => create({ note: x(size) }) },
    { name: 'the note in an edit', field: 'note', max: 1000, at: (size) => edit({ note: x(size) }) },
    ...['suspend', 'revoke'].map((change) => ({
      name: `the reason to ${change}`,
      field: 'reason',
      max: 500,
      at: (size: number) => onKey(change, { reason: x(size) }),
    })),
    {
      name: 'the reason to resume',
      field: 'reason',
      max: 500,
      at: (size) => onKey('resume', { reason: x(size) }),
      // The key is active: only the size of the reason is the matter.
      accepts: [409],
    },
    {
      name: 'the addresses of a key',
      field: 'conditions.allowed_addresses',
      max: 100,
      at: (size) => create({ conditions: { allowed_addresses: addresses(size) } }),
    },
    {
      name: 'the addresses in an edit',
      field: 'conditions.allowed_addresses',
      max: 100,
      at: (size) => edit({ conditions: { allowed_addresses: addresses(size) } }),
    },
    {
      name: 'the overlap of a rotation',
      field: 'overlap_seconds',
      max: 30 * 24 * 3600,
      at: (size) => onKey('rotate', { overlap_seconds: size }),
    },
    {
      name: 'an Idempotency-Key',
      field: 'Idempotency-Key',
      max: 255,
      at: (size) => onKey('suspend', {}, { 'idempotency-key': x(size) }),
    },
    {
      name: 'a version in If-Match',
      field: 'If-Match',
      max: 15,
      at: (size) => edit({ note: 'x' }, { 'if-match': `"${'9'.repeat(size)}"` }),
      accepts: [412],
    },
    {
      name: 'the page of keys',
      field: 'limit',
      max: 100,
      at: (size) => get(`/v1/keys?limit=${String(size)}`),
    },
    {
      name: 'the page of entries',
      field: 'limit',
      max: 100,
      at: (size) => get(`/v1/audit?limit=${String(size)}`),
    },
    {
      name: 'the name that is searched',
      field: 'name',
      max: 100,
      at: (size) => get(`/v1/keys?name=${x(size)}`),
    },
    ...Object.entries({ action: 128, actor: 256, resource: 256, key: 64, request_id: 64 }).map(
      ([field, max]) => ({
        name: `the filter ${field}`,
        field,
        max,
        at: (size: number) => get(`/v1/audit?${field}=${x(size)}`),
      }),
    ),
    {
      name: 'the text that is searched',
      field: 'text',
      max: 200,
      at: (size) => get(`/v1/audit?text=${'x.'.repeat(size).slice(0, size)}`),
    },
    {
      name: 'a part of the log as a file',
      field: 'limit',
      max: 1000,
      at: (size) => get(`/v1/audit/export?limit=${String(size)}`),
    },
    {
      name: 'a segment of a tile’s path',
      field: 'a',
      max: 16,
      at: (size) => get(`/v1/audit/tile/0/${x(size)}`),
      accepts: [404],
    },
    ...Object.entries({ action: 120, userId: 256, resource: 256 }).map(([field, max]) => ({
      name: `the ${field} of an application’s entry`,
      field,
      max,
      at: (size: number) => suite.tenant.call('POST', '/v1/audit', { ...ENTRY, [field]: x(size) }),
    })),
    {
      name: 'the metadata of an application’s entry, as JSON',
      field: 'metadata',
      max: 8192,
      at: (size) =>
        suite.tenant.call('POST', '/v1/audit', { ...ENTRY, metadata: { a: x(size - '{"a":""}'.length) } }),
    },
    {
      name: 'the entries that are recorded at once',
      field: 'entries',
      max: 100,
      at: (size) => suite.tenant.call('POST', '/v1/audit', { entries: Array(size).fill(ENTRY) }),
    },
    ...Object.entries({ actor: 256, resource: 256, address: 64 }).map(([field, max]) => ({
      name: `the ${field} whose data is erased`,
      field,
      max,
      at: (size: number) => suite.tenant.call('POST', '/v1/audit/erase', { [field]: x(size) }),
    })),
    {
      name: 'the days that entries are kept',
      field: 'audit.retention_days',
      max: 36_500,
      at: (size) => workspace({ audit: { retention_days: size } }),
    },
    { name: 'an id', field: 'id', max: 64, at: (size) => get(`/v1/keys/${x(size)}`), accepts: [404] },
    {
      name: 'an index',
      field: 'index',
      max: 15,
      at: (size) => get(`/v1/audit/${'9'.repeat(size)}`),
      accepts: [404],
    },
    { name: 'the name of a workspace', field: 'name', max: 100, at: (size) => workspace({ name: x(size) }) },
    {
      name: 'an upstream key',
      field: 'upstream_key',
      max: 4096,
      at: (size) => workspace({ upstream_key: x(size) }),
    },
    {
      name: 'the mappings of an overlay',
      field: 'operations',
      max: 1000,
      at: (size) =>
        map(Array.from({ length: size }, (_, index) => ({ ...mapping, path: `/x/${String(index)}` }))),
    },
    {
      name: 'a mapped path',
      field: 'operations.0.path',
      max: 500,
      at: (size) => map([{ ...mapping, path: `/${x(size - 1)}` }]),
    },
    {
      name: 'a mapped method',
      field: 'operations.0.method',
      max: 32,
      at: (size) => map([{ ...mapping, method: 'X'.repeat(size) }]),
    },
    { name: 'a token to verify', field: 'token', max: 4096, at: (size) => verify({ token: x(size) }) },
    { name: 'a method to verify', field: 'method', max: 32, at: (size) => verify({ method: x(size) }) },
    { name: 'a path to verify', field: 'path', max: 8192, at: (size) => verify({ path: `/${x(size - 1)}` }) },
    {
      name: 'a setup code',
      field: 'code',
      max: 100,
      at: (size) =>
        send(
          suite.server.controlUrl,
          'POST',
          '/v1/setup',
          { code: x(size), email: 'a@example.com', name: 'Ada', password: GOOD_PASSWORD },
          { key: null, headers: { 'sec-fetch-site': 'same-origin' } },
        ),
      accepts: [401],
    },
    {
      name: 'a body, in bytes',
      field: '',
      max: BODY_BYTES_MAX,
      at: (size) => {
        const json = JSON.stringify(NEW_KEY)
        return suite.tenant.call('POST', '/v1/keys', json + ' '.repeat(size - json.length))
      },
      refuses: 413,
    },
  ]

  test.each(LIMITS)(
    '$name: $max and no more',
    async ({ field, max, at, accepts = [200, 201], refuses = 400 }) => {
      const good = await at(max)
      expect(accepts, good.text.slice(0, 300)).toContain(good.status)
      const before = await suite.dump()
      const made = before['keys']?.length ?? 0
      const bad = await at(max + 1)
      expect(bad.status, bad.text.slice(0, 300)).toBe(refuses)
      if (field !== '')
        expect((bad.body.errors as { field: string }[]).map((error) => error.field)).toContain(field)
      // Some make a key to try the limit on; nothing else may have come of it.
      expect((await suite.dump())['keys']?.length ?? 0).toBeLessThanOrEqual(made + 1)
    },
  )

  test.each([
    ['1970-01-01T00:00:01Z', 400, 'the past'],
    ['2099-12-31T23:59:59Z', 201, 'the last moment'],
    ['2100-01-01T00:00:00Z', 400, 'the moment after'],
  ])('an end at %s is answered %i: %s', async (expires_at, status) => {
    expect((await create({ expires_at })).status).toBe(status)
  })

  test('a permission’s name of 32 characters is looked up, one of 33 is refused unseen', async () => {
    expect((await create({ access: { [x(32)]: 'read' } })).body.code).toBe('invalid_access')
    expect((await create({ access: { [x(33)]: 'read' } })).body.code).toBe('invalid_body')
  })

  test('the audit log keeps 256 characters of a User-Agent, and the whole of every name', async () => {
    const name = 'n'.repeat(100)
    const headers = { 'user-agent': 'u'.repeat(300) }
    const { body } = await suite.tenant.call('POST', '/v1/keys', { ...NEW_KEY, name }, { headers })
    const { body: log } = await suite.tenant.call('GET', `/v1/audit?resource=${String(body.key.id)}`)
    expect(log.data[0]).toMatchObject({ actor: { user_agent: 'u'.repeat(256) }, details: { name } })
  })

  describe('what is stored of a key is enforced', () => {
    test('each condition by name', async () => {
      const restricted = {
        allowed_addresses: await suite.tenant.createKey({
          access: 'full',
          conditions: { allowed_addresses: ['192.0.2.0/24'] },
        }),
        not_before: await suite.tenant.createKey({
          access: 'full',
          conditions: { not_before: '2090-01-01T00:00:00Z' },
        }),
        access: await suite.tenant.createKey({ access: {} }),
      }
      const codes = Object.entries(restricted).map(async ([name, { token }]) => {
        const answer = await suite.server.fetch('/list-voices', token)
        return [name, answer.status, ((await answer.json()) as { code: string }).code]
      })
      expect(await Promise.all(codes)).toEqual([
        ['allowed_addresses', 403, 'address_not_allowed'],
        ['not_before', 401, 'key_not_yet_active'],
        ['access', 403, 'insufficient_scope'],
      ])
    })

    test('no more than 238,328 secrets', async () => {
      const { id } = await suite.tenant.createKey()
      await suite.database.transact((tx) =>
        tx
          .updateTable('keys')
          .set({ generation: 62 ** 3 - 2 })
          .where('id', '=', id)
          .execute(),
      )
      const rotate = () => suite.tenant.call('POST', `/v1/keys/${id}/rotate`, { overlap_seconds: 0 })
      const last = await rotate()
      expect(last.status).toBe(200)
      const secretId = last.body.key.secrets[0].id as string
      expect(secretId).toHaveLength(SECRET_ID_LENGTH)
      expect(secretId.slice(KEY_ID_LENGTH)).toBe('zzz')
      const refused = await rotate()
      expect([refused.status, refused.body.code]).toEqual([409, 'state_conflict'])
    })
  })
})
