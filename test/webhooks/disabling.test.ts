import type { Updateable } from 'kysely'
import { expect, it } from 'vitest'
import type { WebhookEndpointRow } from '../../server/src/storage/webhook-schema.js'
import { FAILING_MILLISECONDS_MAX } from '../../server/src/webhooks/dispatcher.js'
import { describeEachDatabase } from '../support/databases.js'
import { answer, Stage } from './dispatch-fixture.js'

describeEachDatabase('deliveries to an endpoint', (open) => {
  const newStage = async (): Promise<Stage> => {
    const stage = new Stage(await open())
    await stage.open()
    return stage
  }
  const endpointRow = (stage: Stage, id: string) =>
    stage.database.read
      .selectFrom('webhook_endpoints')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow()

  it('to an address that the endpoint has left say nothing of where it is now', async () => {
    const stage = await newStage()
    const { id } = await stage.addEndpoint({ url: 'https://old.example/' })
    await stage.post()
    stage.receiver = async () => {
      await stage.database.transact((tx) =>
        tx
          .updateTable('webhook_endpoints')
          .set({ url: 'https://new.example/' })
          .where('id', '=', id)
          .execute(),
      )
      return answer(410)
    }
    await stage.round(stage.dispatcher())
    expect(await endpointRow(stage, id)).toMatchObject({ disabled_at: null, failing_since_ms: null })
  })

  it('go on for the others when what one is signed with does not open', async () => {
    const stage = await newStage()
    const [broken, good] = [await stage.addEndpoint(), await stage.addEndpoint()]
    await stage.database.transact((tx) =>
      tx
        .updateTable('webhook_endpoints')
        .set({ sealed_secret: Buffer.alloc(60, 1) })
        .where('id', '=', broken.id)
        .execute(),
    )
    await stage.post()
    const dispatcher = stage.dispatcher()
    await stage.round(dispatcher)
    await stage.round(dispatcher)
    expect(await stage.deliveries(good.id)).toMatchObject([{ state: 'delivered' }])
    expect(await stage.deliveries(broken.id)).toMatchObject([{ state: 'pending', attempts: 0 }])
    expect(stage.errors).toHaveLength(1)
  })

  it('end at 410: the endpoint is disabled at once, recorded, and the others are told', async () => {
    const stage = await newStage()
    const gone = await stage.addEndpoint({ url: 'https://gone.example/', concurrency: 1 })
    const other = await stage.addEndpoint({ events: ['webhook_endpoint.*'] })
    await stage.post(5)
    stage.receiver = ({ url }) => answer(url.host === 'gone.example' ? 410 : 200)
    const dispatcher = stage.dispatcher()
    await stage.round(dispatcher)
    await stage.round(dispatcher)
    expect(await endpointRow(stage, gone.id)).toMatchObject({ disable_reason: 'gone', disabled_by: 'system' })
    const rows = await stage.deliveries(gone.id)
    expect(rows.map(({ state }) => state)).toEqual(['failed', 'pending', 'pending', 'pending', 'pending'])
    expect(await stage.deliveries(other.id)).toMatchObject([{ state: 'delivered' }])
    const entries = await stage.database.read
      .selectFrom('audit_log')
      .select(['action', 'resource_id'])
      .where('workspace_id', '=', stage.workspaceId)
      .execute()
    expect(entries).toEqual([{ action: 'webhook_endpoint.disable', resource_id: gone.id }])
  })

  it('end after five days without a success, and not where one came in between', async () => {
    const stage = await newStage()
    const { id } = await stage.addEndpoint()
    const dispatcher = stage.dispatcher()
    const fail = async (): Promise<void> => {
      stage.receiver = () => answer(500)
      await stage.post()
      await stage.round(dispatcher)
    }
    await fail()
    stage.now += FAILING_MILLISECONDS_MAX - 1
    stage.receiver = () => answer(200)
    await stage.post()
    await stage.round(dispatcher)
    stage.now += 1
    await fail()
    expect((await endpointRow(stage, id)).disabled_at).toBeNull()
    stage.now += FAILING_MILLISECONDS_MAX
    await fail()
    await stage.round(dispatcher)
    expect(await endpointRow(stage, id)).toMatchObject({ disable_reason: 'failing' })
  })

  it.each([
    ['while it is disabled', { disabled_at: 1 }, { disabled_at: null }],
    ['before the handshake that it asks for', { handshake_required: 1 }, { handshake_at: 1 }],
    ['once it is deleted', { deleted_at: 1 }, null],
  ] as const)('are not made %s, and are where that is over', async (_, held, freed) => {
    const stage = await newStage()
    const { id } = await stage.addEndpoint()
    const set = (columns: Updateable<WebhookEndpointRow>): Promise<unknown> =>
      stage.database.transact((tx) =>
        tx.updateTable('webhook_endpoints').set(columns).where('id', '=', id).execute(),
      )
    let sent = 0
    stage.receiver = () => answer(++sent <= 5 ? 500 : 200)
    await stage.post(5)
    const nodes = [stage.dispatcher(), stage.dispatcher()]
    const rounds = async (): Promise<void> => {
      for (const node of [...nodes, ...nodes]) {
        stage.now += 10_000
        await stage.round(node)
      }
    }
    await stage.round(nodes[0]!)
    expect(sent).toBe(5)
    await set(held)
    await rounds()
    expect(sent).toBe(5)
    if (freed === null) return
    await set(freed)
    await rounds()
    expect(sent).toBe(10)
    expect(await stage.isDone()).toBe(true)
  })
})
