import type { Page, WebhookRelayView } from '@bitting/client'
import { ProblemError, randomBase62 } from '@bitting/core'
import type { Transaction } from 'kysely'
import type { Actor } from '../../audit/actor.js'
import { createdBefore, cutPage, placeByCreation, type PageRequest } from '../../storage/page.js'
import type { Reader } from '../../storage/database.js'
import type { Schema } from '../../storage/schema.js'
import type { WebhookRelayRow } from '../../storage/webhook-schema.js'
import { relayKeyContext } from '../../webhooks/relay-key.js'
import type { ServiceContext } from '../context.js'
import { formatTime } from '../keys/record.js'
import type { IdempotentRequest, Mutated } from '../mutate.js'

/** What a new relay is to be. */
export interface CreateRelayInput {
  readonly name: string
  readonly scheme: WebhookRelayRow['scheme']
  /** What the upstream signs with. */
  readonly key: string
}

/** The most relays of a workspace, deleted ones not counted. */
const RELAYS_MAX = 20

const RELAY_ID = /^whr_[0-9A-Za-z]{1,32}$/

/**
 * Adds an address of the gateway that takes an upstream's own webhooks. Its id cannot be guessed; the key is never shown
 * again.
 *
 * @throws {ProblemError} limit_reached
 */
export async function createRelay(
  context: ServiceContext,
  actor: Actor,
  { name, scheme, key }: CreateRelayInput,
  idempotency: IdempotentRequest | null = null,
): Promise<Mutated<WebhookRelayView>> {
  return context.mutate({ actor, operation: 'createWebhookRelay', idempotency }, async (tx) => {
    const { workspaceId } = actor
    await checkRoom(tx, workspaceId)
    const id = `whr_${randomBase62(22, context.randomBytes)}`
    await tx
      .insertInto('webhook_relays')
      .values({
        id,
        workspace_id: workspaceId,
        name,
        scheme,
        sealed_key: context.sealer.seal(Buffer.from(key), relayKeyContext(workspaceId, id)),
        created_at: context.now(),
        created_by: actor.id,
      })
      .execute()
    return {
      result: viewRelay(await findRelay(tx, workspaceId, id)),
      audit: {
        action: 'webhook_relay.create',
        resource: { type: 'webhook_relay', id },
        details: { name, scheme },
      },
      changed: [],
    }
  })
}

/**
 * Deletes a relay: its key is destroyed, what comes to its address is refused, its record stays.
 *
 * @throws {ProblemError} not_found, state_conflict
 */
export async function deleteRelay(
  context: ServiceContext,
  actor: Actor,
  id: string,
): Promise<Mutated<WebhookRelayView>> {
  return context.mutate({ actor, operation: 'deleteWebhookRelay' }, async (tx) => {
    const { workspaceId } = actor
    const row = await findRelay(tx, workspaceId, id)
    if (row.deleted_at !== null) {
      throw new ProblemError('state_conflict', 'The relay is deleted already.', {
        members: { state: 'deleted' },
      })
    }
    await tx
      .updateTable('webhook_relays')
      .set({ sealed_key: null, deleted_at: context.now(), deleted_by: actor.id })
      .where('workspace_id', '=', workspaceId)
      .where('id', '=', id)
      .execute()
    return {
      result: viewRelay(await findRelay(tx, workspaceId, id)),
      audit: {
        action: 'webhook_relay.delete',
        resource: { type: 'webhook_relay', id },
        details: { name: row.name, scheme: row.scheme },
      },
      changed: [],
    }
  })
}

/** A page of a workspace's relays, newest first; the deleted ones too where they are asked for. */
export async function listRelays(
  context: ServiceContext,
  workspaceId: string,
  { deleted }: { readonly deleted: boolean },
  page: PageRequest,
): Promise<Page<WebhookRelayView>> {
  let query = context.database.read
    .selectFrom('webhook_relays')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where(createdBefore(page, RELAY_ID))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
  if (!deleted) query = query.where('deleted_at', 'is', null)
  const rows = await query.execute()
  const { shown, next_cursor } = cutPage(rows, page, placeByCreation)
  return { data: shown.map(viewRelay), next_cursor }
}

async function checkRoom(tx: Transaction<Schema>, workspaceId: string): Promise<void> {
  const { count } = await tx
    .selectFrom('webhook_relays')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('workspace_id', '=', workspaceId)
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow()
  if (Number(count) < RELAYS_MAX) return
  throw new ProblemError(
    'limit_reached',
    `A workspace has at most ${String(RELAYS_MAX)} webhook relays. Delete one that is not needed.`,
    { members: { limit: RELAYS_MAX } },
  )
}

async function findRelay(read: Reader, workspaceId: string, id: string): Promise<WebhookRelayRow> {
  const row = await read
    .selectFrom('webhook_relays')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .executeTakeFirst()
  if (row !== undefined) return row
  throw new ProblemError(
    'not_found',
    'There is no such webhook relay in this workspace. Check the id, and whose key you call with.',
  )
}

function viewRelay(row: WebhookRelayRow): WebhookRelayView {
  return {
    id: row.id,
    name: row.name,
    scheme: row.scheme,
    path: `/bitting/webhooks/${row.id}`,
    created_at: formatTime(row.created_at),
    created_by: row.created_by,
    deleted:
      row.deleted_at === null ? null : { at: formatTime(row.deleted_at), by: row.deleted_by ?? 'unknown' },
  }
}
