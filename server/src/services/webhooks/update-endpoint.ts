import type { WebhookEndpointView } from '@bitting/client'
import type { AuditAction } from '@bitting/core'
import type { Transaction, Updateable } from 'kysely'
import type { Actor } from '../../audit/actor.js'
import type { Schema } from '../../storage/schema.js'
import type { WebhookEndpointRow } from '../../storage/webhook-schema.js'
import type { ServiceContext } from '../context.js'
import type { Mutated } from '../mutate.js'
import { endpointColumns, settingsDetails, type EndpointChanges } from './endpoint-settings.js'
import { changeEndpoint, findEndpointRow, findLiveEndpoint } from './find-endpoint.js'

/** What to change of an endpoint. Absent members stay as they are. */
export interface UpdateEndpointInput extends EndpointChanges {
  readonly enabled?: boolean | undefined
}

/** What was learnt of an address, and means nothing for another. */
const NOTHING_LEARNT = { handshake_at: null, probe: null, failing_since_ms: null, switched_to: null } as const

/**
 * Edits an endpoint. A new address is a new receiver: what was learnt of the old one, a handshake for example, does not
 * count for it. Enabling an endpoint lets it begin anew.
 *
 * @param version the version that the caller saw, null to change whatever is there
 * @throws {ProblemError} not_found, version_conflict, state_conflict, invalid_body
 */
export async function updateEndpoint(
  context: ServiceContext,
  actor: Actor,
  id: string,
  { enabled, ...changes }: UpdateEndpointInput,
  version: number | null,
): Promise<Mutated<WebhookEndpointView>> {
  return context.mutate({ actor, operation: 'updateWebhookEndpoint' }, async (tx) => {
    const { workspaceId } = actor
    const row = await findLiveEndpoint(tx, workspaceId, id, version)
    const columns = endpointColumns(context, workspaceId, id, changes)
    const moves = columns.url !== undefined && columns.url !== row.url
    const result = await changeEndpoint(context, tx, row, {
      ...columns,
      ...(moves && NOTHING_LEARNT),
      // They were for whoever was there: nobody gets to read them by moving the endpoint to a server of theirs.
      ...(leavesOrigin(row, columns.url) && changes.headers === undefined && { sealed_headers: null }),
      ...enabledColumns(row, enabled, actor.id, context.now()),
    })
    const turned = enabled !== undefined && enabled !== (row.disabled_at === null)
    const isTurnAlone = turned && Object.values(changes).every((value) => value === undefined)
    return {
      result,
      audit: {
        action: isTurnAlone ? turnOf(enabled) : 'webhook_endpoint.update',
        resource: { type: 'webhook_endpoint', id },
        details: isTurnAlone
          ? { reason: 'manual' }
          : {
              before: settingsDetails(context, row),
              after: settingsDetails(context, await findEndpointRow(tx, workspaceId, id)),
            },
      },
      changed: [],
    }
  })
}

/**
 * Deletes an endpoint: its secrets and headers are destroyed, what was on its way to it is given up, its record stays.
 *
 * @param version the version that the caller saw, null to delete whatever is there
 * @throws {ProblemError} not_found, version_conflict, state_conflict
 */
export async function deleteEndpoint(
  context: ServiceContext,
  actor: Actor,
  id: string,
  version: number | null,
): Promise<Mutated<WebhookEndpointView>> {
  return context.mutate({ actor, operation: 'deleteWebhookEndpoint' }, async (tx) => {
    const row = await findLiveEndpoint(tx, actor.workspaceId, id, version)
    const now = context.now()
    const givenUp = await giveUpDeliveries(tx, id, now)
    const { url } = settingsDetails(context, row)
    const result = await changeEndpoint(context, tx, row, {
      sealed_secret: null,
      sealed_retiring_secret: null,
      secret_retires_at: null,
      sealed_headers: null,
      deleted_at: now,
      deleted_by: actor.id,
    })
    return {
      result,
      audit: {
        action: 'webhook_endpoint.delete',
        resource: { type: 'webhook_endpoint', id },
        details: { url, deliveries_given_up: givenUp },
      },
      changed: [],
    }
  })
}

async function giveUpDeliveries(tx: Transaction<Schema>, id: string, now: number): Promise<number> {
  const { numUpdatedRows } = await tx
    .updateTable('webhook_deliveries')
    .set({ state: 'failed', finished_at_ms: now * 1000 })
    .where('endpoint_id', '=', id)
    .where('state', '=', 'pending')
    .executeTakeFirst()
  return Number(numUpdatedRows)
}

function leavesOrigin(row: WebhookEndpointRow, url: string | undefined): boolean {
  return url !== undefined && new URL(url).origin !== new URL(row.url).origin
}

function enabledColumns(
  row: WebhookEndpointRow,
  enabled: boolean | undefined,
  by: string,
  now: number,
): Updateable<WebhookEndpointRow> {
  if (enabled === undefined) return {}
  if (enabled) return { disabled_at: null, disabled_by: null, disable_reason: null, failing_since_ms: null }
  return row.disabled_at === null ? { disabled_at: now, disabled_by: by, disable_reason: 'manual' } : {}
}

function turnOf(enabled: boolean): AuditAction {
  return enabled ? 'webhook_endpoint.enable' : 'webhook_endpoint.disable'
}
