import { beforeEach, expect, test } from 'vitest'
import { readConfig } from '../../server/src/config.js'
import { openInstallation } from '../../server/src/installation.js'
import { relayKeyContext } from '../../server/src/webhooks/relay-key.js'
import { describeEachServer, type Tenant } from '../http/support.js'

const PATH = '/v1/webhook-relays'

describeEachServer('webhook relays', (suite) => {
  let tenant: Tenant
  beforeEach(async () => {
    tenant = await suite.newTenant('Relays')
  })

  const create = (more: object = {}) =>
    tenant.call('POST', PATH, { name: 'R', scheme: 'retell', key: 'a-canary-of-a-key', ...more })
  const rowOf = (id: string) =>
    suite.database.read
      .selectFrom('webhook_relays')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow()

  test('have a path that nobody can guess, and take both schemes', async () => {
    const { status, body } = await create()
    expect(status).toBe(201)
    expect(body).toEqual({
      id: expect.stringMatching(/^whr_[0-9A-Za-z]{22}$/) as string,
      name: 'R',
      scheme: 'retell',
      path: `/bitting/webhooks/${String(body.id)}`,
      created_at: expect.stringMatching(/Z$/) as string,
      created_by: expect.stringMatching(/^key_/) as string,
      deleted: null,
    })
    const key = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
    expect((await create({ scheme: 'standard', key })).status).toBe(201)
  })

  test('keep their key sealed to themselves, and show it nowhere', async () => {
    const { id } = (await create()).body as { id: string }
    const { sealed_key: sealed } = await rowOf(id)
    const installation = await openInstallation(
      readConfig({
        BITTING_DATA_DIR: suite.server.dataDirectory,
        ...(suite.location.url !== null && { BITTING_DATABASE_URL: suite.location.url }),
      }),
    )
    try {
      const { sealer } = installation
      const opened = sealer.open(sealed!, relayKeyContext(tenant.id, id))
      expect(Buffer.from(opened).toString()).toBe('a-canary-of-a-key')
      expect(() => sealer.open(sealed!, relayKeyContext(suite.tenant.id, id))).toThrow()
    } finally {
      await installation.database.close()
    }
    const texts = [
      (await tenant.call('GET', PATH)).text,
      (await tenant.call('GET', '/v1/audit?limit=100')).text,
      JSON.stringify(await suite.dump()),
    ]
    for (const text of texts) expect(text).not.toContain('a-canary-of-a-key')
    for (const text of texts) expect(text).not.toContain(Buffer.from('a-canary-of-a-key').toString('hex'))
  })

  test('are 20 at most, however many are asked for at once', async () => {
    const answers = await Promise.all(Array.from({ length: 23 }, () => create()))
    const made = answers.filter(({ status }) => status === 201)
    expect(made).toHaveLength(20)
    const refused = answers.filter(({ status }) => status === 409)
    expect(refused.map(({ body }) => [body.code, body.limit])).toEqual(Array(3).fill(['limit_reached', 20]))
    const { id } = made[0]?.body as { id: string }
    await tenant.call('DELETE', `${PATH}/${id}`)
    expect((await create()).status).toBe(201)
    const seen = new Set<string>()
    let cursor = ''
    do {
      const { body } = await tenant.call('GET', `${PATH}?deleted=true&limit=8${cursor}`)
      for (const relay of body.data) seen.add(relay.id as string)
      cursor = body.next_cursor === null ? '' : `&cursor=${String(body.next_cursor)}`
    } while (cursor !== '')
    expect(seen.size).toBe(21)
    const { data } = (await tenant.call('GET', `${PATH}?limit=100`)).body as { data: { id: string }[] }
    expect([data.length, data.some((relay) => relay.id === id)]).toEqual([20, false])
  })

  test('deleted leave a record without the key, once', async () => {
    const { id } = (await create()).body as { id: string }
    const { body } = await tenant.call('DELETE', `${PATH}/${id}`)
    expect(body.deleted).toMatchObject({ by: body.created_by })
    expect(await rowOf(id)).toMatchObject({ sealed_key: null })
    const again = await tenant.call('DELETE', `${PATH}/${id}`)
    expect([again.status, again.body.code]).toEqual([409, 'state_conflict'])
    expect((await suite.entries(tenant, 2)).map(({ action, details }) => [action, details])).toEqual([
      ['webhook_relay.delete', { name: 'R', scheme: 'retell' }],
      ['webhook_relay.create', { name: 'R', scheme: 'retell' }],
    ])
  })
})
