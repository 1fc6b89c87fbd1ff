import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { newKeyId } from '@bitting/core'
import type { ServiceContext } from '../../server/src/services/context.js'
import { createScanLimiter } from '../../server/src/services/limiter.js'
import { listKeys, type KeyFilter } from '../../server/src/services/keys/find.js'
import type { WritableDatabase } from '../../server/src/storage/database.js'
import { newWorkspace } from '../storage/support.js'
import { describeEachDatabase } from '../support/databases.js'
import { describeEachServer } from './support.js'

const NOW = 1_800_000_000
const SORTS = ['created', 'name', 'last_used', 'expires'] as const
const ORDERS = ['asc', 'desc'] as const

interface ModelKey {
  readonly id: string
  readonly name: string
  readonly created: number
  readonly used: number | null
  readonly expires: number | null
}

/** Few values, so that many are the same; names whose bytes are in another order than a dictionary's. */
const modelKey = fc.record({
  name: fc.constantFrom('a', 'B', 'b_1', 'Ä', 'z', 'İ', '10%', 'é\u{1f600}', 'ﬁ'),
  created: fc.integer({ min: NOW - 3, max: NOW }),
  used: fc.option(fc.integer({ min: 0, max: 3 }), { nil: null }),
  expires: fc.option(fc.integer({ min: NOW - 2, max: NOW + 2 }), { nil: null }),
})

describeEachDatabase('listing keys in an order', (open) => {
  let database: WritableDatabase
  let context: ServiceContext

  beforeAll(async () => {
    database = await open()
    // Listing takes nothing else of it.
    context = { database, now: () => NOW, scans: createScanLimiter() } as unknown as ServiceContext
  })

  const insert = async (keys: readonly ModelKey[]): Promise<string> => {
    const workspaceId = await newWorkspace(database)
    await database.transact(async (tx) => {
      for (const { id, name, created, used, expires } of keys) {
        await tx
          .insertInto('keys')
          .values({
            id,
            workspace_id: workspaceId,
            kind: 'api',
            name,
            search_name: name.toLowerCase(),
            environment: 'production',
            access: 'full',
            expires_at: expires,
            note: '',
            version: 1,
            created_at: created,
            created_by: 'key_maker',
            updated_at: created,
            compromised: 0,
            generation: 0,
          })
          .execute()
        if (used === null) continue
        const usage = { key_id: id, workspace_id: workspaceId, allowed: 1, denied: 0, last_used_at: used }
        await tx.insertInto('key_usage').values(usage).execute()
      }
    })
    return workspaceId
  }
  const walk = async (workspaceId: string, filter: KeyFilter, limit: number): Promise<string[]> => {
    const ids: string[] = []
    let cursor: string | null = null
    do {
      const page: Awaited<ReturnType<typeof listKeys>> = await listKeys(context, workspaceId, filter, {
        limit,
        cursor,
      })
      ids.push(...page.data.map(({ id }) => id))
      cursor = page.next_cursor
    } while (cursor !== null && ids.length < 100)
    return ids
  }

  test('gives every key once, page by page, in the order of a plain sort', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(modelKey, { maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        async (models, limit) => {
          const keys = models.map((it) => ({ ...it, id: newKeyId((length) => randomBytes(length)) }))
          const workspaceId = await insert(keys)
          for (const sort of SORTS) {
            for (const order of ORDERS) {
              const expected = sorted(keys, sort, order)
              expect([sort, order, await walk(workspaceId, { sort, order }, limit)]).toEqual([
                sort,
                order,
                expected,
              ])
            }
          }
          expect(await walk(workspaceId, {}, limit)).toEqual(sorted(keys, 'created', 'desc'))
          expect(await walk(workspaceId, { sort: 'name' }, limit)).toEqual(sorted(keys, 'name', 'asc'))
        },
      ),
      { numRuns: 15 },
    )
  })
})

/** By the bytes of a value and then of the id; never used is first of all, never expiring last. */
function sorted(keys: readonly ModelKey[], sort: (typeof SORTS)[number], order: 'asc' | 'desc'): string[] {
  const value = (key: ModelKey): string => {
    if (sort === 'name') return Buffer.from(key.name.toLowerCase()).toString('hex')
    const number =
      sort === 'created' ? key.created : sort === 'expires' ? (key.expires ?? 10 ** 14) : (key.used ?? -1)
    return String(number + 1).padStart(16, '0')
  }
  const ascending = keys.toSorted((a, b) => {
    const [left, right] = [value(a), value(b)]
    return left < right ? -1 : left > right ? 1 : a.id < b.id ? -1 : 1
  })
  const ids = ascending.map(({ id }) => id)
  return order === 'asc' ? ids : ids.reverse()
}

describeEachServer('finding keys', (suite) => {
  test('a cursor of another order is refused, and says of which it is', async () => {
    const tenant = await suite.newTenant('Orders')
    for (let count = 0; count < 3; count++) await tenant.createKey()
    const { body } = await tenant.call('GET', '/v1/keys?limit=1&sort=name')
    const cursor = `cursor=${String(body.next_cursor)}`
    expect((await tenant.call('GET', `/v1/keys?limit=1&sort=name&order=asc&${cursor}`)).status).toBe(200)
    for (const query of ['', 'sort=name&order=desc&', 'sort=expires&', 'sort=last_used&order=asc&']) {
      const answer = await tenant.call('GET', `/v1/keys?${query}${cursor}`)
      expect([query, answer.status]).toEqual([query, 400])
      expect(answer.body).toMatchObject({ code: 'invalid_request', errors: [{ field: 'cursor' }] })
      expect(answer.body.detail).toContain('sort=name and order=asc')
    }
    const forged = Buffer.from(JSON.stringify(['created.desc', 'soon', 'key_1'])).toString('base64url')
    expect((await tenant.call('GET', `/v1/keys?cursor=${forged}`)).status).toBe(400)
  })

  test('by part of the name, the id, the beginning of the token and the note, in any case', async () => {
    const tenant = await suite.newTenant('Words')
    const keys = [
      await tenant.createKey({ name: 'Billing Robot', note: 'asked for by Ämilia' }),
      await tenant.createKey({ name: 'Other', note: '100% of billing\nand more' }),
      await tenant.createKey({ name: 'Nothing here' }),
    ]
    const find = async (query: string): Promise<number[]> => {
      const { body } = await tenant.call('GET', `/v1/keys?kind=api&query=${encodeURIComponent(query)}`)
      return body.data.map(({ id }: { id: string }) => keys.findIndex((key) => key.id === id)).sort()
    }
    const { body: third } = await tenant.call('GET', `/v1/keys/${keys[2]!.id}`)
    const hint = third.secrets[0].hint as string
    expect(await find('billing')).toEqual([0, 1])
    expect(await find('BILLING R')).toEqual([0])
    expect(await find('Ämilia')).toEqual([0])
    expect(await find('0% OF')).toEqual([1])
    expect(await find('%')).toEqual([1])
    expect(await find('_')).toEqual([0, 1, 2])
    expect(await find(keys[2]!.id)).toEqual([2])
    expect(await find(keys[2]!.id.slice(6).toUpperCase())).toEqual([2])
    expect(await find(hint)).toEqual([2])
    expect(await find(hint.slice(4, -3).toLowerCase())).toEqual([2])
    expect(await find('nobody')).toEqual([])
    // A whole token is a credential, and a query is written to many logs.
    const answer = await tenant.call('GET', `/v1/keys?query=${keys[2]!.token}`)
    expect(answer.status).toBe(400)
    expect(answer.text).not.toContain(keys[2]!.token)
  })

  test('in any case of letters that the databases do not know the case of', async () => {
    const tenant = await suite.newTenant('Letters')
    const keys = [
      await tenant.createKey({ name: 'ΚΩΔΙΚΟΣΑΒ', note: 'ÄRGER mit ΟΔΟΣ 5' }),
      await tenant.createKey({ name: 'κωδικός', note: 'Großer Ärger, οδός' }),
      await tenant.createKey({ name: 'κωδικος Ä%', note: '' }),
    ]
    const find = async (filter: string, text: string): Promise<number[]> => {
      const { body } = await tenant.call('GET', `/v1/keys?kind=api&${filter}=${encodeURIComponent(text)}`)
      return body.data.map(({ id }: { id: string }) => keys.findIndex((key) => key.id === id)).sort()
    }
    for (const filter of ['name', 'query']) {
      for (const text of ['ΚΩΔΙΚΟΣ', 'κωδικος', 'κωδικοσ']) expect(await find(filter, text)).toEqual([0, 2])
      expect(await find(filter, 'ΚΩΔΙΚΌΣ')).toEqual([1])
      expect(await find(filter, 'ä%')).toEqual([2])
    }
    for (const text of ['ärger', 'ÄRGER', 'Ärger']) expect(await find('query', text)).toEqual([0, 1])
    expect(await find('query', 'οδος')).toEqual([0])
    expect(await find('query', 'ΟΔΌΣ')).toEqual([1])
    expect(await find('query', 'großer ärger')).toEqual([1])
    const everyLetter = String.fromCodePoint(...Array.from({ length: 100 }, (_, at) => 0x400 + at))
    expect(await find('query', everyLetter)).toEqual([])
  })

  test('by who made them, by access, and the one that signs webhooks', async () => {
    const tenant = await suite.newTenant('Makers')
    const maker = await tenant.createKey({ kind: 'management', name: 'Maker', access: 'full' })
    const { body } = await tenant.call(
      'POST',
      '/v1/keys',
      { name: 'Made', environment: 'staging', access: 'full' },
      { key: maker.token },
    )
    const own = await tenant.createKey({ access: { history: 'read' } })
    const find = async (query: string): Promise<string[]> => {
      const { body: page } = await tenant.call('GET', `/v1/keys?${query}`)
      return page.data.map(({ id }: { id: string }) => id)
    }
    expect(await find(`created_by=${maker.id}`)).toEqual([body.key.id])
    expect(await find('access=restricted')).toEqual([own.id])
    expect(await find('access=full&kind=api')).toEqual([body.key.id])
    expect(await find('webhook_key=true')).toEqual([])
    expect((await tenant.call('PUT', '/v1/webhook-key', { key_id: own.id })).status).toBe(200)
    expect(await find('webhook_key=true')).toEqual([own.id])
    expect(await find('webhook_key=true&access=full')).toEqual([])
  })
})
