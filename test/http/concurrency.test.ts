import { expect, test } from 'vitest'
import { describeEachServer, NEW_KEY, type RawAnswer } from './support.js'

const statusesOf = (answers: readonly RawAnswer[]): number[] => answers.map(({ status }) => status).sort()

describeEachServer('preconditions', (suite) => {
  test('every edit needs the version that If-Match names, and gives the next', async () => {
    const { id } = await suite.tenant.createKey()
    const edit = (tag: string, body: object) =>
      suite.tenant.call('PATCH', `/v1/keys/${id}`, body, { headers: { 'if-match': tag } })
    const first = await edit('"1"', { note: 'One' })
    expect([first.status, first.headers.get('etag')]).toEqual([200, '"2"'])
    const stale = await edit('"1"', { note: 'Two' })
    expect([stale.status, stale.body.code]).toEqual([412, 'version_conflict'])
    expect((await edit(first.headers.get('etag') ?? '', { note: 'Three' })).status).toBe(200)
    expect((await edit('*', { note: 'Four' })).status).toBe(200)
    const { body, headers } = await suite.tenant.call('GET', `/v1/keys/${id}`)
    expect([body.note, headers.get('etag')]).toEqual(['Four', '"4"'])
  })

  test.each([
    ['PATCH', '', { note: 'x' }],
    ['POST', '/rotate', { overlap_seconds: 0 }],
    ['POST', '/suspend', {}],
    ['POST', '/revoke', {}],
    ['DELETE', '', undefined],
  ])('%s %s obeys If-Match', async (method, path, body) => {
    const { id } = await suite.tenant.createKey()
    const send = (tag: string) =>
      suite.tenant.call(method, `/v1/keys/${id}${path}`, body, { headers: { 'if-match': tag } })
    const before = await suite.dump()
    const stale = await send('"2"')
    expect([stale.status, stale.body.code]).toEqual([412, 'version_conflict'])
    expect(await suite.dump()).toEqual(before)
    const fresh = await send('"1"')
    expect([fresh.status, fresh.headers.get('etag')]).toEqual([200, '"2"'])
  })

  test('the workspace and its overlay have one version, which both edits obey', async () => {
    const { headers } = await suite.tenant.call('GET', '/v1/workspace')
    const tag = headers.get('etag') ?? ''
    expect((await suite.tenant.call('GET', '/v1/catalog')).headers.get('etag')).toBe(tag)
    const edit = (path: string, body: unknown, ifMatch: string) =>
      suite.tenant.call(path.endsWith('overlay') ? 'PUT' : 'PATCH', path, body, {
        headers: { 'if-match': ifMatch },
      })
    const first = await edit('/v1/workspace', { name: 'Renamed' }, tag)
    expect(first.status).toBe(200)
    expect((await edit('/v1/catalog/overlay', { operations: [] }, tag)).status).toBe(412)
    const second = await edit('/v1/catalog/overlay', { operations: [] }, first.headers.get('etag') ?? '')
    expect(second.status).toBe(200)
    expect((await edit('/v1/workspace', { name: 'Late' }, first.headers.get('etag') ?? '')).status).toBe(412)
    expect((await edit('/v1/workspace', { name: 'Right' }, second.headers.get('etag') ?? '')).status).toBe(
      200,
    )
  })

  test('of concurrent edits that saw the same version exactly one wins', async () => {
    for (let round = 0; round < 8; round++) {
      const { id } = await suite.tenant.createKey()
      const notes = ['a', 'b', 'c', 'd', 'e']
      const answers = await Promise.all(
        notes.map((note) =>
          suite.tenant.call('PATCH', `/v1/keys/${id}`, { note }, { headers: { 'if-match': '"1"' } }),
        ),
      )
      expect(statusesOf(answers)).toEqual([200, 412, 412, 412, 412])
      const winner = answers.findIndex(({ status }) => status === 200)
      expect((await suite.tenant.call('GET', `/v1/keys/${id}`)).body).toMatchObject({
        note: notes[winner],
        version: 2,
      })
    }
  })

  test('concurrent edits without a precondition are all made, one after another', async () => {
    const { id } = await suite.tenant.createKey()
    const edits = Array.from({ length: 12 }, (_, index) =>
      suite.tenant.call(
        'PATCH',
        `/v1/keys/${id}`,
        index % 2 === 0 ? { note: 'N' } : { access: { history: 'read' } },
      ),
    )
    const answers = await Promise.all(edits)
    expect(answers.map(({ body }) => body.version as number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 12 }, (_, index) => index + 2),
    )
    const { body } = await suite.tenant.call('GET', `/v1/keys/${id}`)
    expect(body).toMatchObject({ version: 13, note: 'N', access: { history: 'read' } })
  })

  test('of concurrent changes that exclude each other exactly one is made', async () => {
    for (let round = 0; round < 5; round++) {
      const { id } = await suite.tenant.createKey()
      const deletions = Array.from({ length: 4 }, () =>
        suite.tenant.call('DELETE', `/v1/keys/${id}`, undefined, { headers: { 'if-match': '*' } }),
      )
      expect(statusesOf(await Promise.all(deletions))).toEqual([200, 409, 409, 409])
    }
  })

  test('concurrent rotations leave two secrets and a token for each that works or worked', async () => {
    const { id } = await suite.tenant.createKey()
    const answers = await Promise.all(
      Array.from({ length: 6 }, () =>
        suite.tenant.call('POST', `/v1/keys/${id}/rotate`, { overlap_seconds: 3600 }),
      ),
    )
    expect(statusesOf(answers)).toEqual(Array(6).fill(200))
    const { body } = await suite.tenant.call('GET', `/v1/keys/${id}`)
    const states = (body.secrets as { state: string }[]).map(({ state }) => state)
    expect(states.slice(0, 3)).toEqual(['current', 'retiring', 'retired'])
    expect(states).toHaveLength(7)
    const working = await Promise.all(
      answers.map(
        async ({ body: { token } }) => (await suite.server.fetch('/health', token as string)).status,
      ),
    )
    expect(working.filter((status) => status === 200)).toHaveLength(2)
  })
})

describeEachServer('a request with an Idempotency-Key', (suite) => {
  const repeated = (key: string, body: unknown = NEW_KEY, path = '/v1/keys', as?: string) =>
    suite.tenant.call('POST', path, body, {
      headers: { 'idempotency-key': key },
      ...(as !== undefined && { key: as }),
    })

  test('creates one key however often it is sent, and shows its token once', async () => {
    const first = await repeated('create-once')
    expect(first.body.token).toMatch(/^btg_/)
    expect(first.headers.get('idempotency-replayed')).toBeNull()
    const before = await suite.dump()
    for (let count = 0; count < 3; count++) {
      const again = await repeated('create-once')
      expect(again.status).toBe(201)
      expect(again.body).toEqual({
        key: first.body.key,
        token: null,
        token_note: expect.stringContaining('Rotate'),
      })
      expect(again.headers.get('idempotency-replayed')).toBe('true')
      for (const name of ['etag', 'location', 'bitting-revision', 'cache-control']) {
        expect([name, again.headers.get(name)]).toEqual([name, first.headers.get(name)])
      }
    }
    expect(await suite.dump()).toEqual(before)
  })

  test('conflicts with another request under the same key, and changes nothing', async () => {
    await repeated('conflict')
    const { id } = await suite.tenant.createKey()
    const before = await suite.dump()
    const others = [
      await repeated('conflict', { ...NEW_KEY, name: 'Another' }),
      await repeated('conflict', {}, `/v1/keys/${id}/suspend`),
    ]
    for (const { status, body } of others) expect([status, body.code]).toEqual([409, 'idempotency_conflict'])
    expect(await suite.dump()).toEqual(before)
  })

  test('belongs to the key that sent it', async () => {
    const manager = await suite.tenant.issueManagementKey('full')
    const first = await repeated('personal')
    const second = await repeated('personal', NEW_KEY, '/v1/keys', manager)
    expect(second.body.key.id).not.toBe(first.body.key.id)
    expect(second.body.token).not.toBeNull()
  })

  test('creates one key when twenty come at once', async () => {
    const keys = async () => (await suite.database.read.selectFrom('keys').select('id').execute()).length
    const before = await keys()
    const answers = await Promise.all(Array.from({ length: 20 }, () => repeated('at-once')))
    expect(statusesOf(answers)).toEqual(Array(20).fill(201))
    expect(new Set(answers.map(({ body }) => body.key.id as string)).size).toBe(1)
    expect(answers.filter(({ body }) => body.token !== null)).toHaveLength(1)
    expect(await keys()).toBe(before + 1)
  })

  test('rotates once, and suspends, resumes and revokes once', async () => {
    const { id } = await suite.tenant.createKey()
    for (const [change, body] of [
      ['rotate', { overlap_seconds: 3600 }],
      ['suspend', {}],
      ['resume', {}],
      ['revoke', { reason: 'Done' }],
    ] as const) {
      const path = `/v1/keys/${id}/${change}`
      const first = await repeated(`${change}-once`, body, path)
      expect([change, first.status]).toEqual([change, 200])
      const before = await suite.dump()
      const again = await repeated(`${change}-once`, body, path)
      expect([change, again.status, again.headers.get('idempotency-replayed')]).toEqual([change, 200, 'true'])
      expect(await suite.dump()).toEqual(before)
    }
  })

  test('that was refused is not remembered: put right, it succeeds under the same key', async () => {
    const refused = await repeated('put-right', { ...NEW_KEY, access: { call: 'edit', unknown: 'edit' } })
    expect(refused.status).toBe(400)
    expect((await repeated('put-right', { ...NEW_KEY, access: { call: 'edit' } })).status).toBe(201)
  })

  test('that was answered is refused to a key that may not do it any more', async () => {
    const { id, token } = await suite.tenant.createKey({
      kind: 'management',
      name: 'Manager',
      access: { keys: 'edit' },
    })
    await repeated('cut', NEW_KEY, '/v1/keys', token)
    await suite.tenant.call('PATCH', `/v1/keys/${id}`, { access: { keys: 'read' } })
    expect((await repeated('cut', NEW_KEY, '/v1/keys', token)).status).toBe(403)
  })

  test('leaves neither the token nor the Idempotency-Key in the database', async () => {
    const { body } = await repeated('a-very-telling-idempotency-key')
    const text = JSON.stringify(await suite.dump())
    expect(text).not.toContain(body.token)
    expect(text).not.toContain('a-very-telling-idempotency-key')
  })
})
