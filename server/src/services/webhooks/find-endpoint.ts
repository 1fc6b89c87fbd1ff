import type { Page, WebhookEndpointView } from '@bitting/client'
import { ProblemError } from '@bitting/core'
import type { Updateable, Transaction } from 'kysely'
import type { Reader } from '../../storage/database.js'
import { createdBefore, cutPage, placeByCreation, type PageRequest } from '../../storage/page.js'
import type { Schema } from '../../storage/schema.js'
import type { WebhookEndpointRow } from '../../storage/webhook-schema.js'
import type { ServiceContext } from '../context.js'
import { viewEndpoints } from './view-endpoint.js'

const ENDPOINT_ID = /^whe_[0-9A-Za-z]{1,32}$/

/**
 * An endpoint of a workspace, whatever its state.
 *
 * @throws {ProblemError} not_found also for endpoints of other workspaces
 */
export async function findEndpointRow(
  read: Reader,
  workspaceId: string,
  id: string,
): Promise<WebhookEndpointRow> {
  const row = await read
    .selectFrom('webhook_endpoints')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .executeTakeFirst()
  return row ?? notFound()
}

/**
 * An endpoint that is to be changed or used: one that is not deleted.
 *
 * @param version the version that the caller saw, null for whatever is there
 * @throws {ProblemError} not_found, version_conflict, state_conflict
 */
export async function findLiveEndpoint(
  read: Reader,
  workspaceId: string,
  id: string,
  version: number | null = null,
): Promise<WebhookEndpointRow> {
  const row = await findEndpointRow(read, workspaceId, id)
  if (version !== null && version !== row.version) {
    throw new ProblemError(
      'version_conflict',
      `The endpoint was changed since you read it: it is at version ${String(row.version)}, you named ${String(version)}. Read it again, then repeat the change.`,
    )
  }
  if (row.deleted_at === null) return row
  throw new ProblemError('state_conflict', 'The endpoint is deleted. Create a new one instead.', {
    members: { state: 'deleted' },
  })
}

/**
 * Writes columns of an endpoint, counts the change, and reads it as the API shows it.
 *
 * @throws {ProblemError} not_found
 */
export async function changeEndpoint(
  context: ServiceContext,
  tx: Transaction<Schema>,
  row: WebhookEndpointRow,
  columns: Updateable<WebhookEndpointRow>,
): Promise<WebhookEndpointView> {
  await tx
    .updateTable('webhook_endpoints')
    .set({ ...columns, version: row.version + 1, updated_at: context.now() })
    .where('workspace_id', '=', row.workspace_id)
    .where('id', '=', row.id)
    .execute()
  return readEndpoint(context, tx, row.workspace_id, row.id)
}

/**
 * An endpoint as the API shows it, inside a transaction or out of it.
 *
 * @throws {ProblemError} not_found also for endpoints of other workspaces
 */
export async function readEndpoint(
  context: ServiceContext,
  read: Reader,
  workspaceId: string,
  id: string,
): Promise<WebhookEndpointView> {
  const row = await findEndpointRow(read, workspaceId, id)
  const [view] = await viewEndpoints(context, read, workspaceId, [row])
  return view ?? notFound()
}

/** A page of a workspace's endpoints, newest first; the deleted ones too where they are asked for. */
export async function listEndpoints(
  context: ServiceContext,
  workspaceId: string,
  { deleted }: { readonly deleted: boolean },
  page: PageRequest,
): Promise<Page<WebhookEndpointView>> {
  const { read } = context.database
  let query = read
    .selectFrom('webhook_endpoints')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where(createdBefore(page, ENDPOINT_ID))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
  if (!deleted) query = query.where('deleted_at', 'is', null)
  const rows = await query.execute()
  const { shown, next_cursor } = cutPage(rows, page, placeByCreation)
  return { data: await viewEndpoints(context, read, workspaceId, shown), next_cursor }
}

function notFound(): never {
  throw new ProblemError(
    'not_found',
    'There is no such webhook endpoint in this workspace. Check the id, and whose key you call with.',
  )
}
