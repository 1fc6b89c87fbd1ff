import type { WebhookEndpointState, WebhookEndpointView } from '@bitting/client'
import type { WebhookScheme } from '@bitting/core'
import type { Reader } from '../../storage/database.js'
import type { WebhookEndpointRow } from '../../storage/webhook-schema.js'
import type { WebhookSecret } from '../../webhooks/signing-keys.js'
import type { ServiceContext } from '../context.js'
import { formatTime, formatTimeOrNull } from '../keys/record.js'
import { headerNames } from './endpoint-settings.js'

type Counts = WebhookEndpointView['deliveries']

/** The endpoints of a workspace as the API shows them, from their rows. */
export async function viewEndpoints(
  context: ServiceContext,
  read: Reader,
  workspaceId: string,
  rows: readonly WebhookEndpointRow[],
): Promise<WebhookEndpointView[]> {
  if (rows.length === 0) return []
  const secrets = await context.signingKeys.secrets(read, workspaceId, context.now())
  const counts = await countDeliveries(read, rows)
  return rows.map((row) => viewEndpoint(context, row, secrets, counts.get(row.id) ?? NONE))
}

/** Whether an endpoint gets deliveries, or the first reason why not. */
export function endpointState(row: WebhookEndpointRow, hasWebhookKey: boolean): WebhookEndpointState {
  if (row.deleted_at !== null) return 'deleted'
  if (row.disabled_at !== null) return 'disabled'
  if (row.handshake_required === 1 && row.handshake_at === null) return 'awaiting_handshake'
  return hasWebhookKey ? 'active' : 'awaiting_webhook_key'
}

const NONE: Counts = { pending: 0, failed: 0 }

async function countDeliveries(
  read: Reader,
  rows: readonly WebhookEndpointRow[],
): Promise<ReadonlyMap<string, Counts>> {
  const found = await read
    .selectFrom('webhook_deliveries')
    .select(({ fn }) => ['endpoint_id', 'state', fn.countAll().as('count')])
    .where(
      'endpoint_id',
      'in',
      rows.map(({ id }) => id),
    )
    .where('state', 'in', ['pending', 'failed'])
    .groupBy(['endpoint_id', 'state'])
    .execute()
  const counts = new Map<string, Counts>()
  for (const { endpoint_id: id, state, count } of found) {
    counts.set(id, { ...(counts.get(id) ?? NONE), [state]: Number(count) })
  }
  return counts
}

function viewEndpoint(
  context: ServiceContext,
  row: WebhookEndpointRow,
  secrets: readonly WebhookSecret[],
  deliveries: Counts,
): WebhookEndpointView {
  const isRetiring = (row.secret_retires_at ?? 0) > context.now()
  const [newest] = secrets
  return {
    id: row.id,
    url: row.url,
    description: row.description,
    events: JSON.parse(row.events) as string[],
    signatures: JSON.parse(row.schemes) as WebhookScheme[],
    header_names: headerNames(context, row),
    rate_limit: row.rate_limit,
    concurrency: row.concurrency,
    ordered: row.ordered === 1,
    require_handshake: row.handshake_required === 1,
    handshake_at: formatTimeOrNull(row.handshake_at),
    state: endpointState(row, secrets.length > 0),
    disabled:
      row.disabled_at === null
        ? null
        : {
            at: formatTime(row.disabled_at),
            by: row.disabled_by ?? 'unknown',
            reason: row.disable_reason ?? 'manual',
          },
    failing_since: row.failing_since_ms === null ? null : new Date(row.failing_since_ms).toISOString(),
    public_key: context.signingKeys.publicKeyText(row.id, row.generation),
    secret_retires_at: isRetiring ? formatTimeOrNull(row.secret_retires_at) : null,
    uses_newest_key: secrets.length > 1 ? row.switched_to === newest?.id : null,
    probe: row.probe === null ? null : (JSON.parse(row.probe) as WebhookEndpointView['probe']),
    deliveries,
    version: row.version,
    created_at: formatTime(row.created_at),
    created_by: row.created_by,
    updated_at: formatTime(row.updated_at),
    deleted:
      row.deleted_at === null ? null : { at: formatTime(row.deleted_at), by: row.deleted_by ?? 'unknown' },
  }
}
