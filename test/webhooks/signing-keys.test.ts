import type { Updateable } from 'kysely'
import { expect, it } from 'vitest'
import { verifyWebhook } from '@bitting/client/webhooks'
import type { KeyRow } from '../../server/src/storage/schema.js'
import { describeEachDatabase } from '../support/databases.js'
import { answer, Stage, type Sent } from './dispatch-fixture.js'

describeEachDatabase('what a delivery is signed with', (open) => {
  /** A workspace in the middle of a move from one key to another. */
  const moving = async (): Promise<{
    stage: Stage
    old: { id: string; token: string }
    next: { id: string; token: string }
  }> => {
    const stage = new Stage(await open())
    await stage.open()
    const [old, next] = [await stage.addKey(), await stage.addKey()]
    await stage.addEndpoint()
    await stage.database.transact((tx) =>
      tx
        .updateTable('webhook_workspaces')
        .set({
          key_id: next.id,
          previous_key_id: old.id,
          overlap_until: Math.floor(stage.now / 1000) + 600,
        })
        .where('workspace_id', '=', stage.workspaceId)
        .execute(),
    )
    return { stage, old, next }
  }
  const change = (stage: Stage, id: string, columns: Updateable<KeyRow>): Promise<unknown> =>
    stage.database.transact((tx) => tx.updateTable('keys').set(columns).where('id', '=', id).execute())
  /** Of these tokens, those that the next delivery verifies with, by the header that holds several. */
  const signers = async (stage: Stage, tokens: readonly string[]): Promise<boolean[]> => {
    const sent: Sent[] = []
    stage.receiver = (request) => answer(sent.push(request) > 0 ? 200 : 500)
    await stage.post()
    await stage.round(stage.dispatcher())
    stage.now += 10_000
    expect(sent).toHaveLength(1)
    const { body, headers } = sent[0]!
    const options = { schemes: ['standard'] as const, nowMilliseconds: stage.now }
    return tokens.map((token) => verifyWebhook(body, headers, token, options))
  }

  it('is the key and the one before, and no longer the one before once that is revoked', async () => {
    const { stage, old, next } = await moving()
    expect(await signers(stage, [next.token, old.token])).toEqual([true, true])
    await change(stage, old.id, { revoked_at: 1 })
    expect(await signers(stage, [next.token, old.token])).toEqual([true, false])
  })

  it('is no longer the one before once that is deleted', async () => {
    const { stage, old, next } = await moving()
    await change(stage, old.id, { deleted_at: 1 })
    expect(await signers(stage, [next.token, old.token])).toEqual([true, false])
  })

  it('is the key also while it is suspended, and when it has expired', async () => {
    const { stage, old, next } = await moving()
    await change(stage, next.id, { suspended_at: 1, expires_at: 2 })
    expect(await signers(stage, [next.token, old.token])).toEqual([true, true])
  })

  it('is each secret of the key until it has retired', async () => {
    const { stage, next } = await moving()
    const newest = await stage.addSecret(next.id, 1)
    const retire = (at: number): Promise<unknown> =>
      stage.database.transact((tx) =>
        tx
          .updateTable('secrets')
          .set({ retires_at: at })
          .where('key_id', '=', next.id)
          .where('generation', '=', 0)
          .execute(),
      )
    await retire(Math.floor(stage.now / 1000) + 60)
    expect(await signers(stage, [newest, next.token])).toEqual([true, true])
    await retire(Math.floor(stage.now / 1000))
    expect(await signers(stage, [newest, next.token])).toEqual([true, false])
  })
})
