import type { WebhookEndpointView } from '@bitting/client'
import { ProblemError, randomBase62 } from '@bitting/core'
import type { Transaction } from 'kysely'
import type { Actor } from '../../audit/actor.js'
import type { Schema } from '../../storage/schema.js'
import { endpointSecretContext, secretText } from '../../webhooks/signing-keys.js'
import type { ServiceContext } from '../context.js'
import type { IdempotentRequest, Mutated } from '../mutate.js'
import { endpointColumns, settingsDetails, type EndpointSettings } from './endpoint-settings.js'
import { findEndpointRow, readEndpoint } from './find-endpoint.js'
import { performHandshake } from './handshake.js'

/** The most endpoints of a workspace, deleted ones not counted. */
const ENDPOINTS_MAX = 100

/** How long an endpoint's own secret is, in bytes: as long as what HMAC-SHA256 makes of it. */
export const SECRET_BYTES = 32

/**
 * Adds an endpoint. Its secret comes back once. Where the endpoint asks for a handshake, one is tried right away; if it
 * fails, the endpoint is there and waits for another.
 *
 * @throws {ProblemError} invalid_body, limit_reached
 */
export async function createEndpoint(
  context: ServiceContext,
  actor: Actor,
  settings: EndpointSettings,
  idempotency: IdempotentRequest | null = null,
): Promise<Mutated<WebhookEndpointView>> {
  const created = await context.mutate(
    { actor, operation: 'createWebhookEndpoint', idempotency },
    async (tx) => {
      const { workspaceId } = actor
      await checkRoom(tx, workspaceId)
      const id = `whe_${randomBase62(13, context.randomBytes)}`
      const secret = context.randomBytes(SECRET_BYTES)
      await insertEndpoint(tx, context, actor, id, settings, secret)
      return {
        result: await readEndpoint(context, tx, workspaceId, id),
        token: secretText(secret),
        audit: {
          action: 'webhook_endpoint.create',
          resource: { type: 'webhook_endpoint', id },
          details: settingsDetails(context, await findEndpointRow(tx, workspaceId, id)),
        },
        changed: [],
      }
    },
  )
  if (!settings.requireHandshake || created.replayed) return created
  // The endpoint is there whatever comes of it, and whoever made it must get its secret.
  const met = await performHandshake(context, actor, created.result.id).catch(() => null)
  return met === null ? created : { ...created, result: met.result.endpoint }
}

async function checkRoom(tx: Transaction<Schema>, workspaceId: string): Promise<void> {
  const { count } = await tx
    .selectFrom('webhook_endpoints')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('workspace_id', '=', workspaceId)
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow()
  if (Number(count) < ENDPOINTS_MAX) return
  throw new ProblemError(
    'limit_reached',
    `A workspace has at most ${String(ENDPOINTS_MAX)} webhook endpoints. Delete one that is not needed.`,
    { members: { limit: ENDPOINTS_MAX } },
  )
}

async function insertEndpoint(
  tx: Transaction<Schema>,
  context: ServiceContext,
  { id: createdBy, workspaceId }: Actor,
  id: string,
  settings: EndpointSettings,
  secret: Uint8Array,
): Promise<void> {
  const now = context.now()
  await tx
    .insertInto('webhook_endpoints')
    .values({
      id,
      workspace_id: workspaceId,
      ...endpointColumns(context, workspaceId, id, settings),
      generation: 0,
      sealed_secret: context.sealer.seal(secret, endpointSecretContext(workspaceId, id, 0)),
      version: 1,
      created_at: now,
      created_by: createdBy,
      updated_at: now,
    })
    .execute()
}
