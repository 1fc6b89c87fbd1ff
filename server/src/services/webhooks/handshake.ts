import type { WebhookHandshakeView } from '@bitting/client'
import { ProblemError } from '@bitting/core'
import type { Actor } from '../../audit/actor.js'
import type { WebhookEndpointRow } from '../../storage/webhook-schema.js'
import type { Handshake } from '../../webhooks/handshake.js'
import type { ServiceContext } from '../context.js'
import type { Mutated } from '../mutate.js'
import { RATE_MAX } from './endpoint-settings.js'
import { changeEndpoint, findLiveEndpoint, readEndpoint } from './find-endpoint.js'

/**
 * Asks the receiver of an endpoint whether it wants our requests, and keeps that it does. A rate that it grants lowers
 * the endpoint's. A refusal is kept in the audit log alone: an earlier handshake still counts.
 *
 * @throws {ProblemError} not_found, state_conflict, version_conflict where the address was changed meanwhile
 */
export async function performHandshake(
  context: ServiceContext,
  actor: Actor,
  id: string,
): Promise<Mutated<WebhookHandshakeView>> {
  const { workspaceId } = actor
  const { url } = await findLiveEndpoint(context.database.read, workspaceId, id)
  const met = await context.receivers.handshake(new URL(url))
  return context.mutate<WebhookHandshakeView>({ actor, operation: 'performWebhookHandshake' }, async (tx) => {
    const row = await findLiveEndpoint(tx, workspaceId, id)
    requireSameUrl(row, url)
    const columns = met.ok
      ? { handshake_at: context.now(), rate_limit: grantedRate(row, met.ratePerMinute) }
      : null
    const endpoint =
      columns === null
        ? await readEndpoint(context, tx, workspaceId, id)
        : await changeEndpoint(context, tx, row, columns)
    return {
      result: { ok: met.ok, reason: met.ok ? null : met.reason, endpoint },
      audit: {
        action: 'webhook_endpoint.handshake',
        resource: { type: 'webhook_endpoint', id },
        ...detailsOf(met, endpoint.rate_limit),
      },
      changed: [],
    }
  })
}

/**
 * Refuses to keep what was found out about an address that an endpoint has no more.
 *
 * @throws {ProblemError} version_conflict
 */
export function requireSameUrl(row: WebhookEndpointRow, url: string): void {
  if (row.url === url) return
  throw new ProblemError(
    'version_conflict',
    'The address of the endpoint was changed meanwhile. Repeat the request.',
  )
}

function grantedRate(row: WebhookEndpointRow, perMinute: number | null): number | null {
  if (perMinute === null) return row.rate_limit
  const granted = Math.floor(perMinute / 60)
  return row.rate_limit === null ? Math.min(granted, RATE_MAX) : Math.min(granted, row.rate_limit)
}

function detailsOf(
  met: Handshake,
  rateLimit: number | null,
): { readonly details: Readonly<Record<string, unknown>>; readonly failure: string | null } {
  return met.ok
    ? { details: { rate_limit: rateLimit }, failure: null }
    : { details: { reason: met.reason }, failure: 'refused' }
}
